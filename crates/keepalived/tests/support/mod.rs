//! Daemons in namespaces of their own: a network with one interface, and an empty /run.

// Every test file uses some of this.
#![allow(dead_code)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_keepalived");

/// One instance that becomes MASTER after about three seconds.
pub(crate) const ONE_INSTANCE: &str = "global_defs {\n}\nvrrp_instance A {\n    state BACKUP\n    interface eth0\n    \
    virtual_router_id 51\n    priority 100\n    advert_int 1\n    virtual_ipaddress {\n        10.77.0.100/24\n    }\n}\n";

/// The same, but MASTER after a few hundredths of a second, and quick to be missed.
pub(crate) const QUICK_INSTANCE: &str = "global_defs {\n    vrrp_version 3\n}\nvrrp_instance A {\n    state BACKUP\n    \
    interface eth0\n    virtual_router_id 51\n    priority 100\n    advert_int 0.1\n    virtual_ipaddress {\n        \
    10.77.0.100/24\n    }\n}\n";

/// Longer than anything here takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A directory for the files of one test, and the namespaces for its daemons.
pub(crate) struct Sandbox {
    pub(crate) directory: TempDir,
}

/// A daemon in the foreground, or its launcher.
pub(crate) struct Daemon {
    child: Child,
    pub(crate) log: PathBuf,
}

impl Sandbox {
    pub(crate) fn new(configuration: &str) -> Self {
        let sandbox = Self { directory: tempfile::tempdir().expect("a directory") };
        sandbox.configure(configuration);
        sandbox
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn configure(&self, text: &str) {
        fs::write(self.path("keepalived.conf"), text).expect("written");
    }

    /// An executable script.
    pub(crate) fn script(&self, name: &str, text: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.path(name);
        fs::write(&path, text).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
        path
    }

    /// Starts the program with its configuration, logging to the console, which is a file.
    pub(crate) fn foreground(&self, arguments: &[&str]) -> Daemon {
        let mut all = vec!["-n", "-l", "-D", "-G"];
        all.extend(arguments);
        self.start(&all, |_| {})
    }

    /// Starts the program in namespaces of its own; `change` may add to its environment; `PREPARE` there
    /// is shell text that is run in the namespaces first.
    pub(crate) fn start(&self, arguments: &[&str], change: impl FnOnce(&mut Command)) -> Daemon {
        const PREPARE: &str = "mount -t tmpfs none /run && ip link set lo up && \
            ip link add eth0 type veth peer name eth1 && ip link set eth1 up && \
            ip address add 10.77.0.1/24 dev eth0 && ip link set eth0 up && eval \"$PREPARE\" && exec \"$0\" \"$@\"";
        let log = self.path("console.log");
        let console = fs::OpenOptions::new().create(true).append(true).open(&log).expect("a log");
        let mut command = Command::new("unshare");
        command.args(["--net", "--mount", "--propagation", "private", "sh", "-ec", PREPARE, PROGRAM]);
        command.args(arguments).arg("-f").arg(self.path("keepalived.conf"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(console);
        command.env_remove("NOTIFY_SOCKET").env("PREPARE", ":").current_dir(self.directory.path());
        change(&mut command);
        Daemon { child: command.spawn().expect("unshare needs root"), log }
    }
}

impl Daemon {
    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("a process id")
    }

    pub(crate) fn signal(&self, number: i32) {
        signal(self.pid(), number);
    }

    pub(crate) fn text(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until the log holds `text` so many times.
    pub(crate) fn expect_times(&self, text: &str, times: usize) {
        wait_until(
            || self.text().matches(text).count() >= times,
            || format!("{text:?} in:\n{}", self.text()),
        );
    }

    /// Waits until the log holds `text`.
    pub(crate) fn expect(&self, text: &str) {
        self.expect_times(text, 1);
    }

    /// A file as the daemon sees it.
    pub(crate) fn file(&self, path: &str) -> PathBuf {
        Path::new(&format!("/proc/{}/root", self.pid())).join(path.trim_start_matches('/'))
    }

    /// The process id in a pid file, as the daemon sees it.
    pub(crate) fn pid_in(&self, path: &str) -> Option<i32> {
        fs::read_to_string(self.file(path)).ok()?.trim().parse().ok()
    }

    /// The addresses of its network namespace.
    pub(crate) fn addresses(&self) -> String {
        let target = self.pid().to_string();
        let listed =
            Command::new("nsenter").args(["--net", "--target", &target, "ip", "-o", "address"]).output();
        String::from_utf8_lossy(&listed.expect("nsenter").stdout).into_owned()
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("our child") {
                return status;
            }
            assert!(start.elapsed() < PATIENCE, "still running:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Stops it and returns its status.
    pub(crate) fn stop(&mut self) -> Option<i32> {
        self.signal(libc::SIGTERM);
        self.wait().code()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

pub(crate) fn signal(pid: i32, number: i32) {
    let sent = Command::new("kill").args([format!("-{number}"), pid.to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()), "process {pid} is gone");
}

pub(crate) fn is_running(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

pub(crate) fn wait_until(mut condition: impl FnMut() -> bool, describe: impl Fn() -> String) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "waited in vain for {}", describe());
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Asserts that these stand in the text, in this order.
pub(crate) fn assert_order(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let Some(at) = rest.find(part) else { panic!("{part:?} is missing or misplaced in:\n{text}") };
        rest = &rest[at + part.len()..];
    }
}

//! A second kernel: a command, or a test of this very test binary, inside a throw-away Linux that has IPVS.
//!
//! The machines that build this have no `ip_vs`, so that everything about it runs in Debian's `user-mode-linux`: a
//! kernel that is a program of the host. It needs neither KVM nor a disk image. The guest sees the host's whole file
//! system through an overlay whose upper layer is guest memory, so nothing it writes reaches the host; it has network
//! namespaces, and no network to the outside.
//!
//! A boot takes one to four seconds, so tests share one: [`run_tests`] is the `main` of a test binary without a
//! harness, all of whose tests run in one guest. A guest has one processor. What only computes runs at nearly full
//! speed, a system call several times slower than on the host, starting a process ten times and more.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::names::{state_root, unique};
use crate::{Error, Result, tools};

mod harness;

pub use harness::{GuestTest, run_tests};

const INIT: &str = include_str!("second_kernel/init.sh");
const INSIDE: &str = include_str!("second_kernel/inside.sh");

/// Set in the guest, so that a program knows where it is.
const GUEST_VARIABLE: &str = "KEEPALIVED_LAB_GUEST";

/// Loaded before the command runs: IPVS with every scheduler and persistence engine that Debian's guest has (it lacks
/// `twos`), the interfaces and packet schedulers of our tests, connection tracking, nftables (which this guest has for
/// bridges only). More come by themselves when the guest's kernel asks for them.
const MODULES: &[&str] = &[
    "ipv6",
    "dummy",
    "veth",
    "bridge",
    "macvlan",
    "ipvlan",
    "vrf",
    "ipip",
    "sit",
    "ip_gre",
    "ip6_tunnel",
    "ip6_gre",
    "fou",
    "fou6",
    "nlmon",
    "sch_netem",
    "nf_conntrack",
    "nf_nat",
    "nf_tables",
    "nft_ct",
    "nft_masq",
    "ip_vs",
    "ip_vs_rr",
    "ip_vs_wrr",
    "ip_vs_lc",
    "ip_vs_wlc",
    "ip_vs_lblc",
    "ip_vs_lblcr",
    "ip_vs_dh",
    "ip_vs_sh",
    "ip_vs_mh",
    "ip_vs_sed",
    "ip_vs_nq",
    "ip_vs_fo",
    "ip_vs_ovf",
    "ip_vs_pe_sip",
];

/// How a guest is made. Several may run at once.
#[derive(Clone, Debug)]
pub struct SecondKernel {
    memory_mib: u32,
    time_limit: Duration,
    modules: Vec<String>,
    environment: Vec<(String, String)>,
    writable: Vec<PathBuf>,
}

/// What came of a command.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Its exit status; 128 and the signal's number when a signal ended it.
    pub status: i32,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
    /// From our start of the guest to its end.
    pub took: Duration,
    /// The guest's own clock when the command began.
    pub booted_after: Duration,
}

impl Ended {
    /// Standard output, when the command went well.
    ///
    /// # Errors
    /// [`Error::Command`] with everything it wrote, when its status is not 0.
    pub fn success(self, command: &str) -> Result<String> {
        if self.status == 0 {
            return Ok(self.stdout);
        }
        let outcome = format!("status {}\n{}{}", self.status, self.stdout, self.stderr);
        Err(Error::Command { command: command.to_owned(), outcome })
    }
}

/// Is this process inside a guest?
#[must_use]
pub fn is_guest() -> bool {
    std::env::var_os(GUEST_VARIABLE).is_some()
}

impl Default for SecondKernel {
    fn default() -> Self {
        Self {
            memory_mib: 512,
            time_limit: Duration::from_secs(120),
            modules: MODULES.iter().map(|&module| module.to_owned()).collect(),
            environment: Vec::new(),
            writable: Vec::new(),
        }
    }
}

impl SecondKernel {
    /// 512 MiB, two minutes, the modules that tests of this project need.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The guest's memory. The host gives what is used of it.
    #[must_use]
    pub fn memory_mib(mut self, mib: u32) -> Self {
        self.memory_mib = mib;
        self
    }

    /// How long boot, command and end may take together.
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// Loads a further module.
    #[must_use]
    pub fn module(mut self, name: &str) -> Self {
        self.modules.push(name.to_owned());
        self
    }

    /// Loads no modules but those named afterwards.
    #[must_use]
    pub fn without_modules(mut self) -> Self {
        self.modules.clear();
        self
    }

    /// Sets a variable for the command, which has ours otherwise.
    #[must_use]
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Lets what the command writes below a directory reach the host.
    #[must_use]
    pub fn writable(mut self, directory: &Path) -> Self {
        self.writable.push(directory.to_owned());
        self
    }

    /// Runs a command as root in a new guest, in our working directory, and waits for its end.
    ///
    /// # Errors
    /// When user-mode-linux is missing, cannot run here, or the time limit was reached; the guest is gone in any case.
    pub fn run(&self, command: &[&str]) -> Result<Ended> {
        require()?;
        let exchange = Exchange::create()?;
        exchange.write("init", &INIT.replace("@EXCHANGE@", &exchange.text()?), true)?;
        exchange.write("inside.sh", &self.inside()?, true)?;
        exchange.write("command.sh", &self.command(command)?, false)?;
        let started = Instant::now();
        let mut guest = Guest::boot(&exchange, self.memory_mib)?;
        let in_time = guest.wait(started + self.time_limit)?;
        drop(guest);
        exchange.result(started.elapsed(), in_time.then_some(()).ok_or(self.time_limit))
    }

    /// Runs `body` when this is a guest; otherwise boots one and runs the test called `name` of this binary in it, whose
    /// body this then is. For a test that needs a guest of its own; others share one through [`run_tests`].
    ///
    /// # Errors
    /// The body's, or with everything the test wrote when it failed in the guest.
    pub fn test(&self, name: &str, body: impl FnOnce() -> Result<()>) -> Result<()> {
        if is_guest() {
            return body();
        }
        let ended = self.run_self(&[name, "--exact", "--nocapture"])?;
        let output = ended.success(name)?;
        if output.contains("1 passed") {
            return Ok(());
        }
        Err(Error::Unexpected(format!("no test called {name} ran in the guest:\n{output}")))
    }

    /// Runs this very program in a guest.
    fn run_self(&self, arguments: &[&str]) -> Result<Ended> {
        let program = std::env::current_exe().map_err(Error::io("finding the running executable"))?;
        let program = program.to_str().ok_or_else(|| Error::Unexpected("a path that is no text".into()))?;
        let mut command = vec![program];
        command.extend(arguments);
        self.run(&command)
    }

    fn inside(&self) -> Result<String> {
        let mut mounts = String::new();
        for directory in &self.writable {
            let text = directory.to_str().filter(|text| !text.contains([',', '\'', '\n']));
            let text = text.ok_or_else(|| Error::Unexpected(format!("{directory:?} cannot be shared")))?;
            mounts += &format!("mkdir -p '{text}'; mount -t hostfs none '{text}' -o '{text}'\n");
        }
        let seconds = self.time_limit.as_secs().to_string();
        let inside = INSIDE.replace("@MODULES@", &self.modules.join(" "));
        Ok(inside.replace("@SECONDS@", &seconds).replace("@WRITABLE@", &mounts))
    }

    /// The script that becomes the command: our environment, our directory.
    fn command(&self, command: &[&str]) -> Result<String> {
        let directory = std::env::current_dir().map_err(Error::io("finding the current directory"))?;
        let ours = std::env::vars().chain(self.environment.iter().cloned());
        let plain = |name: &str| {
            !name.starts_with(|first: char| first.is_ascii_digit())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        let mut script = String::new();
        for (name, value) in ours.filter(|(name, _)| plain(name) && !name.is_empty()) {
            script += &format!("export {name}={}\n", quoted(&value));
        }
        script += &format!("export {GUEST_VARIABLE}=1\nexport PATH=\"$PATH:/usr/sbin:/sbin\"\n");
        script += &format!("cd {} || exit 125\nexec", quoted(&directory.to_string_lossy()));
        for word in command {
            script += &format!(" {}", quoted(word));
        }
        script.push('\n');
        Ok(script)
    }
}

/// What the guest needs from the host. A missing piece is an error that names the package.
fn require() -> Result<()> {
    tools::require()?;
    for (tool, package) in [("linux.uml", "user-mode-linux"), ("modprobe", "kmod"), ("insmod", "kmod")] {
        tools::find(tool).ok_or(Error::MissingTool { tool, package })?;
    }
    Ok(())
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The directory that host and guest share. Its name carries our pid, so that a later run can remove it if we cannot.
struct Exchange(PathBuf);

impl Exchange {
    fn create() -> Result<Self> {
        let path = state_root().join(unique("kernel"));
        fs::create_dir_all(&path).map_err(Error::io(format!("making {}", path.display())))?;
        Ok(Self(path))
    }

    fn text(&self) -> Result<String> {
        let text = self.0.to_str().filter(|text| !text.contains([',', ' ', '\'']));
        text.map(str::to_owned)
            .ok_or_else(|| Error::Unexpected(format!("{:?} cannot be shared with a guest", self.0)))
    }

    fn write(&self, name: &str, text: &str, executable: bool) -> Result<()> {
        use std::os::unix::fs::PermissionsExt;
        let path = self.0.join(name);
        let mode = if executable { 0o755 } else { 0o644 };
        fs::write(&path, text)
            .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(mode)))
            .map_err(Error::io(format!("writing {}", path.display())))
    }

    fn read(&self, name: &str) -> String {
        fs::read(self.0.join(name))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// What the guest left. `in_time` is the time limit when that was reached.
    fn result(&self, took: Duration, in_time: Result<(), Duration>) -> Result<Ended> {
        let (stdout, stderr) = (self.read("stdout"), self.read("stderr"));
        if let Err(after) = in_time {
            let seen = format!("{stdout}{stderr}\nconsole:\n{}", last_part(&self.read("console")));
            return Err(Error::TimedOut { waited_for: "the end of the guest".into(), after, seen });
        }
        let Ok(status) = self.read("status").trim().parse() else {
            return Err(Error::Unexpected(explain(&self.read("console"), &format!("{stdout}{stderr}"))));
        };
        let booted: f64 = self.read("booted").trim().parse().unwrap_or(0.0);
        let booted_after = Duration::try_from_secs_f64(booted).unwrap_or_default();
        Ok(Ended { status, stdout, stderr, took, booted_after })
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let _swept_later = fs::remove_dir_all(&self.0);
    }
}

/// A guest under way. Dropping it ends all its processes.
struct Guest(Child);

impl Guest {
    fn boot(exchange: &Exchange, memory_mib: u32) -> Result<Self> {
        let shared = exchange.text()?;
        let console =
            fs::File::create(exchange.0.join("console")).map_err(Error::io("making the console"))?;
        let again = console.try_clone().map_err(Error::io("making the console"))?;
        let mut command = Command::new("linux.uml");
        command.arg(format!("mem={memory_mib}M"));
        command.args(["rootfstype=hostfs", "rootflags=/", "ro", "noreboot", "panic=-1", "loglevel=4"]);
        command.arg(format!("init={shared}/init"));
        // Where its control socket and its pid go; the sweep looks for the latter.
        command.arg(format!("uml_dir={shared}/")).arg("umid=guest");
        command.args(["con=null", "ssl=null", "con0=null,fd:1"]);
        command.env("TMPDIR", memory_directory(memory_mib)).current_dir("/");
        command.stdin(Stdio::null()).stdout(console).stderr(again);
        // One process group of the host for everything in the guest.
        command.process_group(0);
        command.spawn().map(Self).map_err(Error::io("starting linux.uml"))
    }

    /// Waits for the end; false when that does not come in time.
    fn wait(&mut self, deadline: Instant) -> Result<bool> {
        loop {
            if self.0.try_wait().map_err(Error::io("waiting for the guest"))?.is_some() {
                return Ok(true);
            }
            if Instant::now() > deadline {
                return Ok(false);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        kill_group(self.0.id());
        let _it_was_killed = self.0.wait();
    }
}

fn kill_group(leader: u32) {
    if let Some(group) = i32::try_from(leader).ok().and_then(Pid::from_raw) {
        let _gone_already = kill_process_group(group, Signal::KILL);
    }
}

/// Ends the guest of a dead run, when `directory` is an exchange directory whose guest still lives.
pub(crate) fn sweep_guest(directory: &Path) {
    let pid = fs::read_to_string(directory.join("guest/pid")).unwrap_or_default();
    let Ok(pid) = pid.trim().parse() else {
        return;
    };
    let shared = directory.to_string_lossy();
    if crate::processes::command_line(pid).iter().any(|word| word.contains(&*shared)) {
        kill_group(pid);
    }
}

/// Where the guest's memory lives as a file: /dev/shm where that has room (a container's often has 64 MiB, and the guest
/// would die of it midway), else the directory for temporary files.
fn memory_directory(memory_mib: u32) -> PathBuf {
    let shared = Path::new("/dev/shm");
    let room = rustix::fs::statvfs(shared).map_or(0, |room| room.f_bavail.saturating_mul(room.f_frsize));
    if room >> 20 >= u64::from(memory_mib) { shared.to_owned() } else { state_root() }
}

fn last_part(text: &str) -> &str {
    let from = text.len().saturating_sub(4000);
    text.char_indices().map(|(at, _)| at).find(|&at| at >= from).map_or("", |at| &text[at..])
}

/// Why a guest left no status.
fn explain(console: &str, output: &str) -> String {
    let reason = if console.contains("ptrace") {
        "this machine does not let its processes trace each other (ptrace), which user-mode-linux needs: a container \
         wants --cap-add SYS_PTRACE, and /proc/sys/kernel/yama/ptrace_scope must be 0 or 1"
    } else if console.contains("noexec") || console.contains("PROT_EXEC") {
        "the directory for the guest's memory does not allow execution (mounted noexec): mount /dev/shm or /tmp without"
    } else {
        "the guest ended without a result"
    };
    format!("{reason}\nconsole:\n{}\noutput:\n{output}", last_part(console))
}

#[cfg(test)]
mod tests;

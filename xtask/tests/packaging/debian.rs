//! A Debian of its own: made once by debootstrap, with the distribution's keepalived in it, and copied for each test.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;

use crate::support::{said, scratch, shown, target};

/// Runs a command in the system below a directory: own mounts, a network that leads
/// nowhere, no processes that outlive it.
const CHROOT: &str = r#"set -e
root=$1
ip link add eth0 type veth peer name eth1
mount --make-rprivate /
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
exec chroot "$root" /bin/sh -ec "$2"
"#;

/// How often a mirror is asked that does not answer, or breaks off.
const ATTEMPTS: usize = 3;
/// Seconds after which an attempt has failed; a good one takes one or two minutes.
const LONGEST: &str = "240";

/// The system.
pub(crate) struct Debian {
    root: PathBuf,
}

impl Debian {
    /// A fresh copy, as somebody has it who has the distribution's keepalived.
    pub(crate) fn new(label: &str) -> Self {
        let root = scratch(label).join("root");
        said(Command::new("cp").args(["--archive", "--reflink=auto"]).arg(base()).arg(&root));
        let debian = Self { root };
        // As in every chroot: no service is started by installing something.
        debian.write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n");
        debian.run("chmod 755 /usr/sbin/policy-rc.d");
        debian
    }

    /// Runs shell text, which has to go well, and returns what it printed.
    pub(crate) fn run(&self, line: &str) -> String {
        let output = self.attempt(line);
        assert!(output.status.success(), "{line}: {}\n{}", output.status, shown(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs shell text.
    pub(crate) fn attempt(&self, line: &str) -> Output {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--net", "--pid", "--fork", "--kill-child", "sh", "-c", CHROOT, "debian"]);
        command.arg(&self.root).arg(line).stdin(Stdio::null()).env_clear();
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("DEBIAN_FRONTEND", "noninteractive");
        command.env("LC_ALL", "C").output().expect("unshare needs root")
    }

    /// A file of it, seen from outside.
    pub(crate) fn path(&self, inside: &str) -> PathBuf {
        self.root.join(inside.trim_start_matches('/'))
    }

    /// Writes a file.
    pub(crate) fn write(&self, inside: &str, text: &str) {
        let path = self.path(inside);
        std::fs::create_dir_all(path.parent().expect("a directory")).expect("made");
        std::fs::write(path, text).expect("written");
    }

    /// Reads a file.
    pub(crate) fn read(&self, inside: &str) -> String {
        std::fs::read_to_string(self.path(inside)).unwrap_or_else(|error| panic!("{inside}: {error}"))
    }

    /// Copies a package into it; returns its path inside.
    pub(crate) fn bring(&self, package: &Path) -> String {
        let name = package.file_name().and_then(OsStr::to_str).expect("a name");
        std::fs::copy(package, self.path("/root").join(name)).expect("copied");
        format!("/root/{name}")
    }

    /// Is there anything by this name, a dangling link included?
    pub(crate) fn has(&self, inside: &str) -> bool {
        self.path(inside).symlink_metadata().is_ok()
    }
}

impl Drop for Debian {
    fn drop(&mut self) {
        // The next run removes what is left.
        let _removed = std::fs::remove_dir_all(&self.root);
    }
}

fn cache() -> PathBuf {
    target().join("debian")
}

/// The distribution's keepalived, as debootstrap has fetched it.
pub(crate) fn distributions_package() -> PathBuf {
    base();
    let packages = std::fs::read_dir(cache().join("packages")).expect("the cache").flatten();
    let names = packages.map(|entry| entry.path());
    let is_it = |path: &PathBuf| {
        path.file_name().and_then(OsStr::to_str).is_some_and(|name| name.starts_with("keepalived_"))
    };
    names.into_iter().find(is_it).expect("keepalived was fetched")
}

/// The system that others are copied from. Fetching it takes a minute, so it stays in the build directory.
fn base() -> PathBuf {
    static MAKING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = MAKING.lock();
    let codename = codename();
    let base = cache().join(&codename);
    if base.exists() {
        return base;
    }
    let draft = cache().join(format!("{codename}-{}", std::process::id()));
    let packages = cache().join("packages");
    std::fs::create_dir_all(&packages).expect("a directory");
    let mirror = mirror(&codename);
    let failures: Vec<String> =
        (0..ATTEMPTS).map_while(|_| bootstrap(&codename, &draft, &packages, &mirror).err()).collect();
    assert!(
        failures.len() < ATTEMPTS,
        "no Debian from {mirror}; can it be reached?\n{}",
        failures.join("\n")
    );
    // Another run may have been quicker; its system is as good.
    if std::fs::rename(&draft, &base).is_err() {
        let _removed = std::fs::remove_dir_all(&draft);
    }
    base
}

/// One attempt to fetch and unpack it; nothing of one that failed is left.
fn bootstrap(codename: &str, draft: &Path, packages: &Path, mirror: &str) -> Result<(), String> {
    // debootstrap mounts /proc, and leaves it when it fails.
    let mut make = Command::new("timeout");
    make.args(["--kill-after=5", LONGEST, "unshare", "--mount", "--pid", "--fork", "--kill-child"]);
    make.args(["--mount-proc", "debootstrap", "--variant=minbase"]);
    make.arg("--include=keepalived,init-system-helpers,systemd-standalone-sysusers");
    make.arg(format!("--cache-dir={}", packages.display())).arg(codename).arg(draft).arg(mirror);
    let output = make.env("LC_ALL", "C").stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let _incomplete = std::fs::remove_dir_all(draft);
    let text = shown(&output);
    let last: Vec<&str> = text.lines().rev().take(5).collect();
    Err(format!("{}: {}", output.status, last.into_iter().rev().collect::<Vec<_>>().join("\n")))
}

/// This machine's release: the programs are linked with its libraries.
fn codename() -> String {
    let text = std::fs::read_to_string("/etc/os-release").expect("os-release");
    let name = text.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    name.expect("a code name").trim_matches('"').to_owned()
}

/// Where this machine gets its packages from.
fn mirror(codename: &str) -> String {
    let mut ask = Command::new("apt-get");
    ask.args(["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]);
    let known = said(ask.arg(format!("Codename: {codename}")));
    known.lines().next().expect("a source of packages in /etc/apt").to_owned()
}

//! Installs the Debian packages that building, labs and comparisons need, so that a fresh machine needs nothing by hand.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Error, Result, step};

/// A package, and a file that shows it is there.
const PACKAGES: &[(&str, &str)] = &[
    ("libssl-dev", "/usr/include/openssl/ssl.h"),
    ("pkg-config", "/usr/bin/pkg-config"),
    ("openssl", "/usr/bin/openssl"),
    ("iproute2", "/bin/ip"),
    ("mount", "/bin/mount"),
    ("procps", "/bin/kill"),
    ("tcpdump", "/usr/bin/tcpdump"),
    ("tshark", "/usr/bin/tshark"),
    ("keepalived", "/usr/sbin/keepalived"),
    ("frr", "/usr/lib/frr/vrrpd"),
    ("ipvsadm", "/sbin/ipvsadm"),
    ("kmod", "/sbin/modprobe"),
    ("user-mode-linux", "/usr/bin/linux.uml"),
    ("nginx-light", "/usr/sbin/nginx"),
    ("dnsmasq-base", "/usr/sbin/dnsmasq"),
    ("exim4-daemon-light", "/usr/sbin/exim4"),
    ("dpkg-dev", "/usr/bin/dpkg-shlibdeps"),
    ("binutils", "/usr/bin/strip"),
    ("debootstrap", "/usr/sbin/debootstrap"),
    ("systemd", "/usr/bin/systemd-analyze"),
    ("man-db", "/usr/bin/man"),
    ("mandoc", "/usr/bin/mandoc"),
    ("lintian", "/usr/bin/lintian"),
    ("zsh", "/usr/bin/zsh"),
    ("fish", "/usr/bin/fish"),
    ("python3", "/usr/bin/python3"),
    ("python3-pip", "/usr/lib/python3/dist-packages/pip/__init__.py"),
    ("nftables", "/usr/sbin/nft"),
    ("python3-aiosmtpd", "/usr/lib/python3/dist-packages/aiosmtpd/smtp.py"),
];

/// Packages that start a service of their own when they are installed.
const SERVICES: &[&str] = &["keepalived", "frr", "ipvsadm", "nginx", "exim4"];

/// Installs what is missing; does nothing, not even an update of the lists, when nothing is.
pub(crate) fn run() -> Result<()> {
    toolchain_components()?;
    install(PACKAGES)
}

/// Installs those of `packages` whose file is missing.
pub(crate) fn install(packages: &[(&'static str, &str)]) -> Result<()> {
    let missing = missing(packages);
    if missing.is_empty() {
        return Ok(());
    }
    println!("installing {}", missing.join(" "));
    let quiet = QuietInstall::begin()?;
    step::run(&mut apt_get(&["update"]))?;
    let mut install = apt_get(&["install", "--yes", "--no-install-recommends"]);
    install.args(&missing);
    step::run(&mut install)?;
    drop(quiet);
    stop_services(&missing)?;
    match self::missing(packages).as_slice() {
        [] => Ok(()),
        still => Err(Error::Failed(format!("installed, but not found: {}", still.join(" ")))),
    }
}

/// A minimal toolchain comes without the formatter and the linter.
fn toolchain_components() -> Result<()> {
    for (subcommand, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        let mut asked = step::cargo(&[subcommand, "--version"])?;
        let asked = asked.stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !asked.map_err(Error::io(format!("asking for cargo {subcommand}")))?.success() {
            step::run(Command::new("rustup").args(["component", "add", component]))?;
        }
    }
    Ok(())
}

fn missing(packages: &[(&'static str, &str)]) -> Vec<&'static str> {
    let is_missing = |&&(_, file): &&(&'static str, &str)| !Path::new(file).exists();
    packages.iter().filter(is_missing).map(|&(package, _)| package).collect()
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.arg("--quiet").args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// A service that came with its package would run VRRP on this machine's own network. Only services that this task
/// itself brought are touched: a keepalived that was here before is somebody's.
fn stop_services(installed: &[&str]) -> Result<()> {
    if !Path::new("/run/systemd/system").exists() {
        return Ok(());
    }
    for service in SERVICES.iter().filter(|service| installed.contains(service)) {
        step::run(Command::new("systemctl").args(["disable", "--now", service]))?;
    }
    Ok(())
}

/// While it lives, package scripts start no service (Debian's policy-rc.d mechanism). An existing policy is left alone.
struct QuietInstall(Option<PathBuf>);

impl QuietInstall {
    fn begin() -> Result<Self> {
        let policy = PathBuf::from("/usr/sbin/policy-rc.d");
        if policy.exists() {
            return Ok(Self(None));
        }
        fs::write(&policy, "#!/bin/sh\nexit 101\n").map_err(Error::io("writing policy-rc.d"))?;
        let guard = Self(Some(policy.clone()));
        fs::set_permissions(&policy, fs::Permissions::from_mode(0o755))
            .map_err(Error::io("writing policy-rc.d"))?;
        Ok(guard)
    }
}

impl Drop for QuietInstall {
    fn drop(&mut self) {
        if let Some(policy) = &self.0 {
            let _nothing_more_to_do = fs::remove_file(policy);
        }
    }
}

//! The package in a Debian of its own: over the distribution's package, upgraded, back again, removed, purged.
//!
//! There is no booted systemd in a chroot, so what systemd itself would do (start, restart, stop of the service) is not seen
//! here; that the unit is enabled, disabled and forgotten is.

use std::collections::BTreeSet;
use std::process::Command;

use crate::debian::{Debian, distributions_package};
use crate::support::package;

const CONFIGURATION: &str = "\
vrrp_instance VI_1 {
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority 100
    virtual_ipaddress {
        192.0.2.100
    }
}
";
const FILE: &str = "/etc/keepalived/keepalived.conf";
const ENABLED: &str = "/etc/systemd/system/multi-user.target.wants/keepalived.service";

/// `installed`, `config-files` (removed, but not purged) or `not-installed`.
fn state(debian: &Debian, package: &str) -> String {
    let ask = "dpkg-query --show --showformat '${db:Status-Status}'";
    debian.run(&format!("{ask} {package} 2>/dev/null || echo not-installed")).trim().to_owned()
}

fn version(debian: &Debian) -> String {
    debian.run("dpkg-query --show --showformat '${Version}' keepalived-rs")
}

/// The files of an installed package are those it came with, but for those that the administrator may change.
fn is_whole(debian: &Debian) {
    let changed = debian.attempt("dpkg --verify keepalived-rs");
    let changed = String::from_utf8_lossy(&changed.stdout).into_owned();
    let ours: Vec<&str> = changed.lines().filter(|line| !line.contains(" c /etc/")).collect();
    assert!(ours.is_empty(), "files are missing or changed: {ours:?}");
}

fn is_ours(debian: &Debian) -> bool {
    debian.run("keepalived --version 2>&1").contains("keepalived-rs")
}

#[test]
fn it_takes_the_distributions_place_and_gives_it_back() {
    let debian = Debian::new("takeover");
    let (ours, newer) = (debian.bring(&package().deb), debian.bring(&package().newer));
    let theirs = debian.bring(&distributions_package());
    let settings = "# mine\nDAEMON_ARGS=\"--log-detail\"\n";
    debian.write(FILE, CONFIGURATION);
    debian.write("/etc/default/keepalived", settings);
    assert_eq!(state(&debian, "keepalived"), "installed");
    assert!(!is_ours(&debian) && debian.has(ENABLED));

    // dpkg alone: it finds the conflict, and that ours replaces theirs.
    debian.run(&format!("dpkg --force-confold --auto-deconfigure --install {ours}"));
    assert_eq!(
        (state(&debian, "keepalived").as_str(), state(&debian, "keepalived-rs").as_str()),
        ("config-files", "installed")
    );
    assert!(is_ours(&debian) && debian.has(ENABLED));
    is_whole(&debian);
    assert_eq!(debian.read(FILE), CONFIGURATION);
    assert_eq!(debian.read("/etc/default/keepalived"), settings);
    let unit = debian.read("/lib/systemd/system/keepalived.service");
    assert!(unit.contains("keepalived-rs"), "the old unit is still there: {unit}");
    assert_eq!(debian.run("keepalived -t 2>&1"), "", "the configuration is as good as before");
    assert!(debian.run("keepalived --genhash -h 2>&1 || true").contains("--use-ssl"));
    let user = debian.attempt("getent passwd keepalived_script");
    assert!(!user.status.success(), "scripts that ran as root would run as somebody else from now on");

    debian.run(&format!("dpkg --install {newer}"));
    assert_eq!(version(&debian), concat!(env!("CARGO_PKG_VERSION"), "-2"));
    is_whole(&debian);
    assert_eq!((debian.read(FILE).as_str(), debian.has(ENABLED)), (CONFIGURATION, true));
    assert_eq!(debian.read("/etc/default/keepalived"), settings);

    // The way back, as the guide says it.
    debian.run(&format!(
        "apt-get install --yes --no-install-recommends --option Dpkg::Options::=--force-confold {theirs}"
    ));
    assert_eq!(
        (state(&debian, "keepalived").as_str(), state(&debian, "keepalived-rs").as_str()),
        ("installed", "config-files")
    );
    assert!(!is_ours(&debian) && debian.has(ENABLED));
    assert_eq!(debian.read(FILE), CONFIGURATION);
    assert_eq!(debian.read("/etc/default/keepalived"), settings);
}

/// What the guide says of purging the old package: its settings go, ours stay, the enablement has to be given again.
#[test]
fn purging_the_old_package_leaves_ours_whole() {
    let debian = Debian::new("purged");
    let ours = debian.bring(&package().deb);
    debian.write(FILE, CONFIGURATION);
    // apt and unchanged settings: no question is asked.
    debian.run(&format!("apt-get install --yes --no-install-recommends {ours}"));
    assert!(debian.read("/etc/default/keepalived").contains("keepalived(8)"), "our text");
    debian.run("dpkg --purge keepalived");
    assert_eq!(state(&debian, "keepalived"), "not-installed");
    is_whole(&debian);
    assert!(is_ours(&debian) && debian.has("/etc/default/keepalived"));
    assert_eq!(debian.read(FILE), CONFIGURATION);
    assert!(!debian.has(ENABLED), "the guide tells to enable the service again, which is not needed");
}

/// Every name in the file system but those of dpkg's own books and logs.
fn names(debian: &Debian) -> BTreeSet<String> {
    let listed = debian.run("find / -xdev -not -path '/root/*' -not -path '/proc/*' -not -path '/dev/*'");
    let books = [
        "/var/lib/dpkg/",
        "/var/log/",
        "/var/cache/",
        "/var/lib/apt/",
        "/var/lib/systemd/deb-systemd-helper",
    ];
    let is_noise = |name: &str| books.iter().any(|book| name.starts_with(book)) || name.ends_with('-');
    listed.lines().filter(|name| !is_noise(name)).map(str::to_owned).collect()
}

#[test]
fn a_fresh_installation_leaves_nothing_behind() {
    let debian = Debian::new("fresh");
    let (ours, newer) = (debian.bring(&package().deb), debian.bring(&package().newer));
    debian.run("dpkg --purge keepalived; rm -rf /etc/keepalived");
    let before = names(&debian);

    debian.run(&format!("dpkg --install {ours}"));
    is_whole(&debian);
    assert!(is_ours(&debian) && debian.has(ENABLED));
    assert!(debian.run("getent passwd keepalived_script").contains("nologin"), "scripts have their own user");
    debian.write(FILE, CONFIGURATION);
    debian.write("/var/lib/keepalived/state", "what the daemon keeps");
    debian.run(&format!("dpkg --install {newer}"));

    debian.run("dpkg --remove keepalived-rs");
    assert_eq!(state(&debian, "keepalived-rs"), "config-files");
    for gone in ["/usr/sbin/keepalived", "/usr/libexec/keepalived", "/lib/systemd/system/keepalived.service"]
    {
        assert!(!debian.has(gone), "{gone} is still there");
    }
    assert_eq!(debian.read(FILE), CONFIGURATION);
    assert!(debian.has("/etc/default/keepalived") && debian.has("/var/lib/keepalived/state"));

    debian.run("dpkg --purge keepalived-rs");
    assert_eq!(state(&debian, "keepalived-rs"), "not-installed");
    let after = names(&debian);
    let left: Vec<&String> = after.difference(&before).collect();
    assert_eq!(left, ["/etc/keepalived", FILE], "more than the administrator's own file is left");
    let lost: Vec<&String> = before.difference(&after).collect();
    assert!(lost.is_empty(), "somebody else's files are gone: {lost:?}");
}

/// A service that somebody has disabled does not come back with another package.
#[test]
fn a_disabled_service_stays_disabled() {
    let debian = Debian::new("disabled");
    let ours = debian.bring(&package().deb);
    std::fs::remove_file(debian.path(ENABLED)).expect("it was enabled");
    debian.run(&format!("dpkg --auto-deconfigure --install {ours}"));
    assert!(is_ours(&debian) && !debian.has(ENABLED));
}

/// dpkg's own check of a package's form.
#[test]
fn dpkg_can_read_the_package() {
    let listed = Command::new("dpkg-deb").arg("--contents").arg(&package().deb).output().expect("dpkg-deb");
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(listed.lines().all(|line| line.contains(" root/root ")), "{listed}");
}

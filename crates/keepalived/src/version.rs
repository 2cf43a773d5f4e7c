//! What this program calls itself.
//!
//! Tools parse the first line of `-v` and compare its number with the features they need, so it names the release of
//! Keepalived whose behaviour we follow; the line after it says which program this really is.

use std::fmt::Write as _;

/// The release of Keepalived whose behaviour is followed.
pub const COMPATIBLE: &str = "2.4.3";
/// That release's date as it stands behind the number.
pub const COMPATIBLE_DATE: &str = "08/13,2026";
/// The version of this program.
pub const OURS: &str = env!("CARGO_PKG_VERSION");
/// The oldest kernel that everything works on: pidfds, IPv6 socket options and 32-bit address flags are there.
pub const OLDEST_KERNEL: (u32, u32, u32) = (5, 10, 0);

/// `configure` switches of the original whose effect we have; scripts look for `--enable-json`.
const CONFIGURE: &str = "--prefix=/usr --sysconfdir=/etc --localstatedir=/var --runstatedir=/run --enable-json \
--enable-log-file --with-init=systemd";

/// Words of the original for what is there. What is not, must not be listed.
const FEATURES: &str = "VRRP VRRP_AUTH JSON FILE_LOGGING LOG_FILE_APPEND INIT=systemd SYSTEMD_NOTIFY";

/// Kernel interfaces used.
const SYSTEM: &str = "MEMFD_CREATE IPV6_MULTICAST_ALL IFA_FLAGS F_OFD_SETLK IFA_PROTO GLOB_BRACE";

/// `Keepalived v2.4.3 (08/13,2026)`: the first line of `-v`.
#[must_use]
pub fn banner() -> String {
    format!("Keepalived v{COMPATIBLE} ({COMPATIBLE_DATE})")
}

/// The banner with our own version behind it, where the original puts its git commit; for the log.
#[must_use]
pub fn full() -> String {
    format!("{}, keepalived-rs v{OURS}", banner())
}

/// The running system as `uname` tells it: `Linux 6.1.0 #1 SMP ...`.
#[must_use]
pub fn running_on() -> String {
    let read = |name: &str| {
        std::fs::read_to_string(format!("/proc/sys/kernel/{name}"))
            .map(|text| text.trim_end().to_owned())
            .unwrap_or_default()
    };
    format!("{} {} {}", read("ostype"), read("osrelease"), read("version"))
}

/// The numbers in front of a kernel release: `6.1.0-18-amd64` is (6, 1, 0). Missing ones are 0.
#[must_use]
pub fn kernel_numbers(release: &str) -> (u32, u32, u32) {
    let mut numbers = release
        .split(|c: char| !c.is_ascii_digit())
        .map(|digits| digits.parse::<u32>().unwrap_or(0))
        .chain(std::iter::repeat(0));
    let mut next = || numbers.next().unwrap_or(0);
    (next(), next(), next())
}

/// The line of the log that names the kernel, with a warning on one that is too old.
#[must_use]
pub fn kernel_line() -> String {
    let running = running_on();
    let (major, minor, patch) = OLDEST_KERNEL;
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    if release.is_empty() || kernel_numbers(&release) >= OLDEST_KERNEL {
        format!("Running on {running} (built for Linux {major}.{minor}.{patch})")
    } else {
        format!(
            "WARNING - keepalived was built for newer Linux {major}.{minor}.{patch}, running on {running}"
        )
    }
}

/// The whole answer to `-v`.
#[must_use]
pub fn report() -> String {
    let (major, minor, patch) = OLDEST_KERNEL;
    let mut text = format!(
        "{}\nThis is keepalived-rs {OURS}, a replacement of Keepalived\n\n\
         Licensed under Apache-2.0 OR MIT\n\n\
         Built with kernel headers for Linux {major}.{minor}.{patch}\nRunning on {}\n",
        banner(),
        running_on()
    );
    if let Some(name) = distribution() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "Distro: {name}");
    }
    let _ = write!(
        text,
        "\nconfigure options: {CONFIGURE}\n\nConfig options:  {FEATURES}\n\nSystem options:  {SYSTEM}\n"
    );
    text
}

/// `PRETTY_NAME` of os-release(5), without its quotes.
fn distribution() -> Option<String> {
    let text = ["/etc/os-release", "/usr/lib/os-release"]
        .iter()
        .find_map(|path| std::fs::read_to_string(path).ok())?;
    let value = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(value.trim_matches(|c| c == '"' || c == '\'').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_parses_as_a_version_not_older_than_2_2_7() {
        let report = report();
        let first = report.lines().next().expect("a first line");
        let number = first.strip_prefix("Keepalived v").and_then(|rest| rest.split(' ').next());
        assert!(kernel_numbers(number.expect("a number")) >= (2, 2, 7));
        assert!(report.lines().nth(1).is_some_and(|line| line.contains("keepalived-rs")));
        assert!(report.contains("--enable-json"));
    }

    #[test]
    fn kernel_releases_are_compared_by_their_numbers() {
        assert_eq!(kernel_numbers("6.1.0-18-amd64"), (6, 1, 0));
        assert_eq!(kernel_numbers("5.19.11"), (5, 19, 11));
        assert_eq!(kernel_numbers("6.8-rc1"), (6, 8, 0));
        assert!(kernel_numbers("6.1") > OLDEST_KERNEL);
    }
}

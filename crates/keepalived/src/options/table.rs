//! Every option: names, argument, help text and meaning in one entry. The order is that of the usage text.

use super::Reading;
use super::values::{Children, Facility};
use std::ffi::OsStr;
use std::path::PathBuf;

/// An option.
#[derive(Debug)]
pub(super) struct Spec {
    /// The letter behind one dash.
    pub(super) short: Option<char>,
    /// The name behind two.
    pub(super) long: &'static str,
    /// Whether it wants a value.
    pub(super) takes: Takes,
    /// The lines of the usage text; none for an option that is not for people.
    pub(super) help: &'static [&'static str],
    /// What it does. The value is there exactly if [`Takes`] says so.
    pub(super) apply: fn(&mut Reading, Option<&OsStr>),
}

/// Whether an option wants a value; with its name in the usage text.
#[derive(Clone, Copy, Debug)]
pub(super) enum Takes {
    /// None.
    Nothing,
    /// One, glued or as the next argument.
    Required(&'static str),
    /// Perhaps one, only glued.
    Optional(&'static str),
}

use Takes::{Nothing, Optional, Required};

/// An entry of the table.
const fn entry(
    short: Option<char>,
    long: &'static str,
    takes: Takes,
    help: &'static [&'static str],
    apply: fn(&mut Reading, Option<&OsStr>),
) -> Spec {
    Spec { short, long, takes, help, apply }
}

/// Every option but `-h`.
pub(super) static TABLE: &[Spec] = &[
    entry(
        Some('f'),
        "use-file",
        Required("=FILE"),
        &["Use the specified configuration file", "default '/etc/keepalived/keepalived.conf'"],
        |r, v| r.options.config_file = text(v),
    ),
    entry(Some('P'), "vrrp", Nothing, &["Only run with VRRP subsystem"], |r, _| {
        r.options.children.checker = false;
    }),
    entry(Some('C'), "check", Nothing, &["Only run with Health-checker subsystem"], |r, _| {
        r.options.children.vrrp = false;
    }),
    entry(Some('B'), "no_bfd", Nothing, &["Don't run BFD subsystem"], |r, _| r.options.children.bfd = false),
    entry(
        None,
        "all",
        Nothing,
        &["Force all child processes to run, even if have no configuration"],
        // It also takes back what -P, -C and -B before it said.
        |r, _| r.options.children = Children { forced: true, ..Children::default() },
    ),
    entry(Some('l'), "log-console", Nothing, &["Log messages to local console"], |r, _| {
        r.options.log.console = true;
    }),
    entry(Some('D'), "log-detail", Nothing, &["Detailed log messages"], |r, _| {
        r.options.log.detail = r.options.log.detail.saturating_add(1);
    }),
    entry(
        Some('S'),
        "log-facility",
        Required("=([0-7]|local[0-7]|user|daemon)"),
        &["Set syslog facility to LOG_LOCAL[0-7], user or daemon (default)"],
        facility,
    ),
    entry(
        Some('g'),
        "log-file",
        Optional("=FILE"),
        &["Also log to FILE (default /tmp/keepalived.log)"],
        |r, v| {
            r.options.log.file = Some(v.map(PathBuf::from));
        },
    ),
    entry(None, "flush-log-file", Nothing, &["Flush log file on write"], |r, _| r.options.log.flush = true),
    entry(Some('G'), "no-syslog", Nothing, &["Don't log via syslog"], |r, _| r.options.log.no_syslog = true),
    entry(Some('u'), "umask", Required("=MASK"), &["umask for file creation (in numeric form)"], umask),
    entry(Some('X'), "release-vips", Nothing, &["Drop VIP on transition from signal."], |r, _| {
        r.options.shutdown.release_vips = true;
    }),
    entry(
        Some('V'),
        "dont-release-vrrp",
        Nothing,
        &["Don't remove VRRP VIPs and VROUTEs on daemon stop"],
        |r, _| r.options.shutdown.keep_vrrp = true,
    ),
    entry(Some('I'), "dont-release-ipvs", Nothing, &["Don't remove IPVS topology on daemon stop"], |r, _| {
        r.options.shutdown.keep_ipvs = true
    }),
    entry(Some('R'), "dont-respawn", Nothing, &["Don't respawn child processes"], |r, _| {
        r.options.dont_respawn = true;
    }),
    entry(Some('n'), "dont-fork", Nothing, &["Don't fork the daemon process"], |r, _| {
        r.options.foreground = true;
    }),
    entry(Some('d'), "dump-conf", Nothing, &["Dump the configuration data"], |r, _| {
        r.options.dump_configuration = true;
    }),
    entry(Some('p'), "pid", Required("=FILE"), &["Use specified pidfile for parent process"], |r, v| {
        r.options.pid_files.parent = path(v);
    }),
    entry(
        Some('r'),
        "vrrp_pid",
        Required("=FILE"),
        &["Use specified pidfile for VRRP child process"],
        |r, v| {
            r.options.pid_files.vrrp = path(v);
        },
    ),
    entry(
        Some('T'),
        "genhash",
        Nothing,
        &["Enter into genhash utility mode (this should be the first option used)."],
        |r, _| r.genhash = true,
    ),
    entry(
        Some('c'),
        "checkers_pid",
        Required("=FILE"),
        &["Use specified pidfile for checkers child process"],
        |r, v| r.options.pid_files.checkers = path(v),
    ),
    entry(
        Some('a'),
        "address-monitoring",
        Nothing,
        &["Report all address additions/deletions notified via netlink"],
        |r, _| r.options.monitor_addresses = true,
    ),
    entry(
        Some('b'),
        "bfd_pid",
        Required("=FILE"),
        &["Use specified pidfile for BFD child process"],
        |r, v| {
            r.options.pid_files.bfd = path(v);
        },
    ),
    entry(Some('x'), "snmp", Nothing, &["Enable SNMP subsystem"], |r, _| r.options.snmp = true),
    entry(
        Some('A'),
        "snmp-agent-socket",
        Required("=FILE"),
        &["Use the specified socket for master agent"],
        |r, v| r.options.snmp_socket = text(v),
    ),
    entry(
        Some('s'),
        "namespace",
        Required("=NAME"),
        &["Run in network namespace NAME (overrides config)"],
        |r, v| r.options.namespace = text(v),
    ),
    entry(Some('m'), "core-dump", Nothing, &["Produce core dump if terminate abnormally"], |r, _| {
        r.options.core_dumps = true;
    }),
    entry(
        Some('M'),
        "core-dump-pattern",
        Optional("=PATN"),
        &["Also set /proc/sys/kernel/core_pattern to PATN (default 'core')"],
        |r, v| {
            r.options.core_dumps = true;
            r.options.core_pattern = Some(text(v).unwrap_or_else(|| "core".into()));
        },
    ),
    entry(
        Some('e'),
        "all-config",
        Nothing,
        &["Error if any configuration file missing (same as includet)"],
        |r, _| r.options.all_includes_checked = true,
    ),
    entry(
        Some('i'),
        "config-id",
        Required(" id"),
        &[
            "Skip any configuration lines beginning '@' that don't match id",
            "or any lines beginning @^ that do match.",
            "The config-id defaults to the node name if option not used",
        ],
        |r, v| r.options.config_id = text(v),
    ),
    entry(
        None,
        "ignore-sigint",
        Nothing,
        &["ignore SIGINT (default means terminate) - used for debugging with GDB"],
        |r, _| r.options.ignore_sigint = true,
    ),
    entry(
        None,
        "signum",
        Required("=SIGFUNC"),
        &["Return signal number for STOP, RELOAD, DATA, STATS, STATS_CLEAR, JSON"],
        signal_number,
    ),
    entry(
        Some('t'),
        "config-test",
        Optional("[=LOG_FILE]"),
        &["Check the configuration for obvious errors, output to", "stderr by default"],
        |r, v| r.options.test.get_or_insert_default().log = path(v),
    ),
    entry(
        None,
        "explain",
        Nothing,
        &["With -t: show the lines that are wrong, and what to do about them"],
        |r, _| r.options.test.get_or_insert_default().explain = true,
    ),
    // The original's parent hands its configuration test a descriptor with it; ours needs none.
    entry(None, "config-fd", Required("=FD"), &[], |_, _| {}),
    entry(Some('v'), "version", Nothing, &["Display the version number"], |r, _| {
        r.end = Some((String::new(), crate::version::report(), 0));
    }),
];

fn text(value: Option<&OsStr>) -> Option<String> {
    value.map(|value| value.to_string_lossy().into_owned())
}

fn path(value: Option<&OsStr>) -> Option<PathBuf> {
    value.map(PathBuf::from)
}

/// `-S`: a bad value is mentioned, and the daemon goes on with the default.
fn facility(reading: &mut Reading, value: Option<&OsStr>) {
    let value = text(value).unwrap_or_default();
    if let Some(facility) = Facility::parse(&value) {
        reading.options.log.facility = facility;
    } else {
        reading.options.log.facility_rejected = true;
        reading.complaints.push_str(&format!("Invalid log facility '{value}'\n"));
    }
}

/// `-u`: a C number, 0 to 0777. The original's complaint has no line end, and tools may compare it.
fn umask(reading: &mut Reading, value: Option<&OsStr>) {
    let value = text(value).unwrap_or_default();
    match c_number(&value).filter(|&mask| mask <= 0o777) {
        Some(mask) => reading.options.umask = Some(mask),
        None => reading.complaints.push_str(&format!("Invalid --umask option {value}")),
    }
}

/// A number as strtoul(3) with base 0 reads it: `0x12`, `022`, `18`.
fn c_number(text: &str) -> Option<u32> {
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return u32::from_str_radix(hex, 16).ok();
    }
    match text.strip_prefix('0') {
        Some("") => Some(0),
        Some(octal) => u32::from_str_radix(octal, 8).ok(),
        None => text.parse().ok(),
    }
}

/// `--signum`: the numbers differ between C libraries, so scripts ask.
fn signal_number(reading: &mut Reading, value: Option<&OsStr>) {
    let name = text(value).unwrap_or_default();
    let number = match name.as_str() {
        "STOP" => Some(libc::SIGTERM),
        "RELOAD" => Some(libc::SIGHUP),
        "DATA" => Some(libc::SIGUSR1),
        "STATS" => Some(libc::SIGUSR2),
        "STATS_CLEAR" => Some(libc::SIGRTMAX() - 1),
        "JSON" => Some(libc::SIGRTMIN() + 2),
        _ => None,
    };
    reading.end = Some(match number {
        Some(number) => (format!("{number}\n"), String::new(), 0),
        None => (String::new(), format!("Unknown sigfunc {name}\n"), 1),
    });
}

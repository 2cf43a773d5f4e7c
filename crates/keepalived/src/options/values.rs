//! What the options mean, grouped by who needs it.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Everything the command line can say about a run. Command-line values keep their start-up meaning over reloads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `-f`: the configuration file or pattern.
    pub config_file: Option<String>,
    /// `-i`: the selector of `@id` lines; default is the node name up to its first dot.
    pub config_id: Option<String>,
    /// `-e`: a missing include is an error.
    pub all_includes_checked: bool,
    /// Which processes run.
    pub children: Children,
    /// Where messages go.
    pub log: LogOptions,
    /// `-u`: the umask; beats the configuration's.
    pub umask: Option<u32>,
    /// What stays behind at the end.
    pub shutdown: Shutdown,
    /// `-R`: a dead child ends the daemon.
    pub dont_respawn: bool,
    /// `-n`: stay in the foreground.
    pub foreground: bool,
    /// `-d`: each child logs its configuration at start.
    pub dump_configuration: bool,
    /// Names of pid files.
    pub pid_files: PidFiles,
    /// `-a`: log every address that comes or goes.
    pub monitor_addresses: bool,
    /// `-x`: all SNMP modules.
    pub snmp: bool,
    /// `-A`: the AgentX master's address.
    pub snmp_socket: Option<String>,
    /// `-s`: the network namespace; beats the configuration's.
    pub namespace: Option<String>,
    /// `-m`: no limit for core dumps.
    pub core_dumps: bool,
    /// `-M`: what to write to `/proc/sys/kernel/core_pattern`.
    pub core_pattern: Option<String>,
    /// `--ignore-sigint`.
    pub ignore_sigint: bool,
    /// `-t`: test the configuration and end.
    pub test: Option<TestRun>,
}

/// A configuration test.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestRun {
    /// Where complaints go; standard error if `None`.
    pub log: Option<PathBuf>,
    /// `--explain`: with source lines and advice, even when nobody watches.
    pub explain: bool,
}

/// Which processes may run: `-P`, `-C`, `-B` and `--all`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Children {
    /// The VRRP process.
    pub vrrp: bool,
    /// The health checkers.
    pub checker: bool,
    /// BFD.
    pub bfd: bool,
    /// Start them even without configuration.
    pub forced: bool,
}

impl Default for Children {
    fn default() -> Self {
        Self { vrrp: true, checker: true, bfd: true, forced: false }
    }
}

/// Where messages go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogOptions {
    /// `-l`: to standard error, too, if we stay in the foreground.
    pub console: bool,
    /// `-D`, once or twice.
    pub detail: u8,
    /// `-S`.
    pub facility: Facility,
    /// A value of `-S` could not be used: `-t` counts that as a mistake.
    pub facility_rejected: bool,
    /// `-g`: to a file as well; `Some(None)` for its default name.
    pub file: Option<Option<PathBuf>>,
    /// `--flush-log-file`.
    pub flush: bool,
    /// `-G`: nothing to syslog.
    pub no_syslog: bool,
}

/// A syslog facility (RFC 5424 6.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Facility {
    /// Number 1.
    User,
    /// Number 3.
    #[default]
    Daemon,
    /// Numbers 16 to 23: `local0` to `local7`. The value is 0 to 7.
    Local(u8),
}

impl Facility {
    /// What `-S` accepts: 0 to 7, `local0` to `local7`, `user`, `daemon`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "user" => return Some(Self::User),
            "daemon" => return Some(Self::Daemon),
            _ => {}
        }
        let digits = text.strip_prefix("local").unwrap_or(text);
        match digits.parse::<u8>() {
            Ok(number @ 0..=7) if digits.len() == 1 => Some(Self::Local(number)),
            _ => None,
        }
    }

    /// Its number in a syslog priority.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::User => 1,
            Self::Daemon => 3,
            Self::Local(n) => 16 + n,
        }
    }
}

/// Names of pid files given on the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PidFiles {
    /// `-p`.
    pub parent: Option<PathBuf>,
    /// `-r`.
    pub vrrp: Option<PathBuf>,
    /// `-c`.
    pub checkers: Option<PathBuf>,
    /// `-b`.
    pub bfd: Option<PathBuf>,
}

/// What happens to addresses and tables at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shutdown {
    /// `-X`: remove virtual addresses even if this process did not add them.
    pub release_vips: bool,
    /// `-V`: leave addresses, routes and rules, and send no priority 0.
    pub keep_vrrp: bool,
    /// `-I`: leave the IPVS table.
    pub keep_ipvs: bool,
}

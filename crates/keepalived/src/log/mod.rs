//! Log lines, in the original's formats: syslog, the console, a file.
//!
//! A line is one non-blocking write per sink. What a sink does not take at once is dropped and counted, and the count
//! is told with the next line that gets through: a full log must never delay an advert.

mod calendar;
mod console;
mod file;
mod syslog;

pub use crate::options::Facility;
pub use calendar::{Calendar, asctime, asctime_micros, asctime_nanos, iso, rfc5322};

use console::Console;
use file::LogFile;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;
use std::sync::RwLock;
use std::time::SystemTime;
use syslog::Syslog;

/// How important a line is (RFC 5424 6.2.1). Almost everything is [`Severity::Info`]: alerting rules match the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Severity {
    /// Act at once: a process of ours died.
    Alert = 1,
    /// Something was refused.
    Error = 3,
    /// Something may go wrong.
    Warning = 4,
    /// Everything else.
    Info = 6,
    /// For the curious.
    Debug = 7,
}

impl Severity {
    const fn number(self) -> u8 {
        match self {
            Self::Alert => 1,
            Self::Error => 3,
            Self::Warning => 4,
            Self::Info => 6,
            Self::Debug => 7,
        }
    }
}

/// Where a process logs. The supervisor makes one for each child and hands it over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogSettings {
    /// The name in front of the process id: `Keepalived`, `Keepalived_vrrp`, with namespace and instance behind it.
    pub ident: String,
    /// `-S`.
    pub facility: Facility,
    /// Not `-G`.
    pub syslog: bool,
    /// `-l` together with `-n`.
    pub console: bool,
    /// `-D` once is 1, twice is 2.
    pub detail: u8,
    /// `-g`: the file to append to.
    pub file: Option<FileSettings>,
}

/// A log file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSettings {
    /// Its name.
    pub path: PathBuf,
    /// `--flush-log-file`: write each line at once instead of when some have come together.
    pub flush: bool,
}

impl LogSettings {
    /// Syslog as `ident`, nothing else.
    #[must_use]
    pub fn syslog(ident: impl Into<String>) -> Self {
        Self {
            ident: ident.into(),
            facility: Facility::Daemon,
            syslog: true,
            console: false,
            detail: 0,
            file: None,
        }
    }

    /// Nowhere at all.
    #[must_use]
    pub fn silent() -> Self {
        Self { syslog: false, ..Self::syslog("Keepalived") }
    }
}

/// Writes lines to the sinks of its settings. Can be shared between threads.
#[derive(Debug)]
pub struct Logger {
    sinks: RwLock<Sinks>,
    detail: u8,
}

#[derive(Debug)]
struct Sinks {
    settings: LogSettings,
    syslog: Option<Syslog>,
    console: Option<Console>,
    file: Option<LogFile>,
}

impl Logger {
    /// Opens the sinks. A sink that cannot be opened now is tried again with later lines.
    #[must_use]
    pub fn new(settings: LogSettings) -> Self {
        Self { detail: settings.detail, sinks: RwLock::new(Sinks::open(settings)) }
    }

    /// Changes ident and sinks, after the configuration has named an instance or namespace.
    pub fn replace(&self, settings: LogSettings) {
        let sinks = Sinks::open(settings);
        *self.sinks.write().unwrap_or_else(std::sync::PoisonError::into_inner) = sinks;
    }

    /// Writes lines that were collected for a file. Do it before this process is copied.
    pub fn flush(&self) {
        let sinks = self.read();
        sinks.with_file(SystemTime::now(), LogFile::flush);
    }

    /// The settings in force.
    #[must_use]
    pub fn settings(&self) -> LogSettings {
        self.read().settings.clone()
    }

    /// `-D` was given: lines for [`Logger::detail`] are wanted, so it pays to make them.
    #[must_use]
    pub fn is_detailed(&self) -> bool {
        self.detail > 0
    }

    /// A line.
    pub fn log(&self, severity: Severity, message: impl fmt::Display) {
        let message = one_line(&message.to_string());
        let now = SystemTime::now();
        let sinks = self.read();
        sinks.tell(severity, now, &message);
        sinks.with_file(now, |file| file.write(now, &message));
    }

    /// An ordinary line.
    pub fn info(&self, message: impl fmt::Display) {
        self.log(Severity::Info, message);
    }

    /// A line that is only wanted with `-D`.
    pub fn detail(&self, message: impl fmt::Display) {
        if self.is_detailed() {
            self.log(Severity::Info, message);
        }
    }

    /// A line that should wake somebody.
    pub fn alert(&self, message: impl fmt::Display) {
        self.log(Severity::Alert, message);
    }

    /// A refusal.
    pub fn error(&self, message: impl fmt::Display) {
        self.log(Severity::Error, message);
    }

    /// A warning.
    pub fn warning(&self, message: impl fmt::Display) {
        self.log(Severity::Warning, message);
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Sinks> {
        self.sinks.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Sinks {
    fn open(settings: LogSettings) -> Self {
        let syslog = settings.syslog.then(|| Syslog::new(&settings.ident, settings.facility));
        let console = settings.console.then(Console::new);
        let file = settings.file.as_ref().map(LogFile::open);
        Self { settings, syslog, console, file }
    }

    /// Does something with the log file, if there is one; the other sinks are told what went wrong.
    fn with_file(&self, now: SystemTime, act: impl FnOnce(&LogFile) -> Option<String>) {
        if let Some(trouble) = self.file.as_ref().and_then(act) {
            self.tell(Severity::Error, now, &trouble);
        }
    }

    /// Writes to all sinks but the file.
    fn tell(&self, severity: Severity, now: SystemTime, message: &str) {
        if let Some(syslog) = &self.syslog {
            syslog.write(severity, now, message);
        }
        if let Some(console) = &self.console {
            console.write(now, message);
        }
    }
}

/// Control characters would let a script's output or a packet forge lines; they are shown as `\x0a` instead.
fn one_line(message: &str) -> String {
    let trimmed = message.trim_end_matches('\n');
    if !trimmed.chars().any(|c| c.is_control() && c != '\t') {
        return trimmed.to_owned();
    }
    let mut line = String::with_capacity(trimmed.len() + 16);
    for c in trimmed.chars() {
        if c.is_control() && c != '\t' {
            line.push_str(&format!("\\x{:02x}", u32::from(c)));
        } else {
            line.push(c);
        }
    }
    line
}

#[cfg(test)]
mod tests;

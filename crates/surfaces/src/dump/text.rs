//! Lines of a `.data` file: banners, and lines that are set in by blanks.

use std::fmt::{Arguments, Display, Write as _};
use std::time::{Duration, SystemTime};

/// A file that is being made.
#[derive(Debug, Default)]
pub(super) struct Text(String);

impl Text {
    /// `------< Title >------`, set in by this many blanks.
    pub(super) fn banner(&mut self, indent: usize, title: &str) {
        self.line(indent, format_args!("------< {title} >------"));
    }

    /// One line.
    pub(super) fn line(&mut self, indent: usize, text: Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ok = writeln!(self.0, "{:indent$}{text}", "");
    }

    /// ` = true` or ` = false` behind a label.
    pub(super) fn truth(&mut self, indent: usize, label: &str, value: bool) {
        self.line(indent, format_args!("{label} = {value}"));
    }

    /// Everything so far.
    pub(super) fn finish(self) -> String {
        self.0
    }
}

/// The moment of a dump, and how its machine writes times.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Now.
    pub wall: SystemTime,
    /// A time in the zone of the machine: `Fri Nov 20 11:57:39.621223 2026`.
    pub local: fn(SystemTime) -> String,
}

impl Moment {
    /// A time that lies this far back: `1795175859.621223 (Fri Nov 20 11:57:39.621223 2026)`.
    pub(super) fn ago(&self, ago: Duration) -> String {
        self.at(self.wall.checked_sub(ago).unwrap_or(SystemTime::UNIX_EPOCH))
    }

    /// A time that lies this far ahead, in the same form.
    pub(super) fn ahead(&self, ahead: Duration) -> String {
        self.at(self.wall.checked_add(ahead).unwrap_or(self.wall))
    }

    /// A time that has not come, in the same form: the beginning of 1970.
    pub(super) fn never(&self) -> String {
        self.at(SystemTime::UNIX_EPOCH)
    }

    fn at(&self, time: SystemTime) -> String {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        format!("{}.{:06} ({})", since.as_secs(), since.subsec_micros(), (self.local)(time))
    }
}

/// `yes` or `no`.
pub(super) const fn yes_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

/// `enabled` or `disabled`.
pub(super) const fn enabled(value: bool) -> &'static str {
    if value { "enabled" } else { "disabled" }
}

/// `1` or `1.500`: seconds with three decimals where they are needed.
pub(super) fn seconds(duration: Duration) -> String {
    match duration.subsec_millis() {
        0 => duration.as_secs().to_string(),
        millis => format!("{}.{millis:03}", duration.as_secs()),
    }
}

/// Adds a word and a value to a line, if there is a value.
pub(super) fn push(line: &mut String, word: &str, value: Option<impl Display>) {
    if let Some(value) = value {
        // Writing to a String cannot fail.
        let _ok = write!(line, "{word}{value}");
    }
}

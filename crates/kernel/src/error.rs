//! The one error of this crate: what was attempted, and what the kernel answered.

use std::borrow::Cow;
use std::fmt;
use std::io;

/// A request to the machine that failed.
#[derive(Debug)]
pub struct Error {
    doing: Cow<'static, str>,
    source: io::Error,
}

impl Error {
    /// `doing` completes the sentence "error while ...": "open /run/x.pid", "join group on eth0".
    #[must_use]
    pub fn new(doing: impl Into<Cow<'static, str>>, source: io::Error) -> Self {
        Self { doing: doing.into(), source }
    }

    /// What was attempted.
    #[must_use]
    pub fn doing(&self) -> &str {
        &self.doing
    }

    /// What the kernel answered.
    #[must_use]
    pub const fn io(&self) -> &io::Error {
        &self.source
    }

    /// The errno, unless the failure did not come from a system call.
    #[must_use]
    pub fn errno(&self) -> Option<i32> {
        self.source.raw_os_error()
    }

    /// The portable class of the failure.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        self.source.kind()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.doing, self.source)
    }
}

// The cause is part of the text already, so `source` stays silent: chain printers would say it twice.
impl std::error::Error for Error {}

/// What every fallible function here returns.
pub type Result<T> = std::result::Result<T, Error>;

/// Says what was attempted when a system call failed.
pub(crate) trait Doing<T> {
    /// Wraps the failure, if there is one.
    fn doing(self, doing: impl Into<Cow<'static, str>>) -> Result<T>;
}

impl<T, E: Into<io::Error>> Doing<T> for std::result::Result<T, E> {
    fn doing(self, doing: impl Into<Cow<'static, str>>) -> Result<T> {
        self.map_err(|source| Error::new(doing, source.into()))
    }
}

/// Turns libc's -1 into the errno.
pub(crate) fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

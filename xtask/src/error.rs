//! What stops an xtask.

use std::fmt;
use std::io;

/// Why a task did not succeed.
#[derive(Debug)]
pub(crate) enum Error {
    /// The command line makes no sense.
    Usage(String),
    /// A step ran and failed; its own output says why.
    Failed(String),
    /// The system said no.
    Io(String, io::Error),
    /// The lab said no.
    Lab(keepalived_lab::Error),
}

/// A task's result.
pub(crate) type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Wraps an I/O error with what was being done.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |error| Self::Io(what, error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(what) | Self::Failed(what) => f.write_str(what),
            Self::Io(what, error) => write!(f, "{what}: {error}"),
            Self::Lab(error) => write!(f, "{error}"),
        }
    }
}

impl From<lexopt::Error> for Error {
    fn from(error: lexopt::Error) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<keepalived_lab::Error> for Error {
    fn from(error: keepalived_lab::Error) -> Self {
        Self::Lab(error)
    }
}

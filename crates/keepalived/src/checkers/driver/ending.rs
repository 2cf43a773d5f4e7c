//! How the process ends.

use std::fmt;

/// How the process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::checkers) enum Outcome {
    /// In order.
    Stopped,
}

/// Why the process cannot go on.
#[derive(Debug)]
pub(in crate::checkers) enum Failure {
    /// IPVS is not to be had.
    Ipvs(keepalived_kernel::Error),
    /// The `SSL` block names files that cannot be used.
    Tls(keepalived_checks::TlsError),
    /// The machine is out of something.
    Machine(keepalived_kernel::Error),
    /// The same.
    Io(std::io::Error),
}

impl Failure {
    /// Trying again would not help.
    pub(in crate::checkers) const fn is_fatal(&self) -> bool {
        matches!(self, Self::Ipvs(_) | Self::Tls(_))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ipvs(error) => write!(f, "IPVS: Can't initialize ipvs: {error}"),
            Self::Tls(error) => error.fmt(f),
            Self::Machine(error) => write!(f, "Healthcheck process cannot go on: {error}"),
            Self::Io(error) => write!(f, "Healthcheck process cannot go on: {error}"),
        }
    }
}

impl From<keepalived_kernel::Error> for Failure {
    fn from(error: keepalived_kernel::Error) -> Self {
        Self::Machine(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

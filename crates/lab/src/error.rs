//! What can go wrong while a lab is built or watched. Nothing is skipped: whatever is missing is an error.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why the lab could not do what a test asked for.
pub enum Error {
    /// Namespaces need root.
    NotRoot,
    /// A tool the lab drives is not installed.
    MissingTool {
        /// The command's name.
        tool: &'static str,
        /// The Debian package that has it.
        package: &'static str,
    },
    /// The daemon under test is not where it was looked for.
    MissingProgram {
        /// Where it was looked for.
        path: PathBuf,
        /// What to do about it.
        hint: &'static str,
    },
    /// A tool said no.
    Command {
        /// The command line.
        command: String,
        /// Exit status and standard error.
        outcome: String,
    },
    /// The system said no.
    Io {
        /// What was being done.
        what: String,
        /// The system's answer.
        source: io::Error,
    },
    /// A tool's output, a capture or a pid file does not look as it must.
    Unexpected(String),
    /// Something did not happen in time.
    TimedOut {
        /// What was waited for.
        waited_for: String,
        /// How long.
        after: Duration,
        /// What was seen instead.
        seen: String,
    },
}

/// The lab's results.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Wraps an I/O error with what was being done.
    pub fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRoot => write!(f, "the lab builds network namespaces and must run as root"),
            Self::MissingTool { tool, package } => {
                write!(f, "`{tool}` is not installed (package {package}; `cargo xtask test` installs it)")
            }
            Self::MissingProgram { path, hint } => write!(f, "no program at {}: {hint}", path.display()),
            Self::Command { command, outcome } => write!(f, "`{command}` failed: {outcome}"),
            Self::Io { what, source } => write!(f, "{what}: {source}"),
            Self::Unexpected(what) => f.write_str(what),
            Self::TimedOut { waited_for, after, seen } => {
                write!(f, "{waited_for} did not happen within {after:?}; seen instead:\n{seen}")
            }
        }
    }
}

// A test that returns an error prints its Debug form; make that the readable one.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

//! Which keepalived runs on a node.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// A program under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// Ours: `KEEPALIVED_BIN`, else `keepalived` in the build directory of the running test or tool.
    Ours,
    /// The distribution's keepalived, `/usr/sbin/keepalived`.
    Debian,
}

/// The variable that names our binary when it is not in the build directory.
pub const OURS_VARIABLE: &str = "KEEPALIVED_BIN";

/// The variable that puts the original in our place.
pub const UNDER_TEST_VARIABLE: &str = "COMPAT_PROGRAM";

impl Program {
    /// Both, in the order comparisons print them.
    pub const BOTH: [Self; 2] = [Self::Ours, Self::Debian];

    /// The program that a test is about: ours, unless `COMPAT_PROGRAM=debian` says that the same tests shall be run
    /// on the original, to see whether they expect what it does.
    #[must_use]
    pub fn under_test() -> Self {
        match std::env::var(UNDER_TEST_VARIABLE) {
            Ok(name) if name == "debian" => Self::Debian,
            _ => Self::Ours,
        }
    }

    /// Where the program is.
    ///
    /// # Errors
    /// [`Error::MissingProgram`] when there is nothing.
    pub fn path(self) -> Result<PathBuf> {
        let (path, hint) = match self {
            Self::Ours => (ours()?, "build it with `cargo build --bins`, or set KEEPALIVED_BIN"),
            Self::Debian => (
                PathBuf::from("/usr/sbin/keepalived"),
                "install Debian's package keepalived (`cargo xtask test` does)",
            ),
        };
        if path.exists() { Ok(path) } else { Err(Error::MissingProgram { path, hint }) }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ours => "ours",
            Self::Debian => "debian",
        })
    }
}

/// Tests run from `target/PROFILE/deps/`, tools from `target/PROFILE/`; the daemon is in the latter.
fn ours() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os(OURS_VARIABLE) {
        return std::path::absolute(path).map_err(Error::io("reading KEEPALIVED_BIN"));
    }
    let running = std::env::current_exe().map_err(Error::io("finding the running executable"))?;
    let directory = running.parent().unwrap_or(Path::new("/"));
    let directory =
        if directory.ends_with("deps") { directory.parent().unwrap_or(directory) } else { directory };
    Ok(directory.join("keepalived"))
}

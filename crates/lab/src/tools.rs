//! What the lab needs from the machine. A missing piece is an error that names the package, never a skipped test.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::{Error, Result, sweep};

const TOOLS: &[(&str, &str)] = &[("ip", "iproute2"), ("tcpdump", "tcpdump"), ("mount", "mount")];

/// Checks once per process that the lab can be built, and sweeps what dead runs left.
///
/// # Errors
/// [`Error::NotRoot`], [`Error::MissingTool`], or the sweep's.
pub fn require() -> Result<()> {
    static SWEPT: OnceLock<()> = OnceLock::new();
    if !rustix::process::geteuid().is_root() {
        return Err(Error::NotRoot);
    }
    for &(tool, package) in TOOLS {
        find(tool).ok_or(Error::MissingTool { tool, package })?;
    }
    if SWEPT.set(()).is_ok() {
        sweep()?;
    }
    Ok(())
}

/// Where a command is, looking where a root shell would.
#[must_use]
pub fn find(tool: &str) -> Option<PathBuf> {
    ["/usr/sbin", "/usr/bin", "/sbin", "/bin"]
        .iter()
        .map(|directory| Path::new(directory).join(tool))
        .find(|path| path.exists())
}

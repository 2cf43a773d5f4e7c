//! Where the tree and the build directory are.

use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_owned()
}

/// The build directory this tool was built into, so that everything is built once.
pub(crate) fn target() -> Result<PathBuf> {
    let running = std::env::current_exe().map_err(Error::io("finding the running executable"))?;
    let target = running.parent().and_then(Path::parent);
    target
        .map(Path::to_owned)
        .ok_or_else(|| Error::Failed("xtask does not run from a build directory".into()))
}

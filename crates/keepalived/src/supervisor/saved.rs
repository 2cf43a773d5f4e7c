//! `config_save_dir`: what was read at start and at each reload is kept, for whoever looks into reloads that went wrong.

use super::Supervisor;
use crate::dump_file::{self, Mode};
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

impl Supervisor {
    /// Saves what was read as `keepalived.conf.PID.N`. That this fails is told, and changes nothing.
    pub(super) fn save_copy(&mut self, copy: Option<(PathBuf, String)>) {
        let Some((directory, text)) = copy else { return };
        let number = self.saved;
        self.saved += 1;
        let path = directory.join(format!("keepalived.conf.{}.{number}", std::process::id()));
        if let Err(error) = save(&directory, &path, &text) {
            self.launch.logger.info(format_args!("config_save_dir: {}: {error}", path.display()));
        }
    }
}

/// Makes the directory if need be, but none above it.
fn save(directory: &Path, path: &Path, text: &str) -> io::Result<()> {
    match fs::DirBuilder::new().mode(0o700).create(directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    dump_file::replace(path, text, Mode::OwnerOnly)
}

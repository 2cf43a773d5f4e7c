//! A file that others read while we write it: it appears whole or not at all (runtime reference 10).

use crate::log::Logger;
use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Everybody the umask lets.
    ByUmask,
    /// Its owner.
    OwnerOnly,
}

/// `$TMPDIR` if it is an absolute directory, else /tmp.
pub(crate) fn directory() -> PathBuf {
    std::env::var_os("TMPDIR")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute() && path.is_dir())
        .unwrap_or_else(|| PathBuf::from("/tmp"))
}

/// Writes `text` beside `path` and renames it over whatever is there.
///
/// The descriptor is closed after the rename: who watches the directory with inotify is told IN_CLOSE_WRITE for the
/// final name, when the file is complete.
///
/// # Errors
/// When the directory does not take the file; nothing is left behind then.
pub(crate) fn replace(path: &Path, text: &str, mode: Mode) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    let bits = match mode {
        Mode::ByUmask => 0o666,
        Mode::OwnerOnly => 0o600,
    };
    let mut prefix = path.file_name().unwrap_or_default().to_os_string();
    prefix.push(".");
    let mut file = tempfile::Builder::new()
        .prefix(&prefix)
        .permissions(Permissions::from_mode(bits))
        .tempfile_in(directory)?;
    file.write_all(text.as_bytes())?;
    let file = file.persist(path).map_err(|error| error.error)?;
    drop(file);
    Ok(())
}

/// The same; a failure is logged and leaves nothing behind.
pub(crate) fn write(path: &Path, text: &str, mode: Mode, logger: &Logger) {
    if let Err(error) = replace(path, text, mode) {
        logger.info(format_args!("Can't open dump file {} ({error})", path.display()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("keepalived.stats");
        replace(&path, "old\n", Mode::ByUmask).expect("a writable directory");
        replace(&path, "new\n", Mode::OwnerOnly).expect("a writable directory");
        assert_eq!(std::fs::read_to_string(&path).expect("it is there"), "new\n");
        let mode = std::fs::metadata(&path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let names: Vec<_> = std::fs::read_dir(directory.path()).expect("a directory").collect();
        assert_eq!(names.len(), 1, "nothing is left beside it: {names:?}");
    }

    #[test]
    fn a_refused_rename_leaves_nothing_behind() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("keepalived.stats");
        std::fs::create_dir(&path).expect("a directory in the way");
        replace(&path, "text\n", Mode::ByUmask).expect_err("a directory is in the way");
        let names: Vec<_> = std::fs::read_dir(directory.path()).expect("a directory").collect();
        assert_eq!(names.len(), 1, "{names:?}");
    }
}

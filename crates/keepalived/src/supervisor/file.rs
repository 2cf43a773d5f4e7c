//! Files that the configuration names and the parent writes: nothing behind a symbolic link is touched, and nothing that
//! would let the parent wait is opened.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Replaces what is in a file, which gets `mode` less the umask if it is new.
///
/// # Errors
/// When it cannot be opened or written: a symbolic link, a FIFO without reader, no room.
pub(super) fn write(path: &Path, mode: u32, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn what_is_behind_a_symbolic_link_is_not_touched() {
        let directory = tempfile::tempdir().expect("a directory");
        let (target, link) = (directory.path().join("target"), directory.path().join("link"));
        fs::write(&target, "kept").expect("written");
        symlink(&target, &link).expect("linked");
        assert!(write(&link, 0o600, "").is_err());
        assert_eq!(fs::read_to_string(&target).expect("readable"), "kept");
    }

    #[test]
    fn a_file_is_made_with_its_mode_and_replaced_afterwards() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("file");
        write(&path, 0o600, "long text").expect("written");
        write(&path, 0o600, "short").expect("written");
        assert_eq!(fs::read_to_string(&path).expect("readable"), "short");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
    }
}

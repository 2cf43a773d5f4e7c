//! Files that the configuration names and the daemon writes: nothing behind a symbolic link is touched, and nothing that
//! would let it wait is opened.

use rustix::fs::FallocateFlags;
use rustix::io::Errno;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Replaces what is in a file, which gets `mode` less the umask if it is new. It stays the same file, so that whoever may
/// read it still may, and it can be a device.
///
/// # Errors
/// When it cannot be opened or written: a symbolic link, a FIFO without reader, no room. Where there is no room, what was
/// in it is still there, and no new file is.
pub(crate) fn write(path: &Path, mode: u32, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(mode)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)?;
    let written = overwrite(&mut file, text);
    if written.is_err() && file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() == 0) {
        drop(fs::remove_file(path));
    }
    written
}

fn overwrite(file: &mut File, text: &str) -> io::Result<()> {
    let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
    if !file.metadata()?.is_file() {
        return file.write_all(text.as_bytes());
    }
    // Not every file system can do that; other errors mean no more than this.
    if length > 0
        && let Err(error @ (Errno::NOSPC | Errno::DQUOT)) =
            rustix::fs::fallocate(&*file, FallocateFlags::KEEP_SIZE, 0, length)
    {
        return Err(error.into());
    }
    file.write_all(text.as_bytes())?;
    file.set_len(length)
}

#[cfg(test)]
mod tests {
    use super::*;
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

    #[test]
    fn a_device_is_written_to_and_stays_one() {
        write(Path::new("/dev/null"), 0o600, "text").expect("it takes everything");
        assert!(!fs::metadata("/dev/null").expect("there").is_file());
        write(Path::new("/dev/full"), 0o600, "text").expect_err("it takes nothing");
        assert!(fs::metadata("/dev/full").is_ok(), "still there");
    }
}

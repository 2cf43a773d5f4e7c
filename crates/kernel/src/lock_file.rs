//! Pid files that only one process can hold.
//!
//! The lock is an open-file-description lock: it belongs to the open file, so it survives daemonising and goes with
//! the last process that holds it, however that ends. Programs that do not lock (Keepalived before 2.3) are found by
//! the process id in the file.

use crate::error::{Doing, Error, Result, check};
use crate::process::is_alive;
use rustix::process::Pid;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// A pid file that is ours as long as this value (or a descriptor inherited from it) lives.
#[derive(Debug)]
pub struct LockFile {
    /// `None`: there is no file.
    file: Option<File>,
    path: PathBuf,
}

/// Why a pid file is not ours.
#[derive(Debug)]
pub enum LockError {
    /// Another process holds it; its process id, if the file tells.
    Held(Option<Pid>),
    /// The file is ours, but could not be written: no room.
    Unwritten(LockFile, Error),
    /// The file cannot be opened or locked.
    Failed(Error),
}

impl std::fmt::Display for LockError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Held(Some(pid)) => write!(f, "pid file is held by process {pid}"),
            Self::Held(None) => f.write_str("pid file is held by another process"),
            Self::Unwritten(_, error) | Self::Failed(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for LockError {}

impl From<Error> for LockError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl LockFile {
    /// Takes the file, making it if need be, and writes `pid` into it: "PID\n", mode 0644 whatever the umask.
    /// A symbolic link is not followed.
    ///
    /// # Errors
    /// [`LockError::Held`] when another process has locked it, or when it names a living `keepalived`;
    /// [`LockError::Unwritten`] when it is ours all the same.
    pub fn acquire(path: &Path, pid: Pid) -> std::result::Result<Self, LockError> {
        loop {
            let mut file = open(path).doing(format!("open {}", path.display()))?;
            let recorded = recorded_pid(&mut file);
            if !lock(&file).doing(format!("lock {}", path.display()))? {
                return Err(LockError::Held(recorded));
            }
            // Its last holder may have removed the file after we opened it: then we hold a file nobody will find.
            if !is_still_at(&file, path) {
                continue;
            }
            if let Some(other) = recorded.filter(|&other| other != pid && runs_keepalived(other)) {
                return Err(LockError::Held(Some(other)));
            }
            let lock_file = Self { file: Some(file), path: path.to_owned() };
            return match lock_file.write(pid) {
                Ok(()) => Ok(lock_file),
                Err(error) => Err(LockError::Unwritten(lock_file, error)),
            };
        }
    }

    /// Stands in for a file that the file system does not take: nothing is locked, written or removed.
    #[must_use]
    pub fn absent(path: &Path) -> Self {
        Self { file: None, path: path.to_owned() }
    }

    /// Writes another process id: after daemonising, the daemon's.
    ///
    /// # Errors
    /// When the file system is full or read-only.
    pub fn write(&self, pid: Pid) -> Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let write = || {
            file.set_permissions(Permissions::from_mode(0o644))?;
            file.set_len(0)?;
            file.write_all_at(format!("{pid}\n").as_bytes(), 0)
        };
        write().doing(format!("write {}", self.path.display()))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the file and then gives up the lock. Just dropping the value leaves the file there.
    ///
    /// # Errors
    /// When the file cannot be removed; one that is gone already is no error.
    pub fn remove(self) -> Result<()> {
        if self.file.is_none() {
            return Ok(());
        }
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
        .doing(format!("remove {}", self.path.display()))
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o644).custom_flags(libc::O_NOFOLLOW);
    options.open(path)
}

/// Tries to lock the whole file; false when another has it.
fn lock(file: &File) -> io::Result<bool> {
    // SAFETY: flock is integers; all zero is a valid value: from the start to the end of the file.
    let mut request: libc::flock = unsafe { std::mem::zeroed() };
    request.l_type = libc::F_WRLCK.try_into().unwrap_or_default();
    request.l_whence = libc::SEEK_SET.try_into().unwrap_or_default();
    // SAFETY: F_OFD_SETLK takes a pointer to a live flock, which the kernel only reads.
    match check(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw const request) }) {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EACCES)) => Ok(false),
        Err(error) => Err(error),
    }
}

fn recorded_pid(file: &mut File) -> Option<Pid> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok().filter(|&pid: &i32| pid > 0).and_then(Pid::from_raw)
}

fn is_still_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(ours), Ok(there)) => (ours.dev(), ours.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

/// Is this a living keepalived? A number that another program has taken over since must not prevent a start.
fn runs_keepalived(pid: Pid) -> bool {
    let Ok(program) = fs::read_link(format!("/proc/{pid}/exe")) else {
        return false;
    };
    // The kernel marks a program whose file was replaced by an upgrade.
    let name = program.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    is_alive(pid) && name.trim_end_matches(" (deleted)").starts_with("keepalived")
}

#[cfg(test)]
mod tests;

//! inotify(7): which files of a directory were written, came or went.
//!
//! Directories are watched instead of files, so that a file may be missing at first and be replaced by renaming.

use crate::error::{Doing, Result};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;
use std::ffi::{CStr, OsString};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;

/// Room for many events; one with the longest file name there is takes 272 bytes.
const BUFFER: usize = 4096;

/// A watched directory. The kernel never gives the same number twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Watch(i32);

/// What happened in a directory, or to the watch on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A file was closed by a writer, or was renamed to this name.
    Written {
        /// In which directory.
        watch: Watch,
        /// Its name there.
        name: OsString,
    },
    /// A file was deleted, or was renamed to another name.
    Gone {
        /// In which directory.
        watch: Watch,
        /// The name it had.
        name: OsString,
    },
    /// The directory was renamed or deleted, or its file system is no longer mounted: the watch says nothing more that
    /// is of use. Take it away with [`Inotify::forget`]; told more than once.
    Ended(Watch),
    /// Events were lost: look at everything again.
    Overrun,
}

/// A queue of such events, readable when there are some.
#[derive(Debug)]
pub struct Inotify {
    fd: OwnedFd,
}

impl Inotify {
    /// # Errors
    /// When the process or its user is out of descriptors or inotify instances.
    pub fn new() -> Result<Self> {
        let fd =
            inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).doing("create an inotify queue")?;
        Ok(Self { fd })
    }

    /// Watches a directory. Whoever watches it already gets the same watch.
    ///
    /// # Errors
    /// When it does not exist, is no directory, or the user has no watches left.
    pub fn watch_directory(&self, path: &Path) -> Result<Watch> {
        let flags = WatchFlags::CLOSE_WRITE
            | WatchFlags::MOVED_TO
            | WatchFlags::MOVED_FROM
            | WatchFlags::DELETE
            | WatchFlags::DELETE_SELF
            | WatchFlags::MOVE_SELF
            | WatchFlags::ONLYDIR;
        inotify::add_watch(&self.fd, path, flags)
            .map(Watch)
            .doing(format!("watch directory {}", path.display()))
    }

    /// Stops watching. The kernel may have done so already.
    pub fn forget(&self, watch: Watch) {
        // The one possible failure is that the watch is gone.
        let _ = inotify::remove_watch(&self.fd, watch.0);
    }

    /// Adds what has happened since the last call. Never waits.
    ///
    /// # Errors
    /// When the kernel refuses, which it has no reason for.
    pub fn read(&self, events: &mut Vec<Event>) -> Result<()> {
        let mut buffer = [MaybeUninit::uninit(); BUFFER];
        let mut reader = Reader::new(&self.fd, &mut buffer);
        loop {
            match reader.next() {
                Ok(event) => {
                    events.extend(translated(Watch(event.wd()), event.events(), event.file_name()));
                }
                Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error).doing("read inotify events"),
            }
        }
    }
}

impl AsFd for Inotify {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

fn translated(watch: Watch, flags: ReadFlags, name: Option<&CStr>) -> Option<Event> {
    let ended = ReadFlags::DELETE_SELF | ReadFlags::MOVE_SELF | ReadFlags::UNMOUNT | ReadFlags::IGNORED;
    if flags.contains(ReadFlags::QUEUE_OVERFLOW) {
        return Some(Event::Overrun);
    }
    if flags.intersects(ended) {
        return Some(Event::Ended(watch));
    }
    if flags.contains(ReadFlags::ISDIR) {
        return None;
    }
    let name = OsString::from_vec(name?.to_bytes().to_vec());
    if flags.intersects(ReadFlags::CLOSE_WRITE | ReadFlags::MOVED_TO) {
        return Some(Event::Written { watch, name });
    }
    flags.intersects(ReadFlags::DELETE | ReadFlags::MOVED_FROM).then_some(Event::Gone { watch, name })
}

#[cfg(test)]
mod tests;

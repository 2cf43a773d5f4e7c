//! Going into the background, as a service started from a shell does.

use crate::error::{Doing, Result, check};
use std::fs::{self, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;

/// Which process this is after [`daemonise`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The one that was started: it should exit with 0 at once.
    Launcher,
    /// The daemon: in a session of its own, in `/`, with standard streams on /dev/null.
    Daemon,
}

/// Forks; the child becomes a daemon. Only for a process with a single thread: locks that another one held would stay
/// locked for ever in the child.
///
/// # Errors
/// When there are more threads, no more processes are allowed, or `/dev/null` is missing.
pub fn daemonise() -> Result<Side> {
    let threads = fs::read_dir("/proc/self/task").doing("count the threads")?.count();
    if threads != 1 {
        return Err(io::Error::other("there is more than one thread")).doing("become a daemon");
    }
    // SAFETY: there is no other thread, so the child's memory is consistent and it may go on as usual.
    let pid = check(unsafe { libc::fork() }).doing("become a daemon")?;
    if pid != 0 {
        return Ok(Side::Launcher);
    }
    rustix::process::setsid().doing("leave the terminal")?;
    rustix::process::chdir("/").doing("change to the root directory")?;
    null_streams()?;
    Ok(Side::Daemon)
}

/// Puts standard input, output and error on /dev/null.
pub(super) fn null_streams() -> Result<()> {
    let null = OpenOptions::new().read(true).write(true).open("/dev/null").doing("open /dev/null")?;
    for stream in 0..=2 {
        // SAFETY: two numbers. Nothing in this process owns 0, 1 and 2 as an `OwnedFd`; the standard library looks
        // them up by number each time.
        check(unsafe { libc::dup2(null.as_raw_fd(), stream) })
            .doing("put the standard streams on /dev/null")?;
    }
    Ok(())
}

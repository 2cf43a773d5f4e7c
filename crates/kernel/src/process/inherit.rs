//! Descriptors for children.

use crate::error::{Doing, Result};
use rustix::io::{FdFlags, fcntl_getfd, fcntl_setfd};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use std::os::fd::{AsFd, FromRawFd, OwnedFd};

/// Two connected sockets that keep message boundaries and tell when the other end is gone. Both are closed on exec
/// until [`inherit`] says otherwise; both block until set otherwise.
///
/// # Errors
/// When the process is out of descriptors.
pub fn socket_pair() -> Result<(OwnedFd, OwnedFd)> {
    socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
        .doing("make a socket pair")
}

/// Lets `fd` survive exec. Everything started from now on gets it, so undo it (or close it) after the one child that
/// should.
///
/// # Errors
/// When the kernel refuses, which it has no reason for.
pub fn inherit(fd: impl AsFd) -> Result<()> {
    let flags = fcntl_getfd(&fd).doing("read the flags of a descriptor")?;
    fcntl_setfd(&fd, flags - FdFlags::CLOEXEC).doing("let a descriptor survive exec")
}
/// Takes over a descriptor that the program was started with, by its number. It is closed on exec from now on.
///
/// # Errors
/// When no descriptor has this number, or it is one of the standard streams (`InvalidInput`). Calling it twice with the
/// same number would make two owners of one descriptor; only the start of a program has a reason to call it.
pub fn inherited(number: i32) -> Result<OwnedFd> {
    if number <= 2 {
        return Err(std::io::Error::from(std::io::ErrorKind::InvalidInput)).doing("take over a descriptor");
    }
    // SAFETY: F_GETFD only reads; a number that is no descriptor gives EBADF.
    crate::error::check(unsafe { libc::fcntl(number, libc::F_GETFD) }).doing("take over a descriptor")?;
    // SAFETY: it is open, and by the contract of this function nobody else in the process owns it.
    let fd = unsafe { OwnedFd::from_raw_fd(number) };
    let flags = fcntl_getfd(&fd).doing("read the flags of a descriptor")?;
    fcntl_setfd(&fd, flags | FdFlags::CLOEXEC).doing("keep a descriptor from programs")?;
    Ok(fd)
}

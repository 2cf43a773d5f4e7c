//! Waking a reactor from another thread.

use crate::error::{Doing, Result};
use rustix::event::{EventfdFlags, eventfd};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

/// An eventfd: any clone's [`wake`](Waker::wake) makes the descriptor readable until [`drain`](Waker::drain).
///
/// Wakes add up: many of them before one drain are one readable descriptor.
#[derive(Clone, Debug)]
pub struct Waker {
    fd: Arc<OwnedFd>,
}

impl Waker {
    /// # Errors
    /// When the process is out of descriptors.
    pub fn new() -> Result<Self> {
        let fd = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).doing("create an eventfd")?;
        Ok(Self { fd: Arc::new(fd) })
    }

    /// Makes the descriptor readable. Never blocks and cannot fail: a full counter is awake already.
    pub fn wake(&self) {
        // The one possible failure is a full counter.
        let _ = rustix::io::write(&self.fd, &1_u64.to_ne_bytes());
    }

    /// Makes the descriptor unreadable. Call it before looking at what the other thread left, so that nothing
    /// that comes in between is missed.
    pub fn drain(&self) {
        // The one possible failure is an empty counter.
        let _ = rustix::io::read(&self.fd, &mut [0_u8; 8]);
    }
}

impl AsFd for Waker {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

//! One deadline as a descriptor.

use crate::error::{Doing, Result};
use keepalived_types::Instant;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// A timerfd, exact to the kernel's high-resolution clock. It is to be watched edge-triggered, so that an expiry needs no
/// read: setting it anew clears it.
#[derive(Debug)]
pub struct Timer {
    fd: OwnedFd,
    /// When it will fire; `None` when it is idle or has fired.
    armed: Option<Instant>,
}

impl Timer {
    /// An idle one.
    ///
    /// # Errors
    /// When the process is out of descriptors.
    pub fn new() -> Result<Self> {
        let fd = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK)
            .doing("create a timer descriptor")?;
        Ok(Self { fd, armed: None })
    }

    /// Sets the deadline, unless it is set so already: most turns of a loop do not change it. `None`: none. One that is
    /// past fires at once.
    ///
    /// # Errors
    /// When the kernel refuses, which it has no reason for.
    pub fn set(&mut self, due: Option<Instant>) -> Result<()> {
        if self.armed == due {
            return Ok(());
        }
        let nanos = due.map_or(0, Instant::as_nanos);
        let value = Timespec {
            tv_sec: i64::try_from(nanos / 1_000_000_000).unwrap_or(i64::MAX),
            tv_nsec: i64::try_from(nanos % 1_000_000_000).unwrap_or(0),
        };
        let setting = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: value };
        timerfd_settime(&self.fd, TimerfdTimerFlags::ABSTIME, &setting).doing("set the timer")?;
        self.armed = due;
        Ok(())
    }

    /// The descriptor has become readable: the deadline has come.
    pub const fn has_fired(&mut self) {
        self.armed = None;
    }

    /// When it will fire.
    #[must_use]
    pub const fn armed(&self) -> Option<Instant> {
        self.armed
    }
}

impl AsFd for Timer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

//! epoll for descriptors, one timerfd for the next deadline.
//!
//! Deadlines are rounded up to a grid: an exact wake-up for each of 40,000 timers a second costs half a core, while
//! a grid of a few hundred microseconds lets all timers due in the same slot share one.

use crate::clock;
use crate::error::{Doing, Result};
use crate::timer::Timer;
use keepalived_types::Instant;
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::time::Timespec;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

/// Descriptors reported by one [`Reactor::wait`]; the others follow with the next.
const EVENTS_PER_WAIT: usize = 64;

/// The token of the reactor's own timer; callers cannot use it.
const TIMER: u64 = u64::MAX;

/// What a caller wants to know of a descriptor. Errors and hang-ups are always reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// There is something to read, or the peer is gone.
    Read,
    /// There is room to write.
    Write,
    /// Either.
    ReadWrite,
    /// Nothing but errors and hang-ups.
    HangUp,
}

impl Interest {
    const fn flags(self) -> EventFlags {
        match self {
            Self::Read => EventFlags::IN,
            Self::Write => EventFlags::OUT,
            Self::ReadWrite => EventFlags::IN.union(EventFlags::OUT),
            Self::HangUp => EventFlags::empty(),
        }
    }
}

/// A descriptor that has something to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    /// The token it was registered with.
    pub token: u64,
    /// Reading will not block.
    pub readable: bool,
    /// Writing will not block.
    pub writable: bool,
    /// An error is pending or the peer hung up.
    pub hung_up: bool,
}

/// Level-triggered epoll plus one timer. One thread waits; see [`crate::waker`] for the others.
pub struct Reactor {
    epoll: OwnedFd,
    timer: Timer,
    events: Vec<epoll::Event>,
}

impl std::fmt::Debug for Reactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reactor").field("timer", &self.timer).finish_non_exhaustive()
    }
}

impl Reactor {
    /// # Errors
    /// When the process is out of descriptors.
    pub fn new() -> Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC).doing("create an epoll descriptor")?;
        let timer = Timer::new()?;
        let flags = EventFlags::IN | EventFlags::ET;
        epoll::add(&epoll, &timer, EventData::new_u64(TIMER), flags).doing("watch the timer descriptor")?;
        Ok(Self { epoll, timer, events: Vec::with_capacity(EVENTS_PER_WAIT) })
    }

    /// Watches `fd`. It must be deregistered before it is closed if a duplicate of it may live on.
    ///
    /// # Errors
    /// When `fd` is watched already, or is a plain file. `u64::MAX` is reserved (`InvalidInput`).
    pub fn register(&self, fd: BorrowedFd<'_>, token: u64, interest: Interest) -> Result<()> {
        if token == TIMER {
            return Err(std::io::Error::from(std::io::ErrorKind::InvalidInput)).doing("watch a descriptor");
        }
        epoll::add(&self.epoll, fd, EventData::new_u64(token), interest.flags()).doing("watch a descriptor")
    }

    /// Changes the token or the interest of a watched descriptor.
    ///
    /// # Errors
    /// When `fd` is not watched.
    pub fn modify(&self, fd: BorrowedFd<'_>, token: u64, interest: Interest) -> Result<()> {
        epoll::modify(&self.epoll, fd, EventData::new_u64(token), interest.flags())
            .doing("change the watch on a descriptor")
    }

    /// Stops watching `fd`.
    ///
    /// # Errors
    /// When `fd` is not watched.
    pub fn deregister(&self, fd: BorrowedFd<'_>) -> Result<()> {
        epoll::delete(&self.epoll, fd).doing("stop watching a descriptor")
    }

    /// Sleeps until a descriptor is ready or the deadline has come, and returns the time of waking up.
    ///
    /// The deadline is rounded up to a multiple of `quantum` since the clock's origin (zero: exact), so everything
    /// due at the returned time should be handled. `ready` is cleared first; it stays empty for a mere deadline.
    /// A deadline already past still lets the ready descriptors be seen.
    ///
    /// # Errors
    /// When epoll itself fails.
    pub fn wait(
        &mut self,
        deadline: Option<Instant>,
        quantum: Duration,
        ready: &mut Vec<Ready>,
    ) -> Result<Instant> {
        ready.clear();
        let due = deadline.map(|deadline| round_up(deadline, quantum));
        let poll_only = due.is_some_and(|due| due <= clock::now());
        if !poll_only {
            self.timer.set(due)?;
        }
        let timeout = poll_only.then_some(Timespec { tv_sec: 0, tv_nsec: 0 });
        self.events.clear();
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), timeout.as_ref()) {
            // A signal handler ran (a debugger, say): as good as a spurious wake-up.
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error).doing("wait for descriptors"),
        }
        for event in &self.events {
            let (flags, data) = (event.flags, event.data);
            if data.u64() == TIMER {
                self.timer.has_fired();
                continue;
            }
            ready.push(Ready {
                token: data.u64(),
                readable: flags.contains(EventFlags::IN),
                writable: flags.contains(EventFlags::OUT),
                hung_up: flags.intersects(EventFlags::ERR | EventFlags::HUP),
            });
        }
        Ok(clock::now())
    }
}

/// The reactor's own descriptor, readable when [`Reactor::wait`] would not sleep: reactors nest.
impl AsFd for Reactor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }
}

/// The first grid point that is not before `deadline`.
fn round_up(deadline: Instant, quantum: Duration) -> Instant {
    let grid = u64::try_from(quantum.as_nanos()).unwrap_or(u64::MAX).max(1);
    let nanos = deadline.as_nanos();
    Instant::from_nanos(nanos.checked_next_multiple_of(grid).unwrap_or(nanos))
}

/// Sleeps until `fd` is readable or its peer is gone, without a reactor: for the start of a program.
///
/// # Errors
/// When the kernel refuses, which it has no reason for.
pub fn wait_readable(fd: BorrowedFd<'_>) -> Result<()> {
    let mut fds = [rustix::event::PollFd::from_borrowed_fd(fd, rustix::event::PollFlags::IN)];
    loop {
        match rustix::event::poll(&mut fds, None) {
            Ok(_) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error).doing("wait for a descriptor"),
        }
    }
}

#[cfg(test)]
mod tests;

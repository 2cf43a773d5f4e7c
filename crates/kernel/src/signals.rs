//! Signals as values: blocked in every thread, read from a descriptor.

use crate::error::{Doing, Result, check};
use rustix::process::Pid;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};

/// SIGTERM: stop in order.
pub const TERM: i32 = libc::SIGTERM;
/// SIGINT: as SIGTERM, from a terminal.
pub const INTERRUPT: i32 = libc::SIGINT;
/// SIGKILL: end at once.
pub const KILL: i32 = libc::SIGKILL;
/// SIGCHLD: a child has ended.
pub const CHILD: i32 = libc::SIGCHLD;
/// SIGPIPE: nobody reads what is written.
pub const PIPE: i32 = libc::SIGPIPE;
/// SIGHUP: read the configuration again.
pub const RELOAD: i32 = libc::SIGHUP;
/// SIGUSR1: write the data files.
pub const DATA: i32 = libc::SIGUSR1;
/// SIGUSR2: write the statistics.
pub const STATS: i32 = libc::SIGUSR2;
/// SIGXCPU: half of the CPU time that RLIMIT_RTTIME allows has been used without sleeping.
pub const CPU_TIME: i32 = libc::SIGXCPU;

/// SIGRTMIN+2: write the data as JSON. The C library keeps the first real-time signals, so this is 36 with glibc.
#[must_use]
pub fn json() -> i32 {
    libc::SIGRTMIN() + 2
}

/// SIGRTMAX-1 (63): write the statistics and clear them.
#[must_use]
pub fn stats_clear() -> i32 {
    libc::SIGRTMAX() - 1
}

/// SIGRTMAX (64): list the timers and descriptors.
#[must_use]
pub fn thread_dump() -> i32 {
    libc::SIGRTMAX()
}

/// A signal that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal {
    /// Its number: SIGTERM, [`json()`], ...
    pub number: i32,
    /// Who sent it; `None` when the kernel did, or a process of another pid namespace.
    pub sender_pid: Option<Pid>,
}

/// A signalfd: readable while a signal of its set is pending.
#[derive(Debug)]
pub struct Signals {
    fd: OwnedFd,
}

impl Signals {
    /// Blocks `signals` in the calling thread and collects them here. Call it before the first thread is started:
    /// threads inherit the mask, and a signal unblocked in any of them would still take its default action.
    ///
    /// # Errors
    /// When a number is no signal, or the process is out of descriptors.
    pub fn block(signals: &[i32]) -> Result<Self> {
        let set = set_of(signals).doing("collect signals")?;
        mask(libc::SIG_BLOCK, &set).doing("block signals")?;
        let flags = libc::SFD_CLOEXEC | libc::SFD_NONBLOCK;
        // SAFETY: `set` is an initialised signal set that outlives the call.
        let fd = check(unsafe { libc::signalfd(-1, &raw const set, flags) })
            .doing("create a signal descriptor")?;
        // SAFETY: the kernel has just given us this descriptor; nobody else owns it.
        Ok(Self { fd: unsafe { OwnedFd::from_raw_fd(fd) } })
    }

    /// The next pending signal. Equal ones that came before the first was read are one, real-time ones are not.
    #[must_use]
    pub fn read(&self) -> Option<Signal> {
        // struct signalfd_siginfo is 128 bytes: u32 signo, s32 errno, s32 code, u32 pid, ... (signalfd(2)).
        let mut info = [0_u8; 128];
        if rustix::io::read(&self.fd, &mut info).ok()? != info.len() {
            return None;
        }
        let word = |at: usize| i32::from_ne_bytes([info[at], info[at + 1], info[at + 2], info[at + 3]]);
        Some(Signal { number: word(0), sender_pid: Pid::from_raw(word(12)) })
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Ignores `number` from now on, in this process and in the programs it executes.
///
/// # Errors
/// When `number` is no signal, or SIGKILL or SIGSTOP.
pub fn ignore(number: i32) -> Result<()> {
    disposition(number, libc::SIG_IGN).doing("ignore a signal")
}

/// Gives every signal its default action and unblocks it, as a program expects to be started.
///
/// # Errors
/// When the mask cannot be set, which the kernel has no reason to refuse.
pub fn reset_all() -> Result<()> {
    for number in 1..=libc::SIGRTMAX() {
        // Not all numbers can be changed: SIGKILL, SIGSTOP and those the C library keeps for itself.
        drop(disposition(number, libc::SIG_DFL));
    }
    let set = set_of(&[]).doing("collect signals")?;
    mask(libc::SIG_SETMASK, &set).doing("unblock signals")
}

fn disposition(number: i32, action: libc::sighandler_t) -> io::Result<()> {
    // SAFETY: SIG_IGN and SIG_DFL install no handler of ours, so no code can run at a bad moment.
    if unsafe { libc::signal(number, action) } == libc::SIG_ERR {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

fn set_of(signals: &[i32]) -> io::Result<libc::sigset_t> {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigemptyset initialises the whole set it is given.
    check(unsafe { libc::sigemptyset(set.as_mut_ptr()) })?;
    // SAFETY: initialised by the line above.
    let mut set = unsafe { set.assume_init() };
    for &number in signals {
        // SAFETY: `set` is a valid set; a bad number is answered with EINVAL.
        check(unsafe { libc::sigaddset(&raw mut set, number) })?;
    }
    Ok(set)
}

fn mask(how: libc::c_int, set: &libc::sigset_t) -> io::Result<()> {
    // SAFETY: `set` is initialised, and the old mask is not asked for.
    match unsafe { libc::pthread_sigmask(how, set, std::ptr::null_mut()) } {
        0 => Ok(()),
        errno => Err(io::Error::from_raw_os_error(errno)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blocked_signal_is_read_with_its_sender() {
        // Directed at this thread only, so that other tests of the process are not disturbed.
        let signals = Signals::block(&[json()]).expect("a signal descriptor");
        assert_eq!(signals.read(), None);
        // SAFETY: raising a signal that this thread blocks only makes it pending.
        assert_eq!(unsafe { libc::raise(json()) }, 0);
        let signal = signals.read().expect("a pending signal");
        assert_eq!(signal.number, json());
        assert_eq!(signal.sender_pid, Some(rustix::process::getpid()));
        assert_eq!(signals.read(), None);
    }

    #[test]
    fn the_numbers_are_those_that_scripts_know() {
        assert_eq!((json(), stats_clear()), (36, 63));
        assert!(Signals::block(&[1000]).is_err());
    }
}

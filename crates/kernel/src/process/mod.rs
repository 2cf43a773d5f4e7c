//! Other processes: start them, signal them, learn how they ended.

mod daemonise;
mod exec;
mod inherit;
mod list;
mod usage;

pub use daemonise::{Side, daemonise};
pub use exec::{ExecOptions, exec_as};
pub use inherit::{inherit, inherited, socket_pair};
pub use list::{Seen, arguments, ids, look_at};
pub use rustix::process::Pid;
pub use usage::{CpuTimes, cpu_times};

use crate::error::{Doing, Result, check};
use rustix::process::{PidfdFlags, pidfd_open};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::Command;

/// A child that was started.
#[derive(Debug)]
pub struct Spawned {
    /// Its process id; it stays its own until it is reaped.
    pub pid: Pid,
    pidfd: OwnedFd,
}

/// Readable when the child has ended.
impl AsFd for Spawned {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}

/// Starts `command` without copying this process: as long as the command has no `pre_exec`, user or group of its own,
/// the standard library uses `posix_spawn`, and forking a process with locked memory would cost its timers a
/// millisecond and more. Who needs another user goes through [`exec_as`].
///
/// Standard input, output and error are whatever `command` says. The caller must reap the child ([`reap`], [`wait`]);
/// no other thread may do so before this returns.
///
/// # Errors
/// When the program cannot be executed, or the process is out of descriptors.
pub fn spawn(command: &mut Command) -> Result<Spawned> {
    let doing = format!("start {}", command.get_program().to_string_lossy());
    let child = command.spawn().doing(doing.clone())?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData)).doing(doing.clone())?;
    let pidfd = pidfd_open(pid, PidfdFlags::empty()).doing(doing)?;
    Ok(Spawned { pid, pidfd })
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It exited with this status, 0 to 255.
    Exited(i32),
    /// A signal ended it.
    Killed {
        /// The signal's number.
        signal: i32,
        /// It left a core dump.
        core_dumped: bool,
    },
}

impl Ending {
    /// Exited with status 0.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Exited(0))
    }
}

/// Collects every child that has ended, in no particular order. Never waits. It takes *all* children of the process,
/// whichever thread started them: only one place may do this.
#[must_use]
pub fn reap() -> Vec<(Pid, Ending)> {
    std::iter::from_fn(|| ended(libc::P_ALL, 0).ok().flatten()).collect()
}

/// How this child ended; `None` while it runs. Never waits.
///
/// # Errors
/// When it is no child of ours, or has been reaped.
pub fn wait(pid: Pid) -> Result<Option<Ending>> {
    let found = ended(libc::P_PID, pid.as_raw_nonzero().get().unsigned_abs());
    Ok(found.doing("ask for the end of a child")?.map(|(_, ending)| ending))
}

/// A child that has ended and is reaped herewith, among those that `kind` and `id` choose.
fn ended(kind: libc::idtype_t, id: libc::id_t) -> io::Result<Option<(Pid, Ending)>> {
    // SAFETY: siginfo_t is integers and pointers; all zero is a valid value.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a live, writable siginfo_t.
    check(unsafe { libc::waitid(kind, id, &raw mut info, libc::WEXITED | libc::WNOHANG) })?;
    // SAFETY: waitid has filled in the fields of a child's signal, or left the zeros.
    let (pid, status) = unsafe { (info.si_pid(), info.si_status()) };
    let Some(pid) = Pid::from_raw(pid) else {
        return Ok(None);
    };
    let ending = match info.si_code {
        libc::CLD_EXITED => Ending::Exited(status),
        code => Ending::Killed { signal: status, core_dumped: code == libc::CLD_DUMPED },
    };
    Ok(Some((pid, ending)))
}

/// Sends a signal. Real-time ones are allowed, and 0 only asks whether the process exists.
///
/// # Errors
/// ESRCH when there is no such process, EPERM when it is not ours to signal.
pub fn kill(pid: Pid, signal: i32) -> Result<()> {
    // SAFETY: two numbers; a positive process id addresses one process.
    check(unsafe { libc::kill(pid.as_raw_nonzero().get(), signal) }).map(drop).doing("signal a process")
}

/// Sends a signal to every process of the group that `leader` made.
///
/// # Errors
/// As [`kill`].
pub fn kill_group(leader: Pid, signal: i32) -> Result<()> {
    // SAFETY: two numbers; the group of a positive process id is not "all processes".
    check(unsafe { libc::killpg(leader.as_raw_nonzero().get(), signal) })
        .map(drop)
        .doing("signal a process group")
}

/// There is a process of this id, a zombie included.
#[must_use]
pub fn is_alive(pid: Pid) -> bool {
    kill(pid, 0).map_or_else(|error| error.errno() != Some(libc::ESRCH), |()| true)
}

#[cfg(test)]
mod tests;

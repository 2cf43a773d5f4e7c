//! What is the same in the life of every child process: it learns what it is to do, ties its life to the supervisor's, and
//! says at its end what it used.

use crate::ipc::{CHANNEL_VARIABLE, Channel};
use keepalived_kernel::process::{self, Pid, inherited};
use keepalived_kernel::reactor::wait_readable;
use keepalived_kernel::signals;
use keepalived_kernel::{Error, Result, memory, sched};
use serde::de::DeserializeOwned;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::parent_id;

/// Exit statuses as the supervisor understands them (runtime reference 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Stopped in order.
    Normal = 0,
    /// Cannot run at all: no IPVS, no TLS.
    Fatal = 1,
    /// We lack a permission.
    NoPermission = 4,
    /// Something that cannot happen.
    Internal = 70,
}

/// The first things a process does: its name and its memory, and then the supervisor's first message, `setup_of` which is
/// what it has to do. When there is none, because somebody else started the program, that is said.
pub(crate) fn begin<M: DeserializeOwned, S>(
    program: &str,
    setup_of: fn(M) -> Option<S>,
) -> Option<(Channel, S)> {
    // The supervisor's name until the configuration says otherwise: every process is called keepalived.
    drop(sched::set_name("keepalived"));
    memory::return_large_blocks();
    let begun = first_message(setup_of);
    if begun.is_none() {
        eprintln!("{program} is started by keepalived and does nothing by itself");
    }
    begun
}

fn first_message<M: DeserializeOwned, S>(setup_of: fn(M) -> Option<S>) -> Option<(Channel, S)> {
    let mut channel = inherited_channel(CHANNEL_VARIABLE)?;
    loop {
        wait_readable(channel.as_fd()).ok()?;
        let received = channel.receive::<M>().ok()?;
        if let Some(setup) = received.messages.into_iter().next().and_then(setup_of) {
            return Some((channel, setup));
        }
        if received.closed {
            return None;
        }
    }
}

/// The end of a socket pair that an environment variable names. To be called once for each.
pub(crate) fn inherited_channel(variable: &str) -> Option<Channel> {
    let number: i32 = std::env::var(variable).ok()?.parse().ok()?;
    let fd: OwnedFd = inherited(number).ok()?;
    Channel::new(fd).ok()
}

/// Ignores signals that are none of a child's business, and has the kernel send SIGTERM when the supervisor dies. Call it
/// when SIGTERM is blocked: then a supervisor that dies from here on ends us in order.
///
/// # Errors
/// When the supervisor has ended already.
pub(crate) fn follow_supervisor() -> Result<Followed> {
    for ignored in [signals::INTERRUPT, signals::PIPE] {
        signals::ignore(ignored)?;
    }
    let followed = Followed(parent_id());
    match Pid::from_raw(i32::try_from(followed.0).unwrap_or(0)) {
        Some(parent) if !sched::stop_with_parent(parent)? => {
            Err(Error::new("be started by the supervisor", io::Error::other("it has ended")))
        }
        _ => Ok(followed),
    }
}

/// The supervisor, by its process id.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Followed(u32);

impl Followed {
    /// It has ended: what it would have done after our end is left to us.
    pub(crate) fn is_gone(self) -> bool {
        parent_id() != self.0
    }
}

/// The last line of the process, with its CPU time when details are wanted.
pub(crate) fn stopped_line(detailed: bool) -> String {
    if !detailed {
        return "Stopped".to_owned();
    }
    let used = process::cpu_times().unwrap_or_default();
    format!(
        "Stopped - used (self/children) {:.6}/{:.6} user time, {:.6}/{:.6} system time",
        used.user.as_secs_f64(),
        used.children_user.as_secs_f64(),
        used.system.as_secs_f64(),
        used.children_system.as_secs_f64()
    )
}

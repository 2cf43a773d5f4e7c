//! A child as its parent sees it: start it, talk to it, end it.

use super::kinds::{Errand, Kind, Role, Source};
use super::launch::Launch;
use super::respawn::Respawn;
use crate::ipc::{
    CHANNEL_VARIABLE, Channel, ChannelError, FromChild, ORIGIN_VARIABLE, ROLES_VARIABLE, ToChild,
};
use keepalived_kernel::lock_file::{LockError, LockFile};
use keepalived_kernel::memory;
use keepalived_kernel::process::{self, Pid};
use keepalived_types::Instant;
use std::fmt;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Why the process could not be started.
#[derive(Debug)]
pub(super) enum StartError {
    /// The machine refused.
    Kernel(keepalived_kernel::Error),
    /// The socket between us failed.
    Channel(ChannelError),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kernel(error) => error.fmt(f),
            Self::Channel(error) => error.fmt(f),
        }
    }
}

impl From<keepalived_kernel::Error> for StartError {
    fn from(error: keepalived_kernel::Error) -> Self {
        Self::Kernel(error)
    }
}

impl From<ChannelError> for StartError {
    fn from(error: ChannelError) -> Self {
        Self::Channel(error)
    }
}

/// The slot of one kind of child: at most one process lives in it.
#[derive(Debug)]
pub(super) struct Child {
    pub(super) kind: &'static Kind,
    program: PathBuf,
    running: Option<Running>,
    respawn: Respawn,
    /// When the next one is started.
    pub(super) restart_at: Option<Instant>,
    /// It has been handed a configuration, and has not said yet that it runs with it.
    pub(super) is_awaited: bool,
}

/// A living process.
#[derive(Debug)]
struct Running {
    pid: Pid,
    channel: Option<Channel>,
    /// On which the VRRP process tells who is MASTER before it acts on it.
    roles: Option<Channel>,
    since: Instant,
    /// Held so that its name is ours; the file goes when the daemon ends.
    pid_file: Option<LockFile>,
}

impl Child {
    /// An empty slot.
    pub(super) fn new(kind: &'static Kind, program: PathBuf) -> Self {
        Self {
            kind,
            program,
            running: None,
            respawn: Respawn::default(),
            restart_at: None,
            is_awaited: false,
        }
    }

    /// Its process id, if it lives.
    pub(super) fn pid(&self) -> Option<Pid> {
        self.running.as_ref().map(|running| running.pid)
    }

    /// It lives, or will be started.
    pub(super) const fn is_expected(&self) -> bool {
        self.running.is_some() || self.restart_at.is_some()
    }

    /// Starts it, and hands it its first message. The socket is registered by the caller.
    pub(super) fn start(&mut self, from: &Source<'_>, now: Instant) -> Result<Pid, StartError> {
        let (mut channel, theirs) = pair()?;
        let mut command = self.command(from.launch, &theirs);
        let (roles, their_roles) = (self.kind.role == Role::Vrrp).then(pair).transpose()?.unzip();
        if let Some(theirs) = &their_roles {
            command.env(ROLES_VARIABLE, theirs.as_raw_fd().to_string());
        }
        let origin = from.launch.origin.as_ref().and_then(|origin| origin.try_clone().ok());
        if let Some(origin) = &origin {
            process::inherit(origin)?;
            command.env(ORIGIN_VARIABLE, origin.as_raw_fd().to_string());
        }
        let spawned = process::spawn(&mut command)?;
        drop((theirs, their_roles, origin));
        (self.kind.brief)(&mut channel, Errand::Start, from)?;
        let path = (self.kind.pid_file)(&from.launch.pids);
        let pid_file = match LockFile::acquire(path, spawned.pid) {
            Ok(file) => Some(file),
            Err(LockError::Unwritten(file, error)) => {
                from.launch.logger.error(format_args!("no pid file: {error}"));
                Some(file)
            }
            Err(error) => {
                from.launch.logger.error(format_args!("no pid file {}: {error}", path.display()));
                None
            }
        };
        self.restart_at = None;
        self.is_awaited = true;
        self.running =
            Some(Running { pid: spawned.pid, channel: Some(channel), roles, since: now, pid_file });
        Ok(spawned.pid)
    }

    fn command(&self, launch: &Launch, socket: &OwnedFd) -> Command {
        let mut command = Command::new(&self.program);
        // The arguments are the parent's: tools look for the configuration file's name in every process.
        if let Some((name, arguments)) = launch.argv.split_first() {
            command.arg0(name).args(arguments);
        }
        command
            .env(CHANNEL_VARIABLE, socket.as_raw_fd().to_string())
            .env_remove("NOTIFY_SOCKET")
            .env_remove("WATCHDOG_USEC")
            .stdin(Stdio::null());
        command
    }

    /// Hands a living process its part of a new configuration. A broken socket ends in the process's death, which is
    /// told by SIGCHLD; its successor starts with the new configuration.
    pub(super) fn reload(&mut self, from: &Source<'_>) {
        let Some(running) = &mut self.running else {
            return;
        };
        self.is_awaited = true;
        if let Some(channel) = &mut running.channel {
            drop((self.kind.brief)(channel, Errand::Reload, from));
            memory::return_free_pages();
        }
    }

    /// Asks how it is; the answer comes as a message. `false`: there is nobody to ask.
    pub(super) fn ask_for_snapshot(&mut self) -> bool {
        // No setup travels with it, so that its type does not matter.
        self.channel().is_some_and(|channel| channel.send(&ToChild::<()>::Snapshot).is_ok())
    }

    /// The socket, to be watched or written to.
    pub(super) fn channel(&mut self) -> Option<&mut Channel> {
        self.running.as_mut()?.channel.as_mut()
    }

    /// What it said since the last time, and whether it will never say anything again.
    pub(super) fn receive(&mut self) -> Result<(Vec<FromChild>, bool), ChannelError> {
        let Some(channel) = self.channel() else {
            return Ok((Vec::new(), false));
        };
        channel.receive().map(|received| (received.messages, received.closed))
    }

    /// Which instances became MASTER, or ceased to be, since the last time, in order.
    pub(super) fn role_changes(&mut self) -> Vec<(String, bool)> {
        let roles = self.running.as_mut().and_then(|running| running.roles.as_mut());
        // A broken socket has nothing to say; the other one tells that the process is beyond help.
        let received = roles.and_then(|roles| roles.receive::<Vec<(String, bool)>>().ok());
        received.map_or_else(Vec::new, |received| received.messages.into_iter().flatten().collect())
    }

    /// Closes the socket: nothing more is to be heard from it.
    pub(super) fn close_channel(&mut self) -> Option<Channel> {
        self.running.as_mut()?.channel.take()
    }

    /// Signals it, if it lives.
    pub(super) fn signal(&self, number: i32) {
        if let Some(running) = &self.running {
            // It may have ended a moment ago; SIGCHLD will tell.
            drop(process::kill(running.pid, number));
        }
    }

    /// It has ended. Returns how long to wait before the next one is started.
    pub(super) fn ended(&mut self, now: Instant) -> Duration {
        let Some(running) = self.running.take() else {
            return Duration::ZERO;
        };
        remove(running.pid_file);
        self.respawn.delay_after(now.since(running.since))
    }

    /// It could not even be started: how long to wait before the next attempt, never zero.
    pub(super) fn delay_after_failure(&mut self) -> Duration {
        self.restart_at = None;
        self.respawn.delay_after(Duration::ZERO).max(Duration::from_secs(1))
    }
}

/// A socket pair: our end, and the one for a child, which survives exec.
fn pair() -> Result<(Channel, OwnedFd), StartError> {
    let (ours, theirs) = UnixStream::pair().map_err(|error| StartError::Channel(ChannelError::Io(error)))?;
    let theirs = OwnedFd::from(theirs);
    process::inherit(&theirs)?;
    Ok((Channel::new(OwnedFd::from(ours))?, theirs))
}

fn remove(pid_file: Option<LockFile>) {
    if let Some(file) = pid_file {
        // It will be written again, or is of no use to anybody.
        drop(file.remove());
    }
}

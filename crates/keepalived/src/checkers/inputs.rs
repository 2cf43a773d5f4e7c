//! What wakes the driver: everything goes through one queue, so that a turn sees all that has happened.

use keepalived_lvs::{Attempt, CheckId};
use std::os::fd::{AsFd, OwnedFd};
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc::UnboundedSender;

/// Something that happened.
#[derive(Debug)]
pub(super) enum Input {
    /// A check made its attempt.
    Attempted(CheckId, Attempt),
    /// There is something to read.
    Readable(Source),
}

/// Where there is something to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The socket to the supervisor.
    Channel,
    /// Signals.
    Signals,
    /// Followed files.
    Files,
    /// Addresses of this machine.
    Addresses,
}

/// Tells each time that something new is to be read from a descriptor. Whoever is told has to read all of it.
///
/// # Errors
/// When the process is out of descriptors.
pub(super) fn watch(fd: impl AsFd, source: Source, to: UnboundedSender<Input>) -> std::io::Result<()> {
    let fd = follow(fd)?;
    tokio::task::spawn_local(async move {
        while let Ok(mut guard) = fd.readable().await {
            guard.clear_ready();
            if to.send(Input::Readable(source)).is_err() {
                break;
            }
        }
    });
    Ok(())
}

/// A descriptor as tokio watches it, whoever else has it.
///
/// # Errors
/// When the process is out of descriptors.
pub(super) fn follow(fd: impl AsFd) -> std::io::Result<AsyncFd<OwnedFd>> {
    let fd: OwnedFd = fd.as_fd().try_clone_to_owned()?;
    #[expect(
        deprecated,
        reason = "unsound for types that give out changing descriptors; an OwnedFd has the one"
    )]
    let followed = AsyncFd::new(fd)?;
    Ok(followed)
}

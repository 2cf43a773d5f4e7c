//! What this crate needs to run the programs of `MISC_CHECK`: the process work itself is the daemon's.

use keepalived_types::Command;
use std::io;
use std::os::fd::OwnedFd;

/// Starts programs.
pub trait Programs {
    /// Starts `command` as its user, in a process group of its own, with its standard streams on /dev/null and so that
    /// it ends with us. Never waits for it.
    ///
    /// # Errors
    /// When it cannot be started.
    fn start(&self, command: &Command) -> io::Result<Box<dyn Program>>;
}

/// A program that was started. When it is dropped before it has ended, nobody asks for its ending any more: whoever
/// started it collects it.
pub trait Program {
    /// A descriptor of ours that becomes readable when the program has ended: a pidfd.
    ///
    /// # Errors
    /// When there are no descriptors left.
    fn watch(&self) -> io::Result<OwnedFd>;

    /// How it ended; `None` while it runs. Never waits.
    ///
    /// # Errors
    /// When nobody can know it any more.
    fn ending(&mut self) -> io::Result<Option<Ending>>;

    /// Sends SIGTERM to its process group.
    fn terminate(&mut self);

    /// Sends SIGKILL to its process group.
    fn kill(&mut self);
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It exited with this status.
    Exited(u8),
    /// This signal ended it.
    Killed(i32),
}

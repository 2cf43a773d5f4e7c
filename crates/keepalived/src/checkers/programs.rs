//! Programs: those of `MISC_CHECK`, and scripts that are told about servers.

use crate::exec_helper::CANNOT_EXECUTE;
use crate::launcher::Launcher;
use keepalived_checks::{Ending, Program, Programs};
use keepalived_kernel::process::{self, Pid, Spawned};
use keepalived_kernel::signals;
use keepalived_types::Command;
use std::cell::RefCell;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;

/// Children that nobody asks about any more; they only have to be collected.
type Orphans = Rc<RefCell<Vec<Pid>>>;

/// Every program that this process starts.
#[derive(Clone, Debug)]
pub(super) struct Starter {
    launcher: Rc<RefCell<Launcher>>,
    orphans: Orphans,
}

impl Starter {
    /// Starts programs through `launcher`.
    pub(super) fn new(launcher: Launcher) -> Self {
        Self { launcher: Rc::new(RefCell::new(launcher)), orphans: Orphans::default() }
    }

    /// Changes the file creation mask.
    pub(super) fn set_umask(&self, umask: u32) {
        self.launcher.borrow_mut().set_umask(umask);
    }

    /// Starts a program whose end somebody else collects.
    ///
    /// # Errors
    /// When there is no room for a process.
    pub(super) fn launch(&self, command: &Command, more: &[String]) -> keepalived_kernel::Result<Pid> {
        self.launcher.borrow().launch(command, more)
    }

    /// Starts a script that nobody waits for.
    ///
    /// # Errors
    /// When there is no room for a process.
    pub(super) fn notify(&self, command: &Command) -> keepalived_kernel::Result<()> {
        let pid = self.launch(command, &[])?;
        self.orphans.borrow_mut().push(pid);
        Ok(())
    }

    /// Collects children that have ended. Says which could not be executed.
    pub(super) fn reap(&self) -> Vec<Pid> {
        let mut failed = Vec::new();
        self.orphans.borrow_mut().retain(|pid| match process::wait(*pid) {
            Ok(None) => true,
            Ok(Some(ending)) => {
                if ending == process::Ending::Exited(i32::from(CANNOT_EXECUTE)) {
                    failed.push(*pid);
                }
                false
            }
            Err(_) => false,
        });
        failed
    }

    /// Scripts run that nobody waits for.
    pub(super) fn is_idle(&self) -> bool {
        self.orphans.borrow().is_empty()
    }

    /// Signals every script that runs, with all it started.
    pub(super) fn signal(&self, number: i32) {
        for pid in self.orphans.borrow().iter() {
            // It may have ended a moment ago.
            drop(process::kill_group(*pid, number));
        }
    }
}

impl Programs for Starter {
    fn start(&self, command: &Command) -> io::Result<Box<dyn Program>> {
        let spawned = self.launcher.borrow().spawn(command, &[]).map_err(io::Error::other)?;
        Ok(Box::new(Running { spawned, ended: false, orphans: Rc::clone(&self.orphans) }))
    }
}

/// A program of a check.
struct Running {
    spawned: Spawned,
    ended: bool,
    orphans: Orphans,
}

impl Program for Running {
    fn watch(&self) -> io::Result<OwnedFd> {
        self.spawned.as_fd().try_clone_to_owned()
    }

    fn ending(&mut self) -> io::Result<Option<Ending>> {
        let found = process::wait(self.spawned.pid).map_err(io::Error::other)?;
        self.ended = found.is_some();
        Ok(found.map(|ending| match ending {
            process::Ending::Exited(status) => Ending::Exited(u8::try_from(status).unwrap_or(u8::MAX)),
            process::Ending::Killed { signal, .. } => Ending::Killed(signal),
        }))
    }

    fn terminate(&mut self) {
        drop(process::kill_group(self.spawned.pid, signals::TERM));
    }

    fn kill(&mut self) {
        drop(process::kill_group(self.spawned.pid, signals::KILL));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.ended {
            self.orphans.borrow_mut().push(self.spawned.pid);
        }
    }
}

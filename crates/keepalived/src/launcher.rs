//! Starts scripts: through the exec helper, which takes on their user after it has been spawned.

use crate::exec_helper;
use crate::ipc::{CHANNEL_VARIABLE, ORIGIN_VARIABLE, ROLES_VARIABLE};
use keepalived_kernel::Result;
use keepalived_kernel::process::{self, Pid, Spawned};
use keepalived_types::Command;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Stdio;

/// What all scripts have in common.
#[derive(Debug)]
pub(crate) struct Launcher {
    exec_helper: PathBuf,
    umask: u32,
}

impl Launcher {
    /// Scripts get this file creation mask.
    pub(crate) const fn new(exec_helper: PathBuf, umask: u32) -> Self {
        Self { exec_helper, umask }
    }

    /// Changes the file creation mask.
    pub(crate) const fn set_umask(&mut self, umask: u32) {
        self.umask = umask;
    }

    /// Starts `command` with more arguments; its process leads a group of its own from the first moment.
    ///
    /// # Errors
    /// When there is no room for a process. A program that cannot be executed is told by its exit status.
    pub(crate) fn launch(&self, command: &Command, more: &[String]) -> Result<Pid> {
        self.spawn(command, more).map(|spawned| spawned.pid)
    }

    /// The same, for callers who want to be told when it has ended.
    ///
    /// # Errors
    /// As [`Launcher::launch`].
    pub(crate) fn spawn(&self, command: &Command, more: &[String]) -> Result<Spawned> {
        let mut helper = std::process::Command::new(&self.exec_helper);
        helper
            .args(exec_helper::encode(command, self.umask))
            .args(more)
            .env_remove(CHANNEL_VARIABLE)
            .env_remove(ROLES_VARIABLE)
            .env_remove(ORIGIN_VARIABLE)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        process::spawn(&mut helper)
    }
}

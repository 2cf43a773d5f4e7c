//! `startup_script` and `shutdown_script`: the parent waits for them, but not for ever.

use super::launch::Launch;
use crate::exec_helper::encode;
use keepalived_kernel::clock;
use keepalived_kernel::process::{self, Ending, Spawned};
use keepalived_kernel::reactor::{Interest, Reactor};
use keepalived_kernel::signals::Signals;
use keepalived_types::{Command, Instant};
use std::os::fd::AsFd as _;
use std::process::Stdio;
use std::time::Duration;

/// Between SIGTERM and SIGKILL, and between SIGKILL and giving up.
const PATIENCE: Duration = Duration::from_secs(2);

/// A script that surrounds the daemon's life.
#[derive(Debug)]
pub(super) struct Around<'a> {
    /// `startup` or `shutdown`.
    pub(super) which: &'static str,
    /// What to run.
    pub(super) command: &'a Command,
    /// How long it may take.
    pub(super) timeout: Duration,
    /// For the script's files.
    pub(super) umask: u32,
}

/// How waiting ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// One way or the other; the daemon goes on.
    Over,
    /// SIGTERM or SIGINT came meanwhile.
    Interrupted,
}

impl Around<'_> {
    /// Runs it and waits. SIGTERM ends the waiting and the script if `signals` are given.
    pub(super) fn run(&self, launch: &Launch, signals: Option<&Signals>) -> Outcome {
        let which = self.which;
        launch.logger.detail(format_args!("Running {which} script {}", self.command.path.display()));
        let mut helper = std::process::Command::new(&launch.exec_helper);
        helper.args(encode(self.command, self.umask)).stdin(Stdio::null()).env_remove("NOTIFY_SOCKET");
        let spawned = match process::spawn(&mut helper) {
            Ok(spawned) => spawned,
            Err(error) => {
                launch.logger.alert(format_args!("{which} script cannot be run: {error}"));
                return Outcome::Over;
            }
        };
        match self.wait(launch, &spawned, signals) {
            Ok(outcome) => outcome,
            Err(error) => {
                launch.logger.error(format_args!("{which} script: {error}"));
                Outcome::Over
            }
        }
    }

    fn wait(
        &self,
        launch: &Launch,
        spawned: &Spawned,
        signals: Option<&Signals>,
    ) -> keepalived_kernel::Result<Outcome> {
        let mut reactor = Reactor::new()?;
        reactor.register(spawned.as_fd(), 0, Interest::Read)?;
        if let Some(signals) = signals {
            reactor.register(signals.as_fd(), 1, Interest::Read)?;
        }
        let mut ready = Vec::new();
        let mut step = Step::Running;
        let mut deadline = clock::now() + self.timeout;
        let mut outcome = Outcome::Over;
        loop {
            let now = reactor.wait(Some(deadline), Duration::ZERO, &mut ready)?;
            if let Some(ending) = process::wait(spawned.pid)? {
                self.tell(launch, step, ending);
                return Ok(outcome);
            }
            let stop = signals.is_some_and(asks_to_stop);
            if stop {
                outcome = Outcome::Interrupted;
            }
            if stop && step == Step::Running || now >= deadline {
                if step == Step::Running && !stop {
                    launch.logger.info(format_args!("{} script timed out", self.which));
                }
                match step.next(spawned) {
                    Some(next) => step = next,
                    // It sleeps in the kernel. Whoever waits for it, it is not us.
                    None => return Ok(outcome),
                }
                deadline = Instant::max(now, deadline) + PATIENCE;
            }
        }
    }

    /// The original's lines; `script script` is theirs.
    fn tell(&self, launch: &Launch, step: Step, ending: Ending) {
        let which = self.which;
        match ending {
            // The time-out has been told.
            _ if step != Step::Running => {}
            Ending::Exited(0) => launch.logger.detail(format_args!("{which} script script succeeded")),
            Ending::Exited(status) => {
                launch.logger.info(format_args!("{which} script script failed, status {status}"));
            }
            Ending::Killed { signal, .. } => {
                launch.logger.info(format_args!("{which} script script failed, due to signal {signal}"));
            }
        }
    }
}

/// How far ending a script has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Running,
    Terminated,
    Killed,
}

impl Step {
    fn next(self, spawned: &Spawned) -> Option<Self> {
        let (signal, next) = match self {
            Self::Running => (libc::SIGTERM, Self::Terminated),
            Self::Terminated => (libc::SIGKILL, Self::Killed),
            Self::Killed => return None,
        };
        // The helper makes a group of its own before it becomes the script; just after the start there is none.
        if process::kill_group(spawned.pid, signal).is_err() {
            drop(process::kill(spawned.pid, signal));
        }
        Some(next)
    }
}

fn asks_to_stop(signals: &Signals) -> bool {
    std::iter::from_fn(|| signals.read()).any(|signal| matches!(signal.number, libc::SIGTERM | libc::SIGINT))
}

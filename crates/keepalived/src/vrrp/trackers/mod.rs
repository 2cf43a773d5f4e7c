//! What instances track besides interfaces: scripts are run, files are read, processes are counted, and the engine is
//! told.
//!
//! Everything here happens on the helper thread, for it may block; only the first look at files and processes comes
//! before the threads, so that instances begin with the right numbers.
//!
//! | Question | File |
//! |---|---|
//! | Which scripts, files and processes? | `tracked.rs` |
//! | When does a script run, when is it ended? | `schedule.rs`, `run.rs` |
//! | What does the log say about results? | `results.rs` |
//! | When is a file read, and what number is it? | `files.rs`, `number.rs` |
//! | How many processes are there? | `processes/` |

pub(crate) mod files;
mod number;
mod processes;
mod results;
mod run;
mod schedule;
mod tracked;

pub(super) use tracked::without_unwatched;

use super::launcher::Launcher;
use super::messages::{Outbox, ToEngine};
use crate::ipc::VrrpSetup;
use crate::ipvs_place::room;
use crate::log::Logger;
use files::{Files, News};
use keepalived_kernel::process::{self, Ending, Pid};
use keepalived_kernel::{Result, clock};
use keepalived_surfaces::dump::ScriptRun;
use keepalived_surfaces::{Level, LogLine};
use keepalived_types::Instant;
use keepalived_vrrp::Reading;
use processes::ProcessWatch;
use results::Results;
use schedule::{Action, Outcome, Schedule};
use std::collections::HashMap;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// What trackers act through.
pub(super) struct Means<'a> {
    /// The log.
    pub(super) logger: &'a Logger,
    /// Where readings go. Whoever lends it wakes the other end.
    pub(super) outbox: &'a mut Outbox<ToEngine>,
    /// Starts scripts.
    pub(super) launcher: &'a Launcher,
}

/// Scripts, files and processes. Readable when files have changed; see [`Trackers::process_events`] for processes.
#[derive(Debug)]
pub(super) struct Trackers {
    schedule: Schedule,
    results: Results,
    files: Files,
    processes: ProcessWatch,
}

impl Trackers {
    /// Writes initial numbers, unless this process goes on for one that was killed, reads all files and counts processes.
    /// Scripts begin with the first [`Trackers::handle_timeout`]. `origin` is the network namespace that the daemon was
    /// started in, when it has left it.
    ///
    /// # Errors
    /// When the process is out of descriptors.
    pub(super) fn new(
        setup: &VrrpSetup,
        origin: Option<OwnedFd>,
        means: &mut Means<'_>,
        now: Instant,
    ) -> Result<Self> {
        let mut trackers = Self {
            schedule: Schedule::default(),
            results: Results::default(),
            files: Files::new()?,
            processes: ProcessWatch::new(origin),
        };
        if setup.adopt.is_empty() {
            let complaints = files::initialise(&tracked::files(&setup.vrrp));
            complaints.iter().for_each(|complaint| means.logger.info(complaint));
        }
        trackers.configure(setup, means, now);
        Ok(trackers)
    }

    /// Takes over a configuration. The engine must have been told about it before.
    pub(super) fn configure(&mut self, setup: &VrrpSetup, means: &mut Means<'_>, now: Instant) {
        let config = &setup.vrrp;
        let scripts = tracked::scripts(config);
        log(self.results.configure(&scripts), means);
        let actions = self.schedule.configure(scripts, now);
        self.perform(actions, means);
        tell(self.files.configure(&tracked::files(config), now), means);
        let complaint = self.processes.set_room(room(setup.netlink.process_monitor));
        complaint.into_iter().for_each(|complaint| means.logger.info(complaint));
        tell_counts(self.processes.configure(tracked::processes(config), now), means);
    }

    /// Does what is due.
    pub(super) fn handle_timeout(&mut self, means: &mut Means<'_>, now: Instant) {
        let actions = self.schedule.handle_timeout(now);
        self.perform(actions, means);
        tell(self.files.handle_timeout(now), means);
        tell_counts(self.processes.handle_timeout(now), means);
    }

    /// A child has ended. Returns whether it was one of these.
    pub(super) fn ended(&mut self, pid: Pid, ending: Ending, means: &mut Means<'_>) -> bool {
        let actions = self.schedule.ended(pid, ending);
        let is_ours = actions.is_some();
        self.perform(actions.unwrap_or_default(), means);
        is_ours
    }

    /// The descriptor that is readable when processes have changed, if the kernel tells of them: there may be one after
    /// each [`Trackers::configure`].
    pub(super) fn process_events(&self) -> Option<BorrowedFd<'_>> {
        self.processes.descriptor()
    }

    /// One of the descriptors is readable.
    pub(super) fn handle_readable(&mut self, means: &mut Means<'_>, now: Instant) {
        tell(self.files.handle_events(now), means);
        tell_counts(self.processes.handle_events(now), means);
    }

    /// No more runs, and SIGTERM for those that have not ended.
    pub(super) fn stop(&mut self, means: &mut Means<'_>, now: Instant) {
        let actions = self.schedule.configure(Vec::new(), now);
        self.perform(actions, means);
    }

    /// When to call [`Trackers::handle_timeout`].
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let deadlines =
            [self.schedule.next_deadline(), self.files.next_deadline(), self.processes.next_deadline()];
        deadlines.into_iter().flatten().min()
    }

    /// Scripts that are running, for dumps.
    pub(super) fn running_scripts(&self) -> HashMap<String, ScriptRun> {
        self.schedule.running().map(|(name, run)| (name.to_owned(), run)).collect()
    }

    /// Scripts that have not ended.
    pub(super) fn alive(&self) -> impl Iterator<Item = Pid> {
        self.schedule.alive()
    }

    fn perform(&mut self, actions: Vec<Action>, means: &mut Means<'_>) {
        for action in actions {
            match action {
                Action::Start { name, command } => {
                    let pid = match means.launcher.launch(&command, &[]) {
                        Ok(pid) => Some(pid),
                        Err(error) => {
                            means.logger.alert(format!("Couldn't run track script {name}: {error}"));
                            None
                        }
                    };
                    // With many scripts, starting those before has taken its time.
                    let started = self.schedule.started(&name, pid, clock::now());
                    if let Some(Action::Result { name, outcome }) = started {
                        self.take_result(name, outcome, means);
                    }
                }
                // The group may be gone already.
                Action::Signal { pid, number } => drop(process::kill_group(pid, number)),
                Action::Result { name, outcome } => self.take_result(name, outcome, means),
                Action::Log(line) => means.logger.info(line),
            }
        }
    }

    fn take_result(&mut self, name: String, outcome: Outcome, means: &mut Means<'_>) {
        log(self.results.take(&name, outcome), means);
        let reading = Reading::Script { success: outcome == Outcome::Exited(0) };
        means.outbox.put(ToEngine::Tracker { name, reading });
    }
}

impl AsFd for Trackers {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.files.as_fd()
    }
}

fn log(lines: Vec<LogLine>, means: &Means<'_>) {
    for line in lines {
        match line.level {
            Level::Normal => means.logger.info(line.text),
            Level::Detail => means.logger.detail(line.text),
        }
    }
}

fn tell(news: News, means: &mut Means<'_>) {
    news.lines.into_iter().for_each(|line| means.logger.info(line));
    for (name, value) in news.values {
        means.outbox.put(ToEngine::Tracker { name, reading: Reading::File(i64::from(value)) });
    }
}

fn tell_counts(news: processes::News, means: &mut Means<'_>) {
    news.lines.into_iter().for_each(|line| means.logger.info(line));
    for (name, count) in news.counts {
        means.outbox.put(ToEngine::Tracker { name, reading: Reading::Processes(count) });
    }
}

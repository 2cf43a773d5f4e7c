//! When track scripts run and for how long (vrrp reference 3.4). Pure: [`super::Trackers`] starts, signals and reaps.

use super::run::{Run, Step};
use keepalived_kernel::process::{Ending, Pid};
use keepalived_kernel::signals;
use keepalived_surfaces::dump::ScriptRun;
use keepalived_types::{Command, Instant};
use keepalived_vrrp::config::ScriptTracker;
use std::time::Duration;

/// The shortest interval that the configuration allows; a shorter one would be an endless loop.
const SHORTEST: Duration = Duration::from_millis(1);

/// Starts in one call: each takes a millisecond or so, and the helper thread has other things to do as well.
const STARTS: usize = 16;

/// How a run ended, or failed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// With this exit status; 0 is success.
    Exited(i32),
    /// By this signal, which was not ours.
    Killed(i32),
    /// It took too long.
    TimedOut,
    /// There was no process.
    NotStarted,
}

/// What has to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Run it, and tell [`Schedule::started`].
    Start {
        /// The script's name.
        name: String,
        /// What to run.
        command: Command,
    },
    /// Send a signal to the process group of a run.
    Signal {
        /// Its leader.
        pid: Pid,
        /// SIGTERM or SIGKILL.
        number: i32,
    },
    /// There is a result.
    Result {
        /// The script's name.
        name: String,
        /// The result.
        outcome: Outcome,
    },
    /// A line for the log.
    Log(String),
}

#[derive(Debug)]
struct Script {
    config: ScriptTracker,
    /// The next start.
    due: Instant,
    run: Option<Run>,
    /// The run that is going, or ended last, was still going when the next one was due.
    overlaps: bool,
    /// So was the one before, and the log says so already: a script that is always slow is told of once.
    overlapped: bool,
}

/// All scripts that somebody tracks, and the runs that have not ended.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    scripts: Vec<Script>,
    /// Runs of scripts that a reload removed or changed.
    unwanted: Vec<(String, Run)>,
}

impl Schedule {
    /// From now on these. Scripts that have not changed go on as if nothing had happened; the others begin at once.
    pub(super) fn configure(&mut self, scripts: Vec<ScriptTracker>, now: Instant) -> Vec<Action> {
        let mut old = std::mem::take(&mut self.scripts);
        for config in scripts {
            let same = old.iter().position(|script| script.config == config);
            let kept = same.map(|same| old.swap_remove(same));
            self.scripts.push(kept.unwrap_or_else(|| Script::new(config, now)));
        }
        let mut actions = Vec::new();
        for script in old {
            let Some(mut run) = script.run else { continue };
            if run.terminate(now) {
                actions.push(Action::Signal { pid: run.pid, number: signals::TERM });
            }
            self.unwanted.push((script.config.name, run));
        }
        actions
    }

    /// What is due now. When many scripts are, the next call has the others, those first that have waited longest.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> Vec<Action> {
        let mut actions = Vec::new();
        let mut due: Vec<&mut Script> = self.scripts.iter_mut().filter(|script| script.due <= now).collect();
        due.sort_by_key(|script| script.due);
        due.into_iter().take(STARTS).for_each(|script| actions.extend(script.begin(now)));
        for script in &mut self.scripts {
            if let Some(run) = &mut script.run {
                advance(&script.config.name, run, now, &mut actions);
            }
        }
        for (name, run) in &mut self.unwanted {
            advance(name, run, now, &mut actions);
        }
        actions
    }

    /// The run that [`Action::Start`] asked for is this process; `None` when it could not be started.
    pub(super) fn started(&mut self, name: &str, pid: Option<Pid>, now: Instant) -> Option<Action> {
        let script = self.scripts.iter_mut().find(|script| script.config.name == name)?;
        match pid {
            Some(pid) => {
                script.run = Some(Run::new(pid, now + script.config.timeout));
                None
            }
            None => Some(Action::Result { name: name.to_owned(), outcome: Outcome::NotStarted }),
        }
    }

    /// A process has ended; `None` when it is none of these.
    pub(super) fn ended(&mut self, pid: Pid, ending: Ending) -> Option<Vec<Action>> {
        if let Some(position) = self.unwanted.iter().position(|(_, run)| run.pid == pid) {
            self.unwanted.swap_remove(position);
            return Some(vec![Action::Signal { pid, number: signals::KILL }]);
        }
        let script = self.scripts.iter_mut().find(|s| s.run.as_ref().is_some_and(|run| run.pid == pid))?;
        if script.run.take().is_some_and(|run| run.is_being_ended()) {
            // The result is known. What the script has left behind in its group goes with it; the group's number
            // cannot have been given to others, who would have to come after all other free numbers.
            return Some(vec![Action::Signal { pid, number: signals::KILL }]);
        }
        let outcome = match ending {
            Ending::Exited(status) => Outcome::Exited(status),
            Ending::Killed { signal, .. } => Outcome::Killed(signal),
        };
        Some(vec![Action::Result { name: script.config.name.clone(), outcome }])
    }

    /// When to call [`Schedule::handle_timeout`].
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let starts = self.scripts.iter().map(|script| script.due);
        starts.chain(self.runs().map(Run::due)).min()
    }

    /// Processes that have not ended.
    pub(super) fn alive(&self) -> impl Iterator<Item = Pid> {
        self.runs().map(|run| run.pid)
    }

    /// Wanted scripts that have not ended, and what their runs have come to.
    pub(super) fn running(&self) -> impl Iterator<Item = (&str, ScriptRun)> {
        let run = |script: &Script| script.run.as_ref().map(Run::dumped);
        self.scripts.iter().filter_map(move |script| Some((script.config.name.as_str(), run(script)?)))
    }

    fn runs(&self) -> impl Iterator<Item = &Run> {
        let wanted = self.scripts.iter().filter_map(|script| script.run.as_ref());
        wanted.chain(self.unwanted.iter().map(|(_, run)| run))
    }
}

impl Script {
    const fn new(config: ScriptTracker, now: Instant) -> Self {
        Self { config, due: now, run: None, overlaps: false, overlapped: false }
    }

    /// The next start is due: counted from when this one was, unless we are later than the one after it.
    fn begin(&mut self, now: Instant) -> Option<Action> {
        let interval = self.config.interval.max(SHORTEST);
        let next = self.due + interval;
        self.due = if next > now { next } else { now + interval };
        let name = self.config.name.clone();
        match &self.run {
            None => {
                self.overlapped = std::mem::take(&mut self.overlaps);
                Some(Action::Start { name, command: self.config.command.clone() })
            }
            Some(run) => {
                self.overlaps = true;
                let doing = if run.is_being_ended() { "being timed out" } else { "already running" };
                let line = format!("Track script {name} is {doing}, expect idle - skipping run");
                (!self.overlapped).then_some(Action::Log(line))
            }
        }
    }
}

fn advance(name: &str, run: &mut Run, now: Instant, actions: &mut Vec<Action>) {
    let pid = run.pid;
    match run.handle_timeout(now) {
        None => {}
        Some(Step::TimedOut) => {
            actions.push(Action::Signal { pid, number: signals::TERM });
            actions.push(Action::Result { name: name.to_owned(), outcome: Outcome::TimedOut });
        }
        Some(Step::Kill) => actions.push(Action::Signal { pid, number: signals::KILL }),
        Some(Step::Complain) => {
            let pid = pid.as_raw_nonzero();
            actions
                .push(Action::Log(format!("Script {name} child (PID {pid}) failed to terminate after kill")));
        }
    }
}

#[cfg(test)]
mod tests;

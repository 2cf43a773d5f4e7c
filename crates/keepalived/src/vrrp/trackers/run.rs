//! One run of a track script: how it is made to end when it takes too long (runtime reference 13.5).

use keepalived_kernel::process::Pid;
use keepalived_surfaces::dump::ScriptRun;
use keepalived_types::Instant;
use std::time::Duration;

/// From SIGTERM to SIGKILL, and from there to the complaint.
const PATIENCE: Duration = Duration::from_secs(2);
/// From one SIGKILL to the next, for a process that the kernel cannot end.
const AGAIN: Duration = Duration::from_secs(10);

/// A run that has not ended.
#[derive(Debug)]
pub(super) struct Run {
    /// Its process, and the process group.
    pub(super) pid: Pid,
    phase: Phase,
    due: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// In time; `due` is the timeout.
    Running,
    /// SIGTERM was sent.
    Terminated,
    /// SIGKILL was sent, and nobody has complained yet.
    Killed,
    /// The complaint was made; SIGKILL comes again and again.
    Stuck,
}

/// What to do with a run now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Its time is over: it has failed, and gets SIGTERM.
    TimedOut,
    /// SIGKILL.
    Kill,
    /// It is still there after SIGKILL: say so.
    Complain,
}

impl Run {
    /// A run that began just now and has to end by `due`.
    pub(super) const fn new(pid: Pid, due: Instant) -> Self {
        Self { pid, phase: Phase::Running, due }
    }

    /// It has taken too long, or nobody wants its result any more.
    pub(super) fn is_being_ended(&self) -> bool {
        self.phase != Phase::Running
    }

    /// The run as dumps show it.
    pub(super) const fn dumped(&self) -> ScriptRun {
        match self.phase {
            Phase::Running => ScriptRun::Running,
            Phase::Terminated => ScriptRun::Terminating,
            Phase::Killed | Phase::Stuck => ScriptRun::Killing,
        }
    }

    /// When [`Run::handle_timeout`] has something to say.
    pub(super) const fn due(&self) -> Instant {
        self.due
    }

    /// Its result is no longer wanted. Returns whether it gets SIGTERM now.
    pub(super) fn terminate(&mut self, now: Instant) -> bool {
        let was_running = self.phase == Phase::Running;
        if was_running {
            (self.phase, self.due) = (Phase::Terminated, now + PATIENCE);
        }
        was_running
    }

    /// The next step, if it is due.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> Option<Step> {
        if now < self.due {
            return None;
        }
        let (phase, pause, step) = match self.phase {
            Phase::Running => (Phase::Terminated, PATIENCE, Step::TimedOut),
            Phase::Terminated => (Phase::Killed, PATIENCE, Step::Kill),
            Phase::Killed => (Phase::Stuck, AGAIN, Step::Complain),
            Phase::Stuck => (Phase::Stuck, AGAIN, Step::Kill),
        };
        (self.phase, self.due) = (phase, now + pause);
        Some(step)
    }
}

//! `vrrp_track_process`: a quorum of processes, believed after it has lasted (vrrp reference 3.6).

use crate::config::ProcessTracker;
use crate::timers::{Due, Timers};
use keepalived_types::Instant;
use std::time::Duration;

/// A process tracker and what is known of it.
#[derive(Debug)]
pub(super) struct Process {
    config: ProcessTracker,
    /// Never used again; a reload keeps it, and with it a delay that runs.
    number: u32,
    /// The last count.
    count: Option<u32>,
    /// Whether the quorum is met, as far as decisions go.
    believed: Option<bool>,
}

/// A process tracker at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessStanding {
    /// The last count; `None` before the first.
    pub count: Option<u32>,
    /// Whether the quorum is met, as far as decisions go.
    pub is_met: bool,
    /// When a change will count that has yet to last.
    pub change_due: Option<Instant>,
}

impl Process {
    /// A tracker that knows nothing yet.
    pub(super) const fn new(number: u32, config: ProcessTracker) -> Self {
        Self { config, number, count: None, believed: None }
    }

    /// Takes over a new configuration of the same name. A delay that runs goes on, unless the quorum is another one.
    pub(super) fn reconfigure(mut self, config: ProcessTracker, timers: &mut Timers) -> Self {
        let counts_the_same = (&self.config.process, self.config.parameters, self.config.full_command)
            == (&config.process, config.parameters, config.full_command);
        let same_quorum = (self.config.quorum, self.config.quorum_max) == (config.quorum, config.quorum_max);
        if !counts_the_same || !same_quorum {
            timers.cancel(self.due());
            self.count = self.count.filter(|_| counts_the_same);
            self.believed = self.count.map(|count| config.is_met_by(count));
        }
        self.config = config;
        self
    }

    /// Its number.
    pub(super) const fn number(&self) -> u32 {
        self.number
    }

    /// Its deadline.
    pub(super) const fn due(&self) -> Due {
        Due::ProcessDelay(self.number)
    }

    /// `None` before the first count.
    pub(super) fn is_up(&self) -> Option<bool> {
        self.believed
    }

    /// Takes a count. Has the verdict changed at once?
    pub(super) fn read(&mut self, count: u32, timers: &mut Timers, now: Instant) -> bool {
        let has_more = self.count.replace(count).is_some_and(|before| before < count);
        let met = self.config.is_met_by(count);
        let due = self.due();
        if self.believed == Some(met) {
            timers.cancel(due);
            return false;
        }
        // What counts is whether a process started or ended, not what it means: with `quorum_max` an end can be good.
        let delay = match self.believed {
            None => Duration::ZERO,
            Some(_) if has_more => self.config.fork_delay,
            Some(_) => self.config.terminate_delay,
        };
        if timers.deadline(due).is_some() {
            return false;
        }
        if delay > Duration::ZERO {
            timers.set(due, now + delay);
            return false;
        }
        self.believed = Some(met);
        true
    }

    /// The tracker as it is now.
    pub(super) fn standing(&self, timers: &Timers) -> ProcessStanding {
        ProcessStanding {
            count: self.count,
            is_met: self.believed.unwrap_or(false),
            change_due: timers.deadline(self.due()),
        }
    }

    /// The change has lasted.
    pub(super) fn delay_is_over(&mut self) {
        self.believed = self.count.map(|count| self.config.is_met_by(count));
    }
}

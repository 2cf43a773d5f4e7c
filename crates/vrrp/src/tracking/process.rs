//! `vrrp_track_process`: a quorum of processes, believed after it has lasted (vrrp reference 3.6).

use super::process_delay;
use crate::config::ProcessTracker;
use crate::timers::Timers;
use keepalived_types::Instant;
use std::time::Duration;

/// A process tracker and what is known of it.
#[derive(Debug)]
pub(super) struct Process {
    config: ProcessTracker,
    number: usize,
    /// The last count.
    count: Option<u32>,
    /// Whether the quorum is met, as far as decisions go.
    believed: Option<bool>,
}

impl Process {
    /// Takes over what was known of the tracker of the same name.
    pub(super) fn adopt(old: Option<Self>, number: usize, config: ProcessTracker) -> Self {
        let old = old.filter(|old| old.config.process == config.process);
        let count = old.and_then(|old| old.count);
        let believed = count.map(|count| config.is_met_by(count));
        Self { config, number, count, believed }
    }

    /// `None` before the first count.
    pub(super) fn is_up(&self) -> Option<bool> {
        self.believed
    }

    /// Takes a count. Has the verdict changed at once?
    pub(super) fn read(&mut self, count: u32, timers: &mut Timers, now: Instant) -> bool {
        let before = self.count.replace(count);
        let met = self.config.is_met_by(count);
        let due = process_delay(self.number);
        if self.believed == Some(met) {
            due.into_iter().for_each(|due| timers.cancel(due));
            return false;
        }
        let delay = match self.believed {
            None => Duration::ZERO,
            // What counts is what the processes do: with `quorum_max`, a start can lose the quorum and an end regain it.
            Some(_) if before.is_some_and(|before| count > before) => self.config.fork_delay,
            Some(_) => self.config.terminate_delay,
        };
        if let Some(due) = due.filter(|_| delay > Duration::ZERO) {
            if timers.deadline(due).is_none() {
                timers.set(due, now + delay);
            }
            return false;
        }
        self.believed = Some(met);
        true
    }

    /// The change has lasted.
    pub(super) fn delay_is_over(&mut self) {
        self.believed = self.count.map(|count| self.config.is_met_by(count));
    }
}

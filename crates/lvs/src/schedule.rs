//! When checks run: delays, the warm-up, and how first checks are spread over it.

use crate::config::Schedule;
use crate::effect::CheckId;
use keepalived_types::Instant;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// From a start or a reload to the first check without warm-up.
const FIRST: Duration = Duration::from_secs(1);

/// The fractional part of the golden ratio in 64 bits: multiples of it fill the circle evenly, however many there are.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// The times at which checks wait to begin, earliest first. A check that is moved or forgotten leaves its old time
/// behind: whoever takes a time out of here asks the check whether it still counts.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    heap: BinaryHeap<Reverse<(Instant, CheckId)>>,
    phase: u64,
}

impl Agenda {
    /// An empty agenda whose spreading begins at `seed`, so that two machines do not check at the same moments.
    pub(crate) fn new(seed: u64) -> Self {
        Self { phase: seed, ..Self::default() }
    }

    /// The check may be due at this time, too.
    pub(crate) fn add(&mut self, check: CheckId, at: Instant) {
        self.heap.push(Reverse((at, check)));
    }

    /// When the first check after a start or a reload is due: each falls elsewhere in its warm-up.
    pub(crate) fn first(&mut self, schedule: &Schedule, now: Instant) -> Instant {
        self.phase = self.phase.wrapping_add(GOLDEN);
        let warmup = u64::try_from(schedule.warmup.as_nanos()).unwrap_or(u64::MAX);
        let part = (u128::from(self.phase) * u128::from(warmup)) >> 64;
        let offset = Duration::from_nanos(u64::try_from(part).unwrap_or(u64::MAX));
        now + FIRST + offset
    }

    /// Nothing is due.
    pub(crate) fn clear(&mut self) {
        self.heap.clear();
    }

    /// When [`Agenda::pop`] has to be called next; sometimes too early, never too late.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes a time that has come, and the check that may be due then.
    pub(crate) fn pop(&mut self, now: Instant) -> Option<(CheckId, Instant)> {
        let &Reverse((at, check)) = self.heap.peek().filter(|Reverse((at, _))| *at <= now)?;
        self.heap.pop();
        Some((check, at))
    }
}

#[cfg(test)]
mod tests;

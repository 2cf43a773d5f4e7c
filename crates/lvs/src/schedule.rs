//! When checks run: delays, the warm-up, and how first checks are spread over it.

use crate::config::Schedule;
use crate::effect::CheckId;
use keepalived_types::Instant;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::Duration;

/// From a start or a reload to the first check without warm-up.
const FIRST: Duration = Duration::from_secs(1);

/// The fractional part of the golden ratio in 64 bits: multiples of it fill the circle evenly, however many there are.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// All checks that wait for their time.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    due: HashMap<CheckId, Instant>,
    heap: BinaryHeap<Reverse<(Instant, CheckId)>>,
    phase: u64,
}

impl Agenda {
    /// An empty agenda whose spreading begins at `seed`, so that two machines do not check at the same moments.
    pub(crate) fn new(seed: u64) -> Self {
        Self { phase: seed, ..Self::default() }
    }

    /// The check is due at this time, and at no other.
    pub(crate) fn set(&mut self, check: CheckId, at: Instant) {
        if self.due.insert(check, at) != Some(at) {
            self.heap.push(Reverse((at, check)));
        }
    }

    /// The first check after a start or a reload: each falls elsewhere in its warm-up.
    /// Returns when.
    pub(crate) fn set_first(&mut self, check: CheckId, schedule: &Schedule, now: Instant) -> Instant {
        self.phase = self.phase.wrapping_add(GOLDEN);
        let part = (u128::from(self.phase) * schedule.warmup.as_nanos()) >> 64;
        let offset = Duration::from_nanos(u64::try_from(part).unwrap_or(u64::MAX));
        let due = now + FIRST + offset;
        self.set(check, due);
        due
    }

    /// When the check is due.
    pub(crate) fn due(&self, check: CheckId) -> Option<Instant> {
        self.due.get(&check).copied()
    }

    /// The check is not due at all.
    pub(crate) fn forget(&mut self, check: CheckId) {
        self.due.remove(&check);
    }

    /// Nothing is due.
    pub(crate) fn clear(&mut self) {
        self.due.clear();
        self.heap.clear();
    }

    /// When [`Agenda::pop`] has to be called next; sometimes too early, never too late.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes a check whose time has come.
    pub(crate) fn pop(&mut self, now: Instant) -> Option<CheckId> {
        while let Some(&Reverse((at, check))) = self.heap.peek() {
            if at > now {
                return None;
            }
            self.heap.pop();
            // Only the entry that says what the check's own record says counts; others were moved or forgotten.
            if self.due.get(&check) == Some(&at) {
                self.due.remove(&check);
                return Some(check);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;

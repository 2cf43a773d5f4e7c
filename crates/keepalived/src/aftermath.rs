//! When the memory that a burst of work left behind is returned to the system.
//!
//! Thousands of instances that become MASTER, or thousands of servers whose first checks pass, need several times what
//! they need from then on, and the allocator keeps all of it (`kernel/src/memory.rs`).

use keepalived_types::Instant;
use std::time::Duration;

/// Less is not worth the trouble.
const MUCH: usize = 256;
/// How long after the burst began.
const LATER: Duration = Duration::from_secs(5);

/// Counts what happens, and tells when it is time.
#[derive(Debug, Default)]
pub(crate) struct Aftermath {
    count: usize,
    began: Option<Instant>,
}

impl Aftermath {
    /// So much has happened.
    pub(crate) fn note(&mut self, count: usize, now: Instant) {
        if count > 0 {
            self.count = self.count.saturating_add(count);
            self.began.get_or_insert(now);
        }
    }

    /// When it will be time; `None` while nothing is to be done.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.began.filter(|_| self.count >= MUCH).map(|began| began + LATER)
    }

    /// It is time: true once after each burst.
    pub(crate) fn is_due(&mut self, now: Instant) -> bool {
        let is_due = self.deadline().is_some_and(|deadline| deadline <= now);
        if is_due {
            *self = Self::default();
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_time_once_some_seconds_after_a_burst_began() {
        let start = Instant::from_nanos(7);
        let mut aftermath = Aftermath::default();
        aftermath.note(MUCH - 1, start);
        assert_eq!(aftermath.deadline(), None, "little has happened");
        aftermath.note(1, start + LATER / 2);
        assert_eq!(aftermath.deadline(), Some(start + LATER));
        assert!(!aftermath.is_due(start + LATER / 2));
        assert!(aftermath.is_due(start + LATER));
        assert!(!aftermath.is_due(start + LATER * 2), "once is enough");
        aftermath.note(0, start);
        assert_eq!(aftermath.deadline(), None);
    }
}

//! The last transitions, for the status view.

use crate::{Event, What};
use keepalived_vrrp::EventKind;
use std::collections::VecDeque;

/// Keeps the last state changes and forgets everything else. Bounded.
#[derive(Clone, Debug)]
pub struct History {
    limit: usize,
    transitions: VecDeque<Event>,
}

impl History {
    /// A history of at most `limit` transitions.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self { limit, transitions: VecDeque::new() }
    }

    /// Keeps `event` when it is a transition.
    pub fn record(&mut self, event: &Event) {
        let What::Vrrp(vrrp) = &event.what else { return };
        if !matches!(vrrp.kind, EventKind::Entered { .. }) || self.limit == 0 {
            return;
        }
        if self.transitions.len() == self.limit {
            self.transitions.pop_front();
        }
        self.transitions.push_back(event.clone());
    }

    /// The transitions, oldest first.
    pub fn transitions(&self) -> impl Iterator<Item = &Event> {
        self.transitions.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keepalived_types::{Instant, Priority};
    use keepalived_vrrp::{Cause, State, Subject};
    use std::time::SystemTime;

    fn event(sequence: u64, kind: EventKind) -> Event {
        Event {
            sequence,
            wall: SystemTime::UNIX_EPOCH,
            at: Instant::ORIGIN,
            what: What::Vrrp(keepalived_vrrp::Event { subject: Subject::Instance("VI_1".to_owned()), kind }),
        }
    }

    #[test]
    fn only_the_last_transitions_are_kept() {
        let mut history = History::new(2);
        for sequence in 1..=3 {
            history.record(&event(
                sequence,
                EventKind::Entered {
                    state: State::Backup,
                    from: State::Initialize,
                    cause: Cause::Start,
                    priority: Priority(100),
                },
            ));
            history.record(&event(sequence, EventKind::ReleaseSent));
        }
        let kept: Vec<u64> = history.transitions().map(|event| event.sequence).collect();
        assert_eq!(kept, [2, 3]);
    }
}

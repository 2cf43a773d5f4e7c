//! The last transitions, for the status view.

use crate::{Event, What};
use keepalived_lvs as lvs;
use keepalived_vrrp::EventKind;
use std::collections::{BTreeMap, VecDeque};

/// Real servers whose last finding is kept.
const MOST_SERVERS: usize = 20_000;

/// Keeps the last state changes and forgets everything else. Bounded.
#[derive(Clone, Debug)]
pub struct History {
    limit: usize,
    transitions: VecDeque<Event>,
    /// What was last found out about each real server, by virtual and real server.
    findings: BTreeMap<(String, String), Event>,
}

impl History {
    /// A history of at most `limit` transitions.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self { limit, transitions: VecDeque::new(), findings: BTreeMap::new() }
    }

    /// Keeps `event` when it is a transition, or a finding about a real server.
    pub fn record(&mut self, event: &Event) {
        let vrrp = match &event.what {
            What::Vrrp(vrrp) => vrrp,
            What::Lvs(lvs) => return self.record_finding(lvs, event),
        };
        if !matches!(vrrp.kind, EventKind::Entered { .. }) || self.limit == 0 {
            return;
        }
        if self.transitions.len() == self.limit {
            self.transitions.pop_front();
        }
        self.transitions.push_back(event.clone());
    }

    fn record_finding(&mut self, lvs: &lvs::Event, event: &Event) {
        let is_finding =
            matches!(lvs.kind, lvs::EventKind::CheckFailed { .. } | lvs::EventKind::CheckPassed(_));
        let Some(real) = lvs.real_server.as_ref().filter(|_| is_finding) else { return };
        let key = (lvs.virtual_server.clone(), real.clone());
        if self.findings.len() < MOST_SERVERS || self.findings.contains_key(&key) {
            self.findings.insert(key, event.clone());
        }
    }

    /// What was last found out about each real server.
    pub fn findings(&self) -> impl Iterator<Item = &Event> {
        self.findings.values()
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

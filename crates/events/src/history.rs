//! The last transitions, for the status view.

use crate::server_name::ServerName;
use crate::shared::Shared;
use crate::{Event, What};
use keepalived_lvs as lvs;
use keepalived_types::Instant;
use keepalived_vrrp as vrrp;
use keepalived_vrrp::EventKind;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::SystemTime;

/// Real servers whose last finding is kept.
const MOST_SERVERS: usize = 20_000;

/// Keeps the last state changes and forgets everything else. Bounded, and small: there may be thousands, and hardly ever
/// does somebody ask.
#[derive(Clone, Debug)]
pub struct History {
    limit: usize,
    transitions: VecDeque<(vrrp::Subject, Happened<EventKind>)>,
    causes: Shared<EventKind>,
    /// Those of virtual and real servers, apart, so that a flapping server does not drive out who was MASTER.
    servers: VecDeque<(Servers, Happened<lvs::EventKind>)>,
    /// What was last found out about each real server, by virtual server and real server.
    findings: BTreeMap<Box<str>, BTreeMap<ServerName, Happened<lvs::EventKind>>>,
    found: Shared<lvs::EventKind>,
    /// How many findings there are.
    count: usize,
    /// Who is up or down, and since when; by virtual server and, if it is about one, real server.
    standings: BTreeMap<Servers, (bool, SystemTime)>,
}

/// A virtual server, or one of its real servers.
type Servers = (Box<str>, Option<Box<str>>);

/// An event without whom it is about.
#[derive(Clone, Debug)]
struct Happened<K> {
    sequence: u64,
    wall: SystemTime,
    at: Instant,
    kind: Arc<K>,
}

impl<K> Happened<K> {
    const fn new(event: &Event, kind: Arc<K>) -> Self {
        Self { sequence: event.sequence, wall: event.wall, at: event.at, kind }
    }

    const fn event(&self, what: What) -> Event {
        Event { sequence: self.sequence, wall: self.wall, at: self.at, what }
    }
}

/// Since when a virtual or real server has been up or down, as it was announced. A server that never changed was not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The virtual server's printed name.
    pub virtual_server: String,
    /// The real server's; none when it is about the virtual server.
    pub real_server: Option<String>,
    /// In service, or with its quorum.
    pub up: bool,
    /// Since then.
    pub since: SystemTime,
}

impl History {
    /// A history of at most `limit` transitions of instances and as many of servers.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self {
            limit,
            transitions: VecDeque::new(),
            causes: Shared::new(),
            servers: VecDeque::new(),
            found: Shared::new(),
            findings: BTreeMap::new(),
            count: 0,
            standings: BTreeMap::new(),
        }
    }

    /// Keeps `event` when it is a transition, or a finding about a real server.
    pub fn record(&mut self, event: &Event) {
        let vrrp = match &event.what {
            What::Vrrp(vrrp) => vrrp,
            What::Lvs(lvs) => {
                if is_transition(lvs) {
                    let happened = Happened::new(event, self.found.keep(&lvs.kind));
                    keep(&mut self.servers, self.limit, (servers(lvs), happened));
                }
                return self.record_finding(lvs, event);
            }
        };
        if matches!(vrrp.kind, EventKind::Entered { .. }) {
            let happened = Happened::new(event, self.causes.keep(&vrrp.kind));
            keep(&mut self.transitions, self.limit, (vrrp.subject.clone(), happened));
        }
    }

    fn record_standing(&mut self, lvs: &lvs::Event, event: &Event) {
        let (lvs::EventKind::RealServerAnnounced { up, .. }
        | lvs::EventKind::VirtualServerAnnounced { up, .. }) = lvs.kind
        else {
            return;
        };
        let key = servers(lvs);
        let known = self.standings.get(&key);
        let has_room = known.is_some() || self.standings.len() < MOST_SERVERS;
        if has_room && known.is_none_or(|known| known.0 != up) {
            self.standings.insert(key, (up, event.wall));
        }
    }

    fn record_finding(&mut self, lvs: &lvs::Event, event: &Event) {
        self.record_standing(lvs, event);
        let is_finding =
            matches!(lvs.kind, lvs::EventKind::CheckFailed { .. } | lvs::EventKind::CheckPassed(_));
        let Some(real) = lvs.real_server.as_deref().filter(|_| is_finding) else { return };
        let real = ServerName::from(real);
        let server = self.findings.get_mut(lvs.virtual_server.as_str());
        let known = server.and_then(|server| server.get_mut(&real));
        if known.is_none() && self.count >= MOST_SERVERS {
            return;
        }
        let finding = Happened::new(event, self.found.keep(&lvs.kind));
        match known {
            Some(known) => *known = finding,
            None => {
                self.count += 1;
                let server = self.findings.entry(lvs.virtual_server.as_str().into()).or_default();
                server.insert(real, finding);
            }
        }
    }

    /// What was last found out about each real server.
    pub fn findings(&self) -> impl Iterator<Item = Event> {
        let servers = self.findings.iter();
        let findings = servers.flat_map(|(server, findings)| findings.iter().map(move |one| (server, one)));
        findings.map(|(server, (real, finding))| {
            finding.event(What::Lvs(lvs::Event {
                virtual_server: server.to_string(),
                real_server: Some(real.to_string()),
                kind: (*finding.kind).clone(),
            }))
        })
    }

    /// Since when each virtual and real server has been up or down.
    pub fn standings(&self) -> impl Iterator<Item = Standing> {
        self.standings.iter().map(|((virtual_server, real_server), (up, since))| Standing {
            virtual_server: virtual_server.to_string(),
            real_server: real_server.as_deref().map(str::to_owned),
            up: *up,
            since: *since,
        })
    }

    /// The transitions, oldest first.
    pub fn transitions(&self) -> impl Iterator<Item = Event> {
        let instances = self.transitions.iter().map(|(subject, happened)| {
            let (subject, kind) = (subject.clone(), (*happened.kind).clone());
            happened.event(What::Vrrp(vrrp::Event { subject, kind }))
        });
        let servers = self.servers.iter().map(|((virtual_server, real_server), happened)| {
            happened.event(What::Lvs(lvs::Event {
                virtual_server: virtual_server.to_string(),
                real_server: real_server.as_deref().map(str::to_owned),
                kind: (*happened.kind).clone(),
            }))
        });
        let mut all: Vec<Event> = instances.chain(servers).collect();
        all.sort_by_key(|event| event.wall);
        all.into_iter()
    }
}

/// A check put a server into service or took it out, or a virtual server gained or lost its quorum.
const fn is_transition(lvs: &lvs::Event) -> bool {
    matches!(
        lvs.kind,
        lvs::EventKind::CheckerReported { decisive: true, .. }
            | lvs::EventKind::VirtualServerAnnounced { stopping: false, .. }
    )
}

fn keep<T>(kept: &mut VecDeque<T>, limit: usize, one: T) {
    if limit == 0 {
        return;
    }
    if kept.len() == limit {
        kept.pop_front();
    }
    kept.push_back(one);
}

fn servers(lvs: &lvs::Event) -> Servers {
    (lvs.virtual_server.as_str().into(), lvs.real_server.as_deref().map(Into::into))
}

#[cfg(test)]
mod tests {
    use super::*;
    use keepalived_types::{Instant, Priority};
    use keepalived_vrrp::{Cause, State, Subject};
    use std::time::{Duration, SystemTime};

    fn event(sequence: u64, kind: EventKind) -> Event {
        Event {
            sequence,
            wall: SystemTime::UNIX_EPOCH,
            at: Instant::ORIGIN,
            what: What::Vrrp(keepalived_vrrp::Event { subject: Subject::Instance("VI_1".to_owned()), kind }),
        }
    }

    #[test]
    fn a_server_is_down_since_it_was_first_said_so() {
        let mut history = History::new(2);
        for (second, up) in [(1, true), (5, false), (9, false)] {
            let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
            let kind = lvs::EventKind::RealServerAnnounced {
                up,
                stopping: false,
                quiet: false,
                script: None,
                mail: false,
            };
            let (virtual_server, real_server) = ("vs".to_owned(), Some("rs".to_owned()));
            let lvs = lvs::Event { virtual_server, real_server, kind };
            history.record(&Event { sequence: second, wall, at: Instant::ORIGIN, what: What::Lvs(lvs) });
        }
        let standings: Vec<(bool, SystemTime)> =
            history.standings().map(|standing| (standing.up, standing.since)).collect();
        assert_eq!(standings, [(false, SystemTime::UNIX_EPOCH + Duration::from_secs(5))]);
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

    #[test]
    fn servers_that_go_and_come_are_kept_apart_from_instances() {
        let server = |second, decisive| Event {
            sequence: second,
            wall: SystemTime::UNIX_EPOCH + Duration::from_secs(second),
            at: Instant::ORIGIN,
            what: What::Lvs(lvs::Event {
                virtual_server: "vs".to_owned(),
                real_server: Some("rs".to_owned()),
                kind: lvs::EventKind::CheckerReported {
                    check: lvs::CheckLabel::Tcp,
                    up: true,
                    failure: None,
                    alive: true,
                    decisive,
                    mail: false,
                },
            }),
        };
        let entered = EventKind::Entered {
            state: State::Backup,
            from: State::Initialize,
            cause: Cause::Start,
            priority: Priority(100),
        };
        let mut history = History::new(2);
        history.record(&event(0, entered));
        for (second, decisive) in [(1, true), (2, false), (3, true), (4, true)] {
            history.record(&server(second, decisive));
        }
        let kept: Vec<u64> = history.transitions().map(|event| event.sequence).collect();
        assert_eq!(kept, [0, 3, 4]);
    }

    #[test]
    fn the_last_finding_about_each_real_server_is_kept() {
        let finding = |sequence, real: &str, kind| Event {
            sequence,
            wall: SystemTime::UNIX_EPOCH,
            at: Instant::ORIGIN,
            what: What::Lvs(lvs::Event {
                virtual_server: "[10.0.0.1]:tcp:80".to_owned(),
                real_server: Some(real.to_owned()),
                kind,
            }),
        };
        let passed = || lvs::EventKind::CheckPassed(lvs::CheckLabel::Tcp);
        let mut history = History::new(2);
        history.record(&finding(1, "[10.0.0.2]:tcp:80", passed()));
        history.record(&finding(2, "[10.0.0.3]:tcp:80", passed()));
        history.record(&finding(3, "[10.0.0.2]:tcp:80", passed()));
        history.record(&finding(4, "[10.0.0.2]:tcp:80", lvs::EventKind::RealServerGone));
        let kept: Vec<Event> = history.findings().collect();
        let expected = [finding(3, "[10.0.0.2]:tcp:80", passed()), finding(2, "[10.0.0.3]:tcp:80", passed())];
        assert_eq!(kept, expected);
        assert_eq!(history.transitions().count(), 0);
    }
}

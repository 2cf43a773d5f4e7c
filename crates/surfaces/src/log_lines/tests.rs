//! The wording that other people's tools rely on, line by line as the original's syslog shows it.

use super::*;
use keepalived_types::{Prefix, Priority};
use keepalived_vrrp::Dropped;
use std::time::Duration;

fn line(kind: EventKind) -> (Level, String) {
    let mut lines = log_lines(&Event { subject: Subject::Instance("VI_1".to_owned()), kind });
    assert_eq!(lines.len(), 1, "one line: {lines:?}");
    let line = lines.remove(0);
    (line.level, line.text)
}

fn entered(state: State, from: State, cause: Cause) -> EventKind {
    EventKind::Entered { state, from, cause, priority: Priority(100) }
}

#[test]
fn transitions_read_as_upstream_writes_them() {
    let start = entered(State::Backup, State::Initialize, Cause::Start);
    assert_eq!(line(start), (Level::Normal, "(VI_1) Entering BACKUP STATE (init)".to_owned()));
    let fault = entered(State::Fault, State::Initialize, Cause::Start);
    assert_eq!(line(fault).1, "(VI_1) Entering FAULT STATE (init)");
    let master = entered(State::Master, State::Backup, Cause::MasterDown { last_master: None });
    assert_eq!(line(master).1, "(VI_1) Entering MASTER STATE");
    let fault = entered(State::Fault, State::Master, Cause::Faults(Vec::new()));
    assert_eq!(line(fault).1, "(VI_1) Entering FAULT STATE");
}

#[test]
fn the_election_reads_as_upstream_writes_it() {
    let from = "10.77.0.2".parse().expect("a literal address");
    let better = |by_address| EventKind::BetterMaster {
        from,
        priority: Priority(150),
        ours: Priority(100),
        by_address,
    };
    assert_eq!(
        line(better(false)).1,
        "(VI_1) Master received advert from 10.77.0.2 with higher priority 150, ours 100"
    );
    assert_eq!(
        line(better(true)).1,
        "(VI_1) Master received advert from 10.77.0.2 with same priority 150 but higher IP address than ours"
    );
    assert_eq!(
        line(EventKind::LowerPriorityHeardAsBackup { from, priority: Priority(100) }),
        (Level::Detail, "(VI_1) received lower priority (100) advert from 10.77.0.2 - discarding".to_owned())
    );
    assert_eq!(
        line(EventKind::ReleaseHeardAsBackup { from }).1,
        "(VI_1) Backup received priority 0 advertisement"
    );
    assert_eq!(line(EventKind::MasterDownTimerExpired).1, "(VI_1) Receive advertisement timeout");
    assert_eq!(
        line(EventKind::PreemptDelayStarted(Duration::from_secs(3))).1,
        "(VI_1) start preempt delay (3.000000)"
    );
    assert_eq!(line(EventKind::ReleaseSent).1, "(VI_1) sent 0 priority");
}

#[test]
fn addresses_read_as_upstream_writes_them() {
    assert_eq!(
        line(EventKind::Setting(NetworkPart::Addresses)),
        (Level::Detail, "(VI_1) setting VIPs.".to_owned())
    );
    assert_eq!(line(EventKind::Removing(NetworkPart::ExcludedAddresses)).1, "(VI_1) removing E-VIPs.");
    let announcing = EventKind::Announcing {
        interface: "eth1".to_owned(),
        address: "10.78.0.100".parse().expect("a literal address"),
    };
    assert_eq!(line(announcing).1, "(VI_1) Sending/queueing gratuitous ARPs on eth1 for 10.78.0.100");
}

#[test]
fn what_a_reload_drops_reads_as_upstream_writes_it() {
    let prefix = |text: &str, length| {
        Prefix::new(text.parse().expect("a literal address"), length).expect("a literal length")
    };
    let address = || {
        EventKind::Dropped(Dropped::Address { prefix: prefix("192.0.2.2", 24), interface: "v0".to_owned() })
    };
    assert_eq!(
        line(address()),
        (Level::Normal, "(VI_1) ip address 192.0.2.2/24 dev v0, no longer exist".to_owned())
    );
    // The original writes ((null)) before these.
    let event = Event { subject: Subject::Process, kind: address() };
    assert_eq!(log_lines(&event)[0].text, "ip address 192.0.2.2/24 dev v0, no longer exist");
    let route = |text, length| line(EventKind::Dropped(Dropped::Route(prefix(text, length))));
    assert_eq!(route("203.0.114.0", 24), (Level::Detail, "Removing route 203.0.114.0/24".to_owned()));
    assert_eq!(route("2001:db8:78::1", 128).1, "Removing route 2001:db8:78::1");
    assert_eq!(route("0.0.0.0", 0).1, "Removing route 0.0.0.0/0");
    let rule = |source, destination| line(EventKind::Dropped(Dropped::Rule { source, destination }));
    let (from, to) = (Some(prefix("10.1.1.2", 32)), Some(prefix("192.0.6.0", 24)));
    assert_eq!(rule(from, to), (Level::Detail, "ip rule from 10.1.1.2 to 192.0.6.0/24 removed".to_owned()));
    assert_eq!(rule(None, to).1, "ip rule from all to 192.0.6.0/24 removed");
    assert_eq!(rule(from, None).1, "ip rule from 10.1.1.2 removed");
    let block = |what| line(EventKind::Dropped(what));
    assert_eq!(block(Dropped::AllRules), (Level::Normal, "Removing a VirtualRule block".to_owned()));
    assert_eq!(block(Dropped::AllRoutes), (Level::Detail, "Removing a VirtualRoute block".to_owned()));
}

#[test]
fn group_and_process_lines_carry_their_own_prefixes() {
    let group = Event {
        subject: Subject::Group("G1".to_owned()),
        kind: entered(State::Master, State::Backup, Cause::MasterDown { last_master: None }),
    };
    assert_eq!(log_lines(&group)[0].text, "VRRP_Group(G1) Syncing instances to MASTER state");
    let link = Event {
        subject: Subject::Process,
        kind: EventKind::InterfaceChanged { interface: "eth0".to_owned(), up: false },
    };
    assert_eq!(log_lines(&link)[0].text, "Netlink reports eth0 down");
}

#[test]
fn what_is_tracked_is_named_as_upstream_names_it() {
    let fault = |kind| Fault::Tracker { kind, name: "T".to_owned() };
    let raised = |kind| line(EventKind::FaultRaised(fault(kind))).1;
    assert_eq!(raised(TrackerKind::Script), "(VI_1): entering FAULT state due to script T");
    assert_eq!(raised(TrackerKind::File), "(VI_1): tracked file T now FAULT state");
    assert_eq!(
        line(EventKind::FaultCleared(fault(TrackerKind::File))),
        (Level::Normal, "(VI_1): tracked file T leaving FAULT state".to_owned())
    );
    assert_eq!(raised(TrackerKind::Bfd), "VRRP_Instance(VI_1) Tracked BFD instance T is DOWN");
}

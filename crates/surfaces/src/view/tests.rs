//! The views of one node in every state.

use super::{explain, history, table};
use keepalived_events::{Event, What};
use keepalived_types::{Family, Instant, InterfaceName, Priority, Vrid};
use keepalived_vrrp::config::{Config, InstanceConfig};
use keepalived_vrrp::{
    Cause, Contribution, Engine, EventKind, Fault, InstanceSnapshot, Snapshot, Start, State, Subject,
    TrackerKind,
};
use std::time::{Duration, SystemTime};

/// An instance that has just been configured.
fn fresh(name: &str) -> InstanceSnapshot {
    let eth0 = InterfaceName::new("eth0").expect("a literal name");
    let config = InstanceConfig::new(name, eth0, Vrid::new(51).expect("not 0"), Family::V4);
    let config = Config { instances: vec![config], ..Config::default() };
    let engine = Engine::new(config, Start { now: Instant::ORIGIN, uptime: Duration::ZERO });
    engine.snapshot(Instant::ORIGIN).instances.remove(0)
}

fn backup() -> InstanceSnapshot {
    let master = "192.0.2.2".parse().expect("a literal address");
    let chk = Contribution {
        kind: TrackerKind::Script,
        name: "chk_haproxy".to_owned(),
        is_up: Some(true),
        adds: 10,
        is_fault_only: false,
    };
    InstanceSnapshot {
        state: State::Backup,
        wanted: State::Backup,
        in_state_for: Duration::from_secs(312),
        base_priority: Priority(100),
        effective_priority: Priority(110),
        master: Some((master, Priority(150))),
        contributions: vec![chk],
        master_down_interval: Duration::from_micros(3_570_312),
        cause: Some(Cause::Start),
        ..fresh("VI_1")
    }
}

#[test]
fn a_backup_knows_who_is_better_and_what_makes_its_priority() {
    assert_eq!(
        explain(&backup(), false),
        "VI_1 has been BACKUP for 5 min 12 s, because 192.0.2.2 advertises priority 150 and ours is 110.\n\
         It entered this state because the daemon started.\n\
         Its priority is 110 = 100 + 10 (script chk_haproxy).\n\
         It becomes MASTER when 192.0.2.2 is silent for 3.6 s.\n"
    );
}

#[test]
fn a_fault_names_every_reason() {
    let faults = vec![
        Fault::InterfaceDown("eth1".to_owned()),
        Fault::Tracker { kind: TrackerKind::Process, name: "haproxy".to_owned() },
    ];
    let text =
        explain(&InstanceSnapshot { state: State::Fault, wanted: State::Fault, faults, ..backup() }, false);
    assert!(text.contains("because interface eth1 is down, and process haproxy has failed."), "{text}");
    assert!(text.contains("It becomes BACKUP when all of that is gone."), "{text}");
}

#[test]
fn nobody_becomes_master_in_maintenance() {
    let text = explain(&InstanceSnapshot { master: None, ..backup() }, true);
    assert!(text.contains("because this node is in maintenance."), "{text}");
    assert!(
        text.contains("It becomes MASTER after `keepalivedctl maintenance off` at the earliest."),
        "{text}"
    );
    assert!(!text.contains("when nobody is heard"), "{text}");
}

#[test]
fn a_bounded_priority_shows_its_sum() {
    let mut instance = backup();
    instance.contributions[0].adds = 200;
    instance.effective_priority = Priority(254);
    assert!(explain(&instance, false).contains("254 = 100 + 200 (script chk_haproxy) = 300, bounded."));
}

#[test]
fn who_may_not_preempt_says_so() {
    let mut instance = InstanceSnapshot { preempts: false, ..backup() };
    instance.master = instance.master.map(|(address, _)| (address, Priority(90)));
    assert!(explain(&instance, false).contains("`nopreempt` forbids to push it aside"));
}

#[test]
fn the_table_shows_a_line_for_each_instance_and_can_be_narrowed() {
    let master = InstanceSnapshot {
        state: State::Master,
        in_state_for: Duration::from_secs(90_061),
        group: Some("G1".to_owned()),
        ..fresh("VI_2")
    };
    let snapshot = Snapshot { instances: vec![backup(), master], ..Snapshot::default() };
    assert_eq!(
        table(&snapshot, None),
        "INSTANCE  STATE   FOR         VRID  PRIO       INTERFACE  MASTER\n\
         VI_1      BACKUP  5 min 12 s  51    110 (100)  eth0       192.0.2.2 (150)\n\
         VI_2      MASTER  1 d 1 h     51    100        eth0       this node\n"
    );
    assert_eq!(table(&snapshot, Some("G1")).lines().count(), 2);
    assert_eq!(table(&snapshot, Some("nobody")).lines().count(), 1);
}

#[test]
fn history_tells_what_happened_to_whom_and_why() {
    let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    let event = |subject, state, cause| Event {
        sequence: 1,
        wall,
        at: Instant::ORIGIN,
        what: What::Vrrp(keepalived_vrrp::Event {
            subject,
            kind: EventKind::Entered { state, from: State::Backup, cause, priority: Priority(100) },
        }),
    };
    let events = [
        event(Subject::Instance("VI_1".to_owned()), State::Master, Cause::MasterDown { last_master: None }),
        event(Subject::Group("G1".to_owned()), State::Fault, Cause::FaultsCleared),
    ];
    let now = wall + Duration::from_secs(75);
    assert_eq!(
        history(&events, None, now),
        "  1 min 15 s ago  VI_1: BACKUP -> MASTER, priority 100, because no master was heard\n  \
         1 min 15 s ago  G1: BACKUP -> FAULT, because what kept it in FAULT is gone\n"
    );
    assert_eq!(history(&events, Some("G1"), now).lines().count(), 1);
}

#[test]
fn the_history_tells_why_servers_went_and_came() {
    use keepalived_lvs::{self as lvs, CheckLabel, Failure, QuorumSum};
    let event = |second, real: Option<&str>, kind| Event {
        sequence: second,
        wall: SystemTime::UNIX_EPOCH + Duration::from_secs(second),
        at: Instant::ORIGIN,
        what: What::Lvs(lvs::Event {
            virtual_server: "[10.0.0.1]:tcp:80".to_owned(),
            real_server: real.map(str::to_owned),
            kind,
        }),
    };
    let reported = |check, alive, failure| lvs::EventKind::CheckerReported {
        check,
        up: alive,
        failure,
        alive,
        decisive: true,
        mail: false,
    };
    let quorum = |up, weight| lvs::EventKind::VirtualServerAnnounced {
        up,
        stopping: false,
        quiet: false,
        script: None,
        initial: false,
        sum: QuorumSum { quorum: 1, hysteresis: 0, weight, threshold: 1 },
        mail: false,
    };
    let failure = |reason: &str, detail: Option<&str>| {
        Some(Failure { timed_out: false, reason: reason.to_owned(), detail: detail.map(str::to_owned) })
    };
    let real = Some("[10.0.0.2]:tcp:80");
    let refused = failure("failed", Some("Connection refused"));
    let status = failure("HTTP status code error to", Some("503"));
    let events = [
        event(1, real, reported(CheckLabel::Tcp, false, refused)),
        event(2, None, quorum(false, 0)),
        event(3, real, reported(CheckLabel::Tcp, true, None)),
        event(4, None, quorum(true, 1)),
        event(5, Some("[10.0.0.3]:tcp:80"), reported(CheckLabel::Http, false, status)),
    ];
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(6);
    let lines = |only| -> Vec<String> {
        history(&events, only, now).lines().map(|line| line.trim_start().to_owned()).collect()
    };
    assert_eq!(
        lines(Some("[10.0.0.1]:tcp:80")),
        [
            "5.0 s ago  [10.0.0.2]:tcp:80 of [10.0.0.1]:tcp:80: up -> down, because TCP_CHECK failed: Connection refused",
            "4.0 s ago  [10.0.0.1]:tcp:80: up -> down, because weight 0 is less than 1",
            "3.0 s ago  [10.0.0.2]:tcp:80 of [10.0.0.1]:tcp:80: down -> up, because TCP_CHECK succeeded",
            "2.0 s ago  [10.0.0.1]:tcp:80: down -> up, because weight 1 reaches 1",
            "1.0 s ago  [10.0.0.3]:tcp:80 of [10.0.0.1]:tcp:80: up -> down, because HTTP_GET failed: HTTP status code error, 503",
        ]
    );
    assert_eq!(lines(Some("[10.0.0.3]:tcp:80")).len(), 1);
    assert!(lines(Some("VI_1")).is_empty());
}

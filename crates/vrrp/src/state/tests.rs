//! The transition table: what every state makes of every event (RFC 9568 §6.4, vrrp reference 2.5 to 2.8).
//!
//! Priority 150, address 10.1.0.1; the sender of adverts is 10.1.0.2 unless its address has to be lower. One row says
//! where the event leads and which adverts leave because of it, by priority. The events of a row are all there are, so
//! that a state cannot be forgotten.

use crate::state::Role;
use crate::tests::{Bench, Forged, ip, ipv4, link, ms, one};
use crate::{Engine, InstanceId, Link, State};
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Happens {
    Release,
    LowerPriority,
    LowerAddress,
    HigherAddress,
    HigherPriority,
    BadPacket,
    MasterDownTimer,
    AdvertTimer,
    LinkDown,
    LinkUp,
    AddressLost,
    Topology,
    Stall,
    Stop,
    Removed,
}

use Happens::{
    AddressLost, AdvertTimer, BadPacket, HigherAddress, HigherPriority, LinkDown, LinkUp, LowerAddress,
    LowerPriority, MasterDownTimer, Release, Removed, Stall, Stop, Topology,
};
use State::{Backup, Fault, Initialize, Master};

const ALL: [Happens; 15] = [
    Release,
    LowerPriority,
    LowerAddress,
    HigherAddress,
    HigherPriority,
    BadPacket,
    MasterDownTimer,
    AdvertTimer,
    LinkDown,
    LinkUp,
    AddressLost,
    Topology,
    Stall,
    Stop,
    Removed,
];

/// A state, what happens, the next state, and the priorities of the adverts that leave at once.
type Row = (State, Happens, State, &'static [u8]);

const TABLE: [Row; 60] = [
    // Initialize: nothing is heard, nothing is said.
    (Initialize, Release, Initialize, &[]),
    (Initialize, LowerPriority, Initialize, &[]),
    (Initialize, LowerAddress, Initialize, &[]),
    (Initialize, HigherAddress, Initialize, &[]),
    (Initialize, HigherPriority, Initialize, &[]),
    (Initialize, BadPacket, Initialize, &[]),
    (Initialize, MasterDownTimer, Initialize, &[]),
    (Initialize, AdvertTimer, Initialize, &[]),
    (Initialize, LinkDown, Initialize, &[]),
    (Initialize, LinkUp, Initialize, &[]),
    (Initialize, AddressLost, Initialize, &[]),
    (Initialize, Topology, Backup, &[]),
    (Initialize, Stall, Initialize, &[]),
    (Initialize, Stop, State::Stop, &[]),
    (Initialize, Removed, State::Deleted, &[]),
    // Backup: listens; speaks only when it becomes MASTER.
    (Backup, Release, Backup, &[]),
    (Backup, LowerPriority, Backup, &[]),
    (Backup, LowerAddress, Backup, &[]),
    (Backup, HigherAddress, Backup, &[]),
    (Backup, HigherPriority, Backup, &[]),
    (Backup, BadPacket, Backup, &[]),
    (Backup, MasterDownTimer, Master, &[150]),
    (Backup, AdvertTimer, Backup, &[]),
    (Backup, LinkDown, Fault, &[]),
    (Backup, LinkUp, Backup, &[]),
    (Backup, AddressLost, Backup, &[]),
    (Backup, Topology, Backup, &[]),
    (Backup, Stall, Backup, &[]),
    (Backup, Stop, State::Stop, &[]),
    (Backup, Removed, State::Deleted, &[]),
    // Master: answers those who are not better, yields to those who are, and says when it leaves for another reason.
    (Master, Release, Master, &[150]),
    (Master, LowerPriority, Master, &[150]),
    (Master, LowerAddress, Master, &[150]),
    (Master, HigherAddress, Backup, &[]),
    (Master, HigherPriority, Backup, &[]),
    (Master, BadPacket, Master, &[]),
    (Master, MasterDownTimer, Master, &[]),
    (Master, AdvertTimer, Master, &[150]),
    (Master, LinkDown, Fault, &[0]),
    (Master, LinkUp, Master, &[]),
    (Master, AddressLost, Backup, &[0]),
    (Master, Topology, Master, &[]),
    (Master, Stall, Backup, &[]),
    (Master, Stop, State::Stop, &[0]),
    (Master, Removed, State::Deleted, &[0]),
    // Fault: waits for its reason to go.
    (Fault, Release, Fault, &[]),
    (Fault, LowerPriority, Fault, &[]),
    (Fault, LowerAddress, Fault, &[]),
    (Fault, HigherAddress, Fault, &[]),
    (Fault, HigherPriority, Fault, &[]),
    (Fault, BadPacket, Fault, &[]),
    (Fault, MasterDownTimer, Fault, &[]),
    (Fault, AdvertTimer, Fault, &[]),
    (Fault, LinkDown, Fault, &[]),
    (Fault, LinkUp, Backup, &[]),
    (Fault, AddressLost, Fault, &[]),
    (Fault, Topology, Fault, &[]),
    (Fault, Stall, Fault, &[]),
    (Fault, Stop, State::Stop, &[]),
    (Fault, Removed, State::Deleted, &[]),
];

fn down() -> Link {
    Link { is_running: false, ..link(2, "eth0") }
}

/// An engine whose instance is in this state.
fn bench_in(state: State) -> Bench {
    // `timer_expired_backup` asks for `nopreempt`, which changes nothing else in this table.
    let instance = crate::config::InstanceConfig {
        notify_deleted: true,
        preempt: false,
        timer_expired_backup: Some(keepalived_types::Priority(254)),
        ..ipv4(150)
    };
    let mut bench = match state {
        Initialize => {
            let mut bench = Bench::new(one(instance));
            bench.tell(|engine, now| engine.handle_link(link(2, "eth0"), now));
            bench.tell(|engine, now| engine.handle_address(crate::tests::address(2, "10.1.0.1", 24), now));
            bench
        }
        _ => Bench::begun(one(instance)),
    };
    match state {
        Master => bench.run(ms(3414 + 500)),
        Fault => bench.tell(|engine, now| engine.handle_link(down(), now)),
        _ => {}
    }
    assert_eq!(bench.state(), state);
    bench.forget();
    bench
}

fn happen(bench: &mut Bench, event: Happens) {
    match event {
        Release => hear(bench, &Forged::v2(0)),
        LowerPriority => hear(bench, &Forged::v2(100)),
        LowerAddress => hear(bench, &Forged::v2(150).from("10.1.0.0")),
        HigherAddress => hear(bench, &Forged::v2(150)),
        HigherPriority => hear(bench, &Forged::v2(200)),
        BadPacket => hear(bench, &Forged { seconds: 7, ..Forged::v2(200) }),
        // 3.5 s are past any down timer; a MASTER's own adverts of that time are the business of AdvertTimer.
        MasterDownTimer if bench.state() != Master => bench.run(ms(3500)),
        MasterDownTimer => {}
        AdvertTimer => bench.run(ms(1000)),
        LinkDown => bench.tell(|engine, now| engine.handle_link(down(), now)),
        LinkUp => bench.tell(|engine, now| engine.handle_link(link(2, "eth0"), now)),
        AddressLost => {
            bench.tell(|engine, now| engine.handle_network_lost(InstanceId(0), ip("10.1.0.100"), now));
        }
        Topology => bench.tell(Engine::handle_topology_complete),
        Stall => {
            bench.now += Duration::from_secs(10);
            bench.tell(|engine, now| engine.handle_stall(Duration::from_secs(10), now));
        }
        Stop => bench.tell(Engine::stop),
        Removed => bench.tell(|engine, now| engine.reconfigure(crate::config::Config::default(), now)),
    }
}

/// The socket may not be open yet; then there is nothing to hear with.
fn hear(bench: &mut Bench, forged: &Forged) {
    let opened = bench.log.iter().any(|(_, effect)| matches!(effect, crate::Effect::OpenChannel { .. }));
    if opened {
        bench.hear(forged);
    }
}

#[test]
fn every_state_makes_of_every_event_what_the_table_says() {
    for (state, event, next, sent) in TABLE {
        let mut bench = bench_in(state);
        happen(&mut bench, event);
        let priorities: Vec<u8> = bench.sent().iter().map(|(_, priority)| *priority).collect();
        assert_eq!(priorities, sent, "adverts of {state:?} on {event:?}");
        let entered = bench.entered();
        if event == Removed && state == Initialize {
            assert_eq!(entered, [], "nobody was told that it was there");
            continue;
        }
        let expected = if next == state { vec![] } else { vec![next] };
        assert_eq!(entered, expected, "{state:?} on {event:?}");
        let holds_addresses = !bench.wanted(0).is_empty();
        assert_eq!(holds_addresses, next == Master, "addresses after {state:?} on {event:?}");
    }
}

#[test]
fn the_table_has_every_pair_once() {
    for state in [Initialize, Backup, Master, Fault] {
        for event in ALL {
            let rows = TABLE.iter().filter(|row| (row.0, row.1) == (state, event)).count();
            assert_eq!(rows, 1, "{state:?} on {event:?}");
        }
    }
}

#[test]
fn only_a_backup_knows_a_masters_interval() {
    assert_eq!(Role::Initialize.master_interval(), None);
    assert_eq!(Role::Removed(State::Deleted).state(), State::Deleted);
}

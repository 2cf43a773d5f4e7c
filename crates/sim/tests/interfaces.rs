//! Interfaces and addresses that come, go and are renamed. The watch looks on in all of these.

use keepalived_sim::{Lan, NodeId, RouterKey, Seed, SegmentId, instance};
use keepalived_types::{Family, InterfaceName, Priority, Vrid};
use keepalived_vrrp::State;
use keepalived_vrrp::config::{Config, InstanceConfig, InterfaceDelay, Transport};
use std::net::IpAddr;
use std::time::Duration;

const ETH0: SegmentId = SegmentId(0);

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Two routers with second addresses on their interfaces, 10.0.100.11 and .12; the first is MASTER.
fn settled(change: impl Fn(&mut Config)) -> (Lan, [NodeId; 2]) {
    let mut lan = Lan::new(Seed(7));
    let nodes = [(11, 150), (12, 100)].map(|(host, priority)| {
        let mut member = instance(ETH0, Vrid::new(51).expect("not 0"), Family::V4);
        member.priority = Priority(priority);
        let mut config = Config { instances: vec![member], ..Config::default() };
        change(&mut config);
        let node = lan.add_node(host, &[ETH0], config);
        lan.add_second_addresses(node, ETH0, host);
        node
    });
    nodes.iter().for_each(|node| lan.power_on(*node));
    lan.settle();
    assert_eq!(lan.masters(), [nodes[0]]);
    (lan, nodes)
}

fn delays(down: u64, up: u64) -> impl Fn(&mut Config) {
    move |config| {
        let interface = InterfaceName::new("eth0").expect("a short name");
        config.interface_delays = vec![InterfaceDelay { interface, down: millis(down), up: millis(up) }];
    }
}

fn each(change: impl Fn(&mut InstanceConfig)) -> impl Fn(&mut Config) {
    move |config| config.instances.iter_mut().for_each(&change)
}

/// The states that a node entered since it was asked for the time.
fn states(lan: &Lan, node: NodeId, since: keepalived_types::Instant) -> Vec<State> {
    lan.transitions(node, since..).iter().map(|one| one.to).collect()
}

#[test]
fn a_deleted_interface_is_left_and_a_new_one_of_its_name_is_used() {
    // How much the kernel says of a deletion is left to chance.
    for _ in 0..8 {
        let (mut lan, [a, b]) = settled(|_| {});
        let deleted = lan.now();
        assert!(lan.delete_interface(a, ETH0));
        assert!(!lan.delete_interface(a, ETH0), "it is gone already");
        lan.settle();
        assert_eq!((states(&lan, a, deleted), lan.masters()), (vec![State::Fault], vec![b]));
        assert_eq!(lan.virtual_addresses(a).len(), 0);
        assert!(lan.make_interface(a, ETH0, true));
        lan.settle();
        assert_eq!(states(&lan, a, deleted), [State::Fault, State::Backup, State::Master]);
        assert_eq!((lan.masters(), lan.virtual_addresses(a).len()), (vec![a], 1));
    }
}

#[test]
fn an_interface_made_without_addresses_waits_for_one() {
    let (mut lan, [a, b]) = settled(|_| {});
    assert!(lan.delete_interface(a, ETH0) && lan.make_interface(a, ETH0, false));
    lan.settle();
    assert_eq!((lan.state(a), lan.masters()), (Some(State::Fault), vec![b]));
    assert!(lan.set_source(a, ETH0, Family::V4, true));
    lan.settle();
    assert_eq!(lan.masters(), [a]);
}

#[test]
fn a_stopped_process_finds_its_interface_replaced() {
    let (mut lan, [a, _]) = settled(|_| {});
    lan.stall(a, millis(1500));
    assert!(lan.delete_interface(a, ETH0) && lan.make_interface(a, ETH0, true));
    lan.run_for(millis(1400));
    assert_eq!(lan.state(a), Some(State::Master), "it knows nothing of it");
    let since = lan.now();
    lan.settle();
    assert_eq!(states(&lan, a, since), [State::Fault, State::Backup, State::Master]);
    assert_eq!(lan.virtual_addresses(a).len(), 1);
}

#[test]
fn a_renamed_interface_is_lost_and_found() {
    let (mut lan, [a, b]) = settled(|_| {});
    assert!(lan.rename_interface(a, ETH0, false));
    lan.settle();
    assert_eq!((lan.state(a), lan.masters()), (Some(State::Fault), vec![b]));
    assert!(lan.rename_interface(a, ETH0, true));
    lan.settle();
    assert_eq!(lan.masters(), [a]);
}

#[test]
fn a_flap_that_is_shorter_than_its_delay_changes_no_state_of_anybody() {
    let (mut lan, [a, b]) = settled(delays(1000, 300));
    let since = lan.now();
    for _ in 0..5 {
        lan.flap(a, ETH0, &[millis(999)]);
        lan.run_for(millis(3000));
    }
    assert_eq!((states(&lan, a, since), states(&lan, b, since)), (vec![], vec![]));
}

#[test]
fn the_delay_of_a_link_begins_anew_with_each_flap() {
    let (mut lan, [a, _]) = settled(delays(1000, 300));
    assert_eq!(lan.shortest_link_delay(a, ETH0, false), millis(1000));
    let since = lan.now();
    for _ in 0..5 {
        lan.flap(a, ETH0, &[millis(999), millis(10), millis(999)]);
        lan.run_for(millis(5000));
    }
    assert_eq!(states(&lan, a, since), []);
}

#[test]
fn a_longer_flap_counts_when_the_delay_is_over_and_so_does_its_end() {
    let (mut lan, [a, _]) = settled(delays(1000, 300));
    let since = lan.now();
    lan.flap(a, ETH0, &[millis(1500)]);
    lan.run_for(millis(999));
    assert_eq!(lan.state(a), Some(State::Master));
    lan.settle();
    let moved: Vec<(State, Duration)> =
        lan.transitions(a, since..).iter().map(|one| (one.to, one.at.since(since))).collect();
    assert_eq!(moved[..2], [(State::Fault, millis(1000)), (State::Backup, millis(1800))]);
}

#[test]
fn a_delay_is_cut_short_where_backups_would_not_wait_so_long() {
    let (mut lan, [a, _]) = settled(delays(60_000, 60_000));
    let bound = millis(2000) - millis(1000) / 256;
    assert_eq!(lan.shortest_link_delay(a, ETH0, false), bound);
    let since = lan.now();
    lan.link_down(a);
    lan.settle();
    let fault = lan.transitions(a, since..).remove(0);
    assert_eq!((fault.to, fault.at.since(since)), (State::Fault, bound));
}

#[test]
fn an_untracked_link_that_is_down_is_no_fault() {
    let (mut lan, [a, b]) = settled(each(|one| one.dont_track_primary = true));
    let since = lan.now();
    lan.link_down(a);
    lan.settle();
    assert_eq!(lan.masters(), [a, b], "they do not hear each other");
    lan.link_up(a);
    lan.settle();
    assert_eq!((lan.masters(), states(&lan, a, since)), (vec![a], vec![]));
    assert!(lan.delete_interface(a, ETH0));
    lan.settle();
    assert_eq!(lan.state(a), Some(State::Fault), "without an interface there is nothing to speak on");
}

#[test]
fn a_second_address_takes_the_place_of_the_first() {
    let (mut lan, [a, b]) = settled(|_| {});
    let since = lan.now();
    let [first, second] = [0, 2].map(|at| lan.own_addresses(a, ETH0)[at].0);
    assert!(lan.set_address(a, ETH0, first, false));
    lan.settle();
    assert_eq!((states(&lan, a, since), states(&lan, b, since)), (vec![], vec![]));
    assert!(lan.set_address(a, ETH0, second, false));
    lan.settle();
    assert_eq!((lan.state(a), lan.masters()), (Some(State::Fault), vec![b]));
    assert!(lan.set_address(a, ETH0, first, true));
    lan.settle();
    assert_eq!(lan.masters(), [a]);
}

#[test]
fn a_configured_source_that_is_gone_is_a_fault_with_track_src_ip_only() {
    for is_tracked in [true, false] {
        let (mut lan, [a, b]) = settled(each(|one| {
            let host = if one.priority.get() == 150 { 11 } else { 12 };
            if let Transport::Multicast { source, .. } = &mut one.transport {
                *source = Some(IpAddr::from([10, 0, 100, host]));
            }
            one.track_source_address = is_tracked;
        }));
        let since = lan.now();
        let (second, _) = lan.own_addresses(a, ETH0)[2];
        assert!(lan.set_address(a, ETH0, second, false));
        lan.settle();
        assert_eq!(lan.masters(), [if is_tracked { b } else { a }]);
        assert!(lan.set_address(a, ETH0, second, true));
        lan.settle();
        assert_eq!(lan.masters(), [a]);
        assert_eq!(lan.transitions(a, since..).is_empty(), !is_tracked);
    }
}

#[test]
fn an_untracked_virtual_address_may_be_lost() {
    let (mut lan, [a, _]) = settled(each(|one| one.virtual_addresses[0].no_track = true));
    let since = lan.now();
    let prefix = lan.config(a).instances[0].virtual_addresses[0].prefix;
    assert!(lan.remove_address(a, prefix));
    lan.run_for(millis(10_000));
    assert_eq!((states(&lan, a, since), lan.virtual_addresses(a).len()), (vec![], 0));
}

#[test]
fn a_reload_does_not_end_a_preemption_delay() {
    let delayed = each(|one| one.preempt_delay = millis(if one.priority.get() == 150 { 5000 } else { 0 }));
    let (mut lan, [a, b]) = settled(delayed);
    lan.power_off(a);
    lan.settle();
    assert_eq!(lan.masters(), [b]);
    lan.power_on(a);
    let back = lan.now();
    lan.run_for(millis(2000));
    assert!(lan.delays_preemption(a));
    let key = RouterKey::of(&lan.config(a).instances[0]).expect("on a segment");
    let mut config = lan.config(a).clone();
    config.instances[0]
        .virtual_addresses
        .push(keepalived_sim::virtual_address(ETH0, key.vrid, key.family, 9));
    assert!(lan.reload(a, config));
    lan.settle();
    let moved = lan.transitions(a, back..).pop().expect("it became MASTER");
    assert_eq!(moved.to, State::Master);
    assert!(moved.at.since(back) > millis(7000), "{:?}", moved.at.since(back));
}

//! Links and source addresses: checklist points 55 to 57, 69 to 75.

use super::*;
use crate::config::{InterfaceDelay, Track, Transport};
use keepalived_types::PriorityWeight;

fn down(index: u32, text: &str) -> Link {
    Link { is_running: false, ..link(index, text) }
}

fn tracked(weight: i16, reverse: bool) -> Track {
    Track { weight: PriorityWeight::new(weight).expect("in range"), reverse }
}

#[test]
fn c55_a_master_whose_interface_goes_down_releases_once() {
    let mut bench = Bench::master(ipv4(150));
    bench.tell(|engine, now| engine.handle_link(down(2, "eth0"), now));
    assert_eq!(bench.entered(), [State::Fault]);
    assert_eq!(bench.cause(), Cause::Faults(vec![Fault::InterfaceDown("eth0".to_owned())]));
    assert_eq!(bench.wanted(0), [] as [IpAddr; 0]);
    bench.run(ms(60_000));
    assert_eq!(bench.releases(), 1);
    assert_eq!(bench.sent().len(), 1);
}

#[test]
fn c56_fault_ends_in_backup_with_a_whole_down_timer() {
    let mut bench = Bench::master(ipv4(150));
    bench.tell(|engine, now| engine.handle_link(down(2, "eth0"), now));
    bench.run(ms(60_000));
    bench.tell(|engine, now| engine.handle_link(link(2, "eth0"), now));
    assert_eq!(bench.entered(), [State::Fault, State::Backup]);
    assert_eq!(bench.cause(), Cause::FaultsCleared);
    assert_eq!(bench.silence_until_master(), 3_414_062);
}

#[test]
fn c57_with_two_tracked_interfaces_down_one_coming_back_is_not_enough() {
    let mut instance = ipv4(150);
    instance.trackers.interfaces = vec![(name("eth1"), tracked(0, false)), (name("eth2"), tracked(0, false))];
    let mut bench = Bench::begun(one(instance));
    assert_eq!(bench.faults().len(), 2, "both are missing");
    bench.tell(|engine, now| engine.handle_link(link(3, "eth1"), now));
    bench.tell(|engine, now| engine.handle_link(down(4, "eth2"), now));
    assert_eq!(bench.faults(), [Fault::InterfaceDown("eth2".to_owned())]);
    assert_eq!(bench.state(), State::Fault);
    bench.tell(|engine, now| engine.handle_link(link(4, "eth2"), now));
    assert_eq!(bench.state(), State::Backup);
}

#[test]
fn a_weighted_interface_changes_the_priority_and_moves_the_deadline() {
    let mut instance = ipv4(150);
    instance.trackers.interfaces = vec![(name("eth1"), tracked(-50, false))];
    let mut bench = Bench::begun(one(instance));
    assert_eq!(bench.priority(), 100);
    bench.tell(|engine, now| engine.handle_link(link(3, "eth1"), now));
    assert_eq!(bench.priority(), 150);
    assert!(bench.events().contains(&&EventKind::PriorityChanged { from: Priority(100), to: Priority(150) }));
    assert_eq!(bench.silence_until_master(), 3_414_062);
    bench.forget();
    bench.tell(|engine, now| engine.handle_link_removed(IfIndex::new(3).expect("not 0"), now));
    assert_eq!(bench.priority(), 100, "deleted is as bad as down");
    assert_eq!(bench.sent(), [], "the next regular advert carries it");
    bench.run(ms(1000));
    assert_eq!(bench.sent()[0].1, 100);
}

#[test]
fn reverse_turns_an_interface_round() {
    let mut instance = ipv4(150);
    instance.trackers.interfaces = vec![(name("eth1"), tracked(20, true)), (name("eth2"), tracked(0, true))];
    let mut bench = Bench::begun(one(instance));
    assert_eq!(bench.priority(), 150);
    bench.tell(|engine, now| engine.handle_link(link(3, "eth1"), now));
    assert_eq!(bench.priority(), 130);
    assert_eq!(bench.state(), State::Backup);
    bench.tell(|engine, now| engine.handle_link(link(4, "eth2"), now));
    assert_eq!(bench.faults(), [failed(TrackerKind::Interface, "eth2")]);
}

#[test]
fn c92_weights_clamp_the_priority_and_give_it_back_exactly() {
    let mut instance = ipv4(150);
    let all = ["eth1", "eth2", "eth3"];
    instance.trackers.interfaces = all.iter().map(|text| (name(text), tracked(-100, false))).collect();
    let mut bench = Bench::begun(one(instance));
    assert_eq!(bench.priority(), 1);
    for (index, text) in (3..).zip(all) {
        bench.tell(|engine, now| engine.handle_link(link(index, text), now));
    }
    assert_eq!(bench.priority(), 150);
}

#[test]
fn c69_a_second_address_replaces_the_first_as_source() {
    let mut bench = Bench::master(ipv4(150));
    bench.tell(|engine, now| engine.handle_address(address(2, "10.1.0.9", 24), now));
    bench.run(ms(1000));
    assert_eq!(bench.advert().source, ip("10.1.0.1"), "the first one stays as long as it is there");
    bench.tell(|engine, now| engine.handle_address_removed(address(2, "10.1.0.1", 24), now));
    bench.run(ms(1000));
    assert_eq!(bench.advert().source, ip("10.1.0.9"));
    assert_eq!(bench.entered(), []);
    assert!(bench.events().contains(&&EventKind::SourceAddress(Some(ip("10.1.0.9")))));
}

#[test]
fn c70_without_an_address_there_is_fault_and_with_one_backup() {
    let mut bench = Bench::master(ipv4(150));
    bench.tell(|engine, now| engine.handle_address_removed(address(2, "10.1.0.1", 24), now));
    assert_eq!(bench.cause(), Cause::Faults(vec![Fault::NoSourceAddress { configured: false }]));
    assert_eq!(bench.releases(), 1, "sent from the address that was");
    bench.tell(|engine, now| engine.handle_address(address(2, "10.1.0.1", 24), now));
    assert_eq!(bench.entered(), [State::Fault, State::Backup]);
}

#[test]
fn a_tentative_address_is_no_source_yet() {
    let mut bench = Bench::new(one(ipv6(150)));
    let own = address(2, "fe80::a", 64);
    bench.tell(|engine, now| engine.handle_link(link(2, "eth0"), now));
    bench.tell(|engine, now| engine.handle_address(LinkAddress { tentative: true, ..own }, now));
    bench.tell(|engine, now| engine.handle_topology_complete(now));
    assert_eq!(bench.faults(), [Fault::NoSourceAddress { configured: false }]);
    bench.tell(|engine, now| engine.handle_address(own, now));
    assert_eq!(bench.state(), State::Backup);
}

#[test]
fn c71_track_src_ip_faults_without_the_configured_source() {
    let group = ip("224.0.0.18");
    let transport = Transport::Multicast { group, source: Some(ip("10.1.0.77")) };
    let untracked = InstanceConfig { transport, ..ipv4(150) };
    let mut bench = Bench::begun(one(untracked.clone()));
    bench.run(ms(4000));
    assert_eq!(bench.advert().source, ip("10.1.0.77"), "IPv4 multicast speaks all the same");
    let mut bench = Bench::begun(one(InstanceConfig { track_source_address: true, ..untracked }));
    assert_eq!(bench.faults(), [Fault::NoSourceAddress { configured: true }]);
    bench.tell(|engine, now| engine.handle_address(address(2, "10.1.0.77", 24), now));
    assert_eq!(bench.state(), State::Backup);
    bench.tell(|engine, now| engine.handle_address_removed(address(2, "10.1.0.77", 24), now));
    assert_eq!(bench.state(), State::Fault);
}

/// The kernel tells of the addresses first; where those reports were lost, the interface's own has to do.
#[test]
fn a_source_that_goes_with_another_interface_is_missed_at_once() {
    let transport = Transport::Multicast { group: ip("224.0.0.18"), source: Some(ip("10.2.0.77")) };
    let mut bench = Bench::begun(one(InstanceConfig { transport, track_source_address: true, ..ipv4(150) }));
    bench.tell(|engine, now| engine.handle_link(link(3, "eth1"), now));
    bench.tell(|engine, now| engine.handle_address(address(3, "10.2.0.77", 24), now));
    assert_eq!(bench.state(), State::Backup);
    bench.tell(|engine, now| engine.handle_link_removed(IfIndex::new(3).expect("not 0"), now));
    assert_eq!(bench.faults(), [Fault::NoSourceAddress { configured: true }]);
}

#[test]
fn c72_ipv6_never_speaks_from_an_address_that_is_not_there() {
    let transport = Transport::Multicast { group: ip("ff02::12"), source: Some(ip("fe80::77")) };
    let mut bench = Bench::begun(one(InstanceConfig { transport, ..ipv6(150) }));
    assert_eq!(bench.faults(), [Fault::NoSourceAddress { configured: true }]);
    bench.run(ms(60_000));
    assert_eq!(bench.sent(), []);
}

#[test]
fn c73_an_interface_that_was_deleted_and_made_again_is_used_again() {
    let mut bench = Bench::master(ipv4(150));
    let old = bench.channel();
    bench.tell(|engine, now| engine.handle_link_removed(IfIndex::new(2).expect("not 0"), now));
    assert_eq!(bench.faults(), [Fault::InterfaceMissing("eth0".to_owned())]);
    assert_eq!(bench.sent(), [], "there is nothing left to send from");
    assert!(bench.effects().any(|(_, effect)| *effect == Effect::CloseChannel(old)));
    bench.tell(|engine, now| engine.handle_link(down(7, "eth0"), now));
    bench.tell(|engine, now| engine.handle_address(address(7, "10.1.0.1", 24), now));
    assert_eq!(bench.state(), State::Fault);
    bench.tell(|engine, now| engine.handle_link(link(7, "eth0"), now));
    assert_ne!(bench.channel(), old);
    bench.run(ms(4000));
    assert_eq!(bench.entered(), [State::Fault, State::Backup, State::Master]);
    assert_eq!(bench.wanted(0).len(), 2);
}

#[test]
fn a_renamed_interface_is_lost_to_its_old_name() {
    let mut bench = Bench::master(ipv4(150));
    bench.tell(|engine, now| engine.handle_link(link(2, "eth9"), now));
    assert_eq!(bench.faults(), [Fault::InterfaceMissing("eth0".to_owned())]);
    bench.tell(|engine, now| engine.handle_link(link(2, "eth0"), now));
    assert_eq!(bench.state(), State::Backup);
}

#[test]
fn c74_dont_track_primary_does_not_mind_a_dead_link() {
    let mut bench = Bench::master(InstanceConfig { dont_track_primary: true, ..ipv4(150) });
    bench.tell(|engine, now| engine.handle_link(down(2, "eth0"), now));
    bench.run(ms(2000));
    assert_eq!(bench.entered(), []);
    assert_eq!(bench.sent().len(), 2);
}

#[test]
fn c75_a_short_flap_is_not_noticed_with_up_down_delays() {
    let mut config = one(ipv4(150));
    config.interface_delays = vec![InterfaceDelay { interface: name("eth0"), down: ms(500), up: ms(500) }];
    let mut bench = Bench::begun(config);
    assert_eq!(bench.state(), State::Backup, "the first up counts at once");
    bench.run(ms(4000));
    bench.forget();
    bench.tell(|engine, now| engine.handle_link(down(2, "eth0"), now));
    bench.run(ms(200));
    bench.tell(|engine, now| engine.handle_link(link(2, "eth0"), now));
    bench.run(ms(2000));
    assert_eq!(bench.entered(), []);
    bench.tell(|engine, now| engine.handle_link(down(2, "eth0"), now));
    bench.run(ms(499));
    assert_eq!(bench.entered(), []);
    bench.run(ms(1));
    assert_eq!(bench.entered(), [State::Fault]);
}

#[test]
fn a_macvlan_needs_its_base() {
    let mut bench = Bench::begun(one(InstanceConfig { interface: Some(name("mac0")), ..ipv4(150) }));
    let macvlan = Link { base: Some(IfIndex::new(2).expect("not 0")), ..link(5, "mac0") };
    bench.tell(|engine, now| engine.handle_link(macvlan, now));
    bench.tell(|engine, now| engine.handle_address(address(5, "10.1.0.5", 24), now));
    assert_eq!(bench.state(), State::Backup);
    bench.tell(|engine, now| engine.handle_link(down(2, "eth0"), now));
    assert_eq!(bench.faults(), [Fault::InterfaceDown("eth0".to_owned())]);
}

#[test]
fn c65_an_address_removed_by_hand_comes_back_after_skew_time() {
    let mut bench = Bench::master(ipv4(150));
    bench.tell(|engine, now| engine.handle_network_lost(InstanceId(0), ip("10.1.0.101"), now));
    assert_eq!(bench.entered(), [State::Backup]);
    assert_eq!(bench.cause(), Cause::AddressLost(ip("10.1.0.101")));
    assert_eq!(bench.releases(), 1);
    assert_eq!(bench.wanted(0), [] as [IpAddr; 0]);
    assert_eq!(bench.silence_until_master(), 414_062);
    assert_eq!(bench.wanted(0).len(), 2);
}

#[test]
fn c66_an_address_with_no_track_may_go() {
    let mut instance = ipv4(150);
    instance.virtual_addresses[1].no_track = true;
    let mut bench = Bench::master(instance);
    bench.tell(|engine, now| engine.handle_network_lost(InstanceId(0), ip("10.1.0.101"), now));
    bench.tell(|engine, now| engine.handle_network_lost(InstanceId(0), ip("192.0.2.1"), now));
    assert_eq!(bench.effects().count(), 0);
}

#[test]
fn a_channel_that_fails_is_a_fault_until_something_changes() {
    let mut bench = Bench::begun(one(ipv4(150)));
    let channel = bench.channel();
    bench.tell(|engine, now| engine.handle_channel_failed(channel, "no such device".to_owned(), now));
    assert_eq!(bench.faults(), [Fault::Channel("no such device".to_owned())]);
    bench.tell(|engine, now| engine.handle_link(Link { mtu: 1400, ..link(2, "eth0") }, now));
    assert_eq!(bench.state(), State::Backup);
    assert_ne!(bench.channel(), channel);
}

#[test]
fn a_channel_that_fails_is_tried_again_without_noise() {
    let mut bench = Bench::begun(one(ipv4(150)));
    let fail = |bench: &mut Bench| {
        let channel = bench.channel();
        bench.tell(|engine, now| engine.handle_channel_failed(channel, "no memory".to_owned(), now));
    };
    fail(&mut bench);
    bench.forget();
    for _ in 0..3 {
        let before = bench.channel();
        bench.run(ms(10_000));
        assert_ne!(bench.channel(), before);
        fail(&mut bench);
    }
    assert_eq!(bench.events(), [] as [&EventKind; 0]);
    bench.run(ms(10_900));
    assert_eq!(bench.state(), State::Fault);
    bench.run(ms(200));
    assert_eq!(bench.state(), State::Backup, "it has held for a second");
}

#[test]
fn an_address_on_another_interface_depends_on_that_one() {
    let mut instance = ipv4(150);
    instance.excluded_addresses = vec![AddressConfig { interface: Some(name("eth1")), ..vip("10.2.0.100") }];
    let mut bench = Bench::begun(one(instance.clone()));
    assert_eq!(bench.faults(), [Fault::InterfaceMissing("eth1".to_owned())]);
    bench.tell(|engine, now| engine.handle_link(link(3, "eth1"), now));
    bench.run(ms(4000));
    let wanted = bench.effects().filter_map(|(_, effect)| match effect {
        Effect::Want { network, .. } => network.addresses.last().map(|(index, _)| index.get()),
        _ => None,
    });
    assert_eq!(wanted.last(), Some(3));
    instance.excluded_addresses[0].no_track = true;
    assert_eq!(Bench::begun(one(instance)).state(), State::Backup);
}

#[test]
fn an_address_follows_its_interface_to_a_new_index() {
    let mut instance = ipv4(150);
    let elsewhere = AddressConfig { interface: Some(name("eth1")), no_track: true, ..vip("10.2.0.100") };
    instance.excluded_addresses = vec![elsewhere];
    let mut bench = Bench::master(instance);
    assert_eq!(bench.wanted(0).len(), 2, "its interface is not there yet");
    bench.tell(|engine, now| engine.handle_link(link(3, "eth1"), now));
    assert_eq!(bench.wanted(0).len(), 3);
    assert_eq!(bench.announced().len(), 1);
    bench.tell(|engine, now| engine.handle_link_removed(IfIndex::new(3).expect("not 0"), now));
    assert_eq!(bench.wanted(0).len(), 2);
    bench.tell(|engine, now| engine.handle_link(link(9, "eth1"), now));
    let wanted = bench.effects().filter_map(|(_, effect)| match effect {
        Effect::Want { network, .. } => network.addresses.last().map(|(index, _)| index.get()),
        _ => None,
    });
    assert_eq!(wanted.last(), Some(9));
    assert_eq!(bench.entered(), []);
    assert_eq!(bench.sent(), []);
}

#[test]
fn a_route_through_another_interface_depends_on_that_one() {
    let mut route = crate::config::RouteConfig::plain(Prefix::host(ip("192.0.2.0")));
    let hop = crate::config::Hop { interface: Some(name("eth1")), ..crate::config::Hop::default() };
    route.next_hops = crate::config::NextHops::Single(hop);
    let mut bench = Bench::begun(one(InstanceConfig { virtual_routes: vec![route], ..ipv4(150) }));
    assert_eq!(bench.faults(), [Fault::InterfaceMissing("eth1".to_owned())]);
    assert!(bench.events().contains(&&EventKind::FaultRaised(Fault::InterfaceMissing("eth1".to_owned()))));
    bench.tell(|engine, now| engine.handle_link(link(3, "eth1"), now));
    assert_eq!(bench.state(), State::Backup);
}

#[test]
fn a_channel_that_fails_silences_all_its_users_at_once() {
    let other = InstanceConfig { name: "VI_2".to_owned(), vrid: Vrid::new(52).expect("not 0"), ..ipv4(150) };
    let mut bench = Bench::begun(Config { instances: vec![ipv4(150), other], ..Config::default() });
    bench.run(ms(4000));
    bench.forget();
    let channel = bench.channel();
    bench.tell(|engine, now| engine.handle_channel_failed(channel, "gone".to_owned(), now));
    assert_eq!(bench.sent(), []);
    assert_eq!([bench.state_of("VI_1"), bench.state_of("VI_2")], [State::Fault; 2]);
}

#[test]
fn two_instances_with_one_vrid_on_one_link_do_not_both_run() {
    let other = InstanceConfig { name: "VI_2".to_owned(), ..ipv4(100) };
    let config = Config { instances: vec![ipv4(150), other], ..Config::default() };
    let bench = Bench::begun(config);
    assert_eq!(bench.state_of("VI_1"), State::Backup);
    assert_eq!(bench.state_of("VI_2"), State::Fault);
    let vrid = Vrid::new(51).expect("not 0");
    let conflict = EventKind::VridConflict { with: "VI_1".to_owned(), vrid };
    assert_eq!(bench.events().iter().filter(|event| ***event == conflict).count(), 1);
}

#[test]
fn interface_up_down_delays_stay_below_what_a_backup_waits() {
    let mut config = one(ipv4(150));
    config.interface_delays = vec![InterfaceDelay { interface: name("eth0"), down: ms(9000), up: ms(9000) }];
    let mut bench = Bench::begun(config);
    bench.run(ms(4000));
    bench.forget();
    bench.tell(|engine, now| engine.handle_link(down(2, "eth0"), now));
    bench.run(ms(1995));
    assert_eq!(bench.entered(), []);
    bench.run(ms(5));
    assert_eq!(bench.entered(), [State::Fault], "after two intervals less 1/256 of one");
}

#[test]
fn over_ipv6_nothing_is_sent_from_an_address_that_is_gone() {
    let mut bench = Bench::master(ipv6(150));
    bench.tell(|engine, now| engine.handle_address_removed(address(2, "fe80::ff:fe00:a01", 64), now));
    assert_eq!(bench.state(), State::Fault);
    assert_eq!(bench.sent(), []);
}

#[test]
fn deadlines_of_interfaces_that_are_gone_leave_nothing_behind() {
    let mut config = one(ipv4(150));
    config.interface_delays = vec![InterfaceDelay { interface: name("eth0"), down: ms(500), up: ms(500) }];
    let mut bench = Bench::new(config);
    bench.tell(|engine, now| engine.handle_topology_complete(now));
    for number in 2..200 {
        bench.tell(|engine, now| engine.handle_link(link(number, "eth0"), now));
        bench.tell(|engine, now| engine.handle_address(address(number, "10.1.0.1", 24), now));
        bench.tell(|engine, now| engine.handle_link(down(number, "eth0"), now));
        let index = IfIndex::new(number).expect("not 0");
        bench.tell(|engine, now| engine.handle_link_removed(index, now));
        bench.run(ms(1000));
    }
    bench.run(ms(60_000));
    assert_eq!(bench.engine.deadline_counts(), (0, 0));
}

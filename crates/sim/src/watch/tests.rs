//! A watch that never objects is worth nothing: each of these breaks one thing and expects to hear of it.

use super::*;
use crate::lan::{Lan, instance};
use crate::machine::interface_index;
use crate::node::{NodeId, Shadow};
use crate::random::Seed;
use crate::segment::{SegmentId, Weather};
use crate::told::News;
use keepalived_types::{Family, Priority, Vrid};
use keepalived_vrrp::config::{
    Config, InstanceConfig, NotifyScripts, PriorityNotices, SyncGroupConfig, Trackers,
};
use keepalived_vrrp::{Engine, InstanceId, Start, State, WantedNetwork};
use std::sync::Arc;
use std::time::Duration;

const NAME: &str = "VI_51";

/// Three routers, of which the first is MASTER.
fn settled() -> (Lan, [NodeId; 3]) {
    let mut lan = Lan::new(Seed(7));
    let routers = lan.routers([150, 120, 100]);
    lan.settle();
    assert_eq!(lan.masters(), [routers[0]]);
    (lan, routers)
}

fn key() -> RouterKey {
    RouterKey { segment: SegmentId(0), vrid: Vrid::new(51).expect("not 0"), family: Family::V4 }
}

fn shadow(lan: &mut Lan, node: NodeId) -> &mut Shadow {
    let process = lan.nodes[node.0].process.as_mut().expect("it runs");
    process.shadows.get_mut(NAME).expect("it is configured")
}

fn config(lan: &mut Lan, node: NodeId) -> &mut InstanceConfig {
    &mut lan.nodes[node.0].config.instances[0]
}

#[track_caller]
fn assert_objects(lan: &Lan, words: &str) {
    let verdict = lan.watch.verdict().expect_err("something is wrong").what;
    assert!(verdict.contains(words), "{verdict}");
}

#[test]
fn nothing_is_said_of_a_lan_in_order() {
    let (mut lan, routers) = settled();
    for node in routers {
        lan.nodes[node.0].is_touched = true;
        lan.look_at(node);
        lan.inspect_node(node);
    }
    lan.inspect_router(key());
    lan.inspect_traffic();
    assert_eq!(lan.watch.verdict(), Ok(()));
}

#[test]
fn an_address_without_its_master() {
    let (mut lan, [a, b, _]) = settled();
    let placed = lan.nodes[a.0].machine.virtual_addresses.clone();
    lan.nodes[b.0].machine.virtual_addresses = placed;
    lan.nodes[b.0].is_touched = true;
    lan.look_at(b);
    assert_objects(&lan, "has addresses without being MASTER");
}

#[test]
fn a_master_without_its_address() {
    let (mut lan, [a, ..]) = settled();
    lan.nodes[a.0].machine.virtual_addresses.clear();
    lan.nodes[a.0].is_touched = true;
    lan.look_at(a);
    assert_objects(&lan, "is MASTER without: [\"");
}

#[test]
fn an_address_on_a_node_without_a_process() {
    let (mut lan, [a, ..]) = settled();
    lan.nodes[a.0].process = None;
    lan.inspect_node(a);
    assert_objects(&lan, "no process runs");
}

#[test]
fn a_silent_master() {
    let (mut lan, [a, ..]) = settled();
    let long_ago = lan.now() - Duration::from_secs(2);
    shadow(&mut lan, a).last_sent = long_ago;
    lan.look_at(a);
    assert_objects(&lan, "silent for");
}

#[test]
fn a_backup_that_waits_for_nothing() {
    let (mut lan, [_, b, _]) = settled();
    let start = Start { now: lan.now(), uptime: Duration::ZERO };
    lan.nodes[b.0].process.as_mut().expect("it runs").engine = Engine::new(Config::default(), start);
    lan.look_at(b);
    assert_objects(&lan, "waits for nothing");
}

#[test]
fn an_engine_that_leaves_a_deadline_behind() {
    let (mut lan, [a, ..]) = settled();
    lan.now += Duration::from_secs(60);
    lan.check_that_timers_were_handled(a);
    assert_objects(&lan, "left a deadline");
}

#[test]
fn two_masters_and_none() {
    let (mut lan, [_, b, _]) = settled();
    shadow(&mut lan, b).state = State::Master;
    lan.inspect_router(key());
    assert_objects(&lan, "has 2 masters");
    let (mut lan, [a, ..]) = settled();
    shadow(&mut lan, a).state = State::Backup;
    lan.inspect_router(key());
    assert_objects(&lan, "has 0 masters");
}

#[test]
fn a_master_that_is_not_the_best() {
    let (mut lan, [_, b, _]) = settled();
    config(&mut lan, b).priority = Priority(200);
    lan.inspect_router(key());
    assert_objects(&lan, "but 200 is the best priority");
}

#[test]
fn a_priority_that_is_not_the_sum_of_what_is_true() {
    let (mut lan, [_, _, c]) = settled();
    config(&mut lan, c).priority = Priority(101);
    lan.inspect_router(key());
    assert_objects(&lan, "where 101 is right");
}

#[test]
fn a_router_that_lacks_something_and_takes_part() {
    let (mut lan, [_, b, _]) = settled();
    let port = lan.nodes[b.0].machine.ports.get_mut(&SegmentId(0)).expect("plugged in");
    port.link.is_running = false;
    lan.inspect_router(key());
    assert_objects(&lan, "though something it needs is missing");
}

#[test]
fn a_router_in_fault_that_lacks_nothing() {
    let (mut lan, [_, b, _]) = settled();
    shadow(&mut lan, b).state = State::Fault;
    lan.inspect_router(key());
    assert_objects(&lan, "though nothing is wrong with it");
}

#[test]
fn a_state_change_for_no_reason() {
    let (mut lan, [a, ..]) = settled();
    lan.run_for(Duration::from_millis(10));
    let mut link = lan.nodes[a.0].machine.links().remove(0);
    link.is_running = false;
    lan.kernel_says(a, News::Link(link));
    assert_objects(&lan, "though nothing had happened");
}

#[test]
fn a_forgery_that_is_believed() {
    let (mut lan, [_, b, _]) = settled();
    lan.run_for(Duration::from_millis(10));
    lan.forge(b, key(), 255, |_| {});
    let _ = lan.try_run_for(Duration::from_secs(1));
    assert_objects(&lan, "though nothing had happened");
}

#[test]
fn a_take_over_too_soon_after_a_better_advert() {
    let (mut lan, [a, b, _]) = settled();
    let now = lan.now();
    lan.power_off(a);
    shadow(&mut lan, b).rival = Some((now, Duration::from_secs(10)));
    let _ = lan.try_run_for(Duration::from_secs(5));
    assert_objects(&lan, "after a better advert");
}

#[test]
fn a_state_that_was_not_told() {
    let (mut lan, [a, b, _]) = settled();
    lan.power_off(a);
    shadow(&mut lan, b).state = State::Fault;
    let _ = lan.try_run_for(Duration::from_secs(5));
    assert_objects(&lan, "but it was Fault");
    let (mut lan, [_, b, _]) = settled();
    shadow(&mut lan, b).state = State::Fault;
    lan.inspect_node(b);
    assert_objects(&lan, "is Backup, said Fault");
}

#[test]
fn a_reload_that_touches_what_it_does_not_concern() {
    let (mut lan, [a, ..]) = settled();
    config(&mut lan, a).priority = Priority(160);
    let same = lan.config(a).clone();
    lan.reload(a, same);
    assert_objects(&lan, "a reload that does not concern it had an effect");
}

#[test]
fn a_channel_that_is_closed_but_not_open() {
    let (mut lan, [a, ..]) = settled();
    lan.nodes[a.0].process.as_mut().expect("it runs").channels.clear();
    lan.reload(a, Config::default());
    assert_objects(&lan, "which is not open");
}

#[test]
fn an_announcement_by_somebody_who_is_not_master() {
    let mut lan = Lan::new(Seed(7));
    let [a] = lan.routers([150]);
    lan.settle();
    shadow(&mut lan, a).state = State::Backup;
    let _ = lan.try_run_for(Duration::from_secs(5));
    assert_objects(&lan, "without being MASTER");
}

#[test]
fn an_orderly_stop_that_leaves_something_behind() {
    let (mut lan, [a, ..]) = settled();
    let line = config(&mut lan, a).virtual_addresses[0].clone();
    let network =
        WantedNetwork { addresses: vec![(interface_index(SegmentId(0)), line)], ..WantedNetwork::default() };
    let process = lan.nodes[a.0].process.as_mut().expect("it runs");
    process.wanted.insert(InstanceId(99), Arc::new(network));
    lan.stop(a);
    assert_objects(&lan, "virtual addresses are left");
    let (mut lan, [a, ..]) = settled();
    let process = lan.nodes[a.0].process.as_mut().expect("it runs");
    process.shadows.insert("GHOST".to_owned(), Shadow::new(Priority(1), lan.now));
    lan.stop(a);
    assert_objects(&lan, "GHOST: did not say that it stopped");
}

#[test]
fn an_advert_that_is_not_counted() {
    let (mut lan, [_, b, _]) = settled();
    shadow(&mut lan, b).handed_over += 1;
    lan.inspect_node(b);
    assert_objects(&lan, "VI_51: counted");
    let (mut lan, [_, b, _]) = settled();
    lan.nodes[b.0].process.as_mut().expect("it runs").unclaimed += 1;
    lan.inspect_node(b);
    assert_objects(&lan, "adverts for nobody");
}

#[test]
fn a_packet_that_vanishes() {
    let (mut lan, _) = settled();
    lan.traffic.copies += 1;
    lan.inspect_traffic();
    assert_objects(&lan, "packets vanish");
}

#[test]
fn a_deadline_that_nothing_explains() {
    let mut lan = Lan::new(Seed(7));
    let [a] = lan.routers_with([150], |one| one.garp.refresh = Duration::from_secs(7));
    lan.settle();
    lan.inspect_node(a);
    assert_eq!(lan.watch.verdict(), Ok(()));
    config(&mut lan, a).garp.refresh = Duration::ZERO;
    config(&mut lan, a).garp.delay = Duration::ZERO;
    shadow(&mut lan, a).state = State::Fault;
    let leak = lan.leaking(a).expect("two deadlines are set");
    assert!(leak.contains("deadlines are set where 0 have a reason"), "{leak}");
}

#[test]
fn a_group_that_stays_apart() {
    let mut lan = Lan::new(Seed(7));
    let segments = [SegmentId(0), lan.add_segment(Weather::FAIR)];
    let instances = segments.map(|segment| instance(segment, key().vrid, Family::V4));
    let mut instances = instances.to_vec();
    instances[1].name = "INNER".to_owned();
    let group = SyncGroupConfig {
        name: "G".to_owned(),
        members: instances.iter().map(|one| one.name.clone()).collect(),
        trackers: Trackers::default(),
        tracking_weight: false,
        notify: NotifyScripts::default(),
        priority_notices: PriorityNotices::default(),
        smtp_alert: false,
    };
    let config = Config { instances, sync_groups: vec![group], ..Config::default() };
    let a = lan.add_node(11, &segments, config);
    lan.power_on(a);
    lan.settle();
    shadow(&mut lan, a).state = State::Backup;
    assert_eq!(lan.split(a), None, "for a moment they may be");
    lan.now += Duration::from_secs(60);
    let split = lan.split(a).expect("they have been apart for a minute");
    assert!(split.contains("have been apart for 60s"), "{split}");
}

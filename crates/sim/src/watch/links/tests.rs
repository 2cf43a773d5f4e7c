//! Each of these breaks one thing and expects to hear of it.

use crate::carrier::Delay;
use crate::lan::Lan;
use crate::machine::{interface_index, link_address};
use crate::node::NodeId;
use crate::random::Seed;
use crate::segment::SegmentId;
use crate::told::News;
use keepalived_vrrp::Fault;
use std::time::Duration;

const NAME: &str = "VI_51";

/// Two routers, of which the first is MASTER.
fn settled() -> (Lan, NodeId) {
    let mut lan = Lan::new(Seed(7));
    let [a, _] = lan.routers([150, 100]);
    lan.settle();
    assert_eq!(lan.masters(), [a]);
    (lan, a)
}

/// The watch thinks that the process has been told this. The process has not, and so does nothing about it.
fn pretend(lan: &mut Lan, node: NodeId, news: &News) {
    let now = lan.now();
    let delay = Delay { least: Duration::from_millis(400), most: Duration::from_millis(500) };
    let process = lan.nodes[node.0].process.as_mut().expect("it runs");
    process.told.tell(news, now, now, delay);
}

fn link_down(lan: &Lan, node: NodeId) -> News {
    let mut link = lan.nodes[node.0].machine.links().remove(0);
    link.is_running = false;
    News::Link(link)
}

#[track_caller]
fn assert_objects(lan: &Lan, words: &str) {
    let verdict = lan.watch.verdict().expect_err("something is wrong").what;
    assert!(verdict.contains(words), "{verdict}");
}

#[test]
fn a_master_on_an_interface_that_is_gone() {
    let (mut lan, a) = settled();
    pretend(&mut lan, a, &News::LinkGone(interface_index(SegmentId(0))));
    lan.look_at(a);
    assert_objects(&lan, "is Master on eth0, which is gone");
}

#[test]
fn a_master_on_a_link_that_has_been_down_for_its_delay() {
    let (mut lan, a) = settled();
    let news = link_down(&lan, a);
    pretend(&mut lan, a, &news);
    lan.run_for(Duration::from_millis(499));
    lan.look_at(a);
    assert_eq!(lan.watch.verdict(), Ok(()));
    lan.now += Duration::from_millis(1);
    lan.look_at(a);
    assert_objects(&lan, "is Master on eth0, which is down");
}

#[test]
fn an_untracked_link_may_be_down_for_ever() {
    let (mut lan, a) = settled();
    lan.nodes[a.0].config.instances[0].dont_track_primary = true;
    let news = link_down(&lan, a);
    pretend(&mut lan, a, &news);
    lan.run_for(Duration::from_secs(60));
    lan.look_at(a);
    assert_eq!(lan.watch.verdict(), Ok(()));
}

#[test]
fn a_master_without_a_source() {
    let (mut lan, a) = settled();
    let (prefix, _) = lan.own_addresses(a, SegmentId(0))[0];
    pretend(&mut lan, a, &News::AddressGone(link_address((interface_index(SegmentId(0)), prefix))));
    lan.look_at(a);
    assert_objects(&lan, "without an address to send from");
}

#[test]
fn reasons_for_a_fault_that_are_none() {
    let down = Fault::InterfaceDown("eth0".to_owned());
    let missing = Fault::InterfaceMissing("eth0".to_owned());
    for (fault, words) in [
        (down.clone(), "it is up, or has not been down for long enough"),
        (missing, "it is there"),
        (Fault::NoSourceAddress { configured: false }, "there is one"),
    ] {
        let (mut lan, a) = settled();
        lan.judge_fault(a, NAME, &fault);
        assert_objects(&lan, words);
    }
    let (mut lan, a) = settled();
    let news = link_down(&lan, a);
    pretend(&mut lan, a, &news);
    lan.judge_fault(a, NAME, &down);
    assert_objects(&lan, "has not been down for long enough");
    let (mut lan, a) = settled();
    pretend(&mut lan, a, &news);
    lan.now += Duration::from_millis(450);
    lan.judge_fault(a, NAME, &down);
    assert_eq!(lan.watch.verdict(), Ok(()), "the delay may be over");
    lan.nodes[a.0].config.instances[0].dont_track_primary = true;
    lan.judge_fault(a, NAME, &down);
    assert_objects(&lan, "with dont_track_primary it does not count");
}

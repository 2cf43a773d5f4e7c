//! Two segments, and virtual routers that move together.

use keepalived_sim::{Lan, NodeId, RouterKey, Seed, SegmentId, Weather, instance};
use keepalived_types::{Family, Priority, Vrid};
use keepalived_vrrp::State;
use keepalived_vrrp::config::{Config, NotifyScripts, PriorityNotices, SyncGroupConfig, Trackers};
use std::time::Duration;

/// Two firewalls with an outer and an inner side.
struct Firewalls {
    lan: Lan,
    nodes: [NodeId; 2],
    sides: [RouterKey; 2],
    segments: [SegmentId; 2],
}

fn firewalls() -> Firewalls {
    let mut lan = Lan::new(Seed(7));
    let segments = [SegmentId(0), lan.add_segment(Weather::FAIR)];
    let vrids = [51, 52].map(|vrid| Vrid::new(vrid).expect("not 0"));
    let members = [0, 1].map(|side| instance(segments[side], vrids[side], Family::V4));
    let sides = [0, 1].map(|side| RouterKey::of(&members[side]).expect("on a segment"));
    let nodes = [(11, 150), (12, 100)].map(|(host, priority)| {
        let mut instances = members.to_vec();
        instances.iter_mut().for_each(|one| one.priority = Priority(priority));
        let group = SyncGroupConfig {
            name: "FIREWALL".to_owned(),
            members: instances.iter().map(|one| one.name.clone()).collect(),
            trackers: Trackers::default(),
            tracking_weight: false,
            notify: NotifyScripts::default(),
            priority_notices: PriorityNotices::default(),
            smtp_alert: false,
        };
        let config = Config { instances, sync_groups: vec![group], ..Config::default() };
        lan.add_node(host, &segments, config)
    });
    nodes.iter().for_each(|node| lan.power_on(*node));
    lan.settle();
    Firewalls { lan, nodes, sides, segments }
}

impl Firewalls {
    fn masters(&self) -> [Vec<NodeId>; 2] {
        self.sides.map(|side| self.lan.masters_of(side))
    }
}

#[test]
fn both_sides_are_on_the_same_firewall_and_move_together() {
    let mut firewalls = firewalls();
    let [a, b] = firewalls.nodes;
    assert_eq!(firewalls.masters(), [vec![a], vec![a]]);
    firewalls.lan.power_off(a);
    firewalls.lan.settle();
    assert_eq!(firewalls.masters(), [vec![b], vec![b]]);
    firewalls.lan.power_on(a);
    firewalls.lan.settle();
    assert_eq!(firewalls.masters(), [vec![a], vec![a]]);
}

#[test]
fn a_cut_cable_on_one_side_moves_both() {
    let mut firewalls = firewalls();
    let [a, b] = firewalls.nodes;
    let inner = firewalls.segments[1];
    let cut = firewalls.lan.now();
    firewalls.lan.set_link(a, inner, false);
    firewalls.lan.run_for(Duration::from_secs(1));
    let states: Vec<State> = firewalls.lan.transitions(a, cut..).iter().map(|one| one.to).collect();
    assert_eq!(states, [State::Fault, State::Fault]);
    firewalls.lan.settle();
    assert_eq!(firewalls.masters(), [vec![b], vec![b]]);
    assert!(firewalls.lan.virtual_addresses(a).is_empty());
    firewalls.lan.set_link(a, inner, true);
    firewalls.lan.settle();
    assert_eq!(firewalls.masters(), [vec![a], vec![a]]);
}

#[test]
fn a_lost_address_on_one_side_comes_back_on_both() {
    let mut firewalls = firewalls();
    let [a, b] = firewalls.nodes;
    let prefix = firewalls.lan.config(a).instances[0].virtual_addresses[0].prefix;
    let lost = firewalls.lan.now();
    assert!(firewalls.lan.remove_address(a, prefix));
    assert_eq!(firewalls.masters(), [vec![], vec![]]);
    firewalls.lan.settle();
    assert_eq!(firewalls.masters(), [vec![a], vec![a]]);
    assert_eq!(firewalls.lan.virtual_addresses(a).len(), 2);
    assert_eq!(firewalls.lan.transitions(b, lost..), []);
}

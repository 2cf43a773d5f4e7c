//! Routes and rules: the difference between what should be and what is.

use super::*;
use crate::vrrp::route_spec::route_of;
use crate::vrrp::rule_spec::rule_of;
use keepalived_kernel::netlink::route::RouteHop;
use keepalived_types::Family;
use keepalived_vrrp::config::{Hop, NextHops, RouteConfig, RuleAction, RuleSelector, WeightedHop};
use std::slice::from_ref;

const A: Holder = Holder::Instance(InstanceId(1));
const B: Holder = Holder::Instance(InstanceId(2));

fn index(number: u32) -> IfIndex {
    IfIndex::new(number).expect("not zero")
}

fn prefix(text: &str, length: u8) -> Prefix {
    Prefix::new(text.parse().expect("a literal address"), length).expect("a literal length")
}

/// A route over eth0, which has number 2.
fn route(destination: &str, length: u8, gateway: &str) -> PlacedRoute {
    let hop = Hop { gateway: Some(gateway.parse().expect("literal")), ..Hop::default() };
    let route =
        RouteConfig { next_hops: NextHops::Single(hop), ..RouteConfig::plain(prefix(destination, length)) };
    PlacedRoute { route, interfaces: vec![Some(index(2))], table: 254 }
}

fn rule(preference: u32) -> RuleConfig {
    RuleConfig {
        family: Family::V4,
        action: RuleAction::Table(100),
        preference,
        inverted: false,
        selector: RuleSelector::default(),
        realms: None,
        suppress_prefix_length: None,
        suppress_interface_group: None,
        protocol: 18,
        no_track: false,
        track_group: None,
    }
}

fn network(routes: &[PlacedRoute], rules: &[RuleConfig]) -> Arc<WantedNetwork> {
    Arc::new(WantedNetwork { addresses: Vec::new(), routes: routes.to_vec(), rules: rules.to_vec() })
}

/// What the kernel reports once the route is there: it has found the interface, and for IPv6 a metric.
fn reported(placed: &PlacedRoute) -> Route {
    let mut route = route_of(placed);
    for hop in &mut route.hops {
        hop.index = hop.index.or(Some(index(2)));
    }
    if route.family() == Family::V6 {
        route.metric = Some(1024);
    }
    route
}

fn add(placed: &PlacedRoute) -> Operation {
    Operation::AddRoute(Box::new(placed.clone()))
}

fn remove(placed: &PlacedRoute) -> Operation {
    Operation::RemoveRoute(Box::new(route_of(placed)))
}

/// Performs operations as the kernel would, reports included.
fn perform(reconciler: &mut Reconciler, operations: &[Operation]) {
    for operation in operations {
        match operation {
            Operation::AddRoute(placed) => reconciler.route_appeared(reported(placed)),
            Operation::RemoveRoute(route) => reconciler.route_vanished(route),
            Operation::AddRule(config) => reconciler.rule_appeared(rule_of(config)),
            Operation::RemoveRule(rule) => reconciler.rule_vanished(rule),
            Operation::Add(..) | Operation::Remove(..) => {}
        }
        assert!(!reconciler.finished(operation, true));
    }
}

#[test]
fn routes_come_before_rules_and_go_after_them() {
    let mut reconciler = Reconciler::default();
    let (one, two) = (route("10.1.0.0", 24, "10.0.0.1"), route("10.2.0.0", 24, "10.0.0.1"));
    let operations = reconciler.want(A, network(&[one.clone(), two.clone()], &[rule(5)]));
    assert_eq!(operations, [add(&one), add(&two), Operation::AddRule(Box::new(rule(5)))]);
    perform(&mut reconciler, &operations);
    assert!(reconciler.want(A, network(&[one.clone(), two.clone()], &[rule(5)])).is_empty());
    let operations = reconciler.want(A, network(&[], &[]));
    let rule = Operation::RemoveRule(Box::new(rule_of(&rule(5))));
    assert_eq!(operations, [rule, remove(&two), remove(&one)]);
    perform(&mut reconciler, &operations);
    assert!(reconciler.losses().is_empty());
    assert!(!reconciler.wants_routing());
}

#[test]
fn what_two_instances_want_stays_until_both_gave_it_up() {
    let mut reconciler = Reconciler::default();
    let one = route("0.0.0.0", 0, "10.0.0.1");
    let operations = reconciler.want(A, network(from_ref(&one), &[]));
    perform(&mut reconciler, &operations);
    assert!(reconciler.want(B, network(from_ref(&one), &[])).is_empty());
    assert!(reconciler.want(A, network(&[], &[])).is_empty());
    assert_eq!(reconciler.want(B, network(&[], &[])), [remove(&one)]);
}

#[test]
fn a_removal_by_somebody_else_is_a_loss_and_what_is_static_comes_back() {
    let mut reconciler = Reconciler::default();
    let one = route("10.1.0.0", 24, "10.0.0.1");
    let wish = network(from_ref(&one), &[rule(5)]);
    let operations = reconciler.want(Holder::Static, wish);
    perform(&mut reconciler, &operations);
    assert!(reconciler.losses().is_empty());
    reconciler.route_vanished(&reported(&one));
    reconciler.rule_vanished(&rule_of(&rule(5)));
    let lost = reconciler.losses();
    let expected = [Lost::Route(Box::new(one.clone())), Lost::Rule(Box::new(rule(5)))];
    assert_eq!(lost, expected.map(|lost| (Holder::Static, lost)));
    assert!(reconciler.losses().is_empty(), "told once");
    assert_eq!(reconciler.restore(&lost[0].1), Some(add(&one)));
    assert_eq!(reconciler.restore(&lost[0].1), None, "it is on its way");
    let mut left_alone = one.clone();
    left_alone.route.no_track = true;
    assert_eq!(reconciler.restore(&Lost::Route(Box::new(left_alone))), None);
}

#[test]
fn a_static_route_waits_for_an_interface_that_is_down() {
    let mut reconciler = Reconciler::default();
    let one = route("10.1.0.0", 24, "10.0.0.1");
    let operations = reconciler.want(Holder::Static, network(from_ref(&one), &[]));
    perform(&mut reconciler, &operations);
    reconciler.relist(Vec::new(), Vec::new());
    let lost = reconciler.losses();
    reconciler.postpone(&lost[0].1);
    assert!(reconciler.repairs(Some(index(2)), false).is_empty(), "still down");
    assert!(reconciler.repairs(Some(index(3)), true).is_empty(), "another one");
    assert_eq!(reconciler.repairs(Some(index(2)), true), [add(&one)]);
}

#[test]
fn a_refusal_is_told_once_until_something_went_well() {
    let mut reconciler = Reconciler::default();
    let one = route("10.1.0.0", 24, "10.0.0.1");
    let operations = reconciler.want(A, network(from_ref(&one), &[]));
    assert!(reconciler.finished(&operations[0], false));
    assert_eq!(reconciler.retries(), [add(&one)]);
    assert!(reconciler.retries().is_empty(), "it is on its way");
    assert!(!reconciler.finished(&operations[0], false), "told already");
    assert_eq!(reconciler.retries(), [add(&one)]);
    perform(&mut reconciler, &operations);
    assert!(reconciler.finished(&operations[0], false));
    let asked =
        [reconciler.want(A, network(&[], &[])), reconciler.losses().into_iter().map(|_| add(&one)).collect()];
    assert_eq!(asked.concat(), [remove(&one)], "it is there although the last request was refused");
}

#[test]
fn a_refusal_of_what_nobody_wants_any_more_is_not_told() {
    let mut reconciler = Reconciler::default();
    let one = route("10.1.0.0", 24, "10.0.0.1");
    let operations = reconciler.want(A, network(from_ref(&one), &[]));
    assert!(reconciler.finished(&operations[0], false));
    let again = reconciler.retries();
    reconciler.want(A, network(&[], &[]));
    assert!(!reconciler.finished(&again[0], false));
}

#[test]
fn a_route_with_another_metric_value_is_removed_first() {
    let mut reconciler = Reconciler::default();
    let one = route("10.1.0.0", 24, "10.0.0.1");
    let operations = reconciler.want(A, network(from_ref(&one), &[]));
    perform(&mut reconciler, &operations);
    let mut other = one.clone();
    other.route.options.initcwnd = Some(10);
    assert_eq!(reconciler.want(A, network(from_ref(&other), &[])), [remove(&one), add(&other)]);
}

#[test]
fn what_is_wanted_again_while_it_is_removed_is_added_again() {
    let mut reconciler = Reconciler::default();
    let one = route("10.1.0.0", 24, "10.0.0.1");
    let operations = reconciler.want(A, network(from_ref(&one), &[rule(5)]));
    perform(&mut reconciler, &operations);
    let removals = reconciler.want(A, network(&[], &[]));
    let additions = reconciler.want(B, network(from_ref(&one), &[rule(5)]));
    assert_eq!(additions, [add(&one), Operation::AddRule(Box::new(rule(5)))]);
    perform(&mut reconciler, &[removals, additions].concat());
    assert!(reconciler.losses().is_empty());
    assert!(reconciler.want(B, network(from_ref(&one), &[rule(5)])).is_empty());
}

/// Requests of two turns as MASTER are on their way together: answers to the first say nothing about the second.
#[test]
fn only_the_answer_to_the_last_request_counts() {
    let mut reconciler = Reconciler::default();
    let one = route("10.1.0.0", 24, "10.0.0.1");
    let wish = || network(from_ref(&one), &[]);
    let turns =
        [wish(), network(&[], &[]), wish(), network(&[], &[]), wish()].map(|wish| reconciler.want(A, wish));
    assert_eq!(turns.concat(), [add(&one), remove(&one), add(&one), remove(&one), add(&one)]);
    for turn in &turns {
        perform(&mut reconciler, turn);
        assert!(reconciler.losses().is_empty());
    }
    assert!(reconciler.want(A, wish()).is_empty());
}

#[test]
fn leftovers_are_what_carries_our_mark_and_what_is_configured_without_it() {
    let mut reconciler = Reconciler::default();
    let (wanted, stray) = (route("10.1.0.0", 24, "10.0.0.1"), route("10.2.0.0", 24, "10.0.0.1"));
    let mut unmarked = route("10.3.0.0", 24, "10.0.0.1");
    unmarked.route.protocol = 4;
    reconciler.relist(vec![reported(&wanted), reported(&stray)], vec![rule_of(&rule(7))]);
    assert!(reconciler.want(A, network(from_ref(&wanted), &[])).is_empty(), "it is taken over");
    let leftovers = reconciler.routing_leftovers(&[wanted, unmarked.clone()], &[]);
    let stray = Operation::RemoveRoute(Box::new(reported(&stray)));
    let rule = Operation::RemoveRule(Box::new(rule_of(&rule(7))));
    assert_eq!(leftovers, [rule, stray, remove(&unmarked)]);
}

#[test]
fn a_route_whose_ways_are_lost_in_part_is_lost() {
    let mut reconciler = Reconciler::default();
    let hop = |gateway: &str| WeightedHop {
        hop: Hop { gateway: Some(gateway.parse().expect("literal")), ..Hop::default() },
        weight: 1,
        realms: None,
    };
    let next_hops = NextHops::Multipath(vec![hop("fd00::1"), hop("fd00::2")]);
    let config = RouteConfig { next_hops, ..RouteConfig::plain(prefix("fd01::", 64)) };
    let both = PlacedRoute { route: config, interfaces: vec![None, None], table: 254 };
    let operations = reconciler.want(A, network(from_ref(&both), &[]));
    perform(&mut reconciler, &operations);
    assert!(reconciler.losses().is_empty());
    let second = Route { hops: reported(&both).hops[1..].to_vec(), ..reported(&both) };
    reconciler.route_vanished(&second);
    assert_eq!(reconciler.losses(), [(A, Lost::Route(Box::new(both)))]);
}

#[test]
fn ipv6_routes_that_the_kernel_joins_are_each_still_there() {
    let mut reconciler = Reconciler::default();
    let (one, two) = (route("fd01::", 64, "fd00::1"), route("fd01::", 64, "fd00::2"));
    let operations = reconciler.want(A, network(&[one.clone(), two.clone()], &[]));
    reconciler.route_appeared(reported(&one));
    let hops: Vec<RouteHop> =
        [reported(&one), reported(&two)].into_iter().flat_map(|route| route.hops).collect();
    reconciler.route_appeared(Route { hops, ..reported(&one) });
    for operation in &operations {
        assert!(!reconciler.finished(operation, true));
    }
    assert!(reconciler.losses().is_empty());
    reconciler.route_vanished(&reported(&two));
    assert_eq!(reconciler.losses(), [(A, Lost::Route(Box::new(two)))]);
}

#[test]
fn a_route_without_our_mark_is_never_missed() {
    let mut reconciler = Reconciler::default();
    let mut one = route("10.1.0.0", 24, "10.0.0.1");
    one.route.protocol = 4;
    let operations = reconciler.want(A, network(from_ref(&one), &[]));
    assert!(!reconciler.finished(&operations[0], true));
    reconciler.relist(Vec::new(), Vec::new());
    assert!(reconciler.losses().is_empty());
    assert_eq!(reconciler.want(A, network(&[], &[])), [remove(&one)]);
}

//! Virtual routes and rules, and everything static.

use super::*;
use crate::config::{AddressConfig, Hop, NextHops, RouteConfig, RuleAction, RuleConfig, RuleSelector};
use crate::{Dropped, NetworkPart, PlacedRoute};

fn prefix(text: &str, length: u8) -> Prefix {
    Prefix::new(ip(text), length).expect("a literal length")
}

fn route(destination: &str, interface: Option<&str>) -> RouteConfig {
    let hop = Hop { gateway: Some(ip("10.1.0.254")), interface: interface.map(name), ..Hop::default() };
    RouteConfig { next_hops: NextHops::Single(hop), ..RouteConfig::plain(prefix(destination, 24)) }
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

fn routed() -> InstanceConfig {
    let mut instance = ipv4(150);
    instance.virtual_routes = vec![route("10.2.0.0", Some("eth0"))];
    instance.virtual_rules = vec![rule(1000)];
    instance
}

/// What was wanted for the first instance last.
fn wanted(bench: &Bench) -> WantedNetwork {
    let wanted = bench.log.iter().rev().find_map(|(_, effect)| match effect {
        Effect::Want { network, .. } => Some(WantedNetwork::clone(network)),
        _ => None,
    });
    wanted.unwrap_or_default()
}

/// What static things were wanted, each time.
fn statics(bench: &Bench) -> Vec<WantedNetwork> {
    let wanted = bench.effects().filter_map(|(_, effect)| match effect {
        Effect::WantStatic(network) => Some(WantedNetwork::clone(network)),
        _ => None,
    });
    wanted.collect()
}

fn eth0() -> IfIndex {
    IfIndex::new(2).expect("not 0")
}

#[test]
fn routes_and_rules_come_with_the_role_and_go_with_it() {
    let instance = routed();
    let mut bench = Bench::master(instance.clone());
    let placed =
        PlacedRoute { route: instance.virtual_routes[0].clone(), interfaces: vec![Some(eth0())], table: 254 };
    assert_eq!((wanted(&bench).routes, wanted(&bench).rules), (vec![placed], instance.virtual_rules));
    bench.tell(|engine, now| engine.handle_link(Link { is_up: false, ..link(2, "eth0") }, now));
    assert!(wanted(&bench).is_empty());
    let removed: Vec<_> =
        bench.events().into_iter().filter(|kind| matches!(kind, EventKind::Removing(_))).collect();
    let order = [NetworkPart::Rules, NetworkPart::Routes, NetworkPart::Addresses];
    assert_eq!(removed, order.map(EventKind::Removing).iter().collect::<Vec<_>>());
}

#[test]
fn a_route_that_somebody_removed_costs_one_turn_as_backup() {
    let instance = routed();
    let mut bench = Bench::master(instance.clone());
    bench.tell(|engine, now| engine.handle_route_lost(InstanceId(0), &instance.virtual_routes[0], now));
    assert_eq!(bench.entered(), [State::Backup]);
    assert_eq!(bench.cause(), Cause::RouteLost { destination: prefix("10.2.0.0", 24) });
    assert_eq!(bench.releases(), 1);
    assert_eq!(bench.silence_until_master(), 414_062);
    assert_eq!(wanted(&bench).routes.len(), 1);
    bench.tell(|engine, now| engine.handle_rule_lost(InstanceId(0), &instance.virtual_rules[0], now));
    assert_eq!(bench.cause(), Cause::RuleLost { preference: 1000 });
}

#[test]
fn a_route_or_rule_with_no_track_may_go() {
    let mut instance = routed();
    instance.virtual_routes[0].no_track = true;
    instance.virtual_rules[0].no_track = true;
    let mut bench = Bench::master(instance.clone());
    bench.tell(|engine, now| engine.handle_route_lost(InstanceId(0), &instance.virtual_routes[0], now));
    bench.tell(|engine, now| engine.handle_rule_lost(InstanceId(0), &instance.virtual_rules[0], now));
    bench.tell(|engine, now| engine.handle_route_lost(InstanceId(0), &route("10.9.0.0", None), now));
    assert_eq!(bench.effects().count(), 0);
}

#[test]
fn with_dont_track_primary_a_lost_route_is_asked_for_again() {
    let instance = InstanceConfig { dont_track_primary: true, ..routed() };
    let mut bench = Bench::master(instance.clone());
    bench.tell(|engine, now| engine.handle_route_lost(InstanceId(0), &instance.virtual_routes[0], now));
    assert_eq!(bench.entered(), []);
    assert_eq!(bench.effects().filter(|(_, effect)| matches!(effect, Effect::Want { .. })).count(), 1);
}

#[test]
fn a_route_waits_for_its_interface_and_follows_it() {
    let mut instance = ipv4(150);
    instance.virtual_routes = vec![RouteConfig { no_track: true, ..route("10.2.0.0", Some("wan")) }];
    let mut bench = Bench::master(instance);
    assert_eq!(wanted(&bench).routes, []);
    bench.tell(|engine, now| engine.handle_link(link(9, "wan"), now));
    assert_eq!(wanted(&bench).routes[0].interfaces, [IfIndex::new(9)]);
    bench.tell(|engine, now| engine.handle_link_removed(IfIndex::new(9).expect("not 0"), now));
    bench.tell(|engine, now| engine.handle_link(link(12, "wan"), now));
    assert_eq!(wanted(&bench).routes[0].interfaces, [IfIndex::new(12)]);
    assert_eq!(bench.entered(), []);
    assert_eq!(bench.announced(), [], "its addresses are where they were");
}

#[test]
fn a_route_in_a_vrf_goes_into_its_table() {
    let mut instance = ipv4(150);
    instance.virtual_routes =
        vec![RouteConfig { vrf: Some(name("blue")), ..route("10.2.0.0", Some("eth0")) }];
    let mut bench = Bench::master(instance);
    assert_eq!(wanted(&bench).routes, [], "it is not there yet");
    bench.tell(|engine, now| engine.handle_link(Link { vrf_table: Some(77), ..link(9, "blue") }, now));
    assert_eq!(wanted(&bench).routes[0].table, 77);
}

#[test]
fn a_reload_changes_only_what_differs() {
    let instance = routed();
    let mut bench = Bench::master(instance.clone());
    bench.tell(|engine, now| engine.reconfigure(one(instance.clone()), now));
    assert_eq!(bench.effects().count(), 0);
    let mut changed = instance.clone();
    changed.virtual_routes.push(route("10.3.0.0", None));
    bench.tell(|engine, now| engine.reconfigure(one(changed), now));
    assert_eq!(wanted(&bench).routes.len(), 2);
    assert_eq!((bench.entered(), bench.announced()), (vec![], vec![]));
}

#[test]
fn static_things_are_there_from_the_start_to_the_end() {
    let mut config = one(ipv4(150));
    let mut address = AddressConfig::plain(prefix("10.4.0.1", 24));
    address.interface = Some(name("eth0"));
    config.static_addresses = vec![address.clone()];
    config.static_routes = vec![route("10.2.0.0", Some("eth0")), route("10.3.0.0", Some("wan"))];
    config.static_rules = vec![rule(1000)];
    let mut bench = Bench::begun(config.clone());
    bench.from = 0;
    let [first] = &statics(&bench)[..] else { panic!("asked for once") };
    assert_eq!(first.addresses, [(eth0(), address)]);
    assert_eq!((first.routes.len(), first.rules.len()), (1, 1));
    bench.forget();
    bench.tell(|engine, now| engine.handle_link(link(9, "wan"), now));
    bench.tell(|engine, now| engine.handle_link(Link { mtu: 1400, ..link(2, "eth0") }, now));
    bench.tell(|engine, now| engine.reconfigure(config.clone(), now));
    assert_eq!(statics(&bench).iter().map(|network| network.routes.len()).collect::<Vec<_>>(), [2]);
    bench.forget();
    bench.tell(|engine, now| engine.reconfigure(Config { static_rules: vec![], ..config.clone() }, now));
    assert_eq!(statics(&bench).iter().map(|network| network.rules.len()).collect::<Vec<_>>(), [0]);
    bench.forget();
    bench.tell(Engine::stop);
    assert_eq!(statics(&bench), [WantedNetwork::default()]);
}

/// What the last reload said that it takes away, and who was asked for it.
fn dropped(bench: &Bench) -> Vec<(Subject, Dropped)> {
    let told = bench.effects().filter_map(|(_, effect)| match effect {
        Effect::Event(event) => match &event.kind {
            EventKind::Dropped(dropped) => Some((event.subject.clone(), dropped.clone())),
            _ => None,
        },
        _ => None,
    });
    told.collect()
}

fn of_instance(dropped: impl IntoIterator<Item = Dropped>) -> Vec<(Subject, Dropped)> {
    dropped.into_iter().map(|dropped| (Subject::Instance("VI_1".to_owned()), dropped)).collect()
}

#[test]
fn a_reload_tells_what_a_master_loses_before_it_goes() {
    let mut instance = routed();
    instance.virtual_routes.push(route("10.3.0.0", Some("eth0")));
    let to = RuleSelector { destination: Some(prefix("10.9.0.0", 24)), ..RuleSelector::default() };
    instance.virtual_rules.push(RuleConfig { selector: to, ..rule(1001) });
    instance.excluded_addresses = vec![vip("10.1.0.102"), vip("10.1.0.103")];
    let mut less = instance.clone();
    less.virtual_routes.remove(0);
    less.virtual_rules.remove(1);
    // One address goes, one is an excluded one from now on, and one has another label.
    less.virtual_addresses.clear();
    less.excluded_addresses = vec![vip("10.1.0.100"), vip("10.1.0.102"), vip("10.1.0.103")];
    less.excluded_addresses[2].options.label = Some("eth0:3".to_owned());
    let mut bench = Bench::master(instance);
    bench.tell(|engine, now| engine.reconfigure(one(less.clone()), now));
    let address =
        |text: &str| Dropped::Address { prefix: Prefix::host(ip(text)), interface: "eth0".to_owned() };
    let expected = of_instance([
        Dropped::Rule { source: None, destination: Some(prefix("10.9.0.0", 24)) },
        Dropped::Route(prefix("10.2.0.0", 24)),
        address("10.1.0.101"),
        address("10.1.0.103"),
    ]);
    assert_eq!(dropped(&bench), expected);
    let kinds = bench.effects().map(|(_, effect)| matches!(effect, Effect::Want { .. }));
    assert_eq!(kinds.collect::<Vec<_>>().iter().position(|wants| *wants), Some(4), "and then it goes");
    // Who tracks something is nothing that goes.
    bench.forget();
    less.virtual_routes[0].no_track = true;
    less.virtual_rules[0].no_track = true;
    bench.tell(|engine, now| engine.reconfigure(one(less), now));
    assert_eq!(dropped(&bench), []);
}

#[test]
fn a_reload_tells_the_end_of_a_block_whatever_the_state_and_no_more_of_a_backup() {
    let mut bench = Bench::begun(one(routed()));
    bench.forget();
    let mut less = routed();
    less.virtual_routes = vec![route("10.3.0.0", Some("eth0"))];
    less.virtual_addresses.pop();
    bench.tell(|engine, now| engine.reconfigure(one(less), now));
    assert_eq!(dropped(&bench), [], "nothing of it was there");
    bench.tell(|engine, now| engine.reconfigure(one(ipv4(150)), now));
    assert_eq!(dropped(&bench), of_instance([Dropped::AllRules, Dropped::AllRoutes]));
}

#[test]
fn a_reload_tells_what_static_things_it_takes_away() {
    let with = |address: &str| AddressConfig { interface: Some(name("eth0")), ..vip(address) };
    let config = || Config {
        static_addresses: vec![with("10.5.0.1"), with("10.5.0.2")],
        static_routes: vec![route("10.4.0.0", Some("eth0")), route("10.6.0.0", Some("eth0"))],
        static_rules: vec![rule(30)],
        ..one(ipv4(150))
    };
    let mut bench = Bench::begun(config());
    bench.forget();
    let mut less = config();
    less.static_addresses.remove(0);
    less.static_routes.remove(1);
    less.static_rules.clear();
    bench.tell(|engine, now| engine.reconfigure(less, now));
    let expected = [
        Dropped::AllRules,
        Dropped::Route(prefix("10.6.0.0", 24)),
        Dropped::Address { prefix: Prefix::host(ip("10.5.0.1")), interface: "eth0".to_owned() },
    ];
    assert_eq!(dropped(&bench), expected.map(|dropped| (Subject::Process, dropped)));
}

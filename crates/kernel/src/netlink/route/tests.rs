//! Routes as the kernel takes them, compared with what `ip` shows; and messages that are odd.

use super::super::decode::Messages;
use super::super::{Change, Done, Monitor, Request, Requests};
use super::*;
use crate::testing::{in_network_namespace, ip, when_steady};

fn prefix(text: &str) -> Prefix {
    let (address, length) = text.split_once('/').expect("a literal prefix");
    Prefix::new(address.parse().expect("literal"), length.parse().expect("literal")).expect("fits")
}

fn gateway(text: &str) -> RouteHop {
    RouteHop { gateway: Some(text.parse().expect("literal")), weight: 1, ..RouteHop::default() }
}

fn spec(route: Route, details: RouteDetails) -> RouteSpec {
    RouteSpec { route, details, placement: Placement::Prepend }
}

/// Two interfaces with addresses; returns their numbers.
fn wires() -> (IfIndex, IfIndex) {
    for (name, peer, net) in [("eth0", "p0", 77), ("eth1", "p1", 78)] {
        ip(&format!("link add {name} type veth peer name {peer}"));
        ip(&format!("link set {peer} up"));
        ip(&format!("link set {name} up"));
        ip(&format!("addr add 10.{net}.0.1/24 dev {name}"));
        ip(&format!("addr add fd{net}::1/64 dev {name} nodad"));
    }
    let links = Requests::open().expect("a socket").dump_links().expect("links");
    let index = |name| links.iter().find(|link| link.name == name).expect("it was made").index;
    (index("eth0"), index("eth1"))
}

fn execute(requests: &mut Requests, operations: Vec<RouteOp>) -> Vec<Result<Done, NetlinkError>> {
    let operations: Vec<Request> = operations.into_iter().map(Into::into).collect();
    requests.execute(&operations).expect("a socket")
}

/// One of each kind of option.
fn samples(eth0: IfIndex, eth1: IfIndex) -> Vec<(RouteSpec, &'static str)> {
    let metric = |kind, value, locked| RouteMetric { kind, value, locked };
    let plain =
        |destination: &str, hop: RouteHop| Route { hops: vec![hop], ..Route::new(prefix(destination)) };
    let on = |index| RouteHop { index: Some(index), weight: 1, ..RouteHop::default() };
    let tunnel = Ipv4Encapsulation {
        id: Some(5),
        destination: Some("10.77.0.9".parse().expect("literal")),
        ttl: Some(8),
        ..Ipv4Encapsulation::default()
    };
    let tunnelled = HopDetails { encapsulation: Some(Encapsulation::Ipv4(tunnel)), realms: None };
    vec![
        (
            spec(plain("10.1.0.0/24", on(eth0)), RouteDetails::default()),
            "10.1.0.0/24 dev eth0 table main proto keepalived",
        ),
        (
            spec(
                Route {
                    table: 1000,
                    metric: Some(50),
                    preferred_source: Some("10.77.0.1".parse().expect("literal")),
                    ..plain("10.2.0.0/24", gateway("10.77.0.254"))
                },
                RouteDetails::default(),
            ),
            "10.2.0.0/24 via 10.77.0.254 dev eth0 table 1000 proto keepalived scope global src 10.77.0.1 metric 50",
        ),
        (
            spec(
                plain("10.3.0.0/24", on(eth0)),
                RouteDetails {
                    realms: Some(3 << 16 | 4),
                    metrics: vec![metric(MetricKind::Mtu, 1400, true), metric(MetricKind::Rtt, 2400, false)],
                    congestion_control: Some(("reno".to_owned(), true)),
                    ..RouteDetails::default()
                },
            ),
            "realms 3/4 mtu lock 1400 rtt 300ms congctl lock reno",
        ),
        (
            spec(
                Route {
                    hops: vec![
                        RouteHop { weight: 2, ..gateway("10.77.0.253") },
                        RouteHop { index: Some(eth1), weight: 3, ..gateway("10.78.0.254") },
                    ],
                    ..Route::new(prefix("10.4.0.0/24"))
                },
                RouteDetails::default(),
            ),
            "nexthop via 10.77.0.253 dev eth0 weight 2 \n\tnexthop via 10.78.0.254 dev eth1 weight 3",
        ),
        (
            spec(
                plain("10.5.0.0/24", RouteHop { index: Some(eth0), ..gateway("fd77::9") }),
                RouteDetails::default(),
            ),
            "10.5.0.0/24 via inet6 fd77::9 dev eth0",
        ),
        (
            spec(
                plain("10.6.0.0/24", on(eth0)),
                RouteDetails { hops: vec![tunnelled], ..RouteDetails::default() },
            ),
            "10.6.0.0/24  encap ip id 5 src 0.0.0.0 dst 10.77.0.9 ttl 8 tos 0",
        ),
        (
            spec(Route { kind: 6, ..Route::new(prefix("10.7.0.0/24")) }, RouteDetails::default()),
            "blackhole 10.7.0.0/24 table main proto keepalived",
        ),
        (
            spec(
                Route { metric: Some(55), ..plain("fd01::/64", gateway("fd77::254")) },
                RouteDetails { preference: Some(1), expires_s: Some(1000), ..RouteDetails::default() },
            ),
            "fd01::/64 via fd77::254 dev eth0 table main proto keepalived scope global metric 55 expires",
        ),
        (
            spec(
                Route { source: Some(prefix("fd66::/64")), ..plain("fd02::/64", on(eth0)) },
                RouteDetails::default(),
            ),
            "fd02::/64 from fd66::/64 dev eth0",
        ),
        (
            spec(
                Route {
                    hops: vec![gateway("fd77::253"), gateway("fd78::254")],
                    ..Route::new(prefix("fd03::/64"))
                },
                RouteDetails::default(),
            ),
            "nexthop via fd77::253 dev eth0 weight 1 \n\tnexthop via fd78::254 dev eth1 weight 1",
        ),
    ]
}

fn listed() -> String {
    ip("-d -4 route show table all") + &ip("-d -6 route show table all")
}

#[test]
fn routes_come_and_go_as_ip_shows_them() {
    in_network_namespace(|| {
        let (eth0, eth1) = wires();
        let mut requests = Requests::open().expect("a socket");
        let samples = samples(eth0, eth1);
        for (spec, shown) in &samples {
            let outcome =
                execute(&mut requests, vec![RouteOp::Add(spec.clone()), RouteOp::Add(spec.clone())]);
            assert_eq!(outcome, [Ok(Done::Done), Ok(Done::Already)], "{shown}");
            assert!(listed().contains(shown), "{shown}: {}", listed());
        }
        let glance = || requests.glance_at_marked().expect("an answer");
        let seen = when_steady(glance, |seen| seen.is_steady);
        assert_eq!(seen.routes.len(), samples.len());
        // What was listed can be removed by what the listing says, and what was wanted by what was asked for.
        let wanted = samples.iter().map(|(spec, _)| RouteOp::Remove(spec.route.clone())).collect();
        for (outcome, (_, shown)) in execute(&mut requests, wanted).iter().zip(&samples) {
            assert_eq!(*outcome, Ok(Done::Done), "{shown}");
        }
        execute(&mut requests, samples.iter().map(|(spec, _)| RouteOp::Add(spec.clone())).collect());
        let removals = |requests: &mut Requests| {
            let seen = requests.glance_at_marked().expect("an answer").routes;
            execute(requests, seen.into_iter().map(RouteOp::Remove).collect())
        };
        assert_eq!(removals(&mut requests), vec![Ok(Done::Done); samples.len()]);
        assert_eq!(requests.glance_at_marked().expect("an answer").routes, []);
    });
}

#[test]
fn a_route_that_cannot_be_is_refused_with_the_reason() {
    in_network_namespace(|| {
        wires();
        let mut requests = Requests::open().expect("a socket");
        let nowhere = Route { hops: vec![gateway("192.0.2.1")], ..Route::new(prefix("10.1.0.0/24")) };
        let outcome =
            execute(&mut requests, vec![RouteOp::Add(spec(nowhere.clone(), RouteDetails::default()))]);
        assert_eq!(outcome[0].as_ref().expect_err("no way there").errno, libc::ENETUNREACH);
        assert_eq!(execute(&mut requests, vec![RouteOp::Remove(nowhere)]), [Ok(Done::Gone)]);
    });
}

#[test]
fn the_monitor_hears_of_our_routes_and_of_none_that_others_made() {
    in_network_namespace(|| {
        wires();
        let mut monitor = Monitor::open().expect("a socket");
        monitor.watch_routing().expect("the groups");
        let requests = Requests::open().expect("a socket");
        monitor.leave_out_additions_by(requests.port()).expect("a filter");
        ip("route add 10.1.0.0/24 dev eth0");
        ip("route add 10.2.0.0/24 dev eth0 proto 18");
        ip("-6 route add fd02::/64 dev eth0 proto 18");
        ip("route replace 10.2.0.0/24 dev eth1 proto 4");
        ip("-6 route del fd02::/64 dev eth0 proto 18");
        let mut changes = Vec::new();
        while monitor.read(&mut changes).expect("a socket") {}
        let told: Vec<(String, bool, bool)> = changes
            .into_iter()
            .filter_map(|change| match change {
                Change::RouteAdded { route, replaces } => {
                    Some((route.destination.to_string(), true, replaces))
                }
                Change::RouteRemoved(route) => Some((route.destination.to_string(), false, false)),
                _ => None,
            })
            .collect();
        let expected = [
            ("10.2.0.0/24", true, false),
            ("fd02::/64", true, false),
            ("10.2.0.0/24", true, true),
            ("fd02::/64", false, false),
        ];
        let expected =
            expected.map(|(destination, added, replaces)| (destination.to_owned(), added, replaces));
        assert_eq!(told, expected);
    });
}

#[test]
fn a_thousand_routes_take_a_batch() {
    in_network_namespace(|| {
        let (eth0, _) = wires();
        let mut requests = Requests::open().expect("a socket");
        let routes = (0..1000_u32).map(|number| {
            let destination = std::net::Ipv4Addr::from_bits(0x0b00_0000 + number);
            let hops = vec![RouteHop { index: Some(eth0), weight: 1, ..RouteHop::default() }];
            Route { hops, ..Route::new(Prefix::host(destination.into())) }
        });
        let adds = routes.map(|route| RouteOp::Add(spec(route, RouteDetails::default()))).collect();
        assert_eq!(execute(&mut requests, adds), vec![Ok(Done::Done); 1000]);
        assert_eq!(requests.glance_at_marked().expect("an answer").routes.len(), 1000);
    });
}

#[test]
fn messages_cut_or_changed_anywhere_do_no_harm() {
    let eth0 = IfIndex::new(2).expect("not 0");
    let mut encoder = Encoder::default();
    for (spec, _) in samples(eth0, eth0) {
        RouteOp::Add(spec).encode(7, &mut encoder);
    }
    let whole = encoder.bytes().to_vec();
    let read = |bytes: &[u8]| Messages(bytes).filter_map(decode).count();
    assert_eq!(read(&whole), 10);
    for end in 0..whole.len() {
        read(&whole[..end]);
    }
    for at in 0..whole.len() {
        for value in [0, 1, 4, 8, 0x7f, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] = value;
            read(&bytes);
        }
    }
}

//! Routes as the kernel wants them said.

use keepalived_kernel::netlink::route::{
    Encapsulation, HopDetails, Ipv4Encapsulation, Ipv6Encapsulation, MetricKind, Placement, Route,
    RouteDetails, RouteHop, RouteMetric, RouteSpec,
};
use keepalived_kernel::netlink::{SCOPE_GLOBAL, SCOPE_LINK};
use keepalived_types::IfIndex;
use keepalived_vrrp::PlacedRoute;
use keepalived_vrrp::config::{self, Hop, Lockable, NextHops, Realms, RouteOptions, RoutePlacement};
use std::time::Duration;

/// RT_SCOPE_HOST.
const SCOPE_HOST: u8 = 254;
/// RTAX_FEATURE_ECN.
const FEATURE_ECN: u32 = 1;

/// What tells a route apart from others.
#[must_use]
pub(crate) fn route_of(placed: &PlacedRoute) -> Route {
    let config = &placed.route;
    let hops: Vec<RouteHop> = match &config.next_hops {
        NextHops::Single(hop) => vec![way_of(hop, 1, placed.interfaces.first())],
        NextHops::Multipath(hops) => {
            let ways = hops.iter().enumerate();
            ways.map(|(at, hop)| way_of(&hop.hop, hop.weight, placed.interfaces.get(at))).collect()
        }
    };
    let says_something = |hop: &RouteHop| hop.gateway.is_some() || hop.index.is_some() || hop.on_link;
    Route {
        source: config.source,
        preferred_source: config.preferred_source,
        tos: config.tos.unwrap_or(0),
        table: placed.table,
        protocol: config.protocol,
        scope: config.scope.unwrap_or(usual_scope(config.kind)),
        kind: config.kind,
        metric: config.metric,
        hops: if hops.iter().any(says_something) { hops } else { Vec::new() },
        ..Route::new(config.destination)
    }
}

/// The scope of a route that names none. The kernel refuses others for these kinds, so the original cannot set them.
const fn usual_scope(kind: u8) -> u8 {
    match kind {
        // RTN_LOCAL, RTN_NAT.
        2 | 10 => SCOPE_HOST,
        // RTN_BROADCAST, RTN_ANYCAST.
        3 | 4 => SCOPE_LINK,
        _ => SCOPE_GLOBAL,
    }
}

/// A route with everything that rides on it.
#[must_use]
pub(super) fn spec_of(placed: &PlacedRoute) -> RouteSpec {
    let config = &placed.route;
    let options = &config.options;
    let hops = match &config.next_hops {
        NextHops::Single(hop) => vec![HopDetails { encapsulation: encapsulation_of(hop), realms: None }],
        NextHops::Multipath(hops) => {
            let details = |hop: &config::WeightedHop| HopDetails {
                encapsulation: encapsulation_of(&hop.hop),
                realms: hop.realms.map(realms_of),
            };
            hops.iter().map(details).collect()
        }
    };
    let congestion_control = options.congestion_control.as_ref();
    RouteSpec {
        route: route_of(placed),
        details: RouteDetails {
            realms: config.realms.map(realms_of),
            metrics: metrics_of(options),
            congestion_control: congestion_control.map(|control| (control.value.clone(), control.locked)),
            preference: options.preference,
            ttl_propagate: options.ttl_propagate,
            expires_s: options.expires_s,
            hops,
        },
        placement: match config.placement {
            RoutePlacement::Add => Placement::Add,
            RoutePlacement::Append => Placement::Append,
            RoutePlacement::Prepend => Placement::Prepend,
        },
    }
}

fn way_of(hop: &Hop, weight: u16, index: Option<&Option<IfIndex>>) -> RouteHop {
    RouteHop { gateway: hop.gateway, index: index.copied().flatten(), on_link: hop.on_link, weight }
}

/// `from << 16 | to`, as the kernel keeps them.
pub(super) fn realms_of(realms: Realms) -> u32 {
    u32::from(realms.from) << 16 | u32::from(realms.to)
}

fn metrics_of(options: &RouteOptions) -> Vec<RouteMetric> {
    let plain = |value: Option<u32>| value.map(|value| (value, false));
    let lockable = |value: Option<Lockable<u32>>| value.map(|value| (value.value, value.locked));
    let time = |value: Option<Lockable<Duration>>, per_ms: u32| {
        let millis = |time: Duration| u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
        value.map(|value| (millis(value.value).saturating_mul(per_ms), value.locked))
    };
    let values = [
        (MetricKind::Mtu, lockable(options.mtu)),
        (MetricKind::Window, plain(options.window)),
        (MetricKind::Rtt, time(options.rtt, 8)),
        (MetricKind::RttVar, time(options.rttvar, 4)),
        (MetricKind::SsThresh, lockable(options.ssthresh)),
        (MetricKind::Cwnd, lockable(options.cwnd)),
        (MetricKind::AdvMss, lockable(options.advmss)),
        (MetricKind::Reordering, lockable(options.reordering)),
        (MetricKind::HopLimit, plain(options.hop_limit.map(u32::from))),
        (MetricKind::InitCwnd, plain(options.initcwnd)),
        (MetricKind::Features, plain(options.ecn.then_some(FEATURE_ECN))),
        (MetricKind::RtoMin, time(options.rto_min, 1)),
        (MetricKind::InitRwnd, plain(options.initrwnd)),
        (MetricKind::QuickAck, plain(options.quickack.map(u32::from))),
        (MetricKind::FastOpenNoCookie, plain(options.fastopen_no_cookie.map(u32::from))),
    ];
    let given = values.into_iter().filter_map(|(kind, value)| Some((kind, value?)));
    given.map(|(kind, (value, locked))| RouteMetric { kind, value, locked }).collect()
}

fn encapsulation_of(hop: &Hop) -> Option<Encapsulation> {
    Some(match hop.encapsulation.as_ref()? {
        config::Encapsulation::Ip(tunnel) => Encapsulation::Ipv4(Ipv4Encapsulation {
            id: tunnel.id,
            destination: tunnel.destination,
            source: tunnel.source,
            tos: tunnel.tos,
            ttl: tunnel.ttl,
            flags: tunnel.flags,
        }),
        config::Encapsulation::Ip6(tunnel) => Encapsulation::Ipv6(Ipv6Encapsulation {
            id: tunnel.id,
            destination: tunnel.destination,
            source: tunnel.source,
            traffic_class: tunnel.traffic_class,
            hop_limit: tunnel.hop_limit,
            flags: tunnel.flags,
        }),
        config::Encapsulation::Mpls(labels) => Encapsulation::Mpls(labels.clone()),
        config::Encapsulation::Ila(locator) => Encapsulation::Ila(*locator),
    })
}

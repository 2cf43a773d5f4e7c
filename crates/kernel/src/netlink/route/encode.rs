//! Writing route requests.

use super::super::address::{family_number, put_address};
use super::super::encode::Encoder;
use super::{BODY, HopDetails, Route, RouteDetails, RouteHop, RouteSpec};
use keepalived_types::{Family, Prefix};
use std::net::IpAddr;

/// RT_SCOPE_NOWHERE: when removing, any scope.
const SCOPE_NOWHERE: u8 = 255;
/// RTNH_F_ONLINK.
const ON_LINK: u8 = 4;
/// RTA_VIA: a gateway of the other family.
const RTA_VIA: u16 = 18;
/// RTA_PREF.
const RTA_PREF: u16 = 20;
/// RTA_EXPIRES.
const RTA_EXPIRES: u16 = 23;
/// RTA_TTL_PROPAGATE.
const RTA_TTL_PROPAGATE: u16 = 26;
/// RTAX_LOCK: a mask of the metrics that are locked.
const RTAX_LOCK: u16 = 1;
/// RTAX_CC_ALGO.
const RTAX_CC_ALGO: u16 = 16;

/// RTM_NEWROUTE.
pub(super) fn add(spec: &RouteSpec, flags: u16, sequence: u32, to: &mut Encoder) {
    let route = &spec.route;
    to.begin(libc::RTM_NEWROUTE, flags, sequence, &header(route, route.scope));
    identity(route, to);
    details(&spec.details, to);
    ways(route, &spec.details.hops, to);
}

/// RTM_DELROUTE.
pub(super) fn remove(route: &Route, sequence: u32, to: &mut Encoder) {
    to.begin(libc::RTM_DELROUTE, 0, sequence, &header(route, SCOPE_NOWHERE));
    identity(route, to);
    ways(route, &[], to);
}

/// struct rtmsg.
fn header(route: &Route, scope: u8) -> [u8; BODY] {
    let mut body = [0; BODY];
    body[0] = u8::try_from(family_number(route.family())).unwrap_or(0);
    body[1] = route.destination.length();
    body[2] = route.source.map_or(0, |source| source.length());
    body[3] = route.tos;
    // Greater ones stand in RTA_TABLE only.
    body[4] = u8::try_from(route.table).unwrap_or(0);
    body[5] = route.protocol;
    body[6] = scope;
    body[7] = route.kind;
    if let [only] = &route.hops[..] {
        body[8..].copy_from_slice(&u32::from(hop_flags(only)).to_ne_bytes());
    }
    body
}

fn identity(route: &Route, to: &mut Encoder) {
    if route.destination.length() > 0 {
        put_address(to, libc::RTA_DST, route.destination.address());
    }
    if let Some(source) = route.source {
        put_address(to, libc::RTA_SRC, source.address());
    }
    if let Some(preferred) = route.preferred_source {
        put_address(to, libc::RTA_PREFSRC, preferred);
    }
    to.attribute(libc::RTA_TABLE, &route.table.to_ne_bytes());
    if let Some(metric) = route.metric {
        to.attribute(libc::RTA_PRIORITY, &metric.to_ne_bytes());
    }
}

fn details(details: &RouteDetails, to: &mut Encoder) {
    if let Some(realms) = details.realms {
        to.attribute(libc::RTA_FLOW, &realms.to_ne_bytes());
    }
    if let Some(expires) = details.expires_s {
        to.attribute(RTA_EXPIRES, &expires.to_ne_bytes());
    }
    if let Some(preference) = details.preference {
        to.attribute(RTA_PREF, &[preference]);
    }
    if let Some(propagate) = details.ttl_propagate {
        to.attribute(RTA_TTL_PROPAGATE, &[u8::from(propagate)]);
    }
    let congestion_locked = details.congestion_control.as_ref().is_some_and(|(_, locked)| *locked);
    let locked = details.metrics.iter().filter(|metric| metric.locked).map(|metric| 1 << metric.kind as u16);
    let locks: u32 = locked.fold(u32::from(congestion_locked) << RTAX_CC_ALGO, |all, bit: u32| all | bit);
    if details.metrics.is_empty() && details.congestion_control.is_none() {
        return;
    }
    let nest = to.begin_nest(libc::RTA_METRICS);
    if locks != 0 {
        to.attribute(RTAX_LOCK, &locks.to_ne_bytes());
    }
    for metric in &details.metrics {
        to.attribute(metric.kind as u16, &metric.value.to_ne_bytes());
    }
    if let Some((name, _)) = &details.congestion_control {
        to.attribute(RTAX_CC_ALGO, &[name.as_bytes(), b"\0"].concat());
    }
    to.end_nest(nest);
}

/// One way stands in the route itself, several in RTA_MULTIPATH.
fn ways(route: &Route, details: &[HopDetails], to: &mut Encoder) {
    let none = HopDetails::default();
    match &route.hops[..] {
        [] => {}
        [only] => {
            way(only, details.first().unwrap_or(&none), route.destination, to);
            if let Some(index) = only.index {
                to.attribute(libc::RTA_OIF, &index.get().to_ne_bytes());
            }
        }
        several => {
            let nest = to.begin_nest(libc::RTA_MULTIPATH);
            for (position, hop) in several.iter().enumerate() {
                // struct rtnexthop: length (filled in at the end), flags, weight - 1, interface.
                let weight = u8::try_from(hop.weight.saturating_sub(1)).unwrap_or(u8::MAX);
                let [a, b, c, d] = hop.index.map_or(0, |index| index.get()).to_ne_bytes();
                let record = to.begin_record(&[0, 0, hop_flags(hop), weight, a, b, c, d]);
                let details = details.get(position).unwrap_or(&none);
                way(hop, details, route.destination, to);
                if let Some(realms) = details.realms {
                    to.attribute(libc::RTA_FLOW, &realms.to_ne_bytes());
                }
                to.end_nest(record);
            }
            to.end_nest(nest);
        }
    }
}

fn way(hop: &RouteHop, details: &HopDetails, destination: Prefix, to: &mut Encoder) {
    match hop.gateway {
        Some(gateway) if Family::of(gateway) == destination.family() => {
            put_address(to, libc::RTA_GATEWAY, gateway);
        }
        // struct rtvia: the family, then the address.
        Some(gateway) => {
            let family = u16::try_from(family_number(Family::of(gateway))).unwrap_or(0).to_ne_bytes();
            let via = match gateway {
                IpAddr::V4(address) => [&family[..], &address.octets()].concat(),
                IpAddr::V6(address) => [&family[..], &address.octets()].concat(),
            };
            to.attribute(RTA_VIA, &via);
        }
        None => {}
    }
    if let Some(encapsulation) = &details.encapsulation {
        encapsulation.encode(to);
    }
}

const fn hop_flags(hop: &RouteHop) -> u8 {
    if hop.on_link { ON_LINK } else { 0 }
}

//! How routes and rules are told apart, by us and by the kernel.

use super::Operation;
use crate::vrrp::route_spec::route_of;
use crate::vrrp::rule_spec::rule_of;
use keepalived_kernel::netlink::route::{PROTOCOL_KEEPALIVED, Route, RouteHop};
use keepalived_kernel::netlink::rule::Rule;
use keepalived_types::{Family, Prefix};
use keepalived_vrrp::PlacedRoute;
use keepalived_vrrp::config::RuleConfig;
use std::fmt::Debug;
use std::hash::Hash;

/// Something wanted of a kind that the kernel has many of.
pub(super) trait Item: Clone + Debug + Eq + Hash {
    /// What both sides surely agree on: only those with the same key are compared.
    type Key: Clone + Debug + Eq + Hash;
    /// As the kernel tells it.
    type Seen: Clone + Debug;

    /// The key of what is wanted.
    fn key(&self) -> Self::Key;
    /// The key of what is there.
    fn key_of(seen: &Self::Seen) -> Self::Key;
    /// Is that what is wanted?
    fn is(&self, seen: &Self::Seen) -> bool;
    /// Are these the same thing to the kernel?
    fn are_same(one: &Self::Seen, other: &Self::Seen) -> bool;
    /// What is left of `seen` when the kernel tells that `gone` is; `None` for nothing.
    fn without(seen: &Self::Seen, gone: &Self::Seen) -> Option<Self::Seen>;
    /// Has `new` taken the place of `old`, because it has grown out of it?
    fn grew_out_of(new: &Self::Seen, old: &Self::Seen) -> bool;
    /// Nobody cares when it goes away.
    fn is_left_alone(&self) -> bool;
    /// It carries our mark: the kernel's reports about it reach us.
    fn is_marked(&self) -> bool;
    /// The request that brings it.
    fn addition(&self) -> Operation;
    /// The request that takes it away.
    fn removal(&self) -> Operation;
    /// The request that takes away what was found.
    fn removal_of(seen: &Self::Seen) -> Operation;
}

/// Table, destination, source, type of service and metric of a route.
pub(super) type RouteKey = (u32, Prefix, Option<Prefix>, u8, u32);

fn route_key(route: &Route) -> RouteKey {
    let metric = match (route.family(), route.metric) {
        (Family::V4, metric) => metric.unwrap_or(0),
        // The kernel's default, IP6_RT_PRIO_USER.
        (Family::V6, None | Some(0)) => 1024,
        (Family::V6, Some(metric)) => metric,
    };
    (route.table, route.destination, route.source, route.tos, metric)
}

/// What is wanted may leave out what the kernel finds: the interface of a gateway.
fn is_way(wanted: &RouteHop, there: &RouteHop) -> bool {
    wanted.gateway.is_none_or(|gateway| there.gateway == Some(gateway))
        && wanted.index.is_none_or(|index| there.index == Some(index))
}

fn is_same_way(one: &RouteHop, other: &RouteHop) -> bool {
    (one.gateway, one.index) == (other.gateway, other.index)
}

impl Item for PlacedRoute {
    type Key = RouteKey;
    type Seen = Route;

    fn key(&self) -> RouteKey {
        route_key(&route_of(self))
    }

    fn key_of(seen: &Route) -> RouteKey {
        route_key(seen)
    }

    fn is(&self, seen: &Route) -> bool {
        let wanted = route_of(self);
        let found = |hop: &RouteHop| seen.hops.iter().any(|there| is_way(hop, there));
        // IPv6 routes to one destination that could share the load are one route to the kernel.
        let may_share = wanted.family() == Family::V6;
        let fits = wanted.hops.is_empty() || wanted.hops.len() == seen.hops.len() || may_share;
        wanted.kind == seen.kind && fits && wanted.hops.iter().all(found)
    }

    fn are_same(one: &Route, other: &Route) -> bool {
        let same_ways = one.hops.len() == other.hops.len()
            && one.hops.iter().all(|hop| other.hops.iter().any(|there| is_same_way(hop, there)));
        one.kind == other.kind && same_ways
    }

    fn without(seen: &Route, gone: &Route) -> Option<Route> {
        if seen.family() == Family::V4 || seen.kind != gone.kind {
            return Some(seen.clone()); // Another one with the same key.
        }
        let is_left = |hop: &&RouteHop| !gone.hops.iter().any(|other| is_same_way(hop, other));
        let hops: Vec<RouteHop> = seen.hops.iter().filter(is_left).cloned().collect();
        (!hops.is_empty()).then(|| Route { hops, ..seen.clone() })
    }

    fn grew_out_of(new: &Route, old: &Route) -> bool {
        let is_kept = |hop: &RouteHop| new.hops.iter().any(|there| is_same_way(hop, there));
        new.family() == Family::V6 && !old.hops.is_empty() && old.hops.iter().all(is_kept)
    }

    fn is_left_alone(&self) -> bool {
        self.route.no_track
    }

    fn is_marked(&self) -> bool {
        self.route.protocol == PROTOCOL_KEEPALIVED
    }

    fn addition(&self) -> Operation {
        Operation::AddRoute(Box::new(self.clone()))
    }

    fn removal(&self) -> Operation {
        Operation::RemoveRoute(Box::new(route_of(self)))
    }

    fn removal_of(seen: &Route) -> Operation {
        Operation::RemoveRoute(Box::new(seen.clone()))
    }
}

/// The kernel tells all of a rule, and nothing else.
impl Item for RuleConfig {
    type Key = (Family, u32);
    type Seen = Rule;

    fn key(&self) -> (Family, u32) {
        (self.family, self.preference)
    }

    fn key_of(seen: &Rule) -> (Family, u32) {
        (seen.family, seen.priority)
    }

    fn is(&self, seen: &Rule) -> bool {
        rule_of(self) == *seen
    }

    fn are_same(one: &Rule, other: &Rule) -> bool {
        one == other
    }

    fn without(seen: &Rule, _: &Rule) -> Option<Rule> {
        Some(seen.clone())
    }

    fn grew_out_of(_: &Rule, _: &Rule) -> bool {
        false
    }

    fn is_left_alone(&self) -> bool {
        self.no_track
    }

    fn is_marked(&self) -> bool {
        self.protocol == PROTOCOL_KEEPALIVED
    }

    fn addition(&self) -> Operation {
        Operation::AddRule(Box::new(self.clone()))
    }

    fn removal(&self) -> Operation {
        Operation::RemoveRule(Box::new(rule_of(self)))
    }

    fn removal_of(seen: &Rule) -> Operation {
        Operation::RemoveRule(Box::new(seen.clone()))
    }
}

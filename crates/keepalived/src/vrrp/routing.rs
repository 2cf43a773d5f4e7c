//! What the log says of routes and rules.

use super::reconcile::{Lost, Operation};
use keepalived_kernel::netlink::NetlinkError;
use keepalived_kernel::netlink::route::{Route, RouteHop};
use keepalived_types::{IfIndex, Prefix};
use keepalived_vrrp::config::{Hop, NextHops, RouteConfig, RuleConfig};
use std::fmt::Write as _;
use std::net::IpAddr;

/// The line about a request that the kernel refused. It begins as the original's does, which knows the kernel's errno and
/// the kind of request; what follows says which one it was. `name` finds the name of an interface.
pub(super) fn refusal(
    operation: &Operation,
    error: &NetlinkError,
    name: impl Fn(IfIndex) -> String,
) -> String {
    let (kind, number, what) = match operation {
        Operation::Add(key, _) => {
            return format!("Netlink: cannot add address {} on {}: {error}", key.prefix, name(key.index));
        }
        Operation::Remove(key, _) => {
            return format!("Netlink: cannot remove address {} on {}: {error}", key.prefix, name(key.index));
        }
        Operation::AddRoute(placed) => ("RTM_NEWROUTE", 24, format!("add route {}", route(&placed.route))),
        Operation::RemoveRoute(there) => ("RTM_DELROUTE", 25, format!("remove route {}", found(there, name))),
        Operation::AddRule(config) => ("RTM_NEWRULE", 32, format!("add rule {}", rule(config))),
        Operation::RemoveRule(rule) => ("RTM_DELRULE", 33, format!("remove rule priority {}", rule.priority)),
    };
    let errno = error.errno;
    let words = std::io::Error::from_raw_os_error(errno).to_string();
    let words = words.split_once(" (os error").map_or(words.as_str(), |(words, _)| words);
    let mut line = format!("Netlink: error: {words}({errno}), type={kind}({number}): cannot {what}");
    if let Some(message) = &error.message {
        // Writing to a String cannot fail.
        let _ok = write!(line, ": {message}");
    }
    line
}

/// The line about something static that is put back.
pub(super) fn restoring(lost: &Lost, name: impl Fn(IfIndex) -> String) -> String {
    let what = match lost {
        Lost::Address(key) => format!("address {} dev {}", key.prefix, name(key.index)),
        Lost::Route(placed) => format!("route {}", route(&placed.route)),
        Lost::Rule(config) => format!("rule {}", rule(config)),
    };
    format!("Restoring deleted static {what}")
}

/// A host without the length that all hosts have.
fn short(prefix: Prefix) -> String {
    if prefix.length() == prefix.family().bits() { prefix.address().to_string() } else { prefix.to_string() }
}

/// A route by its destination and ways.
fn route(route: &RouteConfig) -> String {
    let mut text = short(route.destination);
    match &route.next_hops {
        NextHops::Single(hop) => push_hop(&mut text, hop),
        NextHops::Multipath(hops) => {
            for weighted in hops {
                text.push_str(" nexthop");
                push_hop(&mut text, &weighted.hop);
            }
        }
    }
    if let Some(table) = route.table {
        let _ok = write!(text, " table {table}");
    }
    text
}

fn push_hop(text: &mut String, hop: &Hop) {
    push_way(text, hop.gateway, hop.interface.as_ref().map(ToString::to_string));
}

fn push_way(text: &mut String, gateway: Option<IpAddr>, interface: Option<String>) {
    if let Some(gateway) = gateway {
        let family = if gateway.is_ipv4() { "inet" } else { "inet6" };
        let _ok = write!(text, " via {family} {gateway}");
    }
    if let Some(interface) = interface {
        let _ok = write!(text, " dev {interface}");
    }
}

/// A route that was found on the machine.
fn found(route: &Route, name: impl Fn(IfIndex) -> String) -> String {
    let mut text = short(route.destination);
    for RouteHop { gateway, index, .. } in &route.hops {
        push_way(&mut text, *gateway, index.map(&name));
    }
    text
}

/// A rule by its addresses and preference.
fn rule(rule: &RuleConfig) -> String {
    let source = rule.selector.source.map_or_else(|| "all".to_owned(), short);
    let mut text = format!("from {source}");
    if let Some(destination) = rule.selector.destination {
        let _ok = write!(text, " to {}", short(destination));
    }
    let _ok = write!(text, " priority {}", rule.preference);
    text
}

//! One route as dumps show it: numbers, not names.

use super::text::push;
use keepalived_types::Prefix;
use keepalived_vrrp::config::{
    Encapsulation, Hop, Lockable, NextHops, Realms, RouteConfig, RouteKind, RouteOptions, RoutePlacement,
};
use std::fmt::Display;
use std::net::IpAddr;
use std::time::Duration;

/// The line of a route.
pub(super) fn line(route: &RouteConfig) -> String {
    let mut line = String::new();
    line.push_str(match route.placement {
        RoutePlacement::Add => "add ",
        RoutePlacement::Append => "append ",
        // There is nothing to put such a route before.
        RoutePlacement::Prepend if route.kind != RouteKind::UNICAST => "add ",
        RoutePlacement::Prepend => "prepend ",
    });
    if route.kind != RouteKind::UNICAST {
        line.push_str(kind(route.kind));
    }
    line.push_str(&prefix(route.destination));
    push(&mut line, " from ", route.source.map(prefix));
    push(&mut line, " src ", route.preferred_source);
    push(&mut line, " tos ", route.tos);
    if let NextHops::Single(hop) = &route.next_hops {
        push_way(&mut line, hop);
    }
    push(&mut line, " table ", route.table.filter(|table| *table != RouteKind::TABLE_MAIN));
    push(&mut line, " proto ", Some(route.protocol));
    push(&mut line, " scope ", route.scope);
    push(&mut line, " metric ", route.metric);
    if let NextHops::Single(Hop { on_link: true, .. }) = &route.next_hops {
        line.push_str(" onlink");
    }
    push(&mut line, " realms ", route.realms.map(realms));
    push_options(&mut line, &route.options);
    if let NextHops::Multipath(hops) = &route.next_hops {
        for weighted in hops {
            line.push_str(" nexthop");
            push_way(&mut line, &weighted.hop);
            push(&mut line, " weight ", Some(weighted.weight));
            if weighted.hop.on_link {
                line.push_str(" onlink");
            }
            push(&mut line, " realms ", weighted.realms.map(realms));
        }
    }
    // The original looks only after routes that have an interface of their own, and says so here.
    let has_interface = matches!(&route.next_hops, NextHops::Single(Hop { interface: Some(_), .. }));
    if route.no_track || !has_interface {
        line.push_str(" no_track");
    }
    push(&mut line, " track_group ", route.track_group.as_ref());
    line
}

/// `rtm_type` (linux/rtnetlink.h) as `ip route` calls it.
fn kind(kind: u8) -> &'static str {
    match kind {
        2 => "local ",
        3 => "broadcast ",
        4 => "anycast ",
        5 => "multicast ",
        6 => "blackhole ",
        7 => "unreachable ",
        8 => "prohibit ",
        9 => "throw ",
        10 => "nat ",
        _ => "",
    }
}

/// A host without the length that all hosts have.
pub(crate) fn prefix(prefix: Prefix) -> String {
    if prefix.length() == prefix.family().bits() { prefix.address().to_string() } else { prefix.to_string() }
}

/// From and to, or only to.
pub(super) fn realms(realms: Realms) -> String {
    match realms.from {
        0 => realms.to.to_string(),
        from => format!("{from}/{}", realms.to),
    }
}

fn push_way(line: &mut String, hop: &Hop) {
    if let Some(encapsulation) = &hop.encapsulation {
        push_encapsulation(line, encapsulation);
    }
    if let Some(gateway) = hop.gateway {
        let family = match gateway {
            IpAddr::V4(_) => "inet",
            IpAddr::V6(_) => "inet6",
        };
        push(line, " via ", Some(format!("{family} {gateway}")));
    }
    push(line, " dev ", hop.interface.as_ref());
}

fn push_encapsulation(line: &mut String, encapsulation: &Encapsulation) {
    match encapsulation {
        Encapsulation::Ip(tunnel) => {
            line.push_str(" encap ip");
            push(line, " id ", tunnel.id);
            push(line, " dst ", tunnel.destination);
            push(line, " src ", tunnel.source);
            push(line, " tos ", tunnel.tos);
            push(line, " ttl ", tunnel.ttl);
            push(line, " flags ", tunnel.flags.map(|flags| format!("0x{flags:x}")));
        }
        Encapsulation::Ip6(tunnel) => {
            line.push_str(" encap ip6");
            push(line, " id ", tunnel.id);
            push(line, " dst ", tunnel.destination);
            push(line, " src ", tunnel.source);
            push(line, " tc ", tunnel.traffic_class);
            push(line, " hoplimit ", tunnel.hop_limit);
            push(line, " flags ", tunnel.flags.map(|flags| format!("0x{flags:x}")));
        }
        Encapsulation::Mpls(labels) => {
            let labels: Vec<String> = labels.iter().map(ToString::to_string).collect();
            push(line, " encap mpls ", Some(labels.join("/")));
        }
        Encapsulation::Ila(locator) => push(line, " encap ila ", Some(locator)),
    }
}

/// In the original's order.
fn push_options(line: &mut String, options: &RouteOptions) {
    if let Some(control) = &options.congestion_control {
        push(line, " congctl ", Some(lockable(control)));
    }
    push(line, " rtt ", options.rtt.as_ref().map(millis));
    push(line, " rttvar ", options.rttvar.as_ref().map(millis));
    push(line, " rto_min ", options.rto_min.as_ref().map(millis));
    if options.ecn {
        line.push_str(" features ecn");
    }
    push(line, " mtu ", options.mtu.as_ref().map(lockable));
    push(line, " window ", options.window);
    push(line, " ssthresh ", options.ssthresh.as_ref().map(lockable));
    push(line, " cwnd ", options.cwnd.as_ref().map(lockable));
    push(line, " advmss ", options.advmss.as_ref().map(lockable));
    push(line, " reordering ", options.reordering.as_ref().map(lockable));
    push(line, " hoplimit ", options.hop_limit);
    push(line, " initcwnd ", options.initcwnd);
    push(line, " initrwnd ", options.initrwnd);
    push(line, " quickack ", options.quickack.map(u8::from));
    push(line, " fastopen_no_cookie ", options.fastopen_no_cookie.map(u8::from));
    let propagate = |on: bool| if on { "enabled" } else { "disabled" };
    push(line, " ttl-propagate ", options.ttl_propagate.map(propagate));
    push(line, " expires ", options.expires_s.map(|seconds| format!("{seconds}sec")));
    push(line, " pref ", options.preference.map(preference));
}

/// `ICMPV6_ROUTER_PREF_*` (linux/icmpv6.h).
fn preference(number: u8) -> String {
    match number {
        0 => "medium".to_owned(),
        1 => "high".to_owned(),
        3 => "low".to_owned(),
        other => other.to_string(),
    }
}

fn lockable<T: Display>(value: &Lockable<T>) -> String {
    format!("{}{}", if value.locked { "lock " } else { "" }, value.value)
}

fn millis(value: &Lockable<Duration>) -> String {
    format!("{}{}ms", if value.locked { "lock " } else { "" }, value.value.as_millis())
}

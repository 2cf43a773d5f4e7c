//! Route lines: `virtual_routes`, `static_routes`, in the words of `ip route`.

use super::hop;
use super::words::{Dropped, ItemLine, named_number, plain_number, prefix, realms, table};
use super::{address, encapsulation, metrics};
use crate::diagnostic::Class;
use crate::draft::Interfaces;
use crate::keyword::{ItemWord, Status};
use crate::line::Word;
use crate::tables::row::word;
use crate::tables::scalar::{ANY_U32, unsigned};
use keepalived_types::{Family, Prefix};
use keepalived_vrrp::config::{Hop, NextHops, RouteConfig, RouteKind, RoutePlacement, WeightedHop};
use std::net::IpAddr;

/// Which list a route or rule stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    /// Of an instance.
    Virtual,
    /// `static_routes`, `static_rules`.
    Static,
}

const fn option(
    name: &'static str,
    usage: &'static str,
    default: &'static str,
    help: &'static str,
) -> ItemWord {
    word(Status::Acted, name, usage, default, help)
}

/// Words that `virtual_routes` and `static_routes` share, nexthop and encap words included.
macro_rules! words {
    ($($extra:expr),*) => {
        &[
            option("inet", "", "", "The route is IPv4."),
            option("inet6", "", "", "The route is IPv6."),
            option("to", "[<type>] <destination>", "", "May stand before the destination."),
            option(
                "<type>",
                "unicast|local|broadcast|brd|anycast|multicast|blackhole|unreachable|prohibit|throw|nat|xresolve|<0-255>",
                "unicast",
                "What happens to a packet; stands before the destination.",
            ),
            option("<dest>", "<IP>[/<prefix length>]|default|any|all|default6", "", "The destination; the one part that must be there."),
            option("src", "<IP>", "none", "Preferred source address."),
            option("via", "[inet|inet6] <IP>", "none", "Gateway."),
            option("gw", "[inet|inet6] <IP>", "", "Former name of via; reported."),
            option("or", "<IP>", "", "Former way to name a second gateway; reported. Use nexthop."),
            option("from", "<IPv6>[/<prefix length>]", "none", "Source prefix, IPv6 only."),
            option("tos", "<0-255>|<name of rt_dsfield>", "0", "Type of service."),
            option("dsfield", "<0-255>|<name of rt_dsfield>", "0", "The same as tos."),
            option("table", "<number>|<name of rt_tables>", "main", "Routing table."),
            option("protocol", "<0-255>|<name of rt_protos>", "keepalived", "Who made the route. Only keepalived's own are tracked."),
            option("scope", "<0-255>|<name of rt_scopes>", "global", "Scope."),
            option("metric", "<number>", "the kernel's", "Metric: lower ones win."),
            option("priority", "<number>", "", "The same as metric."),
            option("preference", "<number>", "", "The same as metric."),
            option("dev", "<interface>", "none", "Output interface; the instance depends on it unless no_track."),
            option("oif", "<interface>", "none", "The same as dev."),
            option("onlink", "", "off", "The gateway is on the link whatever the prefixes say."),
            option("encap", "ip|ip6|mpls|ila ...", "none", "Lightweight tunnel."),
            option("expires", "<seconds>", "none", "Lifetime, IPv6 only."),
            option("mtu", "[lock] <bytes>", "the kernel's", "Path MTU."),
            option("advmss", "[lock] <bytes>", "the kernel's", "Advertised maximum segment size."),
            option("reordering", "[lock] <number>", "the kernel's", "Reordering that is no loss yet."),
            option("cwnd", "[lock] <number>", "the kernel's", "Clamp for the congestion window."),
            option("ssthresh", "[lock] <number>", "the kernel's", "Slow start threshold."),
            option("hoplimit", "<0-255>", "the kernel's", "Hop limit of packets."),
            option("rtt", "[lock] <number>[ms|s]", "the kernel's", "Round trip time; a bare number counts eighths of a millisecond."),
            option("rttvar", "[lock] <number>[ms|s]", "the kernel's", "Its variance; a bare number counts quarters of a millisecond."),
            option("rto_min", "[lock] <number>[ms|s]", "the kernel's", "Least retransmission timeout; a bare number counts milliseconds."),
            option("window", "<bytes>", "the kernel's", "Largest window to advertise."),
            option("initcwnd", "<segments>", "the kernel's", "Initial congestion window."),
            option("initrwnd", "<segments>", "the kernel's", "Initial receive window."),
            option("realms", "<realm>[/<realm>]", "none", "Realms, IPv4 only."),
            option("features", "ecn", "none", "Features of the path."),
            option("quickack", "0|1", "the kernel's", "Acknowledge at once."),
            option("congctl", "[lock] <name>", "the kernel's", "TCP congestion control."),
            option("pref", "low|medium|high|<0-255>", "the kernel's", "IPv6 router preference (RFC 4191)."),
            option("ttl-propagate", "enabled|disabled", "the kernel's", "Carry the TTL through MPLS."),
            option("fastopen_no_cookie", "0|1", "the kernel's", "TCP fast open without a cookie."),
            option("add", "", "prepend", "Fail when there is such a route."),
            option("append", "", "prepend", "Behind routes to the same destination."),
            option("prepend", "", "prepend", "Before routes to the same destination."),
            word(Status::Inert, "as", "[to] <address>", "", "MPLS only; reported and ignored."),
            option("vrf", "<VRF interface>", "none", "The routing table of this VRF."),
            option("no_track", "", "off", "Do not mind when somebody else removes the route."),
            option("nexthop", "via <IP>|dev <interface>|weight <1-256>|onlink|encap ...|realms ...", "", "One of several ways; they end the line."),
            hop::WORDS[0],
            hop::WORDS[1],
            hop::WORDS[2],
            hop::WORDS[3],
            hop::WORDS[4],
            hop::WORDS[5],
            hop::WORDS[6],
            encapsulation::WORDS[0],
            encapsulation::WORDS[1],
            encapsulation::WORDS[2],
            encapsulation::WORDS[3],
            $($extra),*
        ]
    };
}

/// The words of an instance's routes.
pub(crate) static VIRTUAL_WORDS: &[ItemWord] = words!();

/// The words of static routes.
pub(crate) static STATIC_WORDS: &[ItemWord] = words!(option(
    "track_group",
    "<track_group>",
    "none",
    "The instances of this group are in FAULT while the interface is down; needs dev."
));

/// What a line says before its parts are fitted together.
struct Parts<'w> {
    route: RouteConfig,
    destination: Option<(Word<'w>, Prefix)>,
    family: Option<Family>,
    hop: Hop,
    second_gateway: Option<IpAddr>,
    hops: Vec<WeightedHop>,
}

/// Reads one line. `None` when it is dropped; the reason has been reported.
pub(crate) fn read(
    line: &mut ItemLine<'_, '_, '_>,
    list: List,
    interfaces: &mut Interfaces,
) -> Option<RouteConfig> {
    let mut parts = Parts {
        route: RouteConfig::plain(Prefix::host(IpAddr::from([0, 0, 0, 0]))),
        destination: None,
        family: None,
        hop: Hop::default(),
        second_gateway: None,
        hops: Vec::new(),
    };
    while let Some(word) = line.args.next_word() {
        apply(word, &mut parts, list, line, interfaces).ok()?;
    }
    finish(parts, list, line).ok()
}

/// One option word with its values.
fn apply<'w>(
    option: Word<'w>,
    parts: &mut Parts<'w>,
    list: List,
    line: &mut ItemLine<'_, 'w, '_>,
    interfaces: &mut Interfaces,
) -> Result<(), Dropped> {
    if metrics::apply(option, &mut parts.route.options, parts.family, line)? {
        return Ok(());
    }
    match option.text {
        "inet" => parts.family = Some(Family::V4),
        "inet6" => parts.family = Some(Family::V6),
        "to" => {}
        "via" | "gw" => {
            if option.text == "gw" {
                deprecated(option, "\"gw\" for routes is deprecated. Please use \"via\"", line);
            }
            parts.hop.gateway = Some(gateway(option, parts, line, "via")?);
        }
        "or" => {
            deprecated(option, "\"or\" for routes is deprecated. Please use \"nexthop\"", line);
            if parts.second_gateway.is_some() {
                return line.refuse(option, "\"or\" for routes can only be given once");
            }
            parts.second_gateway = Some(gateway(option, parts, line, "or")?);
        }
        "src" => parts.route.preferred_source = Some(gateway(option, parts, line, "src")?),
        "from" => parts.route.source = Some(source(option, line)?),
        "dev" | "oif" => parts.hop.interface = Some(hop::device(option, line, interfaces)?),
        "onlink" => parts.hop.on_link = true,
        "encap" => parts.hop.encapsulation = Some(encapsulation::read(option, line)?),
        "nexthop" => parts.hops = hop::read_all(line, &mut parts.family, interfaces),
        "add" => parts.route.placement = RoutePlacement::Add,
        "append" => parts.route.placement = RoutePlacement::Append,
        "prepend" => parts.route.placement = RoutePlacement::Prepend,
        "no_track" => parts.route.no_track = true,
        "as" => {
            line.complain(option, "\"as to\" for MPLS only - ignoring");
            if line.args.peek().is_some_and(|word| word.text == "to") {
                line.args.next_word();
            }
            line.args.next_word();
        }
        "track_group" if list == List::Static => {
            let value = line.value(option)?;
            parts.route.track_group = Some(address::track_group(value, line).ok_or(Dropped)?);
        }
        _ if !keyed(option, parts, line)? => destination(option, parts, line)?,
        _ => {}
    }
    Ok(())
}

/// Options whose value is one number or name.
fn keyed<'w>(
    option: Word<'w>,
    parts: &mut Parts<'w>,
    line: &mut ItemLine<'_, 'w, '_>,
) -> Result<bool, Dropped> {
    if !matches!(
        option.text,
        "tos"
            | "dsfield"
            | "table"
            | "protocol"
            | "scope"
            | "metric"
            | "priority"
            | "preference"
            | "realms"
            | "vrf"
    ) {
        return Ok(false);
    }
    let value = line.value(option)?;
    let text = value.text;
    let route = &mut parts.route;
    match option.text {
        "tos" | "dsfield" => match named_number(text, "rt_dsfield", line.context) {
            Some(tos) => route.tos = Some(tos),
            None => line.refuse(value, format!("TOS value {text} is invalid"))?,
        },
        "table" => match table(text, line.context) {
            Some(table) => route.table = Some(table),
            None => line.refuse(value, format!("Routing table {text} not found for route"))?,
        },
        "protocol" => match named_number(text, "rt_protos", line.context) {
            Some(protocol) => route.protocol = protocol,
            None => line.refuse(value, format!("Protocol {text} not found or invalid for route"))?,
        },
        "scope" => match named_number(text, "rt_scopes", line.context) {
            Some(scope) => route.scope = Some(scope),
            None => line.refuse(value, format!("Scope {text} not found or invalid for route"))?,
        },
        "metric" | "priority" | "preference" => match unsigned(value, ANY_U32, line.context) {
            Some(metric) => route.metric = Some(metric),
            None => line.refuse(value, format!("Invalid metric {text} specified for route"))?,
        },
        "realms" => match realms(text, line.context) {
            Some(realms) => route.realms = Some(realms),
            None => line.refuse(value, format!("Invalid realms {text} for route"))?,
        },
        _ => match keepalived_types::InterfaceName::new(text) {
            Ok(name) if line.context.host.interface(text).is_some() => route.vrf = Some(name),
            _ => line.refuse(value, format!("VRF {text} not found for route"))?,
        },
    }
    Ok(true)
}

/// An address that must be of the route's family; the first one settles it.
fn gateway<'w>(
    option: Word<'w>,
    parts: &mut Parts<'w>,
    line: &mut ItemLine<'_, 'w, '_>,
    role: &str,
) -> Result<IpAddr, Dropped> {
    let mut value = line.value(option)?;
    // `via inet6 ADDRESS` names the family of the gateway, which `RTA_VIA` allows to differ from the route's.
    if role == "via" && matches!(value.text, "inet" | "inet6") {
        value = line.value(value)?;
    }
    let Ok(address) = value.text.parse::<IpAddr>() else {
        line.complain(value, format!("VRRP parsed invalid IP {}. skipping IP...", value.text));
        return line.refuse(value, format!("invalid route {role} address {}", value.text));
    };
    if *parts.family.get_or_insert(Family::of(address)) != Family::of(address) {
        // A default route written without a family takes that of its gateway.
        let Some((word, _)) = parts.destination.filter(|(_, prefix)| is_family_free(*prefix)) else {
            return line.refuse(value, "Cannot mix IPv4 and IPv6 addresses for route");
        };
        parts.family = Some(Family::of(address));
        parts.destination = prefix(word, parts.family, line.context).map(|prefix| (word, prefix));
    }
    Ok(address)
}

/// `default`, `any` or `all` without a family of its own.
fn is_family_free(prefix: Prefix) -> bool {
    prefix.length() == 0 && prefix.address() == IpAddr::from([0, 0, 0, 0])
}

/// `from`: IPv6 only.
fn source<'w>(option: Word<'w>, line: &mut ItemLine<'_, 'w, '_>) -> Result<Prefix, Dropped> {
    let value = line.value(option)?;
    let source = prefix(value, Some(Family::V6), line.context).ok_or(Dropped)?;
    if source.family() == Family::V4 {
        return line.refuse(value, format!("route from address only supported with IPv6 ({})", value.text));
    }
    Ok(source)
}

/// A route type, or the destination.
fn destination<'w>(
    word: Word<'w>,
    parts: &mut Parts<'w>,
    line: &mut ItemLine<'_, 'w, '_>,
) -> Result<(), Dropped> {
    if parts.destination.is_none()
        && let Some(kind) = kind(word.text)
    {
        parts.route.kind = kind;
        return Ok(());
    }
    let Some(found) = prefix(word, parts.family, line.context) else {
        return line.refuse(word, format!("unknown route keyword {}", word.text));
    };
    let family_free = matches!(word.text, "default" | "any" | "all") && parts.family.is_none();
    if !family_free && *parts.family.get_or_insert(found.family()) != found.family() {
        return line.refuse(word, "Cannot mix IPv4 and IPv6 addresses for route");
    }
    parts.destination = Some((word, found));
    Ok(())
}

/// Route types (`RTN_*` of linux/rtnetlink.h).
fn kind(text: &str) -> Option<u8> {
    match text {
        "unicast" => Some(RouteKind::UNICAST),
        "local" => Some(2),
        "broadcast" | "brd" => Some(3),
        "anycast" => Some(4),
        "multicast" => Some(5),
        "blackhole" => Some(6),
        "unreachable" => Some(7),
        "prohibit" => Some(8),
        "throw" => Some(9),
        "nat" => Some(10),
        "xresolve" => Some(11),
        number => plain_number(number).and_then(|number| u8::try_from(number).ok()),
    }
}

fn deprecated(word: Word<'_>, message: &str, line: &mut ItemLine<'_, '_, '_>) {
    line.context.report(Class::Deprecated, word.span, message);
}

/// Fits the parts together.
fn finish(mut parts: Parts<'_>, list: List, line: &mut ItemLine<'_, '_, '_>) -> Result<RouteConfig, Dropped> {
    let Some((word, mut destination)) = parts.destination else {
        line.context.report(Class::GeneralError, line.args.span(), "Route must have a destination");
        return Err(Dropped);
    };
    if destination.family() != parts.family.unwrap_or(destination.family()) {
        destination = prefix(word, parts.family, line.context).ok_or(Dropped)?;
    }
    let is_v6 = destination.family() == Family::V6;
    let mut route = parts.route;
    if is_v6 && (route.realms.is_some() || parts.hops.iter().any(|hop| hop.realms.is_some())) {
        return line.refuse(word, "realms are only valid for IPv4");
    }
    if !is_v6 && route.options.expires_s.is_some() {
        return line.refuse(word, "expires is only valid for IPv6");
    }
    if !is_v6 && route.options.preference.is_some() {
        return line.refuse(word, "pref is only valid for IPv6");
    }
    if route.protocol != RouteKind::PROTOCOL_KEEPALIVED && !route.no_track {
        line.complain(
            word,
            "Route cannot be tracked if protocol is not RTPROT_KEEPALIVED(18), resetting protocol",
        );
        route.protocol = RouteKind::PROTOCOL_KEEPALIVED;
    }
    if parts.hop.interface.is_none() && !route.no_track {
        let message =
            format!("Warning - cannot track route {} with no interface specified, not tracking", word.text);
        line.complain(word, message);
        // Nobody depends on a static one's interface; it is put back when it is lost.
        route.no_track = list == List::Virtual;
    }
    if parts.hop.interface.is_none() && route.track_group.take().is_some() {
        line.complain(word, "Static route cannot have track group if no oif specified");
    }
    if let Some(second) = parts.second_gateway {
        parts.hops = [parts.hop.gateway, Some(second)]
            .into_iter()
            .flatten()
            .map(|gateway| WeightedHop {
                hop: Hop { gateway: Some(gateway), ..parts.hop.clone() },
                weight: 1,
                realms: None,
            })
            .collect();
    }
    route.destination = destination;
    route.next_hops =
        if parts.hops.is_empty() { NextHops::Single(parts.hop) } else { NextHops::Multipath(parts.hops) };
    Ok(route)
}

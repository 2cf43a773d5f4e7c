//! Rule lines: `virtual_rules`, `static_rules`, in the words of `ip rule`.

use super::address;
use super::route::List;
use super::words::{Dropped, ItemLine, named_number, plain_number, prefix, realms, table};
use crate::diagnostic::Class;
use crate::draft::{Interfaces, Preferences};
use crate::keyword::{ItemWord, Status};
use crate::line::Word;
use crate::tables::row::word;
use crate::tables::scalar::unsigned;
use keepalived_types::{Family, InterfaceName, Prefix};
use keepalived_vrrp::config::{Realms, RouteKind, RuleAction, RuleConfig, RuleSelector};
use std::ops::RangeInclusive;

const fn option(
    name: &'static str,
    usage: &'static str,
    default: &'static str,
    help: &'static str,
) -> ItemWord {
    word(Status::Acted, name, usage, default, help)
}

/// Words that `virtual_rules` and `static_rules` share.
macro_rules! words {
    ($($extra:expr),*) => {
        &[
            option("inet", "", "", "The rule is IPv4."),
            option("inet6", "", "", "The rule is IPv6."),
            option("from", "<IP>[/<prefix length>]|default|any|all|default6", "all", "Source addresses."),
            option("to", "<IP>[/<prefix length>]|default|any|all|default6", "all", "Destination addresses."),
            option("table", "<number from 1>|<name of rt_tables>", "", "Look up this table."),
            option("lookup", "<number>|<name>", "", "The same as table."),
            option("not", "", "off", "The selectors are inverted."),
            option("preference", "<number>", "counted down from 16384", "Rules with lower numbers come first."),
            option("order", "<number>", "", "The same as preference."),
            option("priority", "<number>", "", "The same as preference."),
            option("tos", "<0-255>|<name of rt_dsfield>", "0", "Type of service."),
            option("dsfield", "<0-255>|<name of rt_dsfield>", "0", "The same as tos."),
            option("fwmark", "<number>[/<mask>]", "none", "Firewall mark."),
            option("realms", "<realm>[/<realm>]", "none", "Realms, IPv4 only; needs a table."),
            option("suppress_prefixlength", "<number>", "none", "Refuse routes with a prefix no longer than this; needs a table."),
            option("sup_pl", "<number>", "none", "The same as suppress_prefixlength."),
            option("suppress_ifgroup", "<number>|<name of group>", "none", "Refuse routes out of this interface group; needs a table."),
            option("sup_group", "<number>|<name>", "none", "The same as suppress_ifgroup."),
            option("iif", "<interface>", "none", "Input interface; the instance depends on it unless no_track."),
            option("dev", "<interface>", "none", "The same as iif."),
            option("oif", "<interface>", "none", "Output interface; the instance depends on it unless no_track."),
            option("tunnel-id", "<64-bit number>", "none", "Tunnel id."),
            option("uidrange", "<number>-<number>", "none", "Users whose packets match."),
            option("l3mdev", "", "off", "Look up the table of the packet's VRF."),
            option("protocol", "<0-255>", "keepalived", "Who made the rule. Only keepalived's own are tracked."),
            option("ipproto", "<0-255>|<protocol>", "none", "IP protocol."),
            option("sport", "<port>[-<port>]", "none", "Source ports."),
            option("dport", "<port>[-<port>]", "none", "Destination ports."),
            option("type", "<action>", "", "May stand before the action."),
            option("goto", "<preference>", "", "Go on at this rule, which must come later."),
            option("nop", "", "", "Do nothing."),
            option("blackhole", "", "", "Drop the packet in silence."),
            option("prohibit", "", "", "Refuse the packet as administratively prohibited."),
            option("unreachable", "", "", "Refuse the packet as unreachable."),
            option("no_track", "", "off", "Do not mind when somebody else removes the rule."),
            $($extra),*
        ]
    };
}

/// The words of an instance's rules.
pub(crate) static VIRTUAL_WORDS: &[ItemWord] = words!();

/// The words of static rules.
pub(crate) static STATIC_WORDS: &[ItemWord] = words!(option(
    "track_group",
    "<track_group>",
    "none",
    "The instances of this group are in FAULT while the interface is down; needs iif."
));

/// What a line says before its parts are fitted together.
#[derive(Default)]
struct Parts {
    family: Option<Family>,
    action: Option<RuleAction>,
    preference: Option<u32>,
    inverted: bool,
    selector: RuleSelector,
    realms: Option<Realms>,
    suppress_prefix_length: Option<u32>,
    suppress_interface_group: Option<u32>,
    protocol: Option<u8>,
    no_track: bool,
    track_group: Option<String>,
}

/// Reads one line. `None` when it is dropped; the reason has been reported.
pub(crate) fn read(
    line: &mut ItemLine<'_, '_, '_>,
    list: List,
    interfaces: &mut Interfaces,
    preferences: &mut Preferences,
) -> Option<RuleConfig> {
    let first = line.args.peek()?;
    let mut parts = Parts::default();
    while let Some(word) = line.args.next_word() {
        apply(word, &mut parts, list, line, interfaces).ok()?;
    }
    finish(first, parts, line, preferences).ok()
}

/// One option word with its value.
fn apply<'w>(
    option: Word<'w>,
    parts: &mut Parts,
    list: List,
    line: &mut ItemLine<'_, 'w, '_>,
    interfaces: &mut Interfaces,
) -> Result<(), Dropped> {
    if action(option, parts, line)? || selector(option, parts, line, interfaces)? {
        return Ok(());
    }
    match option.text {
        "inet" => parts.family = Some(Family::V4),
        "inet6" => parts.family = Some(Family::V6),
        "not" => parts.inverted = true,
        "type" => {}
        "no_track" => parts.no_track = true,
        "preference" | "order" | "priority" => {
            let value = line.value(option)?;
            parts.preference = match c_number(value, line) {
                Some(number) => Some(number),
                None => line.refuse(value, format!("Invalid rule preference {} specified", option.text))?,
            };
        }
        "realms" => {
            let value = line.value(option)?;
            parts.realms = match realms(value.text, line.context) {
                Some(realms) => Some(realms),
                None => line.refuse(value, format!("invalid realms {} for rule", value.text))?,
            };
        }
        "suppress_prefixlength" | "sup_pl" => {
            let value = line.value(option)?;
            parts.suppress_prefix_length = match unsigned(value, 0..=2_147_483_647, line.context) {
                Some(length) => Some(length),
                None => {
                    line.refuse(value, format!("Invalid suppress_prefixlength {} specified", option.text))?
                }
            };
        }
        "suppress_ifgroup" | "sup_group" => {
            let value = line.value(option)?;
            let number = plain_number(value.text).and_then(|number| u32::try_from(number).ok());
            let number = number.or_else(|| line.context.iproute_name("group", value.text));
            parts.suppress_interface_group = match number {
                Some(group) => Some(group),
                None => line.refuse(value, format!("suppress_group {} is invalid", value.text))?,
            };
        }
        "protocol" => {
            let value = line.value(option)?;
            parts.protocol = match unsigned(value, 0..=255, line.context) {
                Some(protocol) => Some(protocol),
                None => line.refuse(value, format!("Invalid protocol {}", value.text))?,
            };
        }
        "track_group" if list == List::Static => {
            let value = line.value(option)?;
            parts.track_group = Some(address::track_group(value, line).ok_or(Dropped)?);
        }
        other => return line.refuse(option, format!("Unknown rule option {other}")),
    }
    Ok(())
}

/// Actions; there is exactly one.
fn action<'w>(option: Word<'w>, parts: &mut Parts, line: &mut ItemLine<'_, 'w, '_>) -> Result<bool, Dropped> {
    let action = match option.text {
        "table" | "lookup" => {
            let value = line.value(option)?;
            match table(value.text, line.context) {
                Some(0) => line.refuse(value, "Table 0 is not valid")?,
                Some(table) => RuleAction::Table(table),
                None => line.refuse(value, format!("Routing table {} not found for rule", value.text))?,
            }
        }
        "goto" => {
            let value = line.value(option)?;
            match c_number(value, line) {
                Some(target) => RuleAction::Goto(target),
                None => line.refuse(value, format!("Invalid target {} specified", option.text))?,
            }
        }
        "l3mdev" => RuleAction::L3mdev,
        "nop" => RuleAction::Nop,
        "blackhole" => RuleAction::Blackhole,
        "prohibit" => RuleAction::Prohibit,
        "unreachable" => RuleAction::Unreachable,
        _ => return Ok(false),
    };
    if parts.action.is_some() {
        let tail = if matches!(action, RuleAction::Table(_)) { "" } else { "/l3mdev" };
        let message = format!(
            "Cannot specify more than one of table/nop/goto/blackhole/prohibit/unreachable{tail} for rule"
        );
        return line.refuse(option, message);
    }
    parts.action = Some(action);
    Ok(true)
}

/// Selectors.
fn selector<'w>(
    option: Word<'w>,
    parts: &mut Parts,
    line: &mut ItemLine<'_, 'w, '_>,
    interfaces: &mut Interfaces,
) -> Result<bool, Dropped> {
    match option.text {
        "from" => parts.selector.source = Some(addresses(option, parts, line)?),
        "to" => parts.selector.destination = Some(addresses(option, parts, line)?),
        "iif" | "dev" => parts.selector.input = Some(interface(option, line, interfaces)?),
        "oif" => parts.selector.output = Some(interface(option, line, interfaces)?),
        "tos" | "dsfield" => {
            let value = line.value(option)?;
            parts.selector.tos = match named_number(value.text, "rt_dsfield", line.context) {
                Some(tos) => Some(tos),
                None => line.refuse(value, format!("TOS value {} is invalid", value.text))?,
            };
        }
        "fwmark" => {
            let value = line.value(option)?;
            parts.selector.fwmark = match fwmark(value.text) {
                Some(mark) => Some(mark),
                None => line.refuse(value, format!("Invalid rule fwmark {} specified", value.text))?,
            };
        }
        "tunnel-id" => {
            let value = line.value(option)?;
            parts.selector.tunnel_id = match unsigned(value, 0..=u64::MAX, line.context) {
                Some(id) => Some(id),
                None => line.refuse(value, format!("Invalid tunnel-id {} specified", option.text))?,
            };
        }
        "uidrange" => {
            let value = line.value(option)?;
            parts.selector.uids = match range(value.text) {
                Some(range) => Some(range),
                None => line.refuse(value, format!("Invalid uidrange {} specified", option.text))?,
            };
        }
        "ipproto" | "ip_proto" => {
            let value = line.value(option)?;
            parts.selector.ip_protocol = match ip_protocol(value.text) {
                Some(protocol) => Some(protocol),
                None => line.refuse(value, format!("Invalid ipproto {}", value.text))?,
            };
        }
        "sport" => parts.selector.source_ports = Some(ports(option, line)?),
        "dport" => parts.selector.destination_ports = Some(ports(option, line)?),
        _ => return Ok(false),
    }
    Ok(true)
}

/// `from` and `to`.
fn addresses<'w>(
    option: Word<'w>,
    parts: &mut Parts,
    line: &mut ItemLine<'_, 'w, '_>,
) -> Result<Prefix, Dropped> {
    let value = line.value(option)?;
    let Some(found) = prefix(value, parts.family, line.context) else {
        return line.refuse(value, format!("Invalid rule {} address {}", option.text, value.text));
    };
    let family_free = matches!(value.text, "default" | "any" | "all") && parts.family.is_none();
    if !family_free && *parts.family.get_or_insert(found.family()) != found.family() {
        return line.refuse(value, "rule specification has mixed IPv4 and IPv6");
    }
    Ok(found)
}

fn interface<'w>(
    option: Word<'w>,
    line: &mut ItemLine<'_, 'w, '_>,
    interfaces: &mut Interfaces,
) -> Result<InterfaceName, Dropped> {
    let value = line.value(option)?;
    let complaint = |missing: &str| format!("WARNING - interface {missing} for rule doesn't exist");
    interfaces.take(value, line.context, complaint).ok_or(Dropped)
}

/// A number as C writes them, with the original's report when it is none.
fn c_number(value: Word<'_>, line: &mut ItemLine<'_, '_, '_>) -> Option<u32> {
    let number = plain_number(value.text).and_then(|number| u32::try_from(number).ok());
    if number.is_none() {
        line.context.report(Class::InvalidNumber, value.span, format!("invalid number '{}'", value.text));
    }
    number
}

/// `MARK[/MASK]`.
fn fwmark(text: &str) -> Option<(u32, u32)> {
    let number = |text: &str| plain_number(text).and_then(|number| u32::try_from(number).ok());
    match text.split_once('/') {
        Some((mark, mask)) => Some((number(mark)?, number(mask)?)),
        None => Some((number(text)?, u32::MAX)),
    }
}

/// `FIRST-LAST`.
fn range<T: std::str::FromStr>(text: &str) -> Option<RangeInclusive<T>> {
    let (first, last) = text.split_once('-')?;
    Some(first.parse().ok()?..=last.parse().ok()?)
}

/// `sport`, `dport`. The original refuses a single port although its manual has one; we take it.
fn ports<'w>(option: Word<'w>, line: &mut ItemLine<'_, 'w, '_>) -> Result<RangeInclusive<u16>, Dropped> {
    let value = line.value(option)?;
    if let Ok(port) = value.text.parse::<u16>() {
        return Ok(port..=port);
    }
    match range(value.text) {
        Some(range) => Ok(range),
        None => line.refuse(value, format!("invalid {} range {}", option.text, value.text)),
    }
}

/// A protocol number, or one of the names that /etc/protocols gives everywhere.
fn ip_protocol(text: &str) -> Option<u8> {
    match text {
        "ip" => Some(0),
        "icmp" => Some(1),
        "igmp" => Some(2),
        "ipencap" => Some(4),
        "tcp" => Some(6),
        "udp" => Some(17),
        "dccp" => Some(33),
        "ipv6" => Some(41),
        "gre" => Some(47),
        "esp" => Some(50),
        "ah" => Some(51),
        "ipv6-icmp" | "icmpv6" => Some(58),
        "ospf" => Some(89),
        "vrrp" => Some(112),
        "l2tp" => Some(115),
        "sctp" => Some(132),
        "udplite" => Some(136),
        number => plain_number(number).and_then(|number| u8::try_from(number).ok()),
    }
}

/// Fits the parts together.
fn finish(
    first: Word<'_>,
    mut parts: Parts,
    line: &mut ItemLine<'_, '_, '_>,
    preferences: &mut Preferences,
) -> Result<RuleConfig, Dropped> {
    let Some(action) = parts.action else {
        return line.refuse(first, "No action specified for rule - ignoring");
    };
    let family = parts.family.unwrap_or(Family::V4);
    if family == Family::V6 && parts.realms.is_some() {
        return line.refuse(first, "realms is only valid for IPv4");
    }
    let needs_table = parts.realms.is_some()
        || parts.suppress_prefix_length.is_some()
        || parts.suppress_interface_group.is_some();
    if needs_table && !matches!(action, RuleAction::Table(_) | RuleAction::L3mdev) {
        return line.refuse(first, "suppressor/realm specified for non table action - skipping");
    }
    if let RuleAction::Goto(target) = action {
        match parts.preference {
            None => {
                let message = format!("Invalid rule - goto target {target} specified without preference");
                return line.refuse(first, message);
            }
            Some(own) if own >= target => {
                return line
                    .refuse(first, format!("Invalid rule - preference {own} >= goto target {target}"));
            }
            Some(_) => {}
        }
    }
    if parts.protocol.is_some_and(|protocol| protocol != RouteKind::PROTOCOL_KEEPALIVED) && !parts.no_track {
        line.complain(
            first,
            "Rule cannot be tracked if protocol is not RTPROT_KEEPALIVED(18), resetting protocol",
        );
        parts.protocol = None;
    }
    if parts.selector.input.is_none() && parts.track_group.take().is_some() {
        line.complain(first, "Static rule cannot have track_group if dev/iif not specified");
    }
    let preference = parts.preference.unwrap_or_else(|| next_preference(first, family, line, preferences));
    for prefix in [&mut parts.selector.source, &mut parts.selector.destination] {
        // `all` is the same as no selector, whatever the family.
        *prefix = prefix.filter(|prefix| prefix.length() > 0);
    }
    Ok(RuleConfig {
        family,
        action,
        preference,
        inverted: parts.inverted,
        selector: parts.selector,
        realms: parts.realms,
        suppress_prefix_length: parts.suppress_prefix_length,
        suppress_interface_group: parts.suppress_interface_group,
        // One that is not tracked is not marked either, as in the original.
        protocol: parts.protocol.unwrap_or(if parts.no_track { 0 } else { RouteKind::PROTOCOL_KEEPALIVED }),
        no_track: parts.no_track,
        track_group: parts.track_group,
    })
}

/// Counts down from 16384 in each family.
fn next_preference(
    first: Word<'_>,
    family: Family,
    line: &mut ItemLine<'_, '_, '_>,
    preferences: &mut Preferences,
) -> u32 {
    let next = if family == Family::V6 { &mut preferences.v6 } else { &mut preferences.v4 };
    let given = *next;
    *next = next.saturating_sub(1);
    let message =
        format!("Rule has no preference specified - setting to {given}. This is probably not what you want.");
    line.complain(first, message);
    given
}

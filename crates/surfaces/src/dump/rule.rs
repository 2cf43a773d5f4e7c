//! One policy rule as dumps show it: numbers, not names.

use super::route::{prefix, realms};
use super::text::push;
use keepalived_vrrp::config::{RuleAction, RuleConfig};
use std::fmt::Display;
use std::ops::RangeInclusive;

/// The line of a rule.
pub(super) fn line(rule: &RuleConfig) -> String {
    let selector = &rule.selector;
    let mut line = String::new();
    if rule.inverted {
        line.push_str("not ");
    }
    push(&mut line, "from ", Some(selector.source.map_or_else(|| "all".to_owned(), prefix)));
    push(&mut line, " to ", selector.destination.map(prefix));
    push(&mut line, " priority ", Some(rule.preference));
    push(&mut line, " tos ", Some(format!("0x{:x}", selector.tos.unwrap_or(0))));
    push(&mut line, " fwmark ", selector.fwmark.map(|(mark, mask)| format!("0x{mark:x}/0x{mask:x}")));
    push(&mut line, " iif ", selector.input.as_ref());
    push(&mut line, " oif ", selector.output.as_ref());
    push(&mut line, " suppress_prefixlen ", rule.suppress_prefix_length);
    push(&mut line, " suppress_ifgroup ", rule.suppress_interface_group);
    push(&mut line, " tunnel-id ", selector.tunnel_id);
    push(&mut line, " uidrange ", selector.uids.as_ref().map(range));
    if rule.action == RuleAction::L3mdev {
        line.push_str(" l3mdev");
    }
    push(&mut line, " protocol ", Some(rule.protocol));
    push(&mut line, " ipproto ", selector.ip_protocol);
    push(&mut line, " sport ", selector.source_ports.as_ref().map(range));
    push(&mut line, " dport ", selector.destination_ports.as_ref().map(range));
    push(&mut line, " realms ", rule.realms.map(realms));
    push(&mut line, " ", Some(action(rule.action)));
    if rule.no_track {
        line.push_str(" no_track");
    }
    push(&mut line, " track_group ", rule.track_group.as_ref());
    line
}

fn range<T: Display>(range: &RangeInclusive<T>) -> String {
    format!("{}-{}", range.start(), range.end())
}

fn action(action: RuleAction) -> String {
    match action {
        RuleAction::Table(table) => format!("lookup {table}"),
        RuleAction::L3mdev => "lookup 0".to_owned(),
        RuleAction::Goto(rule) => format!("goto {rule}"),
        RuleAction::Nop => "nop".to_owned(),
        RuleAction::Blackhole => "type blackhole".to_owned(),
        RuleAction::Prohibit => "type prohibit".to_owned(),
        RuleAction::Unreachable => "type unreachable".to_owned(),
    }
}

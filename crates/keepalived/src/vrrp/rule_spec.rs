//! Rules as the kernel wants them said.

use super::route_spec::realms_of;
use keepalived_kernel::netlink::rule::{Rule, RuleVerdict};
use keepalived_vrrp::config::{RuleAction, RuleConfig};

/// The rule that a line asks for.
#[must_use]
pub(crate) fn rule_of(config: &RuleConfig) -> Rule {
    let selector = &config.selector;
    let verdict = match config.action {
        RuleAction::Table(table) => RuleVerdict::Table(table),
        RuleAction::L3mdev => RuleVerdict::L3mdev,
        RuleAction::Goto(target) => RuleVerdict::Goto(target),
        // FR_ACT_NOP, _BLACKHOLE, _UNREACHABLE, _PROHIBIT.
        RuleAction::Nop => RuleVerdict::Other(3),
        RuleAction::Blackhole => RuleVerdict::Other(6),
        RuleAction::Unreachable => RuleVerdict::Other(7),
        RuleAction::Prohibit => RuleVerdict::Other(8),
    };
    Rule {
        inverted: config.inverted,
        source: selector.source,
        destination: selector.destination,
        tos: selector.tos.unwrap_or(0),
        fwmark: selector.fwmark,
        input: selector.input.as_ref().map(ToString::to_string),
        output: selector.output.as_ref().map(ToString::to_string),
        tunnel_id: selector.tunnel_id,
        uids: selector.uids.clone(),
        ip_protocol: selector.ip_protocol,
        source_ports: selector.source_ports.clone(),
        destination_ports: selector.destination_ports.clone(),
        realms: config.realms.map(realms_of),
        suppress_prefix_length: config.suppress_prefix_length,
        suppress_interface_group: config.suppress_interface_group,
        protocol: config.protocol,
        ..Rule::new(config.family, config.preference, verdict)
    }
}

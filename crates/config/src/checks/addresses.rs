//! How many virtual addresses an instance has, and which.

use super::election::Facts;
use super::instance::{complain, complaint};
use crate::context::Context;
use crate::diagnostic::{Class, Diagnostic};
use crate::draft::InstanceDraft;
use keepalived_types::{Family, Version};
use std::net::IpAddr;

/// Checks that there is an address, and moves what does not fit an advert to the excluded ones.
pub(super) fn fit(
    draft: &mut InstanceDraft,
    facts: &Facts,
    family: Family,
    version: Version,
    context: &mut Context<'_>,
) {
    if draft.network.virtual_addresses.is_empty() {
        return report_none(draft, facts, version, context);
    }
    let first_is_link_local =
        match draft.network.virtual_addresses.first().map(|(first, _)| first.prefix.address()) {
            Some(IpAddr::V6(first)) => first.segments()[0] & 0xffc0 == 0xfe80,
            _ => true,
        };
    if !first_is_link_local {
        let message = "the first IPv6 VIP address must be link local";
        if facts.strict {
            complain(draft, "", message, context);
        } else {
            let message = format!("({}) the first IPv6 VIP address should be link local", draft.name);
            context.push(Diagnostic::after_reading(Class::LogOnly, Some(draft.span), message));
        }
    }
    let limit = limit(draft, family, version, context);
    let count = draft.network.virtual_addresses.len();
    if count > limit {
        let message = format!(
            "Number of VIPs ({count}) exceeds maximum/space available in packet (max {limit} addresses) - excess \
             moved to eVIPs"
        );
        complain(draft, "", &message, context);
        let surplus = draft.network.virtual_addresses.split_off(limit);
        draft.network.excluded_addresses.extend(surplus);
    }
}

/// None at all: version 3 and strict mode need one.
fn report_none(draft: &InstanceDraft, facts: &Facts, version: Version, context: &mut Context<'_>) {
    if draft.network.none_wanted && !facts.strict {
        return;
    }
    if facts.strict || version == Version::V3 {
        let report = complaint(draft, "", "No VIP specified; at least one is required").stopping(2);
        return context.push(report.help("`no_virtual_ipaddress` allows an instance without addresses"));
    }
    complain(draft, "", "No VIP specified; at least one is sensible", context);
}

/// How many addresses fit an advert. 14 bytes for the Ethernet header are counted although the MTU does not hold it:
/// the number of addresses is compared on receipt, so both ends must agree on it.
fn limit(draft: &InstanceDraft, family: Family, version: Version, context: &Context<'_>) -> usize {
    let mtu = draft.interface.as_ref().and_then(|name| context.host.interface(name));
    let mtu = mtu.map_or(1500, |interface| usize::try_from(interface.mtu).unwrap_or(usize::MAX));
    let header = match family {
        Family::V4 => {
            let tail = if version == Version::V2 { 8 } else { 0 };
            let ah = draft
                .security
                .authentication
                .as_ref()
                .is_some_and(|auth| auth.kind == Some(crate::draft::AuthenticationKind::Header));
            14 + 20 + 8 + tail + if ah && version == Version::V2 { 24 } else { 0 }
        }
        Family::V6 => 14 + 40 + 8,
    };
    let hmac = match &draft.security.hmac {
        Some(hmac) if hmac.mode != Some(keepalived_vrrp::config::HmacMode::ReceiveOnly) => 28,
        _ => 0,
    };
    (mtu.saturating_sub(header + hmac) / family.octets()).clamp(1, 255)
}

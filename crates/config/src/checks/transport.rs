//! How an instance's adverts travel.

use super::election::Facts;
use super::instance::{complain, complaint};
use crate::context::Context;
use crate::diagnostic::{Class, Diagnostic};
use crate::draft::InstanceDraft;
use keepalived_types::Family;
use keepalived_vrrp::config::{ChecksumCompat, Transport};
use std::net::IpAddr;

/// Without an interface an instance needs unicast and a source address that is not link-local.
pub(super) fn check_interface(draft: &InstanceDraft, context: &mut Context<'_>) -> bool {
    if draft.interface.is_some() {
        return true;
    }
    if draft.lines.of("interface missing").is_some() {
        // Reported where it is named.
        return false;
    }
    let message = if !draft.transport.unicast {
        Some("Unknown interface!")
    } else if draft.transport.source.is_none() {
        Some("No interface and no source address specified")
    } else if draft.transport.source.is_some_and(is_link_local) {
        Some("IPv6 link local source address requires an interface")
    } else if draft.links.vmac.is_some() {
        Some("use_vmac requires an interface")
    } else {
        None
    };
    match message {
        Some(message) => {
            let report = complaint(draft, "interface", message).stopping(2);
            context.push(report.help("name the link with `interface`"));
            false
        }
        None => true,
    }
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => false,
        IpAddr::V6(address) => address.segments()[0] & 0xffc0 == 0xfe80,
    }
}

/// Multicast or unicast.
pub(super) fn complete(
    draft: &InstanceDraft,
    facts: &Facts,
    family: Family,
    disabled: &mut Option<String>,
    context: &mut Context<'_>,
) -> Transport {
    if !facts.has_peers && draft.transport.ttl.is_some() {
        // The original prints this where the block ends, and one colon more than elsewhere.
        let message = format!("({}): Cannot use unicast_ttl without unicast peers - resetting", draft.name);
        context.push(Diagnostic::at(Class::GeneralError, draft.span_of("unicast_ttl"), message));
    }
    let can_multicast = draft
        .interface
        .as_ref()
        .and_then(|name| context.host.interface(name))
        .is_none_or(|interface| interface.multicast);
    if facts.has_peers {
        if facts.strict && can_multicast && draft.interface.is_some() {
            let message = "Unicast peers are not supported in strict mode";
            context.push(complaint(draft, "unicast", message).stopping(2));
        }
        if draft.transport.group.is_some() {
            let message = "multicast destination specified with unicast - ignoring";
            complain(draft, "mcast_dst_ip", message, context);
        }
        return unicast(draft);
    }
    if draft.transport.unicast {
        if draft.transport.fault_without_peer {
            *disabled = Some("no unicast peer is listed".to_owned());
            return unicast(draft);
        }
        let message = "A unicast keyword has been specified without any unicast peers. Defaulting to multicast. \
                       This usage is deprecated - please update your configuration.";
        complain(draft, "unicast", message, context);
    }
    if !can_multicast {
        let message = "interface does not support multicast, specify unicast peers - disabling";
        complain(draft, "interface", message, context);
        *disabled = Some("the interface does not support multicast".to_owned());
    }
    let default = match family {
        Family::V4 => IpAddr::V4(draft.defaults.group4),
        Family::V6 => IpAddr::V6(draft.defaults.group6),
    };
    Transport::Multicast { group: draft.transport.group.unwrap_or(default), source: draft.transport.source }
}

fn unicast(draft: &InstanceDraft) -> Transport {
    Transport::Unicast {
        source: draft.transport.source,
        peers: draft.transport.peers.clone(),
        check_source: draft.transport.check_source || draft.defaults.check_unicast_source,
        ttl: draft.transport.ttl,
        checksum: draft.transport.checksum.unwrap_or(ChecksumCompat::Automatic),
    }
}

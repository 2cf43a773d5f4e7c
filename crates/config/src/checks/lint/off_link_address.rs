//! A virtual address that lies in no prefix of its link is reachable only over routes that somebody adds elsewhere.

use super::{Places, note};
use crate::context::Context;
use crate::span::Span;
use keepalived_types::{InterfaceName, Prefix};
use keepalived_vrrp::config::{AddressConfig, InstanceConfig};
use std::net::IpAddr;

/// Remarks host addresses (/32, /128) outside every prefix of their interface: once for each interface.
pub(super) fn check(instance: &InstanceConfig, places: &Places<'_>, context: &mut Context<'_>) {
    let Some(draft) = places.draft(instance) else { return };
    let mut found: Vec<(&InterfaceName, Vec<(IpAddr, Span)>)> = Vec::new();
    for (address, span) in &draft.network.virtual_addresses {
        let Some(name) = address.interface.as_ref().or(instance.interface.as_ref()) else { continue };
        if !is_off_link(address, name, context) {
            continue;
        }
        let strange = (address.prefix.address(), *span);
        match found.iter_mut().find(|(other, _)| *other == name) {
            Some((_, others)) => others.push(strange),
            None => found.push((name, vec![strange])),
        }
    }
    for (interface, addresses) in found {
        report(instance, interface, &addresses, context);
    }
}

fn is_off_link(address: &AddressConfig, name: &InterfaceName, context: &Context<'_>) -> bool {
    let own = address.prefix.address();
    let is_host = address.prefix == Prefix::host(own);
    let Some(interface) = context.host.interface(name) else { return false };
    if interface.loopback || !is_host || address.options.peer.is_some() {
        return false;
    }
    let mut same_family =
        interface.addresses.iter().filter(|(other, _)| other.is_ipv4() == own.is_ipv4()).peekable();
    // Without any address of the family nothing is known about the link.
    same_family.peek().is_some()
        && !same_family
            .any(|(other, length)| Prefix::new(*other, *length).is_ok_and(|prefix| prefix.contains(own)))
}

fn report(
    instance: &InstanceConfig,
    interface: &InterfaceName,
    addresses: &[(IpAddr, Span)],
    context: &mut Context<'_>,
) {
    let [(first, span), others @ ..] = addresses else { return };
    let (which, verb) = match others {
        [] => (first.to_string(), "lies"),
        [(other, _)] => (format!("{first} and {other}"), "lie"),
        _ => (format!("{first} and {} more addresses", others.len()), "lie"),
    };
    let message =
        format!("({}) {which} {verb} in no network that {interface} is connected to", instance.name);
    let mut remark = note(Some(*span), message).label(format!("outside the networks of {interface}")).help(
        "if that is meant, routers need a route to it; else correct the address, or add its prefix length",
    );
    for (_, place) in others.iter().take(8) {
        remark = remark.related(*place, "this one, too");
    }
    context.push(remark);
}

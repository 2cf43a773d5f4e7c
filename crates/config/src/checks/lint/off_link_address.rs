//! A virtual address that lies in no prefix of its link is reachable only over routes that somebody adds elsewhere.

use super::{Places, note};
use crate::context::Context;
use keepalived_types::Prefix;
use keepalived_vrrp::config::InstanceConfig;

/// Remarks host addresses (/32, /128) outside every prefix of their interface.
pub(super) fn check(instance: &InstanceConfig, places: &Places<'_>, context: &mut Context<'_>) {
    let Some(draft) = places.draft(instance) else { return };
    for (address, span) in &draft.network.virtual_addresses {
        let Some(name) = address.interface.as_ref().or(instance.interface.as_ref()) else { continue };
        let Some(interface) = context.host.interface(name) else { continue };
        let same_family = || {
            interface.addresses.iter().filter(|(own, _)| own.is_ipv4() == address.prefix.address().is_ipv4())
        };
        let covers = |(own, length): &(std::net::IpAddr, u8)| {
            Prefix::new(*own, *length).is_ok_and(|prefix| prefix.contains(address.prefix.address()))
        };
        let is_host = address.prefix == Prefix::host(address.prefix.address());
        if interface.loopback || !is_host || address.peer.is_some() || same_family().next().is_none() {
            continue;
        }
        if same_family().any(covers) {
            continue;
        }
        let message = format!(
            "({}) {} lies in no network that {name} is connected to",
            instance.name,
            address.prefix.address()
        );
        let remark = note(Some(*span), message).help(
            "Hosts on the link need a route to it. Is the address right, or is a prefix length missing?",
        );
        context.push(remark);
    }
}

//! `virtual_server_group` blocks.

use crate::dump::text::Text;
use keepalived_lvs::config::{Config, GroupEntry, Protocol, ServerGroup, Service, VirtualServer};
use keepalived_types::Family;

pub(super) fn groups(text: &mut Text, config: &Config) {
    for group in &config.groups {
        let users = || config.virtual_servers.iter().filter(|server| uses(server, group));
        text.banner(1, "Virtual server group");
        let has = |family| if group.has_addresses(family) { "yes" } else { "no" };
        let (v4, v6) = (has(Family::V4), has(Family::V6));
        text.line(1, format_args!("Virtual Server Group = {}, IPv4 = {v4}, IPv6 = {v6}", group.name));
        for entry in &group.entries {
            self::entry(text, entry, users());
        }
    }
}

fn uses(server: &VirtualServer, group: &ServerGroup) -> bool {
    matches!(&server.service, Service::Group { name, .. } if *name == group.name)
}

fn entry<'a>(text: &mut Text, entry: &GroupEntry, users: impl Iterator<Item = &'a VirtualServer> + Clone) {
    match entry {
        GroupEntry::Addresses { range, port } => {
            if range.first() == range.last() {
                text.line(3, format_args!("VIP = {}, VPORT = {port}", range.first()));
            } else {
                let (first, last) = (range.first(), range.last());
                text.line(3, format_args!("VIP Range = {first}-{last}, VPORT = {port}"));
            }
            let count = |protocol| users.clone().filter(|server| server.protocol == Some(protocol)).count();
            let (tcp, udp, sctp) = (count(Protocol::Tcp), count(Protocol::Udp), count(Protocol::Sctp));
            text.line(5, format_args!("Alive: {tcp} tcp, {udp} udp, {sctp} sctp"));
        }
        GroupEntry::Mark { mark, family } => {
            text.line(3, format_args!("FWMARK = {mark}"));
            let of = |wanted| {
                let family_of = |server: &&VirtualServer| family.or(server.family) == Some(wanted);
                users.clone().filter(family_of).count()
            };
            text.line(5, format_args!("Alive: {} IPv4, {} IPv6", of(Family::V4), of(Family::V6)));
        }
    }
    text.line(5, format_args!("reloaded = False"));
}

//! Which services of the kernel a virtual server stands for.

use crate::config::{AddressRange, Granularity, GroupEntry, Service, VirtualServer};
use crate::config::{Forwarding, SchedulerFlags};
use keepalived_types::Family;
use keepalived_types::ipvs::{
    ClientMask, Destination, DestinationKey, Protocol, ServiceKey, ServicePersistence, VirtualService,
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// More addresses than this in one entry of a group are left out: each is a service, each server of the group a
/// destination in all of them.
pub(crate) const ENTRY_LIMIT: usize = 65_536;

/// One service that a virtual server stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// The service.
    pub(crate) key: ServiceKey,
    /// The entry of the group it comes from; 0 without a group.
    pub(crate) entry: usize,
}

/// The services, as the original orders them: addresses of a group first, then its marks. With a mark that stands for
/// the group it is one for each family that the group has.
pub(crate) fn expand(server: &VirtualServer, entries: &[GroupEntry], mark: Option<u32>) -> Vec<Target> {
    if let Some(mark) = mark {
        let has = |family| {
            let of = |entry: &GroupEntry| matches!(entry, GroupEntry::Addresses { range, .. } if range.family() == family);
            entries.iter().any(of)
        };
        let families = [Family::V4, Family::V6].into_iter().filter(|family| has(*family));
        return families.map(|family| Target { key: ServiceKey::Mark { mark, family }, entry: 0 }).collect();
    }
    let protocol = server.protocol.unwrap_or(Protocol::Udp);
    let family = server.family.unwrap_or(Family::V4);
    let address = |address, port| ServiceKey::Address { protocol, address, port };
    let key = match &server.service {
        Service::Address(ip, port) => address(*ip, *port),
        Service::Mark(mark) => ServiceKey::Mark { mark: *mark, family },
        Service::Group { .. } => {
            let mut targets = Vec::new();
            for (entry, line) in entries.iter().enumerate() {
                if let GroupEntry::Addresses { range, port } = line {
                    let every = addresses(*range).take(ENTRY_LIMIT);
                    targets.extend(every.map(|ip| Target { key: address(ip, *port), entry }));
                }
            }
            for (entry, line) in entries.iter().enumerate() {
                if let GroupEntry::Mark { mark, family: own } = line {
                    let key = ServiceKey::Mark { mark: *mark, family: own.unwrap_or(family) };
                    targets.push(Target { key, entry });
                }
            }
            return targets;
        }
    };
    vec![Target { key, entry: 0 }]
}

/// Every address that a virtual server answers on, as far as it has some; of each entry of a group no more than become
/// services.
pub(crate) fn answers_on<'a>(
    server: &'a VirtualServer,
    entries: &'a [GroupEntry],
) -> impl Iterator<Item = IpAddr> + 'a {
    let own = match server.service {
        Service::Address(address, _) => Some(address),
        Service::Mark(_) | Service::Group { .. } => None,
    };
    let of_group = entries.iter().flat_map(|entry| match entry {
        GroupEntry::Addresses { range, .. } => Some(addresses(*range).take(ENTRY_LIMIT)),
        GroupEntry::Mark { .. } => None,
    });
    own.into_iter().chain(of_group.flatten())
}

/// Does the entry have more addresses than we make services for?
pub(crate) fn is_too_large(entry: &GroupEntry) -> bool {
    match entry {
        GroupEntry::Addresses { range, .. } => addresses(*range).nth(ENTRY_LIMIT).is_some(),
        GroupEntry::Mark { .. } => false,
    }
}

/// Every address of a range, counted as whole numbers.
fn addresses(range: AddressRange) -> Box<dyn Iterator<Item = IpAddr>> {
    match (range.first(), range.last()) {
        (IpAddr::V4(first), IpAddr::V4(last)) => {
            Box::new((u32::from(first)..=u32::from(last)).map(|number| IpAddr::V4(Ipv4Addr::from(number))))
        }
        (IpAddr::V6(first), IpAddr::V6(last)) => {
            Box::new((u128::from(first)..=u128::from(last)).map(|number| IpAddr::V6(Ipv6Addr::from(number))))
        }
        (first, _) => Box::new(std::iter::once(first)),
    }
}

/// The service of a target as the virtual server wants it.
pub(crate) fn service(server: &VirtualServer, key: ServiceKey) -> VirtualService {
    let persistence = server.persistence.as_ref().map(|wanted| ServicePersistence {
        timeout: wanted.timeout,
        mask: match (wanted.granularity, key.family()) {
            (Some(Granularity::V4(mask)), Family::V4) => ClientMask::V4(mask),
            (Some(Granularity::V6(length)), Family::V6) => ClientMask::V6(length),
            (_, family) => ClientMask::single(family),
        },
        engine: wanted.engine.clone(),
    });
    VirtualService {
        key,
        scheduler: server.scheduler.name().to_owned(),
        flags: flags(server.flags),
        persistence,
    }
}

fn flags(flags: SchedulerFlags) -> u32 {
    [(flags.one_packet, 0x4), (flags.flag_1, 0x8), (flags.flag_2, 0x10), (flags.flag_3, 0x20)]
        .into_iter()
        .filter_map(|(set, bit)| set.then_some(bit))
        .sum()
}

/// Where a server is in a service: only NAT can change the port.
pub(crate) fn place(key: ServiceKey, address: IpAddr, port: u16, forwarding: Forwarding) -> DestinationKey {
    let port = match (forwarding, key) {
        (Forwarding::Nat, _) => port,
        (_, ServiceKey::Address { port, .. }) => port,
        (_, ServiceKey::Mark { .. }) => 0,
    };
    DestinationKey { address, port }
}

/// A server as it belongs in a service.
pub(crate) fn destination(
    key: ServiceKey,
    address: IpAddr,
    port: u16,
    forwarding: Forwarding,
    weight: u32,
    thresholds: (u32, u32),
) -> Destination {
    Destination {
        key: place(key, address, port, forwarding),
        forwarding,
        weight,
        upper_threshold: thresholds.0,
        lower_threshold: thresholds.1,
    }
}

/// An entry of a group as the original prints it: `[10.0.0.1]:tcp:80-10.0.0.9`, `FWM 9`.
pub(crate) fn entry_name(entry: &GroupEntry, protocol: Option<Protocol>) -> String {
    match entry {
        GroupEntry::Mark { mark, .. } => format!("FWM {mark}"),
        GroupEntry::Addresses { range, port } => {
            let first = crate::config::endpoint(range.first(), *port, protocol);
            if range.first() == range.last() { first } else { format!("{first}-{}", range.last()) }
        }
    }
}

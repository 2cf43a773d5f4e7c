//! The kernel of a node, as far as VRRP sees it: interfaces, addresses, and a reconciler that makes true what a
//! process wants.

use crate::segment::SegmentId;
use keepalived_types::{Family, IfIndex, InterfaceName, Prefix};
use keepalived_vrrp::{Link, LinkAddress, WantedNetwork};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A virtual address in its place.
pub(crate) type Placed = (IfIndex, Prefix);

/// An interface with the addresses that the operator gave it.
#[derive(Clone, Debug)]
pub(crate) struct Port {
    /// As it is, or as it was when it was deleted.
    pub(crate) link: Link,
    /// Somebody has deleted the interface and not made it again.
    pub(crate) is_deleted: bool,
    pub(crate) own: Vec<Prefix>,
    /// Those that somebody has removed.
    pub(crate) missing: BTreeSet<Prefix>,
}

impl Port {
    /// The operator's addresses that are there.
    pub(crate) fn present(&self) -> impl Iterator<Item = Prefix> {
        let is_there = |prefix: &&Prefix| !self.is_deleted && !self.missing.contains(*prefix);
        self.own.iter().filter(is_there).copied()
    }

    /// Can packets leave and arrive there?
    pub(crate) const fn is_usable(&self) -> bool {
        !self.is_deleted && self.link.is_usable()
    }
}

/// Interfaces and addresses. They outlive a process that is killed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Machine {
    pub(crate) ports: BTreeMap<SegmentId, Port>,
    /// Addresses that a keepalived process has set and nobody has removed.
    pub(crate) virtual_addresses: BTreeSet<Placed>,
    /// Those that somebody has removed and that nobody has to put back (`no_track`).
    pub(crate) given_up: BTreeSet<Placed>,
    /// How many interfaces were made anew: numbers are never used again.
    made: u32,
}

/// What a reconciliation did.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) added: Vec<Placed>,
    pub(crate) removed: Vec<Placed>,
}

/// The name of every interface on a segment.
pub(crate) fn interface_name(segment: SegmentId) -> InterfaceName {
    InterfaceName::new(&format!("eth{}", segment.0)).expect("a short name without blanks")
}

/// The number of every interface on a segment, until it is made anew; 1 would be the loopback.
pub(crate) fn interface_index(segment: SegmentId) -> IfIndex {
    let number = u32::try_from(segment.0).unwrap_or(u32::MAX - 2) + 2;
    IfIndex::new(number).expect("at least 2")
}

impl Machine {
    /// Plugs a new interface into a segment. `host` makes its addresses: 10.0.SEGMENT.HOST and fe80::SEGMENT:HOST.
    pub(crate) fn plug(&mut self, segment: SegmentId, host: u8) {
        let number = u8::try_from(segment.0).unwrap_or(u8::MAX);
        let link = Link {
            index: interface_index(segment),
            name: interface_name(segment),
            is_up: true,
            is_running: true,
            has_multicast: true,
            has_arp: true,
            mtu: 1500,
            mac: Some([2, 0, 0, 0, number, host]),
            base: None,
            vrf_table: None,
        };
        let v4 = IpAddr::V4(Ipv4Addr::new(10, 0, number, host));
        let v6 = IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, number.into(), host.into()));
        let own =
            [(v4, 24), (v6, 64)].map(|(address, length)| Prefix::new(address, length).expect("in range"));
        let missing = BTreeSet::new();
        self.ports.insert(segment, Port { link, is_deleted: false, own: own.to_vec(), missing });
    }

    /// Gives an interface a second address of each family, behind the first: 10.0.(100+SEGMENT).HOST and
    /// fe80::1:SEGMENT:HOST.
    pub(crate) fn add_second_addresses(&mut self, segment: SegmentId, host: u8) {
        let number = u8::try_from(segment.0).unwrap_or(u8::MAX);
        let v4 = IpAddr::V4(Ipv4Addr::new(10, 0, number.saturating_add(100), host));
        let v6 = IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 1, number.into(), host.into()));
        let second =
            [(v4, 24), (v6, 64)].map(|(address, length)| Prefix::new(address, length).expect("in range"));
        if let Some(port) = self.ports.get_mut(&segment) {
            port.own.extend(second);
        }
    }

    /// A number that no interface of this machine ever had.
    pub(crate) fn new_index(&mut self) -> IfIndex {
        self.made += 1;
        IfIndex::new(1000 + self.made).expect("at least 1000")
    }

    /// The interface of this name, if there is one.
    pub(crate) fn named(&self, name: &InterfaceName) -> Option<&Port> {
        self.ports.values().find(|port| !port.is_deleted && port.link.name == *name)
    }

    /// Is there an interface of this number?
    pub(crate) fn has_index(&self, index: IfIndex) -> bool {
        self.ports.values().any(|port| !port.is_deleted && port.link.index == index)
    }

    /// Can packets leave and arrive there?
    pub(crate) fn is_usable(&self, segment: SegmentId) -> bool {
        self.ports.get(&segment).is_some_and(Port::is_usable)
    }

    /// Is this one of the operator's addresses, and there?
    pub(crate) fn has_address(&self, address: IpAddr) -> bool {
        self.segment_of(address).is_some()
    }

    /// Is there an address that adverts of this family can be sent from?
    pub(crate) fn has_source(&self, interface: &InterfaceName, family: Family) -> bool {
        let is_suitable = |prefix: Prefix| Family::of(prefix.address()) == family;
        self.named(interface).is_some_and(|port| port.present().any(is_suitable))
    }

    /// The interfaces as they are now.
    pub(crate) fn links(&self) -> Vec<Link> {
        self.ports.values().filter(|port| !port.is_deleted).map(|port| port.link.clone()).collect()
    }

    /// All addresses as they are now, the operator's first.
    pub(crate) fn addresses(&self) -> Vec<LinkAddress> {
        let own = self.ports.values().flat_map(|port| port.present().map(|prefix| (port.link.index, prefix)));
        own.chain(self.virtual_addresses.iter().copied()).map(link_address).collect()
    }

    /// On which segment this address is one of the operator's.
    pub(crate) fn segment_of(&self, address: IpAddr) -> Option<SegmentId> {
        let holds = |port: &Port| port.present().any(|prefix| prefix.address() == address);
        self.ports.iter().find(|(_, port)| holds(port)).map(|(segment, _)| *segment)
    }

    /// Makes the virtual addresses exactly these.
    pub(crate) fn reconcile<'a>(&mut self, wanted: impl Iterator<Item = &'a WantedNetwork>) -> Changes {
        let addresses = wanted.flat_map(|network| &network.addresses);
        let wanted = addresses.map(|(index, address)| (*index, address.prefix));
        let wanted: BTreeSet<Placed> = wanted.filter(|(index, _)| self.has_index(*index)).collect();
        let added = wanted.difference(&self.virtual_addresses).copied().collect();
        let removed = self.virtual_addresses.difference(&wanted).copied().collect();
        self.given_up.retain(|placed| !wanted.contains(placed));
        self.virtual_addresses = wanted;
        Changes { added, removed }
    }
}

/// As netlink reports it.
pub(crate) const fn link_address((index, prefix): Placed) -> LinkAddress {
    LinkAddress { index, prefix, tentative: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keepalived_vrrp::config::AddressConfig;

    #[test]
    fn reconciling_changes_only_what_differs() {
        let index = interface_index(SegmentId(0));
        let network = |hosts: &[u8]| {
            let mut network = WantedNetwork::default();
            network.addresses.extend(hosts.iter().map(|host| {
                let prefix = Prefix::host(IpAddr::V4(Ipv4Addr::new(10, 0, 0, *host)));
                (index, AddressConfig::plain(prefix))
            }));
            network
        };
        let mut machine = Machine::default();
        machine.plug(SegmentId(0), 1);
        assert_eq!(machine.reconcile([&network(&[1, 2])].into_iter()).added.len(), 2);
        let changes = machine.reconcile([&network(&[2])].into_iter());
        assert_eq!((changes.added.len(), changes.removed.len()), (0, 1));
        assert_eq!(machine.reconcile([].into_iter()).removed.len(), 1);
    }
}

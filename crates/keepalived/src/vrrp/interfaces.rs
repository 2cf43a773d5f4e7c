//! The interfaces of the machine for a dump: listed when it is written, so that no other thread has to know them all.

use keepalived_kernel::netlink::{Link, Requests};
use keepalived_kernel::sysctl;
use keepalived_surfaces::dump::{DumpedInterface, FirstAddresses};
use keepalived_types::IfIndex;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

/// All interfaces; none when the kernel does not answer, for a dump is worth having without them. Virtual addresses are
/// never sources of adverts.
pub(super) fn list(virtual_addresses: &HashSet<IpAddr>) -> Vec<DumpedInterface> {
    let listed = Requests::open().and_then(|mut requests| {
        let links = requests.dump_links()?;
        Ok((links, requests.dump_addresses()?))
    });
    let Ok((links, addresses)) = listed else { return Vec::new() };
    let mut by_link: HashMap<IfIndex, Vec<IpAddr>> = HashMap::new();
    for address in addresses {
        by_link.entry(address.index).or_default().push(address.prefix.address());
    }
    let dumped = |link: Link| {
        let addresses = by_link.remove(&link.index).unwrap_or_default();
        interface(link, addresses, virtual_addresses)
    };
    links.into_iter().map(dumped).collect()
}

fn interface(link: Link, addresses: Vec<IpAddr>, virtual_addresses: &HashSet<IpAddr>) -> DumpedInterface {
    let setting =
        |name: &str| sysctl::read_number(&format!("net/ipv4/conf/{}/{name}", link.name)).unwrap_or(0);
    let own = || addresses.iter().copied().filter(|address| !virtual_addresses.contains(address));
    let is_link_local =
        |address: &IpAddr| matches!(address, IpAddr::V6(address) if address.is_unicast_link_local());
    DumpedInterface {
        first: FirstAddresses {
            v4: own().filter(IpAddr::is_ipv4).collect(),
            v6: own().filter(is_link_local).collect(),
        },
        index: link.index.get(),
        is_up: link.is_up(),
        is_running: link.is_running(),
        traits: traits(&link),
        mtu: link.mtu,
        hardware: hardware(link.hardware_type),
        arp_ignore: setting("arp_ignore"),
        arp_filter: setting("arp_filter"),
        promote_secondaries: setting("promote_secondaries"),
        mac: link.hardware_address_bytes,
        broadcast: link.hardware_broadcast,
        name: link.name,
        addresses,
    }
}

/// What is unusual about an interface, in the original's words.
fn traits(link: &Link) -> Vec<&'static str> {
    let is_point_to_point = link.flags & libc::IFF_POINTOPOINT.cast_unsigned() != 0;
    let traits = [
        (!link.is_broadcast(), "no broadcast"),
        (link.is_loopback(), "loopback"),
        (is_point_to_point, "point to point"),
        (link.is_noarp(), "no arp"),
        (!link.is_multicast(), "no multicast"),
    ];
    traits.into_iter().filter(|(has, _)| *has).map(|(_, word)| word).collect()
}

/// `ARPHRD_*` (linux/if_arp.h) in the original's words.
fn hardware(kind: u16) -> String {
    match kind {
        1 => "ETHERNET".to_owned(),
        32 => "INFINIBAND".to_owned(),
        772 => "LOOPBACK".to_owned(),
        other => format!("UNKNOWN ({other})"),
    }
}

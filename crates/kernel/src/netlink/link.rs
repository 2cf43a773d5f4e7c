//! Network interfaces as rtnetlink describes them (linux/if_link.h).

use super::decode::{Attribute, Attributes, Message, u16_at, u32_at};
use keepalived_types::IfIndex;

/// ARPHRD_ETHER.
pub const HARDWARE_ETHERNET: u16 = 1;
/// ARPHRD_INFINIBAND: 20-byte addresses.
pub const HARDWARE_INFINIBAND: u16 = 32;

/// An interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its number.
    pub index: IfIndex,
    /// Its name now; it can be renamed.
    pub name: String,
    /// The kernel's `IFF_*`; see the methods for those that matter.
    pub flags: u32,
    /// In bytes, without the link-layer header; 0 when the kernel did not say.
    pub mtu: u32,
    /// `ARPHRD_*`: [`HARDWARE_ETHERNET`], [`HARDWARE_INFINIBAND`], ...
    pub hardware_type: u16,
    /// The Ethernet address, when it is six bytes long.
    pub hardware_address: Option<[u8; 6]>,
    /// The link-layer address of any length, empty when there is none.
    pub hardware_address_bytes: Vec<u8>,
    /// The link-layer broadcast address of any length, empty when there is none.
    pub hardware_broadcast: Vec<u8>,
    /// The bridge, bond or VRF it belongs to.
    pub master: Option<IfIndex>,
    /// "macvlan", "vlan", "veth", "vrf", ...; `None` for hardware.
    pub kind: Option<String>,
    /// What it is stacked on: the base of a macvlan or VLAN, the peer of a veth. Only meaningful in this network
    /// namespace when [`Link::parent_elsewhere`] is false.
    pub parent: Option<IfIndex>,
    /// `parent` counts in another network namespace.
    pub parent_elsewhere: bool,
    /// The routing table of a VRF.
    pub vrf_table: Option<u32>,
}

impl Link {
    /// IFF_UP: the administrator wants it up.
    #[must_use]
    pub const fn is_up(&self) -> bool {
        self.has(libc::IFF_UP)
    }

    /// IFF_RUNNING: it can carry packets.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        self.has(libc::IFF_RUNNING)
    }

    /// IFF_NOARP: neither ARP nor neighbour discovery here.
    #[must_use]
    pub const fn is_noarp(&self) -> bool {
        self.has(libc::IFF_NOARP)
    }

    /// IFF_MULTICAST: multicast works.
    #[must_use]
    pub const fn is_multicast(&self) -> bool {
        self.has(libc::IFF_MULTICAST)
    }

    /// IFF_BROADCAST: broadcast works.
    #[must_use]
    pub const fn is_broadcast(&self) -> bool {
        self.has(libc::IFF_BROADCAST)
    }

    /// IFF_LOOPBACK.
    #[must_use]
    pub const fn is_loopback(&self) -> bool {
        self.has(libc::IFF_LOOPBACK)
    }

    const fn has(&self, flag: i32) -> bool {
        self.flags & flag.cast_unsigned() != 0
    }
}

/// struct ifinfomsg.
const BODY: usize = 16;

/// The index of the interface in a link message; `None` for a message that is not about the interface as such, like
/// a bridge's about its port (AF_BRIDGE): the removal of a port is not the removal of the interface.
pub(super) fn index_of(message: Message<'_>) -> Option<IfIndex> {
    let family = *message.payload.first()?;
    if i32::from(family) != libc::AF_UNSPEC {
        return None;
    }
    u32_at(message.payload, 4).and_then(IfIndex::new)
}

/// Reads RTM_NEWLINK. `None` when it has no index or no name, and for wireless statistics, which come as link
/// messages that change no flag.
pub(super) fn decode(message: Message<'_>) -> Option<Link> {
    let payload = message.payload;
    let mut link = Link {
        index: index_of(message)?,
        name: String::new(),
        flags: u32_at(payload, 8)?,
        mtu: 0,
        hardware_type: u16_at(payload, 2)?,
        hardware_address: None,
        hardware_address_bytes: Vec::new(),
        hardware_broadcast: Vec::new(),
        master: None,
        kind: None,
        parent: None,
        parent_elsewhere: false,
        vrf_table: None,
    };
    let changed = u32_at(payload, 12)?;
    for attribute in Attributes(payload.get(BODY..)?) {
        match attribute.kind {
            libc::IFLA_ADDRESS => {
                link.hardware_address = attribute.value.try_into().ok();
                link.hardware_address_bytes = attribute.value.to_vec();
            }
            libc::IFLA_BROADCAST => link.hardware_broadcast = attribute.value.to_vec(),
            libc::IFLA_IFNAME => link.name = attribute.text().unwrap_or_default(),
            libc::IFLA_MTU => link.mtu = attribute.u32().unwrap_or(0),
            libc::IFLA_LINK => link.parent = attribute.u32().and_then(IfIndex::new),
            libc::IFLA_MASTER => link.master = attribute.u32().and_then(IfIndex::new),
            libc::IFLA_LINK_NETNSID => link.parent_elsewhere = true,
            libc::IFLA_WIRELESS if changed == 0 && message.sequence == 0 => return None,
            libc::IFLA_LINKINFO => {
                link.kind = attribute.nested().find(|inner| inner.kind == 1).and_then(|kind| kind.text());
                link.vrf_table = vrf_table(attribute).filter(|_| link.kind.as_deref() == Some("vrf"));
            }
            _ => {}
        }
    }
    (!link.name.is_empty()).then_some(link)
}

/// IFLA_VRF_TABLE inside IFLA_INFO_DATA.
fn vrf_table(information: Attribute<'_>) -> Option<u32> {
    let data = information.nested().find(|inner| inner.kind == 2)?;
    data.nested().find(|inner| inner.kind == 1)?.u32()
}

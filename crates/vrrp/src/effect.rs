//! What the engine wants done. The driver performs effects in order, adverts of a turn first, and reports failures
//! as inputs.

use crate::config::{AddressConfig, InstanceConfig, RouteConfig, RuleConfig};
use crate::event::Event;
use keepalived_types::{Family, IfIndex, InterfaceName, Vrid};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// An instance, by a number that is never used again while the engine lives; a reload keeps those of kept instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceId(pub u32);

/// A pair of sockets (receive, send) shared by the instances that speak in the same place; never used again either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChannelId(pub u32);

/// Where a channel speaks and listens (vrrp reference 4.4).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Channel {
    /// The family of its adverts.
    pub family: Family,
    /// The interface it is bound to; `None` only for unicast without one.
    pub interface: Option<(IfIndex, InterfaceName)>,
    /// The VRF it is bound to where there is no interface.
    pub vrf: Option<InterfaceName>,
    /// The group that is joined, or the local address that is bound.
    pub address: ChannelAddress,
}

/// Multicast or unicast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChannelAddress {
    /// Join this group.
    Group(IpAddr),
    /// Bind this source address.
    Local(IpAddr),
}

/// How soon what a channel receives has to be handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attention {
    /// As it comes: every channel begins so.
    AtOnce,
    /// From time to time, for nobody acts on it: it only tells backups that their masters live. Each advert is handed
    /// over with the time it came in, if that is less than `every` ago, and everything is before a master is believed
    /// to be down (`Engine::next_master_down`).
    InBatches {
        /// The longest that an advert may wait.
        every: Duration,
        /// So many adverts may come at once: masters that began together speak together. When far more do, somebody
        /// floods us.
        burst: usize,
        /// What is for these virtual routers does not wait: we are their MASTER. Neither does any release (priority 0).
        /// All that came before is handed over first.
        at_once: Vec<Vrid>,
    },
}

/// An advert, encoded once when it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedAdvert {
    /// The source address in it (IPv6: for the packet info).
    pub source: IpAddr,
    /// One packet per destination: a whole IPv4 packet with identification 1 and header checksum 0 (the kernel fills
    /// that in), or for IPv6 the VRRP message, its checksum filled in (the kernel sums it up again).
    pub packets: Vec<(IpAddr, Vec<u8>)>,
    /// The hop limit to ask for (IPv6; IPv4 has it in the header).
    pub hop_limit: u8,
}

/// What must exist on the machine for one instance, or as long as the daemon runs; the reconciler compares it with what is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WantedNetwork {
    /// Addresses with the interface each belongs on. Order matters: the first of an IPv4 subnet becomes primary.
    pub addresses: Vec<(IfIndex, AddressConfig)>,
    /// Routes whose interfaces exist, in the order of the configuration.
    pub routes: Vec<PlacedRoute>,
    /// Rules, in the order of the configuration.
    pub rules: Vec<RuleConfig>,
}

impl WantedNetwork {
    /// Nothing at all is wanted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty() && self.routes.is_empty() && self.rules.is_empty()
    }
}

/// A route, and what its names mean on this machine now.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PlacedRoute {
    /// As it is configured.
    pub route: RouteConfig,
    /// The interface of each way, in their order; `None` where the route names none.
    pub interfaces: Vec<Option<IfIndex>>,
    /// The routing table: the configured one, that of the VRF, or main.
    pub table: u32,
}

/// One gratuitous ARP or unsolicited neighbour advertisement (vrrp reference 1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// Where it is sent.
    pub index: IfIndex,
    /// The sender's Ethernet address.
    pub mac: [u8; 6],
    /// The address it is about.
    pub address: IpAddr,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Open the sockets of a channel. A failure is reported with `Engine::handle_channel_failed`.
    OpenChannel {
        /// Its number.
        id: ChannelId,
        /// Where.
        channel: Channel,
    },
    /// Nobody uses the channel any more.
    CloseChannel(ChannelId),
    /// From now on listen to a channel like this.
    Listen {
        /// Which one.
        channel: ChannelId,
        /// How.
        attention: Attention,
    },
    /// Send one ADVERTISEMENT (RFC 9568 §7.2), a copy to each destination.
    SendAdvert {
        /// Whose.
        instance: InstanceId,
        /// Through which sockets.
        channel: ChannelId,
        /// The bytes.
        advert: Arc<EncodedAdvert>,
        /// The IPv4 identification of this advert.
        identification: u16,
    },
    /// From now on exactly this belongs on the machine for the instance.
    Want {
        /// Whose.
        instance: InstanceId,
        /// What.
        network: Arc<WantedNetwork>,
    },
    /// From now on exactly this belongs on the machine as long as the daemon runs, whatever the instances do.
    WantStatic(Arc<WantedNetwork>),
    /// Tell the neighbours where the virtual addresses live, in this order, after the addresses are there.
    Announce {
        /// Whose.
        instance: InstanceId,
        /// What, once.
        announcements: Arc<[Announcement]>,
        /// How many rounds over all of them, back to back; at least 1.
        rounds: u32,
    },
    /// Something happened that somebody may want to know.
    Event(Box<Event>),
}

/// What the driver may ask about an instance at any time.
#[derive(Clone, Debug)]
pub struct InstanceView<'a> {
    /// Its configuration.
    pub config: &'a InstanceConfig,
    /// Its state.
    pub state: crate::State,
    /// The channel it speaks and listens on, while it has one.
    pub channel: Option<ChannelId>,
    /// Its interface, while that exists.
    pub link: Option<IfIndex>,
}

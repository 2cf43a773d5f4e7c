//! What the driver tells the engine.

use keepalived_types::{IfIndex, Instant, InterfaceName, Prefix};
use std::net::IpAddr;
use std::time::Duration;

/// A network interface as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The kernel's number.
    pub index: IfIndex,
    /// Its name.
    pub name: InterfaceName,
    /// `IFF_UP`.
    pub is_up: bool,
    /// `IFF_RUNNING`.
    pub is_running: bool,
    /// `IFF_MULTICAST`.
    pub has_multicast: bool,
    /// `IFF_NOARP` is clear: announcements make sense.
    pub has_arp: bool,
    /// Bytes.
    pub mtu: u32,
    /// Ethernet address, where the interface has one.
    pub mac: Option<[u8; 6]>,
    /// The interface below a macvlan or ipvlan.
    pub base: Option<IfIndex>,
    /// The routing table of a VRF interface.
    pub vrf_table: Option<u32>,
}

impl Link {
    /// May adverts be sent? (`IFF_UP` and `IFF_RUNNING`.)
    #[must_use]
    pub const fn is_usable(&self) -> bool {
        self.is_up && self.is_running
    }
}

/// An address on an interface, or one that went away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkAddress {
    /// The interface.
    pub index: IfIndex,
    /// Address and prefix length.
    pub prefix: Prefix,
    /// Duplicate address detection has not finished: not usable yet (`IFA_F_TENTATIVE`).
    pub tentative: bool,
}

/// A received datagram that claims to be VRRP. Nothing in it has been checked.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// The VRRP message: behind the IP header for IPv4, the whole payload for IPv6.
    pub payload: &'a [u8],
    /// IPv4: the total length of the IP header says the payload should have this many bytes. `None` for IPv6.
    pub claimed_length: Option<usize>,
    /// IP source.
    pub source: IpAddr,
    /// IP destination.
    pub destination: IpAddr,
    /// TTL or hop limit; `None` when the kernel did not say.
    pub ttl: Option<u8>,
    /// IP protocol 51: the payload begins with an authentication header.
    pub has_authentication_header: bool,
}

/// When and where an engine begins.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    /// The time.
    pub now: Instant,
    /// Since the machine booted, for `vrrp_delay_after_boot`.
    pub uptime: Duration,
}

/// What a script, a file, a process tracker or a BFD session says; see `Engine::handle_tracker`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// A run of a `vrrp_script` ended. The engine counts `rise` and `fall`, the driver does not.
    Script {
        /// Exit status 0 within the timeout.
        success: bool,
    },
    /// The number in a `track_file`; 0 when there is none.
    File(i64),
    /// How many processes match a `vrrp_track_process`. The engine knows quorum and delays, the driver does not.
    Processes(u32),
    /// The state of a `bfd_instance`.
    Bfd {
        /// Is the session Up?
        up: bool,
    },
}

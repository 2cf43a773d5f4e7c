//! One `vrrp_instance`.

use super::{AddressConfig, NotifyScripts, PriorityNotices, RouteConfig, RuleConfig, Trackers};
use keepalived_types::{Family, InterfaceName, Priority, Rare, Usual, Version, Vrid};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// One virtual router as configured, all defaults filled in and all contradictions resolved. There may be thousands, so
/// what few of them have is boxed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceConfig {
    /// The block's name.
    pub name: String,
    /// `interface`; `None` only for unicast with a source address.
    pub interface: Option<InterfaceName>,
    /// `vrf`, for unicast without an interface.
    pub vrf: Option<InterfaceName>,
    /// `virtual_router_id`.
    pub vrid: Vrid,
    /// IPv4 or IPv6: the family of the virtual addresses and of the adverts.
    pub family: Family,
    /// `version`; always 3 for IPv6 in strict mode.
    pub version: Version,
    /// `state`.
    pub start_state: StartState,
    /// `priority`, 1 to 255.
    pub priority: Priority,
    /// `advert_int`, already fitted to the version: whole seconds (v2) or steps of 10 ms (v3).
    pub advert_interval: Duration,
    /// `down_timer_adverts`, 1 to 100, default 3.
    pub down_timer_adverts: u8,
    /// How adverts travel.
    pub transport: Transport,
    /// `virtual_ipaddress`: these stand in the adverts, in this order.
    pub virtual_addresses: Vec<AddressConfig>,
    /// `virtual_ipaddress_excluded`: these do not.
    pub excluded_addresses: Vec<AddressConfig>,
    /// `virtual_routes`: routes of the master.
    pub virtual_routes: Vec<RouteConfig>,
    /// `virtual_rules`: policy rules of the master.
    pub virtual_rules: Vec<RuleConfig>,
    /// `authentication`, VRRPv2 only.
    pub authentication: Authentication,
    /// `auth_hmac`.
    pub auth_hmac: Option<Box<AuthHmac>>,
    /// `preempt` / `nopreempt`.
    pub preempt: bool,
    /// `preempt_delay`; zero for none.
    pub preempt_delay: Duration,
    /// `strict_mode` or `vrrp_strict`.
    pub strict: bool,
    /// `accept`: take packets for the virtual addresses without owning them.
    pub accept: bool,
    /// `dont_track_primary`: the own interface going down is no fault.
    pub dont_track_primary: bool,
    /// `track_src_ip`: fault while the configured source address is missing.
    pub track_source_address: bool,
    /// `skip_check_adv_addr`.
    pub skip_check_advert_addresses: bool,
    /// `lower_prio_no_advert`: do not answer a lower priority advert.
    pub lower_priority_no_advert: bool,
    /// `higher_prio_send_advert`: send one advert before giving way.
    pub higher_priority_send_advert: bool,
    /// `owner_ignore_adverts`.
    pub owner_ignores_adverts: bool,
    /// `timer_expired_backup`: the highest priority of the router that may have taken over.
    pub timer_expired_backup: Option<Priority>,
    /// `v3_checksum_as_v2`: IPv4 v3 checksums without the pseudo-header (RFC 9568 §5.2.8).
    pub v3_checksum_as_v2: bool,
    /// `promote_secondaries`.
    pub promote_secondaries: bool,
    /// Announcements of the virtual addresses.
    pub garp: Rare<GarpConfig>,
    /// `use_vmac`.
    pub vmac: Option<Box<VmacConfig>>,
    /// `use_vmac_addr`.
    pub vmac_for_other_interfaces: bool,
    /// `use_ipvlan`.
    pub ipvlan: Option<Box<IpvlanConfig>>,
    /// `kernel_rx_buf_size` or the global policy.
    pub receive_buffer: ReceiveBuffer,
    /// What the instance follows besides its interface.
    pub trackers: Rare<Trackers>,
    /// Scripts to run.
    pub notify: Rare<NotifyScripts>,
    /// `notify_deleted`: a removal by reload is announced as DELETED, not FAULT.
    pub notify_deleted: bool,
    /// `notify_priority_changes`.
    pub priority_notices: PriorityNotices,
    /// `smtp_alert`, global defaults applied.
    pub smtp_alert: bool,
    /// `unicast_fault_no_peer` with an empty peer list: stay in FAULT until reconfigured. Also set for other
    /// contradictions that disable an instance; the text says which.
    pub disabled: Option<Box<str>>,
    /// `debug`: accepted for compatibility, read by nobody.
    pub debug: u8,
}

/// `state`: only a hint, see RFC 9568 §6.4.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StartState {
    /// `state MASTER`.
    Master,
    /// `state BACKUP`.
    Backup,
}

/// How adverts travel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Transport {
    /// To a multicast group (RFC 9568 §5.1.1.2).
    Multicast {
        /// 224.0.0.18, ff02::12 or `mcast_dst_ip`.
        group: IpAddr,
        /// `mcast_src_ip`.
        source: Option<IpAddr>,
    },
    /// To each configured peer.
    Unicast {
        /// `unicast_src_ip`.
        source: Option<IpAddr>,
        /// `unicast_peer`.
        peers: Vec<UnicastPeer>,
        /// `check_unicast_src`, also switched on by `min_ttl` and `max_ttl`.
        check_source: bool,
        /// `unicast_ttl`.
        ttl: Option<u8>,
        /// `old_unicast_checksum`.
        checksum: ChecksumCompat,
    },
}

impl Transport {
    /// Nobody hears its adverts: unicast without a peer.
    #[must_use]
    pub const fn peers_are_missing(&self) -> bool {
        matches!(self, Self::Unicast { peers, .. } if peers.is_empty())
    }

    /// Unicast peers.
    #[must_use]
    pub fn peers(&self) -> &[UnicastPeer] {
        match self {
            Self::Multicast { .. } => &[],
            Self::Unicast { peers, .. } => peers,
        }
    }
}

/// One unicast peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnicastPeer {
    /// Where adverts go.
    pub address: IpAddr,
    /// Lowest TTL accepted from it.
    pub min_ttl: u8,
    /// Highest TTL accepted from it.
    pub max_ttl: u8,
}

/// `old_unicast_checksum`: the checksum of releases before 1.3.6, summed over the multicast group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChecksumCompat {
    /// Absent: send the right one, accept either.
    Automatic,
    /// The bare keyword: send and accept the old one.
    Old,
    /// `never`: send and accept the right one.
    Never,
}

/// VRRPv2 authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Authentication {
    /// None (RFC 3768).
    None,
    /// Simple text password, zero padded (RFC 2338 §5.3.6.2).
    Password([u8; 8]),
    /// IP authentication header with this key, zero padded (RFC 2338 §10.3).
    Header([u8; 8]),
}

/// The `auth_hmac` extension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthHmac {
    /// `key`, in the order of the file.
    pub keys: Vec<HmacKey>,
    /// `active_key`.
    pub active_key: u8,
    /// `anti_replay`.
    pub anti_replay: AntiReplay,
    /// `time_window`.
    pub time_window: Duration,
    /// `mode`.
    pub mode: HmacMode,
}

/// One key of `auth_hmac`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HmacKey {
    /// 1 to 255.
    pub id: u8,
    /// 32 to 64 bytes.
    pub secret: Vec<u8>,
}

/// Replay protection of `auth_hmac`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AntiReplay {
    /// By clock and window.
    Time,
    /// By sequence only.
    Monotonic,
}

/// What `auth_hmac` does with unsigned adverts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HmacMode {
    /// Refuse them.
    Enforce,
    /// Accept them, send signed ones.
    Permissive,
    /// Accept them, send unsigned ones.
    ReceiveOnly,
}

/// Gratuitous ARP and unsolicited neighbour advertisements of one instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GarpConfig {
    /// `garp_master_repeat`: rounds on becoming MASTER, at least 1.
    pub repeat: u32,
    /// `garp_master_delay`: pause before the second burst; zero for none.
    pub delay: Duration,
    /// `garp_master_refresh`: period while MASTER; zero for none.
    pub refresh: Duration,
    /// `garp_master_refresh_repeat`: rounds of each refresh, at least 1.
    pub refresh_repeat: u32,
    /// `garp_lower_prio_repeat`.
    pub lower_priority_repeat: u32,
    /// `garp_lower_prio_delay`.
    pub lower_priority_delay: Duration,
    /// `garp_extra_if`.
    pub extra: Option<ExtraInterfaceAnnouncements>,
}

/// `garp_extra_if`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtraInterfaceAnnouncements {
    /// `all`: other interfaces than VMACs, too.
    pub all: bool,
    /// The period.
    pub interval: Duration,
}

/// `use_vmac`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VmacConfig {
    /// The interface name asked for.
    pub name: Option<InterfaceName>,
    /// A MAC address of its own.
    pub mac: Option<[u8; 6]>,
    /// `group`: the interface group.
    pub group: Option<u32>,
    /// `netlink_notify_msg`.
    pub netlink_notify: bool,
    /// `vmac_xmit_base`: adverts use the base interface.
    pub transmit_on_base: bool,
    /// The prefix of a generated name.
    pub name_prefix: String,
}

/// `use_ipvlan`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IpvlanConfig {
    /// The interface name asked for.
    pub name: Option<InterfaceName>,
    /// The address of the ipvlan interface.
    pub address: Option<(IpAddr, Option<u8>)>,
    /// Its mode.
    pub mode: IpvlanMode,
    /// `group`: the interface group.
    pub group: Option<u32>,
}

/// Isolation of an ipvlan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum IpvlanMode {
    /// `bridge`.
    Bridge,
    /// `private`.
    Private,
    /// `vepa`.
    Vepa,
}

/// How big the receive buffer of the instance's share of a socket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReceiveBuffer {
    /// The system's default.
    System,
    /// This many bytes.
    Bytes(u32),
    /// This many times an advert.
    Adverts(u32),
    /// This many times the MTU.
    Mtus(u32),
}

/// How the link state of an interface is polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Linkbeat {
    /// The first that works of MII, ETHTOOL, IOCTL.
    Automatic,
    /// MII registers.
    Mii,
    /// `ETHTOOL_GLINK`.
    Ethtool,
    /// `SIOCGIFFLAGS`.
    Ioctl,
}

impl InstanceConfig {
    /// An instance with every option at its default: what tests and the simulator start from.
    #[must_use]
    pub fn new(name: &str, interface: InterfaceName, vrid: Vrid, family: Family) -> Self {
        let (version, group) = match family {
            Family::V4 => (Version::V2, IpAddr::V4(Ipv4Addr::new(224, 0, 0, 18))),
            Family::V6 => (Version::V3, IpAddr::V6(std::net::Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12))),
        };
        Self {
            name: name.to_owned(),
            interface: Some(interface),
            vrf: None,
            vrid,
            family,
            version,
            start_state: StartState::Backup,
            priority: Priority::DEFAULT,
            advert_interval: Duration::from_secs(1),
            down_timer_adverts: 3,
            transport: Transport::Multicast { group, source: None },
            virtual_addresses: Vec::new(),
            excluded_addresses: Vec::new(),
            virtual_routes: Vec::new(),
            virtual_rules: Vec::new(),
            authentication: Authentication::None,
            auth_hmac: None,
            preempt: true,
            preempt_delay: Duration::ZERO,
            strict: false,
            accept: true,
            dont_track_primary: false,
            track_source_address: false,
            skip_check_advert_addresses: false,
            lower_priority_no_advert: false,
            higher_priority_send_advert: false,
            owner_ignores_adverts: false,
            timer_expired_backup: None,
            v3_checksum_as_v2: false,
            promote_secondaries: false,
            garp: Rare::default(),
            vmac: None,
            vmac_for_other_interfaces: false,
            ipvlan: None,
            receive_buffer: ReceiveBuffer::System,
            trackers: Rare::default(),
            notify: Rare::default(),
            notify_deleted: false,
            priority_notices: PriorityNotices::default(),
            smtp_alert: false,
            disabled: None,
            debug: 0,
        }
    }

    /// `mcast_src_ip` or `unicast_src_ip`.
    #[must_use]
    pub const fn configured_source(&self) -> Option<IpAddr> {
        match &self.transport {
            Transport::Multicast { source, .. } | Transport::Unicast { source, .. } => *source,
        }
    }

    /// Is this one of the unicast peers?
    #[must_use]
    pub fn has_peer(&self, address: IpAddr) -> bool {
        match &self.transport {
            Transport::Unicast { peers, .. } => peers.iter().any(|peer| peer.address == address),
            Transport::Multicast { .. } => false,
        }
    }
}

impl Usual for GarpConfig {
    const USUAL: &'static Self = &Self {
        repeat: 5,
        delay: Duration::from_secs(5),
        refresh: Duration::ZERO,
        refresh_repeat: 1,
        lower_priority_repeat: 5,
        lower_priority_delay: Duration::from_secs(5),
        extra: None,
    };
}

impl Default for GarpConfig {
    fn default() -> Self {
        *Self::USUAL
    }
}

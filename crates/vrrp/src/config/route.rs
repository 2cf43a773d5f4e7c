//! Virtual and static routes, with everything `ip route` can say about one.

use keepalived_types::{InterfaceName, Prefix};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// One line of `virtual_routes` or `static_routes`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RouteConfig {
    /// Where to; a default route has length 0.
    pub destination: Prefix,
    /// `from`: the source prefix, IPv6 only.
    pub source: Option<Prefix>,
    /// `src`: the preferred source address.
    pub preferred_source: Option<IpAddr>,
    /// What happens to a packet, as in `rtm_type` (linux/rtnetlink.h); unicast is 1.
    pub kind: u8,
    /// `table`; `None` means main (254), or the table of the `vrf`.
    pub table: Option<u32>,
    /// `vrf`: the table of this VRF device.
    pub vrf: Option<InterfaceName>,
    /// `protocol`; 18 is keepalived's own.
    pub protocol: u8,
    /// `scope` as in `rt_scopes`; `None` lets the kind and the gateway decide.
    pub scope: Option<u8>,
    /// `tos` or `dsfield`.
    pub tos: Option<u8>,
    /// `metric`, `priority` or `preference`; `None` leaves it to the kernel.
    pub metric: Option<u32>,
    /// How packets leave.
    pub next_hops: NextHops,
    /// `realms`: from and to, IPv4 only.
    pub realms: Option<Realms>,
    /// Metric values and what else rides on the route.
    pub options: RouteOptions,
    /// `add`, `append` or `prepend`.
    pub placement: RoutePlacement,
    /// `no_track`: nobody cares when the route goes away.
    pub no_track: bool,
    /// `track_group` (static routes only).
    pub track_group: Option<String>,
}

impl RouteConfig {
    /// A unicast route with every option at its default.
    #[must_use]
    pub fn plain(destination: Prefix) -> Self {
        Self {
            destination,
            source: None,
            preferred_source: None,
            kind: RouteKind::UNICAST,
            table: None,
            vrf: None,
            protocol: RouteKind::PROTOCOL_KEEPALIVED,
            scope: None,
            tos: None,
            metric: None,
            next_hops: NextHops::Single(Hop::default()),
            realms: None,
            options: RouteOptions::default(),
            placement: RoutePlacement::Prepend,
            no_track: false,
            track_group: None,
        }
    }

    /// Its ways, one or several.
    pub fn hops(&self) -> impl Iterator<Item = &Hop> {
        let hops: Vec<&Hop> = match &self.next_hops {
            NextHops::Single(hop) => vec![hop],
            NextHops::Multipath(hops) => hops.iter().map(|weighted| &weighted.hop).collect(),
        };
        hops.into_iter()
    }

    /// The interfaces that its next hops name.
    pub fn interfaces(&self) -> impl Iterator<Item = &InterfaceName> {
        self.hops().filter_map(|hop| hop.interface.as_ref())
    }
}

/// Numbers of linux/rtnetlink.h that a route starts from.
#[derive(Clone, Copy, Debug)]
pub struct RouteKind;

impl RouteKind {
    /// `RTN_UNICAST`.
    pub const UNICAST: u8 = 1;
    /// `RTPROT_KEEPALIVED`.
    pub const PROTOCOL_KEEPALIVED: u8 = 18;
    /// `RT_TABLE_MAIN`.
    pub const TABLE_MAIN: u32 = 254;
}

/// How packets leave.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum NextHops {
    /// One way, or none for blackhole and its kin.
    Single(Hop),
    /// `nexthop` words: several ways that share the load.
    Multipath(Vec<WeightedHop>),
}

/// One way out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Hop {
    /// `via`; may be of the other family (RTA_VIA).
    pub gateway: Option<IpAddr>,
    /// `dev` or `oif`.
    pub interface: Option<InterfaceName>,
    /// `onlink`.
    pub on_link: bool,
    /// `encap`.
    pub encapsulation: Option<Encapsulation>,
}

/// One of several ways out.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct WeightedHop {
    /// The way.
    pub hop: Hop,
    /// `weight`, 1 to 256.
    pub weight: u16,
    /// `realms`, IPv4 only.
    pub realms: Option<Realms>,
}

/// `realms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Realms {
    /// Source realm; 0 for none.
    pub from: u16,
    /// Destination realm.
    pub to: u16,
}

/// Where the route goes among those with the same destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RoutePlacement {
    /// `add`: fails when there is one already.
    Add,
    /// `append`: behind them.
    Append,
    /// `prepend`: before them.
    Prepend,
}

/// A metric value that the kernel may, or with `lock` may not, adapt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Lockable<T> {
    /// The value.
    pub value: T,
    /// `lock`.
    pub locked: bool,
}

/// Metric values (RTAX_* of linux/rtnetlink.h) and what else rides on a route.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RouteOptions {
    /// `mtu` in bytes.
    pub mtu: Option<Lockable<u32>>,
    /// `advmss` in bytes.
    pub advmss: Option<Lockable<u32>>,
    /// `reordering`.
    pub reordering: Option<Lockable<u32>>,
    /// `cwnd`.
    pub cwnd: Option<Lockable<u32>>,
    /// `ssthresh`.
    pub ssthresh: Option<Lockable<u32>>,
    /// `hoplimit`.
    pub hop_limit: Option<u8>,
    /// `rtt`.
    pub rtt: Option<Lockable<Duration>>,
    /// `rttvar`.
    pub rttvar: Option<Lockable<Duration>>,
    /// `rto_min`.
    pub rto_min: Option<Lockable<Duration>>,
    /// `window`.
    pub window: Option<u32>,
    /// `initcwnd`.
    pub initcwnd: Option<u32>,
    /// `initrwnd`.
    pub initrwnd: Option<u32>,
    /// `features ecn`.
    pub ecn: bool,
    /// `quickack`.
    pub quickack: Option<bool>,
    /// `congctl`.
    pub congestion_control: Option<Lockable<String>>,
    /// `pref`: IPv6 router preference as in `ICMPV6_ROUTER_PREF_*`.
    pub preference: Option<u8>,
    /// `ttl-propagate`.
    pub ttl_propagate: Option<bool>,
    /// `fastopen_no_cookie`.
    pub fastopen_no_cookie: Option<bool>,
    /// `expires` in seconds, IPv6 only.
    pub expires_s: Option<u32>,
}

/// `encap`: lightweight tunnels.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Encapsulation {
    /// `ip`.
    Ip(Ipv4Tunnel),
    /// `ip6`.
    Ip6(Ipv6Tunnel),
    /// `mpls`: labels, outermost first, each up to 1048575.
    Mpls(Vec<u32>),
    /// `ila`: the locator.
    Ila(u64),
}

/// `encap ip`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ipv4Tunnel {
    /// `id`.
    pub id: Option<u64>,
    /// `dst`.
    pub destination: Option<Ipv4Addr>,
    /// `src`.
    pub source: Option<Ipv4Addr>,
    /// `tos`.
    pub tos: Option<u8>,
    /// `ttl`.
    pub ttl: Option<u8>,
    /// `flags`.
    pub flags: Option<u16>,
}

/// `encap ip6`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ipv6Tunnel {
    /// `id`.
    pub id: Option<u64>,
    /// `dst`.
    pub destination: Option<Ipv6Addr>,
    /// `src`.
    pub source: Option<Ipv6Addr>,
    /// `tc`.
    pub traffic_class: Option<u8>,
    /// `hoplimit`.
    pub hop_limit: Option<u8>,
    /// `flags`.
    pub flags: Option<u16>,
}

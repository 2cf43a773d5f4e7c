//! Routes: as the kernel reports them, and as we ask for them (linux/rtnetlink.h).
//!
//! [`Route`] is what tells a route apart from others; [`RouteSpec`] adds what rides on it.

mod decode;
mod encapsulation;
mod encode;
#[cfg(test)]
mod tests;

pub use encapsulation::{Encapsulation, Ipv4Encapsulation, Ipv6Encapsulation};

use super::batch::{Done, NetlinkError, Operation};
use super::encode::{APPEND, CREATE, EXCLUSIVE, Encoder};
use keepalived_types::{Family, IfIndex, Prefix};
use std::net::IpAddr;

pub(super) use decode::{ask_for_routes, decode};

/// RTPROT_KEEPALIVED: the mark of our routes and rules.
pub const PROTOCOL_KEEPALIVED: u8 = 18;

/// struct rtmsg.
pub(super) const BODY: usize = 12;

/// What tells one route from others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    /// Where to; the default route has length 0.
    pub destination: Prefix,
    /// Only for packets from here; IPv6 only, length above 0.
    pub source: Option<Prefix>,
    /// The address that connections of this machine use.
    pub preferred_source: Option<IpAddr>,
    /// Type of service.
    pub tos: u8,
    /// Routing table; main is 254.
    pub table: u32,
    /// Who made it (`RTPROT_*`).
    pub protocol: u8,
    /// `RT_SCOPE_*`.
    pub scope: u8,
    /// `RTN_*`; unicast is 1.
    pub kind: u8,
    /// Lower ones win; `None`: the kernel's choice, which is 0 for IPv4 and 1024 for IPv6.
    pub metric: Option<u32>,
    /// The ways out; none for blackhole and its kin, more than one share the load.
    pub hops: Vec<RouteHop>,
}

/// One way out of a route.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RouteHop {
    /// The gateway; may be of the other family (RTA_VIA).
    pub gateway: Option<IpAddr>,
    /// The interface; `None` lets the kernel find it.
    pub index: Option<IfIndex>,
    /// The gateway is on the link whatever the addresses say.
    pub on_link: bool,
    /// Its share, 1 to 256; only told apart where there are several ways.
    pub weight: u16,
}

/// What an added route carries besides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RouteDetails {
    /// Realms of the route, `from << 16 | to`; IPv4 only.
    pub realms: Option<u32>,
    /// Metric values.
    pub metrics: Vec<RouteMetric>,
    /// TCP congestion control, and whether it is locked.
    pub congestion_control: Option<(String, bool)>,
    /// IPv6 router preference (`ICMPV6_ROUTER_PREF_*`).
    pub preference: Option<u8>,
    /// Carry the TTL through MPLS.
    pub ttl_propagate: Option<bool>,
    /// Lifetime in seconds; IPv6 only.
    pub expires_s: Option<u32>,
    /// What each hop adds, in the order of [`Route::hops`]; missing ones add nothing.
    pub hops: Vec<HopDetails>,
}

/// What one way of an added route carries besides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct HopDetails {
    /// A lightweight tunnel.
    pub encapsulation: Option<Encapsulation>,
    /// Realms of this way, where there are several; IPv4 only.
    pub realms: Option<u32>,
}

/// A metric value in the kernel's own unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RouteMetric {
    /// Which.
    pub kind: MetricKind,
    /// The value.
    pub value: u32,
    /// The kernel may not adapt it.
    pub locked: bool,
}

/// `RTAX_*` of linux/rtnetlink.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum MetricKind {
    /// Bytes.
    Mtu = 2,
    /// Bytes.
    Window = 3,
    /// Eighths of a millisecond.
    Rtt = 4,
    /// Quarters of a millisecond.
    RttVar = 5,
    /// Segments.
    SsThresh = 6,
    /// Segments.
    Cwnd = 7,
    /// Bytes.
    AdvMss = 8,
    /// Segments.
    Reordering = 9,
    /// Hops.
    HopLimit = 10,
    /// Segments.
    InitCwnd = 11,
    /// `RTAX_FEATURE_*`; ECN is 1.
    Features = 12,
    /// Milliseconds.
    RtoMin = 13,
    /// Segments.
    InitRwnd = 14,
    /// 0 or 1.
    QuickAck = 15,
    /// 0 or 1.
    FastOpenNoCookie = 17,
}

/// Where the route goes among those with the same destination.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Placement {
    /// Refused when there is one already.
    Add,
    /// Behind them.
    Append,
    /// Before them.
    #[default]
    Prepend,
}

/// A route that should exist.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RouteSpec {
    /// What tells it apart.
    pub route: Route,
    /// What it carries besides.
    pub details: RouteDetails,
    /// Where it goes.
    pub placement: Placement,
}

/// One step of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteOp {
    /// Add it. One that is there already, just so, is left as it is.
    Add(RouteSpec),
    /// Remove it, whatever it carries besides.
    Remove(Route),
}

impl Route {
    /// A route with nothing but a destination, made by keepalived in the main table.
    #[must_use]
    pub const fn new(destination: Prefix) -> Self {
        Self {
            destination,
            source: None,
            preferred_source: None,
            tos: 0,
            table: 254,
            protocol: PROTOCOL_KEEPALIVED,
            scope: 0,
            kind: 1,
            metric: None,
            hops: Vec::new(),
        }
    }

    /// The family of the destination.
    #[must_use]
    pub const fn family(&self) -> Family {
        self.destination.family()
    }
}

impl Operation for RouteOp {
    /// As with addresses, some 1.5 ms before timers get their turn again.
    const CHUNK: usize = 32;

    fn encode(&self, sequence: u32, to: &mut Encoder) {
        match self {
            Self::Add(spec) => {
                let flags = match spec.placement {
                    Placement::Add => CREATE | EXCLUSIVE,
                    Placement::Append => CREATE | APPEND,
                    Placement::Prepend => CREATE,
                };
                encode::add(spec, flags, sequence, to);
            }
            Self::Remove(route) => encode::remove(route, sequence, to),
        }
    }

    fn outcome(&self, errno: i32, message: Option<String>) -> Result<Done, NetlinkError> {
        match (errno, self) {
            (0, _) => Ok(Done::Done),
            (libc::EEXIST, Self::Add(_)) => Ok(Done::Already),
            (libc::ESRCH | libc::ENODEV, Self::Remove(_)) => Ok(Done::Gone),
            _ => Err(NetlinkError { errno, message }),
        }
    }
}

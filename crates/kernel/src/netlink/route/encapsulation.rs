//! Lightweight tunnels of a route (linux/lwtunnel.h, linux/mpls_iptunnel.h, linux/ila.h).

use super::super::encode::Encoder;
use std::net::{Ipv4Addr, Ipv6Addr};

/// RTA_ENCAP_TYPE.
const RTA_ENCAP_TYPE: u16 = 21;
/// RTA_ENCAP.
const RTA_ENCAP: u16 = 22;

/// How packets of a route are wrapped.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Encapsulation {
    /// In IPv4.
    Ipv4(Ipv4Encapsulation),
    /// In IPv6.
    Ipv6(Ipv6Encapsulation),
    /// With MPLS labels, outermost first, 20 bits each.
    Mpls(Vec<u32>),
    /// Identifier-locator addressing: the locator.
    Ila(u64),
}

/// An IPv4 tunnel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ipv4Encapsulation {
    /// Tunnel id.
    pub id: Option<u64>,
    /// Outer destination.
    pub destination: Option<Ipv4Addr>,
    /// Outer source.
    pub source: Option<Ipv4Addr>,
    /// Outer type of service.
    pub tos: Option<u8>,
    /// Outer time to live.
    pub ttl: Option<u8>,
    /// `TUNNEL_*`.
    pub flags: Option<u16>,
}

/// An IPv6 tunnel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ipv6Encapsulation {
    /// Tunnel id.
    pub id: Option<u64>,
    /// Outer destination.
    pub destination: Option<Ipv6Addr>,
    /// Outer source.
    pub source: Option<Ipv6Addr>,
    /// Outer traffic class.
    pub traffic_class: Option<u8>,
    /// Outer hop limit.
    pub hop_limit: Option<u8>,
    /// `TUNNEL_*`.
    pub flags: Option<u16>,
}

impl Encapsulation {
    /// LWTUNNEL_ENCAP_*.
    const fn kind(&self) -> u16 {
        match self {
            Self::Mpls(_) => 1,
            Self::Ipv4(_) => 2,
            Self::Ila(_) => 3,
            Self::Ipv6(_) => 4,
        }
    }

    /// Appends RTA_ENCAP_TYPE and RTA_ENCAP.
    pub(super) fn encode(&self, to: &mut Encoder) {
        to.attribute(RTA_ENCAP_TYPE, &self.kind().to_ne_bytes());
        let nest = to.begin_nest(RTA_ENCAP);
        match self {
            Self::Ipv4(tunnel) => tunnel.encode(to),
            Self::Ipv6(tunnel) => tunnel.encode(to),
            // MPLS_IPTUNNEL_DST: label, traffic class 0, bottom-of-stack bit, time to live 0.
            Self::Mpls(labels) => {
                let last = labels.len().saturating_sub(1);
                let entry =
                    |(at, label): (usize, &u32)| (label << 12 | u32::from(at == last) << 8).to_be_bytes();
                let stack: Vec<u8> = labels.iter().enumerate().flat_map(entry).collect();
                to.attribute(1, &stack);
            }
            // ILA_ATTR_LOCATOR.
            Self::Ila(locator) => to.attribute(1, &locator.to_be_bytes()),
        }
        to.end_nest(nest);
    }
}

/// LWTUNNEL_IP_*.
impl Ipv4Encapsulation {
    fn encode(&self, to: &mut Encoder) {
        let bytes = |address: Ipv4Addr| address.octets();
        encode_outer(to, self.id, self.destination.map(bytes), self.source.map(bytes));
        put(to, 4, self.ttl.map(|ttl| [ttl]));
        put(to, 5, self.tos.map(|tos| [tos]));
        put(to, 6, self.flags.map(u16::to_be_bytes));
    }
}

/// LWTUNNEL_IP6_*.
impl Ipv6Encapsulation {
    fn encode(&self, to: &mut Encoder) {
        let bytes = |address: Ipv6Addr| address.octets();
        encode_outer(to, self.id, self.destination.map(bytes), self.source.map(bytes));
        put(to, 4, self.hop_limit.map(|limit| [limit]));
        put(to, 5, self.traffic_class.map(|class| [class]));
        put(to, 6, self.flags.map(u16::to_be_bytes));
    }
}

/// What both tunnels have, under the same numbers.
fn encode_outer<const N: usize>(
    to: &mut Encoder,
    id: Option<u64>,
    destination: Option<[u8; N]>,
    source: Option<[u8; N]>,
) {
    put(to, 1, id.map(u64::to_be_bytes));
    put(to, 2, destination);
    put(to, 3, source);
}

fn put<const N: usize>(to: &mut Encoder, kind: u16, value: Option<[u8; N]>) {
    if let Some(value) = value {
        to.attribute(kind, &value);
    }
}

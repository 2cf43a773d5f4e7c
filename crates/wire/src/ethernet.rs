//! Ethernet II frames: addresses, types, the 14-byte header (RFC 894, RFC 2464).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                       Destination (6 bytes)                   |
//! +                               +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                               |                               |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+                               +
//! |                          Source (6 bytes)                     |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |           EtherType           |    payload ...
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use crate::Malformed;
use crate::malformed::at_least;
use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};
use keepalived_types::{Family, Vrid};

/// Bytes of an Ethernet header without tags.
pub const HEADER_LEN: usize = 14;

/// The fewest payload bytes in a frame on the wire; shorter payloads are padded with zeros.
pub const MIN_PAYLOAD: usize = 46;

/// An Ethernet hardware address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MacAddr(pub [u8; 6]);

impl MacAddr {
    /// Every station on the link.
    pub const BROADCAST: Self = Self([0xff; 6]);

    /// 01:00:5e and the group's low 23 bits (RFC 1112 §6.4).
    #[must_use]
    pub const fn multicast_v4(group: Ipv4Addr) -> Self {
        let [_, b, c, d] = group.octets();
        Self([0x01, 0x00, 0x5e, b & 0x7f, c, d])
    }

    /// 33:33 and the group's low 32 bits (RFC 2464 §7).
    #[must_use]
    pub const fn multicast_v6(group: Ipv6Addr) -> Self {
        let [.., a, b, c, d] = group.octets();
        Self([0x33, 0x33, a, b, c, d])
    }

    /// The virtual router's address: 00:00:5e:00:01:VRID for IPv4, 00:00:5e:00:02:VRID for IPv6 (RFC 9568 §7.3).
    #[must_use]
    pub const fn virtual_router(family: Family, vrid: Vrid) -> Self {
        let fifth = match family {
            Family::V4 => 0x01,
            Family::V6 => 0x02,
        };
        Self([0x00, 0x00, 0x5e, 0x00, fifth, vrid.get()])
    }

    /// Is this a group address, broadcast included?
    #[must_use]
    pub const fn is_multicast(self) -> bool {
        self.0[0] & 1 == 1
    }
}

/// Lower case hexadecimal with colons.
impl fmt::Display for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// What an Ethernet frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EtherType {
    /// 0x0800.
    Ipv4,
    /// 0x0806.
    Arp,
    /// 0x86dd.
    Ipv6,
    /// Anything else, lengths of IEEE 802.3 frames included.
    Unknown(u16),
}

impl From<u16> for EtherType {
    fn from(number: u16) -> Self {
        match number {
            0x0800 => Self::Ipv4,
            0x0806 => Self::Arp,
            0x86dd => Self::Ipv6,
            other => Self::Unknown(other),
        }
    }
}

impl From<EtherType> for u16 {
    fn from(ether_type: EtherType) -> Self {
        match ether_type {
            EtherType::Ipv4 => 0x0800,
            EtherType::Arp => 0x0806,
            EtherType::Ipv6 => 0x86dd,
            EtherType::Unknown(other) => other,
        }
    }
}

/// An untagged Ethernet frame in a receive buffer.
#[derive(Clone, Copy, Debug)]
pub struct FrameView<'a>(&'a [u8]);

impl<'a> FrameView<'a> {
    /// Checks that there is a whole header; after this no accessor can fail.
    ///
    /// # Errors
    /// [`Malformed::TooShort`] below 14 bytes.
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, Malformed> {
        at_least(bytes, HEADER_LEN)?;
        Ok(Self(bytes))
    }

    /// Who it is for.
    #[must_use]
    pub fn destination(&self) -> MacAddr {
        mac_at(self.0, 0)
    }

    /// Who sent it.
    #[must_use]
    pub fn source(&self) -> MacAddr {
        mac_at(self.0, 6)
    }

    /// What it carries.
    #[must_use]
    pub fn ether_type(&self) -> EtherType {
        EtherType::from(u16::from_be_bytes([self.0[12], self.0[13]]))
    }

    /// Everything behind the header, padding included.
    #[must_use]
    pub fn payload(&self) -> &'a [u8] {
        &self.0[HEADER_LEN..]
    }
}

/// An Ethernet header as values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HeaderRepr {
    /// Who it is for.
    pub destination: MacAddr,
    /// Who sends it.
    pub source: MacAddr,
    /// What follows.
    pub ether_type: EtherType,
}

impl HeaderRepr {
    /// The values in `view`.
    #[must_use]
    pub fn parse(view: &FrameView<'_>) -> Self {
        Self { destination: view.destination(), source: view.source(), ether_type: view.ether_type() }
    }

    /// Bytes that [`HeaderRepr::emit`] appends.
    #[must_use]
    pub const fn buffer_len(&self) -> usize {
        HEADER_LEN
    }

    /// Appends the header to `out`.
    pub fn emit(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.destination.0);
        out.extend_from_slice(&self.source.0);
        out.extend_from_slice(&u16::from(self.ether_type).to_be_bytes());
    }
}

/// The address at `offset`, which the caller has checked to lie inside.
pub(crate) fn mac_at(bytes: &[u8], offset: usize) -> MacAddr {
    let mut octets = [0; 6];
    octets.copy_from_slice(&bytes[offset..offset + 6]);
    MacAddr(octets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vrrp::{GROUP_V4, GROUP_V6};

    /// Header of a captured multicast advertisement, and one byte of payload.
    const FRAME: [u8; 15] = [0x01, 0, 0x5e, 0, 0, 0x12, 2, 0, 0, 0, 0x0a, 1, 0x08, 0, 0x45];
    const REPR: HeaderRepr = HeaderRepr {
        destination: MacAddr([0x01, 0, 0x5e, 0, 0, 0x12]),
        source: MacAddr([2, 0, 0, 0, 0x0a, 1]),
        ether_type: EtherType::Ipv4,
    };

    #[test]
    fn deconstruct_and_parse() {
        let view = FrameView::new_checked(&FRAME).expect("a whole header");
        assert_eq!(HeaderRepr::parse(&view), REPR);
        assert_eq!(view.payload(), [0x45]);
    }

    #[test]
    fn construct() {
        let mut out = Vec::new();
        REPR.emit(&mut out);
        assert_eq!(out, FRAME[..REPR.buffer_len()]);
    }

    #[test]
    fn truncated_frames_are_refused() {
        for got in 0..HEADER_LEN {
            let error = FrameView::new_checked(&FRAME[..got]).err();
            assert_eq!(error, Some(Malformed::TooShort { needed: HEADER_LEN, got }));
        }
    }

    #[test]
    fn group_addresses_map_to_the_assigned_ones() {
        assert_eq!(MacAddr::multicast_v4(GROUP_V4).to_string(), "01:00:5e:00:00:12");
        assert_eq!(MacAddr::multicast_v6(GROUP_V6).to_string(), "33:33:00:00:00:12");
        // The 24th bit of the group is not mapped.
        assert_eq!(MacAddr::multicast_v4(Ipv4Addr::new(239, 255, 1, 2)).to_string(), "01:00:5e:7f:01:02");
        assert!(MacAddr::BROADCAST.is_multicast());
        assert!(!REPR.source.is_multicast());
    }

    #[test]
    fn virtual_router_addresses_end_in_the_vrid() {
        let vrid = Vrid::new(51).expect("not 0");
        assert_eq!(MacAddr::virtual_router(Family::V4, vrid).to_string(), "00:00:5e:00:01:33");
        assert_eq!(MacAddr::virtual_router(Family::V6, vrid).to_string(), "00:00:5e:00:02:33");
    }

    #[test]
    fn ether_types_survive_both_ways() {
        for number in 0..=u16::MAX {
            assert_eq!(u16::from(EtherType::from(number)), number);
        }
    }
}

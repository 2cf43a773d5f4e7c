//! IPv6 headers, for frames that are built whole (RFC 8200 §3).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |Version| Traffic Class |           Flow Label                  |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |         Payload Length        |  Next Header  |   Hop Limit   |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                    Source Address (16 bytes)                  |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                 Destination Address (16 bytes)                |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use crate::Malformed;
use crate::malformed::at_least;
use core::net::Ipv6Addr;

/// Bytes of the fixed header.
pub const HEADER_LEN: usize = 40;

/// An IPv6 packet in a receive buffer.
#[derive(Clone, Copy, Debug)]
pub struct PacketView<'a>(&'a [u8]);

impl<'a> PacketView<'a> {
    /// Checks version and lengths; after this no accessor can fail. Bytes behind the payload are left out.
    ///
    /// # Errors
    /// [`Malformed::TooShort`] and [`Malformed::IpVersion`].
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, Malformed> {
        at_least(bytes, HEADER_LEN)?;
        if bytes[0] >> 4 != 6 {
            return Err(Malformed::IpVersion { got: bytes[0] >> 4 });
        }
        let needed = HEADER_LEN + usize::from(u16::from_be_bytes([bytes[4], bytes[5]]));
        at_least(bytes, needed)?;
        Ok(Self(&bytes[..needed]))
    }

    /// Traffic class: six bits of code point, two of congestion notification.
    #[must_use]
    pub fn traffic_class(&self) -> u8 {
        self.0[0] << 4 | self.0[1] >> 4
    }

    /// Flow label, 20 bits.
    #[must_use]
    pub fn flow_label(&self) -> u32 {
        u32::from_be_bytes([0, self.0[1] & 0x0f, self.0[2], self.0[3]])
    }

    /// The kind of header behind this one.
    #[must_use]
    pub fn next_header(&self) -> u8 {
        self.0[6]
    }

    /// Hop limit on arrival.
    #[must_use]
    pub fn hop_limit(&self) -> u8 {
        self.0[7]
    }

    /// Who sent it.
    #[must_use]
    pub fn source(&self) -> Ipv6Addr {
        address_at(self.0, 8)
    }

    /// Who it was sent to.
    #[must_use]
    pub fn destination(&self) -> Ipv6Addr {
        address_at(self.0, 24)
    }

    /// What follows the fixed header, as long as the header says.
    #[must_use]
    pub fn payload(&self) -> &'a [u8] {
        &self.0[HEADER_LEN..]
    }
}

/// An IPv6 header as values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HeaderRepr {
    /// Traffic class.
    pub traffic_class: u8,
    /// Flow label; the upper 12 bits are not sent.
    pub flow_label: u32,
    /// Bytes behind the header.
    pub payload_length: u16,
    /// The kind of header that follows.
    pub next_header: u8,
    /// Hop limit.
    pub hop_limit: u8,
    /// Source address.
    pub source: Ipv6Addr,
    /// Destination address.
    pub destination: Ipv6Addr,
}

impl HeaderRepr {
    /// The values in `view`.
    #[must_use]
    pub fn parse(view: &PacketView<'_>) -> Self {
        Self {
            traffic_class: view.traffic_class(),
            flow_label: view.flow_label(),
            payload_length: u16::from_be_bytes([view.0[4], view.0[5]]),
            next_header: view.next_header(),
            hop_limit: view.hop_limit(),
            source: view.source(),
            destination: view.destination(),
        }
    }

    /// Bytes that [`HeaderRepr::emit`] appends.
    #[must_use]
    pub const fn buffer_len(&self) -> usize {
        HEADER_LEN
    }

    /// Appends the header to `out`.
    pub fn emit(&self, out: &mut Vec<u8>) {
        let first = 6 << 28 | u32::from(self.traffic_class) << 20 | self.flow_label & 0x000f_ffff;
        out.extend_from_slice(&first.to_be_bytes());
        out.extend_from_slice(&self.payload_length.to_be_bytes());
        out.extend_from_slice(&[self.next_header, self.hop_limit]);
        out.extend_from_slice(&self.source.octets());
        out.extend_from_slice(&self.destination.octets());
    }
}

/// The address at `offset`, which the caller has checked to lie inside.
pub(crate) fn address_at(bytes: &[u8], offset: usize) -> Ipv6Addr {
    let mut octets = [0; 16];
    octets.copy_from_slice(&bytes[offset..offset + 16]);
    Ipv6Addr::from(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Header of a captured VRRPv3 advertisement, flow label included; payload shortened to one byte.
    const PACKET: [u8; 41] = [
        0x6c, 0x0c, 0xcc, 0x8d, 0, 1, 0x70, 0xff, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe, 0, 0x0a,
        1, 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12, 0x31,
    ];

    fn repr() -> HeaderRepr {
        HeaderRepr {
            traffic_class: 0xc0,
            flow_label: 0xccc8d,
            payload_length: 1,
            next_header: 112,
            hop_limit: 255,
            source: "fe80::ff:fe00:a01".parse().expect("literal"),
            destination: crate::vrrp::GROUP_V6,
        }
    }

    #[test]
    fn deconstruct_and_parse() {
        let view = PacketView::new_checked(&PACKET).expect("well formed");
        assert_eq!(HeaderRepr::parse(&view), repr());
        assert_eq!(view.payload(), [0x31]);
    }

    #[test]
    fn construct() {
        let mut out = Vec::new();
        repr().emit(&mut out);
        assert_eq!(out, PACKET[..repr().buffer_len()]);
    }

    #[test]
    fn truncated_packets_are_refused() {
        for got in 0..PACKET.len() {
            assert_eq!(
                PacketView::new_checked(&PACKET[..got]).err(),
                Some(Malformed::TooShort { needed: if got < 40 { 40 } else { 41 }, got })
            );
        }
    }

    #[test]
    fn other_versions_are_refused_and_surplus_is_cut_off() {
        let mut packet = PACKET.to_vec();
        packet.push(0);
        assert_eq!(PacketView::new_checked(&packet).map(|view| view.payload().len()), Ok(1));
        packet[0] = 0x45;
        assert_eq!(PacketView::new_checked(&packet).err(), Some(Malformed::IpVersion { got: 4 }));
    }
}

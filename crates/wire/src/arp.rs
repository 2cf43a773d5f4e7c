//! ARP for IPv4 on Ethernet (RFC 826), and the gratuitous kind that moves a virtual address (RFC 9568 §8.2.1).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |       Hardware Type 1         |     Protocol Type 0x0800      |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |  HW Length 6  | Pr. Length 4  |          Operation            |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |              Sender Hardware Address (6 bytes)                |
//! +                               +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                               |    Sender Protocol Address    |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |    Sender Protocol Address    |                               |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+                               +
//! |              Target Hardware Address (6 bytes)                |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                    Target Protocol Address                    |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use crate::Malformed;
use crate::ethernet::{self, EtherType, MacAddr, mac_at};
use crate::ipv4::address_at;
use crate::malformed::at_least;
use core::net::Ipv4Addr;

/// Bytes of an ARP packet for IPv4 on Ethernet.
pub const PACKET_LEN: usize = 28;

/// The first six bytes of every such packet: hardware type, protocol type, and the two address lengths.
const MAPPING: [u8; 6] = [0x00, 0x01, 0x08, 0x00, 6, 4];

/// What an ARP packet wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// 1: who has the target address?
    Request,
    /// 2: the sender has.
    Reply,
    /// Anything else.
    Unknown(u16),
}

impl From<u16> for Operation {
    fn from(number: u16) -> Self {
        match number {
            1 => Self::Request,
            2 => Self::Reply,
            other => Self::Unknown(other),
        }
    }
}

impl From<Operation> for u16 {
    fn from(operation: Operation) -> Self {
        match operation {
            Operation::Request => 1,
            Operation::Reply => 2,
            Operation::Unknown(other) => other,
        }
    }
}

/// An ARP packet in a receive buffer, behind its Ethernet header.
#[derive(Clone, Copy, Debug)]
pub struct PacketView<'a>(&'a [u8]);

impl<'a> PacketView<'a> {
    /// Checks length and kind; after this no accessor can fail. Bytes behind the packet are padding.
    ///
    /// # Errors
    /// [`Malformed::TooShort`] below 28 bytes, [`Malformed::ArpMapping`] unless it maps IPv4 to Ethernet.
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, Malformed> {
        at_least(bytes, PACKET_LEN)?;
        if bytes[..6] != MAPPING {
            return Err(Malformed::ArpMapping);
        }
        Ok(Self(&bytes[..PACKET_LEN]))
    }

    /// What it wants.
    #[must_use]
    pub fn operation(&self) -> Operation {
        Operation::from(u16::from_be_bytes([self.0[6], self.0[7]]))
    }

    /// The sender's Ethernet address.
    #[must_use]
    pub fn sender_mac(&self) -> MacAddr {
        mac_at(self.0, 8)
    }

    /// The sender's IPv4 address.
    #[must_use]
    pub fn sender_address(&self) -> Ipv4Addr {
        address_at(self.0, 14)
    }

    /// The target's Ethernet address.
    #[must_use]
    pub fn target_mac(&self) -> MacAddr {
        mac_at(self.0, 18)
    }

    /// The target's IPv4 address.
    #[must_use]
    pub fn target_address(&self) -> Ipv4Addr {
        address_at(self.0, 24)
    }
}

/// An ARP packet as values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PacketRepr {
    /// What it wants.
    pub operation: Operation,
    /// The sender's Ethernet address.
    pub sender_mac: MacAddr,
    /// The sender's IPv4 address.
    pub sender_address: Ipv4Addr,
    /// The target's Ethernet address.
    pub target_mac: MacAddr,
    /// The target's IPv4 address.
    pub target_address: Ipv4Addr,
}

impl PacketRepr {
    /// "I have `address`, unasked": a request from and for the same address, as Keepalived sends it.
    #[must_use]
    pub const fn gratuitous(mac: MacAddr, address: Ipv4Addr) -> Self {
        Self {
            operation: Operation::Request,
            sender_mac: mac,
            sender_address: address,
            target_mac: MacAddr::BROADCAST,
            target_address: address,
        }
    }

    /// The values in `view`.
    #[must_use]
    pub fn parse(view: &PacketView<'_>) -> Self {
        Self {
            operation: view.operation(),
            sender_mac: view.sender_mac(),
            sender_address: view.sender_address(),
            target_mac: view.target_mac(),
            target_address: view.target_address(),
        }
    }

    /// Bytes that [`PacketRepr::emit`] appends.
    #[must_use]
    pub const fn buffer_len(&self) -> usize {
        PACKET_LEN
    }

    /// Appends the packet to `out`.
    pub fn emit(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&MAPPING);
        out.extend_from_slice(&u16::from(self.operation).to_be_bytes());
        out.extend_from_slice(&self.sender_mac.0);
        out.extend_from_slice(&self.sender_address.octets());
        out.extend_from_slice(&self.target_mac.0);
        out.extend_from_slice(&self.target_address.octets());
    }
}

/// The whole Ethernet frame of a gratuitous ARP: to everybody, from `mac`, that it has `address`. 42 bytes; padding
/// is left to the device, as for any frame on a packet socket.
#[must_use]
pub fn gratuitous_frame(mac: MacAddr, address: Ipv4Addr) -> Vec<u8> {
    let packet = PacketRepr::gratuitous(mac, address);
    let mut frame = Vec::with_capacity(ethernet::HEADER_LEN + packet.buffer_len());
    ethernet::HeaderRepr { destination: MacAddr::BROADCAST, source: mac, ether_type: EtherType::Arp }
        .emit(&mut frame);
    packet.emit(&mut frame);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: MacAddr = MacAddr([2, 0, 0, 0, 0x0a, 1]);
    const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 100);
    const PACKET: [u8; PACKET_LEN] = [
        0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0x0a, 1, 10, 1, 0, 100, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 10,
        1, 0, 100,
    ];

    #[test]
    fn deconstruct() {
        let view = PacketView::new_checked(&PACKET).expect("well formed");
        assert_eq!(view.operation(), Operation::Request);
        assert_eq!(view.sender_mac(), MAC);
        assert_eq!(view.sender_address(), ADDRESS);
        assert_eq!(view.target_mac(), MacAddr::BROADCAST);
        assert_eq!(view.target_address(), ADDRESS);
    }

    #[test]
    fn construct_and_parse() {
        let repr = PacketRepr::gratuitous(MAC, ADDRESS);
        let mut out = Vec::new();
        repr.emit(&mut out);
        assert_eq!(out, PACKET);
        assert_eq!(PacketView::new_checked(&out).map(|view| PacketRepr::parse(&view)), Ok(repr));
    }

    #[test]
    fn truncated_packets_are_refused_and_padding_is_ignored() {
        for got in 0..PACKET_LEN {
            let error = PacketView::new_checked(&PACKET[..got]).err();
            assert_eq!(error, Some(Malformed::TooShort { needed: 28, got }));
        }
        let mut padded = PACKET.to_vec();
        padded.resize(46, 0);
        assert!(PacketView::new_checked(&padded).is_ok());
    }

    #[test]
    fn other_mappings_are_refused() {
        for offset in 0..6 {
            let mut packet = PACKET;
            packet[offset] ^= 0x10;
            assert_eq!(PacketView::new_checked(&packet).err(), Some(Malformed::ArpMapping), "byte {offset}");
        }
    }

    #[test]
    fn a_frame_is_ethernet_header_and_packet() {
        let frame = gratuitous_frame(MAC, ADDRESS);
        assert_eq!(frame.len(), 42);
        assert_eq!(frame[..14], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0x0a, 1, 0x08, 0x06]);
        assert_eq!(frame[14..], PACKET);
    }

    #[test]
    fn operations_survive_both_ways() {
        for number in 0..=30 {
            assert_eq!(u16::from(Operation::from(number)), number);
        }
    }
}

//! From Ethernet frames to what tests ask about: VRRP adverts, gratuitous ARP, neighbour advertisements.
//!
//! Independent of the codecs under test on purpose: a mistake there must not hide itself here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::SystemTime;

/// A frame and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// The kernel's time stamp.
    pub at: SystemTime,
    /// Sender's hardware address.
    pub source_mac: [u8; 6],
    /// Receiver's hardware address.
    pub destination_mac: [u8; 6],
    /// What it carries.
    pub body: Body,
    /// The whole frame.
    pub bytes: Vec<u8>,
}

/// What a frame carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// A VRRP ADVERTISEMENT.
    Advert(Advert),
    /// An ARP packet that announces an address: sender and target protocol address are the same (RFC 5227 §1.1).
    GratuitousArp {
        /// The announced address.
        address: Ipv4Addr,
        /// Where it lives now.
        mac: [u8; 6],
        /// 1 request, 2 reply.
        operation: u8,
    },
    /// An unsolicited neighbour advertisement to all nodes (RFC 4861 §7.2.6).
    NeighbourAdvertisement {
        /// The announced address.
        target: Ipv6Addr,
        /// The flags' byte: 0x80 router, 0x40 solicited, 0x20 override.
        flags: u8,
    },
    /// Anything else.
    Other,
}

/// A VRRP ADVERTISEMENT (RFC 3768 §5.1 for version 2, RFC 9568 §5.1 for version 3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advert {
    /// IP source.
    pub source: IpAddr,
    /// IP destination.
    pub destination: IpAddr,
    /// TTL or hop limit.
    pub ttl: u8,
    /// TOS or traffic class.
    pub traffic_class: u8,
    /// 2 or 3.
    pub version: u8,
    /// 1..=255.
    pub vrid: u8,
    /// 0 gives the role up, 255 is the address owner.
    pub priority: u8,
    /// Version 2: authentication type and seconds; version 3: the interval word, centiseconds.
    pub interval: [u8; 2],
    /// The virtual addresses.
    pub addresses: Vec<IpAddr>,
    /// Bytes after the addresses: authentication data in version 2.
    pub trailer: Vec<u8>,
    /// All bytes from the version on.
    pub pdu: Vec<u8>,
}

const ETHERNET: usize = 14;
const PROTOCOL_VRRP: u8 = 112;
const PROTOCOL_AH: u8 = 51;
const PROTOCOL_ICMP6: u8 = 58;

impl Packet {
    /// Decodes a frame; nothing is malformed here, only [`Body::Other`].
    pub(crate) fn decode(at: SystemTime, bytes: Vec<u8>) -> Self {
        let body = body(&bytes).unwrap_or(Body::Other);
        let mac = |from: usize| array(&bytes, from).unwrap_or_default();
        Self { at, source_mac: mac(6), destination_mac: mac(0), body, bytes }
    }

    /// The advert in it, if it is one.
    #[must_use]
    pub fn advert(&self) -> Option<&Advert> {
        match &self.body {
            Body::Advert(advert) => Some(advert),
            _ => None,
        }
    }
}

fn body(frame: &[u8]) -> Option<Body> {
    let payload = frame.get(ETHERNET..)?;
    match u16::from_be_bytes(array(frame, 12)?) {
        0x0800 => ipv4(payload),
        0x0806 => arp(payload),
        0x86dd => ipv6(payload),
        _ => None,
    }
}

fn ipv4(packet: &[u8]) -> Option<Body> {
    let header = usize::from(packet.first()? & 0x0f) * 4;
    // Short packets are padded to 60 bytes on the wire.
    let packet = packet.get(..usize::from(u16::from_be_bytes(array(packet, 2)?)))?;
    let pdu = match *packet.get(9)? {
        PROTOCOL_VRRP => packet.get(header..)?,
        PROTOCOL_AH => packet.get(header + (usize::from(*packet.get(header + 1)?) + 2) * 4..)?,
        _ => return None,
    };
    let source = IpAddr::from(array::<4>(packet, 12)?);
    let destination = IpAddr::from(array::<4>(packet, 16)?);
    advert(pdu, source, destination, packet[8], packet[1]).map(Body::Advert)
}

fn ipv6(packet: &[u8]) -> Option<Body> {
    let source: [u8; 16] = array(packet, 8)?;
    let destination: [u8; 16] = array(packet, 24)?;
    let length = usize::from(u16::from_be_bytes(array(packet, 4)?));
    let payload = packet.get(40..40 + length)?;
    match packet[6] {
        PROTOCOL_VRRP => {
            let class = (packet[0] << 4) | (packet[1] >> 4);
            advert(payload, source.into(), destination.into(), packet[7], class).map(Body::Advert)
        }
        PROTOCOL_ICMP6 if *payload.first()? == 136 => {
            let target: [u8; 16] = array(payload, 8)?;
            Some(Body::NeighbourAdvertisement { target: target.into(), flags: *payload.get(4)? })
        }
        _ => None,
    }
}

fn advert(pdu: &[u8], source: IpAddr, destination: IpAddr, ttl: u8, traffic_class: u8) -> Option<Advert> {
    let size = if source.is_ipv4() { 4 } else { 16 };
    let count = usize::from(*pdu.get(3)?);
    let list = pdu.get(8..8 + count * size)?;
    let addresses = list.chunks(size).filter_map(address).collect();
    Some(Advert {
        source,
        destination,
        ttl,
        traffic_class,
        version: pdu[0] >> 4,
        vrid: pdu[1],
        priority: pdu[2],
        interval: [pdu[4], pdu[5]],
        addresses,
        trailer: pdu[8 + count * size..].to_vec(),
        pdu: pdu.to_vec(),
    })
}

fn arp(packet: &[u8]) -> Option<Body> {
    let sender: [u8; 4] = array(packet, 14)?;
    let target: [u8; 4] = array(packet, 24)?;
    (sender == target).then_some(Body::GratuitousArp {
        address: sender.into(),
        mac: array(packet, 8)?,
        operation: *packet.get(7)?,
    })
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => array::<4>(bytes, 0).map(IpAddr::from),
        _ => array::<16>(bytes, 0).map(IpAddr::from),
    }
}

fn array<const N: usize>(bytes: &[u8], from: usize) -> Option<[u8; N]> {
    bytes.get(from..from + N)?.try_into().ok()
}

#[cfg(test)]
mod tests;

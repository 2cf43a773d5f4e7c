//! Packets as bytes. What an engine sends goes through what its kernel would do to it, and what arrives is taken
//! apart the way the receiving driver does.

use keepalived_types::Family;
use keepalived_vrrp::{EncodedAdvert, Received};
use keepalived_wire::checksum::PseudoHeader;
use keepalived_wire::ipv4;
use keepalived_wire::vrrp::{HEADER_LEN, PROTOCOL};
use std::net::IpAddr;

/// Where the checksum stands in a VRRP message.
const CHECKSUM: std::ops::Range<usize> = 6..8;

/// The protocol number of an IP authentication header.
const AUTHENTICATION_HEADER: u8 = 51;

/// A packet under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(crate) source: IpAddr,
    pub(crate) destination: IpAddr,
    /// IPv6 only; IPv4 has it in its header.
    hop_limit: u8,
    /// The whole packet for IPv4, the payload for IPv6.
    bytes: Vec<u8>,
    /// Was made by a stranger and must not be believed.
    pub(crate) is_forged: bool,
}

impl Packet {
    /// One copy of an advert as it leaves the sender's kernel; `None` when that would refuse it.
    pub(crate) fn of(advert: &EncodedAdvert, copy: usize, identification: u16) -> Option<Self> {
        let (destination, bytes) = advert.packets.get(copy)?;
        Self::seal(advert.source, *destination, advert.hop_limit, bytes.clone(), identification)
    }

    fn seal(
        source: IpAddr,
        destination: IpAddr,
        hop_limit: u8,
        mut bytes: Vec<u8>,
        identification: u16,
    ) -> Option<Self> {
        let ends = PseudoHeader::new(source, destination)?;
        match ends.family() {
            Family::V4 => {
                ipv4::set_identification(&mut bytes, identification).ok()?;
                ipv4::fill_checksum(&mut bytes).ok()?;
            }
            Family::V6 => fill_ipv6_checksum(&mut bytes, ends)?,
        }
        Some(Self { source, destination, hop_limit, bytes, is_forged: false })
    }

    /// What the receiving driver makes of it; `None` when the kernel would not have handed it over.
    pub(crate) fn received(&self) -> Option<Received<'_>> {
        match self.source {
            IpAddr::V4(_) => {
                let view = ipv4::PacketView::new_checked(&self.bytes).ok()?;
                if !view.verify_checksum() {
                    return None;
                }
                Some(Received {
                    payload: view.payload(),
                    claimed_length: usize::from(view.total_length()).checked_sub(view.header_len()),
                    source: IpAddr::V4(view.source()),
                    destination: IpAddr::V4(view.destination()),
                    ttl: Some(view.ttl()),
                    has_authentication_header: view.protocol() == AUTHENTICATION_HEADER,
                })
            }
            IpAddr::V6(_) => {
                let ends = PseudoHeader::new(self.source, self.destination)?;
                if !ends.sum(PROTOCOL, self.bytes.len()).plus(&self.bytes).is_valid() {
                    return None;
                }
                Some(Received {
                    payload: &self.bytes,
                    claimed_length: None,
                    source: self.source,
                    destination: self.destination,
                    ttl: Some(self.hop_limit),
                    has_authentication_header: false,
                })
            }
        }
    }

    /// Changes the VRRP message and the TTL, as a stranger would who wants to be believed: the IP header and, for
    /// IPv6, the checksum are right again afterwards.
    pub(crate) fn forged(&self, ttl: u8, change: impl FnOnce(&mut Vec<u8>)) -> Option<Self> {
        let mut bytes = self.bytes.clone();
        match self.source {
            IpAddr::V4(_) => {
                let mut message = bytes.split_off(ipv4::HEADER_LEN);
                change(&mut message);
                let total = u16::try_from(ipv4::HEADER_LEN + message.len()).ok()?;
                bytes[2..4].copy_from_slice(&total.to_be_bytes());
                bytes[8] = ttl;
                bytes.extend_from_slice(&message);
            }
            IpAddr::V6(_) => change(&mut bytes),
        }
        let mut packet = Self::seal(self.source, self.destination, ttl, bytes, 1)?;
        packet.is_forged = true;
        Some(packet)
    }
}

/// The kernel's part of an IPv6 advert (`IPV6_CHECKSUM` at offset 6).
fn fill_ipv6_checksum(bytes: &mut [u8], ends: PseudoHeader) -> Option<()> {
    if bytes.len() < HEADER_LEN {
        return None;
    }
    bytes[CHECKSUM].fill(0);
    let checksum = ends.sum(PROTOCOL, bytes.len()).plus(bytes).checksum();
    bytes[CHECKSUM].copy_from_slice(&checksum.to_be_bytes());
    Some(())
}

#[cfg(test)]
mod tests;

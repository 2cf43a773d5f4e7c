//! An advertisement of either version, and the packet it travels in.
//!
//! Encode once when something changes and keep the bytes; between two sends only the IPv4 identification moves
//! ([`ipv4::set_identification`]).

use super::header::field;
use super::v2::AdvertisementV2;
use super::v3::AdvertisementV3;
use super::{AddressList, PROTOCOL};
use crate::checksum::Coverage;
use crate::ipv4;
use core::net::Ipv4Addr;
use keepalived_types::{Family, Priority, Version, Vrid};

/// An ADVERTISEMENT of either version as values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Advertisement {
    /// Version 2.
    V2(AdvertisementV2),
    /// Version 3.
    V3(AdvertisementV3),
}

impl Advertisement {
    /// The version it is written in.
    #[must_use]
    pub const fn version(&self) -> Version {
        match self {
            Self::V2(_) => Version::V2,
            Self::V3(_) => Version::V3,
        }
    }

    /// The family of its addresses and of its packet.
    #[must_use]
    pub const fn family(&self) -> Family {
        self.addresses().family()
    }

    /// The virtual router.
    #[must_use]
    pub const fn vrid(&self) -> Vrid {
        match self {
            Self::V2(advert) => advert.vrid,
            Self::V3(advert) => advert.vrid,
        }
    }

    /// The sender's priority.
    #[must_use]
    pub const fn priority(&self) -> Priority {
        match self {
            Self::V2(advert) => advert.priority,
            Self::V3(advert) => advert.priority,
        }
    }

    /// The virtual addresses.
    #[must_use]
    pub const fn addresses(&self) -> &AddressList {
        match self {
            Self::V2(advert) => &advert.addresses,
            Self::V3(advert) => &advert.addresses,
        }
    }

    /// Bytes that [`Advertisement::emit`] appends, at most 4088 (255 IPv6 addresses).
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        match self {
            Self::V2(advert) => advert.buffer_len(),
            Self::V3(advert) => advert.buffer_len(),
        }
    }

    /// Appends the message to `out`, its checksum filled in; see [`super::v2::coverage`] and
    /// [`super::v3::ChecksumStyle::coverage`].
    pub fn emit(&self, out: &mut Vec<u8>, coverage: Coverage) {
        match self {
            Self::V2(advert) => advert.emit(out, coverage),
            Self::V3(advert) => advert.emit(out, coverage),
        }
    }
}

/// The whole IPv4 packet for a socket with `IP_HDRINCL`: header with identification 1 and checksum 0 (the kernel
/// fills that in), then `advert`. `ttl` is [`super::TTL`] for the group, and for peers unless configured.
#[must_use]
pub fn encode_ipv4(
    advert: &Advertisement,
    source: Ipv4Addr,
    destination: Ipv4Addr,
    ttl: u8,
    coverage: Coverage,
) -> Vec<u8> {
    let length = advert.buffer_len();
    let header = ipv4::HeaderRepr {
        tos: ipv4::TOS_NETWORK_CONTROL,
        identification: 1,
        ttl,
        protocol: PROTOCOL,
        source,
        destination,
        payload_length: u16::try_from(length).expect("255 addresses of 16 bytes are below 65536"),
    };
    let mut packet = Vec::with_capacity(header.buffer_len() + length);
    header.emit(&mut packet);
    advert.emit(&mut packet, coverage);
    packet
}

/// The payload of an IPv6 packet, whose header the kernel makes: `advert` alone.
///
/// The kernel fills in the checksum as well (`IPV6_CHECKSUM` at offset 6); the one that `coverage` gives is the same.
#[must_use]
pub fn encode_ipv6(advert: &Advertisement, coverage: Coverage) -> Vec<u8> {
    let mut payload = Vec::with_capacity(advert.buffer_len());
    advert.emit(&mut payload, coverage);
    payload
}

/// Fills in the checksum of `message`, where it is still 0.
pub(super) fn fill_checksum(message: &mut [u8], coverage: Coverage) {
    let checksum = coverage.sum(PROTOCOL, message).checksum();
    message[field::CHECKSUM].copy_from_slice(&checksum.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checksum::PseudoHeader;
    use crate::vrrp::v3::ChecksumStyle;
    use crate::vrrp::{GROUP_V4, TTL};
    use core::net::IpAddr;
    use keepalived_types::Centis;

    const SOURCE: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 1);

    fn advert() -> Advertisement {
        let addresses = [100, 101].map(|last| IpAddr::V4(Ipv4Addr::new(10, 1, 0, last)));
        Advertisement::V3(AdvertisementV3 {
            vrid: Vrid::new(51).expect("not 0"),
            priority: Priority(150),
            interval: Centis::new(100).expect("in range"),
            addresses: AddressList::new(Family::V4, addresses).expect("two IPv4 addresses"),
        })
    }

    #[test]
    fn an_ipv4_packet_is_the_captured_one_but_for_the_header_checksum() {
        let ends = PseudoHeader::V4 { source: SOURCE, destination: GROUP_V4 };
        let coverage = ChecksumStyle::PseudoHeader.coverage(ends, GROUP_V4);
        let mut packet = encode_ipv4(&advert(), SOURCE, GROUP_V4, TTL, coverage);
        let captured: [u8; 36] = [
            0x45, 0xc0, 0x00, 0x24, 0x00, 0x01, 0x00, 0x00, 0xff, 0x70, 0x00, 0x00, 0x0a, 0x01, 0x00, 0x01,
            0xe0, 0x00, 0x00, 0x12, 0x31, 0x33, 0x96, 0x02, 0x00, 0x64, 0x39, 0x06, 0x0a, 0x01, 0x00, 0x64,
            0x0a, 0x01, 0x00, 0x65,
        ];
        assert_eq!(packet, captured);
        ipv4::set_identification(&mut packet, 2).expect("a whole header");
        assert_eq!(packet[4..6], [0, 2]);
        assert_eq!(packet[6..], captured[6..], "nothing else changes between two sends");
    }

    #[test]
    fn the_accessors_tell_what_was_put_in() {
        let advert = advert();
        assert_eq!(advert.version(), Version::V3);
        assert_eq!(advert.family(), Family::V4);
        assert_eq!(advert.vrid().get(), 51);
        assert_eq!(advert.priority(), Priority(150));
        assert_eq!(advert.addresses().count(), 2);
        assert_eq!(encode_ipv6(&advert, Coverage::PduOnly).len(), advert.buffer_len());
    }
}

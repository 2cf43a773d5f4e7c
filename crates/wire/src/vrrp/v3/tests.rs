//! VRRPv3 against captured advertisements: VRID 51, priority 150, two addresses, every second.

use super::*;
use crate::vrrp::{GROUP_V4, GROUP_V6};
use core::net::{IpAddr, Ipv6Addr};

const SOURCE: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 1);
const MULTICAST: PseudoHeader = PseudoHeader::V4 { source: SOURCE, destination: GROUP_V4 };
const UNICAST: PseudoHeader = PseudoHeader::V4 { source: SOURCE, destination: Ipv4Addr::new(10, 1, 0, 2) };
const ENDS_V6: PseudoHeader = PseudoHeader::V6 {
    source: Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0xff, 0xfe00, 0xa01),
    destination: GROUP_V6,
};

/// To the group, with the pseudo-header; also what an old sender sends to a peer.
const ADVERT: [u8; 16] =
    [0x31, 0x33, 0x96, 0x02, 0x00, 0x64, 0x39, 0x06, 0x0a, 0x01, 0x00, 0x64, 0x0a, 0x01, 0x00, 0x65];

/// fe80::100 and fd00:1::100.
const ADVERT_V6: [u8; 40] = [
    0x31, 0x33, 0x96, 0x02, 0x00, 0x64, 0x33, 0xb4, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01,
    0x00, 0xfd, 0x00, 0x00, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0x00,
];

fn view(bytes: &[u8]) -> AdvertisementView<'_> {
    AdvertisementView::new_checked(bytes, Family::V4).expect("well formed")
}

fn with_checksum(checksum: u16) -> [u8; 16] {
    let mut advert = ADVERT;
    advert[6..8].copy_from_slice(&checksum.to_be_bytes());
    advert
}

fn repr() -> AdvertisementV3 {
    let addresses = [100, 101].map(|last| IpAddr::V4(Ipv4Addr::new(10, 1, 0, last)));
    AdvertisementV3 {
        vrid: Vrid::new(51).expect("not 0"),
        priority: Priority(150),
        interval: Centis::new(100).expect("in range"),
        addresses: AddressList::new(Family::V4, addresses).expect("two IPv4 addresses"),
    }
}

fn repr_v6() -> AdvertisementV3 {
    let addresses = [0xfe80_u16, 0xfd00].map(|first| {
        let second = u16::from(first == 0xfd00);
        IpAddr::V6(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0x100))
    });
    AdvertisementV3 { addresses: AddressList::new(Family::V6, addresses).expect("two of IPv6"), ..repr() }
}

fn emitted(advert: &AdvertisementV3, style: ChecksumStyle, ends: PseudoHeader) -> Vec<u8> {
    let mut out = Vec::new();
    advert.emit(&mut out, style.coverage(ends, GROUP_V4));
    assert_eq!(out.len(), advert.buffer_len());
    out
}

#[test]
fn deconstruct() {
    let view = view(&ADVERT);
    assert_eq!(view.version(), Version::V3);
    assert_eq!(view.message_type(), MessageType::Advertisement);
    assert_eq!(view.vrid().get(), 51);
    assert_eq!(view.priority(), Priority(150));
    assert_eq!(view.address_count(), 2);
    assert_eq!(view.interval_raw(), 100);
    assert_eq!(view.interval(), Centis::new(100));
    assert_eq!(view.checksum(), 0x3906);
    assert_eq!(view.addresses().collect::<Vec<_>>(), repr().addresses.as_slice());
    assert_eq!(view.as_bytes(), ADVERT);
    assert_eq!(view.header().checksum(), 0x3906);
}

#[test]
fn parse() {
    assert_eq!(AdvertisementV3::parse(&view(&ADVERT)), Ok(repr()));
    let view = AdvertisementView::new_checked(&ADVERT_V6, Family::V6).expect("well formed");
    assert_eq!(AdvertisementV3::parse(&view), Ok(repr_v6()));
}

#[test]
fn construct_in_every_checksum_style() {
    assert_eq!(emitted(&repr(), ChecksumStyle::PseudoHeader, MULTICAST), ADVERT);
    assert_eq!(emitted(&repr(), ChecksumStyle::PduOnly, MULTICAST), with_checksum(0x239b));
    assert_eq!(emitted(&repr(), ChecksumStyle::PseudoHeader, UNICAST), with_checksum(0x0f16));
    assert_eq!(emitted(&repr(), ChecksumStyle::GroupPseudoHeader, UNICAST), ADVERT);
    for style in [ChecksumStyle::PseudoHeader, ChecksumStyle::GroupPseudoHeader, ChecksumStyle::PduOnly] {
        assert_eq!(emitted(&repr_v6(), style, ENDS_V6), ADVERT_V6, "IPv6 knows one style");
    }
}

#[test]
fn the_style_of_a_checksum_is_found_out() {
    let style = |checksum, ends| view(&with_checksum(checksum)).checksum_style(ends, GROUP_V4);
    assert_eq!(style(0x3906, MULTICAST), Some(ChecksumStyle::PseudoHeader));
    assert_eq!(style(0x3906, UNICAST), Some(ChecksumStyle::GroupPseudoHeader));
    assert_eq!(style(0x0f16, UNICAST), Some(ChecksumStyle::PseudoHeader));
    assert_eq!(style(0x239b, MULTICAST), Some(ChecksumStyle::PduOnly));
    assert_eq!(style(0x239b, UNICAST), Some(ChecksumStyle::PduOnly));
    assert_eq!(style(0x1234, MULTICAST), None);
    assert_eq!(style(0x1234, UNICAST), None);
}

#[test]
fn over_ipv6_the_checksum_needs_the_pseudo_header() {
    let view = AdvertisementView::new_checked(&ADVERT_V6, Family::V6).expect("well formed");
    assert_eq!(view.checksum_style(ENDS_V6, GROUP_V4), Some(ChecksumStyle::PseudoHeader));
    assert!(view.verify_checksum(Coverage::WithPseudoHeader(ENDS_V6)));
    assert!(!view.verify_checksum(Coverage::PduOnly));
}

#[test]
fn truncated_messages_are_refused() {
    for (bytes, family) in [(&ADVERT[..], Family::V4), (&ADVERT_V6[..], Family::V6)] {
        for got in 0..bytes.len() {
            let needed = if got < 8 { 8 } else { bytes.len() };
            let error = AdvertisementView::new_checked(&bytes[..got], family).err();
            assert_eq!(error, Some(Malformed::TooShort { needed, got }));
        }
    }
}

#[test]
fn ethernet_padding_is_cut_off() {
    let mut padded = ADVERT.to_vec();
    padded.resize(26, 0);
    assert_eq!(view(&padded).as_bytes(), ADVERT);
    assert_eq!(view(&padded).addresses().len(), 2);
    padded.resize(44, 0);
    let error = AdvertisementView::new_checked(&padded, Family::V4).err();
    let expected = Malformed::LengthMismatch { implied: 16, got: 44 };
    assert_eq!(error, Some(expected), "28 bytes more are an authentication trailer, not padding");
}

#[test]
fn an_ipv6_packet_is_too_long_for_padding() {
    let mut long = ADVERT_V6.to_vec();
    long.extend([0; 28]);
    let error = AdvertisementView::new_checked(&long, Family::V6).err();
    assert_eq!(error, Some(Malformed::LengthMismatch { implied: 40, got: 68 }));
}

#[test]
fn the_family_decides_how_long_addresses_are() {
    let error = AdvertisementView::new_checked(&ADVERT, Family::V6).err();
    assert_eq!(error, Some(Malformed::TooShort { needed: 40, got: 16 }));
    let error = AdvertisementView::new_checked(&ADVERT_V6, Family::V4).err();
    assert_eq!(error, Some(Malformed::LengthMismatch { implied: 16, got: 40 }));
}

#[test]
fn other_versions_and_vrid_0_are_refused() {
    for version in (0..16).filter(|&version| version != 3) {
        let mut other = ADVERT;
        other[0] = version << 4 | 1;
        let error = AdvertisementView::new_checked(&other, Family::V4).err();
        assert_eq!(error, Some(Malformed::VrrpVersion { got: version }));
    }
    let mut nobody = ADVERT;
    nobody[1] = 0;
    assert_eq!(AdvertisementView::new_checked(&nobody, Family::V4).err(), Some(Malformed::ZeroVrid));
}

#[test]
fn reserved_bits_do_not_count_and_interval_0_does_not_parse() {
    let mut reserved = ADVERT;
    reserved[4] = 0xff;
    reserved[5] = 0xff;
    assert_eq!(view(&reserved).interval_raw(), 4095);
    assert_eq!(view(&reserved).interval(), Centis::new(4095));
    let mut zero = ADVERT;
    zero[4] = 0xf0;
    zero[5] = 0;
    assert_eq!(view(&zero).interval(), None);
    assert_eq!(AdvertisementV3::parse(&view(&zero)), Err(Malformed::ZeroInterval));
}

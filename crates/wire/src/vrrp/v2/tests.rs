//! VRRPv2 against two captured advertisements: VRID 51, priority 150, 10.1.0.100 and .101, every second.

use super::*;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const NONE: [u8; 24] = [
    0x21, 0x33, 0x96, 0x02, 0x00, 0x01, 0x33, 0xfe, 0x0a, 0x01, 0x00, 0x64, 0x0a, 0x01, 0x00, 0x65, 0, 0, 0,
    0, 0, 0, 0, 0,
];
/// The same with `auth_pass secret12`.
const PASS: [u8; 24] = [
    0x21, 0x33, 0x96, 0x02, 0x01, 0x01, 0xc5, 0x7f, 0x0a, 0x01, 0x00, 0x64, 0x0a, 0x01, 0x00, 0x65, 0x73,
    0x65, 0x63, 0x72, 0x65, 0x74, 0x31, 0x32,
];
const ENDS_V4: PseudoHeader =
    PseudoHeader::V4 { source: Ipv4Addr::new(10, 1, 0, 1), destination: crate::vrrp::GROUP_V4 };
const ENDS_V6: PseudoHeader = PseudoHeader::V6 {
    source: Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1),
    destination: crate::vrrp::GROUP_V6,
};

fn view(bytes: &[u8]) -> AdvertisementView<'_> {
    AdvertisementView::new_checked(bytes, Family::V4).expect("well formed")
}

fn repr() -> AdvertisementV2 {
    let addresses = [100, 101].map(|last| IpAddr::V4(Ipv4Addr::new(10, 1, 0, last)));
    AdvertisementV2 {
        vrid: Vrid::new(51).expect("not 0"),
        priority: Priority(150),
        auth_type: AuthType::Pass,
        auth_data: AuthData::from_password(b"secret12"),
        interval_seconds: 1,
        addresses: AddressList::new(Family::V4, addresses).expect("two IPv4 addresses"),
    }
}

fn emitted(advert: &AdvertisementV2, ends: PseudoHeader) -> Vec<u8> {
    let mut out = Vec::new();
    advert.emit(&mut out, coverage(ends));
    assert_eq!(out.len(), advert.buffer_len());
    out
}

#[test]
fn deconstruct() {
    let view = view(&PASS);
    assert_eq!(view.version(), Version::V2);
    assert_eq!(view.message_type(), MessageType::Advertisement);
    assert_eq!(view.vrid().get(), 51);
    assert_eq!(view.priority(), Priority(150));
    assert_eq!(view.address_count(), 2);
    assert_eq!(view.auth_type(), AuthType::Pass);
    assert_eq!(view.interval_seconds(), 1);
    assert_eq!(view.checksum(), 0xc57f);
    assert_eq!(view.addresses().collect::<Vec<_>>(), repr().addresses.as_slice());
    assert_eq!(view.auth_data(), AuthData::from_password(b"secret12"));
    assert_eq!(view.as_bytes(), PASS);
    assert_eq!(view.header().checksum(), 0xc57f);
}

#[test]
fn construct() {
    assert_eq!(emitted(&repr(), ENDS_V4), PASS);
    let none = AdvertisementV2 { auth_type: AuthType::None, auth_data: AuthData::ZERO, ..repr() };
    assert_eq!(emitted(&none, ENDS_V4), NONE);
}

#[test]
fn emit_appends_behind_what_is_there() {
    let mut out = vec![0xaa; 20];
    repr().emit(&mut out, coverage(ENDS_V4));
    assert_eq!(out[..20], [0xaa; 20]);
    assert_eq!(out[20..], PASS);
}

#[test]
fn parse() {
    assert_eq!(AdvertisementV2::parse(&view(&PASS)), repr());
    assert_eq!(AdvertisementV2::parse(&view(&NONE)).auth_data, AuthData::ZERO);
}

#[test]
fn the_checksum_covers_every_byte() {
    assert!(view(&PASS).verify_checksum(ENDS_V4));
    // Byte 0 and 3 decide whether there is a message at all.
    for offset in (1..PASS.len()).filter(|&offset| offset != 3) {
        let mut bent = PASS;
        bent[offset] ^= 0x04;
        assert!(!view(&bent).verify_checksum(ENDS_V4), "byte {offset}");
    }
}

#[test]
fn truncated_messages_are_refused() {
    for got in 0..PASS.len() {
        let needed = if got < 8 { 8 } else { 24 };
        let error = AdvertisementView::new_checked(&PASS[..got], Family::V4).err();
        assert_eq!(error, Some(Malformed::TooShort { needed, got }));
    }
}

#[test]
fn ethernet_padding_is_cut_off() {
    let mut padded = PASS.to_vec();
    padded.extend([0, 0]);
    let view = view(&padded);
    assert_eq!(view.as_bytes(), PASS);
    assert_eq!(view.auth_data(), AuthData::from_password(b"secret12"));
    assert!(view.verify_checksum(ENDS_V4));
}

#[test]
fn other_surplus_is_refused() {
    for surplus in [1, 3, 4, 28] {
        let mut long = PASS.to_vec();
        long.resize(24 + surplus, 0);
        let error = AdvertisementView::new_checked(&long, Family::V4).err();
        assert_eq!(error, Some(Malformed::LengthMismatch { implied: 24, got: 24 + surplus }));
    }
}

#[test]
fn a_count_that_does_not_fit_is_refused() {
    let mut three = PASS;
    three[3] = 3;
    let error = AdvertisementView::new_checked(&three, Family::V4).err();
    assert_eq!(error, Some(Malformed::TooShort { needed: 28, got: 24 }));
    let mut one = PASS;
    one[3] = 1;
    let error = AdvertisementView::new_checked(&one, Family::V4).err();
    assert_eq!(error, Some(Malformed::LengthMismatch { implied: 20, got: 24 }));
}

#[test]
fn other_versions_and_vrid_0_are_refused() {
    let mut v3 = PASS;
    v3[0] = 0x31;
    let error = AdvertisementView::new_checked(&v3, Family::V4).err();
    assert_eq!(error, Some(Malformed::VrrpVersion { got: 3 }));
    let mut nobody = PASS;
    nobody[1] = 0;
    let error = AdvertisementView::new_checked(&nobody, Family::V4).err();
    assert_eq!(error, Some(Malformed::ZeroVrid));
}

#[test]
fn unassigned_values_survive() {
    let mut odd = PASS;
    odd[0] = 0x2f;
    odd[4] = 9;
    odd[5] = 0;
    assert_eq!(view(&odd).message_type(), MessageType::Unknown(15));
    assert_eq!(AdvertisementV2::parse(&view(&odd)).auth_type, AuthType::Unknown(9));
    assert_eq!(view(&odd).interval_seconds(), 0);
    for number in 0..=u8::MAX {
        assert_eq!(u8::from(AuthType::from(number)), number);
    }
}

#[test]
fn ipv6_has_long_addresses_and_no_authentication_data() {
    let address = IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x100));
    let advert = AdvertisementV2 {
        addresses: AddressList::new(Family::V6, [address]).expect("one IPv6 address"),
        auth_type: AuthType::None,
        auth_data: AuthData::ZERO,
        ..repr()
    };
    let bytes = emitted(&advert, ENDS_V6);
    assert_eq!(bytes.len(), 24);
    let view = AdvertisementView::new_checked(&bytes, Family::V6).expect("just built");
    assert!(view.verify_checksum(ENDS_V6), "the kernel's checksum covers the pseudo-header");
    assert!(!Coverage::PduOnly.sum(PROTOCOL, &bytes).is_valid());
    assert_eq!(view.addresses().collect::<Vec<_>>(), [address]);
    assert_eq!(AdvertisementV2::parse(&view), advert);
    for got in 0..bytes.len() {
        assert!(AdvertisementView::new_checked(&bytes[..got], Family::V6).is_err(), "{got} bytes");
    }
}

#[test]
fn an_advertisement_without_addresses_is_readable() {
    let advert = AdvertisementV2 {
        addresses: AddressList::new(Family::V4, []).expect("none is not too many"),
        ..repr()
    };
    let bytes = emitted(&advert, ENDS_V4);
    assert_eq!(bytes.len(), 16);
    assert_eq!(view(&bytes).addresses().len(), 0);
    assert_eq!(AdvertisementV2::parse(&view(&bytes)), advert);
}

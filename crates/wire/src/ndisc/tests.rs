//! Neighbour advertisements against the one captured for fe80::100.

use super::*;

const MAC: MacAddr = MacAddr([2, 0, 0, 0, 0x0a, 1]);
const ADDRESS: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x100);
const MESSAGE: [u8; 32] = [
    0x88, 0, 0x4b, 0x9d, 0x20, 0, 0, 0, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 1, 2, 0, 0,
    0, 0x0a, 1,
];
const REPR: AdvertisementRepr = AdvertisementRepr {
    router: false,
    solicited: false,
    overrides: true,
    target: ADDRESS,
    link_layer_address: Some(MAC),
};

#[test]
fn deconstruct() {
    let view = AdvertisementView::new_checked(&MESSAGE).expect("well formed");
    assert!(!view.is_router());
    assert!(!view.is_solicited());
    assert!(view.overrides());
    assert_eq!(view.target(), ADDRESS);
    assert_eq!(view.link_layer_address(), Some(MAC));
    assert!(view.verify_checksum(ADDRESS, ALL_NODES));
    assert!(!view.verify_checksum(ALL_NODES, ALL_NODES));
}

#[test]
fn parse_and_emit() {
    let view = AdvertisementView::new_checked(&MESSAGE).expect("well formed");
    assert_eq!(AdvertisementRepr::parse(&view), REPR);
    let mut out = Vec::new();
    REPR.emit(&mut out, ADDRESS, ALL_NODES);
    assert_eq!(out, MESSAGE);
    assert_eq!(out.len(), REPR.buffer_len());
}

#[test]
fn every_flag_has_its_own_bit() {
    for bits in 0..8_u8 {
        let repr = AdvertisementRepr {
            router: bits & 1 != 0,
            solicited: bits & 2 != 0,
            overrides: bits & 4 != 0,
            target: ADDRESS,
            link_layer_address: None,
        };
        let mut out = Vec::new();
        repr.emit(&mut out, ADDRESS, ALL_NODES);
        assert_eq!(out.len(), repr.buffer_len());
        let view = AdvertisementView::new_checked(&out).expect("just built");
        assert_eq!(AdvertisementRepr::parse(&view), repr);
    }
}

#[test]
fn truncated_messages_are_refused() {
    for got in 0..MESSAGE.len() {
        let result = AdvertisementView::new_checked(&MESSAGE[..got]);
        if got == FIXED_LEN {
            assert!(result.is_ok_and(|view| view.link_layer_address().is_none()), "options may be absent");
        } else {
            assert!(matches!(result, Err(Malformed::TooShort { got: reported, .. }) if reported == got));
        }
    }
}

#[test]
fn other_messages_and_empty_options_are_refused() {
    let mut solicitation = MESSAGE;
    solicitation[0] = 135;
    assert_eq!(AdvertisementView::new_checked(&solicitation).err(), Some(Malformed::IcmpType { got: 135 }));
    let mut empty = MESSAGE;
    empty[25] = 0;
    assert_eq!(AdvertisementView::new_checked(&empty).err(), Some(Malformed::ZeroLengthOption));
}

#[test]
fn foreign_options_are_stepped_over() {
    let mut message = MESSAGE[..FIXED_LEN].to_vec();
    message.extend([14, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    message.extend(&MESSAGE[FIXED_LEN..]);
    let view = AdvertisementView::new_checked(&message).expect("two options");
    assert_eq!(view.link_layer_address(), Some(MAC));
}

#[test]
fn a_frame_is_ethernet_ipv6_and_message() {
    let frame = unsolicited_frame(MAC, ADDRESS, false);
    assert_eq!(frame.len(), 86);
    assert_eq!(frame[..14], [0x33, 0x33, 0, 0, 0, 1, 2, 0, 0, 0, 0x0a, 1, 0x86, 0xdd]);
    assert_eq!(frame[14..22], [0x60, 0, 0, 0, 0, 32, 58, 255]);
    assert_eq!(frame[54..], MESSAGE);
    assert_eq!(unsolicited_frame(MAC, ADDRESS, true)[58], 0xa0);
}

//! IPv4 headers against the header of a captured VRRPv2 advertisement.

use super::*;

/// 24 bytes of payload; header checksum as the kernel filled it in.
const HEADER: [u8; 20] =
    [0x45, 0xc0, 0, 0x2c, 0, 1, 0, 0, 0xff, 0x70, 0xd0, 0x8c, 0x0a, 1, 0, 1, 0xe0, 0, 0, 0x12];
const REPR: HeaderRepr = HeaderRepr {
    tos: TOS_NETWORK_CONTROL,
    identification: 1,
    ttl: 255,
    protocol: 112,
    source: Ipv4Addr::new(10, 1, 0, 1),
    destination: Ipv4Addr::new(224, 0, 0, 18),
    payload_length: 24,
};

/// The header, then `payload` bytes counted from 0.
fn packet(payload: u8) -> Vec<u8> {
    HEADER.iter().copied().chain(0..payload).collect()
}

#[test]
fn deconstruct() {
    let packet = packet(24);
    let view = PacketView::new_checked(&packet).expect("well formed");
    assert_eq!(view.header_len(), 20);
    assert_eq!(view.tos(), 0xc0);
    assert_eq!(view.total_length(), 44);
    assert_eq!(view.identification(), 1);
    assert_eq!(view.ttl(), 255);
    assert_eq!(view.protocol(), 112);
    assert_eq!(view.source(), Ipv4Addr::new(10, 1, 0, 1));
    assert_eq!(view.destination(), Ipv4Addr::new(224, 0, 0, 18));
    assert!(view.verify_checksum());
    assert_eq!(view.payload(), &packet[20..]);
}

#[test]
fn parse() {
    let packet = packet(24);
    assert_eq!(HeaderRepr::parse(&PacketView::new_checked(&packet).expect("well formed")), REPR);
}

#[test]
fn construct_leaves_the_checksum_to_the_kernel() {
    let mut out = Vec::new();
    REPR.emit(&mut out);
    assert_eq!(out.len(), REPR.buffer_len());
    let mut expected = HEADER;
    expected[10..12].fill(0);
    assert_eq!(out, expected);
}

#[test]
fn a_filled_in_checksum_is_the_kernels() {
    let mut packet = packet(24);
    packet[10..12].fill(0);
    fill_checksum(&mut packet).expect("well formed");
    assert_eq!(packet[..20], HEADER);
    assert!(fill_checksum(&mut packet[..19]).is_err());
}

#[test]
fn truncated_packets_are_refused() {
    let packet = packet(24);
    for got in 0..packet.len() {
        let needed = if got < 20 { 20 } else { 44 };
        let error = PacketView::new_checked(&packet[..got]).err();
        assert_eq!(error, Some(Malformed::TooShort { needed, got }));
    }
}

#[test]
fn surplus_is_taken_as_padding_only_where_ethernet_pads() {
    for surplus in 0..20 {
        let accepted = PacketView::new_checked(&packet(24 + surplus)).is_ok();
        assert_eq!(accepted, surplus == 0 || surplus % 4 == 2, "{surplus} bytes more than 44");
    }
    let mut long = packet(28);
    long[3] = 48;
    assert!(PacketView::new_checked(&long).is_ok());
    long.extend([0, 0]);
    let error = PacketView::new_checked(&long).err();
    assert_eq!(error, Some(Malformed::LengthMismatch { implied: 48, got: 50 }), "48 bytes need no padding");
}

#[test]
fn other_versions_and_impossible_lengths_are_refused() {
    let mut v6 = packet(24);
    v6[0] = 0x65;
    assert_eq!(PacketView::new_checked(&v6).err(), Some(Malformed::IpVersion { got: 6 }));
    let mut short = packet(24);
    short[0] = 0x44;
    assert_eq!(PacketView::new_checked(&short).err(), Some(Malformed::HeaderLength { got: 16 }));
    let mut inside = packet(24);
    inside[3] = 18;
    let error = PacketView::new_checked(&inside).err();
    assert_eq!(error, Some(Malformed::LengthMismatch { implied: 18, got: 44 }));
    let mut options = packet(24);
    options[0] = 0x4f;
    assert_eq!(PacketView::new_checked(&options).err(), Some(Malformed::TooShort { needed: 60, got: 44 }));
}

#[test]
fn options_are_skipped() {
    let mut packet = packet(24);
    packet[0] = 0x46;
    let view = PacketView::new_checked(&packet).expect("24 bytes of header, 20 of payload");
    assert_eq!(view.payload(), &packet[24..]);
    assert_eq!(HeaderRepr::parse(&view).payload_length, 20);
}

#[test]
fn identifications_count_up_and_skip_zero() {
    assert_eq!(next_identification(0), 1);
    assert_eq!(next_identification(1), 2);
    assert_eq!(next_identification(u16::MAX), 1);
    let mut packet = packet(24);
    set_identification(&mut packet, 0x1234).expect("a whole header");
    assert_eq!(PacketView::new_checked(&packet).map(|view| view.identification()), Ok(0x1234));
    assert!(set_identification(&mut packet[..19], 1).is_err());
}

//! Packets arrive as they were sent, and forged ones as they were forged.

use super::*;
use keepalived_types::{Centis, Priority, Vrid};
use keepalived_wire::checksum::Coverage;
use keepalived_wire::vrrp::v3::AdvertisementV3;
use keepalived_wire::vrrp::{AddressList, Advertisement, GROUP_V4, GROUP_V6, TTL, encode_ipv4, encode_ipv6};

fn advertisement(address: IpAddr) -> Advertisement {
    Advertisement::V3(AdvertisementV3 {
        vrid: Vrid::new(7).expect("not 0"),
        priority: Priority(9),
        interval: Centis::new(100).expect("in range"),
        addresses: AddressList::new(Family::of(address), [address]).expect("one address"),
    })
}

fn ipv4_packet() -> Packet {
    let source = std::net::Ipv4Addr::new(192, 0, 2, 1);
    let message = advertisement("192.0.2.100".parse().expect("a literal address"));
    let bytes = encode_ipv4(&message, source, GROUP_V4, TTL, Coverage::PduOnly);
    let advert =
        EncodedAdvert { source: source.into(), packets: vec![(GROUP_V4.into(), bytes)], hop_limit: TTL };
    Packet::of(&advert, 0, 77).expect("whole")
}

fn ipv6_packet() -> Packet {
    let source: IpAddr = "fe80::1".parse().expect("a literal address");
    let message = advertisement("fe80::100".parse().expect("a literal address"));
    let bytes = encode_ipv6(&message, Coverage::PduOnly);
    let advert = EncodedAdvert { source, packets: vec![(GROUP_V6.into(), bytes)], hop_limit: TTL };
    Packet::of(&advert, 0, 77).expect("whole")
}

#[test]
fn an_ipv4_packet_arrives_with_its_header_taken_off() {
    let packet = ipv4_packet();
    let received = packet.received().expect("the kernel filled in the header checksum");
    assert_eq!(received.payload.len(), 12);
    assert_eq!(received.claimed_length, Some(12));
    assert_eq!(received.ttl, Some(255));
    assert_eq!(received.source, packet.source);
    assert!(!received.has_authentication_header);
}

#[test]
fn the_kernel_fills_in_the_checksum_of_ipv6_and_verifies_it() {
    let mut packet = ipv6_packet();
    assert_eq!(packet.received().map(|received| received.payload.len()), Some(24));
    packet.bytes[2] ^= 1;
    assert!(packet.received().is_none());
}

#[test]
fn a_forged_packet_passes_the_kernel() {
    for packet in [ipv4_packet(), ipv6_packet()] {
        let forged = packet.forged(254, |message| message.truncate(10)).expect("still a header");
        let received = forged.received().expect("nothing the kernel would mind");
        assert_eq!((received.payload.len(), received.ttl), (10, Some(254)));
        assert!(forged.is_forged);
    }
}

//! Everything that keepalived 2.2.7 and 2.4.3 were seen to send: it parses, its checksum is right, and what we
//! encode from the values is the same, byte for byte.

mod common;

use common::capture;
use core::net::Ipv4Addr;
use keepalived_types::{Family, Version};
use keepalived_wire::checksum::PseudoHeader;
use keepalived_wire::ethernet::{self, EtherType, FrameView, MacAddr};
use keepalived_wire::vrrp::v2::{AdvertisementV2, AuthType};
use keepalived_wire::vrrp::v3::{AdvertisementV3, ChecksumStyle};
use keepalived_wire::vrrp::{self, Advertisement, GROUP_V4, HeaderView, v2, v3};
use keepalived_wire::{Malformed, arp, ipv4, ipv6, ndisc};

/// A captured VRRP packet, taken apart.
struct Captured {
    frame: Vec<u8>,
    /// The IPv4 packet; empty for IPv6.
    packet: Vec<u8>,
    payload: Vec<u8>,
    ends: PseudoHeader,
}

/// All packets of IP protocol 112 in a capture.
fn vrrp_packets(name: &str) -> Vec<Captured> {
    let packets: Vec<Captured> = capture(name).into_iter().filter_map(vrrp_packet).collect();
    assert!(!packets.is_empty(), "{name} holds no VRRP");
    packets
}

fn vrrp_packet(frame: Vec<u8>) -> Option<Captured> {
    let view = FrameView::new_checked(&frame).expect("a whole Ethernet header");
    let (protocol, packet, payload, ends) = match view.ether_type() {
        EtherType::Ipv4 => {
            let packet = ipv4::PacketView::new_checked(view.payload()).expect("a good IPv4 packet");
            assert!(packet.verify_checksum());
            let ends = PseudoHeader::V4 { source: packet.source(), destination: packet.destination() };
            (packet.protocol(), view.payload(), packet.payload(), ends)
        }
        EtherType::Ipv6 => {
            let packet = ipv6::PacketView::new_checked(view.payload()).expect("a good IPv6 packet");
            let ends = PseudoHeader::V6 { source: packet.source(), destination: packet.destination() };
            (packet.next_header(), &[][..], packet.payload(), ends)
        }
        EtherType::Arp | EtherType::Unknown(_) => return None,
    };
    let (packet, payload) = (packet.to_vec(), payload.to_vec());
    (protocol == vrrp::PROTOCOL).then_some(Captured { frame, packet, payload, ends })
}

/// Parses what was captured, encodes it anew in `style`, and compares.
fn must_round_trip(captured: &Captured, style: ChecksumStyle) -> Advertisement {
    let Captured { packet, payload, ends, .. } = captured;
    let header = HeaderView::new_checked(payload).expect("a whole VRRP header");
    let (advert, coverage) = match header.version().expect("version 2 or 3") {
        Version::V2 => {
            let view =
                v2::AdvertisementView::new_checked(payload, ends.family()).expect("a good advertisement");
            assert!(view.verify_checksum(*ends));
            (Advertisement::V2(AdvertisementV2::parse(&view)), v2::coverage(*ends))
        }
        Version::V3 => {
            let view =
                v3::AdvertisementView::new_checked(payload, ends.family()).expect("a good advertisement");
            assert_eq!(view.checksum_style(*ends, GROUP_V4), Some(style));
            let advert = AdvertisementV3::parse(&view).expect("an interval above 0");
            (Advertisement::V3(advert), style.coverage(*ends, GROUP_V4))
        }
    };
    match *ends {
        PseudoHeader::V4 { source, destination } => {
            let received = ipv4::PacketView::new_checked(packet).expect("checked before");
            let mut encoded = vrrp::encode_ipv4(&advert, source, destination, received.ttl(), coverage);
            ipv4::set_identification(&mut encoded, received.identification()).expect("a whole header");
            ipv4::fill_checksum(&mut encoded).expect("a good packet");
            assert_eq!(&encoded, packet);
        }
        PseudoHeader::V6 { .. } => assert_eq!(&vrrp::encode_ipv6(&advert, coverage), payload),
    }
    advert
}

/// Every advertisement of a capture, with the values that all captures share.
fn must_all_round_trip(name: &str, style: ChecksumStyle) -> Vec<Advertisement> {
    let packets = vrrp_packets(name);
    let adverts: Vec<Advertisement> = packets.iter().map(|packet| must_round_trip(packet, style)).collect();
    for advert in &adverts {
        assert_eq!(advert.vrid().get(), 51, "{name}");
        assert!([0, 150].contains(&advert.priority().get()), "{name}");
        let addresses: Vec<String> = advert.addresses().as_slice().iter().map(ToString::to_string).collect();
        match advert.family() {
            Family::V4 => assert_eq!(addresses, ["10.1.0.100", "10.1.0.101"], "{name}"),
            Family::V6 => assert_eq!(addresses, ["fe80::100", "fd00:1::100"], "{name}"),
        }
    }
    adverts
}

#[test]
fn version_2_round_trips() {
    for (name, auth_type, password) in [
        ("v2-none", AuthType::None, [0; 8]),
        ("v2-unicast", AuthType::None, [0; 8]),
        ("v2-evip", AuthType::None, [0; 8]),
        ("v2-pass", AuthType::Pass, *b"secret12"),
    ] {
        for advert in must_all_round_trip(name, ChecksumStyle::PduOnly) {
            let Advertisement::V2(advert) = advert else { panic!("{name} holds version 3") };
            assert_eq!(advert.auth_type, auth_type, "{name}");
            assert_eq!(advert.auth_data.as_bytes(), &password, "{name}");
            assert_eq!(advert.interval_seconds, 1, "{name}");
        }
    }
}

#[test]
fn version_3_round_trips_in_its_checksum_style() {
    for (name, style, centis) in [
        ("v3-ipv4", ChecksumStyle::PseudoHeader, 100),
        ("v3-ipv4-cs50", ChecksumStyle::PseudoHeader, 50),
        ("v3-csum-as-v2", ChecksumStyle::PduOnly, 100),
        ("v3-unicast", ChecksumStyle::PseudoHeader, 100),
        ("v3-unicast-oldcsum", ChecksumStyle::GroupPseudoHeader, 100),
        ("v3-ipv6", ChecksumStyle::PseudoHeader, 100),
        ("v3-unicast-ipv6", ChecksumStyle::PseudoHeader, 100),
        ("become-master-na", ChecksumStyle::PseudoHeader, 100),
        ("vmac-ipv6", ChecksumStyle::PseudoHeader, 100),
    ] {
        for advert in must_all_round_trip(name, style) {
            let Advertisement::V3(advert) = advert else { panic!("{name} holds version 2") };
            assert_eq!(advert.interval.get(), centis, "{name}");
        }
    }
}

#[test]
fn adverts_beside_gratuitous_arp_round_trip() {
    must_all_round_trip("become-master-garp", ChecksumStyle::PseudoHeader);
    must_all_round_trip("vmac-ipv4", ChecksumStyle::PseudoHeader);
}

#[test]
fn a_virtual_router_with_its_own_address_sends_from_it() {
    for name in ["vmac-ipv4", "vmac-ipv6"] {
        for captured in vrrp_packets(name) {
            let view = FrameView::new_checked(&captured.frame).expect("checked before");
            let header = HeaderView::new_checked(&captured.payload).expect("checked before");
            let vrid = header.vrid().expect("not 0");
            assert_eq!(view.source(), MacAddr::virtual_router(captured.ends.family(), vrid), "{name}");
            let group = match captured.ends {
                PseudoHeader::V4 { destination, .. } => MacAddr::multicast_v4(destination),
                PseudoHeader::V6 { destination, .. } => MacAddr::multicast_v6(destination),
            };
            assert_eq!(view.destination(), group, "{name}");
        }
    }
}

/// Seen by somebody without `auth_hmac`, the 28 bytes of the trailer are excess.
#[test]
fn authentication_trailers_are_refused_as_excess_length() {
    for (name, implied) in [("v2-hmac-ipv4", 24), ("v3-hmac-ipv4", 16), ("v3-hmac-ipv6", 40)] {
        for captured in vrrp_packets(name) {
            let (payload, family) = (&captured.payload, captured.ends.family());
            let error = match HeaderView::new_checked(payload).map(|header| header.version()) {
                Ok(Some(Version::V2)) => v2::AdvertisementView::new_checked(payload, family).err(),
                _ => v3::AdvertisementView::new_checked(payload, family).err(),
            };
            let got = payload.len();
            assert_eq!(got, implied + 28, "{name}");
            assert_eq!(error, Some(Malformed::LengthMismatch { implied, got }), "{name}");
        }
    }
}

#[test]
fn adverts_behind_an_authentication_header_keep_their_format() {
    const AUTHENTICATION_HEADER: u8 = 51;
    for frame in capture("v2-ah") {
        let frame = FrameView::new_checked(&frame).expect("a whole Ethernet header");
        let packet = ipv4::PacketView::new_checked(frame.payload()).expect("a good IPv4 packet");
        assert_eq!(packet.protocol(), AUTHENTICATION_HEADER);
        let message = &packet.payload()[24..];
        let view = v2::AdvertisementView::new_checked(message, Family::V4).expect("a good advertisement");
        assert_eq!(view.auth_type(), AuthType::Ah);
        let ends = PseudoHeader::V4 { source: packet.source(), destination: packet.destination() };
        assert!(view.verify_checksum(ends));
        let mut out = Vec::new();
        AdvertisementV2::parse(&view).emit(&mut out, v2::coverage(ends));
        assert_eq!(out, message);
    }
}

#[test]
fn gratuitous_arp_is_built_as_captured() {
    for (name, mac) in [
        ("become-master-garp", MacAddr([2, 0, 0, 0, 0x0a, 1])),
        ("vmac-ipv4", MacAddr([0, 0, 0x5e, 0, 1, 51])),
    ] {
        let mut seen = 0;
        for frame in capture(name) {
            let view = FrameView::new_checked(&frame).expect("a whole Ethernet header");
            if view.ether_type() != EtherType::Arp {
                continue;
            }
            let packet = arp::PacketView::new_checked(view.payload()).expect("ARP for IPv4");
            let address = packet.sender_address();
            assert!(
                [Ipv4Addr::new(10, 1, 0, 100), Ipv4Addr::new(10, 1, 0, 101)].contains(&address),
                "{name}"
            );
            assert_eq!(arp::gratuitous_frame(mac, address), frame, "{name}");
            seen += 1;
        }
        assert!(seen > 0, "{name} holds no ARP");
    }
}

#[test]
fn unsolicited_neighbour_advertisements_are_built_as_captured() {
    for (name, mac) in
        [("become-master-na", MacAddr([2, 0, 0, 0, 0x0a, 1])), ("vmac-ipv6", MacAddr([0, 0, 0x5e, 0, 2, 51]))]
    {
        let mut seen = 0;
        for frame in capture(name) {
            let view = FrameView::new_checked(&frame).expect("a whole Ethernet header");
            let Ok(packet) = ipv6::PacketView::new_checked(view.payload()) else {
                continue;
            };
            let Ok(advert) = ndisc::AdvertisementView::new_checked(packet.payload()) else {
                continue;
            };
            assert_eq!(packet.next_header(), ndisc::ICMPV6, "{name}");
            assert!(advert.verify_checksum(packet.source(), packet.destination()), "{name}");
            let rebuilt = ndisc::unsolicited_frame(mac, advert.target(), advert.is_router());
            assert_eq!(rebuilt, frame, "{name}");
            seen += 1;
        }
        assert!(seen > 0, "{name} holds no neighbour advertisement");
    }
}

#[test]
fn captured_headers_round_trip() {
    for name in ["v3-ipv4", "v3-ipv6"] {
        for Captured { frame, .. } in vrrp_packets(name) {
            let view = FrameView::new_checked(&frame).expect("a whole Ethernet header");
            let mut out = Vec::new();
            ethernet::HeaderRepr::parse(&view).emit(&mut out);
            match ipv6::PacketView::new_checked(view.payload()) {
                Ok(packet) => ipv6::HeaderRepr::parse(&packet).emit(&mut out),
                Err(_) => {
                    let packet = ipv4::PacketView::new_checked(view.payload()).expect("IPv4 then");
                    ipv4::HeaderRepr::parse(&packet).emit(&mut out);
                    // The checksum is the kernel's to fill in.
                    out[24..26].copy_from_slice(&frame[24..26]);
                }
            }
            assert_eq!(out, frame[..out.len()], "{name}");
        }
    }
}

#[test]
fn the_last_advert_of_a_shutdown_releases_the_addresses() {
    for name in ["v2-none", "v3-ipv4", "v3-ipv6"] {
        let packets = vrrp_packets(name);
        let last = packets.last().expect("not empty");
        let header = HeaderView::new_checked(&last.payload).expect("checked before");
        assert!(header.priority().is_release(), "{name}");
        assert!(matches!(
            last.ends,
            PseudoHeader::V4 { destination: GROUP_V4, .. }
                | PseudoHeader::V6 { destination: vrrp::GROUP_V6, .. }
        ));
    }
}

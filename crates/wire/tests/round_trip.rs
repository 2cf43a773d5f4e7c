//! Properties: what is emitted parses back to the same values, one flipped bit never passes the checksum, and no
//! bytes whatever make a view or its accessors panic.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use keepalived_types::{Centis, Family, Priority, Vrid};
use keepalived_wire::checksum::PseudoHeader;
use keepalived_wire::ethernet::{FrameView, MacAddr};
use keepalived_wire::vrrp::v2::{AdvertisementV2, AuthType};
use keepalived_wire::vrrp::v3::{AdvertisementV3, ChecksumStyle};
use keepalived_wire::vrrp::{AddressList, Advertisement, AuthData, GROUP_V4, HeaderView, v2, v3};
use keepalived_wire::{arp, ipv4, ipv6, ndisc, vrrp};
use proptest::collection::vec;
use proptest::prelude::*;

fn v4() -> impl Strategy<Value = Ipv4Addr> {
    any::<u32>().prop_map(Ipv4Addr::from_bits)
}

fn v6() -> impl Strategy<Value = Ipv6Addr> {
    any::<u128>().prop_map(Ipv6Addr::from_bits)
}

fn ends() -> impl Strategy<Value = PseudoHeader> {
    prop_oneof![
        (v4(), v4()).prop_map(|(source, destination)| PseudoHeader::V4 { source, destination }),
        (v6(), v6()).prop_map(|(source, destination)| PseudoHeader::V6 { source, destination }),
    ]
}

/// 0 to 255 addresses of the family that `ends` have.
fn addresses(ends: PseudoHeader) -> BoxedStrategy<AddressList> {
    let family = ends.family();
    match family {
        Family::V4 => vec(v4().prop_map(IpAddr::V4), 0..=255).boxed(),
        Family::V6 => vec(v6().prop_map(IpAddr::V6), 0..=255).boxed(),
    }
    .prop_map(move |addresses| AddressList::new(family, addresses).expect("255 of one family at most"))
    .boxed()
}

fn vrid() -> impl Strategy<Value = Vrid> {
    (1..=255_u8).prop_map(|vrid| Vrid::new(vrid).expect("not 0"))
}

fn advert_v2() -> impl Strategy<Value = (AdvertisementV2, PseudoHeader)> {
    ends().prop_flat_map(|ends| {
        (vrid(), any::<u8>(), any::<u8>(), any::<[u8; 8]>(), any::<u8>(), addresses(ends)).prop_map(
            move |(vrid, priority, auth_type, auth_data, interval_seconds, addresses)| {
                let auth_data = match ends.family() {
                    Family::V4 => AuthData::new(auth_data),
                    Family::V6 => AuthData::ZERO,
                };
                let (priority, auth_type) = (Priority(priority), AuthType::from(auth_type));
                (AdvertisementV2 { vrid, priority, auth_type, auth_data, interval_seconds, addresses }, ends)
            },
        )
    })
}

fn advert_v3() -> impl Strategy<Value = (AdvertisementV3, PseudoHeader)> {
    ends().prop_flat_map(|ends| {
        (vrid(), any::<u8>(), 1..=4095_u16, addresses(ends)).prop_map(
            move |(vrid, priority, centis, addresses)| {
                let interval = Centis::new(centis).expect("in range");
                (AdvertisementV3 { vrid, priority: Priority(priority), interval, addresses }, ends)
            },
        )
    })
}

fn style() -> impl Strategy<Value = ChecksumStyle> {
    prop_oneof![
        Just(ChecksumStyle::PseudoHeader),
        Just(ChecksumStyle::GroupPseudoHeader),
        Just(ChecksumStyle::PduOnly),
    ]
}

/// Calls every accessor of every view that takes `bytes`.
fn read_everything(bytes: &[u8], ends: PseudoHeader) {
    let family = ends.family();
    if let Ok(view) = HeaderView::new_checked(bytes) {
        let _ = (view.version(), view.message_type(), view.vrid(), view.priority(), view.checksum());
    }
    if let Ok(view) = v2::AdvertisementView::new_checked(bytes, family) {
        assert_eq!(view.addresses().len(), usize::from(view.address_count()));
        let _ = (AdvertisementV2::parse(&view), view.verify_checksum(ends), view.header().checksum());
    }
    if let Ok(view) = v3::AdvertisementView::new_checked(bytes, family) {
        assert_eq!(view.addresses().len(), usize::from(view.address_count()));
        let _ =
            (AdvertisementV3::parse(&view), view.checksum_style(ends, GROUP_V4), view.header().checksum());
    }
    if let Ok(view) = ipv4::PacketView::new_checked(bytes) {
        let _ = (ipv4::HeaderRepr::parse(&view), view.payload(), view.verify_checksum());
    }
    if let Ok(view) = ipv6::PacketView::new_checked(bytes) {
        let _ = (ipv6::HeaderRepr::parse(&view), view.payload());
    }
    if let Ok(view) = ndisc::AdvertisementView::new_checked(bytes) {
        let any = Ipv6Addr::UNSPECIFIED;
        let _ = (ndisc::AdvertisementRepr::parse(&view), view.verify_checksum(any, any));
    }
    let _ = arp::PacketView::new_checked(bytes).map(|view| arp::PacketRepr::parse(&view));
    let _ =
        FrameView::new_checked(bytes).map(|view| (view.source(), view.ether_type(), view.payload().len()));
    let mut copy = bytes.to_vec();
    let _ = (ipv4::fill_checksum(&mut copy), ipv4::set_identification(&mut copy, 1));
}

proptest! {
    // A case that fails becomes a test of its own, not a line in a file of seeds.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn version_2_comes_back_as_it_went((advert, ends) in advert_v2()) {
        let mut out = Vec::new();
        advert.emit(&mut out, v2::coverage(ends));
        prop_assert_eq!(out.len(), advert.buffer_len());
        let view = v2::AdvertisementView::new_checked(&out, ends.family()).expect("just built");
        prop_assert!(view.verify_checksum(ends));
        prop_assert_eq!(AdvertisementV2::parse(&view), advert);
    }

    #[test]
    fn version_3_comes_back_as_it_went((advert, ends) in advert_v3(), style in style()) {
        let coverage = style.coverage(ends, GROUP_V4);
        let mut out = Vec::new();
        advert.emit(&mut out, coverage);
        prop_assert_eq!(out.len(), advert.buffer_len());
        let view = v3::AdvertisementView::new_checked(&out, ends.family()).expect("just built");
        prop_assert!(view.verify_checksum(coverage));
        prop_assert!(view.checksum_style(ends, GROUP_V4).is_some());
        prop_assert_eq!(AdvertisementV3::parse(&view), Ok(advert));
    }

    #[test]
    fn one_flipped_bit_fails_the_checksum((advert, ends) in advert_v3(), bit in any::<prop::sample::Index>()) {
        let coverage = ChecksumStyle::PseudoHeader.coverage(ends, GROUP_V4);
        let mut out = Vec::new();
        advert.emit(&mut out, coverage);
        let bit = bit.index(out.len() * 8);
        out[bit / 8] ^= 1 << (bit % 8);
        if let Ok(view) = v3::AdvertisementView::new_checked(&out, ends.family()) {
            prop_assert!(!view.verify_checksum(coverage));
        }
    }

    #[test]
    fn a_truncated_advertisement_is_refused((advert, ends) in advert_v3(), cut in any::<prop::sample::Index>()) {
        let packet = vrrp::encode_ipv6(&Advertisement::V3(advert), ChecksumStyle::PduOnly.coverage(ends, GROUP_V4));
        let cut = cut.index(packet.len());
        prop_assert!(v3::AdvertisementView::new_checked(&packet[..cut], ends.family()).is_err());
    }

    #[test]
    fn an_ipv4_packet_comes_back_as_it_went(
        (advert, ends) in advert_v2(),
        ttl in any::<u8>(),
        identification in any::<u16>(),
    ) {
        let PseudoHeader::V4 { source, destination } = ends else { return Ok(()) };
        let advert = Advertisement::V2(advert);
        let mut packet = vrrp::encode_ipv4(&advert, source, destination, ttl, v2::coverage(ends));
        ipv4::set_identification(&mut packet, identification).expect("a whole header");
        ipv4::fill_checksum(&mut packet).expect("just built");
        let view = ipv4::PacketView::new_checked(&packet).expect("just built");
        prop_assert!(view.verify_checksum());
        prop_assert_eq!((view.source(), view.destination()), (source, destination));
        prop_assert_eq!((view.ttl(), view.identification()), (ttl, identification));
        let view = v2::AdvertisementView::new_checked(view.payload(), Family::V4).expect("just built");
        prop_assert_eq!(Advertisement::V2(AdvertisementV2::parse(&view)), advert);
    }

    #[test]
    fn announcements_come_back_as_they_went(mac in any::<[u8; 6]>(), v4 in v4(), v6 in v6(), router in any::<bool>()) {
        let mac = MacAddr(mac);
        let frame = arp::gratuitous_frame(mac, v4);
        let view = FrameView::new_checked(&frame).expect("just built");
        let packet = arp::PacketView::new_checked(view.payload()).expect("just built");
        prop_assert_eq!(arp::PacketRepr::parse(&packet), arp::PacketRepr::gratuitous(mac, v4));
        let frame = ndisc::unsolicited_frame(mac, v6, router);
        let view = FrameView::new_checked(&frame).expect("just built");
        let packet = ipv6::PacketView::new_checked(view.payload()).expect("just built");
        let advert = ndisc::AdvertisementView::new_checked(packet.payload()).expect("just built");
        prop_assert!(advert.verify_checksum(packet.source(), packet.destination()));
        prop_assert_eq!((advert.target(), advert.link_layer_address()), (v6, Some(mac)));
        prop_assert_eq!((advert.is_router(), advert.overrides(), advert.is_solicited()), (router, true, false));
    }

    #[test]
    fn no_bytes_make_a_view_panic(bytes in vec(any::<u8>(), 0..200), ends in ends()) {
        read_everything(&bytes, ends);
    }

    /// Random bytes rarely get past the first check, so these start out right.
    #[test]
    fn no_bent_message_makes_a_view_panic(
        (advert, ends) in advert_v3(),
        start in prop_oneof![
            Just(vec![0x21, 1, 1, 2]),
            Just(vec![0x31, 1, 1, 2]),
            Just(vec![0x46, 0, 0, 60]),
            Just(vec![0x60, 0, 0, 0, 0, 9]),
            Just(vec![136, 0, 0, 0]),
            Just(vec![0, 1, 8, 0, 6, 4]),
        ],
        length in 0..120_usize,
    ) {
        let mut bytes = vrrp::encode_ipv6(&Advertisement::V3(advert), ChecksumStyle::PduOnly.coverage(ends, GROUP_V4));
        let common = start.len().min(bytes.len());
        bytes[..common].copy_from_slice(&start[..common]);
        bytes.truncate(length);
        read_everything(&bytes, ends);
    }
}

//! What A sends: checklist points 1, 2, 7, 8, 10 to 17.

use super::*;
use crate::config::{Authentication, ChecksumCompat, Transport, UnicastPeer};
use keepalived_wire::checksum::{Coverage, PseudoHeader};
use keepalived_wire::ipv4::PacketView;
use keepalived_wire::vrrp::{v2, v3};

fn bytes(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte =
        |pair: &[u8]| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
    digits.chunks(2).map(|pair| byte(pair).expect("hexadecimal digits")).collect()
}

/// The first packet of the last advert, behind its IPv4 header.
fn pdu(bench: &Bench) -> Vec<u8> {
    bench.advert().packets[0].1[20..].to_vec()
}

fn unicast(instance: InstanceConfig, checksum: ChecksumCompat) -> InstanceConfig {
    let peers =
        ["10.1.0.2", "10.1.0.3"].map(|peer| UnicastPeer { address: ip(peer), min_ttl: 0, max_ttl: 255 });
    let transport =
        Transport::Unicast { source: None, peers: peers.to_vec(), check_source: false, ttl: None, checksum };
    InstanceConfig { transport, ..instance }
}

fn ends(from: &str, to: &str) -> PseudoHeader {
    PseudoHeader::new(ip(from), ip(to)).expect("one family")
}

#[test]
fn c01_a_v2_master_sends_the_captured_bytes() {
    let bench = {
        let mut bench = Bench::begun(one(ipv4(150)));
        bench.run(ms(3500));
        bench
    };
    let captured = "45c0002c 00010000 ff700000 0a010001 e0000012
                    21339602 000133fe 0a010064 0a010065 00000000 00000000";
    assert_eq!(bench.advert().packets, [(ip("224.0.0.18"), bytes(captured))]);
    let identification = bench.log.iter().find_map(|(_, effect)| match effect {
        Effect::SendAdvert { identification, .. } => Some(*identification),
        _ => None,
    });
    assert_eq!(identification, Some(1));
}

#[test]
fn c01_the_release_is_the_captured_one_too() {
    let mut bench = Bench::master(ipv4(150));
    bench.tell(Engine::stop);
    assert_eq!(pdu(&bench), bytes("21330002 0001c9fe 0a010064 0a010065 00000000 00000000"));
}

#[test]
fn c02_a_short_password_is_padded_and_covered_by_the_checksum() {
    let mut instance = ipv4(150);
    instance.authentication = Authentication::Password(*b"abc\0\0\0\0\0");
    let pdu = pdu(&{
        let mut bench = Bench::begun(one(instance));
        bench.run(ms(3500));
        bench
    });
    assert_eq!(pdu[4], 1);
    assert_eq!(pdu[16..], *b"abc\0\0\0\0\0");
    let view = v2::AdvertisementView::new_checked(&pdu, Family::V4).expect("whole");
    assert!(view.verify_checksum(ends("10.1.0.1", "224.0.0.18")));
}

#[test]
fn c02_the_captured_password_advert() {
    let mut instance = ipv4(150);
    instance.authentication = Authentication::Password(*b"secret12");
    let mut bench = Bench::begun(one(instance));
    bench.run(ms(3500));
    assert_eq!(pdu(&bench), bytes("21339602 0101c57f 0a010064 0a010065 73656372 65743132"));
}

#[test]
fn c07_v3_sums_over_the_pseudo_header_by_default() {
    let mut bench = Bench::begun(one(ipv4_v3(150)));
    bench.run(ms(3500));
    let pdu = pdu(&bench);
    assert_eq!(pdu, bytes("31339602 00643906 0a010064 0a010065"));
    let view = v3::AdvertisementView::new_checked(&pdu, Family::V4).expect("whole");
    assert!(view.verify_checksum(Coverage::WithPseudoHeader(ends("10.1.0.1", "224.0.0.18"))));
    assert!(!view.verify_checksum(Coverage::PduOnly));
}

#[test]
fn c08_v3_checksum_as_v2_leaves_the_pseudo_header_out() {
    let mut bench = Bench::begun(one(InstanceConfig { v3_checksum_as_v2: true, ..ipv4_v3(150) }));
    bench.run(ms(3500));
    assert_eq!(pdu(&bench), bytes("31339602 0064239b 0a010064 0a010065"));
}

#[test]
fn c10_v3_over_ipv6_asks_for_hop_limit_255_and_sums_over_the_pseudo_header() {
    let mut bench = Bench::begun(one(ipv6(150)));
    bench.run(ms(3500));
    let advert = bench.advert();
    assert_eq!(advert.hop_limit, 255);
    assert_eq!(advert.source, ip("fe80::ff:fe00:a01"));
    let (to, payload) = &advert.packets[0];
    assert_eq!(*to, ip("ff02::12"));
    assert_eq!(payload[..8], bytes("31339602 006433b4"));
    assert_eq!(payload.len(), 8 + 32);
}

#[test]
fn c11_each_unicast_peer_gets_a_checksum_of_its_own() {
    let mut bench = Bench::begun(one(unicast(ipv4_v3(150), ChecksumCompat::Automatic)));
    bench.run(ms(3500));
    let advert = bench.advert();
    assert_eq!(advert.packets.len(), 2);
    for (peer, packet) in &advert.packets {
        let view = PacketView::new_checked(packet).expect("a whole packet");
        assert_eq!(IpAddr::V4(view.destination()), *peer);
        let coverage =
            Coverage::WithPseudoHeader(PseudoHeader::new(ip("10.1.0.1"), *peer).expect("one family"));
        let view = v3::AdvertisementView::new_checked(&packet[20..], Family::V4).expect("whole");
        assert!(view.verify_checksum(coverage), "{peer}");
    }
    assert_eq!(advert.packets[0].1[20..28], bytes("31339602 00640f16"));
}

#[test]
fn c12_old_unicast_checksum_sums_over_the_group() {
    let mut bench = Bench::begun(one(unicast(ipv4_v3(150), ChecksumCompat::Old)));
    bench.run(ms(3500));
    assert_eq!(pdu(&bench)[..8], bytes("31339602 00643906"));
}

#[test]
fn c13_old_and_new_checksums_are_both_accepted_and_answered_in_kind() {
    let mut bench = Bench::begun(one(unicast(ipv4_v3(150), ChecksumCompat::Automatic)));
    let new = Forged { to: ip("10.1.0.1"), ..Forged::v3(100) };
    let old = Forged { style: v3::ChecksumStyle::GroupPseudoHeader, ..new.clone().from("10.1.0.3") };
    bench.hear(&new);
    bench.hear(&old);
    assert_eq!(bench.counters().adverts_received, 2);
    assert_eq!(bench.counters().checksum_errors, 0);
    bench.run(ms(3500));
    let advert = bench.advert();
    let checksum = |n: usize| &advert.packets[n].1[26..28];
    assert_eq!(checksum(0), bytes("0f16"), "10.1.0.2 sums over its own address");
    assert_eq!(checksum(1), bytes("3906"), "10.1.0.3 sums over the group");
}

#[test]
fn c13_never_refuses_the_old_checksum() {
    let mut bench = Bench::begun(one(unicast(ipv4_v3(150), ChecksumCompat::Never)));
    let old = Forged { style: v3::ChecksumStyle::GroupPseudoHeader, to: ip("10.1.0.1"), ..Forged::v3(100) };
    bench.hear(&old);
    assert_eq!(bench.counters().checksum_errors, 1);
}

#[test]
fn c14_half_a_second_is_50_centiseconds() {
    let mut bench = Bench::begun(one(InstanceConfig { advert_interval: ms(500), ..ipv4_v3(150) }));
    bench.run(ms(3500));
    assert_eq!(pdu(&bench)[4..6], bytes("0032"));
}

#[test]
fn c15_reserved_bits_are_ignored() {
    let mut bench = Bench::begun(one(ipv4_v3(100)));
    bench.hear(&Forged::v3(150).patched(4, 0xf0));
    assert_eq!(bench.counters().adverts_received, 1);
    assert_eq!(bench.silence_until_master(), 3_609_375, "one second, as the twelve bits below say");
}

#[test]
fn c16_excluded_addresses_are_not_advertised() {
    let mut instance = ipv4(150);
    instance.excluded_addresses = vec![vip("10.1.0.200"), vip("fd00::200")];
    let bench = Bench::master(instance);
    let excluded = [ip("10.1.0.200"), ip("fd00::200")];
    assert_eq!(bench.wanted(0)[2..], excluded, "but they are wanted");
    let mut bench = bench;
    bench.run(ms(1000));
    assert_eq!(pdu(&bench)[3], 2);
    assert_eq!(pdu(&bench).len(), 8 + 8 + 8);
}

#[test]
fn c17_surplus_addresses_are_wanted_but_not_advertised() {
    let mut instance = ipv4(150);
    instance.virtual_addresses =
        (0..400_u32).map(|n| vip(&std::net::Ipv4Addr::from_bits(0x0a01_1000 + n).to_string())).collect();
    let mut bench = Bench::begun(one(instance));
    assert!(bench.events().contains(&&EventKind::AddressesDoNotFit { advertised: 255, surplus: 145 }));
    bench.run(ms(5000));
    assert_eq!(pdu(&bench)[3], 255);
    assert_eq!(bench.wanted(0).len(), 400);
}

#[test]
fn c13_strangers_that_sum_like_old_releases_are_not_remembered() {
    let mut bench = Bench::begun(one(unicast(ipv4_v3(100), ChecksumCompat::Automatic)));
    let to_us = |forged: Forged| Forged { to: ip("10.1.0.1"), ..forged };
    let old = to_us(Forged {
        style: keepalived_wire::vrrp::v3::ChecksumStyle::GroupPseudoHeader,
        ..Forged::v3(150)
    });
    bench.run(ms(4000));
    let before = bench.advert();
    bench.hear(&old.clone().from("10.1.0.77"));
    bench.run(ms(5000));
    assert_eq!(bench.state(), State::Master);
    assert!(Arc::ptr_eq(&before, &bench.advert()), "what is sent does not depend on them");
}

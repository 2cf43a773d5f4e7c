//! Frames as keepalived and FRR send them, written down byte by byte.

use super::*;

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| {
        let text = std::str::from_utf8(pair).expect("hex digits are ASCII");
        u8::from_str_radix(text, 16).expect("hex digits")
    };
    digits.chunks(2).map(byte).collect()
}

fn decode(text: &str) -> Packet {
    Packet::decode(SystemTime::UNIX_EPOCH, hex(text))
}

const PASS: &str = "01005e000012 020000000001 0800
    45c00028 00010000 ff70 0000 0a4d0001 e0000012
    21 33 64 01 01 01 0000 0a4d0064 3131313100000000 000000000000";

#[test]
fn a_version_2_advert_with_password_is_read_and_its_padding_dropped() {
    let packet = decode(PASS);
    let advert = packet.advert().expect("an advert");
    assert_eq!(advert.source, IpAddr::from([10, 77, 0, 1]));
    assert_eq!(advert.destination, IpAddr::from([224, 0, 0, 18]));
    assert_eq!((advert.ttl, advert.traffic_class), (255, 0xc0));
    assert_eq!((advert.version, advert.vrid, advert.priority), (2, 51, 100));
    assert_eq!(advert.interval, [1, 1]);
    assert_eq!(advert.addresses, [IpAddr::from([10, 77, 0, 100])]);
    assert_eq!(advert.trailer, b"1111\0\0\0\0");
    assert_eq!(packet.source_mac, [2, 0, 0, 0, 0, 1]);
}

#[test]
fn a_version_3_advert_over_ipv6_is_read() {
    let packet = decode(
        "333300000012 020000000001 86dd
         6c000000 0018 70 ff fe800000000000000000000000000001 ff020000000000000000000000000012
         31 05 c8 01 0064 abcd fe800000000000000000000000000064",
    );
    let advert = packet.advert().expect("an advert");
    assert_eq!((advert.version, advert.vrid, advert.priority), (3, 5, 200));
    assert_eq!(advert.interval, [0, 100]);
    assert_eq!((advert.ttl, advert.traffic_class), (255, 0xc0));
    assert_eq!(advert.addresses, ["fe80::64".parse::<IpAddr>().expect("an address")]);
    assert!(advert.trailer.is_empty());
}

#[test]
fn only_arp_about_the_sender_itself_is_gratuitous() {
    let gratuitous =
        "ffffffffffff 020000000001 0806 0001 0800 06 04 0001 020000000001 0a4d0064 ffffffffffff 0a4d0064";
    let expected =
        Body::GratuitousArp { address: Ipv4Addr::new(10, 77, 0, 100), mac: [2, 0, 0, 0, 0, 1], operation: 1 };
    assert_eq!(decode(gratuitous).body, expected);
    let question = gratuitous.replace("ffffffffffff 0a4d0064", "000000000000 0a4d0001");
    assert_eq!(decode(&question).body, Body::Other);
}

#[test]
fn a_neighbour_advertisement_is_read() {
    let packet = decode(
        "333300000001 020000000001 86dd
         60000000 0020 3a ff fe800000000000000000000000000064 ff020000000000000000000000000001
         88 00 0000 20000000 fe800000000000000000000000000064 0201 020000000001",
    );
    let target = "fe80::64".parse().expect("an address");
    assert_eq!(packet.body, Body::NeighbourAdvertisement { target, flags: 0x20 });
}

#[test]
fn no_truncation_makes_the_decoder_panic() {
    let whole = hex(PASS);
    for length in 0..whole.len() {
        let _any_body = Packet::decode(SystemTime::UNIX_EPOCH, whole[..length].to_vec());
    }
}

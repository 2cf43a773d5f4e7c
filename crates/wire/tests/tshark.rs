//! What Wireshark's dissectors make of the packets that we build.

mod common;

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use keepalived_types::{Centis, Family, Priority, Vrid};
use keepalived_wire::checksum::PseudoHeader;
use keepalived_wire::ethernet::{self, EtherType, MacAddr};
use keepalived_wire::vrrp::v2::{self, AdvertisementV2, AuthType};
use keepalived_wire::vrrp::v3::{AdvertisementV3, ChecksumStyle};
use keepalived_wire::vrrp::{self, AddressList, Advertisement, AuthData, GROUP_V4, GROUP_V6};
use keepalived_wire::{arp, ipv4, ipv6, ndisc};
use std::process::Command;

const MAC: MacAddr = MacAddr([0x00, 0x00, 0x5e, 0x00, 0x01, 0x33]);
const SOURCE_V4: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 1);
const VIRTUAL_V4: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 100);
const VIRTUAL_V6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x100);
const ENDS_V4: PseudoHeader = PseudoHeader::V4 { source: SOURCE_V4, destination: GROUP_V4 };
const ENDS_V6: PseudoHeader = PseudoHeader::V6 { source: VIRTUAL_V6, destination: GROUP_V6 };

/// One line per frame: the values of `fields`, `|` between them.
///
/// Checksum statuses are printed as 1 for good and 0 for bad.
fn dissect(frames: &[Vec<u8>], fields: &[&str]) -> Vec<String> {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), common::pcap_of(frames)).expect("the file is ours");
    let mut command = Command::new("tshark");
    command.arg("-r").arg(file.path()).args(["-n", "-T", "fields", "-E", "separator=|"]);
    command.args(["-o", "ip.check_checksum:TRUE", "-o", "vrrp.v3_checksum_as_in_v2:FALSE"]);
    for field in fields {
        command.args(["-e", field]);
    }
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => panic!("tshark cannot be run ({error}); `cargo xtask test` installs it"),
    };
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "tshark: {complaint}");
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

fn addresses(address: IpAddr) -> AddressList {
    AddressList::new(Family::of(address), [address]).expect("one address")
}

fn version_3(address: IpAddr) -> Advertisement {
    Advertisement::V3(AdvertisementV3 {
        vrid: Vrid::new(51).expect("not 0"),
        priority: Priority(150),
        interval: Centis::new(4095).expect("the most there is"),
        addresses: addresses(address),
    })
}

fn version_2() -> Advertisement {
    Advertisement::V2(AdvertisementV2 {
        vrid: Vrid::new(7).expect("not 0"),
        priority: Priority(0),
        auth_type: AuthType::Pass,
        auth_data: AuthData::from_password(b"secret12"),
        interval_seconds: 3,
        addresses: addresses(IpAddr::V4(VIRTUAL_V4)),
    })
}

/// `advert` in an IPv4 packet to the group, in a frame.
fn frame_v4(advert: &Advertisement) -> Vec<u8> {
    let coverage = match advert {
        Advertisement::V2(_) => v2::coverage(ENDS_V4),
        Advertisement::V3(_) => ChecksumStyle::PseudoHeader.coverage(ENDS_V4, GROUP_V4),
    };
    let mut packet = vrrp::encode_ipv4(advert, SOURCE_V4, GROUP_V4, vrrp::TTL, coverage);
    ipv4::fill_checksum(&mut packet).expect("just built");
    let destination = MacAddr::multicast_v4(GROUP_V4);
    let mut frame = Vec::new();
    ethernet::HeaderRepr { destination, source: MAC, ether_type: EtherType::Ipv4 }.emit(&mut frame);
    frame.extend(packet);
    frame
}

/// `advert` in an IPv6 packet to the group, in a frame.
fn frame_v6(advert: &Advertisement) -> Vec<u8> {
    let destination = MacAddr::multicast_v6(GROUP_V6);
    let mut frame = Vec::new();
    ethernet::HeaderRepr { destination, source: MAC, ether_type: EtherType::Ipv6 }.emit(&mut frame);
    ipv6::HeaderRepr {
        traffic_class: 0xc0,
        flow_label: 0,
        payload_length: u16::try_from(advert.buffer_len()).expect("short"),
        next_header: vrrp::PROTOCOL,
        hop_limit: vrrp::TTL,
        source: VIRTUAL_V6,
        destination: GROUP_V6,
    }
    .emit(&mut frame);
    frame.extend(vrrp::encode_ipv6(advert, ChecksumStyle::PseudoHeader.coverage(ENDS_V6, GROUP_V4)));
    frame
}

#[test]
fn tshark_reads_our_ipv4_advertisements() {
    let frames = [frame_v4(&version_2()), frame_v4(&version_3(IpAddr::V4(VIRTUAL_V4)))];
    let fields = [
        "eth.dst",
        "ip.dsfield",
        "ip.id",
        "ip.ttl",
        "ip.checksum.status",
        "ip.src",
        "ip.dst",
        "vrrp.version",
        "vrrp.type",
        "vrrp.virt_rtr_id",
        "vrrp.prio",
        "vrrp.addr_count",
        "vrrp.ip_addr",
        "vrrp.checksum.status",
        "_ws.malformed",
    ];
    let lines = dissect(&frames, &fields);
    let common = "01:00:5e:00:00:12|0xc0|0x0001|255|1|10.1.0.1|224.0.0.18";
    assert_eq!(
        lines,
        [format!("{common}|2|1|7|0|1|10.1.0.100|1|"), format!("{common}|3|1|51|150|1|10.1.0.100|1|"),]
    );
    let fields = ["vrrp.auth_type", "vrrp.adver_int", "vrrp.auth_string", "vrrp.short_adver_int"];
    let lines = dissect(&frames, &fields);
    assert_eq!(lines, ["1|3|secret12|", "|||4095"]);
}

#[test]
fn tshark_reads_our_ipv6_advertisements() {
    let fields = [
        "eth.dst",
        "ipv6.tclass",
        "ipv6.hlim",
        "ipv6.src",
        "ipv6.dst",
        "vrrp.version",
        "vrrp.type",
        "vrrp.virt_rtr_id",
        "vrrp.prio",
        "vrrp.addr_count",
        "vrrp.short_adver_int",
        "vrrp.ipv6_addr",
        "vrrp.checksum.status",
        "_ws.malformed",
    ];
    let lines = dissect(&[frame_v6(&version_3(IpAddr::V6(VIRTUAL_V6)))], &fields);
    assert_eq!(lines, ["33:33:00:00:00:12|0x000000c0|255|fe80::100|ff02::12|3|1|51|150|1|4095|fe80::100|1|"]);
}

#[test]
fn tshark_reads_our_announcements() {
    let fields = [
        "eth.dst",
        "eth.src",
        "arp.isgratuitous",
        "arp.opcode",
        "arp.src.hw_mac",
        "arp.src.proto_ipv4",
        "arp.dst.hw_mac",
        "arp.dst.proto_ipv4",
    ];
    let lines = dissect(&[arp::gratuitous_frame(MAC, VIRTUAL_V4)], &fields);
    assert_eq!(lines.len(), 1);
    assert_eq!(
        lines[0].replace("True", "1"),
        "ff:ff:ff:ff:ff:ff|00:00:5e:00:01:33|1|1|00:00:5e:00:01:33|10.1.0.100|ff:ff:ff:ff:ff:ff|10.1.0.100"
    );

    let fields = [
        "eth.dst",
        "ipv6.src",
        "ipv6.dst",
        "ipv6.hlim",
        "icmpv6.type",
        "icmpv6.checksum.status",
        "icmpv6.nd.na.flag.r",
        "icmpv6.nd.na.flag.s",
        "icmpv6.nd.na.flag.o",
        "icmpv6.nd.na.target_address",
        "icmpv6.opt.type",
        "icmpv6.opt.linkaddr",
    ];
    let frames = [false, true].map(|router| ndisc::unsolicited_frame(MAC, VIRTUAL_V6, router));
    let lines = dissect(&frames, &fields);
    let lines: Vec<String> =
        lines.iter().map(|line| line.replace("True", "1").replace("False", "0")).collect();
    let expected = |router| {
        format!("33:33:00:00:00:01|fe80::100|ff02::1|255|136|1|{router}|0|1|fe80::100|2|00:00:5e:00:01:33")
    };
    assert_eq!(lines, [expected(0), expected(1)]);
}

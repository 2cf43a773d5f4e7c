//! Adverts between two real interfaces.

use super::*;
use crate::netlink::Requests;
use crate::packet_socket::PacketSocket;
use crate::testing::two_namespaces;
use keepalived_types::Vrid;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::Read;
use std::net::{Ipv4Addr, Ipv6Addr};

const GROUP_V4: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);
const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12);
const LEFT_V4: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 1);
const RIGHT_V4: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 2);
const LEFT_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 9, 0, 0, 0, 0, 0, 1);
const RIGHT_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 9, 0, 0, 0, 0, 0, 2);

fn interface() -> IfIndex {
    let links = Requests::open().expect("a socket").dump_links().expect("links");
    links.iter().find(|link| link.name == "wire").expect("the link exists").index
}

fn open(reach: Reach) -> VrrpSocket {
    let device = InterfaceName::new("wire").ok();
    let settings = Settings { protocol: Protocol::Vrrp, interface: Some(interface()), device, reach };
    VrrpSocket::open(&settings).expect("needs root")
}

fn multicast(group: impl Into<IpAddr>) -> Reach {
    Reach::Multicast { group: group.into() }
}

fn unicast(source: impl Into<IpAddr>) -> Reach {
    Reach::Unicast { source: source.into() }
}

/// A whole IPv4 packet with a VRRPv2 advert of one address inside.
fn ipv4_advert(vrid: Vrid, source: Ipv4Addr, destination: Ipv4Addr, ttl: u8) -> Vec<u8> {
    let mut packet = vec![0x45, 0xc0, 0, 40, 0, 1, 0, 0, ttl, 112, 0, 0];
    packet.extend(source.octets());
    packet.extend(destination.octets());
    packet.extend([0x21, vrid.get(), 100, 1, 0, 1, 0, 0, 10, 9, 0, 100, 0, 0, 0, 0, 0, 0, 0, 0]);
    packet
}

const IPV6_ADVERT: [u8; 24] =
    [0x31, 51, 100, 1, 0, 100, 0, 0, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0];

/// Waits until the socket has something, and fails when it never does.
fn wait_for(socket: impl AsFd) {
    assert!(becomes_readable(socket, 2_000), "nothing came");
}

fn becomes_readable(socket: impl AsFd, milliseconds: i64) -> bool {
    let limit = Timespec { tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000 };
    poll(&mut [PollFd::new(&socket, PollFlags::IN)], Some(&limit)).expect("a socket") == 1
}

#[test]
fn multicast_adverts_arrive_with_their_ttl_in_batches() {
    let (left, right) = two_namespaces(|| open(multicast(GROUP_V4)), || open(multicast(GROUP_V4)));
    right.set_time_stamps(true).expect("time stamps");
    right.set_receive_buffer(1_000_000).expect("a larger buffer");
    for number in 1..=40 {
        let vrid = Vrid::new(number).expect("not 0");
        left.send_ipv4(&ipv4_advert(vrid, LEFT_V4, GROUP_V4, 255), GROUP_V4).expect("sent");
    }
    wait_for(&right);
    let mut buffers = Buffers::new(1500);
    assert_eq!(right.receive(&mut buffers, 32).expect("received"), 32);
    let first = buffers.iter().next().expect("32 of them");
    assert_eq!(first.source(), Some(LEFT_V4.into()));
    assert_eq!(first.destination(), Some(GROUP_V4.into()));
    assert_eq!((first.hop_limit(), first.bytes.len(), first.is_truncated()), (Some(255), 40, false));
    assert_eq!(first.bytes[1], 0xc0, "the traffic class is ours");
    assert_ne!(first.bytes[10..12], [0, 0], "the kernel filled the header checksum in");
    let age = crate::clock::wall().saturating_sub(first.received().expect("a time stamp"));
    assert!(age < std::time::Duration::from_secs(5), "{age:?}");
    assert_eq!(right.receive(&mut buffers, 3).expect("received"), 3, "no more than asked for");
    assert_eq!(right.receive(&mut buffers, 32).expect("received"), 5);
    assert!(buffers.iter().map(|datagram| datagram.bytes[21]).eq(36..=40));
    assert_eq!(right.receive(&mut buffers, 32).expect("nothing"), 0);
    assert_eq!(left.receive(&mut buffers, 32).expect("nothing"), 0, "we do not hear ourselves");
}

#[test]
fn unicast_adverts_keep_the_ttl_they_were_given() {
    let (left, right) = two_namespaces(|| open(unicast(LEFT_V4)), || open(unicast(RIGHT_V4)));
    let vrid = Vrid::new(1).expect("not 0");
    left.send_ipv4(&ipv4_advert(vrid, LEFT_V4, RIGHT_V4, 5), RIGHT_V4).expect("sent");
    wait_for(&right);
    let mut buffers = Buffers::new(1500);
    assert_eq!(right.receive(&mut buffers, 32).expect("received"), 1);
    let advert = buffers.iter().next().expect("one");
    assert_eq!((advert.hop_limit(), advert.destination()), (Some(5), Some(RIGHT_V4.into())));
}

#[test]
fn ipv6_multicast_arrives_with_hop_limit_255_and_a_checksum() {
    let (left, right) = two_namespaces(|| open(multicast(GROUP_V6)), || open(multicast(GROUP_V6)));
    left.send_ipv6(&IPV6_ADVERT, LEFT_V6, GROUP_V6, None).expect("sent");
    wait_for(&right);
    let mut buffers = Buffers::new(1500);
    assert_eq!(right.receive(&mut buffers, 32).expect("received"), 1);
    let advert = buffers.iter().next().expect("one");
    assert_eq!((advert.source(), advert.destination()), (Some(LEFT_V6.into()), Some(GROUP_V6.into())));
    assert_eq!((advert.hop_limit(), advert.received()), (Some(255), None));
    assert!(advert.interface().is_some());
    assert_eq!(advert.bytes.len(), IPV6_ADVERT.len());
    assert_ne!(advert.bytes[6..8], [0, 0]);
    assert_eq!(left.receive(&mut buffers, 32).expect("nothing"), 0);
}

#[test]
fn ipv6_unicast_has_the_hop_limit_that_is_asked_for() {
    let (left, right) = two_namespaces(|| open(unicast(LEFT_V6)), || open(unicast(RIGHT_V6)));
    let mut buffers = Buffers::new(1500);
    for (asked, seen) in [(Some(255), 255), (Some(3), 3), (None, 64)] {
        left.send_ipv6(&IPV6_ADVERT, LEFT_V6, RIGHT_V6, asked).expect("sent");
        wait_for(&right);
        assert_eq!(right.receive(&mut buffers, 32).expect("received"), 1);
        assert_eq!(buffers.iter().next().and_then(|advert| advert.hop_limit()), Some(seen));
    }
}

#[test]
fn a_datagram_longer_than_the_buffer_is_marked() {
    let (left, right) = two_namespaces(|| open(unicast(LEFT_V4)), || open(unicast(RIGHT_V4)));
    let vrid = Vrid::new(1).expect("not 0");
    left.send_ipv4(&ipv4_advert(vrid, LEFT_V4, RIGHT_V4, 255), RIGHT_V4).expect("sent");
    wait_for(&right);
    let mut buffers = Buffers::new(30);
    assert_eq!(right.receive(&mut buffers, 32).expect("received"), 1);
    let advert = buffers.iter().next().expect("one");
    assert!(advert.is_truncated());
    assert_eq!(advert.bytes.len(), 30);
}

#[test]
fn other_groups_and_other_protocols_are_not_heard() {
    let elsewhere = Ipv4Addr::new(224, 0, 0, 99);
    let (left, right) = two_namespaces(
        move || open(multicast(elsewhere)),
        move || (open(multicast(GROUP_V4)), open(multicast(elsewhere))),
    );
    let vrid = Vrid::new(1).expect("not 0");
    left.send_ipv4(&ipv4_advert(vrid, LEFT_V4, elsewhere, 255), elsewhere).expect("sent");
    wait_for(&right.1);
    assert_eq!(right.0.receive(&mut Buffers::new(1500), 32).expect("nothing"), 0);
}

#[test]
fn the_sending_socket_hears_nothing() {
    let (left, right) = two_namespaces(|| open(unicast(LEFT_V4)), || open(unicast(RIGHT_V4)));
    let vrid = Vrid::new(1).expect("not 0");
    left.send_ipv4(&ipv4_advert(vrid, LEFT_V4, RIGHT_V4, 255), RIGHT_V4).expect("sent");
    wait_for(&right);
    assert!(!becomes_readable(&right.send, 50));
}

#[test]
fn releases_and_the_adverts_asked_for_ring_the_bell() {
    let vrids: Vec<Vrid> = [1, 31, 32, 200, 255].into_iter().filter_map(Vrid::new).collect();
    let (left, right) = two_namespaces(|| open(multicast(GROUP_V4)), || open(multicast(GROUP_V4)));
    let send = |vrid: u8, priority: u8| {
        let mut packet = ipv4_advert(Vrid::new(vrid).expect("not 0"), LEFT_V4, GROUP_V4, 255);
        packet[22] = priority;
        left.send_ipv4(&packet, GROUP_V4).expect("sent");
    };
    right.ring_for(&vrids).expect("a filter");
    for vrid in [2, 30, 33, 63, 199, 201, 254] {
        send(vrid, 100);
    }
    wait_for(&right);
    assert!(!becomes_readable(right.bell(), 50), "they can wait");
    for vrid in vrids {
        send(vrid.get(), 100);
        assert!(becomes_readable(right.bell(), 2_000), "{vrid} was asked for");
        right.hush();
        assert!(!becomes_readable(right.bell(), 0), "once");
    }
    send(30, 0);
    assert!(becomes_readable(right.bell(), 2_000), "a release");
    right.hush();
    right.ring_for_nothing().expect("a filter");
    send(30, 0);
    assert!(!becomes_readable(right.bell(), 50));
    let mut buffers = Buffers::new(1500);
    assert_eq!(right.receive(&mut buffers, 32).expect("received"), 14, "all of them are there to be read");
}

#[test]
fn an_ipv6_release_rings_the_bell() {
    let (left, right) = two_namespaces(|| open(multicast(GROUP_V6)), || open(multicast(GROUP_V6)));
    right.ring_for(&[]).expect("a filter");
    left.send_ipv6(&IPV6_ADVERT, LEFT_V6, GROUP_V6, None).expect("sent");
    assert!(!becomes_readable(right.bell(), 50));
    let mut release = IPV6_ADVERT;
    release[2] = 0;
    left.send_ipv6(&release, LEFT_V6, GROUP_V6, None).expect("sent");
    assert!(becomes_readable(right.bell(), 2_000));
}

#[test]
fn a_unicast_source_may_be_absent_when_the_socket_is_opened() {
    let absent = Ipv4Addr::new(203, 0, 113, 77);
    let absent_v6: Ipv6Addr = "2001:db8::77".parse().expect("literal");
    two_namespaces(move || (open(unicast(absent)), open(unicast(absent_v6))), || ());
}

#[test]
fn multicast_needs_an_interface_that_exists() {
    two_namespaces(
        || {
            let reach = multicast(GROUP_V4);
            let mut settings = Settings { protocol: Protocol::Vrrp, interface: None, device: None, reach };
            assert!(VrrpSocket::open(&settings).is_err());
            settings.interface = IfIndex::new(9999);
            assert!(VrrpSocket::open(&settings).is_err());
            settings.reach = multicast(GROUP_V6);
            assert!(VrrpSocket::open(&settings).is_err());
            settings.interface = Some(interface());
            settings.device = InterfaceName::new("nowhere").ok();
            assert!(VrrpSocket::open(&settings).is_err());
        },
        || (),
    );
}

#[test]
fn frames_arrive_as_they_were_written() {
    let hear_all = || {
        let every_protocol = i32::from(3_u16.to_be());
        let kind = socket2::Type::RAW.nonblocking().cloexec();
        Socket::new(socket2::Domain::PACKET, kind, Some(every_protocol.into())).expect("needs root")
    };
    let (left, mut right) =
        two_namespaces(|| (PacketSocket::open().expect("needs root"), interface()), hear_all);
    // A gratuitous ARP for 10.9.0.100 from the virtual router's address.
    let mac = [0, 0, 0x5e, 0, 1, 51];
    let mut frame = vec![0xff; 6];
    frame.extend(mac);
    frame.extend([8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
    frame.extend(mac);
    frame.extend([10, 9, 0, 100, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 10, 9, 0, 100]);
    left.0.send(left.1, &frame).expect("sent");
    let mut buffer = [0; 2048];
    loop {
        wait_for(&right);
        let length = right.read(&mut buffer).expect("a frame");
        // The kernel's own neighbour discovery may come in between.
        if buffer[12..14] == [8, 6] {
            assert_eq!(buffer[..length], frame[..]);
            break;
        }
    }
    assert!(left.0.send(left.1, &frame[..13]).is_err());
    assert!(left.0.send(IfIndex::new(9999).expect("not 0"), &frame).is_err());
}

#[test]
fn a_receive_buffer_grows_and_does_not_shrink() {
    let grown = || {
        let socket = open(multicast(GROUP_V4));
        let size = || socket.receive.recv_buffer_size().expect("a socket");
        let usual = size();
        socket.grow_receive_buffer(1_000_000).expect("a larger buffer");
        let grown = size();
        socket.grow_receive_buffer(500_000).expect("enough room");
        (usual, grown, size())
    };
    let ((), (usual, grown, after)) = two_namespaces(|| {}, grown);
    assert!(usual < 1_000_000 && grown >= 1_000_000, "{usual}, then {grown}");
    assert_eq!(after, grown);
}

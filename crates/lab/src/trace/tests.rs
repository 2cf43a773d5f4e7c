//! Questions to a small capture written by hand.

use super::*;

const A: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 77, 0, 1));
const B: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 77, 0, 2));

fn at(millis: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
}

fn packet(millis: u64, body: Body) -> Packet {
    Packet { at: at(millis), source_mac: [0; 6], destination_mac: [0; 6], body, bytes: Vec::new() }
}

fn advert(millis: u64, source: IpAddr, priority: u8) -> Packet {
    let advert = Advert {
        source,
        destination: IpAddr::from([224, 0, 0, 18]),
        ttl: 255,
        traffic_class: 0xc0,
        version: 2,
        vrid: 51,
        priority,
        interval: [1, 1],
        addresses: Vec::new(),
        trailer: Vec::new(),
        pdu: Vec::new(),
    };
    packet(millis, Body::Advert(advert))
}

/// A leaves at 2,000 with priority 0; B follows 600 ms later. One packet is out of order, as captures may have it.
fn trace() -> Trace {
    let announcement = Body::GratuitousArp { address: [10, 77, 0, 100].into(), mac: [2; 6], operation: 1 };
    Trace::new(vec![
        advert(1000, A, 150),
        advert(0, A, 150),
        advert(2000, A, 0),
        advert(2600, B, 100),
        packet(2601, announcement),
        advert(3600, B, 100),
    ])
}

#[test]
fn adverts_are_found_by_sender_and_time() {
    let trace = trace();
    assert_eq!(trace.packets()[0].at, at(0));
    assert_eq!(trace.adverts().count(), 5);
    assert_eq!(trace.adverts_from(A).count(), 3);
    assert_eq!(trace.first_advert(A, at(1)).expect("one").at, at(1000));
    assert_eq!(trace.first_advert(A, at(2000)).expect("one").advert.priority, 0);
    assert_eq!(trace.first_advert(A, at(2001)), None);
    assert_eq!(trace.last_advert(A, at(2000)).expect("one").at, at(1000));
    assert_eq!(trace.last_advert(B, at(2600)), None);
}

#[test]
fn the_longest_gap_is_between_neighbours_inside_the_window() {
    let trace = trace();
    assert_eq!(trace.longest_gap(at(0), at(4000)), Some(Duration::from_secs(1)));
    assert_eq!(trace.longest_gap(at(2000), at(2700)), Some(Duration::from_millis(600)));
    assert_eq!(trace.longest_gap(at(3000), at(4000)), None);
}

#[test]
fn announcements_are_found_by_address() {
    let trace = trace();
    assert_eq!(trace.announcements([10, 77, 0, 100].into()).count(), 1);
    assert_eq!(trace.announcements(A).count(), 0);
}

#[test]
fn a_description_has_a_line_for_each_advert() {
    let text = trace().describe(at(2000));
    assert_eq!(text.lines().count(), 3);
    assert!(text.starts_with("+0.0000 s: 10.77.0.1 VRRPv2 vrid 51 priority 0"), "{text}");
}

#[test]
fn elapsed_time_is_never_negative() {
    assert_eq!(elapsed(at(1), at(3)), Duration::from_millis(2));
    assert_eq!(elapsed(at(3), at(1)), Duration::ZERO);
}

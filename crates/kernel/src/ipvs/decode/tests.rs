//! Answers that are whole, odd, cut off, or garbage.

use super::super::encode::{self, Request};
use super::super::family::family_id;
use super::*;
use crate::netlink::batch::Operation;
use crate::netlink::decode::Messages;
use crate::netlink::encode::Encoder;
use crate::testing::Noise;
use keepalived_types::ipvs::TableOperation;

fn first(bytes: &[u8]) -> Message<'_> {
    Messages(bytes).next().expect("a message")
}

fn key() -> ServiceKey {
    let address = "192.0.2.1".parse().expect("literal");
    ServiceKey::Address { protocol: Protocol::Tcp, address, port: 80 }
}

fn persistent(key: ServiceKey) -> VirtualService {
    let mask = match key.family() {
        Family::V4 => ClientMask::V4(Ipv4Addr::new(255, 0, 255, 0)),
        Family::V6 => ClientMask::V6(64),
    };
    let persistence =
        ServicePersistence { timeout: Duration::from_secs(50), mask, engine: Some("sip".to_owned()) };
    VirtualService { key, scheduler: "mh".to_owned(), flags: 0x18, persistence: Some(persistence) }
}

fn tunnelled() -> Destination {
    let address = "2001:db8::2".parse().expect("literal");
    Destination {
        key: DestinationKey { address, port: 80 },
        forwarding: Forwarding::Tunnel(Tunnel::Gue(6080), TunnelChecksum::Remote),
        weight: 7,
        upper_threshold: 100,
        lower_threshold: 50,
    }
}

fn request(operation: TableOperation) -> Vec<u8> {
    let mut encoder = Encoder::default();
    Request { family: 28, operation }.encode(1, &mut encoder);
    encoder.bytes().to_vec()
}

/// A destination as the kernel reports it, with statistics of both widths or of one.
fn report(narrow: bool, wide: bool) -> Vec<u8> {
    let mut encoder = Encoder::default();
    encode::begin(28, command::NEW_DEST, 0, 1, &mut encoder);
    let nest = encoder.begin_nest(top::DEST | 0x8000);
    let mut address = [0; 16];
    address[..4].copy_from_slice(&[192, 0, 2, 2]);
    encoder.attribute(destination::ADDR, &address);
    encoder.attribute(destination::PORT, &8080_u16.to_be_bytes());
    encoder.attribute(destination::FWD_METHOD, &3_u32.to_ne_bytes());
    encoder.attribute(destination::WEIGHT, &5_u32.to_ne_bytes());
    encoder.attribute(destination::ACTIVE_CONNS, &11_u32.to_ne_bytes());
    encoder.attribute(destination::INACT_CONNS, &12_u32.to_ne_bytes());
    encoder.attribute(destination::PERSIST_CONNS, &13_u32.to_ne_bytes());
    if narrow {
        let nest = encoder.begin_nest(destination::STATS);
        encoder.attribute(statistics::CONNS, &77_u32.to_ne_bytes());
        encoder.attribute(statistics::INBYTES, &(1_u64 << 40).to_ne_bytes());
        encoder.end_nest(nest);
    }
    if wide {
        let nest = encoder.begin_nest(destination::STATS64);
        encoder.attribute(statistics::CONNS, &(1_u64 << 33).to_ne_bytes());
        // IPVS_STATS_ATTR_PAD before each number.
        encoder.attribute(11, &[]);
        encoder.attribute(statistics::OUTBPS, &9_u64.to_ne_bytes());
        encoder.end_nest(nest);
    }
    encoder.end_nest(nest);
    encoder.bytes().to_vec()
}

#[test]
fn what_we_write_is_what_we_read() {
    for key in [
        key(),
        ServiceKey::Mark { mark: 5, family: Family::V6 },
        ServiceKey::Address {
            protocol: Protocol::Sctp,
            address: "2001:db8::1".parse().expect("literal"),
            port: 0,
        },
    ] {
        let plain = VirtualService { key, scheduler: "rr".to_owned(), flags: 0, persistence: None };
        for service in [persistent(key), plain] {
            let bytes = request(TableOperation::AddService(service.clone()));
            let read = super::service(first(&bytes)).expect("a service").expect("whole").expect("known");
            assert_eq!(read, ServiceReport { service, statistics: Statistics::default() });
        }
    }
    let bytes = request(TableOperation::AddDestination(key(), tunnelled()));
    let read = destination(first(&bytes), Family::V4).expect("a destination").expect("whole");
    let AnyDestination::Known(report) = read else { panic!("{read:?}") };
    assert_eq!(report.destination, tunnelled());
    let whole = SyncDaemon {
        role: SyncRole::Backup,
        interface: InterfaceName::new("eth0").expect("a name"),
        id: 7,
        max_length: Some(1400),
        group: Some("ff05::51".parse().expect("literal")),
        port: Some(8848),
        ttl: Some(3),
    };
    let bytes = request(TableOperation::StartSync(whole.clone()));
    assert_eq!(daemon(first(&bytes)), Some(Ok(whole)));
    let seconds = Duration::from_secs;
    let wanted = ConnectionTimeouts { tcp: seconds(900), tcp_fin: seconds(120), udp: seconds(300) };
    let bytes = request(TableOperation::SetTimeouts(wanted));
    assert_eq!(timeouts(first(&bytes)), Some(Ok(wanted)));
}

#[test]
fn wide_statistics_are_preferred_and_narrow_ones_do() {
    let read = |bytes: &[u8]| match destination(first(bytes), Family::V4) {
        Some(Ok(AnyDestination::Known(report))) => report,
        other => panic!("{other:?}"),
    };
    let both = read(&report(true, true));
    assert_eq!((both.statistics.connections, both.statistics.byte_rate_out), (1 << 33, 9));
    assert_eq!(
        (both.active_connections, both.inactive_connections, both.persistent_connections),
        (11, 12, 13)
    );
    assert_eq!(both.destination.key.to_string(), "192.0.2.2:8080");
    let narrow = read(&report(true, false));
    assert_eq!((narrow.statistics.connections, narrow.statistics.bytes_in), (77, 1 << 40));
    assert_eq!(read(&report(false, false)).statistics, Statistics::default());
}

#[test]
fn the_kernels_own_marks_are_not_flags() {
    let mut bytes = request(TableOperation::AddService(persistent(key())));
    let at = bytes.windows(4).position(|four| four == 0x19_u32.to_ne_bytes()).expect("the flags");
    bytes[at..at + 4].copy_from_slice(&0x1b_u32.to_ne_bytes());
    let read = service(first(&bytes)).expect("a service").expect("whole").expect("known");
    assert_eq!(read.service, persistent(key()), "hashed or not");
}

#[test]
fn what_others_made_and_we_cannot_say_is_no_error() {
    let change = |bytes: &[u8], from: &[u8], to: &[u8]| {
        let mut bytes = bytes.to_vec();
        let at = bytes.windows(from.len()).position(|part| part == from).expect("there");
        bytes[at..at + to.len()].copy_from_slice(to);
        bytes
    };
    let bytes = request(TableOperation::AddService(persistent(key())));
    let other = change(&bytes, &[6, 0, 2, 0, 6, 0], &[6, 0, 2, 0, 99, 0]);
    assert_eq!(service(first(&other)), Some(Ok(None)));
    let bytes = request(TableOperation::AddDestination(key(), tunnelled()));
    for (from, to) in [
        (&[8, 0, 3, 0, 2, 0, 0, 0], &[8, 0, 3, 0, 4, 0, 0, 0][..]),
        (&[5, 0, 13, 0, 1, 0, 0, 0], &[5, 0, 13, 0, 9, 0, 0, 0]),
        (&[6, 0, 15, 0, 2, 0, 0, 0], &[6, 0, 15, 0, 3, 0, 0, 0]),
    ] {
        let odd = destination(first(&change(&bytes, from, to)), Family::V4);
        assert_eq!(odd, Some(Ok(AnyDestination::Odd(tunnelled().key))));
    }
}

#[test]
fn an_answer_that_lacks_something_is_an_error() {
    let mut encoder = Encoder::default();
    encode::begin(28, command::NEW_SERVICE, 0, 1, &mut encoder);
    let bytes = encoder.bytes().to_vec();
    assert!(matches!(service(first(&bytes)), Some(Err(_))));
    assert_eq!(destination(first(&bytes), Family::V4), None, "an answer to something else");
    encode::put_service_key(&key(), &mut encoder);
    let error = service(first(encoder.bytes())).expect("a service").expect_err("no scheduler");
    assert_eq!(
        io::Error::from(error).to_string(),
        "the kernel's answer is malformed: a service without scheduler"
    );
    let mut encoder = Encoder::default();
    encode::begin(28, command::NEW_DEST, 0, 1, &mut encoder);
    let nest = encoder.begin_nest(top::DEST);
    encoder.attribute(destination::ADDR, &[192, 0, 2]);
    encoder.end_nest(nest);
    assert!(matches!(destination(first(encoder.bytes()), Family::V4), Some(Err(_))));
}

#[test]
fn information_and_family_are_read_as_the_kernel_tells_them() {
    let mut encoder = Encoder::default();
    encode::begin(28, command::SET_INFO, 0, 1, &mut encoder);
    encoder.attribute(info::VERSION, &0x01_02_01_u32.to_ne_bytes());
    encoder.attribute(info::CONN_TAB_SIZE, &4096_u32.to_ne_bytes());
    let wanted = Information { version: (1, 2, 1), connection_table_size: 4096 };
    assert_eq!(information(first(encoder.bytes())), Some(Ok(wanted)));
    let mut encoder = Encoder::default();
    encode::begin(16, 1, 0, 1, &mut encoder);
    encoder.attribute(2, b"IPVS\0");
    encoder.attribute(1, &28_u16.to_ne_bytes());
    assert_eq!(family_id(first(encoder.bytes())), Some(28));
}

/// Everything that reads what comes from outside; none of it may panic. Returns how many answers were whole.
fn read_all(bytes: &[u8]) -> usize {
    let mut whole = 0;
    for message in Messages(bytes) {
        whole += usize::from(matches!(service(message), Some(Ok(_))));
        whole += usize::from(matches!(destination(message, Family::V4), Some(Ok(_))));
        whole += usize::from(matches!(destination(message, Family::V6), Some(Ok(_))));
        whole += usize::from(matches!(daemon(message), Some(Ok(_))));
        whole += usize::from(matches!(timeouts(message), Some(Ok(_))));
        whole += usize::from(matches!(information(message), Some(Ok(_))));
        whole += usize::from(family_id(message).is_some());
    }
    whole
}

#[test]
fn cut_changed_and_random_bytes_do_no_harm() {
    let mut random = Noise::new();
    let answers = [
        request(TableOperation::AddService(persistent(key()))),
        request(TableOperation::AddDestination(key(), tunnelled())),
        report(true, true),
    ];
    let datagram = answers.concat();
    for end in 0..datagram.len() {
        read_all(&datagram[..end]);
    }
    let all = read_all(&datagram) * 20_000;
    let mut whole = 0;
    for _ in 0..20_000 {
        whole += read_all(&random.spoil(&datagram));
        let mut noise = random.bytes(200);
        read_all(&noise);
        // Noise behind headers that are right, so that it is looked into.
        let length = u32::try_from(noise.len() + 24).expect("short");
        let mut framed = length.to_ne_bytes().to_vec();
        framed.extend([28, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
        framed.extend([random.byte() % 18, 1, 0, 0]);
        let inner = u16::try_from(noise.len() + 4).expect("short");
        framed.extend(inner.to_ne_bytes());
        framed.extend([random.byte() % 7, 0]);
        framed.append(&mut noise);
        read_all(&framed);
    }
    assert!(whole > all / 2 && whole < all, "much of it is still readable, some is not: {whole} of {all}");
}

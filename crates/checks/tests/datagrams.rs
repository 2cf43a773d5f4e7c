//! `UDP_CHECK`, `DNS_CHECK` and `PING_CHECK` against servers on loopback.

mod support;

use keepalived_lvs::Outcome;
use keepalived_lvs::config::{Connection, DnsCheck, DnsType, Nibble, Probe, ReplyPattern, UdpCheck};
use std::net::{SocketAddr, UdpSocket};
use std::time::Instant;
use support::*;

const PASSED: Outcome = Outcome::Passed { test: None };

/// A server that answers each datagram with what `answer` makes of it.
fn echo(answer: impl Fn(&[u8]) -> Vec<Vec<u8>> + Send + 'static) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let address = socket.local_addr().expect("bound");
    std::thread::spawn(move || {
        let mut buffer = [0; 2048];
        while let Ok((length, peer)) = socket.recv_from(&mut buffer) {
            for reply in answer(&buffer[..length]) {
                socket.send_to(&reply, peer).expect("loopback takes it");
            }
        }
    });
    address
}

fn closed() -> SocketAddr {
    UdpSocket::bind("127.0.0.1:0").expect("a free port").local_addr().expect("bound")
}

fn udp(destination: SocketAddr, timeout: u64) -> UdpCheck {
    UdpCheck {
        connection: quick(destination, milliseconds(timeout)),
        payload: None,
        reply: None,
        min_reply_length: 0,
        max_reply_length: 255,
    }
}

#[test]
fn c62_silence_passes_after_connect_timeout_and_a_closed_port_fails_at_once() {
    let begun = Instant::now();
    assert_eq!(outcome(&Probe::Udp(udp(echo(|_| Vec::new()), 300))), PASSED);
    assert!(begun.elapsed() >= milliseconds(300));
    let (failure, took) = failure(&Probe::Udp(udp(closed(), 20_000)));
    assert_eq!((failure.reason.as_str(), failure.timed_out), ("failed", false));
    assert_eq!(failure.detail.as_deref(), Some("Connection refused"));
    assert!(took < milliseconds(5000), "{took:?}");
}

#[test]
fn any_datagram_passes_without_require_reply() {
    let begun = Instant::now();
    assert_eq!(outcome(&Probe::Udp(udp(echo(|_| vec![Vec::new()]), 20_000))), PASSED);
    assert!(begun.elapsed() < milliseconds(5000));
}

#[test]
fn c63_a_required_reply_has_to_come_and_to_match() {
    // `payload Ab12f 3 456`, `require_reply ab 1x f`.
    let exactly = Nibble::Exactly;
    let nibbles = vec![exactly(0xa), exactly(0xb), exactly(1), Nibble::Any, exactly(0), exactly(0xf)];
    let check = |reply: &'static [u8], timeout| {
        let server = echo(move |payload| {
            assert_eq!(payload, [0xab, 0x12, 0x0f, 0x03, 0x45, 0x06]);
            if reply.is_empty() { Vec::new() } else { vec![reply.to_vec()] }
        });
        Probe::Udp(UdpCheck {
            payload: Some(vec![0xab, 0x12, 0x0f, 0x03, 0x45, 0x06]),
            reply: Some(ReplyPattern { nibbles: nibbles.clone() }),
            min_reply_length: 3,
            max_reply_length: 16,
            ..udp(server, timeout)
        })
    };
    assert_eq!(outcome(&check(&[0xab, 0x1c, 0x0f], 20_000)), PASSED);
    assert_eq!(outcome(&check(&[0xab, 0x1c, 0x0f, 0x77], 20_000)), PASSED);
    assert_eq!(reason(&check(&[0xab, 0x99, 0x0f], 20_000)), "reply data mismatch");
    assert_eq!(reason(&check(&[0xab], 20_000)), "reply data mismatch");
    assert_eq!(reason(&check(&[0xab; 23], 20_000)), "reply data mismatch");
    assert_eq!(slowness(&check(&[], 300)), "failed");
}

fn dns(destination: SocketAddr, timeout: u64) -> Probe {
    let connection = quick(destination, milliseconds(timeout));
    Probe::Dns(DnsCheck { connection, query: DnsType::A, name: "www.example.org".to_owned() })
}

/// The query as a response with this code.
fn response(query: &[u8], rcode: u8) -> Vec<u8> {
    let mut reply = query.to_vec();
    reply[2] |= 0x80;
    reply[3] = 0x80 | rcode;
    reply
}

#[test]
fn c61_a_dns_answer_passes_by_its_code_and_strange_datagrams_are_not_heard() {
    assert_eq!(outcome(&dns(echo(|query| vec![response(query, 0)]), 20_000)), PASSED);
    for rcode in [2, 3] {
        let expected = format!("read error occurred. (rcode = {rcode})");
        assert_eq!(reason(&dns(echo(move |query| vec![response(query, rcode)]), 20_000)), expected);
    }
    let silent = "read timeout from socket";
    assert_eq!(slowness(&dns(echo(|query| vec![query.to_vec()]), 300)), silent, "without the response bit");
    assert_eq!(slowness(&dns(echo(|query| vec![response(query, 0)[..8].to_vec()]), 300)), silent, "8 bytes");
    let other = |query: &[u8]| {
        let mut reply = response(query, 0);
        reply[0] ^= 1;
        vec![reply]
    };
    assert_eq!(slowness(&dns(echo(other), 300)), silent, "another id");
    assert_eq!(slowness(&dns(echo(|_| Vec::new()), 300)), silent);
}

#[test]
fn a_good_answer_behind_strange_ones_passes() {
    let server = echo(|query| vec![vec![0; 3], query.to_vec(), vec![0xff; 600], response(query, 0)]);
    assert_eq!(outcome(&dns(server, 20_000)), PASSED);
}

#[test]
fn strange_datagrams_without_end_do_not_stretch_the_deadline() {
    let server = echo(|query| vec![query.to_vec(); 300]);
    let (failure, took) = failure(&dns(server, 400));
    assert!(failure.timed_out && took < milliseconds(1500), "{failure:?} {took:?}");
}

#[test]
fn a_port_where_no_dns_server_listens_fails_with_the_originals_words() {
    assert_eq!(reason(&dns(closed(), 20_000)), "failed to read socket; errno 111 (Connection refused)");
}

#[test]
fn a_name_that_cannot_be_asked_for_cannot_run() {
    let connection = connection(closed());
    let probe = Probe::Dns(DnsCheck { connection, query: DnsType::A, name: "a..b".to_owned() });
    assert!(matches!(outcome(&probe), Outcome::CannotRun { .. }));
}

#[test]
fn loopback_answers_a_ping() {
    for address in ["127.0.0.1:80", "[::1]:80"] {
        let address = address.parse().expect("an address");
        assert_eq!(outcome(&Probe::Ping(connection(address))), PASSED, "{address}");
    }
}

#[test]
fn a_ping_from_an_address_of_ours_passes_and_from_another_cannot_run() {
    let of = |source: &str| {
        let source = source.parse().ok();
        Probe::Ping(Connection { source, ..connection("127.0.0.1:0".parse().expect("an address")) })
    };
    assert_eq!(outcome(&of("127.0.0.9:0")), PASSED);
    assert!(matches!(outcome(&of("192.0.2.7:0")), Outcome::CannotRun { .. }));
}

#[test]
fn pings_of_the_same_address_do_not_take_each_others_replies() {
    let probe = Probe::Ping(connection("127.0.0.1:0".parse().expect("an address")));
    let context = context_of(&probe);
    block_on(async {
        for _ in 0..50 {
            assert_eq!(keepalived_checks::run(&probe, 0, &context).await.outcome, PASSED);
        }
    });
}

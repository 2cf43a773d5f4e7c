//! `TCP_CHECK` against servers that accept, refuse and hang, and with every connection option.

mod support;

use keepalived_lvs::Outcome;
use keepalived_lvs::config::{Connection, Probe};
use keepalived_types::InterfaceName;
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc;
use support::*;

const PASSED: Outcome = Outcome::Passed { test: None };

fn cannot_run(connection: Connection) -> String {
    match outcome(&Probe::Tcp(connection)) {
        Outcome::CannotRun { reason } => reason,
        other => panic!("it could run: {other:?}"),
    }
}

#[test]
fn an_open_port_passes_and_gets_no_data() {
    let (tell, told) = mpsc::channel();
    let server = server(move |mut stream| {
        let mut bytes = Vec::new();
        let end = std::io::Read::read_to_end(&mut stream, &mut bytes);
        tell.send((bytes, end.is_ok())).expect("the test waits");
    });
    assert_eq!(outcome(&Probe::Tcp(connection(server))), PASSED);
    assert_eq!(told.recv_timeout(PATIENT), Ok((Vec::new(), true)), "closed in peace, without data");
}

#[test]
fn the_same_over_ipv6() {
    let server = server_at("[::1]:0", drop);
    assert_eq!(outcome(&Probe::Tcp(connection(server))), PASSED);
}

#[test]
fn a_refusal_fails_at_once_and_says_why() {
    let (failure, took) = failure(&Probe::Tcp(connection(nobody())));
    assert_eq!((failure.timed_out, failure.reason.as_str()), (false, "failed"));
    assert_eq!(failure.detail.as_deref(), Some("Connection refused"));
    assert!(took < PATIENT / 4, "{took:?}");
}

#[test]
fn c30_a_server_that_does_not_answer_fails_after_connect_timeout() {
    // A full queue drops further connections, as a dead machine would.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    let any: SocketAddr = "127.0.0.1:0".parse().expect("an address");
    socket.bind(&any.into()).expect("a free port");
    socket.listen(0).expect("a listener");
    let address = socket.local_addr().expect("bound").as_socket().expect("IPv4");
    let _fillers: Vec<_> = (0..4)
        .map(|_| {
            let filler =
                socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM.nonblocking(), None)
                    .expect("a socket");
            let _in_progress = filler.connect(&address.into());
            filler
        })
        .collect();
    std::thread::sleep(milliseconds(100));
    let (failure, took) = failure(&Probe::Tcp(quick(address, milliseconds(300))));
    assert_eq!((failure.timed_out, failure.reason.as_str()), (true, "timeout"));
    assert!(took >= milliseconds(300) && took < milliseconds(1500), "{took:?}");
}

#[test]
fn c33_an_interface_that_does_not_exist_says_nothing_about_the_server() {
    let server = server(drop);
    let interface = InterfaceName::new("nosuch0").ok();
    let reason = cannot_run(Connection { interface, ..connection(server) });
    assert_eq!(reason, "Checker can't bind to device nosuch0: No such device");
}

#[test]
fn an_address_that_is_not_ours_says_nothing_about_the_server() {
    let server = server(drop);
    let source = "192.0.2.7:0".parse().ok();
    let reason = cannot_run(Connection { source, ..connection(server) });
    assert_eq!(reason, "Checker can't bind to 192.0.2.7:0: Cannot assign requested address");
}

#[test]
fn c34_the_probe_comes_from_the_address_and_port_of_bindto() {
    let server = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let free = TcpListener::bind("127.0.0.9:0").expect("loopback is a /8").local_addr().expect("bound");
    let interface = InterfaceName::new("lo").ok();
    let probe = Probe::Tcp(Connection {
        source: Some(free),
        interface,
        mark: 77,
        ..connection(server.local_addr().expect("bound"))
    });
    // Three times: the port must be free again for the next check.
    for _ in 0..3 {
        assert_eq!(outcome(&probe), PASSED);
        let (_, peer) = server.accept().expect("a connection");
        assert_eq!(peer, free);
    }
}

/// Thousands may be under way together. An attempt of another kind, which needs more, takes its room by itself.
#[test]
fn an_attempt_takes_little_room() {
    let probe = Probe::Tcp(connection(nobody()));
    let programs = Box::new(keepalived_checks::NoPrograms);
    let (context, _) = keepalived_checks::Context::of([&probe], None, programs).expect("no certificates");
    let size = std::mem::size_of_val(&keepalived_checks::run(&probe, 0, &context));
    assert!(size <= 640, "{size} bytes");
}

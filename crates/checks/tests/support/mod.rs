//! Scripted servers on loopback, and one attempt at them.
#![allow(dead_code, reason = "each test file uses its own part")]

use keepalived_checks::{Context, NoPrograms, Programs, run};
use keepalived_lvs::config::{
    Connection, HttpCheck, HttpVersion, Probe, Sni, TlsMaterial, Url, Verification,
};
use keepalived_lvs::{Attempt, Failure, Outcome};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

/// Long enough for a busy machine; only tests of time-outs have shorter ones.
pub(crate) const PATIENT: Duration = Duration::from_secs(20);

pub(crate) fn milliseconds(number: u64) -> Duration {
    Duration::from_millis(number)
}

/// A server that does `script` with each connection, in a thread that ends with the test's process.
pub(crate) fn server(script: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    server_at("127.0.0.1:0", script)
}

pub(crate) fn server_at(address: &str, script: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind(address).expect("a loopback address");
    let address = listener.local_addr().expect("a bound socket has an address");
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            script(connection.expect("a connection"));
        }
    });
    address
}

/// A port where nobody listens.
pub(crate) fn nobody() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound socket has an address")
}

/// Reads a request up to its empty line.
pub(crate) fn read_request(stream: &mut TcpStream) -> Vec<u8> {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
        request.push(byte[0]);
    }
    request
}

/// A web server that answers each request with these pieces, a moment apart, and closes.
pub(crate) fn web(pieces: &[&[u8]]) -> SocketAddr {
    let pieces: Vec<Vec<u8>> = pieces.iter().map(|piece| piece.to_vec()).collect();
    server(move |mut stream| {
        read_request(&mut stream);
        for (index, piece) in pieces.iter().enumerate() {
            if index > 0 {
                std::thread::sleep(milliseconds(50));
            }
            if stream.write_all(piece).is_err() {
                return;
            }
        }
    })
}

/// Closes with a reset instead of in peace.
pub(crate) fn reset(stream: TcpStream) {
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).expect("a socket option");
}

pub(crate) fn connection(destination: SocketAddr) -> Connection {
    Connection { destination, source: None, interface: None, timeout: PATIENT, mark: 0 }
}

pub(crate) fn quick(destination: SocketAddr, timeout: Duration) -> Connection {
    Connection { timeout, ..connection(destination) }
}

pub(crate) fn page(path: &str) -> Url {
    Url { path: path.to_owned(), ..Url::default() }
}

pub(crate) fn http(destination: SocketAddr, url: Url) -> HttpCheck {
    HttpCheck {
        connection: connection(destination),
        urls: vec![url],
        version: HttpVersion::Http10,
        virtualhost: None,
        sni: Sni::Off,
        fast_recovery: false,
        tls_compliant: false,
        verification: Verification::Off,
    }
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
    runtime.expect("a runtime").block_on(future)
}

pub(crate) fn context_of(probe: &Probe) -> Context {
    context_with(probe, Box::new(NoPrograms))
}

pub(crate) fn context_with(probe: &Probe, programs: Box<dyn Programs>) -> Context {
    let context = Context::of([probe], Some(&TlsMaterial::default()), programs);
    context.expect("no files, so nothing can be wrong").0
}

/// One attempt at its first url.
pub(crate) fn attempt(probe: &Probe) -> Attempt {
    let context = context_of(probe);
    block_on(run(probe, 0, &context))
}

pub(crate) fn outcome(probe: &Probe) -> Outcome {
    attempt(probe).outcome
}

/// The attempt has to fail; how long it took as well.
pub(crate) fn failure(probe: &Probe) -> (Failure, Duration) {
    let begun = Instant::now();
    match outcome(probe) {
        Outcome::Failed(failure) => (failure, begun.elapsed()),
        other => panic!("not a failure: {other:?}"),
    }
}

/// The reason of a failure that is not about time.
pub(crate) fn reason(probe: &Probe) -> String {
    let (failure, _) = failure(probe);
    assert!(!failure.timed_out, "{failure:?}");
    failure.reason
}

/// The reason of a failure because of time.
pub(crate) fn slowness(probe: &Probe) -> String {
    let (failure, _) = failure(probe);
    assert!(failure.timed_out, "{failure:?}");
    failure.reason
}

//! `HTTP_GET` against web servers that misbehave at every step.

mod support;

use keepalived_checks::run;
use keepalived_lvs::config::{Connection, HttpCheck, HttpVersion, Probe, Regex, Url};
use keepalived_lvs::{HttpTest, Outcome, Remark};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::mpsc;
use std::time::Instant;
use support::*;

const OK: &[u8] = b"HTTP/1.0 200 OK\r\n\r\nhello\n";

fn get(destination: SocketAddr) -> Probe {
    Probe::Http(http(destination, page("/")))
}

fn quick_get(destination: SocketAddr, timeout: u64) -> Probe {
    let check = http(destination, page("/"));
    Probe::Http(HttpCheck { connection: quick(destination, milliseconds(timeout)), ..check })
}

fn passed(test: HttpTest) -> Outcome {
    Outcome::Passed { test: Some(test) }
}

/// The request that a check with these changes sends.
fn sent(address: &str, change: impl FnOnce(&mut HttpCheck)) -> String {
    let (tell, told) = mpsc::channel();
    let server = server_at(address, move |mut stream| {
        tell.send(read_request(&mut stream)).expect("the test waits");
        stream.write_all(OK).expect("an answer");
    });
    let mut check = http(server, page("/p?q=1"));
    change(&mut check);
    assert_eq!(outcome(&Probe::Http(check)), passed(HttpTest::Status));
    let request = told.recv_timeout(PATIENT).expect("a request");
    String::from_utf8(request).expect("text").replace(&server.to_string(), "SERVER")
}

#[test]
fn c51_the_request_is_the_originals_byte_for_byte() {
    let v4 = "127.0.0.1:0";
    let plain = "GET /p?q=1 HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: SERVER\r\n\r\n";
    assert_eq!(sent(v4, |_| {}), plain);
    assert_eq!(sent("[::1]:0", |_| {}), plain);
    assert_eq!(
        sent(v4, |check| check.version = HttpVersion::Http10Close),
        "GET /p?q=1 HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\nHost: SERVER\r\n\r\n"
    );
    assert_eq!(
        sent(v4, |check| check.version = HttpVersion::Http11),
        "GET /p?q=1 HTTP/1.1\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\nHost: SERVER\r\n\r\n"
    );
    assert_eq!(
        sent(v4, |check| check.virtualhost = Some("www.example.org".to_owned())),
        "GET /p?q=1 HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: www.example.org\r\n\r\n"
    );
    let of_the_url = sent(v4, |check| {
        check.virtualhost = Some("www.example.org".to_owned());
        check.urls[0].virtualhost = Some("url.example.org".to_owned());
    });
    assert!(of_the_url.contains("Host: url.example.org\r\n"), "{of_the_url}");
}

#[test]
fn a_good_answer_passes_with_the_last_test_made() {
    assert_eq!(outcome(&get(web(&[OK]))), passed(HttpTest::Status));
    assert_eq!(
        outcome(&get(web(&[b"HTT", b"P/1.0 200 OK\r\n\r", b"\nhel", b"lo"]))),
        passed(HttpTest::Status)
    );
    let digest =
        [0xb1, 0x94, 0x6a, 0xc9, 0x24, 0x92, 0xd2, 0x34, 0x7c, 0x62, 0x35, 0xb4, 0xd2, 0x61, 0x11, 0x84];
    let url = Url { digest: Some(digest), ..page("/") };
    assert_eq!(outcome(&Probe::Http(http(web(&[OK]), url.clone()))), passed(HttpTest::Digest));
    let regex = Some(Regex { pattern: "^hello$".to_owned(), ..Regex::default() });
    let url = Url { regex, ..url };
    assert_eq!(outcome(&Probe::Http(http(web(&[OK]), url))), passed(HttpTest::Regex));
}

#[test]
fn each_wrong_answer_fails_with_its_reason() {
    let table: [(&[&[u8]], &str); 6] = [
        (&[], "Read, no data received from "),
        (&[b"garbage"], "Read, no data received from "),
        (&[b"HTTP/1.0 200 OK\r\n"], "Read, no data received from "),
        (&[b"HTTP/1.0 302 Found\r\nLocation: /\r\n\r\n"], "HTTP status code error to"),
        (&[b"HTTP/1.0 500 Oops\r\n\r\n"], "HTTP status code error to"),
        (&[b"\x16\x03\x01 \r\n\r\n"], "HTTP status code error to"),
    ];
    for (pieces, expected) in table {
        assert_eq!(reason(&get(web(pieces))), expected, "{pieces:?}");
    }
    let digest = Url { digest: Some([0; 16]), ..page("/") };
    assert_eq!(reason(&Probe::Http(http(web(&[OK]), digest))), "MD5 digest error to");
    let regex = Some(Regex { pattern: "nothing".to_owned(), ..Regex::default() });
    assert_eq!(reason(&Probe::Http(http(web(&[OK]), Url { regex, ..page("/") }))), "Regex match failed");
}

#[test]
fn a_status_that_is_not_wanted_is_named() {
    let (failure, _) = failure(&get(web(&[b"HTTP/1.0 503 Busy\r\n\r\n"])));
    assert_eq!(failure.detail.as_deref(), Some("status 503"));
}

#[test]
fn a_server_that_is_not_there_fails_at_once() {
    assert_eq!(reason(&get(nobody())), "Connection failed");
}

#[test]
fn a_server_that_accepts_and_hangs_is_timed_out() {
    let silent = server(|stream| {
        std::thread::sleep(PATIENT);
        drop(stream);
    });
    let probe = quick_get(silent, 300);
    let (failure, took) = failure(&probe);
    assert_eq!((failure.timed_out, failure.reason.as_str()), (true, "Timeout HTTP read"));
    assert!(took >= milliseconds(300) && took < milliseconds(1500), "{took:?}");
}

#[test]
fn a_server_that_answers_and_keeps_the_connection_is_timed_out_one_period_later() {
    let keeping = server(|mut stream| {
        read_request(&mut stream);
        std::thread::sleep(milliseconds(200));
        stream.write_all(OK).expect("an answer");
        std::thread::sleep(PATIENT);
    });
    let (failure, took) = failure(&quick_get(keeping, 400));
    assert_eq!(failure.reason, "Timeout HTTP read");
    assert!(took >= milliseconds(600), "each piece may take a period: {took:?}");
}

#[test]
fn a_slow_answer_passes_as_long_as_each_piece_comes_in_time() {
    let slow = server(|mut stream| {
        read_request(&mut stream);
        for piece in OK.chunks(8) {
            std::thread::sleep(milliseconds(250));
            stream.write_all(piece).expect("a piece");
        }
    });
    assert_eq!(outcome(&quick_get(slow, 600)), passed(HttpTest::Status), "one second in all");
}

#[test]
fn a_reset_fails() {
    let resetting = server(|mut stream| {
        read_request(&mut stream);
        stream.write_all(b"HTTP/1.0 200 OK\r\n").expect("a piece");
        std::thread::sleep(milliseconds(50));
        reset(stream);
    });
    let (failure, _) = failure(&get(resetting));
    assert_eq!(failure.reason, "Read error with");
    assert_eq!(failure.detail.as_deref(), Some("Connection reset by peer"));
}

#[test]
fn a_server_that_sends_without_end_is_given_up() {
    let endless = server(|mut stream| {
        read_request(&mut stream);
        let _until_they_close = stream.write_all(b"HTTP/1.0 200 OK\r\n\r\n");
        while stream.write_all(&[b'x'; 1 << 16]).is_ok() {}
    });
    let (failure, _) = failure(&get(endless));
    assert_eq!(failure.reason, "Answer too long from");
    let endless_header = server(|mut stream| {
        read_request(&mut stream);
        while stream.write_all(b"X: y\r\n").is_ok() {}
    });
    assert_eq!(reason(&get(endless_header)), "Read, no data received from ");
}

#[test]
fn a_wrong_length_is_remarked_and_decides_nothing() {
    let attempt = attempt(&get(web(&[b"HTTP/1.0 200 OK\r\nContent-Length: 50\r\n\r\nhello\n"])));
    assert_eq!(attempt.outcome, passed(HttpTest::Status));
    assert_eq!(attempt.remarks, [Remark::ContentLength { path: "/".to_owned(), announced: 50, received: 6 }]);
}

#[test]
fn the_url_of_the_number_is_asked_for() {
    let server = server(|mut stream| {
        let request = read_request(&mut stream);
        let status = if request.starts_with(b"GET /b ") { 200 } else { 404 };
        write!(stream, "HTTP/1.0 {status} X\r\n\r\n").expect("an answer");
    });
    let check = HttpCheck { urls: vec![page("/a"), page("/b")], ..http(server, page("/")) };
    let probe = Probe::Http(check);
    let context = context_of(&probe);
    let outcome = |url| block_on(run(&probe, url, &context)).outcome;
    assert!(matches!(outcome(0), Outcome::Failed(_)));
    assert_eq!(outcome(1), passed(HttpTest::Status));
    assert!(matches!(outcome(2), Outcome::CannotRun { .. }), "there is none");
}

#[test]
fn a_regex_that_does_not_compile_says_nothing_about_the_server() {
    let regex = Some(Regex { pattern: "a(b".to_owned(), ..Regex::default() });
    let probe = Probe::Http(http(web(&[OK]), Url { regex, ..page("/") }));
    assert!(matches!(outcome(&probe), Outcome::CannotRun { .. }));
}

#[test]
fn a_server_that_never_reads_does_not_hold_up_another_check() {
    let silent = server(|stream| {
        std::thread::sleep(PATIENT);
        drop(stream);
    });
    let (slow, good) = (quick_get(silent, 500), get(web(&[OK])));
    let context = context_of(&good);
    block_on(async {
        let slow = run(&slow, 0, &context);
        let good = async {
            let begun = Instant::now();
            let attempt = run(&good, 0, &context).await;
            assert_eq!(attempt.outcome, passed(HttpTest::Status));
            begun.elapsed()
        };
        let (slow, took) = join(slow, good).await;
        assert!(matches!(slow.outcome, Outcome::Failed(_)));
        assert!(took < milliseconds(400), "{took:?}");
    });
}

/// Both at once, without another dependency.
async fn join<A, B>(a: impl Future<Output = A>, b: impl Future<Output = B>) -> (A, B) {
    let (mut a, mut b) = (std::pin::pin!(a), std::pin::pin!(b));
    let (mut of_a, mut of_b) = (None, None);
    std::future::poll_fn(move |turn| {
        use std::task::Poll;
        if of_a.is_none()
            && let Poll::Ready(done) = a.as_mut().poll(turn)
        {
            of_a = Some(done);
        }
        if of_b.is_none()
            && let Poll::Ready(done) = b.as_mut().poll(turn)
        {
            of_b = Some(done);
        }
        if of_a.is_some() && of_b.is_some() {
            Poll::Ready((of_a.take().expect("checked"), of_b.take().expect("checked")))
        } else {
            Poll::Pending
        }
    })
    .await
}

#[test]
fn a_dropped_attempt_closes_its_connection() {
    let (tell, told) = mpsc::channel();
    let waiting = server(move |mut stream| {
        let mut rest = Vec::new();
        let ended = stream.read_to_end(&mut rest).is_ok();
        tell.send(ended).expect("the test waits");
    });
    let probe = get(waiting);
    let context = context_of(&probe);
    block_on(async {
        let attempt = tokio::time::timeout(milliseconds(200), run(&probe, 0, &context));
        assert!(attempt.await.is_err(), "nobody answers");
        assert_eq!(told.recv_timeout(PATIENT), Ok(true));
    });
}

#[test]
fn an_address_that_is_not_ours_cannot_run() {
    let server = web(&[OK]);
    let source = "192.0.2.7:0".parse().ok();
    let check = http(server, page("/"));
    let probe = Probe::Http(HttpCheck { connection: Connection { source, ..connection(server) }, ..check });
    assert!(matches!(outcome(&probe), Outcome::CannotRun { .. }));
}

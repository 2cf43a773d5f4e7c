//! What `genhash` prints, beside the recorded runs of the original.

use super::*;
use std::io::Read;
use std::net::TcpListener;

fn genhash(arguments: &[&str]) -> (u8, String, String) {
    let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let status = run(&arguments, &mut out, &mut err);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (status, text(out), text(err))
}

/// A server of one answer; its port.
fn server(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut request = [0; 4096];
        let _length = stream.read(&mut request).expect("a request");
        stream.write_all(answer).expect("an answer");
    });
    port.to_string()
}

#[test]
fn the_digest_is_printed_whatever_the_status() {
    for answer in [&b"HTTP/1.0 200 OK\r\n\r\nhello\n"[..], b"HTTP/1.0 404 Not Found\r\n\r\nhello\n"] {
        let port = server(answer);
        let printed = genhash(&["genhash", "-s", "127.0.0.1", "--po", &port, "-u", "/", "-P", "1.0c"]);
        assert_eq!(printed, (0, "b1946ac92492d2347c6235b4d2611184\n".to_owned(), String::new()));
    }
}

#[test]
fn verbose_output_is_laid_out_as_recorded() {
    let port = server(b"HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello\n");
    let (status, out, _) = genhash(&["genhash", "-v", "-s", "127.0.0.1", "-p", &port, "-u", "/x"]);
    let expected = "\
-----------------------[    HTTP Header Buffer    ]-----------------------
0000  48 54 54 50 2f 31 2e 30 - 20 32 30 30 20 4f 4b 0d   HTTP/1.0 200 OK.
0016  0a 43 6f 6e 74 65 6e 74 - 2d 4c 65 6e 67 74 68 3a   .Content-Length:
0032  20 36 0d 0a 0d 0a       -                            6....          
-----------------------[ HTTP Header Ascii Buffer ]-----------------------
HTTP/1.0 200 OK\r
Content-Length: 6\r
\r

-----------------------[        HTML Buffer        ]-----------------------
0000  68 65 6c 6c 6f 0a       -                           hello.          

-----------------------[    HTML hash resulting    ]-----------------------
0000  b1 94 6a c9 24 92 d2 34 - 7c 62 35 b4 d2 61 11 84   ..j.$..4|b5..a..
-----------------------[ HTML hash final resulting ]-----------------------
b1946ac92492d2347c6235b4d2611184

Global response time for [/x] = ";
    assert_eq!(status, 0);
    assert!(out.starts_with(expected), "{out}");
}

#[test]
fn what_goes_wrong_is_said_and_is_no_error() {
    let nobody = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("bound").port();
    let printed = genhash(&["genhash", "-s", "127.0.0.1", "-p", &nobody.to_string(), "-u", "/"]);
    assert_eq!(printed, (0, "Connection failed\n".to_owned(), String::new()));
    let printed = genhash(&["genhash", "-s", "127.0.0.1", "-p", &server(b""), "-u", "/"]);
    assert_eq!(printed, (0, String::new(), "no data received from remote webserver\n".to_owned()));
}

#[test]
fn wrong_command_lines_are_answered_with_the_usage_and_1() {
    let page = ["-s", "127.0.0.1", "-p", "1", "-u", "/"];
    for (extra, complaint) in [
        (&["-s", "host"][..], "server should be an IP, not host\n"),
        (&["-p", "0"], "invalid port number '0'\n"),
        (&["-p", "99999"], "invalid port number '99999'\n"),
        (&["-m", "x"], "invalid fwmark 'x'\n"),
        (&["-t", "-1"], "invalid timeout '-1'\n"),
        (&["-P", "2.0"], "invalid HTTP protocol version '2.0'\n"),
        (&["more"], "Unexpected argument(s): more\n"),
        (&["--use", "x"], "Unknown option --use\n"),
        (&["-x"], "Unknown option -x\n"),
        (&["--bogus"], "Unknown option --bogus\n"),
        (&["-h"], ""),
        (&["-m"], "Missing parameter for option -m\n"),
    ] {
        let arguments: Vec<&str> = ["genhash"].iter().chain(&page).chain(extra).copied().collect();
        let (status, out, err) = genhash(&arguments);
        assert_eq!((status, out.as_str()), (1, ""), "{extra:?}");
        assert_eq!(err, format!("{complaint}{}", options::usage("genhash")), "{extra:?}");
    }
    assert_eq!(genhash(&["genhash", "-s", "127.0.0.1", "-p", "1"]).0, 1, "no url");
    assert_eq!(genhash(&["genhash"]).0, 1);
}

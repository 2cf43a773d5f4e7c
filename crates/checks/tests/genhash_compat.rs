//! `genhash` beside Debian's, over HTTP and HTTPS: the same output, errors and exit status.

mod support;
#[path = "support/tls_server.rs"]
mod tls_server;

use keepalived_checks::genhash;
use std::ffi::OsString;
use std::io::Write;
use std::process::Command;
use support::*;
use tls_server::{GOOD, answer, certificate, tls_server};

/// Status, output, errors; how long it took is left out.
type Printed = (i32, String, String);

fn without_time(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    match text.split_once("] = ") {
        Some((before, _)) => format!("{before}] = "),
        None => text.into_owned(),
    }
}

fn theirs(arguments: &[&str]) -> Printed {
    let output =
        Command::new("/usr/bin/genhash").args(arguments).output().expect("Debian's keepalived is installed");
    let status = output.status.code().expect("it ends by itself");
    (status, without_time(&output.stdout), without_time(&output.stderr))
}

fn ours(arguments: &[&str]) -> Printed {
    let arguments: Vec<OsString> = ["/usr/bin/genhash"].iter().chain(arguments).map(OsString::from).collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let status = genhash::run(&arguments, &mut out, &mut err);
    (status.into(), without_time(&out), without_time(&err))
}

#[test]
fn pages_have_the_same_digest_over_http_and_https() {
    let web = server(|mut stream| {
        read_request(&mut stream);
        let sent = stream.write_all(b"HTTP/1.0 404 No\r\nContent-Length: 12\r\n\r\nhello, world");
        sent.expect("an answer");
    });
    let tls = tls_server(&certificate(GOOD), |_| {}, answer);
    let (web, tls) = (web.port().to_string(), tls.port().to_string());
    for extra in [&[][..], &["-v"], &["-P", "1.1", "-V", "www.example.org"], &["-v", "-P", "1.0c", "-t", "9"]]
    {
        for port in [&["-p", &web][..], &["-S", "-p", &tls], &["-S", "-I", "-V", "a.example.org", "-p", &tls]]
        {
            let arguments = [&["-s", "127.0.0.1", "-u", "/x"], port, extra].concat();
            let ours = ours(&arguments);
            assert_eq!(ours, theirs(&arguments), "{arguments:?}");
            assert!(ours.1.len() > 32, "{ours:?}");
        }
    }
}

#[test]
fn what_goes_wrong_is_answered_alike() {
    let nobody = nobody().port().to_string();
    // It reads before it closes: what is left unread would be answered with a reset, sooner or later.
    let silent = server(|mut stream| drop(read_request(&mut stream))).port().to_string();
    let good = ["-s", "127.0.0.1", "-p", &nobody, "-u", "/"];
    let table: [&[&str]; 22] = [
        &[],
        &["-v"],
        &["-S"],
        &["-s", "host"],
        &["-p", "0"],
        &["-p", "99999"],
        &["-p", "1x"],
        &["-m", "x"],
        &["-m", "0x10"],
        &["-t", "x"],
        &["-t", "-1"],
        &["-P", "2.0"],
        &["more", "words"],
        &["-x"],
        &["-vx"],
        &["--bogus"],
        &["--bogus=3"],
        &["--verbose=3"],
        &["-m"],
        &["--"],
        &["--fwmark=5"],
        &["-h"],
    ];
    for extra in table {
        let arguments = [&good, extra].concat();
        assert_eq!(ours(&arguments), theirs(&arguments), "{arguments:?}");
    }
    for arguments in [
        &["-s", "127.0.0.1", "-p", &nobody][..],
        &["-s", "127.0.0.1", "-p", &silent, "-u", "/"],
        &["--ser", "127.0.0.1", "--po", &nobody, "--url", "/"],
        &["--use", "x"],
        &["-s"],
        &["--server"],
        &["-x"],
        &["--bogus"],
        &["-x", "y"],
        &["more"],
        &["-h"],
        &[],
    ] {
        assert_eq!(ours(arguments), theirs(arguments), "{arguments:?}");
    }
}

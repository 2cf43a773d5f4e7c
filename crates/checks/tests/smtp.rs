//! `SMTP_CHECK` against mail servers that misbehave at every step.

mod support;

use keepalived_lvs::config::{Probe, SmtpCheck};
use keepalived_lvs::{Outcome, Remark};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use support::*;

const PASSED: Outcome = Outcome::Passed { test: None };

fn smtp(destination: SocketAddr, timeout: u64) -> Probe {
    let connection = quick(destination, milliseconds(timeout));
    Probe::Smtp(SmtpCheck { connection, helo_name: "lb.example.org".to_owned() })
}

fn patient(destination: SocketAddr) -> Probe {
    smtp(destination, 20_000)
}

/// Sends the first text, then the next one after each line of the client's.
fn mail_server(says: &[&'static str]) -> SocketAddr {
    let says = says.to_vec();
    server(move |mut stream| converse(&mut stream, &says))
}

fn converse(stream: &mut TcpStream, says: &[&str]) {
    for (index, text) in says.iter().enumerate() {
        if index > 0 && !read_line(stream) {
            return;
        }
        if stream.write_all(text.as_bytes()).is_err() {
            return;
        }
    }
}

fn read_line(stream: &mut TcpStream) -> bool {
    let mut byte = [0];
    while stream.read(&mut byte).is_ok_and(|read| read == 1) {
        if byte == *b"\n" {
            return true;
        }
    }
    false
}

#[test]
fn c60_a_polite_server_passes_and_hears_helo_and_quit() {
    let (tell, told) = mpsc::channel();
    let server = server(move |mut stream| {
        let mut heard = Vec::new();
        stream.write_all(b"220 hello\r\n").expect("a greeting");
        stream.set_read_timeout(Some(milliseconds(2000))).expect("a time-out");
        let mut byte = [0];
        for answer in ["250 hi\r\n", "221 bye\r\n"] {
            while !heard.ends_with(b"\r\n") || heard.len() == 21 && answer.starts_with("221") {
                if stream.read(&mut byte).unwrap_or_default() == 0 {
                    break;
                }
                heard.push(byte[0]);
            }
            stream.write_all(answer.as_bytes()).expect("an answer");
        }
        tell.send(heard).expect("the test waits");
    });
    assert_eq!(outcome(&patient(server)), PASSED);
    let heard = told.recv_timeout(PATIENT).expect("a dialogue");
    assert_eq!(String::from_utf8_lossy(&heard), "HELO lb.example.org\r\nQUIT\r\n");
}

#[test]
fn a_bare_code_passes_and_the_answer_to_quit_may_be_anything() {
    assert_eq!(outcome(&patient(mail_server(&["220\r\n", "250\n", "whatever\r\n"]))), PASSED);
    assert_eq!(outcome(&patient(mail_server(&["220 x\r\n", "250 x\r\n", "554 no\r\n"]))), PASSED);
}

#[test]
fn c60_lines_of_several_and_other_codes_fail() {
    for greeting in ["220-first\r\n220 second\r\n", "554 no\r\n", "2200 x\r\n", "\r\n", "SSH-2.0-x\r\n"] {
        assert_eq!(reason(&patient(mail_server(&[greeting]))), "Bad greeting banner from", "{greeting:?}");
    }
    for answer in ["250-first\r\n250 second\r\n", "550 no\r\n"] {
        assert_eq!(reason(&patient(mail_server(&["220 x\r\n", answer]))), "Bad HELO response from");
    }
}

#[test]
fn what_the_server_said_is_in_the_detail_without_control_characters() {
    let (failure, _) = failure(&patient(mail_server(&["554 no\x1b[31m\r\n"])));
    assert_eq!(failure.detail.as_deref(), Some("554 no[31m"));
}

#[test]
fn each_step_has_its_time() {
    let hanging = |says: &'static [&'static str]| {
        server(move |mut stream| {
            converse(&mut stream, says);
            std::thread::sleep(PATIENT);
        })
    };
    for says in [&[][..], &["220 no line end"], &["220 x\r\n"], &["220 x\r\n", "250 x\r\n"]] {
        let (failure, took) = failure(&smtp(hanging(says), 300));
        assert_eq!((failure.timed_out, failure.reason.as_str()), (true, "Read timeout from"), "{says:?}");
        assert!(took < milliseconds(2000), "{took:?}");
    }
}

#[test]
fn one_byte_after_another_does_not_stretch_a_step() {
    let dripping = server(|mut stream| {
        while stream.write_all(b"2").is_ok() {
            std::thread::sleep(milliseconds(50));
        }
    });
    let (failure, took) = failure(&smtp(dripping, 400));
    assert!(failure.timed_out && took < milliseconds(1500), "{failure:?} {took:?}");
}

#[test]
fn a_line_without_end_is_bounded_and_remarked() {
    let endless = server(|mut stream| while stream.write_all(&[b'2'; 4096]).is_ok() {});
    let attempt = attempt(&smtp(endless, 300));
    assert!(matches!(attempt.outcome, Outcome::Failed(_)));
    assert_eq!(attempt.remarks, [Remark::LineTooLong]);
}

#[test]
fn an_early_end_fails() {
    assert_eq!(reason(&patient(server(drop))), "Read failure from");
    assert_eq!(reason(&patient(server(reset))), "Read failure from");
    assert_eq!(reason(&patient(nobody())), "Could not connect to");
}

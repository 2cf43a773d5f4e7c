//! The 29 answers of the recorded case `http-answers`, and what the limits do.

use super::*;
use crate::pattern::Pattern;
use keepalived_lvs::config::{Regex, RegexOption, StatusCodes};

fn page() -> Url {
    Url { path: "/".to_owned(), ..Url::default() }
}

fn md5(text: &str) -> Url {
    let digest: Vec<u8> = (0..16)
        .map(|index| u8::from_str_radix(&text[2 * index..2 * index + 2], 16).expect("hex digits"))
        .collect();
    Url { digest: digest.try_into().ok(), ..page() }
}

fn regex(pattern: &str, change: impl FnOnce(&mut Regex)) -> Url {
    let mut regex = Regex { pattern: pattern.to_owned(), ..Regex::default() };
    change(&mut regex);
    Url { regex: Some(regex), ..page() }
}

/// The whole judgement of an answer that comes in these pieces.
fn judged(pieces: &[&[u8]], url: &Url) -> Result<HttpTest, Wrong> {
    let mut answer = Answer::new(url.regex.is_some());
    for piece in pieces {
        answer.take(piece);
    }
    let test = answer.judge(url)?;
    let Some(regex) = &url.regex else { return Ok(test) };
    let pattern = Pattern::compile(regex).expect("a good expression");
    if pattern.passes(&answer.into_subject()) { Ok(HttpTest::Regex) } else { Err(Wrong::Regex) }
}

const OK: &[u8] = b"HTTP/1.0 200 OK\r\n\r\n";
const HELLO: &str = "b1946ac92492d2347c6235b4d2611184";
const DIGEST: Result<HttpTest, Wrong> = Ok(HttpTest::Digest);
const STATUS: Result<HttpTest, Wrong> = Ok(HttpTest::Status);
const REGEX: Result<HttpTest, Wrong> = Ok(HttpTest::Regex);

fn bytes(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// Number, pieces, what is asked for, what the original made of it.
type Recorded<'a> = (u32, &'a [&'a [u8]], Url, Result<HttpTest, Wrong>);

/// Numbers are ports of the recorded case, less 9000. Those that differ from the recording are D-9 of the lvs reference:
/// the subject of a regular expression is the body, however header and body were sent.
#[test]
fn the_recorded_answers_are_judged_as_recorded() {
    let long_header = bytes(&[b"HTTP/1.0 200 OK\r\nX: ", &[b'x'; 5000], b"\r\n\r\nhello\n"]);
    let big = bytes(&[OK, &[b'x'; 10000]]);
    let needle = bytes(&[OK, &[b'x'; 4070], b"NEEDLE-IN-THE-MIDDLE", &[b'y'; 100]]);
    let table: [Recorded<'_>; 20] = [
        (0, &[b"HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello\n"], md5(HELLO), DIGEST),
        (1, &[b"HTTP/1.0 200 OK\r\n\r\nhello\n"], md5(HELLO), DIGEST),
        (2, &[b"HTTP/1.0 204 No Content\r\n\r\n"], page(), STATUS),
        (3, &[b"HTTP/1.0 302 Found\r\nLocation: /x\r\n\r\n"], page(), Err(Wrong::Status(Some(302)))),
        (4, &[b"HTTP/1.1 200\r\n\r\nhello\n"], page(), Err(Wrong::Status(None))),
        (5, &[b"HTTP/1.1 200 \r\n\r\nhello\n"], page(), STATUS),
        (6, &[b"HTTP/2 200 OK\r\n\r\nhello\n"], page(), STATUS),
        (7, &[b"HTTP/1.0 200 OK\n\nhello\n"], page(), Err(Wrong::Empty)),
        (8, &[&long_header], page(), Err(Wrong::Empty)),
        (9, &[b"HTTP/1.0 200 OK\r\nContent-Length: 50\r\n\r\nhello\n"], md5(HELLO), DIGEST),
        (
            10,
            &[b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nhello\n"],
            md5("46356afe55fa3cea9cbe73ad442cad47"),
            DIGEST,
        ),
        (11, &[b"HTTP/1.0 200 OK\r\ncontent-length: 3\r\n\r\nhello\n"], md5(HELLO), DIGEST),
        (
            12,
            &[b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello\n\r\n0\r\n\r\n"],
            md5("8aea47faa8ff765544508726bbcd3b9d"),
            DIGEST,
        ),
        (13, &[&big], md5("b567fcb68d8555227123ab87e255872e"), DIGEST),
        (14, &[&needle[..4096], &needle[4096..]], regex("NEEDLE-IN-THE-MIDDLE", |_| {}), REGEX),
        (15, &[OK, b"error\n"], regex("error", |regex| regex.inverted = true), Err(Wrong::Regex)),
        (
            16,
            &[OK, b"HELLO\n"],
            regex("hello", |regex| regex.options = RegexOption::by_name("caseless").into_iter().collect()),
            REGEX,
        ),
        (26, &[b"HTTP/1.0 404 Not Found\r\n\r\n"], not_found(), STATUS),
        (27, &[OK], md5("d41d8cd98f00b204e9800998ecf8427e"), DIGEST),
        (28, &[], page(), Err(Wrong::Empty)),
    ];
    for (number, pieces, url, expected) in table {
        assert_eq!(judged(pieces, &url), expected, "answer {number}");
    }
}

fn not_found() -> Url {
    Url { status_codes: StatusCodes::new(vec![(404, 404)]), ..page() }
}

#[test]
fn the_recorded_offsets_count_from_the_body() {
    let one: &[&[u8]] = &[b"HTTP/1.0 200 OK\r\nX-Animal: zebra\r\n\r\nhello world\n"];
    let two: &[&[u8]] = &[b"HTTP/1.0 200 OK\r\nX-Animal: zebra\r\n\r\n", b"hello world\n"];
    let split: &[&[u8]] = &[b"HTTP/1.0 200 OK\r\nContent-Length: 12\r\n\r\n", b"say hello wo", b"rld\n"];
    let from_3 = || regex("hello", |regex| regex.min_offset = 3);
    let until = |most| regex("world", |regex| regex.max_offset = Some(most));
    let zebra = || regex("zebra", |_| {});
    let no = || Err(Wrong::Regex);
    let table: [Recorded<'_>; 9] = [
        (17, one, from_3(), no()), // D-9: recorded as passing.
        (18, one, until(5), no()),
        (19, one, until(6), REGEX), // D-9: recorded as failing.
        (20, one, zebra(), no()),   // D-9: recorded as passing.
        (21, two, zebra(), no()),
        (22, two, until(6), REGEX),
        (23, two, until(5), no()),
        (24, two, from_3(), no()),
        (25, split, regex("world", |_| {}), REGEX),
    ];
    for (number, pieces, url, expected) in table {
        assert_eq!(judged(pieces, &url), expected, "answer {number}");
    }
}

#[test]
fn c52_the_digest_covers_content_length_bytes() {
    let mut answer = Answer::new(false);
    answer.take(b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nhello");
    assert_eq!(Some(answer.digest()), md5("46356afe55fa3cea9cbe73ad442cad47").digest, "the MD5 of hel");
    assert_eq!(
        answer.remark("/x"),
        Some(Remark::ContentLength { path: "/x".to_owned(), announced: 3, received: 5 })
    );
    let mut other = Answer::new(false);
    other.take(b"HTTP/1.0 200 OK\r\n\r\nhello");
    assert!(matches!(other.judge(&md5(HELLO)), Err(Wrong::Digest(_))));
    assert_eq!(other.remark("/x"), None);
}

#[test]
fn c53_without_a_list_any_2xx_passes_and_a_list_adds_up() {
    let status = |code: &str| bytes(&[b"HTTP/1.0 ", code.as_bytes(), b" X\r\n\r\n"]);
    for (code, passes) in [("200", true), ("299", true), ("300", false), ("302", false), ("199", false)] {
        assert_eq!(judged(&[&status(code)], &page()).is_ok(), passes, "{code}");
    }
    let listed = Url { status_codes: StatusCodes::new(vec![(200, 299), (301, 301)]), ..page() };
    assert_eq!(judged(&[&status("301")], &listed), STATUS);
    assert_eq!(judged(&[&status("302")], &listed), Err(Wrong::Status(Some(302))));
}

#[test]
fn c54_a_status_line_that_ends_behind_the_number_has_no_status() {
    for (line, status) in [
        ("HTTP/1.1 200", None),
        ("HTTP/1.1 200 ", Some(200)),
        ("HTTP/1.1 2000 ", None),
        ("HTTP/1.1  200 OK", None),
        ("HTTP/1.1 +20 OK", None),
        ("200 OK", None),
        ("x 200 OK", Some(200)),
    ] {
        let mut answer = Answer::new(false);
        answer.take(&bytes(&[line.as_bytes(), b"\r\nServer: a 200 b\r\n\r\n"]));
        assert_eq!(answer.status(), status, "{line:?}");
    }
}

#[test]
fn c57_a_regex_spans_segments_and_does_not_see_the_header() {
    let spanning: &[&[u8]] = &[b"HTTP/1.0 200 OK\r\nX: needle\r\n\r\nnee", b"dle"];
    assert_eq!(judged(spanning, &regex("needle", |_| {})), REGEX);
    let header_only: &[&[u8]] = &[b"HTTP/1.0 200 OK\r\nX: needle\r\n\r\nhay"];
    assert_eq!(judged(header_only, &regex("needle", |_| {})), Err(Wrong::Regex));
}

#[test]
fn the_pieces_of_the_network_make_no_difference() {
    let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n";
    let url = Url { regex: regex("^hello$", |_| {}).regex, ..md5(HELLO) };
    for size in 1..whole.len() {
        let pieces: Vec<&[u8]> = whole.chunks(size).collect();
        assert_eq!(judged(&pieces, &url), REGEX, "pieces of {size}");
    }
}

#[test]
fn content_length_counts_only_at_the_beginning_of_a_line_and_as_a_bare_number() {
    for (header, expected) in [
        ("Content-Length: 5\r\n", Some(5)),
        ("Content-Length:5\r\n", Some(5)),
        ("Content-Length: 5 bytes\r\n", None),
        ("Content-Length: -5\r\n", None),
        ("Content-Length: 99999999999999999999999\r\n", None),
        ("Content-Length:\r\n", None),
        ("X-Content-Length: 5\r\n", None),
        ("CONTENT-LENGTH: 5\r\n", None),
    ] {
        let mut answer = Answer::new(false);
        answer.take(&bytes(&[b"HTTP/1.0 200 OK\r\n", header.as_bytes(), b"\r\nContent-Length: 3\r\n"]));
        assert_eq!(answer.announced, expected, "{header:?}");
    }
}

#[test]
fn the_header_may_be_4095_bytes_and_no_more() {
    let of = |length: usize| {
        let filling = length - b"HTTP/1.0 200 OK\r\nX: \r\n\r\n".len();
        bytes(&[b"HTTP/1.0 200 OK\r\nX: ", &vec![b'x'; filling], b"\r\n\r\n"])
    };
    assert_eq!(judged(&[&of(4095)], &page()), STATUS);
    assert_eq!(judged(&[&of(4096)], &page()), Err(Wrong::Empty));
    let mut answer = Answer::new(false);
    answer.take(&of(9000));
    assert!(answer.is_settled(), "no need to read on");
}

#[test]
fn a_body_without_end_is_given_up_and_not_kept() {
    let mut answer = Answer::new(true);
    answer.take(OK);
    let piece = vec![b'x'; 1 << 16];
    while !answer.is_settled() {
        answer.take(&piece);
    }
    assert_eq!(answer.judge(&page()), Err(Wrong::TooLong));
    assert_eq!(answer.into_subject().len(), limits::REGEX_SUBJECT);
}

//! Answers of web servers, cut anywhere: judging them never fails, and the cuts make no difference.
#![no_main]

use keepalived_checks::http::answer::Answer;
use keepalived_lvs::config::{StatusCodes, Url};
use libfuzzer_sys::fuzz_target;

fn judged<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (String, [u8; 16], Vec<u8>) {
    let mut answer = Answer::new(true);
    for piece in pieces {
        answer.take(piece);
    }
    let url = Url { status_codes: StatusCodes::new(vec![(100, 399)]), ..Url::default() };
    let verdict = format!("{:?} {:?} {:?}", answer.judge(&url), answer.status(), answer.remark());
    (verdict, answer.digest(), answer.into_subject())
}

fuzz_target!(|input: (u8, &[u8])| {
    let (size, bytes) = input;
    let whole = judged(std::iter::once(bytes));
    let cut = judged(bytes.chunks(usize::from(size).max(1)));
    assert_eq!(whole, cut);
});

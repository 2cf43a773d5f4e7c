//! What mail servers say, in any pieces: bounded, and lines do not depend on the pieces unless one is too long.
#![no_main]

use keepalived_checks::smtp::line::{Lines, has_code};
use libfuzzer_sys::fuzz_target;

fn lines<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Vec<u8>>, bool) {
    let mut lines = Lines::default();
    let mut found = Vec::new();
    for piece in pieces {
        lines.push(piece);
        found.extend(&mut lines);
    }
    (found, lines.has_overflowed())
}

fuzz_target!(|input: (u8, &[u8])| {
    let (size, bytes) = input;
    let (whole, overflowed) = lines(std::iter::once(bytes));
    let (cut, cut_overflowed) = lines(bytes.chunks(usize::from(size).max(1)));
    for line in whole.iter().chain(&cut) {
        assert!(line.len() <= 512 && !line.contains(&b'\n'));
        let _ = has_code(line, b"220");
    }
    if !overflowed && !cut_overflowed {
        assert_eq!(whole, cut);
    }
});

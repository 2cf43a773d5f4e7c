//! Splitting a script string into words, once with escapes kept and once with escapes resolved.

use crate::encoding;

/// A quote of this kind was opened and not closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unterminated(pub char);

/// The first pass: blanks separate words, quotes of either kind may start and end inside a word and are removed, a
/// backslash keeps itself and the character after it.
///
/// # Errors
/// The quote that is not closed.
pub fn split_kept(text: &str) -> Result<Vec<String>, Unterminated> {
    split(text, |rest, word| {
        word.push(b'\\');
        let Some(next) = rest.first() else { return 0 };
        word.push(*next);
        1
    })
}

/// The second pass: as the first, but escapes are resolved.
///
/// # Errors
/// The quote that is not closed.
pub fn split_escaped(text: &str) -> Result<Vec<String>, Unterminated> {
    split(text, |rest, word| {
        let (byte, used) = escape(rest);
        word.push(byte);
        used
    })
}

/// `backslash` gets what follows a backslash, adds to the word, and says how much it used up.
fn split(text: &str, backslash: impl Fn(&[u8], &mut Vec<u8>) -> usize) -> Result<Vec<String>, Unterminated> {
    let bytes = encoding::encode(text);
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut quote: Option<u8> = None;
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        at += 1;
        match (byte, quote) {
            (b'\\', _) => {
                let rest = bytes.get(at..).unwrap_or_default();
                at += backslash(rest, word.get_or_insert_default());
            }
            (_, Some(open)) if byte == open => quote = None,
            (_, Some(_)) => word.get_or_insert_default().push(byte),
            (b'"' | b'\'', None) => {
                quote = Some(byte);
                word.get_or_insert_default();
            }
            (b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c, None) => {
                words.extend(word.take().map(|word| encoding::decode(&word).into_owned()));
            }
            (_, None) => word.get_or_insert_default().push(byte),
        }
    }
    if let Some(open) = quote {
        return Err(Unterminated(char::from(open)));
    }
    words.extend(word.map(|word| encoding::decode(&word).into_owned()));
    Ok(words)
}

/// The byte that an escape stands for, and how many bytes after the backslash it takes.
fn escape(rest: &[u8]) -> (u8, usize) {
    let Some(first) = rest.first().copied() else { return (b'\\', 0) };
    match first {
        b'a' => (0x07, 1),
        b'b' => (0x08, 1),
        b'E' => (0x1b, 1),
        b'f' => (0x0c, 1),
        b'n' => (b'\n', 1),
        b'r' => (b'\r', 1),
        b't' => (b'\t', 1),
        b'v' => (0x0b, 1),
        b'0'..=b'7' => digits(rest, 8, 3),
        b'x' => match digits(rest.get(1..).unwrap_or_default(), 16, 2) {
            (_, 0) => (b'x', 1),
            (byte, used) => (byte, used + 1),
        },
        b'c' => match rest.get(1) {
            Some(control) => (control & 0x1f, 2),
            None => (b'c', 1),
        },
        other => (other, 1),
    }
}

/// Up to `most` digits as one byte, and how many there were.
fn digits(bytes: &[u8], radix: u32, most: usize) -> (u8, usize) {
    let mut value = 0_u32;
    let mut used = 0;
    for digit in bytes.iter().take(most).map_while(|byte| char::from(*byte).to_digit(radix)) {
        value = value * radix + digit;
        used += 1;
    }
    // Three octal digits can exceed a byte; the original keeps the low eight bits.
    (u8::try_from(value & 0xff).unwrap_or(0), used)
}

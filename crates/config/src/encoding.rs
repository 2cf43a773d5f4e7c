//! Configuration files are bytes, words are text: the mapping between them loses nothing.
//!
//! Valid UTF-8 is itself. Any other byte 0x80..=0xff becomes one of the last 128 private-use characters
//! (U+10FF80..=U+10FFFF); a file that holds one of those characters has its bytes mapped one by one, too, so that the
//! way back is never ambiguous.

use std::borrow::Cow;

const FIRST: u32 = 0x10_ff80;

/// The text for some bytes.
#[must_use]
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        // The mapped characters all start with these bytes.
        Ok(text) if is_plain(bytes) => Cow::Borrowed(text),
        _ => Cow::Owned(decode_slowly(bytes)),
    }
}

/// Is what these bytes are decoded to themselves, if they are UTF-8?
pub(crate) fn is_plain(bytes: &[u8]) -> bool {
    !bytes.contains(&0xf4)
}

fn decode_slowly(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if u32::from(character) < FIRST {
                text.push(character);
            } else {
                let mut buffer = [0; 4];
                text.extend(character.encode_utf8(&mut buffer).bytes().map(stand_in));
            }
        }
        text.extend(chunk.invalid().iter().copied().map(stand_in));
    }
    text
}

/// The character for a byte that is no part of UTF-8 text.
fn stand_in(byte: u8) -> char {
    char::from_u32(FIRST + u32::from(byte & 0x7f)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The byte behind a stand-in.
fn original(character: char) -> Option<u8> {
    let offset = u32::from(character).checked_sub(FIRST)?;
    u8::try_from(offset).ok().map(|low| low | 0x80)
}

/// The bytes behind a text: the inverse of [`decode`].
#[must_use]
pub fn encode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        match original(character) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes
}

/// For people: stand-ins as `\xff`, control characters escaped, so that a file cannot steer a terminal.
#[must_use]
pub fn display(text: &str) -> Cow<'_, str> {
    let harmless = |character: char| original(character).is_none() && !character.is_control();
    if text.chars().all(harmless) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match original(character) {
            Some(byte) => shown.push_str(&format!("\\x{byte:02x}")),
            None if character == '\t' => shown.push('\t'),
            None if character.is_control() => shown.extend(character.escape_default()),
            None => shown.push(character),
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_itself() {
        assert_eq!(decode("Grüße 🦀".as_bytes()), "Grüße 🦀");
    }

    #[test]
    fn odd_bytes_and_control_characters_are_shown_escaped() {
        assert_eq!(display(&decode(b"a\xff\x1b[2J")), r"a\xff\u{1b}[2J");
    }

    proptest! {
        #[test]
        fn bytes_survive(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            prop_assert_eq!(encode(&decode(&bytes)), bytes);
        }

        #[test]
        fn stand_ins_in_a_file_survive(text in "[\u{10ff70}-\u{10ffff}a]{0,8}") {
            prop_assert_eq!(encode(&decode(text.as_bytes())), text.as_bytes());
        }
    }
}

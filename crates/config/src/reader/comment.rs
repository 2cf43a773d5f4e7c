//! Comments, blanks at the ends, and quotes that are not closed (config-language reference 1.1).

use super::byte_set::ByteSet;
use super::text::Text;

static SPECIAL: ByteSet = ByteSet::of(b"#!\"\\");

/// A line without its comment and the blanks around it.
pub(super) struct Stripped {
    pub(super) text: Text,
    /// A double quote is not closed.
    pub(super) unterminated: bool,
}

/// A backslash at the end of a line sticks to the word before it.
pub(super) fn join_backslash(text: Text) -> Text {
    let Some(last) = text.len().checked_sub(1) else { return text };
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let head = text.bytes().get(..last).unwrap_or_default();
    if text.bytes().get(last) != Some(&b'\\') || !head.last().is_some_and(is_blank) {
        return text;
    }
    let end = head.iter().rposition(|byte| !is_blank(byte)).map_or(0, |at| at + 1);
    let mut joined = text.slice(0..end);
    joined.append(&text.slice(last..last + 1));
    joined
}

/// Removes the comment. `#` and `!` start one outside double quotes; `\#` and `\!` stand for the characters.
pub(super) fn strip(text: Text) -> Stripped {
    if SPECIAL.find(text.bytes()).is_none() {
        return Stripped { text: text.trimmed(), unterminated: false };
    }
    let mut quoted = false;
    let mut end = text.len();
    let mut backslashes = Vec::new();
    let mut at = 0;
    while let Some(byte) = text.bytes().get(at) {
        match byte {
            b'\\' => {
                if !quoted && matches!(text.bytes().get(at + 1), Some(b'#' | b'!')) {
                    backslashes.push(at);
                }
                at += 1;
            }
            b'"' => quoted = !quoted,
            b'#' | b'!' if !quoted => {
                end = at;
                break;
            }
            _ => {}
        }
        at += 1;
    }
    let mut kept = text.slice(0..backslashes.first().copied().unwrap_or(end));
    for (index, backslash) in backslashes.iter().enumerate() {
        let next = backslashes.get(index + 1).copied().unwrap_or(end);
        kept.append(&text.slice(backslash + 1..next));
    }
    Stripped { text: kept.trimmed(), unterminated: quoted }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::{FileId, Span};

    fn stripped(line: &str) -> (String, bool) {
        let origin = Span { file: FileId(0), line: 1, column: 1, length: 1, expansion: None };
        let stripped = strip(Text::written(line.as_bytes(), origin));
        (String::from_utf8_lossy(stripped.text.bytes()).into_owned(), stripped.unterminated)
    }

    #[test]
    fn comments_start_anywhere_outside_double_quotes() {
        assert_eq!(stripped(" a b#c"), ("a b".to_owned(), false));
        assert_eq!(stripped("!a"), (String::new(), false));
        assert_eq!(stripped(r#"a "b#c!" d!e"#), (r#"a "b#c!" d"#.to_owned(), false));
        assert_eq!(stripped("a 'b#c'"), ("a 'b".to_owned(), false));
    }

    #[test]
    fn a_backslash_protects_them() {
        assert_eq!(stripped(r"a\#b\!c # d"), ("a#b!c".to_owned(), false));
        assert_eq!(stripped(r##""a\"#" # d"##), (r##""a\"#""##.to_owned(), false));
        assert_eq!(stripped(r"a\b \"), (r"a\b \".to_owned(), false));
    }

    #[test]
    fn a_backslash_at_the_end_sticks_to_its_word() {
        let origin = Span { file: FileId(0), line: 1, column: 1, length: 1, expansion: None };
        let joined = |line: &str| {
            let text = join_backslash(Text::written(line.as_bytes(), origin));
            String::from_utf8_lossy(text.bytes()).into_owned()
        };
        assert_eq!(joined(r"priority 5  \"), r"priority 5\");
        assert_eq!(joined(r"\"), r"\");
        assert_eq!(joined("a b"), "a b");
    }

    #[test]
    fn an_odd_quote_is_noticed() {
        assert_eq!(stripped(r#"a "b # c"#), (r#"a "b # c"#.to_owned(), true));
    }
}

//! The short way for the lines that most files are full of: words, and perhaps a brace at the end.
//!
//! Nothing in them needs a second look: no comment, quote, backslash, definition, condition, sequence or include. What
//! comes out is what the long way (`comment`, `brace`, `words`) makes of them, at a third of its price.

use crate::line::{Line, Piece, Pieces};
use crate::source::Content;
use crate::span::Span;
use std::ops::Range;
use std::sync::Arc;

/// What a byte means here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Word,
    Blank,
    Brace,
    /// Only the long way knows.
    Special,
}

static MEANINGS: [Meaning; 256] = meanings();

const fn meanings() -> [Meaning; 256] {
    let mut meanings = [Meaning::Special; 256];
    let mut byte = b'!';
    while byte < 0x7f {
        meanings[byte as usize] = match byte {
            b'#' | b'!' | b'"' | b'\\' | b'$' | b'@' | b'~' => Meaning::Special,
            b'{' | b'}' => Meaning::Brace,
            _ => Meaning::Word,
        };
        byte += 1;
    }
    meanings[b' ' as usize] = Meaning::Blank;
    meanings[b'\t' as usize] = Meaning::Blank;
    meanings
}

fn meaning(byte: u8) -> Meaning {
    MEANINGS[usize::from(byte)]
}

/// The logical lines of a plain physical one: its words, and the brace after them.
pub(super) struct Plain {
    pub(super) words: Option<Line>,
    pub(super) brace: Option<Line>,
}

/// Reads a physical line whose first byte stands at `origin`; `None` when it is not plain.
pub(super) fn read(content: &Content, range: &Range<usize>, origin: Span) -> Option<Plain> {
    let Content::Text(source) = content else { return None };
    let bytes = source.as_bytes().get(range.clone())?;
    let start = bytes.iter().position(|byte| meaning(*byte) != Meaning::Blank).unwrap_or(bytes.len());
    if bytes.get(start..)?.starts_with(b"include") {
        return None;
    }
    let mut pieces = Pieces::default();
    let (mut at, mut end) = (start, start);
    let mut brace = None;
    while let Some(byte) = bytes.get(at) {
        match meaning(*byte) {
            Meaning::Blank => at += 1,
            Meaning::Word => {
                let rest = bytes.get(at..).unwrap_or_default();
                let length = rest.iter().position(|byte| meaning(*byte) != Meaning::Word);
                end = at + length.unwrap_or(rest.len());
                pieces.push(Piece::new(&(at - start..end - start), false));
                at = end;
            }
            Meaning::Brace if brace.is_none() => {
                brace = Some(at);
                at += 1;
                if bytes.get(at..)?.iter().any(|byte| meaning(*byte) != Meaning::Blank) {
                    // What follows a brace is a line of its own.
                    return None;
                }
            }
            Meaning::Brace | Meaning::Special => return None,
        }
    }
    let line = |part: Range<usize>, pieces| {
        let column = origin.column.saturating_add(u32::try_from(part.start).unwrap_or(u32::MAX));
        let placed = range.start + part.start..range.start + part.end;
        Line::new(Arc::clone(source), &placed, pieces, Span { column, ..origin }, None)
    };
    let brace = brace.map(|at| {
        let mut alone = Pieces::default();
        alone.push(Piece::new(&(0..1), false));
        line(at..at + 1, alone)
    });
    Some(Plain { words: (end > start).then(|| line(start..end, pieces)), brace })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::text::Text;
    use crate::reader::{brace, comment, words};
    use crate::source::SourceMap;
    use crate::span::FileId;

    const BEFORE: &str = "x y\n";

    fn both(line: &str) -> (Option<Plain>, Plain) {
        let content = Content::new(format!("{BEFORE}{line}\n").into_bytes());
        let range = BEFORE.len()..BEFORE.len() + line.len();
        let origin = Span { file: FileId(3), line: 2, column: 1, length: 9, expansion: None };
        let text = comment::strip(Text::of_file(content.clone(), range.clone(), origin)).text;
        let cut = brace::first(text.bytes(), None);
        let part = |range: Range<usize>| {
            let (line, unmatched) = words::line(&text.slice(range).trimmed(), &SourceMap::default());
            assert!(!unmatched);
            (!line.is_empty()).then_some(line)
        };
        let long =
            Plain { words: part(0..cut.unwrap_or(text.len())), brace: cut.and_then(|at| part(at..at + 1)) };
        (read(&content, &range, origin), long)
    }

    #[test]
    fn both_ways_make_the_same_of_a_plain_line() {
        for line in [
            "",
            "  \t ",
            "a",
            "\t priority  100\t",
            "virtual_server 10.0.0.1 80 {",
            "vrrp_instance A{",
            "  } ",
            "{",
            "'a' (b) c,d;e=f -x /y/z %* <|> ^?` [fe80::1]%eth0 five",
            "inc lude",
        ] {
            let (plain, long) = both(line);
            let plain = plain.unwrap_or_else(|| panic!("{line:?} is plain"));
            assert_eq!((plain.words, plain.brace), (long.words, long.brace), "{line:?}");
        }
    }

    #[test]
    fn what_needs_a_second_look_is_not_plain() {
        for line in [
            "a # b",
            "! a",
            "a \"b\"",
            "a\\",
            "$A=1",
            "a $A",
            "@x a",
            "~SEQ(a,1) b",
            " include x",
            "includer x",
            "{}",
            "a {b",
            "} {",
            "a\u{b}b",
            "a\r b",
            "\u{e4}",
        ] {
            assert!(both(line).0.is_none(), "{line:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_not_plain() {
        let origin = Span { file: FileId(0), line: 1, column: 1, length: 1, expansion: None };
        assert!(read(&Content::new(b"a \xff\nb".to_vec()), &(4..5), origin).is_none());
    }
}

//! From the text of a logical line to its words (config-language reference 1.4).

use super::text::Text;
use crate::encoding;
use crate::line::{Line, Piece, Pieces, Scattered};
use crate::source::SourceMap;
use std::ops::Range;
use std::sync::Arc;

/// The line, and whether its last quote is not closed (which drops the text from that quote on).
pub(super) fn line(text: &Text, sources: &SourceMap) -> (Line, bool) {
    let bytes = text.bytes();
    let span = text.span(0..text.len(), sources);
    if text.is_uniform() {
        let mut pieces = Pieces::default();
        if let Some((source, range)) = text.shared() {
            let unmatched = split(bytes, |word, quoted| pieces.push(Piece::new(&word, quoted)));
            return (Line::new(Arc::clone(source), &range, pieces, span, None), unmatched);
        }
        let decoded = encoding::decode(bytes);
        if decoded.len() == bytes.len() {
            let unmatched = split(bytes, |word, quoted| pieces.push(Piece::new(&word, quoted)));
            let source = Arc::new(decoded.into_owned());
            return (Line::new(source, &(0..bytes.len()), pieces, span, None), unmatched);
        }
    }
    let mut pieces = Pieces::default();
    let mut words = Vec::new();
    let unmatched = split(bytes, |word, quoted| {
        pieces.push(Piece::new(&decoded_range(bytes, &word), quoted));
        words.push(text.span(word, sources));
    });
    let source = encoding::decode(bytes).into_owned();
    let range = 0..source.len();
    let scattered = Scattered { line: span, words: words.into() };
    (Line::new(Arc::new(source), &range, pieces, span, Some(scattered)), unmatched)
}

/// Where a range lies once the bytes are text: stand-ins are longer than the bytes they stand for.
fn decoded_range(bytes: &[u8], range: &Range<usize>) -> Range<usize> {
    // Words are cut at ASCII characters, so decoding the parts gives the parts of the decoded whole.
    let decoded_len = |range: Range<usize>| encoding::decode(bytes.get(range).unwrap_or_default()).len();
    let start = decoded_len(0..range.start);
    start..start + decoded_len(range.clone())
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | 0x0b | 0x0c)
}

/// Words end at blanks and at double quotes; what stands between quotes is a word of its own. Gives each word, and
/// whether it is quoted; `true` when the last quote is not closed.
fn split(bytes: &[u8], mut word: impl FnMut(Range<usize>, bool)) -> bool {
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        if is_blank(byte) {
            at += 1;
        } else if byte == b'"' {
            let rest = bytes.get(at + 1..).unwrap_or_default();
            let Some(length) = rest.iter().position(|byte| *byte == b'"') else { return true };
            word(at + 1..at + 1 + length, true);
            at += length + 2;
        } else {
            let rest = bytes.get(at..).unwrap_or_default();
            let end = rest.iter().position(|byte| is_blank(*byte) || *byte == b'"').unwrap_or(rest.len());
            word(at..at + end, false);
            at += end;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::{FileId, Span};

    fn parse(bytes: &[u8]) -> (Line, bool) {
        let origin = Span { file: FileId(0), line: 1, column: 1, length: 1, expansion: None };
        line(&Text::written(bytes, origin), &SourceMap::default())
    }

    fn texts(line: &Line) -> Vec<&str> {
        (0..line.len()).filter_map(|index| line.word(index)).map(|word| word.text).collect()
    }

    #[test]
    fn quotes_separate_words() {
        assert_eq!(texts(&parse(br#"foo"bar baz"qux """#).0), ["foo", "bar baz", "qux", ""]);
    }

    #[test]
    fn a_missing_quote_drops_the_rest() {
        let (line, unmatched) = parse(br#"a b "c d"#);
        assert_eq!((texts(&line), unmatched), (vec!["a", "b"], true));
    }

    #[test]
    fn spans_are_those_of_the_words() {
        let (line, _) = parse(br#"interface "eth0""#);
        let span = line.word(1).expect("there are two words").span;
        assert_eq!((span.column, span.length), (12, 4));
        assert_eq!(line.raw_from(1), r#""eth0""#);
    }

    #[test]
    fn bytes_that_are_no_text_survive_and_do_not_move_columns() {
        let (line, _) = parse(b"a\xff\xfe b\xc3\xa4\xff c");
        let words: Vec<_> = (0..3).filter_map(|index| line.word(index)).collect();
        assert_eq!(words[0].bytes(), b"a\xff\xfe");
        assert_eq!(words[1].bytes(), b"b\xc3\xa4\xff");
        assert_eq!((words[2].text, words[2].span.column), ("c", 10));
    }
}

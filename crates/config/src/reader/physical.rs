//! Physical lines of a file, with the original's limits (config-language reference 1).

use crate::source::Content;
use crate::span::{FileId, Span};

/// The longest line, without its line end.
pub(super) const MAX_LINE: usize = 1022;

/// A file that is being read.
#[derive(Debug)]
pub(super) struct Cursor {
    file: FileId,
    content: Content,
    at: usize,
    line: u32,
    line_start: usize,
}

/// What the next stretch of a file is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Physical {
    /// A line, as a range of the file.
    Line(std::ops::Range<usize>),
    /// The first bytes of a line that is too long; what is left of it comes as a line of its own.
    TooLong,
    /// A line with NUL bytes.
    WithNul,
}

impl Cursor {
    pub(super) fn new(file: FileId, content: Content) -> Self {
        Self { file, content, at: 0, line: 0, line_start: 0 }
    }

    /// The next line and the place of its first byte.
    pub(super) fn next_line(&mut self) -> Option<(Physical, Span)> {
        let bytes = self.content.bytes();
        let rest = bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
        let start = self.at;
        if start == 0 || bytes.get(start - 1) == Some(&b'\n') {
            self.line = self.line.saturating_add(1);
            self.line_start = start;
        }
        let window = rest.get(..=MAX_LINE).unwrap_or(rest);
        let physical = match window.iter().position(|byte| *byte == b'\n') {
            Some(end) => {
                self.at += end + 1;
                line(window.get(..end)?, start)
            }
            None if window.len() > MAX_LINE => {
                self.at += window.len();
                Physical::TooLong
            }
            None => {
                self.at += window.len();
                line(window, start)
            }
        };
        let column = u32::try_from(start - self.line_start).unwrap_or(u32::MAX - 1) + 1;
        let length = u32::try_from(self.at - start).unwrap_or(1).max(1);
        Some((physical, Span { file: self.file, line: self.line, column, length, expansion: None }))
    }

    pub(super) fn content(&self) -> &Content {
        &self.content
    }
}

/// Drops carriage returns at the end and looks for NULs.
fn line(bytes: &[u8], start: usize) -> Physical {
    if bytes.contains(&0) {
        return Physical::WithNul;
    }
    let end = bytes.iter().rposition(|byte| *byte != b'\r').map_or(0, |last| last + 1);
    Physical::Line(start..start + end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Vec<(Physical, u32, u32)> {
        let mut cursor = Cursor::new(FileId(0), Content::new(text.to_vec()));
        std::iter::from_fn(|| cursor.next_line()).map(|(line, span)| (line, span.line, span.column)).collect()
    }

    #[test]
    fn line_ends_of_all_kinds_are_removed() {
        let expected =
            [(Physical::Line(0..1), 1, 1), (Physical::Line(3..4), 2, 1), (Physical::Line(5..6), 3, 1)];
        assert_eq!(lines(b"a\r\nb\nc"), expected);
    }

    #[test]
    fn the_rest_of_a_long_line_is_a_line() {
        let text = ["x".repeat(MAX_LINE + 1), "rest\nnext".to_owned()].concat();
        let found = lines(text.as_bytes());
        assert_eq!(found[0], (Physical::TooLong, 1, 1));
        assert_eq!(found[1], (Physical::Line(1023..1027), 1, 1024));
        assert_eq!((found[2].1, found[2].2), (2, 1));
    }

    #[test]
    fn the_longest_line_is_read() {
        let text = ["x".repeat(MAX_LINE), "\n".to_owned()].concat();
        assert_eq!(lines(text.as_bytes()), [(Physical::Line(0..MAX_LINE), 1, 1)]);
    }

    #[test]
    fn a_line_with_a_nul_is_no_line() {
        assert_eq!(lines(b"a\0b\n")[0].0, Physical::WithNul);
    }
}

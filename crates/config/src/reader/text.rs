//! A line on its way: bytes that know where each of them was written.

use crate::source::{Content, SourceMap};
use crate::span::Span;
use std::ops::Range;
use std::sync::Arc;

/// Bytes with origins.
#[derive(Clone, Debug)]
pub(super) struct Text {
    bytes: Bytes,
    first: Segment,
    /// Most lines have just one.
    more: Vec<Segment>,
}

/// What a text holds: a part of a file, as long as nothing had to be put together.
#[derive(Clone, Debug)]
enum Bytes {
    Shared { content: Content, range: Range<usize> },
    Own(Vec<u8>),
}

impl Bytes {
    fn get(&self) -> &[u8] {
        match self {
            Self::Shared { content, range } => content.bytes().get(range.clone()).unwrap_or_default(),
            Self::Own(bytes) => bytes,
        }
    }

    /// A part; the range has to lie inside.
    fn part(&self, part: Range<usize>) -> Self {
        match self {
            Self::Shared { content, range } => Self::Shared {
                content: content.clone(),
                range: range.start + part.start..range.start + part.end,
            },
            Self::Own(bytes) => Self::Own(bytes.get(part).unwrap_or_default().to_vec()),
        }
    }

    /// Leaves just a part; the range has to lie inside.
    fn keep(&mut self, part: Range<usize>) {
        match self {
            Self::Shared { range, .. } => *range = range.start + part.start..range.start + part.end,
            Self::Own(bytes) => {
                bytes.truncate(part.end);
                bytes.drain(..part.start);
            }
        }
    }

    fn extend(&mut self, more: &[u8]) {
        match self {
            Self::Own(bytes) => bytes.extend_from_slice(more),
            Self::Shared { .. } => *self = Self::Own([self.get(), more].concat()),
        }
    }
}

/// A stretch of bytes that were written next to each other.
#[derive(Clone, Copy, Debug)]
struct Segment {
    /// Offset of its first byte.
    start: usize,
    /// Where the first byte was written; or, when `fixed`, the place that stands for all of them.
    origin: Span,
    fixed: bool,
}

impl Segment {
    /// The same text, starting `by` bytes later.
    fn advanced(self, by: usize) -> Self {
        if self.fixed {
            return self;
        }
        let column = self.origin.column.saturating_add(u32::try_from(by).unwrap_or(u32::MAX));
        Self { origin: Span { column, ..self.origin }, ..self }
    }
}

impl Text {
    /// A part of a file that stands at `origin` and to the right of it.
    pub(super) fn of_file(content: Content, range: Range<usize>, origin: Span) -> Self {
        let first = Segment { start: 0, origin, fixed: false };
        Self { bytes: Bytes::Shared { content, range }, first, more: Vec::new() }
    }

    /// Bytes that stand at `origin` and to the right of it.
    #[cfg(test)]
    pub(super) fn written(bytes: &[u8], origin: Span) -> Self {
        Self::new(bytes, origin, false)
    }

    /// Bytes that nobody wrote, such as the value of `${_PWD}`: `origin` stands for them.
    pub(super) fn made(bytes: &[u8], origin: Span) -> Self {
        Self::new(bytes, origin, true)
    }

    fn new(bytes: &[u8], origin: Span, fixed: bool) -> Self {
        let first = Segment { start: 0, origin, fixed };
        Self { bytes: Bytes::Own(bytes.to_vec()), first, more: Vec::new() }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get()
    }

    pub(super) fn len(&self) -> usize {
        match &self.bytes {
            Bytes::Shared { range, .. } => range.len(),
            Bytes::Own(bytes) => bytes.len(),
        }
    }

    /// The file, and the part of it that this is, when that part is text without further ado.
    pub(super) fn shared(&self) -> Option<(&Arc<String>, Range<usize>)> {
        let Bytes::Shared { content: Content::Text(text), range } = &self.bytes else { return None };
        // A line that is too long may have been cut inside a character.
        text.get(range.clone()).map(|_| (text, range.clone()))
    }

    /// All of it was written in one place, so that columns follow from offsets.
    pub(super) fn is_uniform(&self) -> bool {
        self.more.is_empty() && !self.first.fixed
    }

    fn segments(&self) -> impl DoubleEndedIterator<Item = &Segment> {
        std::iter::once(&self.first).chain(&self.more)
    }

    /// A part. The range is clamped to the text.
    pub(super) fn slice(&self, range: Range<usize>) -> Self {
        let end = range.end.min(self.len());
        let start = range.start.min(end);
        if self.more.is_empty() {
            return Self {
                bytes: self.bytes.part(start..end),
                first: self.first.advanced(start),
                more: Vec::new(),
            };
        }
        let mut parts = self
            .segments()
            .enumerate()
            .filter(|(index, segment)| {
                let next = if *index == 0 { self.more.first() } else { self.more.get(*index) };
                segment.start < end && next.is_none_or(|next| next.start > start)
            })
            .map(|(_, segment)| {
                let skipped = start.saturating_sub(segment.start);
                Segment { start: segment.start.saturating_sub(start), ..segment.advanced(skipped) }
            });
        let first = parts.next().unwrap_or_else(|| Segment { start: 0, ..self.segment_at(start) });
        let more = parts.collect();
        Self { bytes: self.bytes.part(start..end), first, more }
    }

    /// Without blanks at either end.
    pub(super) fn trimmed(self) -> Self {
        let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c);
        let bytes = self.bytes();
        let start = bytes.iter().position(|byte| !is_blank(byte)).unwrap_or(bytes.len());
        let end = bytes.iter().rposition(|byte| !is_blank(byte)).map_or(start, |last| last + 1);
        self.into_slice(start..end)
    }

    /// A part that takes the place of the whole. The range must lie inside the text.
    pub(super) fn into_slice(mut self, range: Range<usize>) -> Self {
        if range == (0..self.len()) {
            return self;
        }
        if self.more.is_empty() {
            self.first = self.first.advanced(range.start);
            self.bytes.keep(range);
            self
        } else {
            self.slice(range)
        }
    }

    /// Adds text at the end.
    pub(super) fn append(&mut self, other: &Self) {
        if other.len() == 0 {
            return;
        }
        if self.len() == 0 {
            *self = other.clone();
            return;
        }
        let base = self.len();
        self.more.extend(other.segments().map(|segment| Segment { start: base + segment.start, ..*segment }));
        self.bytes.extend(other.bytes());
    }

    /// Puts other text in the place of a range.
    pub(super) fn replace(&self, range: Range<usize>, by: &Self) -> Self {
        let mut result = self.slice(0..range.start);
        result.append(by);
        result.append(&self.slice(range.end..self.len()));
        result
    }

    /// The same text as seen in an expansion.
    pub(super) fn within(&self, expansion: Option<u32>) -> Self {
        let mut copy = self.clone();
        copy.first.origin.expansion = expansion;
        for segment in &mut copy.more {
            segment.origin.expansion = expansion;
        }
        copy
    }

    /// The segment that holds the byte at `offset`, advanced to it.
    fn segment_at(&self, offset: usize) -> Segment {
        let segment = self.segments().rev().find(|segment| segment.start <= offset).unwrap_or(&self.first);
        segment.advanced(offset - segment.start.min(offset))
    }

    /// Where a range was written.
    pub(super) fn span(&self, range: Range<usize>, sources: &SourceMap) -> Span {
        if self.is_uniform() {
            let length = u32::try_from(range.len()).unwrap_or(u32::MAX).max(1);
            return Span { length, ..self.first.advanced(range.start).origin };
        }
        let last_offset = range.end.max(range.start + 1) - 1;
        let (first, last) = (self.segment_at(range.start), self.segment_at(last_offset));
        if first.fixed && last.fixed && first.origin == last.origin {
            return first.origin;
        }
        let one = |segment: Segment| {
            if segment.fixed { segment.origin } else { Span { length: 1, ..segment.origin } }
        };
        let (first, last) = (one(first), one(last));
        if first.file == last.file && first.line == last.line && first.expansion == last.expansion {
            let (from, to) = (first.column, last.column.saturating_add(last.length));
            return Span { length: to.saturating_sub(from).max(1), ..first };
        }
        sources.enclosing(first, last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::FileId;

    fn at(column: u32) -> Span {
        Span { file: FileId(0), line: 7, column, length: 1, expansion: None }
    }

    #[test]
    fn parts_keep_their_columns() {
        let text = Text::written(b"  abc def ", at(1)).trimmed();
        assert_eq!(text.bytes(), b"abc def");
        assert_eq!(text.span(4..7, &SourceMap::default()), Span { length: 3, ..at(7) });
    }

    #[test]
    fn replaced_text_knows_both_origins() {
        let text = Text::written(b"eth${N} up", at(1));
        let value = Text::written(b"42", at(30));
        let text = text.replace(3..7, &value);
        assert_eq!(text.bytes(), b"eth42 up");
        let sources = SourceMap::default();
        assert_eq!(text.span(3..5, &sources), Span { length: 2, ..at(30) });
        assert_eq!(text.span(6..8, &sources), Span { length: 2, ..at(9) });
        assert_eq!(text.slice(4..8).span(2..4, &sources), Span { length: 2, ..at(9) });
    }

    #[test]
    fn an_empty_slice_still_has_a_place() {
        let text = Text::written(b"abc", at(1));
        assert_eq!(text.slice(3..9).span(0..0, &SourceMap::default()).column, 4);
    }
}

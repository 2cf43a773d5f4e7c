//! One logical line: comments, conditions, definitions, sequences, includes and braces are dealt with.

use crate::encoding;
use crate::span::Span;

/// A logical line with its words (config-language reference 1.4).
///
/// There may be a million of them, so the common one, all of whose text stands in one place, keeps no span per word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    text: Box<str>,
    words: Box<[Piece]>,
    span: Span,
    /// Where each word stands, when that does not follow from `span`.
    word_spans: Option<Box<[Span]>>,
}

/// Where a word is in the text of its line: between its quotes, if it has any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) start: u16,
    pub(crate) end: u16,
    pub(crate) quoted: bool,
}

/// A word of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word<'a> {
    /// Its text without quotes. Bytes that are no UTF-8 are kept reversibly; see [`Word::bytes`].
    pub text: &'a str,
    /// Where the user wrote it.
    pub span: Span,
    /// It stood in double quotes.
    pub quoted: bool,
}

impl Word<'_> {
    /// The bytes as they stand in the file.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        encoding::encode(self.text)
    }
}

impl Line {
    /// A line whose words are where `words` says. Offsets count bytes of `text`.
    pub(crate) fn new(
        text: Box<str>,
        words: Box<[Piece]>,
        span: Span,
        word_spans: Option<Box<[Span]>>,
    ) -> Self {
        Self { text, words, span, word_spans }
    }

    /// The word at `index`; 0 is the keyword.
    #[must_use]
    pub fn word(&self, index: usize) -> Option<Word<'_>> {
        let piece = *self.words.get(index)?;
        let text = self.text.get(usize::from(piece.start)..usize::from(piece.end))?;
        let span = match &self.word_spans {
            Some(spans) => *spans.get(index)?,
            None => Span {
                column: self.span.column + u32::from(piece.start),
                length: u32::from(piece.end - piece.start).max(1),
                ..self.span
            },
        };
        Some(Word { text, span, quoted: piece.quoted })
    }

    /// How many words there are, the keyword included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// A line without words.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The whole text, for script strings and `regex`, which have a tokenizer of their own.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.text
    }

    /// The text from a word, with its quote, to the end of the line.
    #[must_use]
    pub fn raw_from(&self, index: usize) -> &str {
        let Some(piece) = self.words.get(index) else { return "" };
        let start = usize::from(piece.start) - usize::from(piece.quoted);
        self.text.get(start..).unwrap_or_default()
    }

    /// Where the line stands.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }
}

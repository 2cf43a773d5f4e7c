//! One logical line: comments, conditions, definitions, sequences, includes and braces are dealt with.

use crate::encoding;
use crate::span::{FileId, Span};
use std::num::NonZeroU32;
use std::ops::Range;
use std::sync::Arc;

/// A logical line with its words (config-language reference 1.4).
///
/// There may be a million of them, so the common one, all of whose text stands in one place of a file, is small: its
/// text is that of the file, and where its words stand follows from where it starts.
#[derive(Clone, Debug)]
pub struct Line {
    /// The whole file, or just the line.
    source: Arc<String>,
    start: u32,
    length: u16,
    file: FileId,
    line: u32,
    column: u32,
    /// One more than the index of the expansion.
    expansion: Option<NonZeroU32>,
    words: Words,
}

/// The words of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Words {
    Few(u8, [Piece; FEW]),
    Many(Box<Many>),
}

/// What most lines do without.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Many {
    pieces: Box<[Piece]>,
    scattered: Option<Scattered>,
}

/// Where a line and its words stand, when that does not follow from where the line starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scattered {
    pub(crate) line: Span,
    pub(crate) words: Box<[Span]>,
}

/// So many words need no memory of their own.
const FEW: usize = 3;

/// Where a word is in the text of its line: between its quotes, if it has any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Piece {
    start: u16,
    /// The highest bit says that the word is quoted.
    end: u16,
}

impl Piece {
    const QUOTED: u16 = 0x8000;

    /// The range must lie below 32768.
    pub(crate) fn new(range: &Range<usize>, quoted: bool) -> Self {
        let offset = |offset: usize| {
            let offset = u16::try_from(offset).ok().filter(|offset| offset & Self::QUOTED == 0);
            offset.expect("lines are bounded to four times 1022 bytes")
        };
        let end = offset(range.end);
        Self { start: offset(range.start), end: if quoted { end | Self::QUOTED } else { end } }
    }

    const fn end(self) -> u16 {
        self.end & !Self::QUOTED
    }

    const fn quoted(self) -> bool {
        self.end & Self::QUOTED != 0
    }
}

/// Collects the words of a line.
#[derive(Default)]
pub(crate) struct Pieces {
    count: u8,
    few: [Piece; FEW],
    /// All of them, once they are more than a few.
    many: Vec<Piece>,
}

impl Pieces {
    /// Adds a word.
    pub(crate) fn push(&mut self, piece: Piece) {
        if let Some(free) = self.few.get_mut(usize::from(self.count))
            && self.many.is_empty()
        {
            *free = piece;
            self.count += 1;
            return;
        }
        if self.many.is_empty() {
            self.many.extend(self.few);
        }
        self.many.push(piece);
    }

    fn as_slice(&self) -> &[Piece] {
        if self.many.is_empty() {
            self.few.get(..usize::from(self.count)).unwrap_or_default()
        } else {
            &self.many
        }
    }

    fn into_words(self, scattered: Option<Scattered>) -> Words {
        if self.many.is_empty() && scattered.is_none() {
            return Words::Few(self.count, self.few);
        }
        Words::Many(Box::new(Many { pieces: self.as_slice().into(), scattered }))
    }
}

impl PartialEq for Line {
    fn eq(&self, other: &Self) -> bool {
        self.raw() == other.raw() && self.words == other.words && self.span() == other.span()
    }
}

impl Eq for Line {}

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
    /// A line whose text is a part of `source` and starts at `span`, unless it and its words are scattered. Offsets
    /// of words count bytes of the line's text.
    pub(crate) fn new(
        source: Arc<String>,
        range: &Range<usize>,
        pieces: Pieces,
        span: Span,
        scattered: Option<Scattered>,
    ) -> Self {
        Self {
            source,
            start: u32::try_from(range.start).expect("the reader bounds the size of files"),
            length: u16::try_from(range.len()).expect("lines are bounded to four times 1022 bytes"),
            file: span.file,
            line: span.line,
            column: span.column,
            expansion: span.expansion.and_then(|index| NonZeroU32::new(index.wrapping_add(1))),
            words: pieces.into_words(scattered),
        }
    }

    fn pieces(&self) -> &[Piece] {
        match &self.words {
            Words::Few(count, few) => few.get(..usize::from(*count)).unwrap_or_default(),
            Words::Many(many) => &many.pieces,
        }
    }

    fn scattered(&self) -> Option<&Scattered> {
        match &self.words {
            Words::Few(..) => None,
            Words::Many(many) => many.scattered.as_ref(),
        }
    }

    /// The text of the first word, and nothing else: the cheap way to ask what a line is about.
    pub(crate) fn keyword(&self) -> &str {
        self.pieces().first().and_then(|piece| self.text_of(*piece)).unwrap_or_default()
    }

    fn text_of(&self, piece: Piece) -> Option<&str> {
        let start = usize::try_from(self.start).ok()?;
        self.source.get(start + usize::from(piece.start)..start + usize::from(piece.end()))
    }

    /// The word at `index`; 0 is the keyword.
    #[must_use]
    pub fn word(&self, index: usize) -> Option<Word<'_>> {
        let piece = *self.pieces().get(index)?;
        let text = self.text_of(piece)?;
        let span = match self.scattered() {
            Some(scattered) => *scattered.words.get(index)?,
            None => self.stretch(self.column + u32::from(piece.start), u32::from(piece.end() - piece.start)),
        };
        Some(Word { text, span, quoted: piece.quoted() })
    }

    /// How many words there are, the keyword included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pieces().len()
    }

    /// A line without words.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pieces().is_empty()
    }

    /// The whole text, for script strings and `regex`, which have a tokenizer of their own.
    #[must_use]
    pub fn raw(&self) -> &str {
        let start = usize::try_from(self.start).unwrap_or(usize::MAX);
        self.source.get(start..start.saturating_add(self.length.into())).unwrap_or_default()
    }

    /// The text from a word, with its quote, to the end of the line.
    #[must_use]
    pub fn raw_from(&self, index: usize) -> &str {
        let Some(piece) = self.pieces().get(index) else { return "" };
        let start = usize::from(piece.start) - usize::from(piece.quoted());
        self.raw().get(start..).unwrap_or_default()
    }

    /// Where the line stands.
    #[must_use]
    pub fn span(&self) -> Span {
        match self.scattered() {
            Some(scattered) => scattered.line,
            None => self.stretch(self.column, self.length.into()),
        }
    }

    fn stretch(&self, column: u32, length: u32) -> Span {
        let expansion = self.expansion.map(|next| next.get() - 1);
        Span { file: self.file, line: self.line, column, length: length.max(1), expansion }
    }
}

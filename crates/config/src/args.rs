//! The words after a keyword, taken one by one, with the original's reports for what is wrong with them.

use crate::context::Context;
use crate::diagnostic::{Class, Diagnostic};
use crate::line::{Line, Word};
use crate::span::Span;
use crate::value::Notation;
use std::ops::RangeInclusive;
use std::time::Duration;

/// A cursor over the words of a line.
pub struct Args<'a> {
    line: &'a Line,
    next: usize,
}

impl<'a> Args<'a> {
    /// The words after the keyword.
    #[must_use]
    pub fn after_keyword(line: &'a Line) -> Self {
        Self { line, next: 1 }
    }

    /// All words of an item line.
    #[must_use]
    pub fn of_item(line: &'a Line) -> Self {
        Self { line, next: 0 }
    }

    /// The first word of the line: the keyword, or an item's first word.
    #[must_use]
    pub fn keyword(&self) -> &'a str {
        self.line.word(0).map_or("", |word| word.text)
    }

    /// Where the line stands.
    #[must_use]
    pub fn span(&self) -> Span {
        self.line.span()
    }

    /// The line itself, for the script tokenizer.
    #[must_use]
    pub fn line(&self) -> &'a Line {
        self.line
    }

    /// How many words are left.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.line.len().saturating_sub(self.next)
    }

    /// The next word without taking it.
    #[must_use]
    pub fn peek(&self) -> Option<Word<'a>> {
        self.line.word(self.next)
    }

    /// Takes the next word.
    pub fn next_word(&mut self) -> Option<Word<'a>> {
        let word = self.peek()?;
        self.next += 1;
        Some(word)
    }

    /// Takes the next word; a missing one stops the original on the spot with status 2 (config-language reference 6.3).
    /// Ours reports it and goes on to find the other problems; the daemon does not start all the same.
    pub fn required(&mut self, context: &mut Context<'_>) -> Option<Word<'a>> {
        if let Some(word) = self.next_word() {
            return Some(word);
        }
        let message = format!(
            "*** Configuration line starting `{keyword}` is missing a parameter after keyword `{keyword}` at word position {position}",
            keyword = self.keyword(),
            position = self.next + 1
        );
        let report = Diagnostic::at(Class::MissingParameter, self.span(), message).stopping(2).deciding(2);
        context.push(report.label("something has to follow this"));
        None
    }

    /// Takes a signed decimal number in `range`; reports what is wrong in the original's words (6.1). `None` when there
    /// is no usable number; a missing word is not reported here.
    pub fn number(&mut self, range: RangeInclusive<i64>, context: &mut Context<'_>) -> Option<i64> {
        let word = self.next_word()?;
        crate::value::signed(word, range, context)
    }

    /// Takes an unsigned decimal number in `range`; otherwise as [`number`](Self::number).
    pub fn unsigned(&mut self, range: RangeInclusive<u64>, context: &mut Context<'_>) -> Option<u64> {
        let word = self.next_word()?;
        crate::value::unsigned(word, range, context)
    }

    /// Takes an unsigned number in C or hexadecimal notation, for the keywords that allow it.
    pub fn unsigned_in(
        &mut self,
        range: RangeInclusive<u64>,
        notation: Notation,
        context: &mut Context<'_>,
    ) -> Option<u64> {
        let word = self.next_word()?;
        crate::value::unsigned_in(word, range, notation, context)
    }

    /// Takes all words that are left, for the keywords whose value is a list.
    pub fn rest(&mut self) -> impl Iterator<Item = Word<'a>> + use<'a, '_> {
        std::iter::from_fn(move || self.next_word())
    }

    /// The text from the next word to the end of the line as it was written, quotes included; takes it.
    #[must_use]
    pub fn rest_of_line(&mut self) -> &'a str {
        let rest = self.line.raw_from(self.next);
        self.next = self.line.len();
        rest
    }

    /// How many words have been taken, the keyword included.
    #[must_use]
    pub fn position(&self) -> usize {
        self.next
    }

    /// Takes all that is left without looking at it.
    pub fn skip_rest(&mut self) {
        self.next = self.line.len();
    }

    /// Takes a fraction of seconds with at most `decimals` decimals in `range`, e.g. `0.25` (6.2).
    pub fn seconds(
        &mut self,
        range: RangeInclusive<Duration>,
        decimals: u32,
        context: &mut Context<'_>,
    ) -> Option<Duration> {
        let word = self.next_word()?;
        crate::value::seconds(word, range, decimals, context)
    }

    /// Takes an optional boolean: no word is on; another word is reported as the original does and gives `None`.
    pub fn boolean(&mut self, context: &mut Context<'_>) -> Option<bool> {
        match self.next_word() {
            None => Some(true),
            Some(word) => crate::value::boolean(word, self.keyword(), context),
        }
    }
}

//! The lines of a configuration, nested as its braces say.

mod advice;
mod build;
mod hint;
mod skipped;

pub(crate) use build::build;

use crate::line::Line;
use crate::span::Span;
use std::fmt::{self, Display, Formatter};

/// A line and, for a keyword with a block, what stands between its braces.
///
/// Blocks nest as deep as the tables do: a block inside a line list, or behind an unknown keyword, is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The line with the keyword, or the item.
    pub line: Line,
    /// Most lines have none, and pay for no more than a pointer.
    block: Option<Box<Block>>,
}

/// What stands between braces.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Block {
    body: Vec<Node>,
    end: Option<Span>,
}

impl Node {
    /// A line without a block.
    pub(crate) fn line(line: Line) -> Self {
        Self { line, block: None }
    }

    /// A line with a block, which ends at `end` unless the last file does.
    pub(crate) fn block(line: Line, body: Vec<Self>, end: Option<Span>) -> Self {
        Self { line, block: Some(Box::new(Block { body, end })) }
    }

    /// The block's lines; `None` when the line has no block.
    #[must_use]
    pub fn body(&self) -> Option<&[Self]> {
        self.block.as_ref().map(|block| block.body.as_slice())
    }

    /// The `}` of the block, if it has one.
    #[must_use]
    pub fn end(&self) -> Option<Span> {
        self.block.as_ref()?.end
    }

    /// The same words in the same nesting, wherever they stand.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        let bodies = match (self.body(), other.body()) {
            (None, None) => true,
            (Some(left), Some(right)) => say_the_same(left, right),
            _ => false,
        };
        bodies && self.line.raw() == other.line.raw()
    }

    fn print(&self, depth: usize, out: &mut Formatter<'_>) -> fmt::Result {
        let indent = depth * 4;
        write!(out, "{:indent$}", "")?;
        print_text(self.line.raw(), out)?;
        let Some(body) = self.body() else { return writeln!(out) };
        // Behind a quote that is not closed, a brace would belong to the quote.
        let is_closed = self.line.raw().matches('"').count().is_multiple_of(2);
        if is_closed {
            writeln!(out, " {{")?;
        } else {
            writeln!(out, "\n{:indent$}{{", "")?;
        }
        for node in body {
            node.print(depth + 1, out)?;
        }
        writeln!(out, "{:indent$}}}", "")
    }
}

/// Do two lists of nodes say the same, wherever they stand?
#[must_use]
pub fn say_the_same(left: &[Node], right: &[Node]) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(left, right)| left.says_the_same(right))
}

/// Reading what is printed gives the same tree. Bytes that are no text are printed as their stand-ins
/// ([`encoding`](crate::encoding)).
impl Display for Node {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        self.print(0, out)
    }
}

/// What was taken away when the line was read has to be put back.
fn print_text(text: &str, out: &mut Formatter<'_>) -> fmt::Result {
    if text.starts_with('@') {
        // A line that begins like a condition has been through one; `@^ ` is always true.
        out.write_str("@^ ")?;
    }
    let mut quoted = false;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => quoted = !quoted,
            '#' | '!' if !quoted => out.write_str("\\")?,
            '\\' => {
                write!(out, "\\")?;
                if let Some(next) = characters.next() {
                    write!(out, "{next}")?;
                }
                continue;
            }
            _ => {}
        }
        write!(out, "{character}")?;
    }
    Ok(())
}

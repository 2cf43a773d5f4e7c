//! The tables: one row per keyword, one table per block.
//!
//! A row holds everything there is to say about a keyword. The parser, the did-you-mean hints, the manual and the
//! tables in `docs/` are made from it. Rows of different blocks have different types (`Keyword<InstanceDraft>`,
//! `Keyword<GlobalDraft>`), because each block fills a draft of its own; [`Grammar`] is the view that is the same
//! for all.

use crate::args::Args;
use crate::context::Context;
use crate::tree::Node;

/// One keyword of a block whose draft is `D`.
pub struct Keyword<D: 'static> {
    /// The word itself.
    pub name: &'static str,
    /// Its arguments, in the notation of the manual; empty for none.
    pub usage: &'static str,
    /// What holds without it.
    pub default: &'static str,
    /// A sentence or two for the manual.
    pub help: &'static str,
    /// Who does something with it by now.
    pub status: Status,
    /// What follows the word, and what it does.
    pub kind: Kind<D>,
}

/// How far a keyword is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The daemon acts on it.
    Acted,
    /// Known, checked and kept, but nobody acts on it yet: said once in the log, listed in `docs/keywords.md`.
    Pending,
    /// Without effect in the original, too.
    Inert,
}

/// What follows a keyword.
pub enum Kind<D: 'static> {
    /// Words on the same line.
    Line(fn(&mut D, &mut Args<'_>, &mut Context<'_>)),
    /// `{ ... }` with keywords of its own.
    Block(&'static dyn Nested<D>),
    /// `{ ... }` where each line is one item, given to this function; `words` lists the option words an item knows.
    Lines {
        /// Called once per line. `Args` starts at the line's first word.
        item: fn(&mut D, &mut Args<'_>, &mut Context<'_>),
        /// Called when the block opens, with the words of the keyword's own line (or `None`).
        open: Option<fn(&mut D, &mut Args<'_>, &mut Context<'_>)>,
        /// Called when the block closes: checks of the whole list.
        close: Option<fn(&mut D, &mut Context<'_>)>,
        /// The option words of an item, for the manual and did-you-mean. Each is a row of the keyword reference.
        words: &'static [ItemWord],
    },
}

/// An option word inside an item line, such as `dev` of an address.
#[derive(Clone, Copy, Debug)]
pub struct ItemWord {
    /// The word.
    pub name: &'static str,
    /// Its arguments.
    pub usage: &'static str,
    /// What holds without it.
    pub default: &'static str,
    /// A sentence for the manual.
    pub help: &'static str,
    /// Who does something with it by now.
    pub status: Status,
}

/// What the tree builder needs to know of a block: which words open blocks of which shape.
pub trait Grammar: Sync {
    /// The shape of `word` in this block; `None` for an unknown keyword.
    fn shape(&self, word: &str) -> Option<Shape>;
    /// Rows for the manual, in table order.
    fn rows(&self) -> Vec<Row>;
}

/// What follows a keyword, untyped.
#[derive(Clone, Copy)]
pub enum Shape {
    /// Words only.
    Line,
    /// A block of keywords.
    Block(&'static dyn Grammar),
    /// A block of items.
    Lines,
}

/// A row as the manual prints it.
pub struct Row {
    /// The keyword.
    pub name: &'static str,
    /// Its arguments.
    pub usage: &'static str,
    /// What holds without it.
    pub default: &'static str,
    /// A sentence or two.
    pub help: &'static str,
    /// Who acts on it.
    pub status: Status,
    /// For a block: its own rows.
    pub block: Option<&'static dyn Grammar>,
    /// For a list of items: the words an item knows.
    pub words: &'static [ItemWord],
    /// It opens a list of items.
    pub is_list: bool,
}

/// A block inside a block whose draft is `D`.
pub trait Nested<D>: Grammar {
    /// Reads the block: opens its own draft, applies every line, closes into `parent`.
    fn read(&'static self, parent: &mut D, node: &Node, context: &mut Context<'_>);
    /// The same object as an untyped grammar.
    fn grammar(&'static self) -> &'static dyn Grammar;
}

/// A block with a draft `S` inside a block with a draft `D`.
pub struct Section<D: 'static, S: 'static> {
    /// Its table.
    pub keywords: &'static [Keyword<S>],
    /// Makes the draft from the words after the keyword; `None` drops the whole block (its lines are still known,
    /// but not applied), the reason having been reported.
    pub open: fn(&mut D, &mut Args<'_>, &mut Context<'_>) -> Option<S>,
    /// Checks the draft and files it in its parent.
    pub close: fn(&mut D, S, &mut Context<'_>),
}

//! How a table reads a block: find the row, give it the words, file the result.

use crate::args::Args;
use crate::context::Context;
use crate::diagnostic::{Class, Diagnostic};
use crate::keyword::{Grammar, ItemWord, Keyword, Kind, Nested, Row, Section, Shape, Status};
use crate::line::Line;
use crate::tree::Node;

impl<D: 'static, S: 'static> Section<D, S> {
    /// The row of `word`; the first one when there are several, as in the original.
    #[must_use]
    pub fn find(&self, word: &str) -> Option<&'static Keyword<S>> {
        // Every line asks twice; the first byte tells most names apart.
        let first = word.as_bytes().first();
        self.keywords.iter().find(|keyword| keyword.name.as_bytes().first() == first && keyword.name == word)
    }

    /// Applies lines to a draft. Lines whose keyword the table does not know are skipped: the tree builder has
    /// reported them.
    pub fn apply_all(&self, draft: &mut S, nodes: &[Node], context: &mut Context<'_>) {
        for node in nodes {
            self.apply(draft, node, context);
        }
    }

    /// Applies one line, with its block, to a draft.
    pub fn apply(&self, draft: &mut S, node: &Node, context: &mut Context<'_>) {
        let Some(row) = self.find(node.line.keyword()) else { return };
        if row.status == Status::Pending
            && let Some(word) = node.line.word(0)
        {
            context.pending.note(row.name, word.span);
        }
        match &row.kind {
            Kind::Line(apply) => apply(draft, &mut Args::after_keyword(&node.line), context),
            Kind::Block(nested) => nested.read(draft, node, context),
            Kind::Lines { item, open, close, words } => {
                match open {
                    Some(open) => open(draft, &mut Args::after_keyword(&node.line), context),
                    None => report_surplus(&node.line, context),
                }
                for child in node.body().into_iter().flatten() {
                    note_pending_words(words, &child.line, context);
                    item(draft, &mut Args::of_item(&child.line), context);
                }
                if let Some(close) = close {
                    context.report.closing(node.end());
                    close(draft, context);
                    context.report.closing(None);
                }
            }
        }
    }
}

impl<S: 'static> Section<(), S> {
    /// Applies a whole tree to the outermost draft. `global_defs` come first, wherever they stand, so that what they
    /// say holds for all instances (config-language reference 2.2). Each block is freed when it has been applied, so that
    /// a large configuration is not in memory twice.
    pub fn apply_root(&self, draft: &mut S, tree: Vec<Node>, context: &mut Context<'_>) {
        context.report.reported_by_parent(true);
        for node in tree.iter().filter(|node| is_global(node)) {
            self.apply(draft, node, context);
        }
        for node in tree.into_iter().filter(|node| !is_global(node)) {
            // The parent of the original knows the settings at the top level, its children what is in blocks.
            context.report.reported_by_parent(node.body().is_none());
            self.apply(draft, &node, context);
        }
        context.report.reported_by_parent(false);
    }
}

fn is_global(node: &Node) -> bool {
    node.line.keyword() == "global_defs"
}

/// Words between the keyword of a list and its `{`.
fn report_surplus(line: &Line, context: &mut Context<'_>) {
    let (Some(keyword), Some(surplus)) = (line.word(0), line.word(1)) else { return };
    let message = format!("Block {} has extra parameters {} ...", keyword.text, surplus.text);
    context.push(Diagnostic::at(Class::GeneralError, surplus.span, message).label("only '{' may follow"));
}

/// Option words of an item that nobody acts on yet. An interface may bear such a name, too; the remark is harmless.
fn note_pending_words(words: &'static [ItemWord], line: &Line, context: &mut Context<'_>) {
    for word in words.iter().filter(|word| word.status == Status::Pending) {
        let mut used = (0..line.len()).filter_map(|index| line.word(index));
        if let Some(used) = used.find(|used| used.text == word.name) {
            context.pending.note(word.name, used.span);
        }
    }
}

impl<D: 'static, S: 'static> Grammar for Section<D, S> {
    fn shape(&self, word: &str) -> Option<Shape> {
        self.find(word).map(|row| match &row.kind {
            Kind::Line(_) => Shape::Line,
            Kind::Block(nested) => Shape::Block(nested.grammar()),
            Kind::Lines { .. } => Shape::Lines,
        })
    }

    fn rows(&self) -> Vec<Row> {
        self.keywords.iter().map(row).collect()
    }
}

fn row<S>(keyword: &Keyword<S>) -> Row {
    let (block, words, is_list) = match &keyword.kind {
        Kind::Line(_) => (None, &[][..], false),
        Kind::Block(nested) => (Some(nested.grammar()), &[][..], false),
        Kind::Lines { words, .. } => (None, *words, true),
    };
    Row {
        name: keyword.name,
        usage: keyword.usage,
        default: keyword.default,
        help: keyword.help,
        status: keyword.status,
        block,
        words,
        is_list,
    }
}

impl<D: 'static, S: 'static> Nested<D> for Section<D, S> {
    fn read(&'static self, parent: &mut D, node: &Node, context: &mut Context<'_>) {
        let Some(mut draft) = (self.open)(parent, &mut Args::after_keyword(&node.line), context) else {
            return;
        };
        self.apply_all(&mut draft, node.body().unwrap_or_default(), context);
        context.report.closing(node.end());
        (self.close)(parent, draft, context);
        context.report.closing(None);
    }

    fn grammar(&'static self) -> &'static dyn Grammar {
        self
    }
}

//! Nests lines as their braces say, with exactly the original's idea of what a misplaced brace means
//! (config-language reference 2.1).

use super::Node;
use super::advice;
use super::hint::Hints;
use super::skipped::Names;
use crate::diagnostic::{Class, Diagnostic, Report};
use crate::keyword::{Grammar, Shape};
use crate::line::{Line, Word};
use crate::reader::Reader;
use crate::span::Span;

/// Tables that contain themselves would let a file nest without end.
const MAX_DEPTH: usize = 32;

/// Reads everything and nests it.
pub(crate) fn build(reader: &mut Reader<'_>, root: &'static dyn Grammar, report: &mut Report) -> Vec<Node> {
    let mut builder = Builder {
        root,
        nodes: Vec::new(),
        open: Vec::new(),
        balance: 0,
        hints: Hints::new(root),
        names: Names::default(),
    };
    loop {
        report.reported_by_parent(true);
        let Some(line) = reader.next_line(report) else { break };
        report.reported_by_parent(builder.open.iter().all(|block| block.is_global));
        if builder.open.len() == 1
            && report.is_by_parent()
            && let Some(word) = line.word(0).filter(|word| word.text == "include_check" && !word.quoted)
        {
            let words = (1..line.len()).filter_map(|index| line.word(index)).map(|word| word.text);
            debug_assert_eq!(word.text, "include_check");
            reader.change_checks(words);
        }
        builder.add(line, report);
    }
    builder.finish(report)
}

struct Builder {
    root: &'static dyn Grammar,
    /// The lines outside of every block, then those so far of each open block, the outermost first.
    nodes: Vec<Node>,
    open: Vec<Open>,
    /// Opening braces minus closing ones, wherever they belong.
    balance: usize,
    hints: Hints,
    names: Names,
}

/// A block that is not closed yet.
struct Open {
    line: Line,
    /// Where its lines start among all.
    start: usize,
    /// `None` for a list of items.
    grammar: Option<&'static dyn Grammar>,
    /// Its `{` has not come yet.
    awaits_brace: bool,
    /// `global_defs` or inside it.
    is_global: bool,
    /// Nothing in it counts, except that its braces have to match: so many are open inside.
    skipped: Option<usize>,
}

/// A brace that is a line of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Brace {
    Opening,
    Closing,
}

impl Brace {
    fn of(line: &Line) -> Option<Self> {
        match line.raw() {
            "{" => Some(Self::Opening),
            "}" => Some(Self::Closing),
            _ => None,
        }
    }
}

fn first_word(line: &Line) -> Word<'_> {
    line.word(0).unwrap_or(Word { text: "", span: line.span(), quoted: false })
}

impl Builder {
    fn add(&mut self, line: Line, report: &mut Report) {
        let brace = Brace::of(&line);
        self.count_braces(brace, &line, report);
        if let Some(block) = self.open.last_mut()
            && std::mem::take(&mut block.awaits_brace)
        {
            if brace == Some(Brace::Opening) {
                return;
            }
            report_missing_brace(block, &line, report);
        }
        if self.skip(brace) {
            return;
        }
        match self.open.last() {
            Some(_) if brace == Some(Brace::Closing) => self.close(Some(line.span())),
            Some(Open { grammar: None, .. }) => self.nodes.push(Node::line(line)),
            _ if brace == Some(Brace::Opening) => self.report_unexpected_brace(&line, report),
            _ => self.add_keyword(line, report),
        }
    }

    /// Passes over a line of a block that is skipped. `false` outside, and for the brace that closes the block.
    fn skip(&mut self, brace: Option<Brace>) -> bool {
        let Some(depth) = self.open.last_mut().and_then(|block| block.skipped.as_mut()) else { return false };
        match brace {
            Some(Brace::Opening) => *depth += 1,
            Some(Brace::Closing) => {
                let Some(outer) = depth.checked_sub(1) else { return false };
                *depth = outer;
            }
            None => {}
        }
        true
    }

    fn count_braces(&mut self, brace: Option<Brace>, line: &Line, report: &mut Report) {
        match (brace, self.balance.checked_sub(1)) {
            (Some(Brace::Opening), _) => self.balance += 1,
            (Some(Brace::Closing), Some(balance)) => self.balance = balance,
            (Some(Brace::Closing), None) => {
                report.push(Diagnostic::at(Class::UnexpectedClosingBrace, line.span(), "Extra '}' found"))
            }
            (None, _) => {}
        }
    }

    fn add_keyword(&mut self, line: Line, report: &mut Report) {
        let grammar = self.open.last().map_or(Some(self.root), |block| block.grammar).unwrap_or(self.root);
        let nested = match grammar.shape(line.keyword()) {
            None => return self.report_unknown(&line, grammar, report),
            Some(Shape::Line) => return self.nodes.push(Node::line(line)),
            Some(Shape::Block(nested)) => Some(nested),
            Some(Shape::Lines) => None,
        };
        if self.open.len() >= MAX_DEPTH {
            let message = format!("more than {MAX_DEPTH} blocks inside each other");
            return report.push(Diagnostic::at(Class::GeneralError, first_word(&line).span, message));
        }
        let is_global = line.keyword() == "global_defs" && self.open.is_empty()
            || self.open.last().is_some_and(|outer| outer.is_global);
        let skipped = (self.open.is_empty() && self.names.refuse(&line)).then_some(0);
        self.open.push(Open {
            line,
            start: self.nodes.len(),
            grammar: nested,
            awaits_brace: true,
            is_global,
            skipped,
        });
    }

    fn close(&mut self, end: Option<Span>) {
        if let Some(block) = self.open.pop() {
            // Takes exactly as much memory as is needed.
            let body = self.nodes.drain(block.start..).collect();
            self.nodes.push(Node::block(block.line, body, end));
        }
    }

    fn report_unknown(&mut self, line: &Line, grammar: &'static dyn Grammar, report: &mut Report) {
        let word = first_word(line);
        let message = format!("Unknown keyword '{}'", word.text);
        let mut diagnostic = Diagnostic::at(Class::UnknownKeyword, word.span, message);
        if word.text == "}" && !word.quoted {
            diagnostic = diagnostic.label("no block is open here");
        } else if let Some(advice) = advice::find(word.text) {
            diagnostic = diagnostic.help(advice);
        } else {
            diagnostic.help.extend(self.hints.unknown(word.text, grammar));
        }
        report.push(diagnostic);
    }

    fn report_unexpected_brace(&self, line: &Line, report: &mut Report) {
        let around = match self.open.last() {
            Some(block) => format!("`{}`", first_word(&block.line).text),
            None => "the top level".to_owned(),
        };
        report.push(
            Diagnostic::at(Class::UnexpectedOpeningBrace, line.span(), "Unexpected '{' - ignoring")
                .label("no block belongs here")
                .help(format!("what follows is read as part of {around}, and the next '}}' closes that")),
        );
    }

    /// The end of the last file: what is open counts as closed.
    fn finish(mut self, report: &mut Report) -> Vec<Node> {
        report.reported_by_parent(true);
        if self.balance > 0 {
            let message = format!("There are {} missing '}}'s or extra '{{'s", self.balance);
            let mut diagnostic = Diagnostic::after_reading(
                Class::MissingClosingBrace,
                self.open.last().map(|open| open.line.span()),
                message,
            );
            if !self.open.is_empty() {
                diagnostic = diagnostic.label("this block is not closed");
            }
            for outer in self.open.iter().rev().skip(1) {
                diagnostic = diagnostic.related(outer.line.span(), "nor is this one");
            }
            report.push(diagnostic);
        }
        while !self.open.is_empty() {
            self.close(None);
        }
        self.nodes
    }
}

fn report_missing_brace(block: &Open, line: &Line, report: &mut Report) {
    let keyword = first_word(&block.line);
    if block.grammar.is_some() {
        let message = "Missing '{' at beginning of configuration block";
        report.push(
            Diagnostic::at(Class::MissingOpeningBrace, line.span(), message)
                .label("'{' is expected before this")
                .related(keyword.span, "for this block"),
        );
    } else {
        let message = format!("'{{' missing from beginning of block {}", keyword.text);
        report.push(Diagnostic::at(Class::LogOnly, line.span(), message).losing_text());
    }
}

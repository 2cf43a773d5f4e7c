//! Turns the keyword tables into keepalived.conf(5), in the macros of man(7).

#[path = "../keyword-table/blocks.rs"]
mod blocks;

use blocks::{Block, LANGUAGE, Line};
use keepalived_config::keyword::{Grammar, Status};
use std::fmt::Write as _;

/// What is said before the tables. Whoever makes the package puts version and date in.
const INTRODUCTION: &str = include_str!("introduction.man");
/// What is said after them.
const END: &str = include_str!("end.man");

/// The whole page.
pub(crate) fn document(root: &'static dyn Grammar) -> String {
    let blocks = blocks::all(root);
    let mut page = INTRODUCTION.to_owned();
    page.push_str(".SH THE LANGUAGE\n");
    for (construct, meaning) in LANGUAGE {
        item(&mut page, construct, "", meaning);
    }
    page.push_str(".SH KEYWORDS\n");
    for (number, block) in blocks.iter().enumerate().filter(|(_, block)| !block.lines.is_empty()) {
        section(&mut page, block, blocks.get(..number).unwrap_or_default());
    }
    page.push_str(END);
    page
}

/// One block. What an earlier one has said line by line is not said again.
fn section(page: &mut String, block: &Block, earlier: &[Block]) {
    let title = if block.path.is_empty() { "Top level".to_owned() } else { block.path.replace('/', " / ") };
    let _ = writeln!(page, ".SS \"{}\"", quoted(&title));
    if let Some(same) = earlier.iter().find(|other| other.lines == block.lines) {
        let _ = writeln!(page, "The same words as in \\fB{}\\fR.", escaped(&same.path.replace('/', " / ")));
        return;
    }
    if block.is_list {
        page.push_str("One item a line; it may have these words:\n");
    }
    block.lines.iter().for_each(|line| keyword(page, line));
}

fn keyword(page: &mut String, line: &Line) {
    let mut text = line.help.clone();
    if !line.default.is_empty() {
        let _ = write!(text, " Default: {}.", line.default.trim_end_matches('.'));
    }
    match line.status {
        Status::Acted => {}
        Status::Pending => text.push_str(" Accepted; nothing acts on it yet."),
        Status::Inert => text.push_str(" Accepted; it never had an effect."),
    }
    item(page, &line.name, &line.usage, &text);
}

/// A paragraph with a word before it.
fn item(page: &mut String, name: &str, usage: &str, text: &str) {
    let _ = write!(page, ".TP\n\\fB{}\\fR", escaped(name));
    if !usage.is_empty() {
        let _ = write!(page, " {}", escaped(usage));
    }
    page.push('\n');
    // A sentence a line: the formatter decides about the space between them, and no line grows long.
    for sentence in text.split_inclusive(". ") {
        let sentence = escaped(sentence.trim());
        let guard = if sentence.starts_with(['.', '\'']) { "\\&" } else { "" };
        let _ = writeln!(page, "{guard}{sentence}");
    }
}

/// Text whose characters mean themselves. A hyphen that somebody may copy has to stay one.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' => escaped.push_str("\\e"),
            '-' => escaped.push_str("\\-"),
            '~' => escaped.push_str("\\(ti"),
            '^' => escaped.push_str("\\(ha"),
            '`' => escaped.push_str("\\(ga"),
            '\'' => escaped.push_str("\\(aq"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// The same inside the quotes of a macro's argument.
fn quoted(text: &str) -> String {
    escaped(text).replace('"', "\\(dq")
}

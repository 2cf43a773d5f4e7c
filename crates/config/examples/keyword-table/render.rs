//! Turns the keyword tables into `docs/keywords.md`.

#[path = "blocks.rs"]
mod blocks;

use blocks::{Block, LANGUAGE};
use keepalived_config::keyword::{Grammar, Status};
use std::collections::BTreeSet;
use std::fmt::Write;

/// The whole document.
pub(crate) fn document(root: &'static dyn Grammar) -> String {
    let blocks = blocks::all(root);
    let mut text = String::from(INTRODUCTION);
    totals(&blocks, &mut text);
    language(&mut text);
    for block in blocks.iter().filter(|block| !block.lines.is_empty()) {
        table(block, &mut text);
    }
    not_acted_on(&blocks, &mut text);
    text
}

const INTRODUCTION: &str = "\
# Keywords

This file is made from the tables that the parser itself uses; do not edit it:

    cargo run -p keepalived-config --example keyword-table > docs/keywords.md

The last column says `yes` when the daemon does what the keyword asks for, `not yet` when the keyword is known, checked and
kept, but nothing follows from it yet, and `no effect` when it never had one.

";

fn totals(blocks: &[Block], text: &mut String) {
    let count = |wanted: Status| {
        blocks.iter().flat_map(|block| &block.lines).filter(|line| line.status == wanted).count()
    };
    let (acted, pending, inert) = (count(Status::Acted), count(Status::Pending), count(Status::Inert));
    let words = acted + pending + inert;
    let lists = blocks.iter().filter(|block| block.is_list).count();
    let known = words + lists + LANGUAGE.len();
    let _ = writeln!(
        text,
        "Known: {known}, which are {words} keywords and option words, {lists} kinds of lists and {} constructs of the language.",
        LANGUAGE.len()
    );
    let _ = writeln!(
        text,
        "Keywords and option words acted on: {acted}; not yet: {pending}; without effect: {inert}."
    );
    text.push_str("A word that several blocks know counts once for each.\n\n");
}

fn language(text: &mut String) {
    text.push_str("## The language itself\n\n| Construct | Meaning |\n|---|---|\n");
    for (construct, meaning) in LANGUAGE {
        let _ = writeln!(text, "| {} | {} |", code(construct), cell(meaning));
    }
    text.push('\n');
}

fn table(block: &Block, text: &mut String) {
    let title = if block.path.is_empty() { "Top level".to_owned() } else { format!("`{}`", block.path) };
    let _ = writeln!(text, "## {title}\n");
    text.push_str("| Keyword | Syntax | Default | Meaning | Acted on |\n|---|---|---|---|---|\n");
    for line in &block.lines {
        let acted = match line.status {
            Status::Acted => "yes",
            Status::Pending => "not yet",
            Status::Inert => "no effect",
        };
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {acted} |",
            line.name,
            code(&line.usage),
            cell(&line.default),
            cell(&line.help)
        );
    }
    text.push('\n');
}

/// A cell in code font; `|` ends a cell even there.
fn code(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("`{}`", text.replace('|', "\\|")) }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

fn not_acted_on(blocks: &[Block], text: &mut String) {
    text.push_str("## Accepted, not acted on yet\n\n");
    for block in blocks {
        let names: BTreeSet<&str> = block
            .lines
            .iter()
            .filter(|line| line.status == Status::Pending)
            .map(|line| line.name.as_str())
            .collect();
        if names.is_empty() {
            continue;
        }
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        let path = if block.path.is_empty() { "top level".to_owned() } else { format!("`{}`", block.path) };
        let _ = writeln!(text, "- {path}: {}", names.join(", "));
    }
}

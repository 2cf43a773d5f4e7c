//! Turns the keyword tables into `docs/keywords.md`.

use keepalived_config::keyword::{Grammar, ItemWord, Row, Status};
use std::collections::BTreeSet;
use std::fmt::Write;

/// One block of the configuration with everything it knows.
struct Block {
    /// Blocks on the way here, from the outside in: `virtual_server/real_server`.
    path: String,
    /// Each of its lines is an item rather than a keyword.
    is_list: bool,
    lines: Vec<Line>,
}

/// One line of a table.
struct Line {
    name: String,
    usage: String,
    default: String,
    help: String,
    status: Status,
}

/// The whole document.
pub(crate) fn document(root: &'static dyn Grammar) -> String {
    let mut blocks = Vec::new();
    collect(root, "", &mut blocks);
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

fn collect(grammar: &'static dyn Grammar, path: &str, blocks: &mut Vec<Block>) {
    let rows = grammar.rows();
    let lines = rows.iter().map(line).collect();
    blocks.push(Block { path: path.to_owned(), is_list: false, lines });
    for row in &rows {
        let inner = if path.is_empty() { row.name.to_owned() } else { format!("{path}/{}", row.name) };
        if let Some(block) = row.block {
            collect(block, &inner, blocks);
        } else if row.is_list {
            blocks.push(Block { path: inner, is_list: true, lines: row.words.iter().map(word).collect() });
        }
    }
}

fn line(row: &Row) -> Line {
    Line {
        name: row.name.to_owned(),
        usage: row.usage.to_owned(),
        default: row.default.to_owned(),
        help: row.help.to_owned(),
        status: row.status,
    }
}

fn word(word: &ItemWord) -> Line {
    Line {
        name: word.name.to_owned(),
        usage: word.usage.to_owned(),
        default: word.default.to_owned(),
        help: word.help.to_owned(),
        status: word.status,
    }
}

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

/// What is no keyword of a block: the reader deals with it before any table is asked. All of it is acted on.
const LANGUAGE: [(&str, &str); 19] = [
    ("include PATTERN", "Read these files here; problems are only logged."),
    ("includer PATTERN", "The same; a match has to be a readable file."),
    ("includem PATTERN", "The same as includer; without wildcards there has to be a match."),
    ("includew PATTERN", "The same as includem; with wildcards, too."),
    ("includeb PATTERN", "The same as includer; every alternative in braces has to match."),
    ("includea PATTERN", "All of these checks."),
    ("@ID LINE", "The line holds when ID is the config id."),
    ("@^ID LINE", "The line holds when ID is not the config id."),
    ("$NAME=VALUE", "Define a name; a final backslash continues on the next line."),
    ("${NAME}", "What was defined; $NAME where a blank, a comma, a closing parenthesis or nothing follows."),
    ("${_PWD}", "The directory of the file."),
    ("${_INSTANCE}", "The config id."),
    ("${_RANDOM [MIN [MAX]]}", "A random number, 0 to 32767 unless told otherwise."),
    ("${_HASH}", "The character #, inside double quotes."),
    ("${_BANG}", "The character !, inside double quotes."),
    ("${_ENV VARIABLE}", "A variable of the environment; nothing when it is not set."),
    ("~SEQ(NAME, [START, [STEP,]] END) LINE", "The line once for each number."),
    ("~SEQx(NAME, [START, [STEP,]] END) LINE", "The same in hexadecimal."),
    ("~LST(NAME, VALUE, ...) LINE", "The line once for each value; with braces, once for each tuple."),
];

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

//! The keyword tables as plain blocks of lines, for those who write them down for people.

use keepalived_config::keyword::{Grammar, ItemWord, Row, Status};

/// One block of the configuration with everything it knows.
pub(crate) struct Block {
    /// Blocks on the way here, from the outside in: `virtual_server/real_server`.
    pub(crate) path: String,
    /// Each of its lines is an item rather than a keyword.
    pub(crate) is_list: bool,
    pub(crate) lines: Vec<Line>,
}

/// One line of a table.
#[derive(PartialEq)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) usage: String,
    pub(crate) default: String,
    pub(crate) help: String,
    pub(crate) status: Status,
}

/// Every block, outer ones before those inside them.
pub(crate) fn all(root: &'static dyn Grammar) -> Vec<Block> {
    let mut blocks = Vec::new();
    collect(root, "", &mut blocks);
    blocks
}

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

/// What is no keyword of a block: the reader deals with it before any table is asked. All of it is acted on.
pub(crate) const LANGUAGE: [(&str, &str); 19] = [
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

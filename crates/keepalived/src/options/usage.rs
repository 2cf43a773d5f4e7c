//! The usage text, made from the table.

use super::table::{Spec, TABLE, Takes};
use std::fmt::Write as _;

/// Where the descriptions start.
const COLUMN: usize = 31;

/// The answer to `-h`.
pub(super) fn text(program: &str) -> String {
    let mut text = format!("Usage: {program} [OPTION...]\n");
    for spec in TABLE.iter().filter(|spec| !spec.help.is_empty()) {
        describe(&mut text, spec);
    }
    text.push_str("  -h, --help                   Display this help message\n");
    text
}

fn describe(text: &mut String, spec: &Spec) {
    let short = spec.short.map_or_else(|| "    ".to_owned(), |letter| format!("-{letter}, "));
    let value = match spec.takes {
        Takes::Nothing => "",
        Takes::Required(name) | Takes::Optional(name) => name,
    };
    let mut head = format!("  {short}--{}{value}", spec.long);
    // A head that is too long gets a line of its own.
    if head.len() > COLUMN - 1 {
        let _ = writeln!(text, "{head}");
        head.clear();
    }
    for (number, line) in spec.help.iter().enumerate() {
        // Further lines stand one column to the right.
        let column = if number == 0 { COLUMN } else { COLUMN + 1 };
        let _ = writeln!(text, "{head:column$}{line}");
        head.clear();
    }
}

//! One line per problem, in the original's words and with its prefix: people and tools grep for them.

use crate::diagnostic::{Class, Diagnostic, Report};
use crate::encoding;
use crate::source::SourceMap;
use std::fmt::Write;

/// What `-t` prints: problems in the order they were found, then our own remarks.
#[must_use]
pub fn plain(report: &Report, sources: &SourceMap) -> String {
    let mut text = String::new();
    let shown = report.diagnostics().iter().filter(|found| found.class != Class::LogOnly);
    let (notes, problems): (Vec<&Diagnostic>, Vec<&Diagnostic>) =
        shown.partition(|found| found.class == Class::Note);
    for problem in problems {
        text.push_str(&line(problem, sources));
        text.push('\n');
    }
    if report.dropped() > 0 {
        writeln!(text, "{} more problems are not shown", report.dropped())
            .expect("a String takes everything");
    }
    for note in notes {
        text.push_str("note: ");
        text.push_str(&line(note, sources));
        text.push('\n');
    }
    text
}

/// One problem without a line end: prefix and message.
#[must_use]
pub fn line(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let prefix = match diagnostic.span {
        Some(span) if diagnostic.prefixed => {
            sources.prefix(diagnostic.noticed_at.unwrap_or(span), diagnostic.by_parent)
        }
        Some(span) if diagnostic.class == Class::Note => sources.prefix(span, false),
        _ => String::new(),
    };
    prefix + &encoding::display(&diagnostic.message)
}

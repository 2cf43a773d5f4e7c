//! Problems as a compiler shows them: the line, what is wrong there, what to do.

use super::plain::line;
use crate::diagnostic::{Class, Diagnostic, Report};
use crate::encoding;
use crate::source::{SourceFile, SourceMap};
use crate::span::Span;
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use std::ops::Range;

/// A line longer than this is not shown: nobody wrote it for people.
const MAX_SHOWN: usize = 1100;
/// Definitions inside definitions are shown up to this depth.
const MAX_BACKTRACE: usize = 4;

/// All problems, each with the place to edit. `styled` uses colours of the terminal.
#[must_use]
pub fn rich(report: &Report, sources: &SourceMap, styled: bool) -> String {
    let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let mut text = String::new();
    for diagnostic in report.diagnostics() {
        text.push_str(&one(diagnostic, sources, &renderer));
        text.push_str("\n\n");
    }
    if report.dropped() > 0 {
        text.push_str(&format!("{} more problems are not shown\n", report.dropped()));
    }
    text
}

fn one(diagnostic: &Diagnostic, sources: &SourceMap, renderer: &Renderer) -> String {
    // The first line is the same as the plain one, so that what people search for is there, too.
    let level = match diagnostic.class {
        Class::Note => Level::NOTE,
        Class::LogOnly | Class::Remark => Level::INFO.no_name(),
        class if class.is_error() => Level::ERROR.no_name(),
        _ => Level::WARNING.no_name(),
    };
    let mut group = Group::with_title(level.primary_title(line(diagnostic, sources)));
    if let Some(span) = diagnostic.span {
        group = with_place(group, span, AnnotationKind::Primary, diagnostic.label.as_deref(), sources);
        for expansion in sources.backtrace(span).take(MAX_BACKTRACE) {
            let label = format!("in this expansion of {}", encoding::display(&expansion.name));
            group = with_place(group, expansion.used_at, AnnotationKind::Context, Some(&label), sources);
        }
    }
    for (span, words) in &diagnostic.related {
        group = with_place(group, *span, AnnotationKind::Context, Some(words), sources);
    }
    for help in &diagnostic.help {
        group = group.element(Level::HELP.message(encoding::display(help).into_owned()));
    }
    renderer.render(&[group])
}

/// Adds a line of a file with a stretch of it underlined.
fn with_place<'a>(
    group: Group<'a>,
    span: Span,
    kind: AnnotationKind,
    label: Option<&str>,
    sources: &SourceMap,
) -> Group<'a> {
    let Some(file) = sources.file(span.file) else { return group };
    let path = encoding::display(file.name()).into_owned();
    let number = usize::try_from(span.line).unwrap_or(usize::MAX);
    let Some((shown, range)) = shown_line(file, span) else {
        return group.element(Origin::path(path).line(number));
    };
    let label = label.map(|label| encoding::display(label).into_owned());
    let annotation = kind.span(range).label(label);
    group.element(Snippet::source(shown).line_start(number).path(path).annotation(annotation))
}

/// A line as text, and where a span lies in it.
fn shown_line(file: &SourceFile, span: Span) -> Option<(String, Range<usize>)> {
    let line = file.line(span.line);
    if line.len() > MAX_SHOWN || line.is_empty() {
        return None;
    }
    let offset =
        |column: u32| usize::try_from(column).unwrap_or(usize::MAX).saturating_sub(1).min(line.len());
    let start = offset(span.column);
    let end = if span.length == 0 { line.len() } else { offset(span.column.saturating_add(span.length)) };
    // Parts are decoded one by one, so that offsets can be counted even where the bytes are no text.
    let part = |range: Range<usize>| -> String {
        let bytes = line.get(range).unwrap_or_default();
        let text = String::from_utf8_lossy(bytes);
        text.chars().map(|character| if is_harmless(character) { character } else { '\u{fffd}' }).collect()
    };
    let (head, body, tail) = (part(0..start), part(start..end.max(start)), part(end.max(start)..line.len()));
    let range = head.len()..head.len() + body.len();
    Some((head + &body + &tail, range))
}

/// Other control characters could steer a terminal.
fn is_harmless(character: char) -> bool {
    character == '\t' || !character.is_control()
}

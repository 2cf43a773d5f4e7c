//! From bytes to logical lines: a ladder of small steps, the lowest first.
//!
//! Most `physical` lines are `plain`. The others lose their `comment`s. What is left is a `condition`, a repeated line (`sequence`), a
//! `definition`, an `include` line, or text whose names are replaced (`substitute`, `predefined`) before its
//! braces become lines of their own (`brace`) and the rest is split into `words`. Every byte remembers where it was
//! written (`text`). `budget` bounds it all.

mod brace;
pub mod budget;
mod byte_set;
mod comment;
mod condition;
mod definition;
mod include;
mod physical;
mod plain;
mod predefined;
mod sequence;
mod substitute;
mod text;
mod words;

pub use include::IncludeChecks;

use crate::diagnostic::{Class, Diagnostic, Report};
use crate::encoding;
use crate::host::Host;
use crate::line::Line;
use crate::source::{Content, SourceMap};
use crate::span::{FileId, Span};
use budget::{Bounds, Budget};
use definition::{Definitions, Value};
use physical::{Cursor, Physical};
use predefined::Surroundings;
use sequence::Turns;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use substitute::{Substituted, Substitution};
use text::Text;

/// How often a line is looked at again after its names were replaced.
const MAX_PASSES: usize = 16;
/// For text that stands at the end of its line, and yet cannot hold a name of several lines.
const NOT_AT_THE_END: usize = 1;

/// Reads logical lines, one by one.
pub(crate) struct Reader<'a> {
    host: &'a dyn Host,
    config_id: &'a str,
    sources: SourceMap,
    definitions: Definitions,
    /// What text comes from, the current one last.
    stack: Vec<Frame>,
    checks: IncludeChecks,
    budget: Budget,
    /// The brace that ended a plain line.
    brace: Option<Line>,
    /// The physical line whose open quote has been reported.
    unterminated: Option<(FileId, u32)>,
}

/// Something that text comes from.
enum Frame {
    File {
        cursor: Cursor,
        path: PathBuf,
        directory: PathBuf,
        outer_checks: IncludeChecks,
    },
    /// The lines of a definition.
    Replay {
        lines: Rc<Vec<Text>>,
        next: usize,
        expansion: Option<u32>,
    },
    /// A repeated line.
    Repeat {
        word: &'static str,
        turns: Turns,
        text: Text,
        written_at: Span,
    },
    /// What followed a brace.
    Rest(Text),
}

impl<'a> Reader<'a> {
    /// A reader of nothing yet.
    pub(crate) fn new(host: &'a dyn Host, config_id: &'a str, checks: IncludeChecks) -> Self {
        Self {
            host,
            config_id,
            sources: SourceMap::default(),
            definitions: Definitions::default(),
            stack: Vec::new(),
            checks,
            budget: Budget::new(Bounds::default()),
            brace: None,
            unterminated: None,
        }
    }

    /// The same within other bounds.
    pub(crate) fn within(mut self, bounds: Bounds) -> Self {
        self.budget = Budget::new(bounds);
        self
    }

    /// Opens the files that the name given with `-f` stands for. `false` when there is none to read.
    pub(crate) fn open(&mut self, pattern: &str, report: &mut Report) -> bool {
        let found = include::find(pattern, None, IncludeChecks::default(), self.checks, self.host);
        let nothing = found.files.is_empty();
        for problem in found.problems {
            let class = if problem.checked { Class::FileNotFound } else { Class::Remark };
            let diagnostic = Diagnostic::after_reading(class, None, problem.message);
            report.push(if nothing || problem.checked { diagnostic.stopping(6) } else { diagnostic });
        }
        if let [(_, first), _, ..] = found.files.as_slice() {
            let message =
                format!("WARNING, multiple configuration file matches of {pattern}, starting with {first}");
            report.push(
                Diagnostic::after_reading(Class::MultipleFiles, None, message)
                    .help("name one file, and let it include the others"),
            );
        }
        self.sources.set_main_files(found.files.len());
        let before = self.stack.len();
        for (path, name) in found.files {
            if let Some(reason) = self.push_file(path, name.clone()) {
                let message = format!("Unable to find/read configuration file {name} - {reason}");
                report.push(Diagnostic::after_reading(Class::FileNotFound, None, message).stopping(6));
            }
        }
        // The first one is to be read first.
        self.stack.reverse();
        self.stack.len() > before
    }

    /// The files and expansions so far.
    #[cfg(test)]
    pub(crate) fn sources(&self) -> &SourceMap {
        &self.sources
    }

    /// The files and expansions, when reading is over.
    pub(crate) fn into_sources(self) -> SourceMap {
        self.sources
    }

    /// Carries out `include_check`: what later `include` lines of this file, and of files that it includes, check.
    pub(crate) fn change_checks<'w>(&mut self, words: impl IntoIterator<Item = &'w str>) {
        if let Ok(checks) = self.checks.changed_by(words) {
            self.checks = checks;
        }
    }

    /// The next logical line; `{` and `}` are lines of their own.
    pub(crate) fn next_line(&mut self, report: &mut Report) -> Option<Line> {
        if let Some(brace) = self.brace.take() {
            return Some(brace);
        }
        loop {
            let next = self.pull(report);
            let is_end = next.is_none();
            let line = match next {
                Some(Next::Line(line)) => Some(line),
                Some(Next::Text(text)) => self.process(text, report),
                None => None,
            };
            if let Some(bound) = self.budget.exceeded() {
                let message = format!("the configuration is too large to be read: {bound}");
                report.push(Diagnostic::after_reading(Class::Fatal, None, message).stopping(2));
                self.stack.clear();
                self.brace = None;
                self.budget.renew();
                return None;
            }
            if line.is_some() || is_end {
                return line;
            }
        }
    }

    /// The next text to look at, without comment, or a line that needs no look.
    fn pull(&mut self, report: &mut Report) -> Option<Next> {
        loop {
            match self.stack.last_mut()? {
                Frame::Rest(_) => {
                    if let Some(Frame::Rest(text)) = self.stack.pop() {
                        return Some(Next::Text(text));
                    }
                }
                Frame::Repeat { .. } => {
                    self.budget.take_line();
                    if let Some(text) = self.next_turn() {
                        return Some(Next::Text(text));
                    }
                    self.stack.pop();
                }
                Frame::File { .. } | Frame::Replay { .. } => {
                    self.budget.take_line();
                    match self.pull_raw(report) {
                        Pulled::Raw(content, range, span) => {
                            if let Some(next) = self.look(content, range, span, report) {
                                return Some(next);
                            }
                        }
                        Pulled::Line(text) => return Some(Next::Text(text)),
                        Pulled::Empty | Pulled::Unusable => {}
                        Pulled::End => self.end_frame(),
                    }
                }
            }
        }
    }

    /// Takes a physical line the short way, if it is plain; `None` when there is nothing on it.
    fn look(
        &mut self,
        content: Content,
        range: Range<usize>,
        span: Span,
        report: &mut Report,
    ) -> Option<Next> {
        match plain::read(&content, &range, span) {
            Some(plain::Plain { words: Some(words), brace }) => {
                self.brace = brace;
                Some(Next::Line(words))
            }
            Some(plain::Plain { words: None, brace }) => brace.map(Next::Line),
            None => match self.strip(content, range, span, report) {
                Pulled::Line(text) => Some(Next::Text(text)),
                _ => None,
            },
        }
    }

    /// One line of the current file or definition, without comment.
    fn pull_line(&mut self, report: &mut Report) -> Pulled {
        match self.pull_raw(report) {
            Pulled::Raw(content, range, span) => self.strip(content, range, span, report),
            other => other,
        }
    }

    /// One line of the current file or definition.
    fn pull_raw(&mut self, report: &mut Report) -> Pulled {
        match self.stack.last_mut() {
            Some(Frame::Replay { lines, next, expansion }) => {
                let Some(line) = lines.get(*next) else { return Pulled::End };
                *next += 1;
                Pulled::Line(line.within(*expansion))
            }
            Some(Frame::File { cursor, .. }) => {
                let Some((physical, span)) = cursor.next_line() else { return Pulled::End };
                let range = match physical {
                    Physical::Line(range) => range,
                    Physical::TooLong => {
                        report.push(
                            Diagnostic::at(Class::LogOnly, span, "line too long - ignoring").losing_text(),
                        );
                        return Pulled::Unusable;
                    }
                    Physical::WithNul => {
                        let message = "configuration appears to have embedded NULs - ignoring line";
                        report.push(Diagnostic::at(Class::LogOnly, span, message).losing_text());
                        return Pulled::Unusable;
                    }
                };
                if range.is_empty() {
                    return Pulled::Empty;
                }
                Pulled::Raw(cursor.content().clone(), range, span)
            }
            _ => Pulled::End,
        }
    }

    fn strip(&mut self, content: Content, range: Range<usize>, span: Span, report: &mut Report) -> Pulled {
        let stripped = comment::strip(Text::of_file(content, range, span));
        if stripped.unterminated {
            self.unterminated = Some((span.file, span.line));
            self.report_quote("Unterminated quote", &stripped.text, report);
        }
        if stripped.text.len() == 0 { Pulled::Unusable } else { Pulled::Line(stripped.text) }
    }

    fn report_quote(&self, what: &str, text: &Text, report: &mut Report) {
        let span = text.span(0..text.len(), &self.sources);
        let colon = if what.starts_with("Unmatched") { ":" } else { "" };
        let message = format!("{what}{colon} '{}'", encoding::decode(text.bytes()));
        let diagnostic = Diagnostic::at(Class::UnmatchedQuote, span, message);
        report.push(diagnostic.label("a double quote is not closed on this line"));
    }

    /// The repeated line with the values of its next turn.
    fn next_turn(&mut self) -> Option<Text> {
        let Some(Frame::Repeat { word, turns, text, written_at }) = self.stack.last_mut() else {
            return None;
        };
        let values = turns.advance()?;
        let mut name = format!("~{word}");
        for (variable, value) in &values {
            name.push_str(&format!(" {}={}", encoding::decode(variable), encoding::decode(value)));
            let value = Value::Line(Rc::new(Text::made(value, *written_at)));
            self.definitions.set(variable, value);
        }
        let expansion = self.sources.expand(Arc::from(name), *written_at);
        Some(text.within(expansion))
    }

    fn end_frame(&mut self) {
        if let Some(Frame::File { outer_checks, .. }) = self.stack.pop() {
            self.checks = outer_checks;
        }
    }

    /// Puts something new before what is left; too many inside each other stop the reading.
    fn push(&mut self, frame: Frame) {
        self.stack.push(frame);
        if self.stack.len() > budget::MAX_DEPTH {
            self.budget.too_deep();
        }
    }

    /// Carries out what a text says, or gives the line it holds.
    fn process(&mut self, text: Text, report: &mut Report) -> Option<Line> {
        let mut text = text.trimmed();
        let mut conditioned = false;
        for _ in 0..MAX_PASSES {
            match text.bytes().first()? {
                b'@' if !conditioned => {
                    match condition::judge(text.bytes(), &encoding::encode(self.config_id))? {
                        condition::Condition::Dropped => return None,
                        condition::Condition::Kept(at) => {
                            text = text.slice(at..text.len());
                            conditioned = true;
                            continue;
                        }
                    }
                }
                b'~' => return self.process_tilde(text, report),
                b'$' if definition::recognise(text.bytes()).is_some() => {
                    self.define(&text, report);
                    return None;
                }
                b'i' if include::recognise(text.bytes()).is_some() => {
                    self.include(text, report);
                    return None;
                }
                _ => {}
            }
            let cut = brace::first(text.bytes(), Some(&self.definitions));
            let end = cut.unwrap_or(text.len());
            if !text.bytes().get(..end).unwrap_or_default().contains(&b'$') {
                return self.emit(text, cut, report);
            }
            let head = text.slice(0..end);
            let result = self.substitute(head, text.len() - end, report);
            let mut replaced = result.text;
            let new_cut = cut.map(|_| replaced.len());
            if let Some(cut) = cut {
                replaced.append(&text.slice(cut..text.len()));
            }
            if !result.changed || result.gave_up {
                return self.emit(replaced, new_cut, report);
            }
            text = comment::strip(replaced).text;
            conditioned = false;
        }
        let cut = brace::first(text.bytes(), Some(&self.definitions));
        self.emit(text, cut, report)
    }

    /// Replaces the names in a text; the further lines of its definitions come next.
    fn substitute(&mut self, text: Text, following: usize, report: &mut Report) -> Substituted {
        let directory = self.directory().map(Path::to_path_buf).unwrap_or_default();
        let substitution = Substitution {
            definitions: &self.definitions,
            around: Surroundings { host: self.host, config_id: self.config_id, directory: &directory },
            sources: &mut self.sources,
            report,
            budget: &mut self.budget,
        };
        let mut result = substitution.run(text, following);
        for tail in std::mem::take(&mut result.tails) {
            self.push(Frame::Replay { lines: tail.lines, next: 1, expansion: tail.expansion });
        }
        result
    }

    /// The words before the cut, or the brace at it; the rest is a text of its own.
    fn emit(&mut self, text: Text, cut: Option<usize>, report: &mut Report) -> Option<Line> {
        let end = match cut {
            None => text.len(),
            Some(0) => 1,
            Some(cut) => cut,
        };
        if end < text.len() {
            self.stack.push(Frame::Rest(text.slice(end..text.len())));
        }
        let head = text.into_slice(0..end).trimmed();
        let head = comment::join_backslash(head);
        let (line, unmatched) = words::line(&head, &self.sources);
        if unmatched {
            let root = self.sources.root(line.span());
            if self.unterminated != Some((root.file, root.line)) {
                self.report_quote("Unmatched quote", &head, report);
            }
        }
        (!line.is_empty()).then_some(line)
    }

    /// A line that starts with `~`: a repeated one, or an ordinary one whose names are not replaced.
    fn process_tilde(&mut self, text: Text, report: &mut Report) -> Option<Line> {
        let specification = match sequence::recognise(text.bytes()) {
            None => {
                let cut = brace::first(text.bytes(), None);
                return self.emit(text, cut, report);
            }
            Some(Ok(specification)) => specification,
            Some(Err(word)) => {
                self.report_sequence(word, &text, "'(' and ')' are expected", report);
                return None;
            }
        };
        let inside = text.slice(specification.inside);
        let following = text.len() - inside.len();
        let inside = self.substitute(inside, following, report).text;
        let turns = match specification.word {
            "LST" => sequence::list(inside.bytes()),
            _ => sequence::numbers(inside.bytes(), specification.hexadecimal),
        };
        match turns {
            Ok(turns) => {
                let written_at = text.span(0..specification.text, &self.sources);
                let text = text.slice(specification.text..text.len()).trimmed();
                self.push(Frame::Repeat { word: specification.word, turns, text, written_at });
            }
            Err(reason) => self.report_sequence(specification.word, &text, &reason, report),
        }
        None
    }

    fn report_sequence(&self, word: &str, text: &Text, reason: &str, report: &mut Report) {
        let line = encoding::decode(text.bytes());
        let detail = match (word, reason) {
            ("LST", reason) if reason.contains(" values for ") => {
                Some(format!("~LST specification has too many values '{line}'"))
            }
            ("SEQ", reason) if reason.starts_with("step ") => Some(format!("Invalid ~SEQ values '{line}'")),
            ("SEQ", _) => Some(format!("Invalid ~SEQ definition '{line}'")),
            _ => None,
        };
        let message = format!("Invalid ~{word} specification '{}'", encoding::decode(text.bytes()));
        let span = text.span(0..text.len(), &self.sources);
        if let Some(detail) = detail {
            report.push(Diagnostic::at(Class::GeneralError, span, detail));
        }
        report.push(Diagnostic::at(Class::GeneralError, span, message).label(reason));
    }

    /// Stores a definition, with the lines that continue it.
    fn define(&mut self, text: &Text, report: &mut Report) {
        let Some((name_length, value_start)) = definition::recognise(text.bytes()) else { return };
        let name = text.slice(1..1 + name_length);
        let value = text.slice(value_start..text.len());
        let value = match definition::continued(&value) {
            None => Value::Line(Rc::new(value)),
            Some(first) => self.collect_lines(first, report),
        };
        self.definitions.set(name.bytes(), value);
    }

    /// The lines of a definition, up to the first one that does not end in a backslash, or an empty one.
    fn collect_lines(&mut self, first: Text, report: &mut Report) -> Value {
        let empty = first.slice(0..0);
        let mut lines = vec![first];
        loop {
            self.budget.take_line();
            let line = match self.pull_line(report) {
                Pulled::Line(line) => line,
                Pulled::Unusable if self.budget.exceeded().is_none() => continue,
                Pulled::Unusable | Pulled::Raw(..) | Pulled::Empty | Pulled::End => break,
            };
            match definition::continued(&line) {
                Some(part) => lines.push(part),
                None => {
                    lines.push(line);
                    break;
                }
            }
        }
        lines.retain(|line| line.len() > 0);
        match lines.len() {
            0 => Value::Line(Rc::new(empty)),
            1 => Value::Line(Rc::new(lines.remove(0))),
            _ => Value::Lines(Rc::new(lines)),
        }
    }

    /// The directory of the file that is being read.
    fn directory(&self) -> Option<&Path> {
        self.stack.iter().rev().find_map(|frame| match frame {
            Frame::File { directory, .. } => Some(directory.as_path()),
            _ => None,
        })
    }

    fn include(&mut self, text: Text, report: &mut Report) {
        let text = comment::strip(self.substitute(text, NOT_AT_THE_END, report).text).text;
        let Some((checks, start)) = include::recognise(text.bytes()) else { return };
        let span = text.span(start..text.len(), &self.sources);
        let pattern = text.slice(start..text.len());
        let pattern = encoding::decode(pattern.bytes());
        let found = include::find(&pattern, self.directory(), checks, self.checks, self.host);
        for problem in found.problems {
            report.push(problem.at(span));
        }
        for (path, name) in found.files.into_iter().rev() {
            if self.is_open(&path) {
                let message = format!("Configuration file '{name}' includes itself - skipping");
                report.push(Diagnostic::at(Class::GeneralError, span, message));
            } else if let Some(reason) = self.push_file(path, name.clone()) {
                let message = format!("Unable to find/read configuration file {name} - {reason}");
                let checked = checks.readable || self.checks.readable;
                report.push(include::Problem { message, checked }.at(span));
            }
        }
    }

    fn is_open(&self, wanted: &Path) -> bool {
        let wanted = include::normal(wanted);
        self.stack.iter().any(|frame| matches!(frame, Frame::File { path, .. } if *path == wanted))
    }

    /// Starts reading a file. The reason when that is not possible.
    fn push_file(&mut self, path: PathBuf, name: String) -> Option<String> {
        let bytes = match self.host.read(&path) {
            Ok(bytes) => bytes,
            Err(error) => return Some(error.to_string()),
        };
        if !self.budget.take_file(bytes.len()) {
            return None;
        }
        let normal = include::normal(&path);
        let directory = self.directory_of(&normal);
        let content = Content::new(bytes);
        let file = self.sources.add(path, name, content.clone());
        let cursor = Cursor::new(file, content);
        self.push(Frame::File { cursor, path: normal, directory, outer_checks: self.checks });
        None
    }

    /// Where `include` looks, and what `_PWD` says: from the root, even when the file was named otherwise.
    fn directory_of(&self, file: &Path) -> PathBuf {
        let directory = file.parent().unwrap_or(Path::new(""));
        match self.host.current_directory() {
            Some(current) if directory.is_relative() => include::normal(&current.join(directory)),
            _ => directory.to_path_buf(),
        }
    }
}

/// What there is to look at next.
enum Next {
    Text(Text),
    Line(Line),
}

/// What a line of a file or definition is.
enum Pulled {
    Line(Text),
    /// A physical line as it stands in its file.
    Raw(Content, Range<usize>, Span),
    /// Not a single byte.
    Empty,
    /// Blanks, a comment, or something that was reported.
    Unusable,
    /// There is none.
    End,
}

#[cfg(test)]
mod tests;

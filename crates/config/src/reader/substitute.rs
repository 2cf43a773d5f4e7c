//! Replaces names by what they stand for (config-language reference 4.1 to 4.3).

use super::budget::{Budget, MAX_REPLACED_IN_LINE};
use super::definition::{Definitions, Value, name_length};
use super::physical::MAX_LINE;
use super::predefined::{self, Predefined, Surroundings};
use super::text::Text;
use crate::diagnostic::{Class, Diagnostic, Report};
use crate::encoding;
use crate::source::SourceMap;
use std::ops::Range;
use std::rc::Rc;

/// A name in use: `$NAME`, `${NAME}` or `${NAME PARAMETERS}`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reference {
    /// All of it.
    pub(super) range: Range<usize>,
    pub(super) name: Range<usize>,
    parameters: Range<usize>,
    braced: bool,
}

/// Recognises a use at `at`, where a `$` stands. Whether the name is defined is another question.
pub(super) fn reference(line: &[u8], at: usize) -> Option<Reference> {
    let braced = line.get(at + 1) == Some(&b'{');
    let start = at + 1 + usize::from(braced);
    let name = start..start + name_length(line.get(start..)?);
    if name.is_empty() {
        return None;
    }
    let rest = line.get(name.end..).unwrap_or_default();
    if !braced {
        let ends = matches!(rest.first(), None | Some(b' ' | b'\t' | b',' | b')'));
        return ends.then_some(Reference {
            range: at..name.end,
            parameters: name.end..name.end,
            name,
            braced,
        });
    }
    let close = name.end + rest.iter().position(|byte| *byte == b'}')?;
    let between = line.get(name.end..close)?;
    let blanks = between.iter().position(|byte| !matches!(byte, b' ' | b'\t')).unwrap_or(between.len());
    let only_blanks = blanks == between.len() && blanks > 0;
    let no_separator = blanks == 0 && !between.is_empty();
    let ends_blank = matches!(between.last(), Some(b' ' | b'\t'));
    if only_blanks || no_separator || ends_blank {
        return None;
    }
    Some(Reference { range: at..close + 1, parameters: name.end + blanks..close, name, braced })
}

/// Is there a use of a known name at `at`? Only predefined names take parameters.
pub(super) fn known_reference(line: &[u8], at: usize, definitions: &Definitions) -> Option<Reference> {
    let found = reference(line, at)?;
    let name = line.get(found.name.clone())?;
    let is_defined = found.parameters.is_empty() && definitions.get(name).is_some();
    (is_defined || predefined::is_predefined(name)).then_some(found)
}

/// What substitution needs.
pub(super) struct Substitution<'a> {
    pub(super) definitions: &'a Definitions,
    pub(super) around: Surroundings<'a>,
    pub(super) sources: &'a mut SourceMap,
    pub(super) report: &'a mut Report,
    pub(super) budget: &'a mut Budget,
}

/// Lines of a definition that are to be replayed after the current one.
pub(super) struct Tail {
    pub(super) lines: Rc<Vec<Text>>,
    pub(super) expansion: Option<u32>,
}

/// A line with its names replaced.
pub(super) struct Substituted {
    pub(super) text: Text,
    pub(super) changed: bool,
    /// It would become too long, or never end; there is no point in trying again.
    pub(super) gave_up: bool,
    /// In the order in which the definitions were used: the last one is to be replayed first.
    pub(super) tails: Vec<Tail>,
}

impl Substitution<'_> {
    /// Replaces all names. So many bytes, beginning with a brace, follow this text on its line; when there are none, a
    /// name of several lines may stand at its end. They count for the bound on a line: a value that holds a brace and
    /// then its own name would make them longer each time.
    pub(super) fn run(mut self, mut text: Text, following: usize) -> Substituted {
        let whole = following == 0;
        let mut tails = Vec::new();
        let mut replaced = 0;
        let mut gave_up = false;
        let mut at = 0;
        while let Some(dollar) = find_dollar(text.bytes(), at) {
            at = dollar + 1;
            let Some(found) = reference(text.bytes(), dollar) else { continue };
            let is_last = whole && found.range.end == text.len();
            let Some((new, tail)) = self.replacement(&text, &found, is_last) else { continue };
            let result = text.replace(found.range.clone(), &new);
            replaced += 1;
            if replaced > MAX_REPLACED_IN_LINE || result.len() + following > MAX_LINE {
                self.report_too_long(&text, replaced > MAX_REPLACED_IN_LINE);
                gave_up = true;
                break;
            }
            if !self.budget.take_replacement() {
                gave_up = true;
                break;
            }
            // A value is not looked at again when it starts a sequence: its variables have no values yet.
            let starts_sequence = new.bytes().first() == Some(&b'~');
            text = result;
            tails.extend(tail);
            at = dollar;
            if starts_sequence {
                break;
            }
        }
        Substituted { text, changed: replaced > 0, gave_up, tails }
    }

    /// What a use is replaced by, and the lines that follow it.
    fn replacement(&mut self, text: &Text, found: &Reference, is_last: bool) -> Option<(Text, Option<Tail>)> {
        let name = text.bytes().get(found.name.clone())?;
        let parameters = text.bytes().get(found.parameters.clone())?;
        let used_at = text.span(found.range.clone(), self.sources);
        if let Some((shown, value)) = self.definitions.get(name).filter(|_| parameters.is_empty()) {
            let lines = match value {
                Value::Line(value) => {
                    let expansion = self.sources.expand(shown.clone(), used_at);
                    return Some((value.within(expansion), None));
                }
                Value::Lines(lines) if is_last => lines,
                Value::Lines(_) => return None,
            };
            let expansion = self.sources.expand(shown.clone(), used_at);
            let first = lines.first()?.within(expansion);
            return Some((first, Some(Tail { lines: Rc::clone(lines), expansion })));
        }
        let (class, message, value) = match predefined::value(name, parameters, found.braced, &self.around) {
            Predefined::Value(value) => return Some((Text::made(&value, used_at), None)),
            Predefined::Unknown => return None,
            Predefined::Refused(message) => (Class::GeneralError, message, None),
            Predefined::Doubtful(message, value) => (Class::GeneralError, message, Some(value)),
        };
        self.report.push(Diagnostic::at(class, used_at, message));
        value.map(|value| (Text::made(&value, used_at), None))
    }

    fn report_too_long(&mut self, text: &Text, endless: bool) {
        let line = encoding::decode(text.bytes());
        let message = format!("Parameter substitution on line '{line}' would exceed maximum line length");
        let span = text.span(0..text.len(), self.sources);
        let why = if endless { "a definition leads back to itself" } else { "lines hold at most 1022 bytes" };
        self.report.push(Diagnostic::at(Class::GeneralError, span, message).label(why));
    }
}

fn find_dollar(bytes: &[u8], from: usize) -> Option<usize> {
    bytes.get(from..)?.iter().position(|byte| *byte == b'$').map(|offset| from + offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(line: &str) -> Option<&str> {
        let found = reference(line.as_bytes(), line.find('$')?)?;
        line.get(found.name)
    }

    #[test]
    fn names_end_where_the_reference_says() {
        assert_eq!(name("x${AB}y"), Some("AB"));
        assert_eq!(name("$AB"), Some("AB"));
        assert_eq!(name("$AB, x"), Some("AB"));
        assert_eq!(name("($AB)"), Some("AB"));
        assert_eq!(name("$AB/x"), None);
        assert_eq!(name("$AB=x"), None);
        assert_eq!(name("${AB"), None);
        assert_eq!(name("${1}"), None);
        assert_eq!(name("${_RANDOM 1 2}"), Some("_RANDOM"));
        assert_eq!(name("${_RANDOM 1 2 }"), None);
        assert_eq!(name("${_RANDOM }"), None);
    }
}

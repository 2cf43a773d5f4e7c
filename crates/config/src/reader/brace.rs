//! Braces are lines of their own, wherever they stand outside double quotes (config-language reference 1.3).

use super::byte_set::ByteSet;
use super::definition::Definitions;
use super::substitute::known_reference;

static SPECIAL: ByteSet = ByteSet::of(b"\"{}$");

/// The first brace outside double quotes that belongs to no use of a known name. On a line whose names are not replaced
/// there are no definitions.
pub(super) fn first(line: &[u8], definitions: Option<&Definitions>) -> Option<usize> {
    // Most lines hold none of these bytes.
    let mut at = SPECIAL.find(line)?;
    let mut quoted = false;
    while let Some(byte) = line.get(at) {
        match byte {
            b'"' => quoted = !quoted,
            b'{' | b'}' if !quoted => return Some(at),
            b'$' if !quoted => {
                if let Some(found) = definitions.and_then(|known| known_reference(line, at, known)) {
                    at = found.range.end;
                    continue;
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::definition::Value;
    use crate::reader::text::Text;
    use crate::span::{FileId, Span};
    use std::rc::Rc;

    #[test]
    fn quotes_and_known_names_hide_braces() {
        let mut definitions = Definitions::default();
        let origin = Span { file: FileId(0), line: 1, column: 1, length: 1, expansion: None };
        definitions.set(b"A", Value::Line(Rc::new(Text::written(b"x", origin))));
        assert_eq!(super::first(b"~ ${A}", None), Some(3));
        let first = |line: &str| first(line.as_bytes(), Some(&definitions));
        assert_eq!(first("a{b"), Some(1));
        assert_eq!(first(r#""a{b" }"#), Some(6));
        assert_eq!(first("'{'"), Some(1));
        assert_eq!(first("x${A} {"), Some(6));
        assert_eq!(first("x${B} {"), Some(2));
        assert_eq!(first("x${A b} {"), Some(2));
        assert_eq!(first("${_PWD}"), None);
        assert_eq!(first("none"), None);
    }
}

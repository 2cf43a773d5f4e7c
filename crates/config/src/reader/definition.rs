//! Definitions: `$NAME=value`, also over several lines (config-language reference 4.1, 4.2).

use super::text::Text;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// What a name stands for.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Text within a line.
    Line(Rc<Text>),
    /// Lines that are replayed one by one. Never empty.
    Lines(Rc<Vec<Text>>),
}

/// All names defined so far.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    values: HashMap<Box<[u8]>, (Arc<str>, Value)>,
}

impl Definitions {
    /// Defines or redefines a name, which is ASCII.
    pub(super) fn set(&mut self, name: &[u8], value: Value) {
        if let Some((_, old)) = self.values.get_mut(name) {
            *old = value;
            return;
        }
        let shown = Arc::from(format!("${}", String::from_utf8_lossy(name)));
        self.values.insert(name.into(), (shown, value));
    }

    /// The name as it is shown (`$NAME`), and its value.
    pub(super) fn get(&self, name: &[u8]) -> Option<&(Arc<str>, Value)> {
        self.values.get(name)
    }
}

/// How long the name at the start of `bytes` is; 0 when there is none.
pub(super) fn name_length(bytes: &[u8]) -> usize {
    match bytes.first() {
        Some(first) if first.is_ascii_alphabetic() || *first == b'_' => {
            let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
            bytes.iter().position(|byte| !is_part(byte)).unwrap_or(bytes.len())
        }
        _ => 0,
    }
}

/// A definition at the start of a line: how long its name is (after `$`), and where its value starts.
pub(super) fn recognise(line: &[u8]) -> Option<(usize, usize)> {
    let rest = line.strip_prefix(b"$")?;
    let length = name_length(rest);
    let value = rest.get(length..)?.strip_prefix(b"=")?;
    let blanks = value.iter().position(|byte| !matches!(byte, b' ' | b'\t')).unwrap_or(value.len());
    (length > 0).then_some((length, length + 2 + blanks))
}

/// A line that another one continues: the text without the backslash and the blanks before it.
pub(super) fn continued(text: &Text) -> Option<Text> {
    let last = text.len().checked_sub(1)?;
    (text.bytes().get(last) == Some(&b'\\')).then(|| text.slice(0..last).trimmed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_has_a_name_and_no_blank_before_its_sign() {
        assert_eq!(recognise(b"$NAME=value"), Some((4, 6)));
        assert_eq!(recognise(b"$_a1=  v"), Some((3, 7)));
        assert_eq!(recognise(b"$A="), Some((1, 3)));
        assert_eq!(recognise(b"$A =v"), None);
        assert_eq!(recognise(b"$1=v"), None);
        assert_eq!(recognise(b"$=v"), None);
        assert_eq!(recognise(b"${A}=v"), None);
    }
}

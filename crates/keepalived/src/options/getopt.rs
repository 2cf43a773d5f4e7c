//! getopt_long(3) over a table: bundles, glued values, unique abbreviations, operands anywhere, `--` ends.
//!
//! Written out because the differences of the usual crates are visible: `-S=7` means the value `=7`, `-t/file` is an
//! optional value that is attached, and `--dont-f` is enough for `--dont-fork`.

use super::table::{Spec, Takes};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

/// What stands next on the command line.
#[derive(Debug)]
pub(super) enum Item {
    /// An option of the table, with its value if there is one.
    Option {
        /// The entry.
        spec: &'static Spec,
        /// Never empty.
        value: Option<OsString>,
    },
    /// `-h`, `--help`.
    Usage,
    /// An option that is not in the table, or an abbreviation of several; as typed.
    Unknown(String),
    /// An option that lacks its value; its name with dashes.
    Missing(String),
}

/// Walks over the arguments.
#[derive(Debug)]
pub(super) struct Scanner<'a> {
    table: &'static [Spec],
    arguments: std::slice::Iter<'a, OsString>,
    /// What is left of a bundle such as `-nlD`.
    bundle: &'a [u8],
    operands: Vec<OsString>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(table: &'static [Spec], arguments: &'a [OsString]) -> Self {
        Self { table, arguments: arguments.iter(), bundle: &[], operands: Vec::new() }
    }

    /// The operands met so far, and everything not looked at.
    pub(super) fn operands(self) -> Vec<OsString> {
        let mut operands = self.operands;
        operands.extend(self.arguments.cloned());
        operands
    }

    /// The arguments not looked at.
    pub(super) fn rest(&self) -> &'a [OsString] {
        self.arguments.as_slice()
    }

    pub(super) fn next(&mut self) -> Option<Item> {
        loop {
            if let Some((&letter, rest)) = self.bundle.split_first() {
                self.bundle = rest;
                return Some(self.short(letter));
            }
            let argument = self.arguments.next()?;
            match argument.as_bytes() {
                b"--" => {
                    // Everything behind it is an operand.
                    self.operands.extend(self.arguments.by_ref().cloned());
                    return None;
                }
                [b'-', b'-', long @ ..] => return Some(self.long(long)),
                [b'-', bundle @ ..] if !bundle.is_empty() => self.bundle = bundle,
                _ => self.operands.push(argument.clone()),
            }
        }
    }

    fn short(&mut self, letter: u8) -> Item {
        let named = |letter: u8| format!("-{}", char::from(letter));
        if letter == b'h' {
            return Item::Usage;
        }
        let Some(spec) = self.table.iter().find(|spec| spec.short == Some(char::from(letter))) else {
            return Item::Unknown(named(letter));
        };
        match spec.takes {
            Takes::Nothing => Item::Option { spec, value: None },
            Takes::Optional(_) => {
                let glued = std::mem::take(&mut self.bundle);
                let value = (!glued.is_empty()).then(|| OsString::from_vec(glued.to_vec()));
                Item::Option { spec, value }
            }
            Takes::Required(_) => {
                let glued = std::mem::take(&mut self.bundle);
                let value = if glued.is_empty() {
                    self.arguments.next().cloned()
                } else {
                    Some(OsString::from_vec(glued.to_vec()))
                };
                with_value(spec, value, || named(letter))
            }
        }
    }

    fn long(&mut self, text: &[u8]) -> Item {
        let (name, value) = match text.iter().position(|&byte| byte == b'=') {
            Some(at) => (&text[..at], Some(OsStr::from_bytes(&text[at + 1..]).to_owned())),
            None => (text, None),
        };
        let typed = || format!("--{}", String::from_utf8_lossy(text));
        if !name.is_empty() && b"help".starts_with(name) && value.is_none() {
            return Item::Usage;
        }
        let Some(spec) = find(self.table, name) else {
            return Item::Unknown(typed());
        };
        match spec.takes {
            // `--vrrp=3`: getopt calls that an unknown option, too.
            Takes::Nothing if value.is_some() => Item::Unknown(typed()),
            Takes::Nothing => Item::Option { spec, value: None },
            Takes::Optional(_) => Item::Option { spec, value: value.filter(|value| !value.is_empty()) },
            Takes::Required(_) => {
                let value = value.or_else(|| self.arguments.next().cloned());
                with_value(spec, value, || format!("--{}", spec.long))
            }
        }
    }
}

/// An empty value counts as none, as it does for the original.
fn with_value(spec: &'static Spec, value: Option<OsString>, name: impl Fn() -> String) -> Item {
    match value.filter(|value| !value.is_empty()) {
        Some(value) => Item::Option { spec, value: Some(value) },
        None => Item::Missing(name()),
    }
}

/// The option of this name, or the only one that starts so.
fn find(table: &'static [Spec], name: &[u8]) -> Option<&'static Spec> {
    if name.is_empty() {
        return None;
    }
    if let Some(spec) = table.iter().find(|spec| spec.long.as_bytes() == name) {
        return Some(spec);
    }
    let mut matches = table.iter().filter(|spec| spec.long.as_bytes().starts_with(name));
    let first = matches.next()?;
    matches.next().is_none().then_some(first)
}

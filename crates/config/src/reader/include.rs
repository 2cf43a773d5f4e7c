//! `include` and its kin: which files a line names, and what is checked (config-language reference 3).

use crate::diagnostic::{Class, Diagnostic};
use crate::host::{FileKind, Host, glob};
use crate::span::Span;
use std::path::{Component, Path, PathBuf};

/// What must hold for the files of an `include` line; what is not checked is only logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IncludeChecks {
    /// Every match is a plain file that can be read.
    pub readable: bool,
    /// A pattern without wildcards names a file.
    pub matched: bool,
    /// Every alternative in braces names a file.
    pub brace: bool,
    /// A pattern with wildcards matches something.
    pub wildcard: bool,
}

impl IncludeChecks {
    /// Everything: option `-e`, `includea`.
    pub const ALL: Self = Self { readable: true, matched: true, brace: true, wildcard: true };

    fn union(self, other: Self) -> Self {
        Self {
            readable: self.readable || other.readable,
            matched: self.matched || other.matched,
            brace: self.brace || other.brace,
            wildcard: self.wildcard || other.wildcard,
        }
    }

    /// The checks after `include_check WORDS`. The first word without a sign starts from `read`; an unknown word comes
    /// back instead.
    ///
    /// # Errors
    /// The word that is no check.
    pub fn changed_by<'a>(self, words: impl IntoIterator<Item = &'a str>) -> Result<Self, &'a str> {
        let mut checks = self;
        let mut is_first_unsigned = true;
        let mut is_empty = true;
        for word in words {
            is_empty = false;
            let (sign, name) = match word.strip_prefix(['+', '-']) {
                Some(name) => (word.starts_with('+'), name),
                None => {
                    if std::mem::take(&mut is_first_unsigned) {
                        checks = Self { readable: true, ..Self::default() };
                    }
                    (true, word)
                }
            };
            match name {
                "read" | "readable" => checks.readable = sign,
                "match" => checks.matched = sign,
                "wildcard_match" => checks.wildcard = sign,
                "brace_match" => checks.brace = sign,
                _ => return Err(word),
            }
        }
        Ok(if is_empty { Self::ALL } else { checks })
    }
}

/// An `include` line: its own checks and its pattern's offset.
pub(super) fn recognise(line: &[u8]) -> Option<(IncludeChecks, usize)> {
    let rest = line.strip_prefix(b"include")?;
    let letter = rest.first().copied().filter(|byte| !matches!(byte, b' ' | b'\t'));
    let readable = IncludeChecks { readable: true, ..IncludeChecks::default() };
    let checks = match letter {
        None => IncludeChecks::default(),
        Some(b'r') => readable,
        Some(b'm') => IncludeChecks { matched: true, ..readable },
        Some(b'b') => IncludeChecks { brace: true, ..readable },
        Some(b'w') => IncludeChecks { matched: true, wildcard: true, ..readable },
        Some(b'a') => IncludeChecks::ALL,
        Some(_) => return None,
    };
    let after = rest.get(usize::from(letter.is_some())..)?;
    let pattern = after.iter().position(|byte| !matches!(byte, b' ' | b'\t'))?;
    (pattern > 0).then(|| (checks, line.len() - after.len() + pattern))
}

/// The files to read, in order, and what is wrong.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Where to read, and what the file is called in messages.
    pub(super) files: Vec<(PathBuf, String)>,
    pub(super) problems: Vec<Problem>,
}

/// Something wrong with a pattern or one of its matches.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) message: String,
    /// A check was asked for, and fails.
    pub(super) checked: bool,
}

impl Problem {
    /// The diagnostic for an `include` line; a failed check stops start and test with status 6.
    pub(super) fn at(self, span: Span) -> Diagnostic {
        if self.checked {
            Diagnostic::at(Class::FileNotFound, span, self.message).stopping(6).deciding(6)
        } else {
            Diagnostic::at(Class::Remark, span, self.message)
        }
    }
}

/// Looks for the files that `pattern` names, seen from `directory`.
pub(super) fn find(
    pattern: &str,
    directory: Option<&Path>,
    own: IncludeChecks,
    base: IncludeChecks,
    host: &dyn Host,
) -> Found {
    let checks = own.union(base);
    let mut found = Found::default();
    let mut problem = |message: String, checked: bool| found.problems.push(Problem { message, checked });
    let alternatives = glob::expand_braces(pattern);
    let mut files = Vec::new();
    let mut missing_alternative = false;
    for alternative in &alternatives {
        let matches = host.glob(&absolute(alternative, directory));
        missing_alternative |= matches.is_empty();
        files.extend(matches.into_iter().map(|path| {
            let name = shown(&path, alternative, directory);
            (path, name)
        }));
    }
    if alternatives.len() > 1 && missing_alternative && checks.brace {
        problem(format!("Some config files missing: \"{pattern}\"."), true);
        return found;
    }
    if files.is_empty() {
        if !glob::has_wildcard(pattern) || !has_directory(pattern, directory, host) {
            problem(format!("Config files missing '{pattern}'."), checks.matched);
        } else if checks.wildcard {
            problem(format!("No config files matched '{pattern}'."), true);
        }
    }
    for (path, name) in files {
        match host.file_kind(&path) {
            FileKind::Plain => found.files.push((path, name)),
            FileKind::Directory => {
                let name = name.trim_end_matches('/');
                let message = format!("Configuration file '{name}/' is a directory - skipping");
                found.problems.push(Problem { message, checked: checks.readable });
            }
            FileKind::Executable | FileKind::Other | FileKind::Missing => {
                let message =
                    format!("Configuration file '{name}' is not a regular non-executable file - skipping");
                found.problems.push(Problem { message, checked: checks.readable });
            }
        }
    }
    found
}

/// Is there a directory in which the first wildcard could match? Without one, the pattern counts as a plain name.
fn has_directory(pattern: &str, directory: Option<&Path>, host: &dyn Host) -> bool {
    let plain =
        pattern.find(['*', '?', '[', '{', '\\']).and_then(|end| pattern.get(..end)).unwrap_or(pattern);
    let Some((parent, _)) = plain.rsplit_once('/') else { return true };
    let parent = if parent.is_empty() { Path::new("/") } else { Path::new(parent) };
    let parent = directory.map_or_else(|| parent.to_path_buf(), |directory| directory.join(parent));
    host.file_kind(&parent) != FileKind::Missing
}

/// The pattern from the root of the file system, if it is relative to a file's directory.
fn absolute(pattern: &str, directory: Option<&Path>) -> String {
    match directory.and_then(Path::to_str) {
        Some(directory) if !pattern.starts_with('/') && !directory.is_empty() => {
            let mut whole = String::with_capacity(directory.len() + pattern.len() + 1);
            for character in directory.chars() {
                if matches!(character, '*' | '?' | '[' | '{' | '}' | '\\') {
                    whole.push('\\');
                }
                whole.push(character);
            }
            if !whole.ends_with('/') {
                whole.push('/');
            }
            whole + pattern
        }
        _ => pattern.to_owned(),
    }
}

/// The path as the pattern would have written it.
fn shown(path: &Path, pattern: &str, directory: Option<&Path>) -> String {
    let relative = directory
        .filter(|_| !pattern.starts_with('/'))
        .and_then(|directory| path.strip_prefix(directory).ok());
    relative.unwrap_or(path).to_string_lossy().into_owned()
}

/// A path without `.` and `..`, to recognise a file that includes itself.
pub(super) fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if normal.file_name().is_some() => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::FakeHost;

    fn problems(line: &str) -> Vec<Problem> {
        let host = FakeHost::new()
            .with_file("/c/a.conf", "")
            .with_odd_file("/c/d", FileKind::Directory)
            .with_odd_file("/c/x", FileKind::Executable);
        let (checks, at) = recognise(line.as_bytes()).expect("an include line");
        find(&line[at..], Some(Path::new("/c")), checks, IncludeChecks::default(), &host).problems
    }

    fn problem(message: &str, checked: bool) -> Vec<Problem> {
        vec![Problem { message: message.to_owned(), checked }]
    }

    #[test]
    fn each_kind_has_its_checks() {
        assert_eq!(problems("include a.conf"), vec![]);
        let missing = "Config files missing 'nosuch'.";
        for (line, checked) in
            [("include", false), ("includer", false), ("includem", true), ("includew", true)]
        {
            assert_eq!(problems(&format!("{line} nosuch")), problem(missing, checked));
        }
        assert_eq!(problems("includem nosuch*"), vec![]);
        assert_eq!(problems("includew nosuch*"), problem("No config files matched 'nosuch*'.", true));
        let missing = "Config files missing '/nosuch/*/x'.";
        assert_eq!(problems("include /nosuch/*/x"), problem(missing, false));
        assert_eq!(problems("includem /nosuch/*/x"), problem(missing, true));
        assert_eq!(problems("includem /c/*/x"), vec![]);
        assert_eq!(problems("include {a.conf,b}"), vec![]);
        assert_eq!(
            problems("includeb {a.conf,b}"),
            problem("Some config files missing: \"{a.conf,b}\".", true)
        );
        assert_eq!(problems("includem {x1,x2}"), problem("Config files missing '{x1,x2}'.", true));
        assert_eq!(
            problems("include d"),
            problem("Configuration file 'd/' is a directory - skipping", false)
        );
        let executable = "Configuration file 'x' is not a regular non-executable file - skipping";
        assert_eq!(problems("includer x"), problem(executable, true));
    }

    #[test]
    fn only_known_letters_include() {
        for line in ["includex a", "include", "include ", "includer", "included a", "xinclude a"] {
            assert!(recognise(line.as_bytes()).is_none(), "{line}");
        }
        assert_eq!(recognise(b"include  a b").map(|found| found.1), Some(9));
    }

    #[test]
    fn include_check_adds_and_removes() {
        let none = IncludeChecks::default();
        let read = IncludeChecks { readable: true, ..none };
        assert_eq!(none.changed_by([]), Ok(IncludeChecks::ALL));
        assert_eq!(IncludeChecks::ALL.changed_by(["match"]), Ok(IncludeChecks { matched: true, ..read }));
        assert_eq!(none.changed_by(["+wildcard_match"]), Ok(IncludeChecks { wildcard: true, ..none }));
        assert_eq!(
            IncludeChecks::ALL.changed_by(["-read"]),
            Ok(IncludeChecks { readable: false, ..IncludeChecks::ALL })
        );
        assert_eq!(none.changed_by(["foo"]), Err("foo"));
    }

    #[test]
    fn a_path_has_one_normal_form() {
        assert_eq!(normal(Path::new("/a/./b/../c")), Path::new("/a/c"));
    }
}

//! glob(3) with `GLOB_BRACE | GLOB_MARK`: `*`, `?`, `[a-z]`, `[!x]`, `\x` and `{a,b}`.
//!
//! Matches of one pattern are sorted by bytes; alternatives in braces keep their order. Names that start with a dot
//! are matched only by a dot. Directories get a final `/`.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

/// More alternatives than this are a mistake, or an attack: `{a,b}{a,b}...` doubles with every pair.
const MOST_ALTERNATIVES: usize = 1024;

/// The paths that match.
pub(super) fn glob(pattern: &str) -> Vec<PathBuf> {
    let mut alternatives = Vec::new();
    expand_braces(pattern.as_bytes().to_vec(), &mut alternatives);
    alternatives.iter().flat_map(|alternative| matches_of(alternative)).collect()
}

/// Replaces the first pair of braces by each of its alternatives, and so on. Braces without a partner are letters.
fn expand_braces(pattern: Vec<u8>, found: &mut Vec<Vec<u8>>) {
    let mut waiting = vec![pattern];
    while let Some(pattern) = waiting.pop() {
        if found.len() + waiting.len() >= MOST_ALTERNATIVES {
            return;
        }
        match first_braces(&pattern) {
            Some(parts) => {
                let (head, tail) = (&pattern[..parts.start], &pattern[parts.end..]);
                let made = parts.alternatives.iter().map(|middle| [head, middle.as_slice(), tail].concat());
                waiting.extend(made.rev());
            }
            None => found.push(pattern),
        }
    }
}

struct Braces {
    start: usize,
    end: usize,
    alternatives: Vec<Vec<u8>>,
}

fn first_braces(pattern: &[u8]) -> Option<Braces> {
    let start = pattern.iter().position(|&byte| byte == b'{')?;
    let mut depth = 0_usize;
    let mut alternatives = vec![Vec::new()];
    for (offset, &byte) in pattern[start..].iter().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        let last = alternatives.last_mut()?;
        match (byte, depth) {
            (b'}', 0) => {
                return Some(Braces { start, end: start + offset + 1, alternatives });
            }
            (b',', 1) => alternatives.push(Vec::new()),
            (b'{', 1) => {}
            _ => last.push(byte),
        }
    }
    None
}

/// The paths that match a pattern without braces, sorted.
fn matches_of(pattern: &[u8]) -> Vec<PathBuf> {
    let mut found: Vec<Vec<u8>> = vec![if pattern.starts_with(b"/") { b"/".to_vec() } else { Vec::new() }];
    let mut parts = pattern.split(|&byte| byte == b'/').filter(|part| !part.is_empty()).peekable();
    if parts.peek().is_none() {
        return if pattern.is_empty() { Vec::new() } else { vec![PathBuf::from("/")] };
    }
    while let Some(part) = parts.next() {
        let is_last = parts.peek().is_none();
        let mut next = Vec::new();
        for directory in &found {
            step(directory, part, is_last, &mut next);
        }
        found = next;
    }
    found.sort();
    found.into_iter().map(mark).collect()
}

/// Adds what `part` matches in `directory`.
fn step(directory: &[u8], part: &[u8], is_last: bool, found: &mut Vec<Vec<u8>>) {
    let join = |name: &[u8]| {
        let separator: &[u8] = if directory.is_empty() || directory.ends_with(b"/") { b"" } else { b"/" };
        [directory, separator, name].concat()
    };
    if !part.iter().any(|byte| b"*?[\\".contains(byte)) {
        let path = join(part);
        let as_path = Path::new(OsStr::from_bytes(&path));
        if fs::symlink_metadata(as_path).is_ok_and(|_| is_last || as_path.is_dir()) {
            found.push(path);
        }
        return;
    }
    let listed = if directory.is_empty() { Path::new(".") } else { Path::new(OsStr::from_bytes(directory)) };
    let Ok(entries) = fs::read_dir(listed) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().into_vec();
        let hidden = name.starts_with(b".") && !part.starts_with(b".") && !part.starts_with(b"\\.");
        if hidden || !matches(part, &name) {
            continue;
        }
        let path = join(&name);
        if is_last || Path::new(OsStr::from_bytes(&path)).is_dir() {
            found.push(path);
        }
    }
}

fn mark(mut path: Vec<u8>) -> PathBuf {
    if Path::new(OsStr::from_bytes(&path)).is_dir() && !path.ends_with(b"/") {
        path.push(b'/');
    }
    PathBuf::from(std::ffi::OsString::from_vec(path))
}

/// Does the whole name match? Linear: only the last `*` is ever tried again.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut seen) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while seen < name.len() {
        if pattern.get(at) == Some(&b'*') {
            retry = Some((at + 1, seen));
            at += 1;
            continue;
        }
        match one(&pattern[at..], name[seen]) {
            Some(length) => {
                at += length;
                seen += 1;
            }
            None => match retry {
                Some((after_star, from)) => {
                    retry = Some((after_star, from + 1));
                    (at, seen) = (after_star, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|&byte| byte == b'*')
}

/// If the first element of the pattern matches this byte: how long the element is.
fn one(pattern: &[u8], byte: u8) -> Option<usize> {
    match pattern {
        [b'?', ..] => Some(1),
        [b'\\', escaped, ..] => (*escaped == byte).then_some(2),
        [b'[', rest @ ..] => match set(rest, byte) {
            Some((matched, length)) => matched.then_some(length + 1),
            // Without its `]` it is a letter.
            None => (byte == b'[').then_some(1),
        },
        [literal, ..] => (*literal == byte).then_some(1),
        [] => None,
    }
}

/// Judges `a-z]`, `!x]`: whether the byte is in the set, and how long its text is.
fn set(text: &[u8], byte: u8) -> Option<(bool, usize)> {
    let negated = matches!(text.first(), Some(b'!' | b'^'));
    let first = usize::from(negated);
    let mut at = first;
    let mut inside = false;
    loop {
        let low = *text.get(at)?;
        if low == b']' && at > first {
            return Some((inside != negated, at + 1));
        }
        match (text.get(at + 1), text.get(at + 2)) {
            (Some(b'-'), Some(&high)) if high != b']' => {
                inside |= (low..=high).contains(&byte);
                at += 3;
            }
            _ => {
                inside |= low == byte;
                at += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_as_fnmatch_says() {
        for (pattern, name) in [
            ("*.conf", "a.conf"),
            ("a*b*c", "axxbyyc"),
            ("[a-c]?.conf", "b1.conf"),
            ("[!x]", "y"),
            ("[]x]", "]"),
            ("\\*", "*"),
            ("a[", "a["),
        ] {
            assert!(matches(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
        }
        for (pattern, name) in [("*.conf", "a.conf~"), ("[a-c]", "d"), ("[!x]", "x"), ("a?", "a")] {
            assert!(!matches(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
        }
    }

    #[test]
    fn a_pattern_of_stars_does_not_take_exponential_time() {
        let pattern = "*a".repeat(60);
        assert!(!matches(format!("{pattern}b").as_bytes(), "a".repeat(2000).as_bytes()));
    }

    #[test]
    fn files_are_found_in_order_and_hidden_ones_are_not() {
        let directory = tempfile::tempdir().expect("a directory");
        let root = directory.path();
        for name in ["b.conf", "a.conf", ".c.conf", "d.txt"] {
            fs::write(root.join(name), "").expect("written");
        }
        fs::create_dir(root.join("sub")).expect("made");
        let names = |pattern: &str| -> Vec<String> {
            let found = glob(&format!("{}/{pattern}", root.display()));
            let strip =
                |path: &PathBuf| path.strip_prefix(root).expect("below").to_string_lossy().into_owned();
            found.iter().map(strip).collect()
        };
        assert_eq!(names("*.conf"), ["a.conf", "b.conf"]);
        assert_eq!(names("{d,a}.*"), ["d.txt", "a.conf"]);
        assert_eq!(names("{b.conf,a{.conf,.none}}"), ["b.conf", "a.conf"]);
        assert_eq!(names("nothing*"), Vec::<String>::new());
        assert_eq!(names("a.conf"), ["a.conf"]);
        assert!(glob(&format!("{}/su?", root.display()))[0].to_string_lossy().ends_with("sub/"));
    }

    #[test]
    fn brace_bombs_are_bounded() {
        assert!(glob(&"{a,b}".repeat(60)).is_empty());
    }
}

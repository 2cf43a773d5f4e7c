//! Shell patterns as `glob(3)` with `GLOB_BRACE` reads them: `*`, `?`, `[...]`, `{a,b}` and backslashes.
//!
//! The real machine's [`Host::glob`](super::Host::glob) walks directories with these functions; the fake one filters
//! its map.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// More alternatives than this in one pattern are cut off: `{a,b}` repeated twenty times would be a million.
pub const MAX_ALTERNATIVES: usize = 4096;

/// Does the pattern need matching at all? Brace alternatives do not count.
#[must_use]
pub fn has_wildcard(pattern: &str) -> bool {
    let mut bytes = pattern.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => {
                bytes.next();
            }
            b'*' | b'?' | b'[' => return true,
            _ => {}
        }
    }
    false
}

/// Replaces `{a,b}` by its alternatives, outermost and leftmost first, as `GLOB_BRACE` does. A pattern without (paired)
/// braces comes back alone; `{}` stays as it is.
#[must_use]
pub fn expand_braces(pattern: &str) -> Vec<String> {
    let mut done = Vec::new();
    let mut todo = vec![pattern.to_owned()];
    while let Some(next) = todo.pop() {
        if done.len() + todo.len() >= MAX_ALTERNATIVES {
            break;
        }
        let Some((open, close, commas)) = first_group(next.as_bytes()) else {
            done.push(next);
            continue;
        };
        let mut starts = vec![open + 1];
        starts.extend(commas.iter().map(|comma| comma + 1));
        let mut ends = commas;
        ends.push(close);
        // The last alternative goes onto the stack first, so that the first one is expanded next.
        for (start, end) in starts.into_iter().zip(ends).rev() {
            let (head, body, tail) = (next.get(..open), next.get(start..end), next.get(close + 1..));
            todo.push([head, body, tail].into_iter().flatten().collect());
        }
    }
    done
}

/// The first `{`, its `}`, and the commas between them.
fn first_group(pattern: &[u8]) -> Option<(usize, usize, Vec<usize>)> {
    let mut open = None;
    let mut depth = 0_usize;
    let mut commas = Vec::new();
    let mut position = 0;
    while let Some(byte) = pattern.get(position) {
        match (byte, open) {
            (b'\\', _) => position += 1,
            (b'{', None) if pattern.get(position + 1) != Some(&b'}') => open = Some(position),
            (b'{', Some(_)) => depth += 1,
            (b'}', Some(start)) if depth == 0 => return Some((start, position, commas)),
            (b'}', Some(_)) => depth -= 1,
            (b',', Some(_)) if depth == 0 => commas.push(position),
            _ => {}
        }
        position += 1;
    }
    None
}

/// Does the path match, component by component?
#[must_use]
pub fn matches_path(pattern: &str, path: &Path) -> bool {
    let path = path.as_os_str().as_bytes();
    let (mut left, mut right) = (pattern.as_bytes().split(|b| *b == b'/'), path.split(|b| *b == b'/'));
    loop {
        match (left.next(), right.next()) {
            (None, None) => return true,
            (Some(pattern), Some(name)) if matches_bytes(pattern, name) => {}
            _ => return false,
        }
    }
}

/// Does a file name match one component of a pattern? A leading dot must be written.
#[must_use]
pub fn matches_name(pattern: &str, name: &OsStr) -> bool {
    matches_bytes(pattern.as_bytes(), name.as_bytes())
}

fn matches_bytes(pattern: &[u8], name: &[u8]) -> bool {
    if name.first() == Some(&b'.') && pattern.first() != Some(&b'.') {
        return false;
    }
    // The usual walk with one point of return, so that the time is bounded by the product of the lengths.
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p, n));
            p += 1;
            continue;
        }
        if let Some(after) = matches_one(pattern, p, name[n]) {
            p = after;
            n += 1;
            continue;
        }
        let Some((star_p, star_n)) = star else {
            return false;
        };
        star = Some((star_p, star_n + 1));
        (p, n) = (star_p + 1, star_n + 1);
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

/// Matches one byte against the pattern element at `at`; gives the position after that element.
fn matches_one(pattern: &[u8], at: usize, byte: u8) -> Option<usize> {
    match *pattern.get(at)? {
        b'?' => Some(at + 1),
        b'\\' => (*pattern.get(at + 1).unwrap_or(&b'\\') == byte).then_some((at + 2).min(pattern.len())),
        b'[' => match bracket(pattern, at + 1, byte) {
            Some((matched, after)) => matched.then_some(after),
            None => (byte == b'[').then_some(at + 1),
        },
        literal => (literal == byte).then_some(at + 1),
    }
}

/// A bracket expression starting after `[`: does it hold `byte`, and where does it end? `None` when it is not closed.
fn bracket(pattern: &[u8], start: usize, byte: u8) -> Option<(bool, usize)> {
    let mut at = start;
    let negated = matches!(pattern.get(at), Some(b'!' | b'^'));
    if negated {
        at += 1;
    }
    let first = at;
    let mut found = false;
    loop {
        let low = *pattern.get(at)?;
        if low == b']' && at > first {
            return Some((found != negated, at + 1));
        }
        if pattern.get(at + 1) == Some(&b'-') && !matches!(pattern.get(at + 2), None | Some(b']')) {
            let high = *pattern.get(at + 2)?;
            found |= (low..=high).contains(&byte);
            at += 3;
        } else {
            found |= low == byte;
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_expand_in_the_order_of_writing() {
        assert_eq!(expand_braces("a{b,c{d,e}}f"), ["abf", "acdf", "acef"]);
        assert_eq!(expand_braces("{}x"), ["{}x"]);
        assert_eq!(expand_braces("a{b"), ["a{b"]);
    }

    #[test]
    fn a_brace_bomb_is_cut_off() {
        assert!(expand_braces(&"{a,b}".repeat(40)).len() <= MAX_ALTERNATIVES);
    }

    #[test]
    fn wildcards_match_within_a_component() {
        let matches = |pattern: &str, path: &str| matches_path(pattern, Path::new(path));
        assert!(matches("/etc/*.conf", "/etc/a.conf"));
        assert!(!matches("/etc/*.conf", "/etc/.a.conf"));
        assert!(!matches("/etc/*", "/etc/a/b"));
        assert!(matches("/e?c/[a-c]*[!x].conf", "/etc/b1y.conf"));
        assert!(!matches("/e?c/[a-c]*[!x].conf", "/etc/d1y.conf"));
        assert!(matches("/a/[b", "/a/[b"));
        assert!(matches(r"/a/\*", "/a/*"));
        assert!(!matches(r"/a/\*", "/a/b"));
    }
}

//! glob(3) with `GLOB_BRACE | GLOB_MARK` on the real file system; what a pattern means is `config::host::glob`.
//!
//! Matches of one pattern are sorted by bytes; alternatives in braces keep their order. Names that start with a dot
//! are matched only by a dot. Directories get a final `/`.

use keepalived_config::host::glob::{expand_braces, matches_name};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// The paths that match.
pub(super) fn glob(pattern: &str) -> Vec<PathBuf> {
    expand_braces(pattern).iter().flat_map(|alternative| matches_of(alternative)).collect()
}

/// The paths that match a pattern without braces, sorted.
fn matches_of(pattern: &str) -> Vec<PathBuf> {
    let mut found = vec![if pattern.starts_with('/') { PathBuf::from("/") } else { PathBuf::new() }];
    let mut parts = pattern.split('/').filter(|part| !part.is_empty()).peekable();
    if parts.peek().is_none() {
        return if pattern.is_empty() { Vec::new() } else { found };
    }
    while let Some(part) = parts.next() {
        let is_last = parts.peek().is_none();
        let mut next = Vec::new();
        for directory in &found {
            step(directory, part, is_last, &mut next);
        }
        found = next;
    }
    found.sort_by(|left, right| left.as_os_str().cmp(right.as_os_str()));
    found.into_iter().map(mark).collect()
}

/// Adds what `part` matches in `directory`.
fn step(directory: &Path, part: &str, is_last: bool, found: &mut Vec<PathBuf>) {
    if !part.contains(['*', '?', '[', '\\']) {
        let path = directory.join(part);
        if fs::symlink_metadata(&path).is_ok_and(|_| is_last || path.is_dir()) {
            found.push(path);
        }
        return;
    }
    let listed = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let Ok(entries) = fs::read_dir(listed) else { return };
    for entry in entries.flatten().filter(|entry| matches_name(part, &entry.file_name())) {
        let path = directory.join(entry.file_name());
        if is_last || path.is_dir() {
            found.push(path);
        }
    }
}

fn mark(path: PathBuf) -> PathBuf {
    if !path.is_dir() {
        return path;
    }
    let mut text: OsString = path.into_os_string();
    text.push("/");
    PathBuf::from(text)
}

#[cfg(test)]
mod tests {
    use super::*;

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

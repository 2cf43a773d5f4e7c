//! Tables of `docs/` that name tests: `| key | what | state | tests, or why there are none |`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One line of a table.
pub(crate) struct Row {
    /// The first column.
    pub(crate) key: String,
    /// Tests show it.
    pub(crate) is_shown: bool,
    /// Tests with their files, or why there are none.
    pub(crate) last: String,
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").to_path_buf()
}

/// A document.
pub(crate) fn document(name: &str) -> String {
    std::fs::read_to_string(root().join("docs").join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The rows of all tables of four columns whose first one begins with a digit; `shown` is the word for rows with tests.
pub(crate) fn rows(document: &str, shown: &str) -> Vec<Row> {
    let cells = document.lines().map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    let rows = cells.filter_map(|cells| match cells[..] {
        [_, key, _, state, last, _] if key.starts_with(|first: char| first.is_ascii_digit()) => {
            assert!(state == shown || state == "open", "{key} is {state}");
            Some(Row { key: key.to_owned(), is_shown: state == shown, last: last.to_owned() })
        }
        _ => None,
    });
    rows.collect()
}

/// `` `name` in path; `name` in path ``.
fn tests(row: &Row) -> Vec<(String, String)> {
    let named = row.last.split("; ").filter_map(|part| {
        let (name, file) = part.split_once(" in ")?;
        Some((name.trim_matches('`').to_owned(), file.to_owned()))
    });
    named.collect()
}

/// Every test that a row with tests names is there, and is run.
pub(crate) fn tests_exist(rows: &[Row]) {
    let mut sources: BTreeMap<String, String> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.is_shown) {
        let tests = tests(row);
        assert!(!tests.is_empty(), "{} names no test", row.key);
        for (name, file) in tests {
            let source = sources.entry(file.clone()).or_insert_with(|| {
                std::fs::read_to_string(root().join(&file)).unwrap_or_else(|_| panic!("{file} is not there"))
            });
            // Tests in the second kernel are rows of a table of their own.
            if source.contains(&format!("(\"{name}\", ")) {
                continue;
            }
            let Some((before, _)) = source.split_once(&format!("fn {name}(")) else {
                panic!("{}: {file} has no test {name}", row.key)
            };
            let attributes = before.rsplit("\n\n").next().unwrap_or_default();
            assert!(attributes.contains("#[test]"), "{}: {name} is no test", row.key);
            assert!(!attributes.contains("#[ignore"), "{}: {name} is not run", row.key);
        }
    }
    for row in rows.iter().filter(|row| !row.is_shown) {
        assert!(!row.last.is_empty(), "{} is open for no reason", row.key);
    }
}

//! `docs/checklist-vrrp.md` tells the truth: every point is in it once, and every test that it names exists.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How many points the reference has.
const POINTS: u32 = 106;

/// One line of the table.
struct Row {
    number: u32,
    is_passed: bool,
    /// Tests with their files, or why there are none.
    last: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").to_path_buf()
}

fn table() -> String {
    std::fs::read_to_string(root().join("docs/checklist-vrrp.md")).expect("the checklist is there")
}

fn rows(table: &str) -> Vec<Row> {
    let cells = table.lines().map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    let rows = cells.filter_map(|cells| match cells[..] {
        [_, number, _, state, last, _] => {
            let number = number.parse().ok()?;
            assert!(matches!(state, "passed" | "open"), "point {number} is {state}");
            Some(Row { number, is_passed: state == "passed", last: last.to_owned() })
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

#[test]
fn every_point_is_listed_once() {
    let numbers: Vec<u32> = rows(&table()).iter().map(|row| row.number).collect();
    assert_eq!(numbers, (1..=POINTS).collect::<Vec<_>>());
}

#[test]
fn every_test_that_is_named_exists() {
    let mut sources: BTreeMap<String, String> = BTreeMap::new();
    for row in rows(&table()).iter().filter(|row| row.is_passed) {
        let tests = tests(row);
        assert!(!tests.is_empty(), "point {} is passed, but names no test", row.number);
        for (name, file) in tests {
            let source = sources.entry(file.clone()).or_insert_with(|| {
                std::fs::read_to_string(root().join(&file)).unwrap_or_else(|_| panic!("{file} is not there"))
            });
            let Some((before, _)) = source.split_once(&format!("fn {name}(")) else {
                panic!("point {}: {file} has no test {name}", row.number)
            };
            let attributes = before.rsplit("\n\n").next().unwrap_or_default();
            assert!(attributes.contains("#[test]"), "point {}: {name} is no test", row.number);
            assert!(!attributes.contains("#[ignore"), "point {}: {name} is not run", row.number);
        }
    }
}

#[test]
fn an_open_point_says_why_and_the_sum_is_right() {
    let table = table();
    let rows = rows(&table);
    for row in rows.iter().filter(|row| !row.is_passed) {
        assert!(!row.last.is_empty(), "point {} is open for no reason", row.number);
    }
    let passed = rows.iter().filter(|row| row.is_passed).count();
    let open: Vec<String> =
        rows.iter().filter(|row| !row.is_passed).map(|row| row.number.to_string()).collect();
    let sum = format!("Passed: {passed} of {POINTS}. Open: {}.", open.join(", "));
    assert!(table.contains(&sum), "the table says otherwise than: {sum}");
}

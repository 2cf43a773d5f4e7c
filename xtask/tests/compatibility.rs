//! `docs/compatibility.md` tells the truth: every row of the drop-in contract is in it, and every test and configuration that it
//! names exists.

mod tables;

use tables::{document, root, rows, tests_exist};

/// How many rows each section has.
const SECTIONS: [u32; 4] = [8, 10, 23, 12];

#[test]
fn every_row_of_the_contract_is_listed_once() {
    let listed: Vec<String> =
        rows(&document("compatibility.md"), "guarded").into_iter().map(|row| row.key).collect();
    let mut expected = Vec::new();
    for (section, count) in (1..).zip(SECTIONS) {
        expected.extend((1..=count).map(|number: u32| format!("{section}.{number}")));
    }
    assert_eq!(listed, expected);
}

#[test]
fn every_test_and_configuration_that_is_named_exists() {
    let rows = rows(&document("compatibility.md"), "guarded");
    tests_exist(&rows);
    for row in &rows {
        for part in row.last.split("; ").filter_map(|part| part.strip_prefix("corpus ")) {
            for name in part.split(", ") {
                let file = root().join("tests/compat").join(format!("{name}.conf"));
                assert!(file.exists(), "{}: there is no {}", row.key, file.display());
            }
        }
    }
}

#[test]
fn the_sum_is_right() {
    let text = document("compatibility.md");
    let rows = rows(&text, "guarded");
    let guarded = rows.iter().filter(|row| row.is_shown).count();
    let open: Vec<&str> = rows.iter().filter(|row| !row.is_shown).map(|row| row.key.as_str()).collect();
    let sum = format!("Guarded: {guarded} of {}. Open: {}.", rows.len(), open.join(", "));
    assert!(text.contains(&sum), "the page says otherwise than: {sum}");
}

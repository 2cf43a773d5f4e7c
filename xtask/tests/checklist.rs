//! `docs/checklist-vrrp.md` tells the truth: every point is in it once, and every test that it names exists.

mod tables;

use tables::{Row, document, rows, tests_exist};

/// How many points the reference has.
const POINTS: u32 = 106;

fn points() -> Vec<Row> {
    rows(&document("checklist-vrrp.md"), "passed")
}

#[test]
fn every_point_is_listed_once() {
    let numbers: Vec<String> = points().into_iter().map(|row| row.key).collect();
    assert_eq!(numbers, (1..=POINTS).map(|number| number.to_string()).collect::<Vec<_>>());
}

#[test]
fn every_test_that_is_named_exists() {
    tests_exist(&points());
}

#[test]
fn the_sum_is_right() {
    let rows = points();
    let passed = rows.iter().filter(|row| row.is_shown).count();
    let open: Vec<&str> = rows.iter().filter(|row| !row.is_shown).map(|row| row.key.as_str()).collect();
    let sum = format!("Passed: {passed} of {POINTS}. Open: {}.", open.join(", "));
    assert!(document("checklist-vrrp.md").contains(&sum), "the table says otherwise than: {sum}");
}

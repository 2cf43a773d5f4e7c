//! The tables know every keyword of the list in `keywords.tsv`, and no other.

use keepalived_config::keyword::{Grammar, Row};
use std::collections::BTreeSet;

#[path = "../examples/keyword-table/render.rs"]
mod render;

/// Block and keyword.
type Entry = (String, String);

const LIST: &str = include_str!("keywords.tsv");

/// What is not a keyword of a block but of the language; `keyword_coverage_lexical.rs` has a test for each.
const LEXICAL: &str = "(lexical)";

fn listed() -> BTreeSet<Entry> {
    let mut entries = BTreeSet::new();
    for line in LIST.lines().skip(1) {
        let mut columns = line.split('\t');
        if let (Some(block), Some(keyword)) = (columns.next(), columns.next()) {
            entries.insert((block.to_owned(), keyword.to_owned()));
        }
    }
    entries
}

fn known() -> BTreeSet<Entry> {
    let mut entries = BTreeSet::new();
    walk(&keepalived_config::tables::ROOT, "", &mut entries);
    entries
}

fn walk(grammar: &'static dyn Grammar, path: &str, entries: &mut BTreeSet<Entry>) {
    for row in grammar.rows() {
        let block = if path.is_empty() { "(root)" } else { path };
        entries.insert((block.to_owned(), row.name.to_owned()));
        let inner = if path.is_empty() { row.name.to_owned() } else { format!("{path}/{}", row.name) };
        if let Some(nested) = row.block {
            walk(nested, &inner, entries);
        }
        if row.is_list {
            items(&row, &inner, entries);
        }
    }
}

/// The words of an item. `nexthop via` is the word `via` of the block `.../nexthop`.
fn items(row: &Row, path: &str, entries: &mut BTreeSet<Entry>) {
    entries.insert((path.to_owned(), "<line>".to_owned()));
    for word in row.words {
        match word.name.split_once(' ') {
            Some((outer, inner)) => entries.insert((format!("{path}/{outer}"), inner.to_owned())),
            None => entries.insert((path.to_owned(), word.name.to_owned())),
        };
    }
}

/// `<line>`, `<type>` and `<dest>` stand for what an item is, not for a word.
fn is_placeholder(entry: &Entry) -> bool {
    entry.1.starts_with('<')
}

#[test]
fn the_list_is_whole() {
    // 840 of the original, and 2 of ours.
    assert_eq!(LIST.lines().count() - 1, 842);
}

#[test]
fn every_listed_keyword_is_known() {
    let known = known();
    let missing: Vec<Entry> = listed()
        .into_iter()
        .filter(|entry| entry.0 != LEXICAL && !known.contains(entry))
        .filter(|entry| !is_placeholder(entry) || !known.contains(&(entry.0.clone(), "<line>".to_owned())))
        .collect();
    assert!(missing.is_empty(), "{} keywords are missing: {missing:#?}", missing.len());
}

#[test]
fn no_keyword_is_known_that_is_not_listed() {
    let listed = listed();
    let surplus: Vec<Entry> =
        known().into_iter().filter(|entry| !listed.contains(entry) && !is_placeholder(entry)).collect();
    assert!(surplus.is_empty(), "{} keywords are not listed: {surplus:#?}", surplus.len());
}

#[test]
fn every_keyword_has_a_text_for_the_manual() {
    fn silent(grammar: &'static dyn Grammar, path: &str, found: &mut Vec<String>) {
        for row in grammar.rows() {
            let here = format!("{path}/{}", row.name);
            if row.help.is_empty() {
                found.push(here.clone());
            }
            found.extend(
                row.words
                    .iter()
                    .filter(|word| word.help.is_empty())
                    .map(|word| format!("{here}/{}", word.name)),
            );
            if let Some(block) = row.block {
                silent(block, &here, found);
            }
        }
    }
    let mut found = Vec::new();
    silent(&keepalived_config::tables::ROOT, "", &mut found);
    assert!(found.is_empty(), "without a text: {found:#?}");
}

#[test]
fn the_page_for_people_counts_every_row() {
    let page = render::document(&keepalived_config::tables::ROOT);
    let rows = LIST.lines().count() - 1;
    assert!(
        page.contains(&format!("Known: {rows}, ")),
        "{:?}",
        page.lines().find(|line| line.starts_with("Known:"))
    );
}

#[test]
fn the_page_for_people_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/keywords.md");
    let page = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        page == render::document(&keepalived_config::tables::ROOT),
        "docs/keywords.md is not what the tables say; run: cargo run -p keepalived-config --example keyword-table > docs/keywords.md"
    );
}

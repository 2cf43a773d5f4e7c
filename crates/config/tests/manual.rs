//! keepalived.conf(5) tells of every keyword, and nothing in a text of ours is taken for a macro.

use keepalived_config::tables::ROOT;

#[path = "../examples/manual/page.rs"]
mod page;

/// Block and keyword.
const LIST: &str = include_str!("keywords.tsv");

#[test]
fn every_keyword_is_in_the_page() {
    let page = page::document(&ROOT);
    let mut looked_for = 0;
    for line in LIST.lines().skip(1) {
        let mut columns = line.split('\t');
        let (Some(block), Some(word)) = (columns.next(), columns.next()) else { continue };
        if block == "(lexical)" || word.starts_with('<') {
            continue;
        }
        let shown = word.replace('-', "\\-");
        // `nexthop via` is one item of the page, and the word `via` of the block `nexthop` in the list.
        let outer = block.rsplit('/').next().unwrap_or_default();
        let found = [format!(".TP\n\\fB{shown}\\fR"), format!(".TP\n\\fB{outer} {shown}\\fR")];
        assert!(found.iter().any(|text| page.contains(text.as_str())), "{block}: {word} is not in the page");
        looked_for += 1;
    }
    assert!(looked_for > 700, "the list was not understood: {looked_for} keywords");
}

#[test]
fn only_our_own_lines_are_requests() {
    for line in page::document(&ROOT).lines().filter(|line| line.starts_with(['.', '\''])) {
        let request = line.split_whitespace().next().unwrap_or_default();
        let known = [".TH", ".SH", ".SS", ".TP", ".PP", ".BR", ".nf", ".fi"];
        assert!(known.contains(&request), "{line}");
    }
}

//! The `(lexical)` rows of `keywords.tsv`: a test for each construct of the language itself.

use keepalived_config::host::{FakeHost, FileKind};
use keepalived_config::load::{LoadOptions, consolidated, load_tree};
use keepalived_config::status;
use keepalived_config::tables::ROOT;
use std::collections::BTreeSet;

const PATH: &str = "/etc/keepalived/keepalived.conf";

/// What is left of a configuration when the language has been dealt with, one line per line, and the status of `-t`.
fn outcome(text: &str) -> (Vec<String>, u8) {
    let host = FakeHost::new()
        .with_file(PATH, text)
        .with_file("/etc/keepalived/a.inc", "global_defs {\n router_id a\n}\n")
        .with_file("/etc/keepalived/b.inc", "global_defs {\n router_id b\n}\n")
        .with_odd_file("/etc/keepalived/directory", FileKind::Directory)
        .with_environment("SITE", "north");
    let options = LoadOptions { config_id: "node".to_owned(), all_includes_checked: false, test_mode: true };
    let read = load_tree(PATH, &options, &host, &ROOT);
    let lines = consolidated(&read.tree);
    (lines.lines().map(|line| line.trim().to_owned()).collect(), status::of_test(&read.report))
}

fn lines(text: &str) -> Vec<String> {
    outcome(text).0
}

/// The words after `router_id`, once per line.
fn names(text: &str) -> Vec<String> {
    lines(text)
        .iter()
        .filter_map(|line| line.strip_prefix("router_id "))
        .map(|name| name.trim_matches('"').to_owned())
        .collect()
}

/// The same for text inside `global_defs`.
fn inside(text: &str) -> Vec<String> {
    names(&format!("global_defs {{\n{text}\n}}\n"))
}

#[test]
fn include_reads_files_and_survives_missing_ones() {
    assert_eq!(names("include *.inc\n"), ["a", "b"]);
    assert_eq!(outcome("include nowhere.inc\n").1, 0);
}

#[test]
fn includer_insists_on_readable_files_only() {
    assert_eq!(names("includer a.inc\n"), ["a"]);
    assert_eq!(outcome("includer nowhere.inc\n").1, 0);
    assert_eq!(outcome("includer directory\n").1, 6);
}

#[test]
fn includem_insists_on_a_match_without_wildcards() {
    assert_eq!(outcome("includem nowhere.inc\n").1, 6);
    assert_eq!(outcome("includem nowhere-*.inc\n").1, 0);
}

#[test]
fn includew_insists_on_a_match_even_with_wildcards() {
    assert_eq!(names("includew *.inc\n"), ["a", "b"]);
    assert_eq!(outcome("includew nowhere-*.inc\n").1, 6);
}

#[test]
fn includeb_insists_on_every_brace_alternative() {
    assert_eq!(names("includeb {a,b}.inc\n"), ["a", "b"]);
    assert_eq!(outcome("includeb {a,nowhere}.inc\n").1, 6);
}

#[test]
fn includea_insists_on_everything() {
    assert_eq!(names("includea {a,b}.inc\n"), ["a", "b"]);
    for pattern in ["nowhere.inc", "nowhere-*.inc", "{a,nowhere}.inc"] {
        assert_eq!(outcome(&format!("includea {pattern}\n")).1, 6, "{pattern}");
    }
}

#[test]
fn a_line_for_this_node_is_kept() {
    assert_eq!(inside("@node router_id ours\n@other router_id theirs"), ["ours"]);
}

#[test]
fn a_line_for_other_nodes_is_dropped() {
    assert_eq!(inside("@^node router_id theirs\n@^other router_id ours"), ["ours"]);
}

#[test]
fn a_definition_holds_from_its_line_on() {
    assert_eq!(inside("$N=one\nrouter_id $N\n$N=two\nrouter_id $N"), ["one", "two"]);
    let several = "$BODY= \\\n router_id one \\\n router_id two\nglobal_defs {\n$BODY\n}\n";
    assert_eq!(names(several), ["one", "two"]);
}

#[test]
fn a_name_is_replaced_where_it_stands_free_or_in_braces() {
    assert_eq!(inside("$N=x\nrouter_id a${N}b"), ["axb"]);
    assert_eq!(inside("$N=x\nrouter_id a$Nb"), ["a$Nb"]);
}

#[test]
fn pwd_is_the_directory_of_the_file() {
    assert_eq!(inside("router_id ${_PWD}"), ["/etc/keepalived"]);
    assert_eq!(names("include ${_PWD}/b.inc\n"), ["b"]);
}

#[test]
fn instance_is_the_config_id() {
    assert_eq!(inside("router_id ${_INSTANCE}"), ["node"]);
}

#[test]
fn random_lies_in_its_range() {
    let names = inside("router_id ${_RANDOM 7 9}\nrouter_id ${_RANDOM}");
    let numbers: Vec<u32> = names.iter().filter_map(|name| name.parse().ok()).collect();
    assert_eq!(numbers.len(), 2, "{names:?}");
    assert!((7..=9).contains(&numbers[0]) && numbers[1] <= 32_767, "{numbers:?}");
}

#[test]
fn hash_is_a_character_inside_quotes() {
    assert_eq!(inside("router_id \"a${_HASH}b\""), ["a#b"]);
}

#[test]
fn bang_is_a_character_inside_quotes() {
    assert_eq!(inside("router_id \"a${_BANG}b\""), ["a!b"]);
}

#[test]
fn env_is_a_variable_or_nothing() {
    assert_eq!(inside("router_id x${_ENV SITE}"), ["xnorth"]);
    assert_eq!(inside("router_id x${_ENV NOWHERE}"), ["x"]);
}

#[test]
fn seq_repeats_a_line_with_decimal_numbers() {
    assert_eq!(inside("~SEQ(I,2) router_id n${I}"), ["n1", "n2"]);
    assert_eq!(inside("~SEQ(I, 8, 2, 12) router_id n${I}"), ["n8", "n10", "n12"]);
}

#[test]
fn seqx_repeats_a_line_with_hexadecimal_numbers() {
    assert_eq!(inside("~SEQx(I,9,11) router_id n${I}"), ["n9", "na", "nb"]);
}

#[test]
fn lst_repeats_a_line_with_listed_values() {
    assert_eq!(inside("~LST(I,x,y) router_id n${I}"), ["nx", "ny"]);
    assert_eq!(inside("~LST({I,J},{x,1},{y}) router_id n${I}${J}"), ["nx1", "ny"]);
}

/// Each row with the test that proves it.
const PROOFS: [(&str, fn()); 19] = [
    ("include", include_reads_files_and_survives_missing_ones),
    ("includer", includer_insists_on_readable_files_only),
    ("includem", includem_insists_on_a_match_without_wildcards),
    ("includew", includew_insists_on_a_match_even_with_wildcards),
    ("includeb", includeb_insists_on_every_brace_alternative),
    ("includea", includea_insists_on_everything),
    ("@ID", a_line_for_this_node_is_kept),
    ("@^ID", a_line_for_other_nodes_is_dropped),
    ("$NAME=", a_definition_holds_from_its_line_on),
    ("$NAME", a_name_is_replaced_where_it_stands_free_or_in_braces),
    ("${_PWD}", pwd_is_the_directory_of_the_file),
    ("${_INSTANCE}", instance_is_the_config_id),
    ("${_RANDOM}", random_lies_in_its_range),
    ("${_HASH}", hash_is_a_character_inside_quotes),
    ("${_BANG}", bang_is_a_character_inside_quotes),
    ("${_ENV}", env_is_a_variable_or_nothing),
    ("~SEQ", seq_repeats_a_line_with_decimal_numbers),
    ("~SEQx", seqx_repeats_a_line_with_hexadecimal_numbers),
    ("~LST", lst_repeats_a_line_with_listed_values),
];

#[test]
fn every_construct_of_the_list_has_a_test() {
    let listed: BTreeSet<&str> = include_str!("keywords.tsv")
        .lines()
        .filter_map(|line| line.strip_prefix("(lexical)\t"))
        .filter_map(|line| line.split('\t').next())
        .collect();
    assert_eq!(PROOFS.iter().map(|(name, _)| *name).collect::<BTreeSet<_>>(), listed);
}

//! Options, offsets and limits of regular expressions.

use super::*;
use std::time::{Duration, Instant};

fn regex(pattern: &str, options: &[&str]) -> Regex {
    let options = options.iter().map(|name| RegexOption::by_name(name).expect("a known option")).collect();
    Regex { pattern: pattern.to_owned(), options, ..Regex::default() }
}

fn passes(pattern: &str, options: &[&str], body: &str) -> bool {
    Pattern::compile(&regex(pattern, options)).expect("a good expression").passes(body.as_bytes())
}

#[test]
fn each_honoured_option_changes_what_it_says() {
    // Option, pattern, body, without, with.
    let table = [
        ("caseless", "hello", "HELLO", false, true),
        ("dotall", "a.b", "a\nb", false, true),
        ("extended", "a b", "ab", false, true),
        ("multiline", "^b$", "a\nb\nc", false, true),
        ("firstline", "c", "a\nb\nc", true, false),
        ("ungreedy", "^a+(?=(a))\\1aa", "aaaa", true, true),
        ("utf", "^.$", "ä", false, true),
        ("no_auto_possess", "a+b", "aab", true, true),
        ("no_dotstar_anchor", ".*b", "a\nb", true, true),
        ("no_start_optimize", "b", "ab", true, true),
        ("never_ucp", "a", "a", true, true),
        ("never_utf", "a", "a", true, true),
        ("never_backslash_c", "a", "a", true, true),
        ("auto_callout", "a", "a", true, true),
        ("use_offset_limit", "a", "a", true, true),
        ("alt_verbnames", "a", "a", true, true),
    ];
    for (option, pattern, body, without, with) in table {
        assert_eq!(passes(pattern, &[], body), without, "{pattern} without {option}");
        assert_eq!(passes(pattern, &[option], body), with, "{pattern} with {option}");
    }
    assert!(passes("^\\w$", &["utf", "ucp"], "ä") && !passes("^\\w$", &["utf"], "ä"), "ucp");
}

#[test]
fn options_that_decide_whether_a_pattern_compiles_do_so() {
    let compiles = |pattern, options: &[&str]| Pattern::compile(&regex(pattern, options)).is_ok();
    assert!(!compiles("(?<n>a)|(?<n>b)", &[]) && compiles("(?<n>a)|(?<n>b)", &["dupnames"]));
    assert!(compiles("(a)\\1", &[]) && !compiles("(a)\\1", &["no_auto_capture"]));
    assert!(compiles("(*UTF)a", &[]) && !compiles("(*UTF)a", &["never_utf"]));
    assert!(compiles("(*UCP)a", &[]) && !compiles("(*UCP)a", &["never_ucp"]));
    assert!(compiles("(*UTF)(a)", &["ungreedy", "no_start_optimize"]), "verbs of the pattern stay in front");
    let error = Pattern::compile(&regex("a(b", &[])).expect_err("a bracket is missing");
    assert!(error.contains("missing closing parenthesis"), "{error}");
}

#[test]
fn every_option_is_honoured_or_named() {
    let all = regex("a", &RegexOption::NAMES);
    assert_eq!(
        without_effect(&all),
        ["allow_empty_class", "alt_bsux", "dollar_endonly", "match_unset_backref", "alt_circumflex"]
    );
}

#[test]
fn offsets_bound_where_a_match_may_begin() {
    let at = |min_offset, max_offset| {
        let regex = Regex { min_offset, max_offset, ..regex("world", &[]) };
        Pattern::compile(&regex).expect("a good expression").passes(b"hello world")
    };
    assert!(at(0, None) && at(6, None) && !at(7, None) && !at(11, None) && !at(u64::MAX, None));
    assert!(!at(0, Some(5)) && at(0, Some(6)) && at(6, Some(6)));
}

#[test]
fn what_java_and_perl_know_works() {
    assert!(passes("(?<=status: )ok(?! not)", &[], "status: ok"));
    assert!(passes("(\\w+) \\1", &[], "again again"));
}

#[test]
fn a_page_made_to_backtrace_is_no_match_and_takes_a_moment() {
    let begun = Instant::now();
    let body = format!("{}!", "a".repeat(40));
    assert!(!passes("^(a+)+$", &[], &body));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

/// Each repetition of a group takes some of the stack, which has 32 KiB where nobody asks for more.
#[test]
fn a_large_stack_matches_what_a_small_one_cannot() {
    let with = |stack| Regex { stack, ..regex("^(?:(a)|(b))*$", &[]) };
    let body = "ab".repeat(20_000);
    let passes = |stack| Pattern::compile(&with(stack)).expect("a good expression").passes(body.as_bytes());
    assert!(!passes(None));
    assert!(!passes(Some((1024, 64 * 1024))));
    assert!(passes(Some((1024, 64 * 1024 * 1024))));
}

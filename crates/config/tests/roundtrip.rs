//! Properties of reading: printing and reading again changes nothing, and blocks do not influence each other.

mod support;

use keepalived_config::encoding;
use keepalived_config::load::consolidated;
use keepalived_config::tree::say_the_same;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use support::{ROOT, apply, read};

/// Words that mean something, words that do not, and everything that is special in the language.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "global_defs {",
            "vrrp_instance A {",
            "virtual_ipaddress {",
            "authentication {",
            "{",
            "}",
            "priority 5",
            "router_id",
            "net_namespace",
            "x",
            "\"",
            "\"a b\"",
            "\"{\"",
            "#",
            "!",
            "\\#",
            "\\",
            "\\!",
            "@main ",
            "@^main ",
            "@other ",
            "$A=x",
            "$A",
            "${A}",
            "${A",
            "$V=a \\\n",
            "$V",
            "~SEQ(I,2) ",
            "${I}",
            "~LST(I,a,b) ",
            "'",
            "\u{e4}",
            "\u{10ffff}",
            "include nosuch",
            "${_HASH}",
            "${_PWD}",
            "interface",
        ])
        .prop_map(str::to_owned),
        "[a-z0-9 \"{}#!$@~'=\\\\]{0,12}",
    ]
}

fn text() -> impl Strategy<Value = String> {
    let separator = prop::sample::select(vec!["\n", "\n", " ", ""]);
    prop::collection::vec((piece(), separator), 0..40).prop_map(|pieces| {
        pieces.into_iter().flat_map(|(piece, separator)| [piece, separator.to_owned()]).collect()
    })
}

proptest! {
    // The same texts in every run; `cargo xtask fuzz config` looks for new ones.
    #![proptest_config(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(9568),
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_is_printed_reads_the_same(text in text()) {
        // The scan for comments knows backslashes, that for braces does not. Behind an escaped quote and a brace, a comment
        // sign may stand where no other spelling would put it.
        prop_assume!(!text.contains("\\\""));
        let first = read(text.as_bytes());
        // Where replacing was given up, braces stand that nobody looked at.
        let given_up = first.report.diagnostics().iter().any(|found| found.message.contains("would exceed maximum"));
        prop_assume!(!given_up);
        let printed = consolidated(&first.tree);
        // A name that was undefined where it was used stays as it is; so it does when it is read again.
        let second = read(&encoding::encode(&printed));
        prop_assert!(
            say_the_same(&first.tree, &second.tree),
            "first:\n{}\nsecond:\n{}", printed, consolidated(&second.tree)
        );
    }

    #[test]
    fn spans_lie_in_their_files(bytes in prop::collection::vec(any::<u8>(), 0..400), text in text()) {
        for input in [bytes.as_slice(), text.as_bytes()] {
            let loaded = read(input);
            let mut spans = loaded.report.diagnostics().iter().filter_map(|found| found.span);
            let all_inside = spans.all(|span| loaded.sources.holds(span));
            prop_assert!(all_inside);
            let _ = keepalived_config::render::plain(&loaded.report, &loaded.sources);
            let _ = keepalived_config::render::rich(&loaded.report, &loaded.sources, true);
        }
    }

    /// A block whose braces pair may hold whatever it likes: the blocks around it mean what they meant.
    #[test]
    fn an_edit_in_one_block_never_changes_another(
        lines in prop::collection::vec("[a-z_]{1,12} [a-z0-9. ]{0,12}", 0..12),
        known in prop::collection::vec(
            prop::sample::select(vec!["priority 300", "priority", "interface x", "authentication {\n}", "virtual_ipaddress {\n1\n}"]),
            0..6,
        ),
    ) {
        let around = "vrrp_instance A {\n priority 1\n virtual_ipaddress {\n 10.0.0.1\n }\n}\n";
        let edited = format!("vrrp_instance B {{\n{}\n{}\n}}\n", lines.join("\n"), known.join("\n"));
        let (log, _) = apply(&format!("{around}{edited}{}", around.replace('A', "C")));
        let expected = |name: &str| -> Vec<String> {
            apply(&around.replace('A', name)).0
        };
        prop_assert_eq!(&log[..expected("A").len()], expected("A"));
        prop_assert_eq!(&log[log.len() - expected("C").len()..], expected("C"));
    }
}

/// A use of a defined name that is not replaced is torn apart at its braces as one of a name that is not defined: one with
/// parameters, and one on a line that starts with `~` and is no sequence.
#[test]
fn names_that_are_not_replaced_read_the_same_again() {
    for line in ["${A \\}", "~ ${A}"] {
        let first = read(format!("vrrp_instance A {{\nvirtual_ipaddress {{\n$A=x\n{line}\n").as_bytes());
        let second = read(&encoding::encode(&consolidated(&first.tree)));
        assert!(say_the_same(&first.tree, &second.tree), "{}", consolidated(&second.tree));
    }
}

#[test]
fn a_table_is_read_the_same_twice() {
    // The tables are static; reading leaves nothing behind in them.
    assert_eq!(apply("global_defs {\nrouter_id a\n}\n"), apply("global_defs {\nrouter_id a\n}\n"));
    assert_eq!(ROOT.keywords.len(), 3);
}

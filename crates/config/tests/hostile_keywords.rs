//! The real tables with arbitrary arguments: whatever a file says, reading it neither panics nor names a place that
//! does not exist, and the blocks keep to themselves.

use keepalived_config::encoding;
use keepalived_config::host::FakeHost;
use keepalived_config::keyword::{Grammar, Row};
use keepalived_config::load::{LoadOptions, Loaded, consolidated, load_with_tree};
use keepalived_config::tables::ROOT;
use keepalived_config::tree::Node;
use keepalived_config::{render, status, tree};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

const PATH: &str = "/etc/keepalived/keepalived.conf";

fn read(text: &[u8]) -> (Loaded, Vec<Node>) {
    let host =
        FakeHost::new().with_file(PATH, text).with_script("/bin/true").with_user("nobody", 65534, 65534);
    let options = LoadOptions { config_id: "node".to_owned(), all_includes_checked: false, test_mode: true };
    load_with_tree(PATH, &options, &host)
}

/// Everything that may be asked of a reading.
fn check(loaded: &Loaded) {
    for found in loaded.report.diagnostics() {
        for span in found.span.iter().chain(found.related.iter().map(|(span, _)| span)) {
            assert!(loaded.sources.holds(*span), "{found:?}");
        }
    }
    let _ = render::plain(&loaded.report, &loaded.sources);
    let _ = render::rich(&loaded.report, &loaded.sources, true);
    assert!([0, 2, 4, 5, 6].contains(&status::of_test(&loaded.report)));
}

fn argument() -> impl Strategy<Value = String> {
    let known = [
        "A",
        "B",
        "eth0",
        "eth1",
        "nosuch",
        "10.0.0.1",
        "10.0.0.2/24",
        "fe80::1",
        "2001:db8::1/64",
        "0",
        "1",
        "2",
        "3",
        "255",
        "256",
        "-1",
        "4294967295",
        "4294967296",
        "99999999999999999999",
        "0.5",
        "1.0000001",
        "weight",
        "dev",
        "via",
        "on",
        "off",
        "MASTER",
        "BACKUP",
        "PASS",
        "AH",
        "group",
        "fwmark",
        "80",
        "/bin/true",
        "/nosuch",
        "nobody",
        "\"a b\"",
        "\"\"",
        "'",
        "rr",
        "NAT",
        "TCP",
        "reverse",
        "inet6",
        "src",
        "label",
        "x:y",
        "10.0.0.1-5",
        "/",
        "\\",
        "=",
    ];
    prop_oneof![prop::sample::select(known.to_vec()).prop_map(str::to_owned), "[!-z]{1,6}"]
}

fn arguments() -> impl Strategy<Value = String> {
    prop::collection::vec(argument(), 0..5).prop_map(|words| words.join(" "))
}

/// A line of the block, with its block if it has one.
fn line_of(rows: fn() -> Vec<Row>, depth: u32) -> BoxedStrategy<String> {
    let count = rows().len();
    (
        0..count,
        arguments(),
        prop::collection::vec(arguments(), 0..4),
        any::<prop::sample::Index>(),
        0..6_usize,
    )
        .prop_flat_map(move |(index, arguments, items, word, inner)| {
            let row = rows().swap_remove(index);
            let head = format!("{} {arguments}", row.name);
            if row.is_list {
                let option =
                    if row.words.is_empty() { "" } else { row.words[word.index(row.words.len())].name };
                return Just(format!("{head} {{\n{} {option} {}\n}}\n", items.join("\n"), items.concat()))
                    .boxed();
            }
            match row.block {
                Some(block) if depth > 0 => block_of(head, block, inner, depth),
                Some(_) => Just(format!("{head} {{\n}}\n")).boxed(),
                None => Just(format!("{head}\n")).boxed(),
            }
        })
        .boxed()
}

/// A block of known keywords, most of them with nonsense.
fn block_of(head: String, block: &'static dyn Grammar, lines: usize, depth: u32) -> BoxedStrategy<String> {
    let inner =
        (any::<prop::sample::Index>(), arguments(), arguments()).prop_map(move |(index, arguments, item)| {
            let rows = block.rows();
            let row = &rows[index.index(rows.len())];
            match (row.is_list, row.block) {
                (true, _) => format!("{} {{\n{item}\n}}\n", row.name),
                (false, Some(nested)) if depth > 0 => {
                    let names: Vec<_> = nested.rows().iter().map(|row| row.name).collect();
                    let name = names[index.index(names.len())];
                    format!("{} {arguments} {{\n{name} {item}\n}}\n", row.name)
                }
                (false, Some(_)) => format!("{} {{\n}}\n", row.name),
                (false, None) => format!("{} {arguments}\n", row.name),
            }
        });
    prop::collection::vec(inner, lines..lines + 4)
        .prop_map(move |lines| format!("{head} {{\n{}}}\n", lines.concat()))
        .boxed()
}

proptest! {
    // The same texts in every run; `cargo xtask fuzz config` looks for new ones.
    #![proptest_config(ProptestConfig {
        cases: 1500,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(9568),
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_arguments_of_any_keyword_can_panic(lines in prop::collection::vec(line_of(|| ROOT.rows(), 2), 1..6)) {
        let text = lines.concat();
        let (loaded, lines) = read(text.as_bytes());
        check(&loaded);
        let (again, lines_again) = read(&encoding::encode(&consolidated(&lines)));
        prop_assert!(tree::say_the_same(&lines, &lines_again));
        prop_assert_eq!(loaded.config, again.config);
    }

    #[test]
    fn arbitrary_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check(&read(&bytes).0);
    }

    /// What an instance means does not depend on what other instances say.
    #[test]
    fn an_edit_in_one_instance_never_changes_another(arguments in arguments(), keyword in 0..40_usize) {
        let around = |name: &str, vrid: u8| format!(
            "vrrp_instance {name} {{\n interface eth0\n virtual_router_id {vrid}\n priority 10\n \
             virtual_ipaddress {{\n 10.1.0.{vrid}\n }}\n}}\n"
        );
        let rows = ROOT.rows();
        let instance = rows.iter().find(|row| row.name == "vrrp_instance").and_then(|row| row.block);
        let words = instance.map(Grammar::rows).unwrap_or_default();
        let row = &words[keyword % words.len()];
        prop_assume!(row.block.is_none() && !row.is_list);
        let edited = format!("vrrp_instance M {{\n interface eth1\n virtual_router_id 9\n {} {arguments}\n}}\n", row.name);
        let whole = read(format!("{}{edited}{}", around("F", 1), around("L", 2)).as_bytes()).0;
        let alone = read(format!("{}{}", around("F", 1), around("L", 2)).as_bytes()).0;
        let instances = |loaded: &Loaded, name: &str| {
            loaded.config.iter().flat_map(|config| config.vrrp.instances.clone()).find(|found| found.name == name)
        };
        for name in ["F", "L"] {
            prop_assert!(instances(&alone, name).is_some());
            prop_assert_eq!(instances(&whole, name), instances(&alone, name));
        }
    }
}

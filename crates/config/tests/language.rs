//! What misplaced words and braces mean: each case was tried with the original.

mod support;

use keepalived_config::diagnostic::Class;
use keepalived_config::host::FakeHost;
use keepalived_config::status;
use support::{apply, read, read_from};

#[track_caller]
fn check(text: &str, log: &[&str], messages: &[&str]) {
    assert_eq!(apply(text), (log.iter().map(|line| (*line).to_owned()).collect(), owned(messages)));
}

fn owned(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

#[test]
fn blocks_and_lists_are_read() {
    check(
        "vrrp_instance A {\n priority 5\n virtual_ipaddress { 10.0.0.1 dev eth0\n 10.0.0.2 }\n}\n",
        &["vrrp_instance A", "priority|5", "item 10.0.0.1|dev|eth0", "item 10.0.0.2", "end of list", "end"],
        &[],
    );
}

#[test]
fn global_definitions_come_first() {
    check(
        "vrrp_instance A\n\n{\n}\nglobal_defs {\nrouter_id x\n}\n",
        &["router_id|x", "end", "vrrp_instance A", "end"],
        &[],
    );
}

#[test]
fn an_unknown_block_ends_the_block_around_it() {
    check(
        "vrrp_instance A {\n interface eth0\n foo { a b\n }\n priority 3\n}\n",
        &["vrrp_instance A", "interface|eth0", "end"],
        &[
            "(/c/main.conf: Line 3) Unknown keyword 'foo'",
            "(/c/main.conf: Line 3) Unexpected '{' - ignoring",
            "(/c/main.conf: Line 3) Unknown keyword 'a'",
            "(Line 5) Unknown keyword 'priority'",
            "(Line 6) Unknown keyword '}'",
        ],
    );
}

#[test]
fn an_unknown_block_at_the_top_is_skipped_line_by_line() {
    check(
        "foo {\n bar 1\n}\nnet_namespace x\n",
        &["net_namespace|x"],
        &[
            "(Line 1) Unknown keyword 'foo'",
            "(Line 1) Unexpected '{' - ignoring",
            "(Line 2) Unknown keyword 'bar'",
            "(Line 3) Unknown keyword '}'",
        ],
    );
}

#[test]
fn a_missing_opening_brace_is_named_and_survived() {
    check(
        "vrrp_instance A\n interface eth0\n}\n",
        &["vrrp_instance A", "interface|eth0", "end"],
        &[
            "(/c/main.conf: Line 2) Missing '{' at beginning of configuration block",
            "(/c/main.conf: Line 3) Extra '}' found",
        ],
    );
}

#[test]
fn a_list_without_opening_brace_is_only_logged() {
    let loaded = read(b"vrrp_instance A {\n virtual_ipaddress\n 10.0.0.1\n }\n");
    let found: Vec<_> =
        loaded.report.diagnostics().iter().map(|found| (found.class, found.message.as_str())).collect();
    assert_eq!(found, [(Class::LogOnly, "'{' missing from beginning of block virtual_ipaddress")]);
}

#[test]
fn a_brace_in_a_list_is_an_item() {
    check(
        "vrrp_instance A {\n virtual_ipaddress {\n 10.0.0.1 {\n 10.0.0.2\n }\n }\n}\n",
        &["vrrp_instance A", "item 10.0.0.1", "item {", "item 10.0.0.2", "end of list", "end"],
        &["(Line 7) Unknown keyword '}'"],
    );
}

#[test]
fn words_before_a_list_are_named_and_ignored() {
    check(
        "vrrp_instance A {\n virtual_ipaddress foo bar {\n 10.0.0.1\n }\n}\n",
        &["vrrp_instance A", "item 10.0.0.1", "end of list", "end"],
        &["(/c/main.conf: Line 2) Block virtual_ipaddress has extra parameters foo ..."],
    );
}

#[test]
fn missing_closing_braces_are_counted_at_the_end() {
    check(
        "vrrp_instance A {\n authentication {\n auth_type PASS\n",
        &["vrrp_instance A", "auth_type|PASS", "end", "end"],
        &["There are 2 missing '}'s or extra '{'s"],
    );
}

#[test]
fn a_surplus_closing_brace_is_extra_and_unknown() {
    check("global_defs {\n}\n}\n", &["end"], &["(Line 3) Extra '}' found", "(Line 3) Unknown keyword '}'"]);
}

#[test]
fn braces_may_span_files_and_the_prefix_names_the_file() {
    let host = FakeHost::new()
        .with_file("/c/main.conf", "foo\ninclude a.conf\nbar\n}\n")
        .with_file("/c/a.conf", "foo\nvrrp_instance A {\n baz\n");
    let loaded = read_from(&host);
    let printed = keepalived_config::render::plain(&loaded.report, &loaded.sources);
    assert_eq!(
        printed.lines().collect::<Vec<_>>(),
        [
            "(Line 1) Unknown keyword 'foo'",
            "(a.conf: Line 1) Unknown keyword 'foo'",
            "(a.conf: Line 3) Unknown keyword 'baz'",
            "(/c/main.conf: Line 3) Unknown keyword 'bar'",
        ]
    );
    assert_eq!(loaded.tree.len(), 1);
}

#[test]
fn include_check_holds_for_the_file_it_stands_in_and_those_inside() {
    let host = FakeHost::new()
        .with_file("/c/main.conf", "include a.conf\ninclude nosuch3\n")
        .with_file("/c/a.conf", "global_defs {\n include_check match\n}\ninclude b.conf\ninclude nosuch2\n")
        .with_file("/c/b.conf", "include nosuch1\n");
    let report = read_from(&host).report;
    let checked: Vec<_> =
        report.diagnostics().iter().map(|found| found.class == Class::FileNotFound).collect();
    assert_eq!(checked, [true, true, false]);
    assert_eq!(status::of_test(&report), 6);
    assert_eq!(status::of_start(&report), Some(6));
}

#[test]
fn a_missing_file_stops_a_start_but_not_a_test() {
    let report = read_from(&FakeHost::new()).report;
    assert_eq!(report.diagnostics()[0].message, "Config files missing '/c/main.conf'.");
    assert_eq!(status::of_test(&report), 0);
    assert_eq!(status::of_start(&report), Some(6));
    let mut options = support::options();
    options.all_includes_checked = true;
    let host = FakeHost::new();
    let report = keepalived_config::load::load_tree("/c/x", &options, &host, &support::ROOT).report;
    assert_eq!(status::of_test(&report), 4);
}

#[test]
fn known_words_in_the_wrong_place_are_shown_the_way() {
    let loaded = read(b"global_defs {\n advert_int 1\n ruoter_id x\n}\nprioritty 3\n");
    let help: Vec<_> = loaded.report.diagnostics().iter().map(|found| found.help.join(" ")).collect();
    assert_eq!(
        help,
        [
            "`advert_int` belongs into vrrp_instance",
            "did you mean `router_id`?",
            "did you mean `priority`, which belongs into vrrp_instance?",
        ]
    );
}

#[test]
fn a_missing_argument_ends_a_test_with_status_2() {
    let host = FakeHost::new().with_file("/c/main.conf", "vrrp_instance {\n}\n");
    let mut loaded = read_from(&host);
    loaded.apply(&support::ROOT, &mut Vec::new(), &host, true);
    let message = &loaded.report.diagnostics()[0].message;
    assert_eq!(
        message,
        "*** Configuration line starting `vrrp_instance` is missing a parameter after keyword `vrrp_instance` at word position 2"
    );
    assert_eq!(status::of_test(&loaded.report), 2);
}

#[test]
fn keywords_that_nobody_acts_on_are_listed_once() {
    let text = "vrrp_instance A {\n accept\n accept\n virtual_ipaddress {\n 10.0.0.1 dev eth0\n }\n}\n";
    let host = FakeHost::new().with_file("/c/main.conf", text);
    let mut loaded = read_from(&host);
    let pending = loaded.apply(&support::ROOT, &mut Vec::new(), &host, true);
    let found: Vec<_> = pending.iter().map(|(name, span)| (*name, span.line)).collect();
    assert_eq!(found, [("accept", 2), ("dev", 5)]);
}

#[test]
fn the_rich_form_shows_the_line_and_where_it_came_from() {
    let loaded = read(b"$X=foo\nglobal_defs {\n\t$X 1\n}\n");
    let rich = keepalived_config::render::rich(&loaded.report, &loaded.sources, false);
    assert!(rich.starts_with("(Line 3) Unknown keyword 'foo'\n"), "{rich}");
    for part in ["/c/main.conf:1:4", "$X=foo", "^^^", "in this expansion of $X"] {
        assert!(rich.contains(part), "{part} in\n{rich}");
    }
}

//! The second tokenizer, users and script files.

use super::*;
use crate::context::Context;
use crate::diagnostic::Report;
use crate::host::{FakeHost, ScriptFile};
use crate::span::FileId;
use keepalived_types::Credentials;
use std::path::PathBuf;

const HERE: Span = Span { file: FileId(0), line: 1, column: 1, length: 1, expansion: None };

fn argv(line: &str) -> Vec<String> {
    let words = split_kept(line).expect("the test closes its quotes");
    split_escaped(&words[1]).expect("the test closes its quotes")
}

#[test]
fn the_example_of_the_manual_splits_as_it_says() {
    let line = r#"notify_master "/p/x.sh ' a\\x20b' '\"q\"' z" user group"#;
    assert_eq!(argv(line), ["/p/x.sh", r" a\x20b", r#""q""#, "z"]);
    assert_eq!(split_kept(line).expect("quotes are closed")[2..], ["user", "group"]);
}

#[test]
fn escapes_name_bytes() {
    assert_eq!(split_escaped(r"\a\b\E\f\n\r\t\v").expect("no quotes"), ["\x07\x08\x1b\x0c\n\r\t\x0b"]);
    assert_eq!(split_escaped(r"\101\x41\cA\q\x\ ").expect("no quotes"), ["AA\x01qx "]);
    let odd = split_escaped(r"\xff").expect("no quotes");
    assert_eq!(crate::encoding::encode(&odd[0]), [0xff]);
}

#[test]
fn quotes_join_pieces_and_must_be_closed() {
    assert_eq!(split_kept(r#"ab"c d"e ''"#).expect("quotes are closed"), ["abc de", ""]);
    assert_eq!(split_kept("a 'b"), Err(Unterminated('\'')));
    assert_eq!(split_kept(r#"a "b\""#), Err(Unterminated('"')));
}

fn words(script: &str) -> ScriptWords {
    ScriptWords { argv: vec![script.to_owned(), "a".to_owned()], user: None, group: None, span: HERE }
}

fn root() -> Credentials {
    Credentials { uid: 0, gid: 0, groups: None }
}

#[test]
fn a_usable_script_is_a_security_violation_unless_security_is_on() {
    for security in [false, true] {
        let host = FakeHost::new().with_script("/n.sh");
        let mut report = Report::default();
        let mut context = Context::new(&host, &mut report, true);
        context.scripts.security = security;
        let command = resolve(&words("/n.sh"), root(), ScriptKind::Vrrp, &mut context).expect("usable");
        assert_eq!(command.argv, ["/n.sh", "a"]);
        report_violations(true, false, &mut context);
        assert_eq!(report.diagnostics().len(), usize::from(!security));
    }
}

#[test]
fn an_insecure_script_is_dropped_only_with_security() {
    let insecure = ScriptFile::Usable { path: PathBuf::from("/n.sh"), insecure: true, needs_shell: false };
    let host = FakeHost::new().with_script_file("/n.sh", insecure);
    for security in [false, true] {
        let mut report = Report::default();
        let mut context = Context::new(&host, &mut report, true);
        context.scripts.security = security;
        let result = resolve(&words("/n.sh"), root(), ScriptKind::Vrrp, &mut context);
        assert_eq!(result.is_err(), security);
        report_violations(true, false, &mut context);
        let end = if security { " - disabling." } else { "." };
        let first = &report.diagnostics()[0].message;
        assert_eq!(*first, format!("Unsafe permissions found for script '/n.sh'{end}"));
        if !security {
            assert!(report.diagnostics()[1].message.ends_with("not enabled. There are insecure scripts."));
        }
    }
}

#[test]
fn without_script_user_the_default_is_looked_for_once() {
    let host = FakeHost::new().running_as(7, 8);
    let mut report = Report::default();
    let mut context = Context::new(&host, &mut report, true);
    for _ in 0..3 {
        let user = default_user(HERE, &mut context).expect("the daemon's own ids serve");
        assert_eq!((user.uid, user.gid), (7, 8));
    }
    assert_eq!(report.diagnostics().len(), 1);

    let host = FakeHost::new().with_user("keepalived_script", 33, 34);
    let mut report = Report::default();
    let user = default_user(HERE, &mut Context::new(&host, &mut report, true));
    assert_eq!(user, Some(Credentials { uid: 33, gid: 34, groups: None }));
}

#[test]
fn with_security_root_is_no_default() {
    let host = FakeHost::new();
    let mut report = Report::default();
    let mut context = Context::new(&host, &mut report, true);
    context.scripts.security = true;
    assert_eq!(default_user(HERE, &mut context), None);
    assert_eq!(report.diagnostics()[1].message, "Unable to set default user keepalived_script for script");
}

#[test]
fn a_group_with_a_colon_asks_for_supplementary_groups() {
    let host = FakeHost::new().with_user("web", 33, 34).with_group("www", 35);
    let mut report = Report::default();
    let mut context = Context::new(&host, &mut report, true);
    let look = |group, context: &mut Context<'_>| credentials("web", group, HERE, context);
    let plain = Credentials { uid: 33, gid: 35, groups: None };
    assert_eq!(look(Some("www"), &mut context), Some(plain));
    assert_eq!(look(Some(":"), &mut context).and_then(|found| found.groups), Some(vec![34]));
    assert_eq!(look(Some(":www"), &mut context).map(|found| found.gid), Some(35));
    assert_eq!(look(Some("nosuch"), &mut context), None);
}

#[test]
fn a_file_test_goes_through_the_shell_with_its_path_quoted() {
    let host = FakeHost::new();
    let mut report = Report::default();
    let mut context = Context::new(&host, &mut report, true);
    let script = ScriptWords { argv: vec!["</run/it's".to_owned()], ..words("") };
    let command = resolve(&script, root(), ScriptKind::Check, &mut context).expect("always usable");
    assert_eq!(command.argv[2], r"<'/run/it'\''s'");
    assert_eq!(context.scripts.used, crate::context::ScriptsUsed::default());
}

#[test]
fn only_some_kinds_know_the_file_test() {
    let host = FakeHost::new();
    let mut report = Report::default();
    let mut context = Context::new(&host, &mut report, true);
    let script = words("</etc/passwd");
    for (kind, known) in [
        (ScriptKind::Track, true),
        (ScriptKind::Check, true),
        (ScriptKind::StartOrShutdown, true),
        (ScriptKind::Vrrp, false),
        (ScriptKind::Fifo, false),
    ] {
        assert_eq!(resolve(&script, root(), kind, &mut context).is_ok(), known, "{kind:?}");
    }
    assert_eq!(context.scripts.used, crate::context::ScriptsUsed::default());
}

#[test]
fn each_process_reports_its_own_scripts() {
    let insecure = ScriptFile::Usable { path: PathBuf::from("/w.sh"), insecure: true, needs_shell: false };
    let host = FakeHost::new().with_script("/n.sh").with_script_file("/w.sh", insecure);
    let said = |has_vrrp, has_checks| {
        let mut report = Report::default();
        let mut context = Context::new(&host, &mut report, true);
        for (script, kind) in [
            ("/n.sh", ScriptKind::StartOrShutdown),
            ("/n.sh", ScriptKind::Fifo),
            ("/w.sh", ScriptKind::Check),
        ] {
            resolve(&words(script), root(), kind, &mut context).expect("usable");
        }
        report_violations(has_vrrp, has_checks, &mut context);
        let said = report.diagnostics().iter().filter(|found| found.class == Class::SecurityError);
        said.map(|found| found.message.clone()).collect::<Vec<_>>()
    };
    let violation = |kind: &str, end: &str| {
        format!("SECURITY VIOLATION - {kind}scripts are being executed but script_security not enabled.{end}")
    };
    let (parent, vrrp) = (violation("start/shutdown ", ""), violation("", ""));
    let checks = violation("check ", " There are insecure scripts.");
    assert_eq!(said(false, false), std::slice::from_ref(&parent));
    assert_eq!(said(true, false), [parent.clone(), vrrp.clone()]);
    assert_eq!(said(true, true), [parent, checks, vrrp]);
}

#[test]
fn a_link_is_kept_in_the_path_when_use_symlink_paths_says_so() {
    let leads_to = ScriptFile::Usable { path: "/opt/2/n.sh".into(), insecure: false, needs_shell: false };
    let host = FakeHost::new()
        .with_script_file("/opt/now/n.sh", leads_to.clone())
        .with_script_file("n.sh", leads_to);
    let path = |script: &str, is_kept: bool| {
        let mut report = Report::default();
        let mut context = Context::new(&host, &mut report, true);
        context.scripts.use_symlink_paths = is_kept;
        resolve(&words(script), root(), ScriptKind::Vrrp, &mut context).expect("usable").path
    };
    assert_eq!(path("/opt/now/n.sh", false), PathBuf::from("/opt/2/n.sh"));
    assert_eq!(path("/opt/now/n.sh", true), PathBuf::from("/opt/now/n.sh"));
    assert_eq!(path("n.sh", true), PathBuf::from("/opt/2/n.sh"), "nothing is written that could be kept");
}

#[test]
fn every_user_has_all_groups_when_set_supplementary_groups_says_so() {
    let host = FakeHost::new().with_user("web", 33, 34).with_user("keepalived_script", 40, 41);
    let mut report = Report::default();
    let mut context = Context::new(&host, &mut report, true);
    context.scripts.supplementary_groups = true;
    let groups = |found: Option<Credentials>| found.and_then(|found| found.groups);
    assert_eq!(groups(credentials("web", None, HERE, &mut context)), Some(vec![34]));
    assert_eq!(groups(default_user(HERE, &mut context)), Some(vec![41]));
    // The keyword comes after script_user.
    context.scripts.user = Some(Credentials { uid: 33, gid: 34, groups: None });
    context.scripts.user_name = Some("web".to_owned());
    assert_eq!(groups(supplement(&mut context)), Some(vec![34]));
}

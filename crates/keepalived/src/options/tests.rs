//! The command lines of compatibility reference 1, and what the original answers to wrong ones.

use super::*;
use std::path::Path;

fn parse_words(words: &[&str]) -> CommandLine {
    let argv: Vec<OsString> =
        std::iter::once("keepalived").chain(words.iter().copied()).map(Into::into).collect();
    parse(&argv)
}

fn options(words: &[&str]) -> Options {
    match parse_words(words).action {
        Action::Run(options) => *options,
        other => panic!("{words:?} gives {other:?}"),
    }
}

fn said(words: &[&str]) -> (String, String, u8) {
    match parse_words(words).action {
        Action::Say { out, err, status } => (out, err, status),
        other => panic!("{words:?} gives {other:?}"),
    }
}

#[test]
fn options_may_be_bundled_glued_and_abbreviated() {
    let read = options(&["-nldDS7", "-f/etc/k.conf", "--vrrp_pid", "/run/v.pid", "--dont-resp"]);
    assert!(read.foreground && read.log.console && read.dump_configuration && read.dont_respawn);
    assert_eq!((read.log.detail, read.log.facility), (1, Facility::Local(7)));
    assert_eq!(read.config_file.as_deref(), Some("/etc/k.conf"));
    assert_eq!(read.pid_files.vrrp.as_deref(), Some(Path::new("/run/v.pid")));
    assert_eq!(options(&["-DD"]).log.detail, 2);
    assert_eq!(options(&["-f", "-t"]).config_file.as_deref(), Some("-t"));
}

#[test]
fn optional_values_are_only_taken_when_attached() {
    let read = options(&["-t", "/tmp/x"]);
    assert_eq!(read.test, Some(TestRun::default()));
    let read = options(&["-t/tmp/x", "--explain"]);
    assert_eq!(read.test, Some(TestRun { log: Some("/tmp/x".into()), explain: true }));
    let read = options(&["--config-test=/tmp/y"]);
    assert_eq!(read.test.and_then(|test| test.log), Some("/tmp/y".into()));
    assert_eq!(options(&["-M"]).core_pattern.as_deref(), Some("core"));
    assert_eq!(options(&["-M/core.%p"]).core_pattern.as_deref(), Some("/core.%p"));
    assert_eq!(options(&["-g"]).log.file, Some(None));
}

#[test]
fn wrong_options_end_with_status_1_and_the_originals_words() {
    assert_eq!(said(&["--bogus"]), (String::new(), "Unknown option --bogus\n".into(), 1));
    assert_eq!(said(&["-ZY"]).1, "Unknown option -Z\nUnknown option -Y\n");
    assert_eq!(said(&["--log"]).1, "Unknown option --log\n", "an abbreviation of three options");
    assert_eq!(said(&["--vrrp=3"]).1, "Unknown option --vrrp=3\n");
    assert_eq!(said(&["-f"]).1, "Missing parameter for option -f\n");
    assert_eq!(said(&["--use-file="]).1, "Missing parameter for option --use-file\n");
    assert_eq!(said(&["--config-id"]).1, "Missing parameter for option --config-id\n");
}

#[test]
fn bad_values_are_mentioned_and_the_daemon_goes_on() {
    let line = parse_words(&["-S=7", "-u", "01000"]);
    assert_eq!(line.complaints, "Invalid log facility '=7'\nInvalid --umask option 01000");
    let Action::Run(options) = line.action else { panic!("must run") };
    assert!(options.log.facility_rejected);
    assert_eq!(options.umask, None);
    for (mask, value) in [("022", 0o22), ("0x12", 0x12), ("18", 18), ("0", 0)] {
        assert_eq!(self::options(&["-u", mask]).umask, Some(value));
    }
}

#[test]
fn facilities_have_numbers_and_names() {
    assert_eq!(options(&["-S", "local0"]).log.facility, Facility::Local(0));
    assert_eq!(options(&["-S", "user"]).log.facility, Facility::User);
    for wrong in ["8", "local8", "mail", "-1", "07", "local"] {
        assert_eq!(Facility::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn all_takes_back_what_was_left_out() {
    let children = options(&["-P", "-C"]).children;
    assert_eq!((children.vrrp, children.checker, children.bfd), (false, false, true));
    let children = options(&["-P", "--all"]).children;
    assert!(children.vrrp && children.checker && children.bfd && children.forced);
}

#[test]
fn signal_numbers_are_told_on_standard_output() {
    let numbers =
        [("STOP", 15), ("RELOAD", 1), ("DATA", 10), ("STATS", 12), ("STATS_CLEAR", 63), ("JSON", 36)];
    for (name, number) in numbers {
        assert_eq!(said(&[&format!("--signum={name}")]), (format!("{number}\n"), String::new(), 0));
    }
    assert_eq!(said(&["--signum", "json"]), (String::new(), "Unknown sigfunc json\n".into(), 1));
    assert_eq!(said(&["--signum=TDUMP"]).2, 1);
}

#[test]
fn operands_are_kept_wherever_they_stand() {
    let line = parse_words(&["foo", "-n", "bar", "--", "-Z"]);
    assert_eq!(line.operands, ["foo", "bar", "-Z"]);
    assert!(matches!(line.action, Action::Run(options) if options.foreground));
}

#[test]
fn version_and_help_go_to_standard_error_with_status_0() {
    let (out, err, status) = said(&["-v"]);
    assert!(out.is_empty() && status == 0 && err.starts_with("Keepalived v"));
    let (out, err, status) = said(&["-h"]);
    assert!(out.is_empty() && status == 0);
    assert!(
        err.starts_with("Usage: keepalived [OPTION...]\n  -f, --use-file=FILE          Use the specified")
    );
    assert_eq!(said(&["--help"]).1, err);
}

/// Neutron, Octavia, OpenShift, VyOS and puppet use these.
#[test]
fn command_lines_seen_in_the_field_parse() {
    for line in [
        "-P -f /var/lib/neutron/ha_confs/x/keepalived.conf -p /x.pid -r /x.pid-vrrp",
        "-D -d -f /etc/octavia.conf -p /octavia.pid -c /check.pid",
        "-n -D -l -t -f /x.conf",
        "--dont-fork --log-console --log-detail --vrrp --use-file=/x --config-id=a --all --snmp",
        "-nlDdG -S local7 --release-vips -m --flush-log-file",
        "--use-file /etc/keepalived/keepalived.conf --pid /run/k.pid --vrrp_pid /run/v.pid --checkers_pid /run/c.pid",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        assert!(parse_words(&words).operands.is_empty(), "{line}");
        options(&words);
    }
}

#[test]
fn genhash_takes_what_stands_behind_it_and_wants_to_be_first() {
    let asked = |words: &[&str]| match parse_words(words) {
        CommandLine { action: Action::Genhash(arguments), complaints, .. } => (arguments, complaints),
        other => panic!("{other:?}"),
    };
    let arguments: Vec<OsString> = ["-s", "192.0.2.1"].map(Into::into).to_vec();
    assert_eq!(asked(&["-T", "-s", "192.0.2.1"]), (arguments.clone(), String::new()));
    let late = "Warning -- `-T` not used as first option, previous options ignored\n".to_owned();
    assert_eq!(asked(&["-n", "--genhash", "-s", "192.0.2.1"]), (arguments.clone(), late.clone()));
    assert_eq!(asked(&["-nT", "-s", "192.0.2.1"]).0, arguments);
}

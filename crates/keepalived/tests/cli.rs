//! The command line from outside (compatibility reference 1.1, 1.2, 1.7; runtime reference 1, 2).

mod support;

use std::process::{Command, Output};
use support::{ONE_INSTANCE, PROGRAM, Sandbox};

fn run(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).output().expect("the program starts")
}

/// `-t` in a network namespace that has eth0. Standard error and status.
fn test(configuration: &str, arguments: &[&str]) -> (String, i32) {
    let sandbox = Sandbox::new(configuration);
    let mut daemon = sandbox.start(&[&["-t"], arguments].concat(), |_| {});
    let status = daemon.wait().code().expect("an exit status");
    let directory = sandbox.directory.path().to_string_lossy().into_owned();
    (daemon.text().replace(&directory, "DIR"), status)
}

#[test]
fn version_goes_to_standard_error_only() {
    for option in ["-v", "--version", "--vers"] {
        let output = run(&[option]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.stdout.is_empty() && output.status.success());
        let first = text.lines().next().expect("a first line");
        assert!(first.starts_with("Keepalived v") && first.ends_with(')'), "{first}");
        assert!(text.contains("--enable-json") && text.contains("\nConfig options:  "));
    }
}

#[test]
fn signal_numbers_go_to_standard_output() {
    let output = run(&["--signum=JSON"]);
    assert_eq!((output.stdout.as_slice(), output.status.code()), (b"36\n".as_slice(), Some(0)));
    let output = run(&["--signum", "NONSENSE"]);
    assert_eq!(output.stderr, b"Unknown sigfunc NONSENSE\n");
    assert_eq!((output.stdout.len(), output.status.code()), (0, Some(1)));
}

#[test]
fn unknown_options_have_status_1() {
    let output = run(&["--bogus"]);
    assert_eq!(
        (output.stderr.as_slice(), output.status.code()),
        (b"Unknown option --bogus\n".as_slice(), Some(1))
    );
    let output = run(&["-T"]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_good_configuration_passes_in_silence() {
    assert_eq!(test(ONE_INSTANCE, &[]), (String::new(), 0));
    assert_eq!(test("global_defs {\n}\n", &[]), (String::new(), 0));
}

#[test]
fn an_unknown_keyword_is_named_once_with_status_5() {
    let (text, status) = test("global_defs {\n    router_id R1\n}\n\nunknown_thing 1\n", &[]);
    assert_eq!((text.as_str(), status), ("(Line 5) Unknown keyword 'unknown_thing'\n", 5));
}

#[test]
fn a_missing_interface_has_status_5() {
    let (text, status) = test(&ONE_INSTANCE.replace("eth0", "nosuch0"), &[]);
    assert_eq!(status, 5);
    assert!(text.contains("WARNING - interface nosuch0 for vrrp_instance A doesn't exist\n"), "{text}");
    assert!(text.contains("Non-existent interface specified in configuration\n"), "{text}");
}

#[test]
fn a_rejected_facility_counts_as_a_mistake() {
    let (text, status) = test(ONE_INSTANCE, &["-S", "9"]);
    assert_eq!((text.as_str(), status), ("Invalid log facility '9'\n", 5));
}

#[test]
fn scripts_without_script_security_have_status_6() {
    let text = ONE_INSTANCE.replace("advert_int 1", "advert_int 1\n    notify /bin/true");
    let (text, status) = test(&text, &[]);
    assert_eq!(status, 6, "{text}");
    assert!(
        text.contains("SECURITY VIOLATION - scripts are being executed but script_security not enabled.")
    );
}

#[test]
fn a_missing_network_namespace_is_no_mistake_in_a_test() {
    let text = ONE_INSTANCE.replace("global_defs", "net_namespace no-such-namespace\nglobal_defs");
    assert_eq!(test(&text, &[]), (String::new(), 0));
}

#[test]
fn complaints_can_go_to_a_file_that_others_cannot_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::new("nonsense\n");
    let log = sandbox.path("test.log");
    let option = format!("--config-test={}", log.display());
    for times in 1..=2 {
        let mut daemon = sandbox.start(&[&option], |_| {});
        assert_eq!(daemon.wait().code(), Some(5));
        assert_eq!(daemon.text(), "");
        let text = std::fs::read_to_string(&log).expect("a log");
        assert_eq!(text, "(Line 1) Unknown keyword 'nonsense'\n".repeat(times));
    }
    assert_eq!(std::fs::metadata(&log).expect("a log").permissions().mode() & 0o777, 0o600);
    let mut daemon = sandbox.start(&["-t/run/no such directory/x"], |_| {});
    assert_eq!(daemon.wait().code(), Some(1));
    assert_eq!(
        daemon.text(),
        "Unable to open config-test log file /run/no such directory/x 2 - No such file or directory\n"
    );
}

#[test]
fn explanations_show_the_line_and_keep_the_status() {
    let (text, status) = test(&ONE_INSTANCE.replace("priority", "prioritty"), &["--explain"]);
    assert_eq!(status, 5);
    assert!(text.contains("Unknown keyword 'prioritty'") && text.contains("prioritty 100"), "{text}");
    assert!(text.contains("keepalived.conf"), "{text}");
}

//! The wording that people search their logs for. Whole sequences are compared in `tests/lvs_samples.rs`.

use super::*;
use keepalived_lvs::{CheckLabel, Failure, Retries};
use keepalived_types::ipvs::{Protocol, ServiceKey, TableOperation};

fn text(kind: EventKind) -> String {
    let event = Event {
        virtual_server: "[10.0.0.1]:tcp:80".to_owned(),
        real_server: Some("[10.0.0.2]:tcp:80".to_owned()),
        kind,
    };
    lvs_log_lines(&event).into_iter().map(|line| line.text).collect::<Vec<_>>().join("\n")
}

fn failed(check: CheckLabel, reason: &str, detail: Option<&str>, allowed: u32, made: bool) -> String {
    let failure = Failure { timed_out: false, reason: reason.to_owned(), detail: detail.map(str::to_owned) };
    text(EventKind::CheckFailed { check, failure, retries: Retries { allowed, made } })
}

#[test]
fn failures_name_the_retries_that_were_made() {
    assert_eq!(
        failed(CheckLabel::Tcp, "failed", None, 1, true),
        "TCP_CHECK on service [10.0.0.2]:tcp:80 failed after 1 retries."
    );
    assert_eq!(
        failed(CheckLabel::Tcp, "failed", None, 1, false),
        "TCP_CHECK on service [10.0.0.2]:tcp:80 failed."
    );
    assert_eq!(
        failed(CheckLabel::Misc("/c".to_owned()), "failed", Some("exited with status 1"), 0, false),
        "Misc check for [[10.0.0.2]:tcp:80 VS [10.0.0.1]:tcp:80] by [/c] failed with retry disabled (exited with status 1)."
    );
    assert_eq!(
        failed(CheckLabel::Dns, "read timeout from socket", None, 3, true),
        "DNS_CHECK ([10.0.0.2]:tcp:80) read timeout from socket after 3 retries"
    );
}

#[test]
fn a_refusal_names_the_command_the_reason_and_the_entry() {
    let address = "10.10.10.2".parse().expect("a literal address");
    let key = ServiceKey::Address { protocol: Protocol::Tcp, address, port: 80 };
    let operation = Box::new(TableOperation::RemoveService(key));
    assert_eq!(
        text(EventKind::OperationRefused { operation, errno: 3 }),
        "IPVS cmd IP_VS_SO_SET_DEL(1156) error: No such service(3) (10.10.10.2:tcp:80)"
    );
}

#[test]
fn a_check_that_cannot_run_says_why_and_that_it_comes_again() {
    let reason = "Checker can't bind to device nosuch0: No such device".to_owned();
    assert_eq!(
        text(EventKind::CheckCannotRun { check: CheckLabel::Tcp, reason }),
        "Checker can't bind to device nosuch0: No such device\nTCP socket bind failed. Rescheduling."
    );
}

//! What is said about small configurations of virtual servers, checkers and BFD, compared with recordings.

use keepalived_config::diagnostic::Class;
use std::collections::BTreeSet;

mod lvs_support;

const RECORDINGS: &str = include_str!("lvs_messages.txt");

/// One recording.
struct Case<'a> {
    frame: &'a str,
    configuration: String,
    status: u8,
    messages: BTreeSet<&'a str>,
}

fn cases() -> Vec<Case<'static>> {
    let mut cases = Vec::new();
    for section in RECORDINGS.split("\n[").skip(1) {
        let (frame, rest) = section.split_once("]\n").expect("a frame's name ends with a bracket");
        let (template, rest) = rest.split_once("\n\n").expect("a blank line ends a frame");
        cases.extend(rest.split("\n\n").map(|case| parse(frame, template, case)));
    }
    cases
}

fn parse(frame: &'static str, template: &str, case: &'static str) -> Case<'static> {
    let mut inserted = Vec::new();
    let mut status = 0;
    let mut messages = BTreeSet::new();
    for line in case.lines() {
        if let Some(text) = line.strip_prefix('>') {
            inserted.push(text.strip_prefix(' ').unwrap_or(text));
        } else if let Some(number) = line.strip_prefix("= ") {
            status = number.parse().expect("a status is a number");
        } else if let Some(message) = line.strip_prefix("  ") {
            messages.insert(message);
        }
    }
    let configuration = template.replace('@', &inserted.join("\n")) + "\n";
    Case { frame, configuration, status, messages }
}

#[test]
fn every_recorded_message_is_given_and_no_other() {
    let mut wrong = String::new();
    let cases = cases();
    assert!(cases.len() > 400, "only {} recordings were found", cases.len());
    for case in &cases {
        let read = lvs_support::read(&case.configuration);
        let said: BTreeSet<&str> = read
            .report
            .diagnostics()
            .iter()
            .filter(|diagnostic| !matches!(diagnostic.class, Class::Note | Class::LogOnly))
            .map(|diagnostic| diagnostic.message.as_str())
            .collect();
        let status = keepalived_config::status::of_test(&read.report);
        // The original stops at a missing parameter; ours goes on to find more.
        let fits = if case.status == 2 { said.is_superset(&case.messages) } else { said == case.messages };
        if !fits || status != case.status {
            wrong += &format!(
                "\n[{}]\n{}expected {}: {:#?}\ngot {status}: {said:#?}\n",
                case.frame, case.configuration, case.status, case.messages
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

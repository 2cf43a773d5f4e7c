//! `keepalivedctl status` and `explain` for virtual servers: who is up, with what weight, and what was last found.

use super::words;
use crate::lvs_log_lines;
use keepalived_events::{Event, What};
use keepalived_lvs::{CheckerSnapshot, RealServerSnapshot, Snapshot, VirtualServerSnapshot};
use std::collections::HashMap;
use std::time::{Duration, SystemTime};

const HEAD: [&str; 5] = ["SERVER", "STATE", "WEIGHT", "CHECKS", "LAST FINDING"];

/// The table of virtual servers with their real servers below them. `only` shows one virtual server.
#[must_use]
pub fn servers(snapshot: &Snapshot, only: Option<&str>, checks: &[Event]) -> String {
    let findings = findings(checks);
    let mut rows = vec![HEAD.map(str::to_owned)];
    let shown = |server: &&VirtualServerSnapshot| only.is_none_or(|name| server.name == name);
    for server in snapshot.virtual_servers.iter().filter(shown) {
        rows.push(virtual_row(server));
        rows.extend(server.real_servers.iter().map(|real| real_row(server, real, &findings)));
        if let Some(sorry) = &server.sorry_server {
            let state = if sorry.alive { "in service" } else { "waiting" };
            let row = [
                format!("  {} (sorry)", sorry.name),
                state.into(),
                String::new(),
                String::new(),
                String::new(),
            ];
            rows.push(row);
        }
    }
    words::columns(&rows)
}

/// What is known of a virtual server, in sentences.
#[must_use]
pub fn explain_server(server: &VirtualServerSnapshot, checks: &[Event], now: SystemTime) -> String {
    let findings = findings(checks);
    let up = server.real_servers.iter().filter(|real| real.alive).count();
    let quorum = if server.quorum_up { "has its quorum" } else { "has lost its quorum" };
    let mut text = format!(
        "{} {quorum}: {up} of {} real servers are up, their weight is {}\n",
        server.name,
        server.real_servers.len(),
        server.weight
    );
    if server.suspended {
        text.push_str("  its address is not on this machine, so nothing is checked (ha_suspend)\n");
    }
    for real in &server.real_servers {
        text.push_str(&format!("  {} is {}, weight {}\n", real.name, state(real), real.weight));
        for (number, checker) in real.checkers.iter().enumerate() {
            text.push_str(&format!("    check {}: {}\n", number + 1, checker_words(checker)));
        }
        if let Some(event) = findings.get(&(server.name.as_str(), real.name.as_str())) {
            let ago = words::span(now.duration_since(event.wall).unwrap_or(Duration::ZERO));
            text.push_str(&format!("    last finding, {ago} ago: {}\n", finding(event)));
        }
    }
    if let Some(sorry) = &server.sorry_server {
        let word = if sorry.alive { "stands in" } else { "waits" };
        text.push_str(&format!("  sorry server {} {word}\n", sorry.name));
    }
    text
}

type Findings<'a> = HashMap<(&'a str, &'a str), &'a Event>;

/// The last finding about each real server.
fn findings(checks: &[Event]) -> Findings<'_> {
    let named = checks.iter().filter_map(|event| match &event.what {
        What::Lvs(lvs) => Some(((lvs.virtual_server.as_str(), lvs.real_server.as_deref()?), event)),
        What::Vrrp(_) => None,
    });
    named.collect()
}

/// As the log has it.
fn finding(event: &Event) -> String {
    match &event.what {
        What::Lvs(lvs) => {
            lvs_log_lines(lvs).into_iter().next_back().map(|line| line.text).unwrap_or_default()
        }
        What::Vrrp(_) => String::new(),
    }
}

fn virtual_row(server: &VirtualServerSnapshot) -> [String; 5] {
    let state = match (server.suspended, server.quorum_up) {
        (true, _) => "suspended",
        (false, true) => "up",
        (false, false) => "no quorum",
    };
    let up = server.real_servers.iter().filter(|real| real.alive).count();
    let found = format!("{up} of {} real servers up", server.real_servers.len());
    [server.name.clone(), state.to_owned(), server.weight.to_string(), String::new(), found]
}

fn real_row(
    server: &VirtualServerSnapshot,
    real: &RealServerSnapshot,
    findings: &Findings<'_>,
) -> [String; 5] {
    let passed = real.checkers.iter().filter(|checker| checker.up).count();
    let checks = if real.checkers.is_empty() {
        "none".to_owned()
    } else {
        format!("{passed}/{}", real.checkers.len())
    };
    let last = findings.get(&(server.name.as_str(), real.name.as_str()));
    let last = last.map(|event| finding(event)).unwrap_or_default();
    [format!("  {}", real.name), state(real).to_owned(), real.weight.to_string(), checks, last]
}

const fn state(real: &RealServerSnapshot) -> &'static str {
    match (real.alive, real.placed.is_empty()) {
        (true, false) => "up",
        // The quorum is not met, or the address is not here.
        (true, true) => "up, unused",
        (false, true) => "down",
        (false, false) => "inhibited",
    }
}

fn checker_words(checker: &CheckerSnapshot) -> String {
    let state = match (checker.has_run, checker.up) {
        (false, true) => "not run yet, presumed up",
        (false, false) => "not run yet, presumed down",
        (true, true) => "up",
        (true, false) => "down",
    };
    let failures = match checker.failures {
        0 => String::new(),
        count => format!(", {count} failures in a row"),
    };
    let weight = match checker.contribution {
        0 => String::new(),
        adds => format!(", adds {adds} to the weight"),
    };
    format!("{state}{failures}{weight}")
}

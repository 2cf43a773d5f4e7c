//! `keepalivedctl status` and `explain` for virtual servers: who is up, with what weight, and what was last found.

use super::words;
use crate::lvs_log_lines;
use keepalived_events::{Event, Standing, What};
use keepalived_lvs::{CheckerSnapshot, RealServerSnapshot, Snapshot, VirtualServerSnapshot};
use std::collections::HashMap;
use std::time::{Duration, SystemTime};

const HEAD: [&str; 7] = ["SERVER", "STATE", "FOR", "WEIGHT", "QUORUM", "CHECKS", "LAST FINDING"];

/// What the supervisor has heard of virtual and real servers, and when it is asked.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'a> {
    /// What was last found out about each real server.
    pub findings: &'a [Event],
    /// Since when they have been up or down.
    pub standings: &'a [Standing],
    /// The time of the question.
    pub now: SystemTime,
}

/// Whether a server is up, and for how long, by virtual and real server.
type Times<'a> = HashMap<(&'a str, Option<&'a str>), (bool, Duration)>;

fn times<'a>(heard: &Heard<'a>) -> Times<'a> {
    let since = |standing: &'a Standing| {
        let time = heard.now.duration_since(standing.since).unwrap_or(Duration::ZERO);
        let key = (standing.virtual_server.as_str(), standing.real_server.as_deref());
        (key, (standing.up, time))
    };
    heard.standings.iter().map(since).collect()
}

/// How long the server has been so, if that was ever announced.
fn time(times: &Times<'_>, server: &str, real: Option<&str>, up: bool) -> Option<String> {
    let (was_up, time) = times.get(&(server, real))?;
    (*was_up == up).then(|| words::span(*time))
}

/// The table of virtual servers with their real servers below them. `only` shows one virtual server.
#[must_use]
pub fn servers(snapshot: &Snapshot, only: Option<&str>, heard: &Heard<'_>) -> String {
    let findings = findings(heard.findings);
    let times = times(heard);
    let mut rows = vec![HEAD.map(str::to_owned)];
    let shown = |server: &&VirtualServerSnapshot| only.is_none_or(|name| server.name == name);
    for server in snapshot.virtual_servers.iter().filter(shown) {
        rows.push(virtual_row(server, &times));
        rows.extend(server.real_servers.iter().map(|real| real_row(server, real, &findings, &times)));
        if let Some(sorry) = &server.sorry_server {
            let state = if sorry.alive { "in service" } else { "waiting" };
            let row = [
                format!("  {} (sorry)", sorry.name),
                state.into(),
                String::new(),
                String::new(),
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
pub fn explain_server(server: &VirtualServerSnapshot, heard: &Heard<'_>) -> String {
    let findings = findings(heard.findings);
    let times = times(heard);
    let lasting = |real, up| {
        time(&times, &server.name, real, up).map(|time| format!(" for {time}")).unwrap_or_default()
    };
    let up = server.real_servers.iter().filter(|real| real.alive).count();
    let since = lasting(None, server.quorum_up);
    let quorum = match (server.quorum_up, since.is_empty()) {
        (true, true) => "has its quorum",
        (true, false) => "has had its quorum",
        (false, true) => "has lost its quorum",
        (false, false) => "has been without its quorum",
    };
    let mut text = format!(
        "{} {quorum}{since}: {up} of {} real servers are up, their weight is {}\n",
        server.name,
        server.real_servers.len(),
        server.weight
    );
    let (weight, hysteresis) = (u64::from(server.quorum), u64::from(server.hysteresis));
    text.push_str(&format!(
        "  quorum {weight}, hysteresis {hysteresis}: gained at weight {}, lost below {}\n",
        (weight + hysteresis).max(1),
        weight.saturating_sub(hysteresis).max(1)
    ));
    if server.suspended {
        text.push_str("  its address is not on this machine, so nothing is checked (ha_suspend)\n");
    }
    for real in &server.real_servers {
        let lasting = lasting(Some(&real.name), real.alive);
        let verb = if lasting.is_empty() { "is" } else { "has been" };
        text.push_str(&format!("  {} {verb} {}{lasting}, weight {}\n", real.name, state(real), real.weight));
        for (number, checker) in real.checkers.iter().enumerate() {
            text.push_str(&format!("    check {}: {}\n", number + 1, checker_words(checker)));
        }
        if let Some(event) = findings.get(&(server.name.as_str(), real.name.as_str())) {
            let ago = words::span(heard.now.duration_since(event.wall).unwrap_or(Duration::ZERO));
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

fn virtual_row(server: &VirtualServerSnapshot, times: &Times<'_>) -> [String; 7] {
    let state = match (server.suspended, server.quorum_up) {
        (true, _) => "suspended",
        (false, true) => "up",
        (false, false) => "no quorum",
    };
    let up = server.real_servers.iter().filter(|real| real.alive).count();
    let found = format!("{up} of {} real servers up", server.real_servers.len());
    let quorum = match server.hysteresis {
        0 => server.quorum.to_string(),
        hysteresis => format!("{} +-{hysteresis}", server.quorum),
    };
    let time = time(times, &server.name, None, server.quorum_up).unwrap_or_default();
    [server.name.clone(), state.to_owned(), time, server.weight.to_string(), quorum, String::new(), found]
}

fn real_row(
    server: &VirtualServerSnapshot,
    real: &RealServerSnapshot,
    findings: &Findings<'_>,
    times: &Times<'_>,
) -> [String; 7] {
    let passed = real.checkers.iter().filter(|checker| checker.up).count();
    let checks = if real.checkers.is_empty() {
        "none".to_owned()
    } else {
        format!("{passed}/{}", real.checkers.len())
    };
    let last = findings.get(&(server.name.as_str(), real.name.as_str()));
    let last = last.map(|event| finding(event)).unwrap_or_default();
    let time = time(times, &server.name, Some(&real.name), real.alive).unwrap_or_default();
    let weight = real.weight.to_string();
    [format!("  {}", real.name), state(real).to_owned(), time, weight, String::new(), checks, last]
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

//! `keepalivedctl history`: the last transitions, oldest first, with their causes.

use super::words;
use keepalived_events::{Event, What};
use keepalived_lvs::{self as lvs, CheckLabel, Failure, QuorumSum};
use keepalived_vrrp::{EventKind, Subject};
use std::time::{Duration, SystemTime};

/// One line for each transition. `only` shows one instance, group, virtual or real server.
#[must_use]
pub fn history(transitions: &[Event], only: Option<&str>, now: SystemTime) -> String {
    transitions.iter().filter_map(|event| line(event, only, now)).collect()
}

/// The event concerns this instance, group, virtual or real server.
#[must_use]
pub fn is_about(event: &Event, name: &str) -> bool {
    match &event.what {
        What::Vrrp(vrrp) => match &vrrp.subject {
            Subject::Instance(subject) | Subject::Group(subject) => subject == name,
            Subject::Process => false,
        },
        What::Lvs(lvs) => lvs.virtual_server == name || lvs.real_server.as_deref() == Some(name),
    }
}

fn line(event: &Event, only: Option<&str>, now: SystemTime) -> Option<String> {
    let vrrp = match &event.what {
        What::Vrrp(vrrp) => vrrp,
        What::Lvs(lvs) => {
            let text = server(lvs).filter(|_| only.is_none_or(|only| is_about(event, only)))?;
            let ago = words::span(now.duration_since(event.wall).unwrap_or(Duration::ZERO));
            return Some(format!("{ago:>12} ago  {text}\n"));
        }
    };
    let EventKind::Entered { state, from, cause, priority } = &vrrp.kind else {
        return None;
    };
    let name = match &vrrp.subject {
        Subject::Instance(name) | Subject::Group(name) => name,
        Subject::Process => return None,
    };
    if only.is_some_and(|only| !is_about(event, only)) {
        return None;
    }
    let ago = words::span(now.duration_since(event.wall).unwrap_or(Duration::ZERO));
    let (from, to, why) = (from.name(), state.name(), words::cause(cause));
    let priority = match vrrp.subject {
        Subject::Group(_) => String::new(),
        _ => format!(", priority {priority}"),
    };
    Some(format!("{ago:>12} ago  {name}: {from} -> {to}{priority}, because {why}\n"))
}

/// A server that went into service or out of it, or a quorum gained or lost.
fn server(event: &lvs::Event) -> Option<String> {
    let vs = &event.virtual_server;
    let change = |up: &bool| if *up { "down -> up" } else { "up -> down" };
    match &event.kind {
        lvs::EventKind::CheckerReported { check, alive, failure, decisive: true, .. } => {
            let rs = event.real_server.as_deref()?;
            let why = outcome(check, failure.as_ref().filter(|_| !alive));
            Some(format!("{rs} of {vs}: {}, because {why}", change(alive)))
        }
        lvs::EventKind::VirtualServerAnnounced { up, sum: QuorumSum { weight, threshold, .. }, .. } => {
            let why = if *up { "reaches" } else { "is less than" };
            Some(format!("{vs}: {}, because weight {weight} {why} {threshold}", change(up)))
        }
        _ => None,
    }
}

fn outcome(check: &CheckLabel, failure: Option<&Failure>) -> String {
    let name = match check {
        CheckLabel::Tcp => "TCP_CHECK",
        CheckLabel::Udp => "UDP_CHECK",
        CheckLabel::Ping => "PING_CHECK",
        CheckLabel::Http => "HTTP_GET",
        CheckLabel::Ssl => "SSL_GET",
        CheckLabel::Smtp(_) => "SMTP_CHECK",
        CheckLabel::Dns => "DNS_CHECK",
        CheckLabel::Misc(_) => "MISC_CHECK",
        CheckLabel::File(_) => "FILE_CHECK",
        CheckLabel::Bfd(_) => "BFD_CHECK",
    };
    let Some(failure) = failure else { return format!("{name} succeeded") };
    let what = match (failure.reason.trim_end(), check) {
        ("failed", _) => None,
        (reason, CheckLabel::Smtp(to)) => Some(format!("{reason} {to}")),
        (reason, _) => Some(without_preposition(reason).to_owned()),
    };
    let said: Vec<&str> = what.as_deref().into_iter().chain(failure.detail.as_deref()).collect();
    let said = if said.is_empty() { String::new() } else { format!(": {}", said.join(", ")) };
    format!("{name} failed{said}")
}

/// The log goes on with the server's name, which stands at the beginning of the line here.
fn without_preposition(reason: &str) -> &str {
    [" to", " from", " with"].iter().find_map(|word| reason.strip_suffix(word)).unwrap_or(reason)
}

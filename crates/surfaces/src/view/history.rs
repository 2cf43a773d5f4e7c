//! `keepalivedctl history`: the last transitions, oldest first, with their causes.

use super::words;
use keepalived_events::{Event, What};
use keepalived_vrrp::{EventKind, Subject};
use std::time::{Duration, SystemTime};

/// One line for each transition. `only` shows one instance or group.
#[must_use]
pub fn history(transitions: &[Event], only: Option<&str>, now: SystemTime) -> String {
    transitions.iter().filter_map(|event| line(event, only, now)).collect()
}

/// The event concerns this instance or group.
#[must_use]
pub fn is_about(event: &Event, name: &str) -> bool {
    match &event.what {
        What::Vrrp(vrrp) => match &vrrp.subject {
            Subject::Instance(subject) | Subject::Group(subject) => subject == name,
            Subject::Process => false,
        },
        _ => false,
    }
}

fn line(event: &Event, only: Option<&str>, now: SystemTime) -> Option<String> {
    let What::Vrrp(vrrp) = &event.what else { return None };
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

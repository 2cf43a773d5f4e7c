//! Requests and answers.

use keepalived_events::{Event, Snapshot};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a client may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// What is: [`Answer::Status`].
    Status,
    /// The last transitions: [`Answer::History`].
    History,
    /// Read the configuration again: [`Answer::Reloaded`] or [`Answer::Refused`], when it is decided.
    Reload,
}

impl Request {
    /// Looking changes nothing.
    #[must_use]
    pub const fn changes_something(self) -> bool {
        matches!(self, Self::Reload)
    }
}

/// What the daemon says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// What is.
    Status(Box<Status>),
    /// The last transitions, oldest first.
    History(Vec<Event>),
    /// The new configuration runs.
    Reloaded,
    /// The new configuration was refused; the old one runs.
    Refused {
        /// Why, in lines as the log has them.
        diagnostics: Vec<String>,
    },
    /// The request could not be served.
    Error(String),
}

/// The daemon at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// As `keepalived -v` has it.
    pub version: String,
    /// The parent's process id.
    pub pid: u32,
    /// How long the parent has run.
    pub uptime: Duration,
    /// All instances and groups; `None` when no VRRP process runs.
    pub snapshot: Option<Snapshot>,
}

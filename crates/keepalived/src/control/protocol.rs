//! Requests and answers.

use super::LONGEST_REQUEST;
use keepalived_config::model::Config;
use keepalived_events::{Event, Snapshot, Standing};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a client may ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// What is: [`Answer::Status`].
    Status,
    /// The last transitions: [`Answer::History`].
    History,
    /// The whole configuration in force: [`Answer::Configuration`]. It holds secrets.
    Configuration,
    /// Read the configuration again: [`Answer::Reloaded`] or [`Answer::Refused`], when it is decided.
    Reload,
    /// The MASTER of this name, an instance or a sync group, gives way: [`Answer::Done`].
    Switchover {
        /// The name.
        name: String,
    },
    /// What gave way takes part again: [`Answer::Done`].
    Return {
        /// Whose; everybody's when there is none.
        name: Option<String>,
    },
    /// The node stays out, or does so no more: [`Answer::Done`].
    Maintenance {
        /// It stays out.
        on: bool,
    },
}

impl Request {
    /// Only who may change the daemon may ask this: it does so, or the answer holds secrets.
    #[must_use]
    pub const fn needs_privilege(&self) -> bool {
        !matches!(self, Self::Status | Self::History)
    }
}

/// What the daemon says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// What is.
    Status(Box<Status>),
    /// The last transitions, oldest first.
    History(Vec<Event>),
    /// The configuration in force.
    Configuration(Box<Config>),
    /// The new configuration runs.
    Reloaded {
        /// What is wrong with it all the same, with file, line and column.
        remarks: Vec<String>,
    },
    /// The new configuration was refused; the old one runs.
    Refused {
        /// Why, in lines as the log has them.
        diagnostics: Vec<String>,
    },
    /// It is done.
    Done {
        /// What the operator should know all the same.
        note: Option<String>,
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
    /// All instances, groups and virtual servers; `None` when neither a VRRP nor a checker process runs.
    pub snapshot: Option<Snapshot>,
    /// What was last found out about each real server.
    #[serde(default)]
    pub findings: Vec<Event>,
    /// Since when virtual and real servers have been up or down.
    #[serde(default)]
    pub standings: Vec<Standing>,
}

/// A request as far as it has come: `None` is not the end of it. Who may not change anything gets no request that does.
///
/// # Errors
/// When it is none, or not allowed; the error is told to the client.
pub fn understand(bytes: &[u8], may_change: bool) -> Result<Option<Request>, String> {
    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
        return if bytes.len() < LONGEST_REQUEST {
            Ok(None)
        } else {
            Err("the request is too long".to_owned())
        };
    };
    let request: Request = serde_json::from_slice(&bytes[..end])
        .map_err(|error| format!("the request is not understood: {error}"))?;
    if request.needs_privilege() && !may_change {
        return Err("only root may do that".to_owned());
    }
    Ok(Some(request))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_may_come_in_pieces_but_has_an_end() {
        assert_eq!(understand(b"\"stat", false), Ok(None));
        assert_eq!(understand(b"\"status\"\n", false), Ok(Some(Request::Status)));
        understand(&[b'x'; LONGEST_REQUEST], true).expect_err("longer than any request");
        understand(b"{\"status\":\n", true).expect_err("no JSON");
        understand(b"\"format_disk\"\n", true).expect_err("no request");
        understand(&[0xff, 0, b'\n'], true).expect_err("no text");
    }

    #[test]
    fn only_who_may_change_things_may_reload() {
        assert_eq!(understand(b"\"reload\"\n", true), Ok(Some(Request::Reload)));
        for request in [
            "\"reload\"",
            r#"{"switchover":{"name":"VI_1"}}"#,
            r#"{"return":{"name":null}}"#,
            r#"{"maintenance":{"on":true}}"#,
        ] {
            let line = format!("{request}\n");
            assert_eq!(understand(line.as_bytes(), false), Err("only root may do that".to_owned()));
            assert!(matches!(understand(line.as_bytes(), true), Ok(Some(_))), "{request}");
        }
    }
}

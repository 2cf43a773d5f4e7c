//! `keepalivedctl doctor`: looks at the daemon and at the machine around it, and says what is wrong and what mends it.
//!
//! | Question | File |
//! |---|---|
//! | What is the machine like? | `facts.rs` |
//! | What do packet filters do with adverts? | `firewall.rs` |
//! | What of it is wrong? | `judge.rs` |
//! | How is it told? | this one |
//!
//! `facts.rs` only looks, the other two only judge, so that they can be tried without a machine that is broken.

mod facts;
mod firewall;
mod judge;

use super::command::{Call, Failure, ask_history, ask_status, json, say};
use serde::Serialize;
use std::time::Duration;

/// A second master speaks within this time; intervals longer than that are waited for.
const SHORTEST_LOOK: Duration = Duration::from_millis(2500);

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Severity {
    /// It keeps addresses from being where they belong, or may at any moment.
    Problem,
    /// It may do so under circumstances.
    Warning,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// How bad it is.
    pub(super) severity: Severity,
    /// Which check found it: for programs.
    pub(super) check: &'static str,
    /// An instance, an interface, or the machine.
    pub(super) subject: String,
    /// What is wrong.
    pub(super) what: String,
    /// A command, or what to change.
    pub(super) mend: String,
}

/// Looks, prints, and returns the exit status: 1 when there is a problem.
pub(super) fn run(call: &Call) -> Result<u8, Failure> {
    let findings = match ask_status(call) {
        Ok(first) => {
            let snapshot = first.snapshot.map(|snapshot| snapshot.vrrp).unwrap_or_default();
            let longest = snapshot.instances.iter().filter_map(|one| one.master_interval).max();
            std::thread::sleep(longest.map_or(SHORTEST_LOOK, |interval| SHORTEST_LOOK.max(interval * 2)));
            let second = ask_status(call)?.snapshot.map(|snapshot| snapshot.vrrp).unwrap_or_default();
            let history = ask_history(call)?;
            let facts = facts::collect(&second, first.pid);
            judge::judge(&judge::Seen { before: &snapshot, now: &second, history: &history, facts: &facts })
        }
        Err(Failure::Unreachable { why, mend }) => vec![judge::unreachable(why, mend)],
        Err(Failure::Other(why)) => vec![judge::unreachable(why, "journalctl -u keepalived".to_owned())],
        Err(usage) => return Err(usage),
    };
    let text = if call.json { json(&findings)? } else { plain(&findings) };
    say(&text);
    Ok(u8::from(findings.iter().any(|finding| finding.severity == Severity::Problem)))
}

fn plain(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return "Nothing is wrong, as far as this node can tell.\n".to_owned();
    }
    let line = |finding: &Finding| {
        let severity = match finding.severity {
            Severity::Problem => "PROBLEM",
            Severity::Warning => "WARNING",
        };
        format!("{severity}  {}: {}\n         mend: {}\n", finding.subject, finding.what, finding.mend)
    };
    findings.iter().map(line).collect()
}

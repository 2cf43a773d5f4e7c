//! What the log says about the results of track scripts (runtime reference 11.1): a line when the verdict changes, and in
//! detail when the exit status does.

use super::schedule::Outcome;
use keepalived_surfaces::{Level, LogLine};
use keepalived_vrrp::ScriptVerdict;
use keepalived_vrrp::config::ScriptTracker;
use std::collections::HashMap;

#[derive(Debug)]
struct Known {
    verdict: ScriptVerdict,
    /// The last exit status.
    status: i32,
}

/// The verdicts that were told.
#[derive(Debug, Default)]
pub(super) struct Results {
    known: HashMap<String, Known>,
}

impl Results {
    /// From now on these. Tells the verdicts that are kept, as the engine keeps them.
    pub(super) fn configure(&mut self, scripts: &[ScriptTracker]) -> Vec<LogLine> {
        let mut old = std::mem::take(&mut self.known);
        let mut lines = Vec::new();
        for script in scripts {
            let (kept, status) =
                old.remove(&script.name).map_or((None, 0), |known| (Some(known.verdict), known.status));
            let is_new = kept.as_ref().is_none_or(|kept| kept.config().command != script.command);
            let verdict = ScriptVerdict::adopt(kept, script.clone());
            if let Some(up) = verdict.is_up().filter(|_| !is_new) {
                let word = if up { "successful" } else { "unsuccessful" };
                let text = format!("VRRP_Script({}) considered {word} on reload", script.name);
                lines.push(LogLine { level: Level::Normal, text });
            }
            self.known.insert(script.name.clone(), Known { verdict, status });
        }
        lines
    }

    /// A run has ended.
    pub(super) fn take(&mut self, name: &str, outcome: Outcome) -> Vec<LogLine> {
        let Some(known) = self.known.get_mut(name) else {
            return Vec::new();
        };
        let mut lines = Vec::new();
        if let Outcome::Exited(status) = outcome
            && std::mem::replace(&mut known.status, status) != status
        {
            lines.push(LogLine {
                level: Level::Detail,
                text: format!("Script `{name}` now returning {status}"),
            });
        }
        if known.verdict.read(outcome == Outcome::Exited(0)) {
            let text = match outcome {
                Outcome::Exited(0) => format!("VRRP_Script({name}) succeeded"),
                Outcome::Exited(status) => {
                    format!("VRRP_Script({name}) failed (exited with status {status})")
                }
                Outcome::Killed(signal) => format!("VRRP_Script({name}) failed (due to signal {signal})"),
                Outcome::TimedOut => format!("VRRP_Script({name}) timed_out"),
                Outcome::NotStarted => format!("VRRP_Script({name}) failed (could not be started)"),
            };
            lines.push(LogLine { level: Level::Normal, text });
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keepalived_types::{Command, Credentials, PriorityWeight};
    use keepalived_vrrp::config::Track;
    use std::time::Duration;

    fn script(rise: u32, fall: u32) -> ScriptTracker {
        let run_as = Credentials { uid: 0, gid: 0, groups: None };
        let command = Command { path: "/s".into(), argv: vec!["/s".into()], run_as, through_shell: false };
        let track = Track { weight: PriorityWeight::FAULT, reverse: false };
        let second = Duration::from_secs(1);
        ScriptTracker {
            name: "S".to_owned(),
            command,
            interval: second,
            timeout: second,
            track,
            rise,
            fall,
            init_fail: false,
        }
    }

    fn texts(lines: Vec<LogLine>) -> Vec<String> {
        lines.into_iter().map(|line| line.text).collect()
    }

    /// As a run of the original shows it.
    #[test]
    fn the_verdict_is_told_after_rise_and_fall_and_the_status_at_once() {
        let mut results = Results::default();
        assert_eq!(results.configure(&[script(2, 2)]), []);
        let mut take = |outcome| texts(results.take("S", outcome));
        assert_eq!(take(Outcome::Exited(0)), ["VRRP_Script(S) succeeded"]);
        assert_eq!(take(Outcome::Exited(3)), ["Script `S` now returning 3"]);
        assert_eq!(take(Outcome::Exited(3)), ["VRRP_Script(S) failed (exited with status 3)"]);
        assert_eq!(take(Outcome::Exited(2)), ["Script `S` now returning 2"]);
        assert_eq!(take(Outcome::Exited(0)), ["Script `S` now returning 0"]);
        assert_eq!(take(Outcome::Exited(0)), ["VRRP_Script(S) succeeded"]);
        assert_eq!(take(Outcome::TimedOut), [""; 0]);
        assert_eq!(take(Outcome::TimedOut), ["VRRP_Script(S) timed_out"]);
    }

    #[test]
    fn a_signal_is_named() {
        let mut results = Results::default();
        results.configure(&[script(1, 1)]);
        assert_eq!(texts(results.take("S", Outcome::Killed(9))), ["VRRP_Script(S) failed (due to signal 9)"]);
    }

    #[test]
    fn a_reload_tells_the_verdicts_it_keeps() {
        let mut results = Results::default();
        results.configure(&[script(1, 1)]);
        results.take("S", Outcome::Exited(1));
        let lines = results.configure(&[script(1, 1)]);
        assert_eq!(texts(lines), ["VRRP_Script(S) considered unsuccessful on reload"]);
        let lines = results.configure(&[script(2, 1)]);
        assert_eq!(
            texts(lines),
            ["VRRP_Script(S) considered unsuccessful on reload"],
            "it is the same script"
        );
        assert_eq!(texts(results.take("S", Outcome::Exited(0))), ["Script `S` now returning 0"]);
        let mut other = script(2, 1);
        other.command.argv.push("more".to_owned());
        assert_eq!(results.configure(&[other]), [], "another command begins anew");
        assert_eq!(texts(results.take("S", Outcome::Exited(0))), ["VRRP_Script(S) succeeded"]);
    }
}

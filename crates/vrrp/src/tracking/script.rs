//! `vrrp_script`: how many results in a row change its verdict (vrrp reference 3.4).

use crate::config::ScriptTracker;

/// A script and what its results so far amount to. Engines keep one for each script; whoever logs results may, too.
///
/// The counter runs from 0 to rise + fall - 1; from `rise` on the script is up. A change of the verdict jumps to the
/// far end, so that the other verdict needs its whole number of results again.
#[derive(Debug)]
pub struct ScriptVerdict {
    config: ScriptTracker,
    /// `None` before the first result, which decides alone, whatever `rise` and `fall` say.
    counter: Option<u32>,
    /// It has never run: `init_fail` has set the counter, if anybody has.
    has_no_result: bool,
}

/// A script's verdict at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScriptStanding {
    /// 0 to rise + fall - 1; `None` before the first result.
    pub counter: Option<u32>,
    /// `None` as long as it is not known.
    pub is_up: Option<bool>,
    /// `init_fail` speaks, not yet a result.
    pub has_no_result: bool,
}

impl ScriptVerdict {
    /// No result yet.
    #[must_use]
    pub fn new(config: ScriptTracker) -> Self {
        let counter = config.init_fail.then_some(0);
        Self { config, counter, has_no_result: true }
    }

    /// Takes over what is known of a script with the same command; other settings only change what follows from it.
    #[must_use]
    pub fn adopt(old: Option<Self>, config: ScriptTracker) -> Self {
        let Some(old) = old.filter(|old| old.config.command == config.command && old.counter.is_some())
        else {
            return Self::new(config);
        };
        if (old.config.rise, old.config.fall) == (config.rise, config.fall) {
            return Self { config, ..old };
        }
        let counter = old.is_up().map(|up| if up { top(&config) } else { 0 });
        Self { config, counter, has_no_result: old.has_no_result }
    }

    /// The verdict as it is now.
    #[must_use]
    pub fn standing(&self) -> ScriptStanding {
        ScriptStanding { counter: self.counter, is_up: self.is_up(), has_no_result: self.has_no_result }
    }

    /// Whose verdict it is.
    #[must_use]
    pub const fn config(&self) -> &ScriptTracker {
        &self.config
    }

    /// `None` as long as it is not known.
    #[must_use]
    pub fn is_up(&self) -> Option<bool> {
        self.counter.map(|counter| counter >= self.config.rise.max(1))
    }

    /// Takes a result. Has the verdict changed?
    pub fn read(&mut self, success: bool) -> bool {
        let before = self.is_up();
        self.has_no_result = false;
        let rise = self.config.rise.max(1);
        let top = top(&self.config);
        self.counter = Some(match (self.counter, success) {
            (None, true) => top,
            (None, false) => 0,
            (Some(counter), true) if counter + 1 < rise => counter + 1,
            (Some(_), true) => top,
            (Some(counter), false) if counter > rise => counter - 1,
            (Some(_), false) => 0,
        });
        before != self.is_up()
    }
}

/// The counter of a script that is up without doubt.
fn top(config: &ScriptTracker) -> u32 {
    config.rise.max(1).saturating_add(config.fall.max(1)).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Track;
    use keepalived_types::{Command, Credentials, PriorityWeight};
    use std::time::Duration;

    fn script(rise: u32, fall: u32, init_fail: bool) -> ScriptVerdict {
        ScriptVerdict::new(ScriptTracker {
            name: "check".to_owned(),
            command: Command {
                path: "/bin/true".into(),
                argv: vec!["/bin/true".to_owned()],
                run_as: Credentials { uid: 0, gid: 0, groups: None },
                through_shell: false,
            },
            interval: Duration::from_secs(1),
            timeout: Duration::from_secs(1),
            track: Track { weight: PriorityWeight::FAULT, reverse: false },
            rise,
            fall,
            init_fail,
        })
    }

    /// The verdict after each result.
    fn verdicts(mut script: ScriptVerdict, results: &str) -> String {
        let mut verdict = |result: char| {
            script.read(result == '+');
            if script.is_up() == Some(true) { 'U' } else { 'd' }
        };
        results.chars().map(&mut verdict).collect()
    }

    #[test]
    fn c93_the_first_failure_decides_then_rise_successes_then_fall_failures() {
        assert_eq!(verdicts(script(3, 2, false), "-+++--+++"), "ddd".to_owned() + "UUd" + "ddU");
    }

    #[test]
    fn the_first_success_decides_as_well() {
        assert_eq!(verdicts(script(3, 2, false), "+-+--"), "UUUUd");
    }

    #[test]
    fn c94_init_fail_starts_as_failed_until_rise_is_met() {
        assert_eq!(script(2, 1, true).is_up(), Some(false));
        assert_eq!(verdicts(script(2, 1, true), "++-"), "dUd");
        assert_eq!(script(2, 1, false).is_up(), None);
    }
}

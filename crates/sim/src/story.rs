//! What happened in a run, for people.

use keepalived_types::Instant;

/// Lines with their times. Nothing is written down unless somebody wants to read it: most runs are never looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Story {
    is_recorded: bool,
    lines: Vec<(Instant, String)>,
}

impl Story {
    /// From now on everything is written down.
    pub(crate) fn record(&mut self) {
        self.is_recorded = true;
    }

    /// Tells what happened, if somebody listens.
    pub(crate) fn tell(&mut self, now: Instant, line: impl FnOnce() -> String) {
        if self.is_recorded {
            self.lines.push((now, line()));
        }
    }

    /// The lines so far.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> + '_ {
        self.lines.iter().map(|(at, line)| format!("{at} {line}"))
    }
}

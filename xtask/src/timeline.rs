//! What happened when, relative to one moment, from captures, logs and the client alike.

use std::time::SystemTime;

/// Lines of a table are no longer than this.
pub(crate) const WIDTH: usize = 100;

/// Events in any order; printed in theirs.
#[derive(Debug)]
pub(crate) struct Timeline {
    zero: SystemTime,
    events: Vec<(SystemTime, &'static str, String)>,
}

impl Timeline {
    /// A timeline whose zero is this moment.
    pub(crate) fn new(zero: SystemTime) -> Self {
        Self { zero, events: Vec::new() }
    }

    /// Adds an event, with where it was seen (`wire`, `log b`, `client`, ...).
    pub(crate) fn add(&mut self, at: SystemTime, seen: &'static str, what: impl Into<String>) {
        self.events.push((at, seen, what.into()));
    }

    /// The table, one event a line.
    pub(crate) fn text(&self) -> String {
        let mut events: Vec<_> = self.events.iter().collect();
        events.sort_by_key(|event| event.0);
        let mut text = String::new();
        for (at, seen, what) in events {
            let line = format!("{:>+9.3} s  {seen:<7} {what}", seconds(self.zero, *at));
            text.extend(line.chars().take(WIDTH));
            text.push('\n');
        }
        text
    }
}

/// Seconds from one moment to another, negative when it was before.
fn seconds(zero: SystemTime, at: SystemTime) -> f64 {
    match at.duration_since(zero) {
        Ok(after) => after.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn events_are_sorted_and_cut_to_the_width() {
        let zero = SystemTime::UNIX_EPOCH + Duration::from_secs(10);
        let mut timeline = Timeline::new(zero);
        timeline.add(zero + Duration::from_millis(1500), "wire", "later");
        timeline.add(zero - Duration::from_millis(250), "log a", "x".repeat(200));
        let text = timeline.text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0].len(), WIDTH);
        assert!(lines[0].starts_with("   -0.250 s  log a   xxx"), "{}", lines[0]);
        assert_eq!(lines[1], "   +1.500 s  wire    later");
    }
}

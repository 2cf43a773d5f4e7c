//! One ordered queue of notify scripts per object.
//!
//! The original starts all scripts of an object at once, so that the script for BACKUP can overtake the one for
//! FAULT. Here the next one starts when the one before has ended, or has had [`PATIENCE`]: a script that hangs must
//! not keep the news of a later MASTER from the others. Pure: the helper thread starts and reaps.

use keepalived_surfaces::Invocation;
use keepalived_types::Instant;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// How long a script may hold up the next one of the same object.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// Scripts that may wait for one object; the oldest of more is forgotten, since it tells of a state long gone.
const LONGEST: usize = 1024;

/// What a script reports to: an instance or a group, by kind and name.
pub(super) type Object = String;

/// A script to start; tell the queue its process id with [`ScriptQueue::started`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Start {
    /// Whose it is.
    pub(super) object: Object,
    /// What to run.
    pub(super) invocation: Invocation,
}

#[derive(Debug, Default)]
struct Line {
    waiting: VecDeque<Invocation>,
    /// The script started last, if it has not ended, and since when.
    running: Option<(u32, Instant)>,
}

/// The queues.
#[derive(Debug, Default)]
pub(super) struct ScriptQueue {
    lines: HashMap<Object, Line>,
    /// Every script that has not ended, the overtaken ones included.
    alive: HashMap<u32, Object>,
    dropped: u64,
}

impl ScriptQueue {
    /// A script has to run. Returns it when nothing holds it up.
    pub(super) fn push(&mut self, object: &str, invocation: Invocation, now: Instant) -> Option<Start> {
        let line = self.lines.entry(object.to_owned()).or_default();
        if line.waiting.len() == LONGEST {
            line.waiting.pop_front();
            self.dropped += 1;
        }
        line.waiting.push_back(invocation);
        self.next_of(object, now)
    }

    /// The script returned last for `object` runs as this process; `None` when it could not be started.
    pub(super) fn started(&mut self, object: &str, pid: Option<u32>, now: Instant) {
        let Some(line) = self.lines.get_mut(object) else {
            return;
        };
        line.running = pid.map(|pid| (pid, now));
        if let Some(pid) = pid {
            self.alive.insert(pid, object.to_owned());
        }
    }

    /// A process has ended. Returns what may start now.
    pub(super) fn ended(&mut self, pid: u32, now: Instant) -> Option<Start> {
        let object = self.alive.remove(&pid)?;
        let line = self.lines.get_mut(&object)?;
        if line.running.is_some_and(|(running, _)| running == pid) {
            line.running = None;
        }
        self.next_of(&object, now)
    }

    /// Scripts whose predecessors have had their time.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> Vec<Start> {
        let objects: Vec<Object> = self.lines.keys().cloned().collect();
        objects.iter().filter_map(|object| self.next_of(object, now)).collect()
    }

    /// When to call [`ScriptQueue::handle_timeout`].
    #[must_use]
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let held_up = self.lines.values().filter(|line| !line.waiting.is_empty());
        held_up.filter_map(|line| line.running.map(|(_, since)| since + PATIENCE)).min()
    }

    /// Processes that have not ended.
    pub(super) fn alive(&self) -> impl Iterator<Item = u32> {
        self.alive.keys().copied()
    }

    /// Nothing runs and nothing waits.
    #[must_use]
    pub(super) fn is_idle(&self) -> bool {
        self.alive.is_empty() && self.lines.values().all(|line| line.waiting.is_empty())
    }

    /// How many scripts were forgotten because too many waited.
    #[must_use]
    pub(super) const fn dropped(&self) -> u64 {
        self.dropped
    }

    fn next_of(&mut self, object: &str, now: Instant) -> Option<Start> {
        let line = self.lines.get_mut(object)?;
        if line.running.is_some_and(|(_, since)| now < since + PATIENCE) {
            return None;
        }
        let invocation = line.waiting.pop_front()?;
        Some(Start { object: object.to_owned(), invocation })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keepalived_types::{Command, Credentials};

    fn script(name: &str) -> Invocation {
        let run_as = Credentials { uid: 0, gid: 0, groups: None };
        let command =
            Command { path: name.into(), argv: vec![name.to_owned()], run_as, through_shell: false };
        Invocation { command, arguments: Vec::new() }
    }

    fn name(start: Option<Start>) -> Option<String> {
        start.map(|start| start.invocation.command.argv[0].clone())
    }

    #[test]
    fn scripts_of_one_object_run_one_after_the_other() {
        let mut queue = ScriptQueue::default();
        let now = Instant::ORIGIN;
        assert_eq!(name(queue.push("VI_1", script("backup"), now)).as_deref(), Some("backup"));
        queue.started("VI_1", Some(10), now);
        assert_eq!(queue.push("VI_1", script("master"), now), None);
        assert_eq!(name(queue.push("VI_2", script("other"), now)).as_deref(), Some("other"));
        assert_eq!(name(queue.ended(10, now)).as_deref(), Some("master"));
        queue.started("VI_1", Some(11), now);
        assert_eq!(queue.ended(11, now), None);
        queue.started("VI_2", None, now);
        assert!(queue.is_idle());
    }

    #[test]
    fn a_script_that_hangs_is_overtaken_after_its_time() {
        let mut queue = ScriptQueue::default();
        let now = Instant::ORIGIN;
        queue.push("VI_1", script("hangs"), now).expect("nothing before it");
        queue.started("VI_1", Some(10), now);
        queue.push("VI_1", script("master"), now);
        assert_eq!(queue.next_deadline(), Some(now + PATIENCE));
        assert!(queue.handle_timeout(now + Duration::from_secs(1)).is_empty());
        let later = now + PATIENCE;
        assert_eq!(queue.handle_timeout(later).len(), 1);
        queue.started("VI_1", Some(11), later);
        // The overtaken one ends: that does not start anything out of turn.
        queue.push("VI_1", script("fault"), later);
        assert_eq!(queue.ended(10, later), None);
        assert_eq!(name(queue.ended(11, later)).as_deref(), Some("fault"));
    }

    #[test]
    fn a_script_that_cannot_start_does_not_hold_up_the_next() {
        let mut queue = ScriptQueue::default();
        let now = Instant::ORIGIN;
        queue.push("VI_1", script("missing"), now).expect("nothing before it");
        queue.started("VI_1", None, now);
        assert_eq!(name(queue.push("VI_1", script("next"), now)).as_deref(), Some("next"));
    }

    #[test]
    fn the_queue_is_bounded() {
        let mut queue = ScriptQueue::default();
        let now = Instant::ORIGIN;
        queue.push("VI_1", script("first"), now);
        queue.started("VI_1", Some(10), now);
        for _ in 0..LONGEST + 3 {
            queue.push("VI_1", script("more"), now);
        }
        assert_eq!(queue.dropped(), 3);
    }
}

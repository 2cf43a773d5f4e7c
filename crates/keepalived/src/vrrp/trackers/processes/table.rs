//! Which processes match which trackers, and how many they are (vrrp reference 3.6). Pure: who watches the processes
//! tells what happens.

use keepalived_kernel::process::Seen;
use keepalived_vrrp::config::{ParameterMatch, ProcessTracker};
use std::collections::HashMap;
use std::time::Duration;

/// `/proc/PID/comm` has no room for more, in bytes.
const LONGEST_NAME: usize = 15;

/// The machine's processes, as far as they can be asked for.
pub(super) trait Processes {
    /// A process, unless it is gone.
    fn look_at(&self, pid: u32) -> Option<Seen>;
    /// Its command line, unless it is gone.
    fn arguments(&self, pid: u32) -> Option<Vec<Vec<u8>>>;
}

/// The trackers and the processes that match them.
#[derive(Debug, Default)]
pub(super) struct Table {
    trackers: Vec<Counted>,
    /// Each process that matches, with the numbers of its trackers.
    matching: HashMap<u32, Vec<usize>>,
}

#[derive(Debug)]
struct Counted {
    config: ProcessTracker,
    count: u32,
    /// The count that was told last.
    told: Option<u32>,
}

/// A count that has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Count {
    /// The tracker's name.
    pub(super) name: String,
    /// How many processes match it now.
    pub(super) count: u32,
    /// The quorum was met before, and is not now, or the other way round. `None` for the first count, too.
    pub(super) turn: Option<bool>,
    /// How long a turn has to last to count: `fork_delay` when there are more now, `terminate_delay` when there are fewer.
    pub(super) delay: Duration,
}

impl Table {
    /// From now on these. Nothing is known of any process; every count will be told anew, but a quorum that was met and
    /// still is has not turned.
    pub(super) fn configure(&mut self, trackers: Vec<ProcessTracker>) {
        self.matching.clear();
        let old = std::mem::take(&mut self.trackers);
        let told = |config: &ProcessTracker| old.iter().find(|old| old.config == *config)?.told;
        self.trackers =
            trackers.into_iter().map(|config| Counted { told: told(&config), count: 0, config }).collect();
    }

    /// The trackers.
    pub(super) fn trackers(&self) -> impl Iterator<Item = &ProcessTracker> {
        self.trackers.iter().map(|counted| &counted.config)
    }

    /// Does any tracker go by the name that a process can change?
    pub(super) fn goes_by_name(&self) -> bool {
        self.trackers().any(|tracker| !tracker.full_command)
    }

    /// Looks at a process, which may have become another program or be gone.
    pub(super) fn look_at(&mut self, pid: u32, processes: &impl Processes) {
        let matches = match processes.look_at(pid) {
            Some(seen) if !seen.is_zombie => self.matches(pid, &seen, processes),
            _ => Vec::new(),
        };
        self.set(pid, matches);
    }

    /// A process has a child, which is what its parent is until it executes something.
    pub(super) fn forked(&mut self, parent: u32, child: u32) {
        let matches = self.matching.get(&parent).cloned().unwrap_or_default();
        self.set(child, matches);
    }

    /// A process has ended.
    pub(super) fn gone(&mut self, pid: u32) {
        self.set(pid, Vec::new());
    }

    /// Processes that are not among these have ended.
    pub(super) fn retain(&mut self, is_there: impl Fn(u32) -> bool) {
        let gone: Vec<u32> = self.matching.keys().copied().filter(|&pid| !is_there(pid)).collect();
        gone.into_iter().for_each(|pid| self.gone(pid));
    }

    /// The processes that match something.
    pub(super) fn matching(&self) -> impl Iterator<Item = u32> {
        self.matching.keys().copied()
    }

    /// Does it match something?
    pub(super) fn is_matching(&self, pid: u32) -> bool {
        self.matching.contains_key(&pid)
    }

    /// The counts that have changed since the last call.
    pub(super) fn news(&mut self) -> Vec<Count> {
        let mut news = Vec::new();
        for Counted { config, count, told } in &mut self.trackers {
            let before = told.replace(*count);
            if before == Some(*count) {
                continue;
            }
            let met = config.is_met_by(*count);
            let turn = before.is_some_and(|before| config.is_met_by(before) != met).then_some(met);
            let grew = before.is_some_and(|before| *count > before);
            let delay = if grew { config.fork_delay } else { config.terminate_delay };
            news.push(Count { name: config.name.clone(), count: *count, turn, delay });
        }
        news
    }

    /// The numbers of the trackers that a living process matches. Its command line is read when one of them needs it.
    fn matches(&self, pid: u32, seen: &Seen, processes: &impl Processes) -> Vec<usize> {
        let mut arguments: Option<Vec<Vec<u8>>> = None;
        let mut matches = Vec::new();
        for (number, Counted { config, .. }) in self.trackers.iter().enumerate() {
            let is_match = if config.full_command {
                let arguments = arguments.get_or_insert_with(|| processes.arguments(pid).unwrap_or_default());
                has_command(config, arguments)
            } else {
                has_name(config, &seen.name)
            };
            if is_match {
                matches.push(number);
            }
        }
        matches
    }

    fn set(&mut self, pid: u32, matches: Vec<usize>) {
        let old = if matches.is_empty() {
            self.matching.remove(&pid)
        } else {
            self.matching.insert(pid, matches.clone())
        };
        for number in old.unwrap_or_default() {
            self.trackers[number].count -= 1;
        }
        for number in matches {
            self.trackers[number].count += 1;
        }
    }
}

/// Is it called so? Names longer than the kernel keeps are compared as far as it keeps them.
fn has_name(tracker: &ProcessTracker, name: &[u8]) -> bool {
    let wanted = tracker.process.first().map_or(&[][..], |word| word.as_bytes());
    wanted.get(..LONGEST_NAME).unwrap_or(wanted) == name
}

fn has_command(tracker: &ProcessTracker, arguments: &[Vec<u8>]) -> bool {
    let wanted: Vec<&[u8]> = tracker.process.iter().map(|word| word.as_bytes()).collect();
    let (Some((name, wanted)), Some((own_name, own))) = (wanted.split_first(), arguments.split_first())
    else {
        return false;
    };
    if *name != own_name.as_slice() || own.len() < wanted.len() {
        return false;
    }
    let is_equal = |count: usize| (0..count).all(|at| own[at].as_slice() == wanted[at]);
    match tracker.parameters {
        ParameterMatch::Exact => own.len() == wanted.len() && is_equal(wanted.len()),
        ParameterMatch::Partial => is_equal(wanted.len()),
        ParameterMatch::Initial => match wanted.len().checked_sub(1) {
            Some(last) => is_equal(last) && own[last].starts_with(wanted[last]),
            None => true,
        },
    }
}

#[cfg(test)]
mod tests;

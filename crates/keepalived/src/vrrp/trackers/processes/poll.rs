//! Where the kernel tells nothing of processes: how they are found by looking (vrrp reference 3.6).
//!
//! A look costs no more than it must, however many processes there are: the numbers of all are listed once a second,
//! those that are new, young or match are read, and of the others a few, in turn, for they seldom become something else.

use super::table::{Processes, Table};
use keepalived_types::Instant;
use std::collections::HashMap;
use std::time::Duration;

/// From one list of all processes to the next.
const LIST: Duration = Duration::from_secs(1);
/// From one look at the processes that match to the next: that one of them has ended is found sooner than a new one.
const GLANCE: Duration = Duration::from_millis(250);
/// How many that match are looked at so often.
const GLANCES: usize = 256;
/// For how many lists a process is young: between its fork and its exec it is still its parent.
const YOUNG: u8 = 3;
/// How many of the others are read with each list.
const OTHERS: usize = 200;

/// When to look, and at what.
#[derive(Debug)]
pub(super) struct Poll {
    list_at: Instant,
    glance_at: Instant,
    /// Every process of the last list, and for how many more it is young.
    known: HashMap<u32, u8>,
    /// Of the others, the last that was read.
    cursor: u32,
}

impl Poll {
    /// Begins with a list at once.
    pub(super) fn new(now: Instant) -> Self {
        Self { list_at: now, glance_at: now + GLANCE, known: HashMap::new(), cursor: 0 }
    }

    /// When [`Poll::handle_timeout`] has something to do.
    pub(super) fn next_deadline(&self) -> Instant {
        self.list_at.min(self.glance_at)
    }

    /// Looks, if it is time. `list` gives the numbers of all processes.
    pub(super) fn handle_timeout(
        &mut self,
        table: &mut Table,
        processes: &impl Processes,
        list: impl FnOnce() -> Vec<u32>,
        now: Instant,
    ) {
        if self.list_at <= now {
            self.list_at = now + LIST;
            self.glance_at = now + GLANCE;
            self.read_list(table, processes, list());
        } else if self.glance_at <= now {
            self.glance_at = now + GLANCE;
            let matching: Vec<u32> = table.matching().take(GLANCES).collect();
            matching.into_iter().for_each(|pid| table.look_at(pid, processes));
        }
    }

    fn read_list(&mut self, table: &mut Table, processes: &impl Processes, mut list: Vec<u32>) {
        list.sort_unstable();
        table.retain(|pid| list.binary_search(&pid).is_ok());
        let mut others = Vec::new();
        let mut known = HashMap::with_capacity(list.len());
        for pid in list {
            let young = self.known.get(&pid).map_or(YOUNG, |young| young.saturating_sub(1));
            known.insert(pid, young);
            if young > 0 || table.is_matching(pid) {
                table.look_at(pid, processes);
            } else {
                others.push(pid);
            }
        }
        self.known = known;
        let start = others.partition_point(|&pid| pid <= self.cursor);
        let (done, due) = others.split_at(start);
        for &pid in due.iter().chain(done).take(OTHERS) {
            table.look_at(pid, processes);
            self.cursor = pid;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keepalived_kernel::process::Seen;
    use keepalived_types::PriorityWeight;
    use keepalived_vrrp::config::{ParameterMatch, ProcessTracker, Track};
    use std::cell::RefCell;

    /// Processes by number and name, and how often they were read.
    #[derive(Default)]
    struct Machine {
        names: HashMap<u32, &'static str>,
        read: RefCell<usize>,
    }

    impl Processes for Machine {
        fn look_at(&self, pid: u32) -> Option<Seen> {
            *self.read.borrow_mut() += 1;
            let name = self.names.get(&pid)?;
            Some(Seen { name: name.as_bytes().to_vec(), is_zombie: false })
        }

        fn arguments(&self, _: u32) -> Option<Vec<Vec<u8>>> {
            None
        }
    }

    fn table() -> Table {
        let track = Track { weight: PriorityWeight::FAULT, reverse: false };
        let mut table = Table::default();
        table.configure(vec![ProcessTracker {
            name: "p".to_owned(),
            process: vec!["nginx".to_owned()],
            parameters: ParameterMatch::Partial,
            full_command: false,
            track,
            quorum: 1,
            quorum_max: None,
            fork_delay: Duration::ZERO,
            terminate_delay: Duration::ZERO,
        }]);
        table
    }

    /// Looks at this time after the start; returns the count if it has changed, and how many processes were read.
    fn look(poll: &mut Poll, table: &mut Table, machine: &Machine, millis: u64) -> (Option<u32>, usize) {
        let now = Instant::ORIGIN + Duration::from_millis(millis);
        machine.read.take();
        poll.handle_timeout(table, machine, || machine.names.keys().copied().collect(), now);
        (table.news().pop().map(|news| news.count), machine.read.take())
    }

    #[test]
    fn a_process_is_found_within_a_second_and_missed_within_a_quarter() {
        let (mut poll, mut table, mut machine) = (Poll::new(Instant::ORIGIN), table(), Machine::default());
        machine.names.insert(1, "init");
        assert_eq!(look(&mut poll, &mut table, &machine, 0), (Some(0), 1));
        machine.names.insert(10, "sh");
        assert_eq!(look(&mut poll, &mut table, &machine, 1_000).0, None);
        machine.names.insert(10, "nginx");
        assert_eq!(look(&mut poll, &mut table, &machine, 2_000).0, Some(1), "it was young");
        machine.names.remove(&10);
        assert_eq!(look(&mut poll, &mut table, &machine, 2_100), (None, 0), "not yet");
        assert_eq!(look(&mut poll, &mut table, &machine, 2_250), (Some(0), 1));
        assert_eq!(poll.next_deadline(), Instant::ORIGIN + Duration::from_millis(2_500));
    }

    #[test]
    fn with_many_processes_a_look_reads_few_and_comes_to_all() {
        let (mut poll, mut table, mut machine) = (Poll::new(Instant::ORIGIN), table(), Machine::default());
        machine.names.extend((1..=1_000).map(|pid| (pid, "other")));
        for second in 0..3 {
            look(&mut poll, &mut table, &machine, second * 1_000);
        }
        machine.names.insert(777, "nginx");
        let looks: Vec<(Option<u32>, usize)> =
            (3..8).map(|second| look(&mut poll, &mut table, &machine, second * 1_000)).collect();
        assert!(looks.iter().all(|(_, read)| *read <= OTHERS + 1), "{looks:?}");
        assert_eq!(looks.iter().filter_map(|(count, _)| *count).collect::<Vec<_>>(), [1]);
    }
}

//! What will happen and when: packets under way, netlink work under way, and what the operator has arranged.
//!
//! The deadlines of the engines are not in here. The LAN asks each engine for its next one, as a driver does.

use crate::node::NodeId;
use crate::packet::Packet;
use crate::segment::SegmentId;
use keepalived_types::Instant;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// Something that will happen.
#[derive(Clone, Debug)]
pub(crate) enum Happening {
    /// A packet reaches a node's interface.
    Arrival {
        /// The receiver.
        node: NodeId,
        /// The segment it comes from.
        segment: SegmentId,
        /// The packet.
        packet: Arc<Packet>,
    },
    /// The kernel of a node has worked off what the process wanted.
    Reconcile(NodeId),
    /// A paused process may go on.
    Resume(NodeId),
    /// The supervisor starts a process that was killed.
    Respawn(NodeId),
    /// The supervisor gives up waiting for the new process and removes the addresses that the killed one left.
    CleanUp(NodeId),
    /// A script of a node is run, if it is still the same process that does so.
    RunScript {
        /// Where.
        node: NodeId,
        /// Which process.
        generation: u64,
        /// Its name.
        name: String,
    },
    /// A loose contact: a link loses its carrier, or regains it.
    Carrier {
        /// Where.
        node: NodeId,
        /// Which.
        segment: SegmentId,
        /// It regains it.
        is_running: bool,
    },
    /// By now everything has to have settled, if nothing has happened in between.
    Inspect,
}

#[derive(Debug)]
struct Entry {
    at: Instant,
    order: u64,
    happening: Happening,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The earliest is the greatest, because the standard heap hands out the greatest.
impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

/// All of it. What was entered first for a moment happens first.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    entries: BinaryHeap<Entry>,
    entered: u64,
}

impl Agenda {
    /// Enters something.
    pub(crate) fn enter(&mut self, at: Instant, happening: Happening) {
        self.entered += 1;
        self.entries.push(Entry { at, order: self.entered, happening });
    }

    /// When the next thing happens.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.entries.peek().map(|entry| entry.at)
    }

    /// How many packets are under way.
    pub(crate) fn arrivals(&self) -> usize {
        let is_arrival = |entry: &&Entry| matches!(entry.happening, Happening::Arrival { .. });
        self.entries.iter().filter(is_arrival).count()
    }

    /// The next thing.
    pub(crate) fn pop(&mut self) -> Option<Happening> {
        self.entries.pop().map(|entry| entry.happening)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_comes_first_and_ties_in_the_order_of_entry() {
        let mut agenda = Agenda::default();
        let at = Instant::from_nanos;
        agenda.enter(at(2), Happening::Resume(NodeId(2)));
        agenda.enter(at(1), Happening::Resume(NodeId(0)));
        agenda.enter(at(1), Happening::Resume(NodeId(1)));
        assert_eq!(agenda.next(), Some(at(1)));
        let mut order = Vec::new();
        while let Some(Happening::Resume(node)) = agenda.pop() {
            order.push(node.0);
        }
        assert_eq!(order, [0, 1, 2]);
    }
}

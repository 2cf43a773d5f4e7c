//! One broadcast domain: who hears whom, and how well.

use crate::node::NodeId;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A segment by its number, counted from 0. Every node's interface on it is called `eth` with this number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SegmentId(pub usize);

/// What happens to packets on a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weather {
    /// The shortest way from one node to another.
    pub delay: Duration,
    /// Up to this much more, different for each packet: later packets may overtake.
    pub jitter: Duration,
    /// How many packets in a thousand are lost, for each receiver on its own.
    pub loss_permille: u32,
    /// How many packets in a thousand arrive twice.
    pub duplicate_permille: u32,
}

impl Weather {
    /// A good switch.
    pub const FAIR: Self = Self {
        delay: Duration::from_micros(100),
        jitter: Duration::ZERO,
        loss_permille: 0,
        duplicate_permille: 0,
    };

    /// The longest a packet can be under way.
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.delay + self.jitter
    }
}

/// One broadcast domain.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) weather: Weather,
    /// The part that a node has been cut off with; nodes that are not named are in part 0.
    parts: BTreeMap<NodeId, usize>,
    /// The longest that a packet ever was under way.
    longest_ever: Duration,
    /// The second of each pair does not hear the first.
    deaf: BTreeSet<(NodeId, NodeId)>,
}

impl Segment {
    pub(crate) const fn new(weather: Weather) -> Self {
        Self { weather, parts: BTreeMap::new(), longest_ever: Duration::ZERO, deaf: BTreeSet::new() }
    }

    /// Changes how packets fare. Those that left before are still under way.
    pub(crate) fn set_weather(&mut self, weather: Weather) {
        self.longest_ever = self.longest_ever();
        self.weather = weather;
    }

    /// The longest that a packet under way may need.
    pub(crate) fn longest_ever(&self) -> Duration {
        self.longest_ever.max(self.weather.longest())
    }

    /// Do packets from one node get to the other, when they are not lost?
    pub(crate) fn reaches(&self, from: NodeId, to: NodeId) -> bool {
        self.part(from) == self.part(to) && !self.deaf.contains(&(from, to))
    }

    /// Cuts the segment into parts. Nodes in none of them stay together in one more.
    pub(crate) fn partition(&mut self, parts: &[&[NodeId]]) {
        let numbered = parts.iter().zip(1..);
        self.parts =
            numbered.flat_map(|(part, number)| part.iter().map(move |node| (*node, number))).collect();
    }

    /// Lets packets be lost in one direction only.
    pub(crate) fn deafen(&mut self, from: NodeId, to: NodeId) {
        self.deaf.insert((from, to));
    }

    /// Does anybody hear somebody without being heard?
    pub(crate) fn is_one_way(&self) -> bool {
        !self.deaf.is_empty()
    }

    /// Everybody hears everybody again.
    pub(crate) fn heal(&mut self) {
        self.parts.clear();
        self.deaf.clear();
    }

    fn part(&self, node: NodeId) -> usize {
        self.parts.get(&node).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_hear_themselves_only_until_they_are_healed() {
        let [a, b, c] = [NodeId(0), NodeId(1), NodeId(2)];
        let mut segment = Segment::new(Weather::FAIR);
        segment.partition(&[&[a, b]]);
        assert!(segment.reaches(a, b) && segment.reaches(b, a));
        assert!(!segment.reaches(a, c) && !segment.reaches(c, b));
        segment.heal();
        segment.deafen(a, c);
        assert!(!segment.reaches(a, c));
        assert!(segment.reaches(c, a), "one way only");
    }
}

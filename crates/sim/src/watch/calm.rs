//! When a virtual router has to have settled: computed from its timers, from the last thing that happened to it.

use super::Watch;
use crate::lan::{Lan, Traffic};
use crate::node::{NodeId, RouterKey};
use crate::segment::{Segment, SegmentId};
use keepalived_types::Instant;
use keepalived_vrrp::config::Config;
use std::collections::BTreeSet;
use std::time::Duration;

/// Room for the kernel's work and for a packet that meets another one.
const MARGIN: Duration = Duration::from_millis(50);

/// Where packets are under way for longer, the shortest intervals there are cannot be told from silence.
const SLOWEST: Duration = Duration::from_millis(10);

/// The slowest timers that any node ever had for a virtual router.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    interval: Duration,
    /// The shortest interval that any node ever had.
    fastest: Option<Duration>,
    adverts: u32,
    preempt_delay: Duration,
    start_delay: Duration,
    /// The longest that a script or a process needs until its verdict has changed.
    tracking: Duration,
    /// The longest that a change of a link has to last to count.
    links: Duration,
    /// Some node moves it together with others.
    is_grouped: bool,
}

/// What is known about the peace of a virtual router.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calm {
    pace: Pace,
    /// Nothing has happened since this moment that would excuse a change; `None` while the excuse lasts.
    settled_at: Option<Instant>,
}

impl Pace {
    /// How long it takes at most until everything is in its place, after the last disturbance.
    ///
    /// Somebody may have heard the old master a moment ago, at the longest interval there is, and waits for
    /// Master_Down_Interval; Skew_Time is below one interval, in version 2 below a second, its shortest one. Two
    /// masters meet within one interval. A preemption delay starts with the first advert of a lesser master, and
    /// after it the last advert that was accepted has to time out again.
    ///
    /// A member of a sync group that may not move yet waits for a whole Master_Down_Interval again.
    fn settling_time(&self, longest: Duration) -> Duration {
        let round = self.interval * (self.adverts + 3);
        let mut total = self.start_delay + round;
        if self.preempt_delay > Duration::ZERO {
            total += self.preempt_delay + round;
        }
        if self.is_grouped {
            total += 2 * round;
        }
        total + self.tracking + self.links + 6 * longest + MARGIN
    }
}

impl Watch {
    /// A node has this configuration from now on.
    pub(crate) fn consider(&mut self, key: RouterKey, config: &Config) {
        let calm = self.routers.entry(key).or_insert(Calm { pace: Pace::default(), settled_at: None });
        let pace = &mut calm.pace;
        for instance in config.instances.iter().filter(|one| RouterKey::of(one) == Some(key)) {
            pace.interval = pace.interval.max(instance.advert_interval);
            pace.fastest =
                Some(pace.fastest.map_or(instance.advert_interval, |one| one.min(instance.advert_interval)));
            pace.adverts = pace.adverts.max(u32::from(instance.down_timer_adverts));
            pace.preempt_delay = pace.preempt_delay.max(instance.preempt_delay);
        }
        let scripts = config.scripts.iter().map(|one| one.interval * (one.rise + one.fall + 1));
        let processes = config.processes.iter().map(|one| one.fork_delay.max(one.terminate_delay));
        pace.tracking = scripts.chain(processes).fold(pace.tracking, Duration::max);
        let links = config.interface_delays.iter().map(|one| one.up.max(one.down));
        pace.links = links.fold(pace.links, Duration::max);
        pace.is_grouped |= !config.sync_groups.is_empty();
        pace.start_delay =
            pace.start_delay.max(config.engine.startup_delay).max(config.engine.delay_after_boot);
    }

    /// When virtual routers to which something happened now have to have settled; `None` when they need not.
    fn settling<'a>(
        &self,
        routers: impl Iterator<Item = (&'a RouterKey, &'a Segment)>,
        now: Instant,
    ) -> Option<Instant> {
        let mut longest = Duration::ZERO;
        for (key, segment) in routers {
            let Some(calm) = self.routers.get(key) else { continue };
            let weather = &segment.weather;
            if weather.loss_permille > 0 || segment.is_one_way() || weather.longest() > SLOWEST {
                return None;
            }
            longest = longest.max(calm.pace.settling_time(segment.longest_ever()));
        }
        Some(now + longest)
    }

    fn settle_at(&mut self, keys: &BTreeSet<RouterKey>, at: Option<Instant>) {
        for key in keys {
            if let Some(calm) = self.routers.get_mut(key) {
                calm.settled_at = at;
            }
        }
    }

    /// The shortest and the longest interval that any node ever had for a virtual router.
    pub(crate) fn intervals(&self, key: RouterKey) -> Option<(Duration, Duration)> {
        let pace = &self.routers.get(&key)?.pace;
        Some((pace.fastest?, pace.interval))
    }

    /// Is there no excuse for a change any more?
    pub(crate) fn is_settled(&self, key: RouterKey, now: Instant) -> bool {
        self.routers.get(&key).and_then(|calm| calm.settled_at).is_some_and(|at| at < now)
    }

    fn settled_by(&self, now: Instant) -> Vec<RouterKey> {
        let is_settled = |calm: &Calm| calm.settled_at.is_some_and(|at| at <= now);
        self.routers.iter().filter(|(_, calm)| is_settled(calm)).map(|(key, _)| *key).collect()
    }

    fn last_settling(&self) -> Option<Instant> {
        self.routers.values().filter_map(|calm| calm.settled_at).max()
    }
}

impl Lan {
    /// How long it takes from now on until everything that can be expected to settle has done so.
    #[must_use]
    pub fn settling_time(&self) -> Duration {
        self.watch.last_settling().map_or(Duration::ZERO, |at| at.since(self.now))
    }

    /// Something happened to a virtual router, and so to those that move with it.
    pub(crate) fn disturb(&mut self, key: RouterKey) {
        let mut keys = self.grouped_with(key);
        keys.insert(key);
        // Who moves together settles together, at the pace of the slowest.
        let routers = keys.iter().filter_map(|key| Some((key, self.segments.get(key.segment.0)?)));
        let at = self.watch.settling(routers, self.now);
        self.watch.settle_at(&keys, at);
        if let Some(at) = at {
            self.agenda.enter(at, crate::agenda::Happening::Inspect);
        }
    }

    /// The virtual routers that share a sync group with this one on any node, itself included; none without a group.
    pub(super) fn grouped_with(&self, key: RouterKey) -> BTreeSet<RouterKey> {
        let mut keys = BTreeSet::new();
        for node in &self.nodes {
            let Some(name) = node.member(key).map(|one| &one.name) else { continue };
            let groups = node.config.sync_groups.iter().filter(|group| group.members.contains(name));
            let members = groups.flat_map(|group| &group.members);
            keys.extend(members.filter_map(|member| node.instance(member)).filter_map(RouterKey::of));
        }
        keys
    }

    /// Something happened to a node.
    pub(crate) fn disturb_node(&mut self, node: NodeId) {
        self.nodes[node.0].is_touched = true;
        let keys: Vec<RouterKey> =
            self.nodes[node.0].config.instances.iter().filter_map(RouterKey::of).collect();
        keys.into_iter().for_each(|key| self.disturb(key));
    }

    /// Something happened to a segment.
    pub(crate) fn disturb_segment(&mut self, segment: SegmentId) {
        let keys: Vec<RouterKey> =
            self.watch.routers.keys().filter(|key| key.segment == segment).copied().collect();
        keys.into_iter().for_each(|key| self.disturb(key));
    }

    /// No packet vanishes.
    pub(super) fn inspect_traffic(&mut self) {
        let waiting = self.nodes.iter().map(|node| node.inbox.packets.len()).sum::<usize>();
        let under_way = u64::try_from(self.agenda.arrivals() + waiting).unwrap_or(u64::MAX);
        let Traffic { copies, lost, ignored, heard, .. } = self.traffic;
        if copies != lost + ignored + heard + under_way {
            self.object(format!("packets vanish: {:?}, {under_way} are under way", self.traffic));
        }
    }

    /// The time has come by which things must have settled.
    pub(crate) fn inspect(&mut self) {
        for key in self.watch.settled_by(self.now) {
            self.inspect_router(key);
        }
        for node in self.node_ids() {
            self.inspect_node(node);
        }
        self.inspect_traffic();
    }
}

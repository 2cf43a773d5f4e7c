//! What a scenario may ask. Nothing here changes anything.

use super::{Lan, Traffic, Transition};
use crate::accident::Accidents;
use crate::node::{NodeId, RouterKey};
use crate::segment::{SegmentId, Weather};
use crate::tracked::configured_source;
use keepalived_types::{Instant, Prefix};
use keepalived_vrrp::config::Config;
use keepalived_vrrp::{InstanceSnapshot, Snapshot, State};
use std::net::IpAddr;
use std::ops::RangeBounds;

impl Lan {
    /// The nodes with at least one instance that is MASTER. A node that is switched off has none; one whose process
    /// is stopped has what it had.
    #[must_use]
    pub fn masters(&self) -> Vec<NodeId> {
        let is_master = |node: &NodeId| self.states(*node).any(|(_, state)| state == State::Master);
        self.node_ids().filter(is_master).collect()
    }

    /// The nodes that are MASTER of a virtual router.
    #[must_use]
    pub fn masters_of(&self, key: RouterKey) -> Vec<NodeId> {
        let is_master = |node: &NodeId| {
            let owner = &self.nodes[node.0];
            owner.member(key).is_some_and(|one| owner.state(&one.name) == Some(State::Master))
        };
        self.node_ids().filter(is_master).collect()
    }

    /// The state of a node's only, or first, instance; `None` without a process.
    #[must_use]
    pub fn state(&self, node: NodeId) -> Option<State> {
        let owner = &self.nodes[node.0];
        owner.state(&owner.config.instances.first()?.name)
    }

    fn states(&self, node: NodeId) -> impl Iterator<Item = (&str, State)> {
        let shadows = self.nodes[node.0].process.iter().flat_map(|process| &process.shadows);
        shadows.map(|(name, shadow)| (name.as_str(), shadow.state))
    }

    /// The state changes of a node within a span of time.
    #[must_use]
    pub fn transitions(&self, node: NodeId, span: impl RangeBounds<Instant>) -> Vec<Transition> {
        let wanted = |one: &&Transition| one.node == node && span.contains(&one.at);
        self.transitions.iter().filter(wanted).cloned().collect()
    }

    /// How many state changes there were on all nodes.
    #[must_use]
    pub const fn transition_count(&self) -> usize {
        self.transitions.len()
    }

    /// The virtual addresses on a node's interfaces.
    #[must_use]
    pub fn virtual_addresses(&self, node: NodeId) -> Vec<IpAddr> {
        self.nodes[node.0].machine.virtual_addresses.iter().map(|(_, prefix)| prefix.address()).collect()
    }

    /// When a node last heard an advert of at least its own priority as BACKUP, for its first instance.
    #[must_use]
    pub fn last_heard(&self, node: NodeId) -> Option<Instant> {
        let owner = &self.nodes[node.0];
        let name = &owner.config.instances.first()?.name;
        let shadow = owner.process.as_ref()?.shadows.get(name)?;
        shadow.rival.map(|(at, _)| at)
    }

    /// What the engine of a node says about all its instances.
    #[must_use]
    pub fn snapshot(&self, node: NodeId) -> Option<Snapshot> {
        self.nodes[node.0].process.as_ref().map(|process| process.engine.snapshot(self.clock(node)))
    }

    /// What the engine of a node says about its first instance.
    #[must_use]
    pub fn first_instance(&self, node: NodeId) -> Option<InstanceSnapshot> {
        self.snapshot(node).and_then(|snapshot| snapshot.instances.into_iter().next())
    }

    /// The configuration of a node.
    #[must_use]
    pub fn config(&self, node: NodeId) -> &Config {
        &self.nodes[node.0].config
    }

    /// All nodes.
    pub fn node_ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes.len()).map(NodeId)
    }

    /// Is the node switched on, and does its process get the processor?
    #[must_use]
    pub fn is_alive(&self, node: NodeId) -> bool {
        self.nodes[node.0].is_alive()
    }

    /// Has a node an instance on this segment that does not track its interface (`dont_track_primary`)?
    #[must_use]
    pub fn is_untracked(&self, node: NodeId, segment: SegmentId) -> bool {
        let mut instances = self.nodes[node.0].config.instances.iter();
        instances
            .any(|one| one.dont_track_primary && RouterKey::of(one).is_some_and(|key| key.segment == segment))
    }

    /// The operator's addresses on an interface of a node, each with whether it is there.
    #[must_use]
    pub fn own_addresses(&self, node: NodeId, segment: SegmentId) -> Vec<(Prefix, bool)> {
        let port = self.nodes[node.0].machine.ports.get(&segment);
        let own = port.into_iter().flat_map(|port| {
            port.own.iter().map(|prefix| (*prefix, !port.is_deleted && !port.missing.contains(prefix)))
        });
        own.collect()
    }

    /// Has a node an instance that follows whether this address, its configured source, is there (`track_src_ip`)?
    #[must_use]
    pub fn is_tracked_source(&self, node: NodeId, address: IpAddr) -> bool {
        let mut instances = self.nodes[node.0].config.instances.iter();
        instances.any(|one| one.track_source_address && configured_source(one) == Some(address))
    }

    /// Does an instance of this node let a lower priority be for a while (`preempt_delay`)?
    #[must_use]
    pub fn delays_preemption(&self, node: NodeId) -> bool {
        let shadows = self.nodes[node.0].process.iter().flat_map(|process| process.shadows.values());
        let mut ends = shadows.filter_map(|shadow| shadow.preempts_after);
        ends.any(|end| self.now <= end)
    }

    /// How packets fare on a segment.
    #[must_use]
    pub fn weather(&self, segment: SegmentId) -> Weather {
        self.segments.get(segment.0).map_or(Weather::FAIR, |segment| segment.weather)
    }

    /// Does anybody on a segment hear somebody without being heard?
    #[must_use]
    pub fn is_one_way(&self, segment: SegmentId) -> bool {
        self.segments.get(segment.0).is_some_and(crate::segment::Segment::is_one_way)
    }

    /// What has happened so far.
    #[must_use]
    pub const fn accidents(&self) -> Accidents {
        self.accidents
    }

    /// What has become of all packets so far.
    #[must_use]
    pub const fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// What happened since [`Lan::record_story`], a line each.
    pub fn story(&self) -> impl Iterator<Item = String> + '_ {
        self.story.lines()
    }
}

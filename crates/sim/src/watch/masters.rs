//! One MASTER for each connected part of a segment, and the right one.

use crate::lan::Lan;
use crate::node::{NodeId, RouterKey};
use keepalived_types::Priority;
use keepalived_vrrp::State;
use std::collections::BTreeSet;

impl Lan {
    /// Judges a virtual router that has had time to settle.
    pub(super) fn inspect_router(&mut self, key: RouterKey) {
        let (idle, partakers) = self.members(key);
        for node in idle {
            if let Some(state) = self.state_of(node, key).filter(|state| *state != State::Fault) {
                self.object(format!("{node}: is {state:?} of {key} though something it needs is missing"));
            }
        }
        for part in self.connected_parts(key, &partakers) {
            self.inspect_part(key, &part);
        }
        for node in partakers {
            self.inspect_priority(node, key);
        }
    }

    /// The nodes that run this virtual router: those that cannot take part, and those that can.
    fn members(&self, key: RouterKey) -> (Vec<NodeId>, Vec<NodeId>) {
        let members = self.node_ids().filter(|node| self.runs(*node, key));
        members.partition(|node| {
            let owner = &self.nodes[node.0];
            owner.member(key).is_some_and(|instance| owner.expects_fault(instance))
        })
    }

    /// The effective priority is the sum of what is true, whatever has happened before.
    fn inspect_priority(&mut self, node: NodeId, key: RouterKey) {
        let owner = &self.nodes[node.0];
        let Some(instance) = owner.member(key) else { return };
        let Some(expected) = owner.expected_priority(instance) else { return };
        let name = instance.name.clone();
        let Some(snapshot) = self.snapshot(node) else { return };
        let told = snapshot.instances.iter().find(|one| one.name == name).map(|one| one.effective_priority);
        if told != Some(expected) {
            self.object(format!("{node} {name}: has priority {told:?} where {expected} is right"));
        }
    }

    /// Does a process that gets the processor have an instance of this virtual router?
    fn runs(&self, node: NodeId, key: RouterKey) -> bool {
        let owner = &self.nodes[node.0];
        owner.is_alive() && owner.member(key).is_some_and(|one| one.disabled.is_none())
    }

    fn state_of(&self, node: NodeId, key: RouterKey) -> Option<State> {
        let owner = &self.nodes[node.0];
        owner.state(&owner.member(key)?.name)
    }

    /// Groups of nodes that hear each other. Nothing settles while somebody hears and is not heard, so hearing is
    /// mutual here.
    fn connected_parts(&self, key: RouterKey, nodes: &[NodeId]) -> Vec<Vec<NodeId>> {
        let mut parts: Vec<Vec<NodeId>> = Vec::new();
        let segment = &self.segments[key.segment.0];
        // With `dont_track_primary` a node takes part that has no carrier, all by itself.
        let is_plugged = |node: &NodeId| self.nodes[node.0].machine.is_usable(key.segment);
        let hears = |one: &NodeId, other: &NodeId| {
            segment.reaches(*other, *one) && is_plugged(one) && is_plugged(other)
        };
        for node in nodes {
            match parts.iter_mut().find(|part| part.iter().any(|other| hears(node, other))) {
                Some(part) => part.push(*node),
                None => parts.push(vec![*node]),
            }
        }
        parts
    }

    fn inspect_part(&mut self, key: RouterKey, part: &[NodeId]) {
        let states: Vec<(NodeId, Option<State>)> =
            part.iter().map(|node| (*node, self.state_of(*node, key))).collect();
        if let Some((node, state)) =
            states.iter().find(|(_, state)| !matches!(state, Some(State::Master | State::Backup)))
        {
            self.object(format!("{node}: is {state:?} of {key} though nothing is wrong with it"));
        }
        let masters: Vec<NodeId> =
            states.iter().filter(|(_, state)| *state == Some(State::Master)).map(|(node, _)| *node).collect();
        match masters[..] {
            // Whether there is one, and which, depends on the other segments.
            [] | [_] if !self.moves_alone(key, part) => {}
            [master] => self.inspect_choice(key, part, master),
            _ => self.object(format!(
                "{key} has {} masters among {}: {}",
                masters.len(),
                list(part),
                list(&masters)
            )),
        }
    }

    /// Does everything that these nodes know of this virtual router come from this part of its segment? It does for those
    /// without a sync group, and for those whose groups are the same and see the same nodes on every segment.
    fn moves_alone(&self, key: RouterKey, part: &[NodeId]) -> bool {
        let keys = self.grouped_with(key);
        let same_members = |node: &NodeId| {
            let owner = &self.nodes[node.0];
            let group = owner.member(key).and_then(|instance| owner.group_of(instance));
            let members = group.iter().flat_map(|group| &group.members);
            let members: BTreeSet<RouterKey> =
                members.filter_map(|name| owner.instance(name)).filter_map(RouterKey::of).collect();
            members == keys
        };
        let same_view = |other: &RouterKey| {
            let partakers = self.members(*other).1;
            self.connected_parts(*other, &partakers).iter().any(|view| view == part)
        };
        part.iter().all(same_members) && keys.iter().all(same_view)
    }

    /// Where everybody may preempt, the best priority wins. Between equals, whoever was first stays.
    fn inspect_choice(&mut self, key: RouterKey, part: &[NodeId], master: NodeId) {
        let priority = |node: &NodeId| {
            let owner = &self.nodes[node.0];
            let instance = owner.member(key)?;
            Some(owner.expected_priority(instance).unwrap_or(Priority::OWNER))
        };
        let best = part.iter().filter_map(priority).max().unwrap_or(Priority::RELEASE);
        // A group moves when all its members want to.
        let all = self.grouped_with(key).into_iter().chain([key]);
        let preempts = |key: RouterKey| {
            part.iter().filter_map(|node| self.nodes[node.0].member(key)).all(|one| one.preempt)
        };
        let all_preempt = all.into_iter().all(preempts);
        let chosen = priority(&master);
        if all_preempt && chosen != Some(best) {
            self.object(format!(
                "{key}: {master} is MASTER, but {best} is the best priority among {}",
                list(part)
            ));
        }
    }
}

fn list(nodes: &[NodeId]) -> String {
    nodes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

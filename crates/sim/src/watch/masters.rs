//! One MASTER for each connected part of a segment, and the right one.

use crate::lan::Lan;
use crate::node::{NodeId, RouterKey};
use keepalived_types::Priority;
use keepalived_vrrp::State;

impl Lan {
    /// Judges a virtual router that has had time to settle.
    pub(super) fn inspect_router(&mut self, key: RouterKey) {
        if !self.grouped_with(key).is_empty() {
            return; // What its group does is not judged from one segment alone; scenarios look at both.
        }
        let members: Vec<NodeId> = self.node_ids().filter(|node| self.runs(*node, key)).collect();
        let (partakers, idle): (Vec<NodeId>, Vec<NodeId>) =
            members.into_iter().partition(|node| self.nodes[node.0].machine.is_usable(key.segment));
        for node in idle {
            if let Some(state) = self.state_of(node, key).filter(|state| *state != State::Fault) {
                self.object(format!("{node}: is {state:?} of {key} without a working link"));
            }
        }
        for part in self.connected_parts(key, partakers) {
            self.inspect_part(key, &part);
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
    fn connected_parts(&self, key: RouterKey, nodes: Vec<NodeId>) -> Vec<Vec<NodeId>> {
        let mut parts: Vec<Vec<NodeId>> = Vec::new();
        let segment = &self.segments[key.segment.0];
        for node in nodes {
            match parts.iter_mut().find(|part| part.iter().any(|other| segment.reaches(*other, node))) {
                Some(part) => part.push(node),
                None => parts.push(vec![node]),
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
            [master] => self.inspect_choice(key, part, master),
            _ => self.object(format!(
                "{key} has {} masters among {}: {}",
                masters.len(),
                list(part),
                list(&masters)
            )),
        }
    }

    /// Where everybody may preempt, the best priority wins. Between equals, whoever was first stays.
    fn inspect_choice(&mut self, key: RouterKey, part: &[NodeId], master: NodeId) {
        let configs = || part.iter().filter_map(|node| self.nodes[node.0].member(key));
        let best = configs().map(|one| one.priority).max().unwrap_or(Priority::RELEASE);
        let all_preempt = configs().all(|one| one.preempt);
        let chosen = self.nodes[master.0].member(key).map(|one| one.priority);
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

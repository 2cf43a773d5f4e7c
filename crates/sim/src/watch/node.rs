//! What must hold on a single node, whatever the others do.

use crate::lan::Lan;
use crate::machine::Placed;
use crate::node::{NodeId, Shadow};
use keepalived_vrrp::config::{InstanceConfig, ProcessTracker};
use keepalived_vrrp::{Counters, InstanceSnapshot, State};
use std::collections::BTreeSet;
use std::time::Duration;

/// Version 2 counts Skew_Time in parts of one.
const SECOND: Duration = Duration::from_secs(1);

impl Lan {
    /// Looks at a node whose process has just done something.
    pub(crate) fn look_at(&mut self, node: NodeId) {
        self.glance_at(node);
        if self.is_in_view(node)
            && let Some(objection) = self.baseless(node)
        {
            self.object(format!("{node} {objection}"));
        }
    }

    fn is_in_view(&self, node: NodeId) -> bool {
        self.busy != Some(node) && self.nodes[node.0].is_alive()
    }

    /// The same after an advert, of which there are very many: where one arrives there is an interface.
    pub(crate) fn glance_at(&mut self, node: NodeId) {
        if !self.is_in_view(node) {
            return;
        }
        let objection = self
            .sleepless(node)
            .or_else(|| self.silent(node))
            .or_else(|| self.misplaced(node))
            .or_else(|| self.split(node));
        if let Some(objection) = objection {
            self.object(format!("{node} {objection}"));
        }
    }

    /// Whoever takes part waits for something.
    fn sleepless(&self, node: NodeId) -> Option<String> {
        let process = self.nodes[node.0].process.as_ref()?;
        let takes_part = |shadow: &Shadow| matches!(shadow.state, State::Master | State::Backup);
        let (name, _) = process.shadows.iter().find(|(_, shadow)| takes_part(shadow))?;
        process.engine.next_deadline().is_none().then(|| format!("{name}: takes part, but waits for nothing"))
    }

    /// A master speaks at least once in its interval.
    fn silent(&self, node: NodeId) -> Option<String> {
        let owner = &self.nodes[node.0];
        let shadows = owner.process.iter().flat_map(|process| &process.shadows);
        for (name, shadow) in shadows.filter(|(_, shadow)| shadow.state == State::Master) {
            let Some(instance) = owner.instance(name) else { continue };
            let silence = self.now.since(shadow.last_sent);
            if silence > instance.advert_interval {
                return Some(format!("{name}: has been MASTER and silent for {silence:?}"));
            }
        }
        None
    }

    /// Virtual addresses are where the states say, as soon as the kernel has done its work.
    fn misplaced(&mut self, node: NodeId) -> Option<String> {
        let is_pending = self.nodes[node.0].process.as_ref().is_some_and(|process| process.reconcile_pending);
        if is_pending || !std::mem::take(&mut self.nodes[node.0].is_touched) {
            return None;
        }
        let owner = &self.nodes[node.0];
        let present = &owner.machine.virtual_addresses;
        let rightful = owner.rightful_addresses();
        if *present == rightful {
            return None;
        }
        let orphans: Vec<String> = difference(present, &rightful);
        let needed = rightful.difference(&owner.machine.given_up).copied().collect();
        let missing: Vec<String> = difference(&needed, present);
        if orphans.is_empty() && missing.is_empty() {
            return None;
        }
        Some(format!("has addresses without being MASTER: {orphans:?}, is MASTER without: {missing:?}"))
    }

    /// The members of a sync group are in one state, or soon will be. Only a reload may bring different ones together; then
    /// the joiner waits for a Master_Down_Interval, or for the first run of its scripts.
    pub(super) fn split(&mut self, node: NodeId) -> Option<String> {
        let now = self.now;
        let owner = &mut self.nodes[node.0];
        let process = owner.process.as_mut()?;
        let is_known = |name: &String| owner.config.sync_groups.iter().any(|group| group.name == *name);
        process.split_since.retain(|name, _| is_known(name));
        for group in &owner.config.sync_groups {
            let mut states =
                group.members.iter().filter_map(|name| process.shadows.get(name)).map(|one| one.state);
            let first = states.next();
            if states.all(|state| Some(state) == first) {
                process.split_since.remove(&group.name);
                continue;
            }
            let since = *process.split_since.entry(group.name.clone()).or_insert(now);
            let members = owner.config.instances.iter().filter(|one| group.members.contains(&one.name));
            let waits =
                members.map(|one| one.advert_interval.max(SECOND) * (u32::from(one.down_timer_adverts) + 1));
            let scripts = owner.config.scripts.iter().map(|one| one.interval);
            // Whoever heard a slower master waits by that one's interval.
            let bound = (waits.max().unwrap_or_default() + scripts.max().unwrap_or_default()) * 2 + SECOND;
            if now.since(since) > bound && owner.config.engine.startup_delay.is_zero() {
                return Some(format!(
                    "{}: its members have been apart for {:?}",
                    group.name,
                    now.since(since)
                ));
            }
        }
        None
    }

    /// Every deadline is one that the configuration and the states explain, and little is left of former ones.
    pub(super) fn leaking(&self, node: NodeId) -> Option<String> {
        let owner = &self.nodes[node.0];
        let process = owner.process.as_ref()?;
        let explained: usize =
            owner.config.instances.iter().map(|one| explained(one, process.shadows.get(&one.name))).sum();
        let queues =
            if owner.config.engine.garp_interval.is_zero() { 0 } else { 2 * owner.machine.ports.len() };
        let is_retrying = process.retries_until.is_some_and(|until| self.now < until);
        let retries = if is_retrying { owner.config.instances.len() } else { 0 };
        let links = process.told.pending(self.now);
        let start = usize::from(self.now <= process.delayed_until);
        let has_delay = |one: &&ProcessTracker| !(one.fork_delay.is_zero() && one.terminate_delay.is_zero());
        let trackers = owner.config.processes.iter().filter(has_delay).count();
        let others = start + queues + trackers + links + retries;
        let (set, queued) = process.engine.deadline_counts();
        let most = explained + others;
        let remains = 8 * (most + 8);
        (set > most || queued > remains).then(|| {
            format!("{set} deadlines are set where {most} have a reason, {queued} entries are kept for them")
        })
    }

    /// Looks for deadlines of links at once, for they do not last long.
    pub(crate) fn look_for_leaks(&mut self, node: NodeId) {
        if self.is_in_view(node)
            && let Some(objection) = self.leaking(node)
        {
            self.object(format!("{node} {objection}"));
        }
    }

    /// Looks closer, less often: at what the engine says about itself, and at machines without a process.
    pub(super) fn inspect_node(&mut self, node: NodeId) {
        let owner = &self.nodes[node.0];
        if owner.process.is_none() {
            let may_keep =
                owner.legacy.as_ref().and_then(|legacy| legacy.adopt_until).is_some_and(|at| at > self.now);
            if !owner.machine.virtual_addresses.is_empty() && !may_keep {
                self.object(format!("{node}: no process runs, and virtual addresses are still there"));
            }
            return;
        }
        if let Some(objection) = self.contradiction(node).or_else(|| self.leaking(node)) {
            self.object(format!("{node} {objection}"));
        }
    }

    /// The snapshot has to tell what the events told, and to count what was handed over.
    fn contradiction(&self, node: NodeId) -> Option<String> {
        let snapshot = self.snapshot(node)?;
        let process = self.nodes[node.0].process.as_ref()?;
        if snapshot.instances.len() != process.shadows.len() {
            return Some(format!("{} instances, {} known", snapshot.instances.len(), process.shadows.len()));
        }
        if snapshot.unclaimed_adverts != process.unclaimed {
            let (counted, given) = (snapshot.unclaimed_adverts, process.unclaimed);
            return Some(format!("counted {counted} adverts for nobody, was given {given}"));
        }
        for instance in &snapshot.instances {
            let Some(shadow) = process.shadows.get(&instance.name) else {
                return Some(format!("{}: nobody configured it", instance.name));
            };
            if instance.state != shadow.state {
                return Some(format!("{}: is {:?}, said {:?}", instance.name, instance.state, shadow.state));
            }
            if let Some(objection) = miscounted(instance, shadow) {
                return Some(objection);
            }
        }
        None
    }
}

/// The most deadlines that an instance in this state can have.
fn explained(config: &InstanceConfig, shadow: Option<&Shadow>) -> usize {
    let garp = &config.garp;
    match shadow.map(|shadow| shadow.state) {
        Some(State::Backup) => 1,
        Some(State::Master) => {
            let bursts = [garp.delay, garp.lower_priority_delay, garp.refresh];
            1 + bursts.iter().filter(|span| !span.is_zero()).count() + usize::from(garp.extra.is_some())
        }
        _ => 0,
    }
}

fn difference(one: &BTreeSet<Placed>, other: &BTreeSet<Placed>) -> Vec<String> {
    one.difference(other).map(|(_, prefix)| prefix.to_string()).collect()
}

/// Every advert is counted once, as used or as dropped.
fn miscounted(instance: &InstanceSnapshot, shadow: &Shadow) -> Option<String> {
    let counted = counted(&instance.counters);
    (counted != shadow.handed_over).then(|| {
        format!(
            "{}: counted {counted} of {} adverts: {:?}",
            instance.name, shadow.handed_over, instance.counters
        )
    })
}

/// The sum of all counters of which an advert moves exactly one.
const fn counted(counters: &Counters) -> u64 {
    counters.adverts_received
        + counters.length_errors
        + counters.ttl_errors
        + counters.type_errors
        + counters.interval_errors
        + counters.invalid_authentication_type
        + counters.authentication_mismatch
        + counters.authentication_failures
        + counters.checksum_errors
        + counters.version_errors
        + counters.not_listening
        + counters.destination_errors
        + counters.peer_errors
        + counters.owner_ignored
        + counters.empty_lists
}

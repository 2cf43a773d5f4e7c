//! Sync groups: members that move together (vrrp reference 3.1).
//!
//! A member's own state machine decides first. What it decides is then applied to the others here.

use crate::announce;
use crate::config::SyncGroupConfig;
use crate::effect::InstanceId;
use crate::engine::Engine;
use crate::event::{Cause, EventKind, Fault, State, Subject};
use crate::instance::Instance;
use crate::snapshot::GroupSnapshot;
use crate::state::{Role, Step, backup, master};
use keepalived_types::{Instant, Priority};

/// A group and the state that was announced last.
#[derive(Debug)]
pub(crate) struct SyncGroup {
    /// Its name.
    pub(crate) name: String,
    /// Its members, in the order of the file.
    pub(crate) members: Vec<InstanceId>,
    /// FAULT if any member is, MASTER if all are, else BACKUP.
    pub(crate) state: State,
    /// Some members are MASTER and others are not: a reload has brought them together.
    pub(crate) is_split: bool,
}

impl SyncGroup {
    pub(crate) fn new(config: &SyncGroupConfig, members: Vec<InstanceId>, state: State) -> Self {
        Self { name: config.name.clone(), members, state, is_split: false }
    }
}

impl Engine {
    /// Does what a handler asked for, with the instance and with its group.
    pub(crate) fn follow(&mut self, id: InstanceId, step: Step, now: Instant) {
        match step {
            Step::Stay => return,
            Step::WantsMaster(cause) => self.promote(id, cause, now),
            Step::Yielded => self.demote_others(id, false, now),
            Step::HeardMaster if self.group_of(id).is_some_and(|group| group.is_split) => {
                self.demote_others(id, false, now);
            }
            Step::HeardMaster => return,
            Step::HeardLower => self.announce_others(id, now),
        }
        self.announce_group_of(id);
    }

    /// Makes an instance MASTER, and its group with it. It may when it is alone, when the group is MASTER already,
    /// or when every other member only waits for this one.
    fn promote(&mut self, id: InstanceId, cause: Cause, now: Instant) {
        let others = self.others(id);
        let group_is_master = self.group_of(id).is_some_and(|group| group.state == State::Master);
        let all_want =
            others.iter().all(|id| self.instances.get(*id).is_none_or(|i| i.wanted == State::Master));
        let Some(instance) = self.instances.get_mut(id) else {
            return;
        };
        if !group_is_master && !all_want {
            backup::hold_back(instance, &mut self.world, now);
            return;
        }
        master::enter(instance, cause, &mut self.world, now);
        let cause = self.group_cause(id);
        for other in others {
            if let Some(instance) = self.instances.get_mut(other)
                && matches!(instance.role, Role::Backup(_))
            {
                master::enter(instance, cause.clone(), &mut self.world, now);
            }
        }
    }

    /// A MASTER went to BACKUP: the other members follow. They announce priority 0 only when nobody better is there.
    fn demote_others(&mut self, id: InstanceId, address_lost: bool, now: Instant) {
        let cause = self.group_cause(id);
        for other in self.others(id) {
            if let Some(instance) = self.instances.get_mut(other).filter(|instance| instance.is_master()) {
                let entry =
                    if address_lost { backup::Entry::skew(instance) } else { backup::Entry::whole(instance) };
                master::step_down(instance, entry, address_lost, cause.clone(), &mut self.world, now);
            }
        }
    }

    /// Somebody else removed an address of a MASTER: it steps back with its group, and takes over again soon.
    pub(crate) fn on_address_lost(&mut self, id: InstanceId, cause: Cause, now: Instant) {
        let Some(instance) = self.instances.get_mut(id) else {
            return;
        };
        let entry = backup::Entry::skew(instance);
        master::step_down(instance, entry, true, cause, &mut self.world, now);
        self.demote_others(id, true, now);
        self.announce_group_of(id);
    }

    /// A member heard a lower priority: the other masters of its group tell their neighbours, too.
    fn announce_others(&mut self, id: InstanceId, now: Instant) {
        for other in self.others(id) {
            if let Some(instance) = self.instances.get(other).filter(|instance| instance.is_master()) {
                announce::after_lower_priority(instance, &mut self.world, now);
            }
        }
    }

    /// What keeps each member from taking part: its own faults, or else the first faulty member.
    pub(crate) fn faults_with_group(&self, instance: &Instance) -> Vec<Fault> {
        if !instance.own_faults.is_empty() {
            return Vec::clone(&instance.own_faults);
        }
        let members = self.group_of(instance.id).map_or(&[][..], |group| &group.members);
        let faulty =
            members.iter().filter_map(|id| self.instances.get(*id)).find(|m| !m.own_faults.is_empty());
        faulty.map(|member| Fault::SyncGroup(member.config.name.clone())).into_iter().collect()
    }

    /// The cause of a move that starts from faults: the group's, when the instance has none of its own.
    pub(crate) fn fault_cause(&self, instance: &Instance, faults: &[Fault]) -> Cause {
        match (faults, self.group_of(instance.id)) {
            ([Fault::SyncGroup(member)], Some(group)) => {
                Cause::SyncGroup { group: group.name.clone(), member: member.clone() }
            }
            _ => Cause::Faults(faults.to_vec()),
        }
    }

    /// Says when a group's state has changed, after its members did.
    pub(crate) fn announce_group_of(&mut self, id: InstanceId) {
        let Some(position) = self.instances.get(id).and_then(|instance| instance.group) else {
            return;
        };
        let state = self.group_state(position);
        let Some(cause) = self.instances.get(id).and_then(|instance| instance.cause.clone()) else {
            return;
        };
        let is_split = state != State::Master && self.has_master(position);
        let Some(group) = self.groups.get_mut(position) else {
            return;
        };
        group.is_split = is_split;
        if group.state == state {
            return;
        }
        let from = std::mem::replace(&mut group.state, state);
        let subject = Subject::Group(group.name.clone());
        self.world.report(subject, EventKind::Entered { state, from, cause, priority: Priority(0) });
    }

    /// The state that the members make.
    fn group_state(&self, position: usize) -> State {
        let Some(group) = self.groups.get(position) else {
            return State::Initialize;
        };
        let states = || group.members.iter().filter_map(|id| self.instances.get(*id)).map(Instance::state);
        let first = states().next().unwrap_or(State::Initialize);
        if states().any(|state| state == State::Fault) {
            State::Fault
        } else if states().all(|state| state == first) {
            first
        } else {
            State::Backup
        }
    }

    fn has_master(&self, position: usize) -> bool {
        let members = self.groups.get(position).map_or(&[][..], |group| &group.members);
        members.iter().any(|id| self.instances.get(*id).is_some_and(Instance::is_master))
    }

    /// The groups as an operator sees them.
    pub(crate) fn group_snapshots(&self) -> Vec<GroupSnapshot> {
        let name = |id: &InstanceId| self.instances.get(*id).map(|instance| instance.config.name.clone());
        let snapshot = |group: &SyncGroup| GroupSnapshot {
            name: group.name.clone(),
            state: group.state,
            members: group.members.iter().filter_map(name).collect(),
        };
        self.groups.iter().map(snapshot).collect()
    }

    /// The other members of an instance's group.
    pub(crate) fn others(&self, id: InstanceId) -> Vec<InstanceId> {
        let members = self.group_of(id).map_or(&[][..], |group| &group.members);
        members.iter().copied().filter(|member| *member != id).collect()
    }

    pub(crate) fn group_of(&self, id: InstanceId) -> Option<&SyncGroup> {
        self.groups.get(self.instances.get(id)?.group?)
    }

    fn group_cause(&self, id: InstanceId) -> Cause {
        let group = self.group_of(id).map(|group| group.name.clone()).unwrap_or_default();
        let member = self.instances.get(id).map(|instance| instance.config.name.clone()).unwrap_or_default();
        Cause::SyncGroup { group, member }
    }
}

//! What an operator asks for: a MASTER that gives way, a node that stays out.
//!
//! A switchover is a priority 0 with nothing behind it: other routers take over as if we had stopped, and any of them is
//! our master from then on, whatever its priority. Backups are silent in VRRP, so whether somebody is there is only
//! known once somebody speaks: an instance that gave way and hears nobody takes its role back. Maintenance is stricter: a
//! node in it becomes MASTER of nothing, whoever else is there or not.

use crate::effect::InstanceId;
use crate::engine::{Engine, Phase};
use crate::event::{Cause, EventKind, State, Subject};
use crate::instance::Instance;
use crate::state::{Role, backup, master};
use crate::timers::Timer;
use crate::world::World;
use keepalived_types::{Instant, Priority};
use std::fmt;
use std::net::IpAddr;

/// Why what an operator asked for is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotDone {
    /// Nothing has this name.
    Unknown(String),
    /// Only a MASTER has a role to give up.
    NotMaster {
        /// Who it is about.
        name: String,
        /// What it is.
        state: State,
        /// Who is MASTER, with the advertised priority.
        master: Option<(IpAddr, Priority)>,
    },
    /// Unicast without a single peer.
    NoPeer(String),
    /// Nobody has given way.
    NothingToReturn(Option<String>),
}

impl fmt::Display for NotDone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => write!(f, "there is no instance or sync group {name}"),
            Self::NotMaster { name, master: Some((address, priority)), .. } => write!(
                f,
                "{name} is not MASTER here: {address} is, with priority {}; run it on that node",
                priority.get()
            ),
            Self::NotMaster { name, state, master: None } => {
                write!(f, "{name} is not MASTER but {}, and no master is heard", state.name())
            }
            Self::NoPeer(name) => write!(f, "{name} has no unicast peer that could take over"),
            Self::NothingToReturn(Some(name)) => write!(f, "{name} has not given way"),
            Self::NothingToReturn(None) => f.write_str("nothing has given way"),
        }
    }
}

impl Engine {
    /// The MASTER of this name, an instance or a sync group, gives way to others until it is told to return, or until
    /// nobody else is MASTER. The members of a group move together, whichever of them is named.
    ///
    /// # Errors
    /// When there is nothing to give up, or nobody it could go to.
    pub fn switch_over(&mut self, name: &str, now: Instant) -> Result<(), NotDone> {
        let members = self.named(name)?;
        let masters =
            || members.iter().filter_map(|id| self.instances.get(*id)).filter(|member| member.is_master());
        if masters().next().is_none() {
            return Err(self.not_master(name, &members));
        }
        if let Some(alone) = masters().find(|member| member.config.transport.peers_are_missing()) {
            return Err(NotDone::NoPeer(alone.config.name.clone()));
        }
        for id in &members {
            if let Some(instance) = self.instances.get_mut(*id) {
                instance.stands_back = true;
                give_way(instance, Cause::Switchover, &mut self.world, now);
            }
        }
        self.announce_groups_of(&members);
        Ok(())
    }

    /// Instances that gave way take part again as configured: this one with its group, or all.
    ///
    /// # Errors
    /// When none has given way.
    pub fn take_back(&mut self, name: Option<&str>, now: Instant) -> Result<(), NotDone> {
        let members = match name {
            Some(name) => self.named(name)?,
            None => self.instances.ids(),
        };
        let mut any = false;
        for id in members {
            let Some(instance) = self.instances.get_mut(id).filter(|instance| instance.stands_back) else {
                continue;
            };
            any = true;
            set_back(instance, false, &mut self.world);
            self.hurry(id, now);
        }
        if any { Ok(()) } else { Err(NotDone::NothingToReturn(name.map(str::to_owned))) }
    }

    /// These instances gave way in a process that was killed: they and their groups go on standing back when the topology
    /// is complete.
    pub fn stand_back(&mut self, names: &[String]) {
        if self.phase != Phase::Learning {
            return;
        }
        for name in names {
            // A reload may have removed it just before.
            for id in self.named(name).unwrap_or_default() {
                if let Some(instance) = self.instances.get_mut(id) {
                    instance.stands_back = true;
                }
            }
        }
    }

    /// Maintenance: every MASTER gives way, and nothing here becomes MASTER until it is over.
    pub fn set_maintenance(&mut self, on: bool, now: Instant) {
        if std::mem::replace(&mut self.world.is_in_maintenance, on) == on {
            return;
        }
        self.world.report(Subject::Process, EventKind::Maintenance(on));
        let all = self.instances.ids();
        for id in &all {
            if !on {
                self.hurry(*id, now);
            } else if let Some(instance) = self.instances.get_mut(*id) {
                give_way(instance, Cause::Maintenance, &mut self.world, now);
            }
        }
        self.announce_groups_of(&all);
    }

    /// An instance by name with its group, or a group.
    fn named(&self, name: &str) -> Result<Vec<InstanceId>, NotDone> {
        if let Some(group) = self.groups.iter().find(|group| group.name == name) {
            return Ok(group.members.clone());
        }
        let instance = self.instances.iter().find(|instance| instance.config.name == name);
        let id = instance.ok_or_else(|| NotDone::Unknown(name.to_owned()))?.id;
        Ok(self.group_of(id).map_or_else(|| vec![id], |group| group.members.clone()))
    }

    fn not_master(&self, name: &str, members: &[InstanceId]) -> NotDone {
        let members = || members.iter().filter_map(|id| self.instances.get(*id));
        NotDone::NotMaster {
            name: name.to_owned(),
            state: members().next().map_or(State::Initialize, Instance::state),
            master: members().find_map(|member| member.heard.master),
        }
    }

    fn announce_groups_of(&mut self, members: &[InstanceId]) {
        for id in members {
            self.announce_group_of(*id);
        }
    }

    /// A backup that was held back and may push its master aside does not wait for a whole Master_Down_Interval.
    fn hurry(&mut self, id: InstanceId, now: Instant) {
        let Some(instance) = self.instances.get_mut(id) else { return };
        let Role::Backup(backup) = &instance.role else { return };
        let config = &instance.config;
        let is_better = instance.heard.master.is_none_or(|(_, theirs)| theirs < instance.priority);
        if !is_better || !config.preempt || !config.preempt_delay.is_zero() || self.world.is_start_delayed {
            return;
        }
        let due = instance.due(Timer::MasterDown);
        let soon = now + instance.skew_time(backup.master_interval);
        let deadline = self.world.timers.deadline(due).map_or(soon, |deadline| deadline.min(soon));
        self.world.timers.set(due, deadline);
    }
}

/// A MASTER resigns. Whoever wants the role has spoken after a Skew_Time, which is one interval at most.
fn give_way(instance: &mut Instance, cause: Cause, world: &mut World, now: Instant) {
    if instance.is_master() {
        let master_interval = instance.own_interval();
        let wait = grace(instance);
        let entry = backup::Entry { master_interval, wait };
        master::step_down(instance, entry, true, cause, world, now);
    }
}

/// How long others have to take over from an instance that stands back, or from a master that has resigned beside it.
pub(crate) fn grace(instance: &Instance) -> std::time::Duration {
    let interval = instance.role.master_interval().unwrap_or(instance.own_interval());
    interval * 2 + instance.skew_time(interval)
}

/// Changes whether it stands back, and says so when that ends.
pub(crate) fn set_back(instance: &mut Instance, back: bool, world: &mut World) {
    if std::mem::replace(&mut instance.stands_back, back) && !back {
        instance.report(world, EventKind::SwitchoverOver);
    }
}

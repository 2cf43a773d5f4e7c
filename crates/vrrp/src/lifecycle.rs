//! Beginning, delayed beginning, and looking again when the machine has changed.

use crate::announce;
use crate::effect::InstanceId;
use crate::engine::{Engine, Phase};
use crate::event::{EventKind, Fault, Subject};
use crate::instance::Instance;
use crate::network;
use crate::place;
use crate::state::initialize::{self, Begin};
use crate::state::{Role, backup, fault};
use crate::timers::{Due, Timer};
use crate::tracking::{effective_priority, find_faults};
use crate::world::World;
use keepalived_types::Instant;
use std::time::Duration;

impl Engine {
    /// A channel that failed is opened again. The fault stays until it has held for a while: were it forgotten at once,
    /// a socket that never opens would be a change of state every time.
    pub(crate) fn on_channel_timer(&mut self, id: InstanceId, now: Instant) {
        let Some(instance) = self.instances.get_mut(id).filter(|one| one.channel_failure.is_some()) else {
            return;
        };
        if instance.channel.is_some() {
            instance.channel_failure = None;
            self.refresh(id, now);
            return;
        }
        place::join(instance, &mut self.world, now);
        let pause = if instance.channel.is_some() { place::PROVE_CHANNEL } else { place::RETRY_CHANNEL };
        self.world.timers.set(instance.due(Timer::Channel), now + pause);
    }

    /// Something that this instance depends on may have changed: place, priority and faults are found anew.
    pub(crate) fn refresh(&mut self, id: InstanceId, now: Instant) {
        if self.phase != Phase::Running {
            return;
        }
        let Some(instance) = self.instances.get_mut(id) else {
            return;
        };
        let place = place::resolve(&instance.config, &self.world.links);
        if instance.is_master() {
            // A MASTER that cannot stay says so from where it was, before it loses its source or its sockets.
            instance.own_faults = find_faults(instance, &place, &self.world).into();
            if !instance.own_faults.is_empty() {
                self.settle(id, now);
            }
        }
        let Some(instance) = self.instances.get_mut(id) else {
            return;
        };
        place::settle(instance, place, &mut self.world, now);
        update_priority(instance, &mut self.world);
        let faults = find_faults(instance, &instance.place, &self.world);
        let before = std::mem::replace(&mut instance.own_faults, faults.into());
        if !before.contains(&Fault::DuplicateVrid) {
            self.report_vrid_conflict(id);
        }
        self.settle(id, now);
        if let Some(instance) = self.instances.get_mut(id).filter(|instance| instance.is_master()) {
            update_network(instance, &mut self.world, now);
        }
    }

    /// Applies faults to an instance and to its group; begins what can begin.
    fn settle(&mut self, id: InstanceId, now: Instant) {
        let unit = self.unit(id);
        let is_initial =
            |id: &InstanceId| matches!(self.instances.get(*id).map(|i| &i.role), Some(Role::Initialize));
        if unit.iter().any(is_initial) {
            self.begin_unit(&unit, now);
        }
        for member in &unit {
            self.apply_faults(*member, now);
        }
        self.announce_group_of(id);
    }

    /// Names the instance that had the VRID first, where this is the second.
    fn report_vrid_conflict(&mut self, id: InstanceId) {
        let Some(instance) = self.instances.get(id) else { return };
        let Some(channel) = instance.channel.filter(|_| instance.own_faults.contains(&Fault::DuplicateVrid))
        else {
            return;
        };
        let vrid = instance.config.vrid;
        let first = self.world.channels.listeners(channel, vrid).first();
        if let Some(with) =
            first.and_then(|first| self.instances.get(*first)).map(|one| one.config.name.clone())
        {
            instance.report(&mut self.world, EventKind::VridConflict { with, vrid });
        }
    }

    /// An instance, or all members of its group.
    fn unit(&self, id: InstanceId) -> Vec<InstanceId> {
        self.group_of(id).map_or_else(|| vec![id], |group| group.members.clone())
    }

    /// Begins all members, once none of them waits for the first result of a script: until then nothing is known, but
    /// that they are in FAULT if one of them has a reason already.
    fn begin_unit(&mut self, unit: &[InstanceId], now: Instant) {
        let members = || unit.iter().filter_map(|id| self.instances.get(*id));
        let is_adopted = |instance: &Instance| self.adopted.contains(&instance.config.name);
        let awaits = |instance: &Instance| {
            !is_adopted(instance) && self.world.observed.awaits_first_result(&instance.followed)
        };
        let is_faulty = members().any(|instance| !instance.own_faults.is_empty());
        if !members().all(|instance| self.is_placed(instance)) || (members().any(awaits) && !is_faulty) {
            return;
        }
        if is_faulty {
            self.await_scripts_in_fault(unit);
        }
        let is_adopted = |instance: &Instance| self.adopted.contains(&instance.config.name);
        let members = || unit.iter().filter_map(|id| self.instances.get(*id));
        let all_own = members().all(Instance::starts_as_master);
        for id in unit {
            let Some(instance) = self.instances.get(*id).filter(|i| matches!(i.role, Role::Initialize))
            else {
                continue;
            };
            let how = match (is_adopted(instance), instance.starts_as_master()) {
                _ if self.world.is_in_maintenance || instance.stands_back => Begin::Backup,
                (true, _) => Begin::Adopted,
                (false, true) if all_own => Begin::Owner,
                (false, true) => Begin::ImpatientBackup,
                (false, false) => Begin::Backup,
            };
            let faults = self.faults_with_group(instance);
            let cause = self.fault_cause(instance, &faults);
            let Some(instance) = self.instances.get_mut(*id) else { continue };
            instance.faults = faults.into();
            report_difference(instance, &[], &mut self.world);
            if instance.faults.is_empty() {
                initialize::begin(instance, how, &mut self.world, now);
            } else {
                initialize::begin_in_fault(instance, cause, &mut self.world, now);
            }
        }
    }

    /// Members that wait for a script begin in FAULT, and stay there until it has run.
    fn await_scripts_in_fault(&mut self, unit: &[InstanceId]) {
        for id in unit {
            if let Some(instance) =
                self.instances.get_mut(*id).filter(|one| matches!(one.role, Role::Initialize))
            {
                let awaited = self.world.observed.awaited(&instance.followed);
                instance.own_faults.extend(awaited.map(Fault::AwaitsScript));
            }
        }
    }

    /// Have the faults of this instance been looked for yet? Members of a group are refreshed one after another.
    fn is_placed(&self, instance: &Instance) -> bool {
        instance.channel.is_some() || !instance.own_faults.is_empty()
    }

    /// Takes over what keeps the instance from taking part, and moves it when that begins or ends.
    fn apply_faults(&mut self, id: InstanceId, now: Instant) {
        let Some(instance) = self.instances.get(id) else {
            return;
        };
        let is_fault = match instance.role {
            Role::Fault => true,
            Role::Backup(_) | Role::Master(_) => false,
            Role::Initialize | Role::Stopped | Role::Removed(_) => return,
        };
        let faults = self.faults_with_group(instance);
        if faults == *instance.faults {
            return;
        }
        let cause = self.fault_cause(instance, &faults);
        let Some(instance) = self.instances.get_mut(id) else {
            return;
        };
        let before = std::mem::replace(&mut instance.faults, faults.into());
        report_difference(instance, &before, &mut self.world);
        match (is_fault, instance.faults.is_empty()) {
            (false, false) => fault::enter(instance, cause, &mut self.world, now),
            (true, true) => fault::leave(instance, &mut self.world, now),
            _ => {}
        }
    }

    /// `vrrp_startup_delay` and `vrrp_delay_after_boot`: the later end counts. A process that goes on where another one
    /// was killed does not start in this sense: to be deaf as MASTER would make a second one.
    pub(crate) fn delay_start(&mut self, now: Instant) {
        if !self.adopted.is_empty() {
            return;
        }
        let after_boot = self.config.engine.delay_after_boot.saturating_sub(self.start.uptime);
        let end = self.start.now + self.config.engine.startup_delay.max(after_boot);
        if end > now {
            self.world.is_start_delayed = true;
            self.world.timers.set(Due::StartupDelay, end);
            self.world.report(Subject::Process, EventKind::StartupDelayed(end.since(now)));
        }
    }

    /// The start delay is over: timers run from here.
    pub(crate) fn on_start_delay_over(&mut self, now: Instant) {
        self.world.is_start_delayed = false;
        self.world.report(Subject::Process, EventKind::StartupDelayEnded);
        for id in self.instances.ids() {
            let others = self.others(id);
            let alone_or_all_own =
                others.iter().all(|id| self.instances.get(*id).is_none_or(Instance::starts_as_master));
            let Some(instance) = self.instances.get_mut(id) else {
                continue;
            };
            if !instance.starts_as_master() {
                backup::start_timer(
                    instance,
                    instance.down_interval(instance.own_interval()),
                    &mut self.world,
                    now,
                );
            } else if alone_or_all_own {
                backup::start_timer(instance, Duration::ZERO, &mut self.world, now);
                instance.wanted = crate::event::State::Master;
            } else {
                let wait = backup::Entry::impatient(instance).wait;
                backup::start_timer(instance, wait, &mut self.world, now);
            }
        }
    }
}

/// Finds the effective priority anew, and says when it has changed. The next regular advert carries it.
pub(crate) fn update_priority(instance: &mut Instance, world: &mut World) {
    let to = effective_priority(instance, world);
    let from = instance.priority;
    if from == to {
        return;
    }
    let master_interval = instance.role.master_interval().unwrap_or(instance.own_interval());
    let before = instance.down_interval(master_interval);
    instance.priority = to;
    instance.output.advert = None;
    if !matches!(instance.role, Role::Initialize) {
        instance.report(world, EventKind::PriorityChanged { from, to });
    }
    backup::on_wait_changed(instance, before, world);
}

/// A MASTER's addresses changed, or an interface that one of them belongs on came back.
fn update_network(instance: &mut Instance, world: &mut World, now: Instant) {
    let change = network::change(instance, &world.links);
    if change == network::Change::Nothing {
        return;
    }
    network::claim(instance, world);
    if change == network::Change::More {
        announce::burst(instance, instance.config.garp.repeat.max(1), world, now);
        announce::schedule(instance, world, now);
        network::report_set(instance, world);
    }
}

fn report_difference(instance: &Instance, before: &[Fault], world: &mut World) {
    for fault in instance.faults.iter().filter(|fault| !before.contains(fault)) {
        instance.report(world, EventKind::FaultRaised(fault.clone()));
    }
    for fault in before.iter().filter(|fault| !instance.faults.contains(fault)) {
        instance.report(world, EventKind::FaultCleared(fault.clone()));
    }
}

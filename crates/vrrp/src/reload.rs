//! A new configuration, at start and later: the same code for both (vrrp reference 2.8, "Reload").
//!
//! An instance stays the same when VRID, family, interface and the kind of its sockets do; its name does not matter.
//! What has not changed is not touched: no effect at all. What has changed keeps its state and its role.

use crate::announce;
use crate::config::{Config, InstanceConfig, Transport};
use crate::effect::InstanceId;
use crate::encode::send_advert;
use crate::engine::{Engine, Phase};
use crate::event::{Cause, State};
use crate::instance::Instance;
use crate::lifecycle::update_priority;
use crate::network;
use crate::place;
use crate::state::{Role, backup, master};
use crate::sync_group::SyncGroup;
use crate::timers::{Due, Timer};
use crate::tracking::{Watched, followed};
use keepalived_types::{Family, Instant, InterfaceName, Vrid};
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

/// What makes an instance the same one as before.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Identity {
    vrid: Vrid,
    family: Family,
    interface: Option<InterfaceName>,
    /// The group, or for unicast the configured source.
    sockets: (bool, Option<IpAddr>),
    has_vmac: bool,
    has_ipvlan: bool,
}

impl Identity {
    fn of(config: &InstanceConfig) -> Self {
        let sockets = match &config.transport {
            Transport::Multicast { group, .. } => (true, Some(*group)),
            Transport::Unicast { source, .. } => (false, *source),
        };
        Self {
            vrid: config.vrid,
            family: config.family,
            interface: config.interface.clone(),
            sockets,
            has_vmac: config.vmac.is_some(),
            has_ipvlan: config.ipvlan.is_some(),
        }
    }
}

/// What a kept instance was like before it changed.
pub(crate) struct Before {
    pub(crate) id: InstanceId,
    pub(crate) config: Arc<InstanceConfig>,
    advert: Option<Arc<crate::effect::EncodedAdvert>>,
}

impl Engine {
    /// Takes over a new configuration, which has been validated as a whole.
    pub fn reconfigure(&mut self, mut config: Config, now: Instant) {
        if self.phase == Phase::Stopped {
            return;
        }
        self.report_dropped_statics(&config);
        let kept = self.match_instances(&config);
        let kept_ids: HashSet<InstanceId> = kept.iter().flatten().copied().collect();
        for id in self.instances.ids() {
            if !kept_ids.contains(&id) {
                self.remove(id, now);
            }
        }
        let old_groups = std::mem::take(&mut self.groups);
        let mut changed = Vec::new();
        let mut order = Vec::new();
        // Each instance holds its own part of the configuration from here on: thousands need not be there twice.
        for (new, kept) in std::mem::take(&mut config.instances).into_iter().zip(kept) {
            order.push(match kept {
                Some(id) => {
                    changed.extend(self.swap_config(id, new));
                    id
                }
                None => self.add(new, now),
            });
        }
        self.instances.set_order(order);
        self.config = config;
        self.rebuild(&old_groups);
        for before in &changed {
            self.adjust_wait(before);
            let channel = self.instances.get(before.id).and_then(|instance| instance.channel);
            channel.into_iter().for_each(|channel| self.world.listen_at_once(channel, now));
        }
        self.statics.configure(&self.config);
        if self.phase == Phase::Running {
            self.claim_statics();
            self.shift_start_delay(now);
            changed.iter().for_each(|before| self.report_dropped(before));
            for id in self.instances.ids() {
                self.refresh(id, now);
            }
            for before in changed {
                self.publish(before, now);
            }
        }
    }

    /// For each new instance the old one that it continues, by name where several are the same.
    fn match_instances(&self, config: &Config) -> Vec<Option<InstanceId>> {
        let mut old: HashMap<Identity, Vec<InstanceId>> = HashMap::new();
        for instance in self.instances.iter() {
            old.entry(Identity::of(&instance.config)).or_default().push(instance.id);
        }
        let mut matched = vec![None; config.instances.len()];
        for by_name in [true, false] {
            for (new, matched) in config.instances.iter().zip(&mut matched).filter(|(_, m)| m.is_none()) {
                let Some(candidates) = old.get_mut(&Identity::of(new)) else {
                    continue;
                };
                let suits = |id: &InstanceId| {
                    !by_name || self.instances.get(*id).is_some_and(|old| old.config.name == new.name)
                };
                if let Some(position) = candidates.iter().position(suits) {
                    *matched = Some(candidates.swap_remove(position));
                }
            }
        }
        matched
    }

    /// Gives an instance its new configuration; `None` when it is the old one.
    fn swap_config(&mut self, id: InstanceId, new: InstanceConfig) -> Option<Before> {
        let instance = self.instances.get_mut(id).filter(|instance| *instance.config != new)?;
        let before = Before {
            id,
            advert: instance.output.advert.take(),
            config: std::mem::replace(&mut instance.config, Arc::new(new)),
        };
        Some(before)
    }

    fn add(&mut self, config: InstanceConfig, now: Instant) -> InstanceId {
        let id = self.instances.next_id();
        self.instances.insert(Instance::new(id, Arc::new(config), now));
        id
    }

    /// An instance that is no longer configured gives its role up and goes.
    fn remove(&mut self, id: InstanceId, now: Instant) {
        let Some(mut instance) = self.instances.remove(id) else {
            return;
        };
        let was_master = instance.is_master();
        master::leave(&mut instance, true, &mut self.world).tell(&instance, &mut self.world);
        if self.phase == Phase::Running {
            if !was_master {
                network::withdraw(&mut instance, &mut self.world);
            }
            let state = if instance.config.notify_deleted { State::Deleted } else { State::Fault };
            instance.move_to(Role::Removed(state), Cause::Removed, &mut self.world, now);
        }
        announce::cancel(&instance, &mut self.world);
        place::leave(&mut instance, &mut self.world, now);
        self.world.timers.forget_instance(id);
    }

    /// Everything that is derived from the whole configuration.
    fn rebuild(&mut self, old_groups: &[SyncGroup]) {
        let addresses = self.instances.iter().map(|instance| &instance.config);
        let addresses = addresses.flat_map(|one| one.virtual_addresses.iter().chain(&one.excluded_addresses));
        let virtual_addresses = addresses.map(|address| address.prefix.address()).collect();
        self.world.links.configure(&self.config.interface_delays, virtual_addresses);
        self.world.pacer.configure(&self.config);
        self.world.observed.configure(&self.config, &mut self.world.timers);
        self.rebuild_groups(old_groups);
        self.rebuild_dependents();
    }

    fn rebuild_groups(&mut self, old_groups: &[SyncGroup]) {
        let by_name: HashMap<String, InstanceId> =
            self.instances.iter().map(|instance| (instance.config.name.clone(), instance.id)).collect();
        for id in self.instances.ids() {
            if let Some(instance) = self.instances.get_mut(id) {
                instance.group = None;
            }
        }
        for (position, config) in self.config.sync_groups.iter().enumerate() {
            let members: Vec<_> =
                config.members.iter().filter_map(|name| by_name.get(name).copied()).collect();
            for id in &members {
                if let Some(instance) = self.instances.get_mut(*id) {
                    instance.group = Some(position);
                }
            }
            let old = old_groups.iter().find(|old| old.name == config.name);
            let state = old.map_or(State::Initialize, |old| old.state);
            self.groups.push(SyncGroup::new(config, members, state));
        }
    }

    fn rebuild_dependents(&mut self) {
        self.dependents.clear();
        self.sources.clear();
        let owners = self.instances.iter().filter(|instance| instance.is_address_owner());
        let groups_of_owners: HashSet<usize> = owners.filter_map(|owner| owner.group).collect();
        for id in self.instances.ids() {
            let Some(instance) = self.instances.get_mut(id) else {
                continue;
            };
            let group = instance.group.and_then(|position| self.config.sync_groups.get(position));
            let has_owner = instance.group.is_some_and(|position| groups_of_owners.contains(&position));
            instance.followed = followed(&instance.config, group, has_owner, &self.config).into();
            let config = &instance.config;
            let addresses = config.virtual_addresses.iter().chain(&config.excluded_addresses);
            let of_addresses = addresses.filter_map(|address| address.interface.as_ref());
            let of_routes = network::interfaces_of(&config.virtual_routes);
            let named = config.interface.iter().chain(of_addresses).chain(of_routes);
            let named = named.chain(network::named_interfaces(config));
            let interfaces: HashSet<_> = named.cloned().collect();
            let watched = instance.followed.iter().map(|followed| followed.watched.clone());
            let watched: HashSet<_> = interfaces.into_iter().map(Watched::Interface).chain(watched).collect();
            for watched in watched {
                self.dependents.entry(watched).or_default().push(id);
            }
            if let Some(source) = config.configured_source() {
                self.sources.entry(source).or_default().push(id);
            }
        }
    }

    /// The down timer of a kept backup moves by the difference between the waits.
    fn adjust_wait(&mut self, before: &Before) {
        let Some(instance) = self.instances.get_mut(before.id) else {
            return;
        };
        let Role::Backup(backup) = &mut instance.role else {
            update_priority(instance, &mut self.world);
            return;
        };
        let heard = backup.master_interval;
        if heard == before.config.advert_interval {
            // Nothing else was learnt from a master: the own interval counts.
            backup.master_interval = instance.config.advert_interval;
        }
        let new_config = std::mem::replace(&mut instance.config, before.config.clone());
        let wait_before = instance.down_interval(heard);
        instance.config = new_config;
        let priority = crate::tracking::effective_priority(instance, &self.world);
        let old_priority = std::mem::replace(&mut instance.priority, priority);
        if old_priority != priority {
            let kind = crate::event::EventKind::PriorityChanged { from: old_priority, to: priority };
            instance.report(&mut self.world, kind);
        }
        backup::on_wait_changed(instance, wait_before, &mut self.world);
    }

    /// Tells the network what has changed about a kept instance, if it is MASTER.
    fn publish(&mut self, before: Before, now: Instant) {
        let Some(instance) = self.instances.get_mut(before.id).filter(|instance| instance.is_master()) else {
            return;
        };
        let interval_changed = instance.config.advert_interval != before.config.advert_interval;
        let identification = instance.output.identification;
        let queued = self.world.effects.len();
        // Encoding is the only way to know whether the advert differs; it is taken back if it does not.
        let sent = send_advert(instance, &mut self.world);
        if sent && !interval_changed && instance.output.advert == before.advert {
            self.world.effects.truncate(queued);
            instance.output.identification = identification;
            instance.traffic.adverts_sent -= 1;
        } else if sent {
            self.world.timers.set(instance.due(Timer::Advert), now + instance.own_interval());
        }
        if instance.config.garp != before.config.garp {
            announce::cancel(instance, &mut self.world);
            announce::schedule(instance, &mut self.world, now);
        }
    }

    /// A start delay that still runs ends as the new configuration has it.
    fn shift_start_delay(&mut self, now: Instant) {
        if !self.world.is_start_delayed {
            return;
        }
        self.world.timers.cancel(Due::StartupDelay);
        let after_boot = self.config.engine.delay_after_boot.saturating_sub(self.start.uptime);
        let end = self.start.now + self.config.engine.startup_delay.max(after_boot);
        self.world.timers.set(Due::StartupDelay, end.max(now));
    }
}

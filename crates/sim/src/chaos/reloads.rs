//! What operators change while a node runs.

use super::Chaos;
use crate::accident::Accident;
use crate::lan::virtual_address;
use crate::node::{NodeId, RouterKey};
use keepalived_types::{Priority, Version};
use keepalived_vrrp::config::{Config, InstanceConfig, Transport};
use std::time::Duration;

impl Chaos {
    /// The operator has changed something, or only thinks so.
    pub(super) fn reload(&mut self, node: NodeId) {
        let node = self.somebody_who_waits().unwrap_or(node);
        let mut config = self.lan.config(node).clone();
        let before = config.clone();
        let kind = match self.random.below(13) {
            0 => Accident::ReloadUnchanged,
            1 => {
                config.instances.reverse();
                Accident::ReloadUnchanged
            }
            2 => {
                self.remove_instance(&mut config);
                Accident::ReloadRemoved
            }
            3 | 4 => {
                self.add_instance(&mut config);
                Accident::ReloadAdded
            }
            5 | 6 => {
                self.change_trackers(&mut config);
                Accident::ReloadTrackers
            }
            7 => {
                self.change_preemption(&mut config);
                Accident::ReloadPreemption
            }
            8 | 9 => {
                self.change_links(&mut config);
                Accident::ReloadLinks
            }
            _ => {
                let index = self.random.index(config.instances.len());
                if let Some(instance) = config.instances.get_mut(index) {
                    self.change(instance);
                    let (name, priority) = (instance.name.clone(), instance.priority);
                    keep_alike(&mut config, &name, priority);
                }
                Accident::ReloadChanged
            }
        };
        let is_as_said = kind == Accident::ReloadUnchanged || config != before;
        let delays_preemption = self.lan.delays_preemption(node);
        if self.lan.reload(node, config) && is_as_said {
            self.lan.accidents.count(kind);
            if delays_preemption {
                self.lan.accidents.count(Accident::ReloadInPreemptDelay);
            }
        }
    }

    /// Mostly reloads come when nobody waits for the end of a preemption delay; let one be there when somebody does.
    fn somebody_who_waits(&mut self) -> Option<NodeId> {
        let mut waiting = self.lan.node_ids().filter(|node| self.lan.delays_preemption(*node));
        waiting.next().filter(|_| self.random.permille(700))
    }

    /// Whether and when a lower priority is pushed aside. Routers that move together, but disagree who is best, need not
    /// ever agree, so they have no delay.
    fn change_preemption(&mut self, config: &mut Config) {
        let index = self.random.index(config.instances.len());
        let Some(instance) = config.instances.get_mut(index).filter(|one| !one.priority.is_owner()) else {
            return;
        };
        let may_delay = !self.grouped.contains(&instance.vrid);
        instance.preempt = self.random.permille(800);
        instance.preempt_delay = match self.random.below(3) {
            0 | 1 if may_delay && instance.preempt => {
                self.random.span(Duration::from_millis(100), Duration::from_secs(3))
            }
            _ => Duration::ZERO,
        };
    }

    fn remove_instance(&mut self, config: &mut Config) {
        if !config.instances.is_empty() {
            let index = self.random.index(config.instances.len());
            let removed = config.instances.remove(index);
            for group in &mut config.sync_groups {
                group.members.retain(|name| *name != removed.name);
            }
            config.sync_groups.retain(|group| !group.members.is_empty());
        }
    }

    /// Configures a virtual router that the node does not have. Unicast ones need their peers, so they are left out.
    fn add_instance(&mut self, config: &mut Config) {
        let has = |template: &&InstanceConfig| config.instances.iter().any(|one| one.vrid == template.vrid);
        let missing: Vec<&InstanceConfig> = self.templates.iter().filter(|template| !has(template)).collect();
        let is_unicast = |template: &&InstanceConfig| self.is_unicast(template);
        let missing: Vec<&InstanceConfig> =
            missing.into_iter().filter(|template| !is_unicast(template)).collect();
        if let Some(template) = self.random.clone().pick(&missing) {
            let mut instance = template.clone();
            instance.priority = Priority(u8::try_from(1 + self.random.below(254)).unwrap_or(1));
            let (name, priority) = (instance.name.clone(), instance.priority);
            config.instances.push(instance);
            self.group(config);
            keep_alike(config, &name, priority);
        }
    }

    fn is_unicast(&self, template: &InstanceConfig) -> bool {
        let nodes = self.lan.node_ids().flat_map(|node| &self.lan.config(node).instances);
        let mut members = nodes.filter(|one| one.vrid == template.vrid);
        members.any(|one| matches!(one.transport, Transport::Unicast { .. }))
    }

    /// Owners keep their priority: two of them would be a mistake of the operator.
    fn change(&mut self, instance: &mut InstanceConfig) {
        let Some(key) = RouterKey::of(instance) else { return };
        match self.random.below(5) {
            0 | 1 if !instance.priority.is_owner() => {
                instance.priority = Priority(u8::try_from(1 + self.random.below(254)).unwrap_or(1));
            }
            2 if instance.virtual_addresses.len() > 1 => {
                let index = self.random.index(instance.virtual_addresses.len());
                instance.virtual_addresses.remove(index);
            }
            3 if instance.version == Version::V3 => {
                let millis = self.random.pick(&[100, 300, 1000]).unwrap_or(1000);
                instance.advert_interval = Duration::from_millis(millis);
            }
            _ => {
                let nth = u8::try_from(10 + self.random.below(30)).unwrap_or(10);
                let address = virtual_address(key.segment, key.vrid, key.family, nth);
                if !instance.virtual_addresses.contains(&address) {
                    instance.virtual_addresses.push(address);
                }
            }
        }
    }
}

/// The members of a group have one priority, or two nodes might never agree which of them is the better one.
fn keep_alike(config: &mut Config, name: &str, priority: Priority) {
    let Some(group) = config.sync_groups.iter().find(|group| group.members.iter().any(|one| one == name))
    else {
        return;
    };
    for instance in config.instances.iter_mut().filter(|one| group.members.contains(&one.name)) {
        instance.priority = priority;
    }
}

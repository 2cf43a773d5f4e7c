//! What can happen to a LAN, and how it is put right.

use super::Chaos;
use crate::lan::virtual_address;
use crate::node::{NodeId, RouterKey};
use crate::segment::{SegmentId, Weather};
use keepalived_types::{Family, Priority, Version};
use keepalived_vrrp::config::{Config, InstanceConfig, Transport};
use std::time::Duration;

impl Chaos {
    /// Something happens.
    pub(super) fn accident(&mut self) {
        let Some(node) = self.any_node() else { return };
        let segment = self.any_segment();
        match self.random.below(20) {
            0 => {
                self.lan.power_off(node);
            }
            1 | 2 => self.switch_on(),
            3 => self.lan.stop(node),
            4 | 5 => self.kill(node),
            6 | 7 => self.stall(node),
            8 => self.lan.set_link(node, segment, false),
            9 => self.lan.set_link(node, segment, true),
            10 => self.partition(segment),
            11 => self.deafen(segment),
            12 => self.lan.heal(segment),
            13 => self.lose_packets(segment),
            14 => self.remove_address(node),
            15 | 16 => self.forge(node),
            _ => self.reload(node),
        }
    }

    /// Ends what keeps everything from settling.
    pub(super) fn clear_the_air(&mut self) {
        for segment in self.segments.clone() {
            let weather = Weather { loss_permille: 0, ..self.lan.weather(segment) };
            if self.lan.weather(segment) != weather {
                self.lan.set_weather(segment, weather);
            }
            if self.lan.is_one_way(segment) {
                self.lan.heal(segment);
            }
        }
    }

    /// Puts everything right.
    pub(super) fn repair(&mut self) {
        for segment in self.segments.clone() {
            self.lan.heal(segment);
            for node in self.lan.node_ids() {
                self.lan.set_link(node, segment, true);
            }
        }
        for node in self.lan.node_ids() {
            self.lan.power_on(node);
            self.lan.start(node);
        }
    }

    fn any_node(&mut self) -> Option<NodeId> {
        let nodes: Vec<NodeId> = self.lan.node_ids().collect();
        self.random.pick(&nodes)
    }

    fn any_segment(&mut self) -> SegmentId {
        self.random.pick(&self.segments).unwrap_or(SegmentId(0))
    }

    fn switch_on(&mut self) {
        let dead: Vec<NodeId> = self.lan.node_ids().filter(|node| !self.lan.is_alive(*node)).collect();
        if let Some(node) = self.random.pick(&dead) {
            self.lan.power_on(node);
            self.lan.start(node);
        }
    }

    /// The next process starts at once, after a while, or too late.
    fn kill(&mut self, node: NodeId) {
        let longest = self.random.pick(&[1, 100, 3000, 8000]).unwrap_or(1);
        let delay = self.random.span(Duration::ZERO, Duration::from_millis(longest));
        self.lan.kill(node, delay);
    }

    fn stall(&mut self, node: NodeId) {
        let longest = self.random.pick(&[100, 1000, 6000]).unwrap_or(1000);
        let span = self.random.span(Duration::from_millis(1), Duration::from_millis(longest));
        self.lan.stall(node, span);
    }

    fn partition(&mut self, segment: SegmentId) {
        let mut nodes: Vec<NodeId> = self.lan.node_ids().collect();
        self.random.shuffle(&mut nodes);
        let first = 1 + self.random.index(nodes.len());
        let (one, rest) = nodes.split_at(first.min(nodes.len()));
        let (two, _) = rest.split_at(self.random.index(rest.len() + 1));
        self.lan.partition_of(segment, &[one, two]);
    }

    fn deafen(&mut self, segment: SegmentId) {
        if let (Some(from), Some(to)) = (self.any_node(), self.any_node())
            && from != to
        {
            self.lan.deafen(segment, from, to);
        }
    }

    fn lose_packets(&mut self, segment: SegmentId) {
        let loss_permille = self.random.pick(&[20, 200, 500]).unwrap_or(20);
        let weather = Weather { loss_permille, ..self.lan.weather(segment) };
        self.lan.set_weather(segment, weather);
    }

    fn remove_address(&mut self, node: NodeId) {
        let instances = &self.lan.config(node).instances;
        let prefixes: Vec<_> =
            instances.iter().flat_map(|one| one.virtual_addresses.iter().map(|line| line.prefix)).collect();
        if let Some(prefix) = self.random.pick(&prefixes) {
            self.lan.remove_address(node, prefix);
        }
    }

    /// A packet that nobody may believe, from somebody who would win every election.
    fn forge(&mut self, node: NodeId) {
        let index = self.random.index(self.lan.config(node).instances.len());
        let Some(instance) = self.lan.config(node).instances.get(index).cloned() else { return };
        let Some(key) = RouterKey::of(&instance) else { return };
        let is_multicast = matches!(instance.transport, Transport::Multicast { .. });
        match self.random.below(7) {
            // Over IPv6 the kernel sums up; a wrong sum would not arrive at all.
            6 if instance.family == Family::V4 => {
                self.lan.forge(node, key, 255, |message| message[7] ^= 0x40)
            }
            0 if is_multicast => self.lan.forge(node, key, 254, |_| {}),
            1 => self.lan.forge(node, key, 255, |message| message.truncate(9)),
            2 => self.lan.forge(node, key, 255, |message| message[0] ^= 0x10),
            3 => self.lan.forge(node, key, 255, |message| message[0] = message[0] & 0xf0 | 2),
            4 => self.lan.forge(node, key, 255, |message| message.extend_from_slice(&[0; 9])),
            _ if instance.version == Version::V3 => {
                self.lan.forge(node, key, 255, |message| message[4..6].fill(0))
            }
            _ => self.lan.forge(node, key, 255, |message| message[5] = 200),
        }
    }

    fn reload(&mut self, node: NodeId) {
        let mut config = self.lan.config(node).clone();
        match self.random.below(8) {
            0 => {}
            1 => config.instances.reverse(),
            2 => self.remove_instance(&mut config),
            3 | 4 => self.add_instance(&mut config),
            _ => {
                let index = self.random.index(config.instances.len());
                if let Some(instance) = config.instances.get_mut(index) {
                    self.change(instance);
                }
            }
        }
        self.lan.reload(node, config);
    }

    fn remove_instance(&mut self, config: &mut Config) {
        if !config.instances.is_empty() {
            let index = self.random.index(config.instances.len());
            config.instances.remove(index);
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
            config.instances.push(instance);
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

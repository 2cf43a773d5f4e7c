//! What can happen to a LAN, and how it is put right.

use super::Chaos;
use crate::accident::Accident;
use crate::node::{NodeId, RouterKey};
use crate::segment::{SegmentId, Weather};
use keepalived_types::{Family, Version};
use keepalived_vrrp::config::Transport;
use std::time::Duration;

impl Chaos {
    /// Something happens.
    pub(super) fn accident(&mut self) {
        let Some(node) = self.any_node() else { return };
        let segment = self.any_segment();
        match self.random.below(48) {
            0 => self.power_off(node),
            1..=3 => self.switch_on(),
            4 => self.stop(node),
            5 | 6 => self.kill(node),
            7 | 8 => self.stall(node),
            9 | 10 => self.sleep(node),
            11 => self.step_clock(node),
            12 => self.set_link(node, segment, false),
            13 | 14 => self.set_link(node, segment, true),
            15 => self.partition(segment),
            16 => self.deafen(segment),
            17 => self.lan.heal(segment),
            18 => self.lose_packets(segment),
            19 => self.delay_packets(segment),
            20 => self.double_packets(segment),
            21 => self.remove_address(node),
            22 => self.remove_source(node, segment),
            23 | 24 => self.replay(),
            25 | 26 => self.forge(node),
            27 | 28 => self.delete_interface(node, segment),
            29 => self.make_interface(node, segment),
            30 => self.rename_interface(node, segment),
            31 | 32 => self.flap(node, segment),
            33 | 34 => self.change_address(node, segment),
            35..=38 => self.change_what_is_tracked(node),
            _ => self.reload(node),
        }
    }

    fn power_off(&mut self, node: NodeId) {
        self.lan.power_off(node);
        self.lan.accidents.count(Accident::PowerOff);
    }

    fn stop(&mut self, node: NodeId) {
        if self.lan.is_alive(node) {
            self.lan.stop(node);
            self.lan.accidents.count(Accident::Stop);
        }
    }

    fn sleep(&mut self, node: NodeId) {
        let longest = self.random.pick(&[500, 5000]).unwrap_or(500);
        let span = self.random.span(Duration::from_millis(1), Duration::from_millis(longest));
        if self.lan.sleep(node, span) {
            self.lan.accidents.count(Accident::Sleep);
        }
    }

    fn step_clock(&mut self, node: NodeId) {
        let step = self.random.pick(&[-86_400_000, -700, 700, 86_400_000]).unwrap_or(700);
        self.lan.step_clock(node, step);
        self.lan.accidents.count(Accident::ClockStep);
    }

    fn set_link(&mut self, node: NodeId, segment: SegmentId, is_running: bool) {
        if !is_running && self.lan.is_alive(node) && self.lan.is_untracked(node, segment) {
            self.lan.accidents.count(Accident::UntrackedLinkDown);
        }
        self.lan.set_link(node, segment, is_running);
        self.lan.accidents.count(if is_running { Accident::LinkUp } else { Accident::LinkDown });
    }

    /// So late that short intervals cannot be told from silence.
    fn delay_packets(&mut self, segment: SegmentId) {
        let weather = self.lan.weather(segment);
        let delay = self.random.span(Duration::from_millis(5), Duration::from_millis(400));
        self.lan.set_weather(segment, Weather { delay, jitter: delay / 2, ..weather });
        self.lan.accidents.count(Accident::Delay);
    }

    fn double_packets(&mut self, segment: SegmentId) {
        let weather = self.lan.weather(segment);
        self.lan.set_weather(segment, Weather { duplicate_permille: 900, ..weather });
        self.lan.accidents.count(Accident::Duplicates);
    }

    fn remove_source(&mut self, node: NodeId, segment: SegmentId) {
        let family = if self.random.permille(500) { Family::V4 } else { Family::V6 };
        if self.lan.set_source(node, segment, family, false) {
            self.lan.accidents.count(Accident::SourceRemoved);
        }
    }

    fn replay(&mut self) {
        let which = self.random.index(100);
        if self.lan.replay(which) {
            self.lan.accidents.count(Accident::Replay);
        }
    }

    /// Ends what keeps everything from settling.
    pub(super) fn clear_the_air(&mut self) {
        for segment in self.segments.clone() {
            let weather = self.lan.weather(segment);
            let fair = Weather { loss_permille: 0, ..weather };
            let is_slow = weather.longest() > Duration::from_millis(10);
            let quick = Weather { delay: Duration::from_millis(1), jitter: Duration::from_millis(2), ..fair };
            let weather = if is_slow { quick } else { fair };
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
                self.repair_interface(node, segment);
                self.repair_addresses(node, segment);
            }
        }
        self.repair_what_is_tracked();
        for node in self.lan.node_ids() {
            self.lan.power_on(node);
            self.lan.start(node);
        }
    }

    fn any_node(&mut self) -> Option<NodeId> {
        let nodes: Vec<NodeId> = self.lan.node_ids().collect();
        self.random.pick(&nodes)
    }

    pub(super) fn any_segment(&mut self) -> SegmentId {
        self.random.pick(&self.segments).unwrap_or(SegmentId(0))
    }

    fn switch_on(&mut self) {
        let dead: Vec<NodeId> = self.lan.node_ids().filter(|node| !self.lan.is_alive(*node)).collect();
        if let Some(node) = self.random.pick(&dead) {
            self.lan.power_on(node);
            self.lan.start(node);
            self.lan.accidents.count(Accident::Start);
        }
    }

    /// The next process starts at once, after a while, or too late.
    fn kill(&mut self, node: NodeId) {
        let longest = self.random.pick(&[1, 100, 3000, 8000]).unwrap_or(1);
        let delay = self.random.span(Duration::ZERO, Duration::from_millis(longest));
        if self.lan.is_alive(node) {
            self.lan.accidents.count(Accident::Kill);
        }
        self.lan.kill(node, delay);
    }

    fn stall(&mut self, node: NodeId) {
        let longest = self.random.pick(&[100, 1000, 6000]).unwrap_or(1000);
        let span = self.random.span(Duration::from_millis(1), Duration::from_millis(longest));
        if self.lan.is_alive(node) {
            self.lan.accidents.count(Accident::Stall);
        }
        self.lan.stall(node, span);
    }

    fn partition(&mut self, segment: SegmentId) {
        let mut nodes: Vec<NodeId> = self.lan.node_ids().collect();
        self.random.shuffle(&mut nodes);
        let first = 1 + self.random.index(nodes.len());
        let (one, rest) = nodes.split_at(first.min(nodes.len()));
        let (two, _) = rest.split_at(self.random.index(rest.len() + 1));
        self.lan.partition_of(segment, &[one, two]);
        self.lan.accidents.count(Accident::Partition);
    }

    fn deafen(&mut self, segment: SegmentId) {
        if let (Some(from), Some(to)) = (self.any_node(), self.any_node())
            && from != to
        {
            self.lan.deafen(segment, from, to);
            self.lan.accidents.count(Accident::OneWay);
        }
    }

    fn lose_packets(&mut self, segment: SegmentId) {
        let loss_permille = self.random.pick(&[20, 200, 500]).unwrap_or(20);
        let weather = Weather { loss_permille, ..self.lan.weather(segment) };
        self.lan.set_weather(segment, weather);
        self.lan.accidents.count(Accident::Loss);
    }

    fn remove_address(&mut self, node: NodeId) {
        let instances = &self.lan.config(node).instances;
        let lines = instances.iter().flat_map(|one| &one.virtual_addresses);
        let lines: Vec<_> = lines.map(|line| (line.prefix, line.no_track)).collect();
        if let Some((prefix, no_track)) = self.random.pick(&lines)
            && self.lan.remove_address(node, prefix)
        {
            self.lan.accidents.count(match no_track {
                true => Accident::UntrackedAddressRemoved,
                false => Accident::VirtualAddressRemoved,
            });
        }
    }

    /// A packet that nobody may believe, from somebody who would win every election.
    fn forge(&mut self, node: NodeId) {
        let index = self.random.index(self.lan.config(node).instances.len());
        let Some(instance) = self.lan.config(node).instances.get(index).cloned() else { return };
        let Some(key) = RouterKey::of(&instance) else { return };
        self.lan.accidents.count(Accident::Forgery);
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
}

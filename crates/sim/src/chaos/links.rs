//! What can happen to interfaces and their addresses, and what they are configured to mean.

use super::Chaos;
use crate::accident::Accident;
use crate::machine::interface_name;
use crate::node::NodeId;
use crate::segment::SegmentId;
use keepalived_types::{Family, Prefix};
use keepalived_vrrp::config::{Config, InterfaceDelay};
use std::time::Duration;

/// How long after a delay is over a flap still goes on, at most.
const LONG_FLAP: Duration = Duration::from_millis(700);

impl Chaos {
    /// How long a change of a link on this segment has to last.
    pub(super) fn link_delay(&mut self, segment: SegmentId) -> InterfaceDelay {
        let mut delay = || Duration::from_millis(self.random.pick(&[0, 150, 600, 1500]).unwrap_or(0));
        InterfaceDelay { interface: interface_name(segment), down: delay(), up: delay() }
    }

    pub(super) fn delete_interface(&mut self, node: NodeId, segment: SegmentId) {
        if self.lan.delete_interface(node, segment) {
            self.lan.accidents.count(Accident::InterfaceDeleted);
        }
    }

    /// Some are made without addresses; those come later.
    pub(super) fn make_interface(&mut self, node: NodeId, segment: SegmentId) {
        let with_addresses = self.random.permille(700);
        if self.lan.make_interface(node, segment, with_addresses) {
            self.lan.accidents.count(Accident::InterfaceMade);
        }
    }

    pub(super) fn rename_interface(&mut self, node: NodeId, segment: SegmentId) {
        if self.lan.rename_interface(node, segment, false) {
            self.lan.accidents.count(Accident::InterfaceRenamed);
        } else if self.lan.rename_interface(node, segment, true) {
            self.lan.accidents.count(Accident::InterfaceNamedBack);
        }
    }

    /// A loose contact: for a shorter time than the delay of the link, or for a longer one.
    pub(super) fn flap(&mut self, node: NodeId, segment: SegmentId) {
        let shortest = self.lan.shortest_link_delay(node, segment, false);
        let just = Duration::from_millis(1);
        let is_short = shortest > just && self.random.permille(700);
        let spans = match is_short {
            // A second time, soon after: the delay has to begin anew.
            true => [(); 3].map(|()| self.random.span(just, shortest - just)),
            false => [shortest + self.random.span(just, LONG_FLAP); 3],
        };
        let count = if self.random.permille(500) { 1 } else { spans.len() };
        if self.lan.is_alive(node) {
            self.lan.accidents.count(if is_short { Accident::ShortFlap } else { Accident::LongFlap });
        }
        self.lan.flap(node, segment, &spans[..count]);
    }

    /// One address of an interface goes, or comes back: mostly one that somebody speaks from by configuration.
    pub(super) fn change_address(&mut self, node: NodeId, segment: SegmentId) {
        let addresses = self.lan.own_addresses(node, segment);
        let is_tracked = |prefix: &Prefix| self.lan.is_tracked_source(node, prefix.address());
        let tracked: Vec<_> = addresses.iter().copied().filter(|(prefix, _)| is_tracked(prefix)).collect();
        let missing: Vec<_> = addresses.iter().copied().filter(|(_, is_there)| !is_there).collect();
        let choice = match self.random.below(3) {
            0 if !missing.is_empty() => missing,
            1 if !tracked.is_empty() => tracked,
            _ => addresses,
        };
        if let Some((prefix, is_there)) = self.random.pick(&choice) {
            self.set_address(node, segment, prefix, !is_there);
        }
    }

    /// All addresses of an interface are there again.
    pub(super) fn repair_addresses(&mut self, node: NodeId, segment: SegmentId) {
        for family in [Family::V4, Family::V6] {
            let addresses = self.lan.own_addresses(node, segment).into_iter();
            let mut addresses = addresses.filter(|(prefix, _)| Family::of(prefix.address()) == family);
            if addresses.all(|(_, is_there)| !is_there) && self.lan.set_source(node, segment, family, true) {
                self.lan.accidents.count(Accident::SourceAdded);
            }
        }
        for (prefix, _) in self.lan.own_addresses(node, segment) {
            self.set_address(node, segment, prefix, true);
        }
    }

    fn set_address(&mut self, node: NodeId, segment: SegmentId, prefix: Prefix, is_present: bool) {
        let is_there = !is_present;
        let is_tracked = self.lan.is_tracked_source(node, prefix.address());
        if self.lan.set_address(node, segment, prefix, is_present) {
            self.lan.accidents.count(match is_there {
                true => Accident::OneAddressRemoved,
                false => Accident::OneAddressAdded,
            });
            if is_tracked {
                self.lan.accidents.count(match is_there {
                    true => Accident::TrackedSourceRemoved,
                    false => Accident::TrackedSourceAdded,
                });
            }
        }
    }

    /// The interface is there, under its name, and works.
    pub(super) fn repair_interface(&mut self, node: NodeId, segment: SegmentId) {
        self.make_interface(node, segment);
        if self.lan.rename_interface(node, segment, true) {
            self.lan.accidents.count(Accident::InterfaceNamedBack);
        }
        self.lan.set_link(node, segment, true);
    }

    /// The operator thinks otherwise of what links and addresses mean.
    pub(super) fn change_links(&mut self, config: &mut Config) {
        if self.random.permille(400) {
            let segment = self.any_segment();
            config.interface_delays.retain(|one| one.interface != interface_name(segment));
            if self.random.permille(700) {
                config.interface_delays.push(self.link_delay(segment));
            }
            return;
        }
        let index = self.random.index(config.instances.len());
        let Some(instance) = config.instances.get_mut(index) else { return };
        match self.random.below(3) {
            0 => instance.dont_track_primary ^= true,
            1 => instance.track_source_address ^= true,
            _ => {
                let index = self.random.index(instance.virtual_addresses.len());
                if let Some(line) = instance.virtual_addresses.get_mut(index) {
                    line.no_track ^= true;
                }
            }
        }
    }
}

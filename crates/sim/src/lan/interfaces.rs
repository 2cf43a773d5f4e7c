//! Interfaces and addresses that come, go and are renamed, and what the kernel tells processes of it.

use super::Lan;
use crate::agenda::Happening;
use crate::carrier::Delay;
use crate::machine::{interface_name, link_address};
use crate::node::{NodeId, RouterKey};
use crate::segment::SegmentId;
use crate::told::News;
use keepalived_types::{Family, Instant, InterfaceName, Prefix, Version};
use std::time::Duration;

impl Lan {
    /// Lets a link lose, or regain, its carrier.
    pub fn set_link(&mut self, node: NodeId, segment: SegmentId, is_running: bool) {
        let Some(port) = self.nodes[node.0].machine.ports.get_mut(&segment) else { return };
        port.link.is_running = is_running;
        if port.is_deleted {
            return;
        }
        let link = port.link.clone();
        self.story.tell(self.now, || {
            format!("{node}: eth{} {}", segment.0, if is_running { "up" } else { "down" })
        });
        self.disturb_node(node);
        self.kernel_says(node, News::Link(link));
        self.look_at(node);
        self.look_for_leaks(node);
    }

    /// Lets a link lose its carrier for the first of these spans, have it for the second, and so on; in the end it has it.
    pub fn flap(&mut self, node: NodeId, segment: SegmentId, spans: &[Duration]) {
        let (mut at, mut is_running) = (self.now, false);
        self.set_link(node, segment, is_running);
        for span in spans {
            at += *span;
            is_running = !is_running;
            self.agenda.enter(at, Happening::Carrier { node, segment, is_running });
        }
    }

    /// A change of this link that is reversed sooner than this changes no state of the node (`interface_up_down_delays`).
    #[must_use]
    pub fn shortest_link_delay(&self, node: NodeId, segment: SegmentId, is_up: bool) -> Duration {
        let ports = &self.nodes[node.0].machine.ports;
        ports.get(&segment).map_or(Duration::ZERO, |port| self.link_delay(node, &port.link.name, is_up).least)
    }

    /// Somebody deletes an interface; its addresses go with it. Nothing happens on a machine that is off or sleeps, or
    /// where it is gone already: then the answer is `false`.
    pub fn delete_interface(&mut self, node: NodeId, segment: SegmentId) -> bool {
        let by_the_way = self.random.below(3);
        let owner = &mut self.nodes[node.0];
        let is_asleep = owner.pause.is_some_and(|pause| pause.is_sleep);
        let Some(port) = owner.machine.ports.get_mut(&segment).filter(|port| !port.is_deleted) else {
            return false;
        };
        if !owner.is_powered || is_asleep {
            return false;
        }
        let link = port.link.clone();
        let on_it = |placed: &&(_, Prefix)| placed.0 == link.index;
        let virtual_addresses =
            owner.machine.virtual_addresses.iter().filter(on_it).map(|(_, prefix)| *prefix);
        let addresses: Vec<Prefix> = port.present().chain(virtual_addresses).collect();
        port.is_deleted = true;
        owner.machine.virtual_addresses.retain(|(index, _)| *index != link.index);
        owner.machine.given_up.retain(|(index, _)| *index != link.index);
        let before = owner.inbox.packets.len();
        owner.inbox.packets.retain(|(from, _)| *from != segment);
        self.traffic.lost += u64::try_from(before - owner.inbox.packets.len()).unwrap_or(0);
        self.story.tell(self.now, || format!("{node}: {} is deleted", link.name));
        self.disturb_node(node);
        // How much the kernel says of it depends on its kind and on who reads how fast.
        let mut news = Vec::new();
        if by_the_way == 2 {
            news.push(News::Link(keepalived_vrrp::Link { is_up: false, ..link.clone() }));
        }
        if by_the_way > 0 {
            news.extend(
                addresses.iter().map(|prefix| News::AddressGone(link_address((link.index, *prefix)))),
            );
        }
        news.push(News::LinkGone(link.index));
        news.into_iter().for_each(|news| self.kernel_says(node, news));
        self.look_at(node);
        self.look_for_leaks(node);
        true
    }

    /// Somebody makes a deleted interface again, under its name and with another number. `with_addresses`: the operator's
    /// addresses are there as well, else somebody has yet to set them. Answers `false` where none was deleted.
    pub fn make_interface(&mut self, node: NodeId, segment: SegmentId, with_addresses: bool) -> bool {
        let owner = &mut self.nodes[node.0];
        let index = owner.machine.new_index();
        let Some(port) = owner.machine.ports.get_mut(&segment).filter(|port| port.is_deleted) else {
            return false;
        };
        port.is_deleted = false;
        (port.link.index, port.link.name) = (index, interface_name(segment));
        port.missing = if with_addresses { [].into() } else { port.own.iter().copied().collect() };
        let link = port.link.clone();
        let addresses: Vec<Prefix> = port.present().collect();
        self.story.tell(self.now, || format!("{node}: {} is made again as number {index}", link.name));
        self.disturb_node(node);
        // A new interface is set up after it has been told of.
        self.kernel_says(node, News::Link(keepalived_vrrp::Link { is_up: false, ..link.clone() }));
        for prefix in addresses {
            self.kernel_says(node, News::Address(link_address((index, prefix))));
        }
        self.kernel_says(node, News::Link(link));
        self.look_at(node);
        true
    }

    /// Somebody gives an interface a name that no instance knows, or its own name back. Answers `false` where it has been
    /// done already.
    pub fn rename_interface(&mut self, node: NodeId, segment: SegmentId, is_known: bool) -> bool {
        let known = interface_name(segment);
        let unknown = InterfaceName::new(&format!("lost{}", segment.0)).expect("a short name without blanks");
        let name = if is_known { known } else { unknown };
        let owner = &mut self.nodes[node.0];
        let is_asleep = owner.pause.is_some_and(|pause| pause.is_sleep);
        let port = owner.machine.ports.get_mut(&segment);
        let Some(port) = port.filter(|port| !port.is_deleted && port.link.name != name) else { return false };
        if !owner.is_powered || is_asleep {
            return false;
        }
        let before = std::mem::replace(&mut port.link.name, name);
        let link = port.link.clone();
        self.story.tell(self.now, || format!("{node}: {before} is called {} now", link.name));
        self.disturb_node(node);
        self.kernel_says(node, News::Link(link));
        self.look_at(node);
        true
    }

    /// Somebody removes, or adds again, all addresses of one family that adverts may be sent from. Answers `false` where it
    /// has been done already.
    pub fn set_source(&mut self, node: NodeId, segment: SegmentId, family: Family, is_present: bool) -> bool {
        let Some(port) = self.nodes[node.0].machine.ports.get(&segment) else { return false };
        let of_family = port.own.iter().copied().filter(|prefix| Family::of(prefix.address()) == family);
        let mut changed = false;
        for prefix in of_family.collect::<Vec<_>>() {
            changed |= self.set_address(node, segment, prefix, is_present);
        }
        changed
    }

    /// Somebody removes, or adds again, one of the operator's addresses. Answers `false` where it has been done already.
    pub fn set_address(
        &mut self,
        node: NodeId,
        segment: SegmentId,
        prefix: Prefix,
        is_present: bool,
    ) -> bool {
        let Some(port) = self.nodes[node.0].machine.ports.get_mut(&segment) else { return false };
        if port.is_deleted || !port.own.contains(&prefix) {
            return false;
        }
        let changed = if is_present { port.missing.remove(&prefix) } else { port.missing.insert(prefix) };
        if !changed {
            return false;
        }
        let address = link_address((port.link.index, prefix));
        self.story.tell(self.now, || {
            let verb = if is_present { "gets back" } else { "loses" };
            format!("{node}: eth{} {verb} {prefix}", segment.0)
        });
        self.disturb_node(node);
        let news = if is_present { News::Address(address) } else { News::AddressGone(address) };
        self.kernel_says(node, news);
        self.look_at(node);
        true
    }

    /// The kernel tells a process something; one that is stopped reads it later.
    pub(crate) fn kernel_says(&mut self, node: NodeId, news: News) {
        if self.nodes[node.0].pause.is_some() {
            self.nodes[node.0].inbox.news.push_back(news);
        } else {
            self.hear_news(node, news, self.now);
        }
    }

    /// A process reads what the kernel says. Its timers have run out up to `awake`.
    pub(super) fn hear_news(&mut self, node: NodeId, news: News, awake: Instant) {
        let delay = match &news {
            News::Link(link) => self.link_delay(node, &link.name, link.is_usable()),
            _ => Delay::default(),
        };
        let now = self.now;
        let Some(process) = self.nodes[node.0].process.as_mut() else { return };
        process.told.tell(&news, awake, now, delay);
        self.turn(node, |engine, now| match news {
            News::Link(link) => engine.handle_link(link, now),
            News::LinkGone(index) => engine.handle_link_removed(index, now),
            News::Address(address) => engine.handle_address(address, now),
            News::AddressGone(address) => engine.handle_address_removed(address, now),
        });
    }

    /// The delay of a change that begins now: as configured, but not longer than backups on the link may need to notice
    /// (vrrp reference 2.9). Version 3 reckons with the interval of a master that may have been any node.
    fn link_delay(&self, node: NodeId, name: &InterfaceName, is_up: bool) -> Delay {
        let config = &self.nodes[node.0].config;
        let Some(configured) = config.interface_delays.iter().find(|one| one.interface == *name) else {
            return Delay::default();
        };
        let configured = if is_up { configured.up } else { configured.down };
        let mut delay = Delay { least: configured, most: configured };
        for instance in config.instances.iter().filter(|one| one.interface.as_ref() == Some(name)) {
            let own = instance.advert_interval;
            let heard = RouterKey::of(instance).and_then(|key| self.watch.intervals(key));
            let (fastest, slowest) = match (instance.version, heard) {
                (Version::V3, Some((fastest, slowest))) => (fastest.min(own), slowest.max(own)),
                _ => (own, own),
            };
            let longest = |interval: Duration| {
                (interval * u32::from(instance.down_timer_adverts.saturating_sub(1)))
                    .saturating_sub(interval / 256)
            };
            delay.least = delay.least.min(longest(fastest));
            delay.most = delay.most.min(longest(slowest));
        }
        delay
    }
}

//! Packets: from a node's sending process over a segment to the receiving ones.

use super::Lan;
use crate::agenda::Happening;
use crate::node::{NodeId, RouterKey, Shadow, listens};
use crate::packet::Packet;
use crate::segment::SegmentId;
use keepalived_types::{Family, IfIndex, Instant, Priority, Version};
use keepalived_vrrp::config::InstanceConfig;
use keepalived_vrrp::{Channel, ChannelAddress, ChannelId, EncodedAdvert, Received, State};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// What a receive buffer holds: Linux's default is good for some hundred small packets.
const RECEIVE_BUFFER: usize = 256;

/// How many adverts are kept to be sent again.
const RECORDINGS: usize = 40;

impl Lan {
    /// Sends every copy of an advert.
    pub(super) fn transmit(
        &mut self,
        from: NodeId,
        channel: ChannelId,
        advert: &EncodedAdvert,
        identification: u16,
    ) {
        for copy in 0..advert.packets.len() {
            self.traffic.sent += 1;
            let Some(packet) = Packet::of(advert, copy, identification) else {
                self.object(format!("{from}: sends something that is no packet: {advert:?}"));
                return;
            };
            let Some(segment) = self.way_out(from, channel, &packet) else {
                self.traffic.stuck += 1;
                continue;
            };
            let packet = Arc::new(packet);
            self.recordings.push_back((segment, packet.clone()));
            if self.recordings.len() > RECORDINGS {
                self.recordings.pop_front();
            }
            self.broadcast(Some(from), segment, packet);
        }
    }

    /// The segment that a packet leaves on, if the interface works.
    fn way_out(&self, from: NodeId, channel: ChannelId, packet: &Packet) -> Option<SegmentId> {
        let node = &self.nodes[from.0];
        let channel = node.process.as_ref()?.channels.get(&channel)?;
        let segment = match &channel.interface {
            Some((index, _)) => {
                let holds = |(_, port): &(&SegmentId, &crate::machine::Port)| port.link.index == *index;
                *node.machine.ports.iter().find(holds)?.0
            }
            None => node.machine.segment_of(packet.source)?,
        };
        node.machine.is_usable(segment).then_some(segment)
    }

    /// Puts a packet on a segment: everybody who might take it gets a copy, with a fate of its own. A stranger, who is no
    /// node, is heard by all.
    pub(super) fn broadcast(&mut self, from: Option<NodeId>, segment: SegmentId, packet: Arc<Packet>) {
        let Some(weather) = self.segments.get(segment.0).map(|segment| segment.weather) else { return };
        for to in (0..self.nodes.len()).map(NodeId) {
            let machine = &self.nodes[to.0].machine;
            let takes =
                packet.destination.is_multicast() || machine.segment_of(packet.destination) == Some(segment);
            if Some(to) == from || !takes || !machine.ports.contains_key(&segment) {
                continue;
            }
            let reaches = from.is_none_or(|from| self.segments[segment.0].reaches(from, to));
            if !reaches || self.random.permille(weather.loss_permille) {
                self.traffic.copies += 1;
                self.traffic.lost += 1;
                continue;
            }
            let copies = 1 + u32::from(self.random.permille(weather.duplicate_permille));
            for _ in 0..copies {
                self.traffic.copies += 1;
                let delay = self.random.span(weather.delay, weather.longest());
                let arrival = Happening::Arrival { node: to, segment, packet: packet.clone() };
                self.agenda.enter(self.now + delay, arrival);
            }
        }
    }

    /// A packet has reached an interface.
    pub(super) fn arrive(&mut self, to: NodeId, segment: SegmentId, packet: Arc<Packet>) {
        let node = &mut self.nodes[to.0];
        let is_asleep = node.pause.is_some_and(|pause| pause.is_sleep);
        if node.process.is_none() || !node.machine.is_usable(segment) || is_asleep {
            self.traffic.lost += 1;
        } else if node.pause.is_some() {
            if node.inbox.packets.len() < RECEIVE_BUFFER {
                node.inbox.packets.push_back((segment, packet));
            } else {
                self.traffic.lost += 1;
            }
        } else {
            self.hand_over(to, segment, &packet);
            self.glance_at(to);
        }
    }

    /// What piled up while the process was stopped: news of the kernel, then packets in order.
    pub(super) fn drain_inbox(&mut self, node: NodeId, awake: Instant) {
        let inbox = std::mem::take(&mut self.nodes[node.0].inbox);
        let now = self.now;
        if let Some(process) = self.nodes[node.0].process.as_mut() {
            process.told.hold(awake, now);
        }
        for news in inbox.news {
            self.hear_news(node, news, awake);
        }
        if inbox.trackers_changed {
            self.report_trackers(node);
        }
        for (instance, prefix) in inbox.lost {
            self.report_loss(node, &instance, prefix);
        }
        for (segment, packet) in inbox.packets {
            self.hand_over(node, segment, &packet);
        }
    }

    /// Gives a packet to every socket that takes it.
    fn hand_over(&mut self, to: NodeId, segment: SegmentId, packet: &Packet) {
        let owner = &self.nodes[to.0];
        let port = owner.machine.ports.get(&segment).filter(|port| !port.is_deleted);
        let Some(((received, process), port)) = packet.received().zip(owner.process.as_ref()).zip(port)
        else {
            self.traffic.ignored += 1;
            return;
        };
        let index = port.link.index;
        let takers = process.channels.iter().filter(|(_, channel)| takes(channel, index, &received));
        let takers: Vec<(ChannelId, Channel)> = takers.map(|(id, channel)| (*id, channel.clone())).collect();
        match takers.len() {
            0 => self.traffic.ignored += 1,
            _ => self.traffic.heard += 1,
        }
        for (id, channel) in takers {
            self.account(to, &channel, &received, packet.is_forged);
            self.turn(to, |engine, now| engine.handle_advertisement(id, &received, now));
        }
    }

    /// Notes what an instance is about to be told.
    fn account(&mut self, to: NodeId, channel: &Channel, received: &Received<'_>, is_forged: bool) {
        let now = self.now;
        let node = &mut self.nodes[to.0];
        let fields = match *received.payload {
            [_, vrid, priority, _, high, low, _, _, ..] => Some((vrid, priority, [high, low])),
            _ => None,
        };
        let found = fields.and_then(|fields| {
            let mut instances = node.config.instances.iter();
            let instance = instances.find(|one| one.vrid.get() == fields.0 && listens(one, channel))?;
            Some((instance, fields))
        });
        let Some(process) = node.process.as_mut() else { return };
        let Some((instance, (_, priority, interval))) = found else {
            process.unclaimed += 1;
            return;
        };
        let Some(shadow) = process.shadows.get_mut(&instance.name) else { return };
        shadow.handed_over += 1;
        if !is_forged && shadow.state == State::Backup && process.delayed_until <= now {
            hear_rival(shadow, instance, Priority(priority), promised_interval(instance, interval), now);
        }
        self.story.tell(now, || {
            let forged = if is_forged { " (forged)" } else { "" };
            let router = RouterKey::of(instance).map_or_else(String::new, |key| format!(" for {key}"));
            format!("{to} hears {} say {priority}{router}{forged}", received.source)
        });
    }
}

/// A backup has heard one more advert: is it one that its down timer has to run from? While a preemption delay runs,
/// lower priorities are, too; the first of them starts it, and one that is not lower ends it (vrrp reference 2.5).
fn hear_rival(
    shadow: &mut Shadow,
    instance: &InstanceConfig,
    priority: Priority,
    interval: Duration,
    now: Instant,
) {
    let is_ignored = instance.priority.is_owner() && instance.owner_ignores_adverts;
    if priority.is_release() || is_ignored {
        return;
    }
    let delay = instance.preempt_delay;
    let is_accepted = if priority >= shadow.priority {
        shadow.preempts_after = None;
        true
    } else if !instance.preempt {
        true
    } else if delay.is_zero() {
        false
    } else {
        now <= *shadow.preempts_after.get_or_insert(now + delay)
    };
    if is_accepted {
        shadow.rival = Some((now, interval));
    }
}

/// How soon the sender of an advert will send the next one.
fn promised_interval(instance: &InstanceConfig, field: [u8; 2]) -> Duration {
    match instance.version {
        Version::V2 => instance.advert_interval,
        Version::V3 => Duration::from_millis(u64::from(u16::from_be_bytes(field) & 0x0fff) * 10),
    }
}

/// Does the kernel give this packet to a socket?
fn takes(channel: &Channel, index: IfIndex, received: &Received<'_>) -> bool {
    let on_interface = channel.interface.as_ref().is_none_or(|(bound, _)| *bound == index);
    let (ChannelAddress::Group(address) | ChannelAddress::Local(address)) = channel.address;
    on_interface && address == received.destination && channel.family == family(received.destination)
}

const fn family(address: IpAddr) -> Family {
    Family::of(address)
}

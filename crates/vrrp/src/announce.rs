//! Gratuitous ARP and unsolicited neighbour advertisements: what is announced, and when (vrrp reference 2.13).
//!
//! Without a configured interval all rounds go out back to back. With one, announcements queue per interface (or per
//! `garp_group`), round-robin over the addresses, and leaving MASTER empties the queue.

use crate::config::Config;
use crate::effect::{Announcement, Effect, InstanceId};
use crate::event::EventKind;
use crate::instance::Instance;
use crate::network;
use crate::timers::{Due, Timer};
use crate::world::World;
use keepalived_types::{Family, IfIndex, Instant, InterfaceName};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

/// Announces all addresses of a MASTER.
pub(crate) fn burst(instance: &Instance, rounds: u32, world: &mut World, now: Instant) {
    let announcements = all(instance, world);
    emit(instance, announcements, rounds, world, now);
}

/// Announces the addresses that are on interfaces without adverts (`garp_extra_if`).
fn extra_burst(instance: &Instance, world: &mut World, now: Instant) {
    let mut announcements = all(instance, world);
    announcements.retain(|announcement| Some(announcement.index) != instance.place.link);
    emit(instance, announcements, 1, world, now);
}

/// Announces the source address of a unicast instance, so that its peers' neighbour caches work in time.
pub(crate) fn source(instance: &Instance, world: &mut World, now: Instant) {
    let (Some(index), Some(address)) = (instance.place.link, instance.place.source) else {
        return;
    };
    let announcement = announcement(index, address, world);
    emit(instance, announcement.into_iter().collect(), 1, world, now);
}

/// Starts the timers of a new MASTER: the second burst and the refreshes.
pub(crate) fn schedule(instance: &Instance, world: &mut World, now: Instant) {
    let garp = &instance.config.garp;
    if garp.delay > Duration::ZERO {
        world.timers.set(instance.due(Timer::SecondBurst), now + garp.delay);
    }
    if garp.refresh > Duration::ZERO {
        world.timers.set(instance.due(Timer::Refresh), now + garp.delay + garp.refresh);
    }
    if let Some(extra) = garp.extra.filter(|extra| extra.all && extra.interval > Duration::ZERO) {
        world.timers.set(instance.due(Timer::ExtraInterfaces), now + garp.delay + extra.interval);
    }
}

/// One of the timers of [`schedule`] or [`after_lower_priority`] has come.
pub(crate) fn on_timer(instance: &Instance, timer: Timer, due: Instant, world: &mut World, now: Instant) {
    let garp = *instance.config.garp;
    match timer {
        Timer::SecondBurst => burst(instance, garp.repeat.max(1), world, now),
        Timer::LowerPriorityBurst => burst(instance, garp.lower_priority_repeat, world, now),
        Timer::Refresh if garp.refresh > Duration::ZERO => {
            burst(instance, garp.refresh_repeat.max(1), world, now);
            world.timers.set(instance.due(timer), next(due, garp.refresh, now));
        }
        Timer::ExtraInterfaces => {
            if let Some(extra) = garp.extra {
                extra_burst(instance, world, now);
                world.timers.set(instance.due(timer), next(due, extra.interval, now));
            }
        }
        Timer::Refresh | Timer::Advert | Timer::MasterDown | Timer::Channel => {}
    }
}

/// The next of a periodic timer: no drift, but no catching up after an oversleep of a whole period either.
fn next(due: Instant, period: Duration, now: Instant) -> Instant {
    let next = due + period;
    if next > now { next } else { now + period }
}

/// Somebody with a lower priority advertised: neighbours may have believed it.
pub(crate) fn after_lower_priority(instance: &Instance, world: &mut World, now: Instant) {
    let garp = *instance.config.garp;
    if garp.lower_priority_repeat == 0 {
        return;
    }
    burst(instance, garp.lower_priority_repeat, world, now);
    if garp.lower_priority_delay > Duration::ZERO {
        world.timers.set(instance.due(Timer::LowerPriorityBurst), now + garp.lower_priority_delay);
    }
}

/// Nothing more is announced: the instance is no longer MASTER.
pub(crate) fn cancel(instance: &Instance, world: &mut World) {
    for timer in [Timer::SecondBurst, Timer::LowerPriorityBurst, Timer::Refresh, Timer::ExtraInterfaces] {
        world.timers.cancel(instance.due(timer));
    }
    world.pacer.forget(instance.id);
}

fn all(instance: &Instance, world: &World) -> Vec<Announcement> {
    network::addresses(instance, &world.links)
        .filter_map(|(index, address)| announcement(index?, address.prefix.address(), world))
        .collect()
}

/// `None` where announcing makes no sense: `IFF_NOARP`, or no Ethernet address.
fn announcement(index: IfIndex, address: IpAddr, world: &World) -> Option<Announcement> {
    let link = world.links.get(index).filter(|link| link.has_arp)?;
    Some(Announcement { index, mac: link.mac?, address })
}

fn emit(instance: &Instance, announcements: Vec<Announcement>, rounds: u32, world: &mut World, now: Instant) {
    let news: Vec<EventKind> = announcements.iter().filter_map(|one| news(one, world)).collect();
    let (paced, at_once): (Vec<_>, Vec<_>) = announcements
        .into_iter()
        .partition(|announcement| world.pacer.queue_for(announcement, &world.links).is_some());
    if !at_once.is_empty() {
        let announcements = at_once.into();
        world.effects.push_back(Effect::Announce { instance: instance.id, announcements, rounds });
    }
    for announcement in paced {
        if let Some(queue) = world.pacer.queue_for(&announcement, &world.links) {
            let at = world.pacer.push(queue, instance.id, announcement, rounds, now);
            world.timers.set(Due::Announcement(queue), at);
        }
    }
    news.into_iter().for_each(|kind| instance.report(world, kind));
}

fn news(announcement: &Announcement, world: &World) -> Option<EventKind> {
    let interface = world.links.get(announcement.index)?.name.to_string();
    Some(EventKind::Announcing { interface, address: announcement.address })
}

/// A paced announcement may leave now.
pub(crate) fn on_paced(queue: u32, world: &mut World, now: Instant) {
    if let Some((instance, announcement)) = world.pacer.pop(queue, now) {
        let announcements = [announcement].into();
        world.effects.push_back(Effect::Announce { instance, announcements, rounds: 1 });
    }
    if let Some(at) = world.pacer.next(queue) {
        world.timers.set(Due::Announcement(queue), at.max(now));
    }
}

/// Which interfaces share a queue.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Sharing {
    /// Those of a `garp_group`, by its position in the configuration.
    Group(usize),
    /// One alone, with `vrrp_garp_interval` and `vrrp_gna_interval`.
    Interface(InterfaceName),
}

/// The queues of announcements.
#[derive(Debug, Default)]
pub(crate) struct Pacer {
    /// `vrrp_garp_interval`, `vrrp_gna_interval`.
    general: [Duration; 2],
    /// `garp_group`, by position.
    groups: Vec<[Option<Duration>; 2]>,
    group_of: HashMap<InterfaceName, usize>,
    numbers: HashMap<(Sharing, Family), u32>,
    queues: BTreeMap<u32, Queue>,
}

/// Announcements of one family that share one interval.
#[derive(Debug)]
struct Queue {
    interval: Duration,
    /// Nothing leaves before.
    not_before: Instant,
    order: VecDeque<(InstanceId, Announcement)>,
    /// How often each is still to be sent; an entry of `order` that is missing here has been cancelled.
    pending: HashMap<(InstanceId, IfIndex, IpAddr), u32>,
}

impl Queue {
    fn new() -> Self {
        let (order, pending) = (VecDeque::new(), HashMap::new());
        Self { interval: Duration::ZERO, not_before: Instant::ORIGIN, order, pending }
    }
}

impl Pacer {
    /// Takes over the intervals of a configuration. What is queued stays queued.
    pub(crate) fn configure(&mut self, config: &Config) {
        self.general = [config.engine.garp_interval, config.engine.gna_interval];
        self.groups =
            config.garp_groups.iter().map(|group| [group.garp_interval, group.gna_interval]).collect();
        self.group_of.clear();
        for (position, group) in config.garp_groups.iter().enumerate() {
            self.group_of.extend(group.interfaces.iter().map(|name| (name.clone(), position)));
        }
    }

    /// The queue of an announcement; `None` when it need not wait.
    fn queue_for(&mut self, announcement: &Announcement, links: &crate::links::Links) -> Option<u32> {
        let family = Family::of(announcement.address);
        let which = usize::from(family == Family::V6);
        let name = &links.get(announcement.index)?.name;
        let group = self.group_of.get(name).copied();
        let of_group = group.and_then(|group| self.groups.get(group)?[which]);
        let interval = of_group.unwrap_or(self.general[which]);
        if interval == Duration::ZERO {
            return None;
        }
        let sharing = match (group, of_group) {
            (Some(group), Some(_)) => Sharing::Group(group),
            _ => Sharing::Interface(name.clone()),
        };
        let fresh = u32::try_from(self.numbers.len()).ok()?;
        let number = *self.numbers.entry((sharing, family)).or_insert(fresh);
        self.queues.entry(number).or_insert_with(Queue::new).interval = interval;
        Some(number)
    }

    /// Queues an announcement. Returns when the queue has to be served next.
    fn push(
        &mut self,
        number: u32,
        instance: InstanceId,
        announcement: Announcement,
        rounds: u32,
        now: Instant,
    ) -> Instant {
        let queue = self.queues.entry(number).or_insert_with(Queue::new);
        let key = (instance, announcement.index, announcement.address);
        if queue.pending.insert(key, rounds).is_none() {
            queue.order.push_back((instance, announcement));
        }
        queue.not_before.max(now)
    }

    /// Takes the announcement whose turn it is.
    fn pop(&mut self, number: u32, now: Instant) -> Option<(InstanceId, Announcement)> {
        let queue = self.queues.get_mut(&number)?;
        if queue.not_before > now {
            return None;
        }
        while let Some((instance, announcement)) = queue.order.pop_front() {
            let key = (instance, announcement.index, announcement.address);
            let Some(left) = queue.pending.get_mut(&key) else {
                continue;
            };
            *left = left.saturating_sub(1);
            if *left == 0 {
                queue.pending.remove(&key);
            } else {
                queue.order.push_back((instance, announcement));
            }
            queue.not_before = now + queue.interval;
            return Some((instance, announcement));
        }
        None
    }

    /// When a queue has something to send next.
    fn next(&self, number: u32) -> Option<Instant> {
        self.queues.get(&number).filter(|queue| !queue.pending.is_empty()).map(|queue| queue.not_before)
    }

    /// When the next announcement of each queue may leave, queued or not: for a dump. A queue that was never used is
    /// missing.
    pub(crate) fn earliest(&self) -> HashMap<(Sharing, Family), Instant> {
        let used = |number: &u32| {
            self.queues.get(number).map(|queue| queue.not_before).filter(|at| *at > Instant::ORIGIN)
        };
        let named = self.numbers.iter();
        named.filter_map(|(key, number)| Some((key.clone(), used(number)?))).collect()
    }

    /// Cancels what an instance has queued.
    fn forget(&mut self, instance: InstanceId) {
        for queue in self.queues.values_mut().filter(|queue| !queue.pending.is_empty()) {
            queue.order.retain(|(owner, _)| *owner != instance);
            queue.pending.retain(|(owner, _, _), _| *owner != instance);
        }
    }
}

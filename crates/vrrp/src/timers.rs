//! All timers of the engine in one table.
//!
//! A backup's Master_Down_Timer moves with every advert it hears, so moving a deadline to a later time is one store:
//! the entry in the heap stays where it is and is put back when it surfaces too early. Everything else that is stale
//! is recognised when it surfaces, because only the entry that a slot calls its own counts.

use crate::effect::{ChannelId, InstanceId};
use keepalived_types::{IfIndex, Instant};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// What an instance waits for. At the same moment adverts leave before anything else happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// Adver_Timer of a master (RFC 9568 §6.2): the next advert is due.
    Advert,
    /// Master_Down_Timer of a backup; RFC 9568 §6.2 calls it Active_Down_Timer.
    MasterDown,
    /// The announcements that follow becoming MASTER after `garp_master_delay`.
    SecondBurst,
    /// The announcements that follow a lower priority advert after `garp_lower_prio_delay`.
    LowerPriorityBurst,
    /// The next periodic announcements (`garp_master_refresh`).
    Refresh,
    /// The next announcements on interfaces that carry no adverts (`garp_extra_if`).
    ExtraInterfaces,
    /// A channel that failed is tried again, or has held long enough after that.
    Channel,
}

/// Whose deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    /// `vrrp_startup_delay` is over.
    StartupDelay,
    /// One of an instance's timers. The timer stands first so that all adverts of a moment leave together.
    Instance(Timer, InstanceId),
    /// A change of a link has lasted long enough to count (`interface_up_down_delays`).
    LinkDelay(IfIndex),
    /// A process quorum has been reached or lost for long enough; the number of the tracker.
    ProcessDelay(u32),
    /// The next paced announcement of this queue may leave (`vrrp_garp_interval`).
    Announcement(u32),
    /// Nobody on this channel has changed its state for a while.
    Listening(ChannelId),
}

/// One deadline: when it is, and which of the heap's entries stands for it.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    deadline: Option<Instant>,
    queued: Option<Instant>,
}

/// Every deadline there is.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    /// Of each instance those that are in use: one, mostly.
    instances: Vec<Vec<(Timer, Slot)>>,
    others: BTreeMap<Due, Slot>,
    heap: Heap,
    /// Master_Down_Timers have a heap of their own: before one of them ends, the driver looks for adverts.
    master_down: Heap,
}

type Heap = BinaryHeap<Reverse<(Instant, Due)>>;

impl Timers {
    /// Sets, or moves, a deadline.
    pub(crate) fn set(&mut self, due: Due, at: Instant) {
        let slot = self.slot_mut(due);
        slot.deadline = Some(at);
        if slot.queued.is_none_or(|queued| queued > at) {
            slot.queued = Some(at);
            self.heap_of(due).push(Reverse((at, due)));
        }
    }

    /// Forgets a deadline.
    pub(crate) fn cancel(&mut self, due: Due) {
        if self.deadline(due).is_some() {
            self.slot_mut(due).deadline = None;
        }
    }

    /// Forgets all deadlines of an instance, which is about to go.
    pub(crate) fn forget_instance(&mut self, instance: InstanceId) {
        if let Some(slots) = usize::try_from(instance.0).ok().and_then(|index| self.instances.get_mut(index))
        {
            *slots = Vec::new();
        }
    }

    /// Forgets every deadline.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// When this is due, if it is set.
    pub(crate) fn deadline(&self, due: Due) -> Option<Instant> {
        self.slot(due).and_then(|slot| slot.deadline)
    }

    /// The time at which [`Timers::pop`] has to be called next: never later than the earliest deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.first().map(|(at, _)| at)
    }

    /// No Master_Down_Timer ends before this.
    pub(crate) fn next_master_down(&self) -> Option<Instant> {
        self.master_down.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes the earliest deadline that has come, with the time for which it was set.
    pub(crate) fn pop(&mut self, now: Instant) -> Option<(Instant, Due)> {
        let mut moved = false;
        while let Some((at, due)) = self.first() {
            if at > now {
                if moved {
                    self.settle();
                }
                return None;
            }
            self.heap_of(due).pop();
            if self.slot(due).and_then(|slot| slot.queued) != Some(at) {
                continue; // Another entry stands for this slot, or none any more.
            }
            let slot = self.slot_mut(due);
            slot.queued = None;
            match slot.deadline {
                Some(deadline) if deadline > at => {
                    moved = true;
                    self.set(due, deadline);
                }
                Some(deadline) => {
                    debug_assert!(deadline <= now, "nothing comes before its time");
                    slot.deadline = None;
                    self.others.remove(&due);
                    return Some((deadline, due));
                }
                // Numbers of links and trackers are not used again: nothing may be left of those that are gone.
                None => {
                    self.others.remove(&due);
                }
            }
        }
        None
    }

    /// Puts entries back until the first one tells when something is due. A process that was woken for an entry whose
    /// deadline has moved would otherwise be woken for each of the others, too: a backup's deadlines all move.
    fn settle(&mut self) {
        while let Some((at, due)) = self.first() {
            let slot = self.slot(due).copied().unwrap_or_default();
            let is_its_own = slot.queued == Some(at);
            if is_its_own && slot.deadline == Some(at) {
                return;
            }
            self.heap_of(due).pop();
            if is_its_own {
                self.slot_mut(due).queued = None;
                match slot.deadline {
                    Some(deadline) => self.set(due, deadline),
                    None => {
                        self.others.remove(&due);
                    }
                }
            }
        }
    }

    /// How many deadlines are set.
    pub(crate) fn set_count(&self) -> usize {
        let of_instances = self.instances.iter().flatten().map(|(_, slot)| slot);
        of_instances.chain(self.others.values()).filter(|slot| slot.deadline.is_some()).count()
    }

    /// How many entries the heap has, those included that no longer stand for anything.
    pub(crate) fn queued_count(&self) -> usize {
        self.heap.len() + self.master_down.len()
    }

    /// The first entry of either heap.
    fn first(&self) -> Option<(Instant, Due)> {
        [&self.heap, &self.master_down]
            .into_iter()
            .filter_map(|heap| heap.peek())
            .map(|Reverse(entry)| *entry)
            .min()
    }

    const fn heap_of(&mut self, due: Due) -> &mut Heap {
        match due {
            Due::Instance(Timer::MasterDown, _) => &mut self.master_down,
            _ => &mut self.heap,
        }
    }

    fn slot(&self, due: Due) -> Option<&Slot> {
        match due {
            Due::Instance(timer, id) => {
                let slots = self.instances.get(usize::try_from(id.0).ok()?)?;
                slots.iter().find(|(of, _)| *of == timer).map(|(_, slot)| slot)
            }
            other => self.others.get(&other),
        }
    }

    fn slot_mut(&mut self, due: Due) -> &mut Slot {
        let Due::Instance(timer, id) = due else {
            return self.others.entry(due).or_default();
        };
        let index = usize::try_from(id.0).expect("a usize has at least 32 bits on every supported system");
        if self.instances.len() <= index {
            self.instances.resize_with(index + 1, Vec::new);
        }
        let slots = &mut self.instances[index];
        let is_free = |slot: &Slot| slot.deadline.is_none() && slot.queued.is_none();
        let position = slots.iter().position(|(of, _)| *of == timer).unwrap_or_else(|| {
            // A timer that is not set and not queued leaves its place to another one.
            let free = slots.iter().position(|(_, slot)| is_free(slot)).unwrap_or(slots.len());
            if free == slots.len() {
                slots.reserve_exact(1);
                slots.push((timer, Slot::default()));
            } else {
                slots[free] = (timer, Slot::default());
            }
            free
        });
        &mut slots[position].1
    }
}

#[cfg(test)]
mod tests;

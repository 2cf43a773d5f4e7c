//! How soon a channel has to be listened to.
//!
//! Most adverts that reach a backup say that nothing has changed. Many backups on one channel would be woken for each of
//! them, and a wake-up costs ten times as much as reading one more advert. So such a channel is read in batches, a few
//! in each interval, with the times at which the adverts came in: deadlines are what they would be otherwise. What
//! cannot wait is left out: releases, and adverts for virtual routers whose MASTER we are.

use crate::effect::{Attention, ChannelId, Effect};
use crate::engine::Engine;
use crate::state::Role;
use crate::timers::Due;
use crate::world::World;
use keepalived_types::{Instant, Vrid};
use std::time::Duration;

/// A channel is read in batches when nobody on it has changed its state for so long.
const SETTLED: Duration = Duration::from_millis(500);
/// Batches within the shortest interval: late by one, a backup still hears two of three adverts in time.
const BATCHES_PER_INTERVAL: u32 = 10;
/// Where intervals are so short that this would be a wake-up for a handful of adverts, there are fewer batches, but no
/// fewer than these.
const FEWEST_BATCHES: u32 = 4;
/// The wait that is aimed at then.
const SHORTEST: Duration = Duration::from_micros(2_500);
/// The longest wait: what is odd about an advert is logged no later than this.
const LONGEST: Duration = Duration::from_millis(50);
/// Fewer adverts than this in a batch are not worth it: looking for them costs a wake-up, too.
const WORTHWHILE: usize = 2;
/// Fewer instances than this cannot have so many adverts in a batch.
const FEWEST: usize = 20;

impl World {
    /// Something about the listeners of a channel has changed: it is listened to as it comes, until things have settled.
    pub(crate) fn listen_at_once(&mut self, channel: ChannelId, now: Instant) {
        if self.channels.set_in_batches(channel, false) {
            self.effects.push_back(Effect::Listen { channel, attention: Attention::AtOnce });
        }
        if self.channels.users(channel) >= FEWEST {
            self.timers.set(Due::Listening(channel), now + SETTLED);
        }
    }
}

impl Engine {
    /// Nothing has changed for a while.
    pub(crate) fn on_settled(&mut self, channel: ChannelId) {
        if self.world.channels.users(channel) < FEWEST {
            return;
        }
        if let Some(attention) = self.batches(channel) {
            self.world.channels.set_in_batches(channel, true);
            self.world.effects.push_back(Effect::Listen { channel, attention });
        }
    }

    /// The batches that suit the instances on a channel; `None` when there are too few backups for any.
    fn batches(&self, channel: ChannelId) -> Option<Attention> {
        let (mut at_once, mut intervals) = (Vec::new(), Vec::new());
        for vrid in (1..=u8::MAX).filter_map(Vrid::new) {
            for id in self.world.channels.listeners(channel, vrid) {
                match self.instances.get(*id).map(|instance| &instance.role) {
                    Some(Role::Master(_)) => at_once.push(vrid),
                    Some(Role::Backup(backup)) => intervals.push(backup.master_interval),
                    _ => {}
                }
            }
        }
        let shortest = *intervals.iter().min()?;
        let every =
            (shortest / BATCHES_PER_INTERVAL).max(SHORTEST).min(shortest / FEWEST_BATCHES).min(LONGEST);
        let millionths = |interval: &Duration| every.as_nanos() * 1_000_000 / interval.as_nanos().max(1);
        let expected = intervals.iter().map(millionths).sum::<u128>() / 1_000_000;
        let expected = usize::try_from(expected).unwrap_or(usize::MAX);
        let burst = intervals.len();
        (expected >= WORTHWHILE).then_some(Attention::InBatches { every, burst, at_once })
    }
}

//! RFC 9568 §6.4.3, the Master state (the RFC calls it Active): speaks, and holds the virtual addresses.

use crate::acceptance::{Advert, remark};
use crate::announce;
use crate::election::{Rival, rank};
use crate::encode::{send_advert, send_release};
use crate::event::{Cause, EventKind};
use crate::instance::Instance;
use crate::network;
use crate::operator;
use crate::state::{Role, Step, backup, owner};
use crate::timers::Timer;
use crate::world::World;
use keepalived_types::{Instant, Priority};
use std::time::Duration;

/// What a master remembers.
#[derive(Debug)]
pub(crate) struct Master {
    /// When others heard us last.
    pub(crate) last_sent: Instant,
    /// A second address owner that should yield.
    pub(crate) conflict: Option<owner::Conflict>,
}

/// Becomes MASTER: advert first, then the addresses, then the news of both, then the announcements. The log tells it in
/// this order, as the original's does.
pub(crate) fn enter(instance: &mut Instance, cause: Cause, world: &mut World, now: Instant) {
    let timed_out = matches!(cause, Cause::MasterDown { .. } | Cause::MasterReleased { .. });
    debug_assert!(instance.faults.is_empty(), "a faulty instance does not speak");
    debug_assert!(!instance.is_master(), "becomes what it is not");
    world.timers.cancel(instance.due(Timer::MasterDown));
    owner::set_lowered(instance, false, world);
    operator::set_back(instance, false, world);
    send_advert(instance, world);
    world.timers.set(instance.due(Timer::Advert), now + instance.own_interval());
    network::claim(instance, world);
    instance.heard.master = None;
    instance.traffic.became_master += 1;
    if timed_out {
        instance.report(world, EventKind::MasterDownTimerExpired);
    }
    instance.move_to(Role::Master(Master { last_sent: now, conflict: None }), cause, world, now);
    network::report_set(instance, world);
    announce::burst(instance, instance.config.garp.repeat.max(1), world, now);
    announce::schedule(instance, world, now);
}

/// What is still to be told of a role that was given up: the log has the new state first, as the original's does.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Left {
    was_master: bool,
    released: bool,
}

impl Left {
    /// Tells it.
    pub(crate) fn tell(self, instance: &Instance, world: &mut World) {
        if self.released {
            instance.report(world, EventKind::ReleaseSent);
        }
        if self.was_master {
            network::report_removed(instance, world);
        }
    }
}

/// Stops being MASTER, whatever comes next. `releases`: tells the backups with priority 0 that they need not wait.
pub(crate) fn leave(instance: &mut Instance, releases: bool, world: &mut World) -> Left {
    if !instance.is_master() {
        return Left { was_master: false, released: false };
    }
    let released = releases && send_release(instance, world);
    world.timers.cancel(instance.due(Timer::Advert));
    announce::cancel(instance, world);
    network::withdraw(instance, world);
    instance.traffic.released_master += 1;
    debug_assert!(world.timers.deadline(instance.due(Timer::Advert)).is_none(), "it speaks no more");
    debug_assert!(instance.output.network.is_none(), "it holds nothing any more");
    Left { was_master: true, released }
}

/// Leaves MASTER for BACKUP.
pub(crate) fn step_down(
    instance: &mut Instance,
    entry: backup::Entry,
    releases: bool,
    cause: Cause,
    world: &mut World,
    now: Instant,
) {
    let left = leave(instance, releases, world);
    backup::enter(instance, entry, cause, world, now);
    left.tell(instance, world);
}

/// Adver_Timer has come. The next one is reckoned from when this one was due, so that the period does not drift;
/// after an oversleep of a whole interval it starts anew instead of catching up.
pub(crate) fn on_advert_timer(instance: &mut Instance, due: Instant, world: &mut World, now: Instant) {
    let interval = instance.own_interval();
    send_now(instance, world, now);
    let next = due + interval;
    world.timers.set(instance.due(Timer::Advert), if next > now { next } else { now + interval });
}

/// Sends out of turn; the timer starts anew, and only because something was sent (vrrp reference D1).
pub(crate) fn send_and_restart(instance: &mut Instance, world: &mut World, now: Instant) {
    send_now(instance, world, now);
    world.timers.set(instance.due(Timer::Advert), now + instance.own_interval());
}

fn send_now(instance: &mut Instance, world: &mut World, now: Instant) {
    if send_advert(instance, world)
        && let Role::Master(master) = &mut instance.role
    {
        master.last_sent = now;
        if let Some(conflict) = &mut master.conflict {
            conflict.on_sent(now);
        }
    }
}

/// An advert has been believed.
pub(crate) fn on_advertisement(
    instance: &mut Instance,
    advert: &Advert,
    world: &mut World,
    now: Instant,
) -> Step {
    let Advert { from, priority, .. } = *advert;
    let ours = instance.priority;
    if priority.is_owner() && instance.is_address_owner() {
        instance.counters.owner_conflicts += 1;
        if instance.heard.is_first(remark::OWNER) {
            instance.report(world, EventKind::OwnerConflict { from });
        }
    }
    let rival = rank(priority, from, ours, instance.place.source);
    if priority.is_owner() && rival == Rival::Lower && owner::gives_in(instance, advert, world, now) {
        yield_to(instance, advert, false, world, now);
        return Step::Yielded;
    }
    match rival {
        Rival::Release => {
            instance.report(world, EventKind::ReleaseHeardAsMaster { from });
            send_and_restart(instance, world, now);
            Step::Stay
        }
        Rival::Higher => {
            yield_to(instance, advert, false, world, now);
            Step::Yielded
        }
        Rival::HigherAddress => {
            yield_to(instance, advert, true, world, now);
            Step::Yielded
        }
        Rival::Lower => {
            let answering = !instance.config.lower_priority_no_advert;
            if answering {
                send_and_restart(instance, world, now);
            }
            announce::after_lower_priority(instance, world, now);
            let kind = EventKind::LowerPriorityHeardAsMaster { from, priority, ours, answering };
            instance.report(world, kind);
            Step::HeardLower
        }
        // Somebody uses our address: neither can win. Nothing sensible is left to do here but to say so.
        Rival::Same => {
            if instance.heard.is_first(remark::OWN_ADDRESS) {
                instance.report(world, EventKind::OwnAddressHeard { from });
            }
            Step::Stay
        }
    }
}

/// A better router is there: no priority 0, for nobody else should take over.
fn yield_to(instance: &mut Instance, advert: &Advert, by_address: bool, world: &mut World, now: Instant) {
    let Advert { from, priority, interval, .. } = *advert;
    let ours = instance.priority;
    if instance.config.higher_priority_send_advert {
        send_now(instance, world, now);
    }
    instance.report(world, EventKind::BetterMaster { from, priority, ours, by_address });
    let entry = backup::Entry::after_master(instance, interval.unwrap_or(instance.own_interval()));
    let cause = Cause::BetterAdvert { from, priority, ours, by_address };
    step_down(instance, entry, false, cause, world, now);
    backup::expect(instance, entry, now);
    instance.heard.master = Some((from, priority));
    instance.report(world, EventKind::MasterKnown { address: from, before: None, priority });
}

/// `timer_expired_backup`: were we away so long that a router of this priority has taken over meanwhile?
pub(crate) fn was_replaced(instance: &Instance, now: Instant) -> bool {
    let Role::Master(master) = &instance.role else {
        return false;
    };
    let Some(theirs) = instance.config.timer_expired_backup.filter(|_| !instance.config.preempt) else {
        return false;
    };
    now > master.last_sent + patience_of(instance, theirs)
}

/// How long a backup of this priority waits for us.
fn patience_of(instance: &Instance, theirs: Priority) -> Duration {
    let version = instance.config.version;
    crate::intervals::master_down_interval(version, theirs, instance.own_interval(), 3)
}

//! RFC 9568 §6.4.2, the Backup state: listens, and takes over when the master falls silent.

use crate::acceptance::{Advert, remark};
use crate::event::{Cause, EventKind, State};
use crate::instance::Instance;
use crate::operator;
use crate::state::initialize::{Begin, smallest_skew};
use crate::state::{Role, Step, owner};
use crate::timers::Timer;
use crate::world::World;
use keepalived_types::{Instant, Priority};
use std::net::IpAddr;
use std::time::Duration;

/// What a backup remembers.
#[derive(Debug)]
pub(crate) struct Backup {
    /// The interval of the master that was accepted last; our own as long as there was none. RFC 9568 calls it
    /// Active_Adver_Interval.
    pub(crate) master_interval: Duration,
    /// `preempt_delay`: a lower priority master is accepted up to this moment, once one has been heard.
    pub(crate) preempts_after: Option<Instant>,
    /// Who gave up the role, if the master did.
    pub(crate) released_by: Option<IpAddr>,
    /// Until then the master that was accepted last may speak again; `None` when nobody is expected to.
    pub(crate) master_until: Option<Instant>,
}

/// How long a new backup waits for the first advert.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// The interval it reckons with.
    pub(crate) master_interval: Duration,
    /// The wait.
    pub(crate) wait: Duration,
}

impl Entry {
    /// A whole Master_Down_Interval of our own interval.
    pub(crate) fn whole(instance: &Instance) -> Self {
        Self::after_master(instance, instance.own_interval())
    }

    /// A whole Master_Down_Interval of a master with this interval.
    pub(crate) fn after_master(instance: &Instance, master_interval: Duration) -> Self {
        Self { master_interval, wait: instance.down_interval(master_interval) }
    }

    /// Skew_Time only: our addresses were taken from us, nobody else is master.
    pub(crate) fn skew(instance: &Instance) -> Self {
        let master_interval = instance.own_interval();
        Self { master_interval, wait: instance.skew_time(master_interval) }
    }

    /// One interval: an owner that could be master but for its group, or comes back from FAULT.
    pub(crate) fn impatient(instance: &Instance) -> Self {
        let master_interval = instance.own_interval();
        Self { master_interval, wait: master_interval + smallest_skew(instance) }
    }

    /// The wait of an instance that begins.
    pub(crate) fn start(instance: &Instance, how: Begin) -> Self {
        match how {
            Begin::ImpatientBackup => Self::impatient(instance),
            _ => Self::whole(instance),
        }
    }
}

/// Enters BACKUP. While the start is delayed the down timer does not run.
pub(crate) fn enter(instance: &mut Instance, entry: Entry, cause: Cause, world: &mut World, now: Instant) {
    let backup = Backup {
        master_interval: entry.master_interval,
        preempts_after: None,
        released_by: None,
        master_until: None,
    };
    debug_assert!(instance.faults.is_empty(), "a faulty instance does not listen");
    instance.move_to(Role::Backup(backup), cause, world, now);
    if !world.is_start_delayed {
        world.timers.set(instance.due(Timer::MasterDown), now + entry.wait);
    }
}

/// The entry was for a master that has just spoken.
pub(crate) fn expect(instance: &mut Instance, entry: Entry, now: Instant) {
    if let Role::Backup(backup) = &mut instance.role {
        backup.master_until = Some(now + entry.wait);
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
    if priority.is_release() {
        on_release(instance, from, world, now);
    } else if is_accepted(instance, priority, world, now) {
        accept(instance, advert, world, now);
        return if instance.group.is_some() { Step::HeardMaster } else { Step::Stay };
    } else if instance.heard.is_first(remark::LOWER) {
        // A lower priority that we may push aside: discard it and let our timer run. A member that its group holds back
        // hears one every interval, so it is said once.
        instance.report(world, EventKind::LowerPriorityHeardAsBackup { from, priority });
    }
    Step::Stay
}

/// The master resigned: wait only Skew_Time, so that the best backup moves first. Also under `nopreempt`, which forbids
/// to push a master aside, not to replace one that left.
fn on_release(instance: &mut Instance, from: IpAddr, world: &mut World, now: Instant) {
    let Role::Backup(backup) = &mut instance.role else {
        return;
    };
    backup.released_by = Some(from);
    backup.master_until = None;
    let master_interval = backup.master_interval;
    let wait =
        if instance.stands_back { operator::grace(instance) } else { instance.skew_time(master_interval) };
    world.timers.set(instance.due(Timer::MasterDown), now + wait);
    instance.report(world, EventKind::ReleaseHeardAsBackup { from });
}

/// Is a sender of this priority our master? A lower one is while we may not push it aside: under `nopreempt`, and while
/// `preempt_delay` runs, which the first such advert starts and a better one forgets.
fn is_accepted(instance: &mut Instance, priority: Priority, world: &mut World, now: Instant) -> bool {
    let delay = instance.config.preempt_delay;
    let preempts_at_once = instance.config.preempt && delay == Duration::ZERO;
    let may_preempt = instance.config.preempt;
    let is_lower = priority < instance.priority;
    if instance.stands_back || world.is_in_maintenance {
        return true;
    }
    let Role::Backup(backup) = &mut instance.role else {
        return false;
    };
    if !is_lower {
        backup.preempts_after = None;
        return true;
    }
    match backup.preempts_after {
        _ if !may_preempt => true,
        _ if preempts_at_once => false,
        Some(end) => now <= end,
        None => {
            backup.preempts_after = Some(now + delay);
            instance.report(world, EventKind::PreemptDelayStarted(delay));
            true
        }
    }
}

/// This is our master: both intervals follow its own.
fn accept(instance: &mut Instance, advert: &Advert, world: &mut World, now: Instant) {
    let Advert { from, priority, interval, .. } = *advert;
    owner::reconsider(instance, advert, world);
    instance.wanted = State::Backup;
    let is_lesser = is_lesser(instance, from, priority, now);
    let Role::Backup(backup) = &mut instance.role else {
        return;
    };
    let master_interval = interval.unwrap_or(backup.master_interval);
    if is_lesser {
        let due = instance.due(Timer::MasterDown);
        let until = now + instance.down_interval(master_interval);
        world.timers.set(due, world.timers.deadline(due).map_or(until, |deadline| deadline.max(until)));
        return;
    }
    let interval_before = std::mem::replace(&mut backup.master_interval, master_interval);
    backup.released_by = None;
    let until = now + instance.down_interval(master_interval);
    if let Role::Backup(backup) = &mut instance.role {
        backup.master_until = Some(until);
    }
    world.timers.set(instance.due(Timer::MasterDown), until);
    if interval_before != master_interval
        && let Some(channel) = instance.channel
    {
        world.listen_at_once(channel, now);
    }
    let before = instance.heard.master.replace((from, priority)).map(|(address, _)| address);
    if before != Some(from) {
        instance.heard.reported = 0;
        instance.report(world, EventKind::MasterKnown { address: from, before, priority });
    }
}

/// Is this a lesser router than a master that may still speak? It may be about to yield to that one, or does so with
/// this advert (`higher_prio_send_advert`), and then nothing more will come from it. Where intervals differ, its short one
/// would make us take over from the better master, whose next advert is still to come. So it may prolong our wait and
/// not shorten it. Should the better one be gone, its time runs out first, and then the lesser one is our master.
///
/// RFC 9568 §6.4.2 lets the last advert decide: it knows no adverts after a better one, and so no such case.
fn is_lesser(instance: &Instance, from: IpAddr, priority: Priority, now: Instant) -> bool {
    let Role::Backup(backup) = &instance.role else {
        return false;
    };
    let may_speak = backup.master_until.is_some_and(|until| now < until);
    let ranks_lower =
        |(master, best): (IpAddr, Priority)| from != master && (priority, from) < (best, master);
    may_speak && instance.heard.master.is_some_and(ranks_lower)
}

/// Nobody has been heard for long enough.
pub(crate) fn on_master_down(instance: &mut Instance, world: &mut World, now: Instant) -> Step {
    let Role::Backup(backup) = &instance.role else {
        return Step::Stay;
    };
    if world.is_in_maintenance {
        let wait = instance.down_interval(backup.master_interval);
        world.timers.set(instance.due(Timer::MasterDown), now + wait);
        return Step::Stay;
    }
    let last_master = instance.heard.master.map(|(address, _)| address);
    Step::WantsMaster(match backup.released_by {
        Some(last_master) => Cause::MasterReleased { last_master },
        None => Cause::MasterDown { last_master },
    })
}

/// The group forbids to become MASTER: waits again, and says that it would.
pub(crate) fn hold_back(instance: &mut Instance, world: &mut World, now: Instant) {
    debug_assert!(instance.group.is_some(), "nobody else can hold an instance back");
    instance.wanted = State::Master;
    let master_interval = instance.role.master_interval().unwrap_or(instance.own_interval());
    world.timers.set(instance.due(Timer::MasterDown), now + instance.down_interval(master_interval));
}

/// The effective priority changed, or the interval: the deadline moves by the difference of the two waits.
pub(crate) fn on_wait_changed(instance: &Instance, before: Duration, world: &mut World) {
    let Role::Backup(backup) = &instance.role else {
        return;
    };
    let due = instance.due(Timer::MasterDown);
    if let Some(deadline) = world.timers.deadline(due) {
        let after = instance.down_interval(backup.master_interval);
        world.timers.set(due, deadline + after - before);
    }
}

/// The start delay is over: listening begins now.
pub(crate) fn start_timer(instance: &Instance, wait: Duration, world: &mut World, now: Instant) {
    if matches!(instance.role, Role::Backup(_)) {
        world.timers.set(instance.due(Timer::MasterDown), now + wait);
    }
}

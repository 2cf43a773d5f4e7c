//! Two address owners in one virtual router: a mistake of somebody's configuration (vrrp reference 2.7).
//!
//! RFC 9568 §6.4.3 lets both stay MASTER for ever: an owner need not listen. Here the one with the lower address yields, as
//! between any two of the same priority. Should the other one not do so, the one with the higher address has had its
//! say after two adverts and some time: it lowers itself to 254, so that one MASTER remains. It is 255 again once it
//! becomes MASTER anew, or hears that the other one is no longer the master, or no longer an owner.

use crate::acceptance::Advert;
use crate::event::EventKind;
use crate::instance::Instance;
use crate::world::World;
use keepalived_types::{Instant, Priority};
use std::net::IpAddr;
use std::time::Duration;

/// Adverts that a second owner is given to notice us.
const NOTICES: u32 = 2;

/// A second owner, as the one with the higher address sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conflict {
    from: IpAddr,
    /// The longer of both intervals.
    interval: Duration,
    /// Our adverts since it was first heard.
    sent: u32,
    /// It has had its chance then.
    patience_ends: Option<Instant>,
}

impl Conflict {
    fn new(advert: &Advert, own_interval: Duration) -> Self {
        let interval = advert.interval.unwrap_or(own_interval).max(own_interval);
        Self { from: advert.from, interval, sent: 0, patience_ends: None }
    }

    /// One of our adverts has gone out.
    pub(crate) fn on_sent(&mut self, now: Instant) {
        self.sent += 1;
        if self.sent == NOTICES {
            self.patience_ends = Some(now + self.interval * 6 / 5);
        }
    }

    fn is_over(&self, now: Instant) -> bool {
        self.patience_ends.is_some_and(|end| now > end)
    }
}

/// A MASTER with 255 heard another owner whose address is lower. `true`: it has lowered itself and has to yield.
pub(crate) fn gives_in(instance: &mut Instance, advert: &Advert, world: &mut World, now: Instant) -> bool {
    let own_interval = instance.own_interval();
    let crate::state::Role::Master(master) = &mut instance.role else { return false };
    match &master.conflict {
        Some(conflict) if conflict.from == advert.from => {
            let is_over = conflict.is_over(now);
            if is_over {
                set_lowered(instance, true, world);
            }
            is_over
        }
        _ => {
            master.conflict = Some(Conflict::new(advert, own_interval));
            false
        }
    }
}

/// A BACKUP that had lowered itself heard its master: is the reason still there?
pub(crate) fn reconsider(instance: &mut Instance, advert: &Advert, world: &mut World) {
    let is_rival = instance.heard.master.is_some_and(|(master, _)| master == advert.from);
    if instance.has_lowered_itself && !(is_rival && advert.priority.is_owner()) {
        set_lowered(instance, false, world);
    }
}

/// Takes 255 back, or gives it up for 254. An owner's timers do not follow.
pub(crate) fn set_lowered(instance: &mut Instance, lowered: bool, world: &mut World) {
    if instance.has_lowered_itself == lowered {
        return;
    }
    instance.has_lowered_itself = lowered;
    let from = instance.priority;
    instance.priority = if lowered { Priority(254) } else { Priority::OWNER };
    instance.output.advert = None;
    instance.report(world, EventKind::PriorityChanged { from, to: instance.priority });
}

//! What all instances share: timers, effects, and what is known about the machine.

use crate::announce::Pacer;
use crate::channels::Channels;
use crate::effect::Effect;
use crate::event::{Event, EventKind, Subject};
use crate::links::Links;
use crate::timers::Timers;
use crate::tracking::Observed;
use std::collections::VecDeque;

/// Everything a transition may need besides the instance itself.
#[derive(Debug, Default)]
pub(crate) struct World {
    /// All deadlines.
    pub(crate) timers: Timers,
    /// What is to be done, in order.
    pub(crate) effects: VecDeque<Effect>,
    /// Interfaces and addresses.
    pub(crate) links: Links,
    /// Sockets and who listens.
    pub(crate) channels: Channels,
    /// Announcements that wait for their turn.
    pub(crate) pacer: Pacer,
    /// Last readings of scripts, files, processes and BFD sessions.
    pub(crate) observed: Observed,
    /// `vrrp_startup_delay` has not ended: nobody becomes MASTER, nobody listens.
    pub(crate) is_start_delayed: bool,
    /// An operator keeps this node out: nobody becomes MASTER.
    pub(crate) is_in_maintenance: bool,
}

impl World {
    /// Reports something about somebody.
    pub(crate) fn report(&mut self, subject: Subject, kind: EventKind) {
        self.effects.push_back(Effect::Event(Box::new(Event { subject, kind })));
    }
}

//! What every part of the engine may write to: effects, the wanted table, the schedule.

use crate::alike::Pool;
use crate::checker::Checker;
use crate::config;
use crate::effect::{CheckId, Effect};
use crate::event::{Event, EventKind};
use crate::schedule::Agenda;
use crate::settings::Settings;
use crate::shared::Companions;
use crate::wanted::Wanted;
use keepalived_types::Instant;
use keepalived_types::ipvs::{ConnectionTimeouts, TableOperation};
use std::collections::VecDeque;

/// Effects that there is room for all the time.
const ROOM_FOR_EFFECTS: usize = 256;

/// Everything that is not a virtual server.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) effects: VecDeque<Effect>,
    pub(crate) wanted: Wanted,
    pub(crate) agenda: Agenda,
    pub(crate) companions: Companions,
    pub(crate) settings: Settings,
    /// The kernel's time-outs before we changed any.
    pub(crate) kernel_timeouts: ConnectionTimeouts,
    /// Changes of the table are taken in, and the kernel is told the difference to what it has later.
    pub(crate) held_back: bool,
    next_check: u64,
    /// What checks have in common, while they are made.
    pub(crate) alike: Pool,
}

impl World {
    /// Nothing is wanted yet.
    pub(crate) fn new(settings: Settings, seed: u64) -> Self {
        Self { settings, agenda: Agenda::new(seed), ..Self::default() }
    }

    /// A start has tens of thousands of effects, the years after it have a few at a time.
    pub(crate) fn give_back_room(&mut self) {
        if self.effects.is_empty() && self.effects.capacity() > ROOM_FOR_EFFECTS {
            self.effects.shrink_to(ROOM_FOR_EFFECTS);
        }
    }

    /// Tells about a virtual server, or about one of its real servers.
    pub(crate) fn report(&mut self, virtual_server: &str, real_server: Option<&str>, kind: EventKind) {
        let event = Event {
            virtual_server: virtual_server.to_owned(),
            real_server: real_server.map(str::to_owned),
            kind,
        };
        self.effects.push_back(Effect::Event(Box::new(event)));
    }

    /// Changes what is wanted, and the kernel's table when that makes a difference.
    pub(crate) fn operate(&mut self, operation: TableOperation) {
        if let Some(operation) = self.wanted.apply(operation)
            && !self.held_back
        {
            self.effects.push_back(Effect::Table(operation));
        }
    }

    /// Tells the kernel something that is no change of what is wanted.
    pub(crate) fn command(&mut self, operation: TableOperation) {
        self.effects.push_back(Effect::Table(operation));
    }

    /// The checker's next attempt begins at this time, and at no other.
    pub(crate) fn set_due(&mut self, checker: &mut Checker, at: Instant) {
        if checker.progress.due.replace(at) != Some(at) {
            self.agenda.add(checker.id, at);
        }
    }

    /// A checker with a number that none had before.
    pub(crate) fn new_checker(&mut self, config: config::Checker) -> Checker {
        self.next_check += 1;
        Checker::new(CheckId(self.next_check), config, &mut self.alike)
    }
}

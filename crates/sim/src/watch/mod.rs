//! Looks on, and objects when something happens that must never happen, or does not happen in time.
//!
//! What it holds against a run:
//!
//! - Once a virtual router has had time to settle, each connected part of its segment has exactly one MASTER, the best
//!   router if all may preempt, and no state changes until something happens (`masters.rs`, `calm.rs`).
//! - Virtual addresses are on the machines of masters, all of them, and nowhere else (`node.rs`).
//! - A MASTER's adverts are never further apart than its interval (`node.rs`), and a backup takes over no sooner than
//!   three intervals after a better advert (`lan/effects.rs`).
//! - Every state change is said once, with a cause that fits it (`transition.rs`), and the snapshot agrees (`node.rs`).
//! - A reload has no effect on instances that it does not change (`lan/operator.rs`).
//! - The effective priority is the sum of what is true, whatever has happened before, and whoever lacks something is in
//!   FAULT (`masters.rs`, by the arithmetic of `tracked.rs`).
//! - The members of a sync group are in one state, but for a bounded time after a reload (`node.rs`).
//! - No packet vanishes (`calm.rs`): each copy is lost, under way, for no socket, or handed over; and each that was handed
//!   over is counted once, as used, as refused by one check, or as for nobody (`node.rs`).
//! - No more deadlines are set than states and configuration explain, and none is left behind (`node.rs`).
//! - Nobody takes part on an interface that is gone, that has been down for longer than its delay, or without an address to
//!   send from; and whoever names one of these as a reason for FAULT has been told of it (`links.rs`). So a link that is
//!   down for a shorter time than its delay, or that is not tracked, changes no state.
//! - A virtual address that nobody tracks may be lost, and nothing changes (`lan/operator.rs`).
//! - A lower priority is let be for as long as `preempt_delay` says (`lan/delivery.rs`).
//! - Whoever is MASTER or BACKUP waits for something, and a timer that was handled is not due any more.

mod calm;
mod links;
mod masters;
mod node;
#[cfg(test)]
mod tests;
pub(crate) mod transition;

use crate::node::RouterKey;
use calm::Calm;
use keepalived_types::Instant;
use std::collections::BTreeMap;
use std::fmt;

/// Something that must not happen, happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// When.
    pub at: Instant,
    /// What.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {}: {}", self.at, self.what)
    }
}

impl std::error::Error for Violation {}

/// What the watch remembers.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    routers: BTreeMap<RouterKey, Calm>,
    violation: Option<Violation>,
}

impl Watch {
    /// Keeps the first objection; what follows is mostly a consequence of it.
    pub(crate) fn object(&mut self, at: Instant, what: String) {
        self.violation.get_or_insert(Violation { at, what });
    }

    /// Nothing to object to so far?
    pub(crate) const fn is_content(&self) -> bool {
        self.violation.is_none()
    }

    /// The first objection.
    pub(crate) fn verdict(&self) -> Result<(), Violation> {
        self.violation.clone().map_or(Ok(()), Err)
    }
}

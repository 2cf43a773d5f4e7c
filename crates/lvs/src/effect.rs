//! What the driver has to do.

use crate::config::ActiveCheck;
use crate::event::Event;
use keepalived_types::Marking;
use keepalived_types::ipvs::TableOperation;
use std::sync::Arc;

/// A check of a real server. Never used again for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CheckId(pub u64);

/// Something to be done, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Make one attempt, and report its end with `Engine::handle_outcome`.
    RunCheck {
        /// Whose outcome it will be.
        check: CheckId,
        /// What to do.
        what: Arc<ActiveCheck>,
        /// `HTTP_GET`, `SSL_GET`: which of the urls; 0 for other checks.
        url: usize,
    },
    /// Nobody waits for this attempt any more.
    AbandonCheck(CheckId),
    /// Change the kernel's table. A refusal is reported with `Engine::handle_refusal`. Operations that follow one
    /// another may be sent together.
    Table(TableOperation),
    /// From now on these packets get their firewall marks, and no others from a table of this name. It belongs behind
    /// the operations on the table of the same turn.
    Mark(Marking),
    /// Something happened that somebody may want to know.
    Event(Box<Event>),
}

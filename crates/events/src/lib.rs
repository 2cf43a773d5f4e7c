//! What happened and what is: the only two things a surface may see.
//!
//! An [`Event`] says what happened, to whom, why and when; a [`Snapshot`] is everything an operator can ask. Both
//! travel from the processes to the supervisor.

#![forbid(unsafe_code)]

mod history;
mod packed;
mod server_name;
mod shared;

pub use history::{History, Standing};
pub use packed::Packed;

use keepalived_lvs as lvs;
use keepalived_types::Instant;
use keepalived_vrrp as vrrp;
use serde::{Deserialize, Serialize};
use std::time::SystemTime;

/// Something that happened in one of the processes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Counts up by one per event of a process, from 1: a gap means that events were dropped.
    pub sequence: u64,
    /// When, by the wall clock.
    pub wall: SystemTime,
    /// When, by the monotonic clock: for durations.
    pub at: Instant,
    /// What.
    pub what: What,
}

/// Where it happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// In the VRRP process.
    Vrrp(vrrp::Event),
    /// In the checker process.
    Lvs(lvs::Event),
}

/// Everything an operator can ask, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The VRRP instances.
    pub vrrp: vrrp::Snapshot,
    /// The virtual servers.
    pub lvs: lvs::Snapshot,
}

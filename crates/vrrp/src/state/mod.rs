//! The states of a virtual router, one file each, in the order of RFC 9568 §6.4; `owner.rs` is a quarrel inside MASTER.
//!
//! A handler decides for one instance alone and says in a [`Step`] what its sync group has to know; the group's rules
//! are applied outside (`sync_group.rs`).

pub(crate) mod backup;
pub(crate) mod fault;
pub(crate) mod initialize;
pub(crate) mod master;
pub(crate) mod owner;

use crate::event::{Cause, State};
use std::time::Duration;

/// The state with what only that state has.
#[derive(Debug)]
pub(crate) enum Role {
    /// Not started: RFC 9568 §6.4.1.
    Initialize,
    /// RFC 9568 §6.4.2.
    Backup(backup::Backup),
    /// RFC 9568 §6.4.3.
    Master(master::Master),
    /// Cannot take part until something comes back; the RFC knows it as Initialize after a Shutdown event.
    Fault,
    /// Has been told to stop.
    Stopped,
    /// Was taken away by a reload; announced as DELETED, or as FAULT where DELETED was not asked for.
    Removed(State),
}

impl Role {
    /// The state that others see.
    pub(crate) const fn state(&self) -> State {
        match self {
            Self::Initialize => State::Initialize,
            Self::Backup(_) => State::Backup,
            Self::Master(_) => State::Master,
            Self::Fault => State::Fault,
            Self::Stopped => State::Stop,
            Self::Removed(state) => *state,
        }
    }

    /// The interval of the master that a backup listens to.
    pub(crate) const fn master_interval(&self) -> Option<Duration> {
        match self {
            Self::Backup(backup) => Some(backup.master_interval),
            _ => None,
        }
    }
}

/// What a handler asks its caller for.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Step {
    /// Nothing.
    Stay,
    /// The down timer of a backup has ended: it becomes MASTER unless its group forbids.
    WantsMaster(Cause),
    /// A MASTER has yielded to a better one: its group follows.
    Yielded,
    /// A BACKUP that belongs to a group heard its master: members that are MASTER all the same follow it.
    HeardMaster,
    /// A MASTER heard a lower priority: the group's other masters announce, too.
    HeardLower,
}

#[cfg(test)]
mod tests;

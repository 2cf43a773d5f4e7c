//! RFC 9568 §6.4.1, the Initialize state: nobody speaks or listens before the machine is known.

use crate::event::Cause;
use crate::instance::Instance;
use crate::network;
use crate::state::{backup, fault, master};
use crate::world::World;
use keepalived_types::{Instant, Priority};

/// How an instance begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begin {
    /// As BACKUP, whatever its priority.
    Backup,
    /// As BACKUP that takes over after one interval: an owner whose group has other members than owners.
    ImpatientBackup,
    /// As MASTER: an address owner.
    Owner,
    /// As MASTER: a process before this one was, and was killed.
    Adopted,
}

/// Leaves Initialize. Addresses that an earlier process left behind are unwanted from here on, unless they are adopted.
pub(crate) fn begin(instance: &mut Instance, how: Begin, world: &mut World, now: Instant) {
    match how {
        Begin::Adopted => master::enter(instance, Cause::Adopted, world, now),
        Begin::Owner if !world.is_start_delayed => master::enter(instance, Cause::AddressOwner, world, now),
        Begin::Backup | Begin::ImpatientBackup | Begin::Owner => {
            network::withdraw(instance, world);
            backup::enter(instance, backup::Entry::start(instance, how), Cause::Start, world, now);
        }
    }
}

/// Leaves Initialize for FAULT.
pub(crate) fn begin_in_fault(instance: &mut Instance, cause: Cause, world: &mut World, now: Instant) {
    network::withdraw(instance, world);
    fault::enter(instance, cause, world, now);
}

/// The smallest skew there is, that of an owner.
pub(crate) fn smallest_skew(instance: &Instance) -> std::time::Duration {
    crate::intervals::skew_time(instance.config.version, Priority::OWNER, instance.own_interval())
}

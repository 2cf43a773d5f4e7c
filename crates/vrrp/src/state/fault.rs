//! FAULT: something the instance depends on is missing. It neither speaks nor listens.

use crate::announce;
use crate::config::Transport;
use crate::event::Cause;
use crate::instance::Instance;
use crate::place::Place;
use crate::state::{Role, backup, master};
use crate::timers::Timer;
use crate::world::World;
use keepalived_types::{Family, Instant};

/// Enters FAULT. A MASTER says so, once (vrrp reference D8), where there is still something to say it with.
pub(crate) fn enter(instance: &mut Instance, cause: Cause, world: &mut World, now: Instant) {
    debug_assert!(!instance.faults.is_empty(), "FAULT has a reason");
    let link_exists = instance.place.link.is_none_or(|index| world.links.get(index).is_some());
    let left = master::leave(instance, link_exists && can_be_sent(instance, world), world);
    world.timers.cancel(instance.due(Timer::MasterDown));
    instance.move_to(Role::Fault, cause, world, now);
    left.tell(instance, world);
}

/// Over IPv6 the kernel sends nothing from an address that is gone; over IPv4 the header is ours.
fn can_be_sent(instance: &Instance, world: &World) -> bool {
    let Place { link, source, .. } = instance.place;
    instance.config.family == Family::V4 || source.is_some_and(|source| world.links.has_source(link, source))
}

/// Every reason is gone. Always by way of BACKUP: others may be master by now.
pub(crate) fn leave(instance: &mut Instance, world: &mut World, now: Instant) {
    debug_assert!(instance.faults.is_empty(), "every reason is gone");
    instance.heard.master = None;
    let entry = if instance.starts_as_master() {
        backup::Entry::impatient(instance)
    } else {
        backup::Entry::whole(instance)
    };
    if matches!(instance.config.transport, Transport::Unicast { .. }) {
        announce::source(instance, world, now);
    }
    backup::enter(instance, entry, Cause::FaultsCleared, world, now);
}

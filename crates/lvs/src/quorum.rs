//! Are there enough servers? The quorum with its hysteresis, and the sorry server that stands in (lvs reference 4.5).

use crate::event::{EventKind, QuorumSum};
use crate::servers::VirtualServer;
use crate::transition::{put, take};
use crate::world::World;
use keepalived_types::ipvs::TableOperation;

/// The weight of a sorry server that stands in.
const SORRY_WEIGHT: u32 = 1;

/// Looks whether the quorum is gained or lost. `initial` at a start or a reload, when it may never have been there.
pub(crate) fn evaluate(virtual_server: &mut VirtualServer, initial: bool, world: &mut World) {
    let quorum = &virtual_server.config.quorum;
    let upper = u64::from(quorum.weight) + u64::from(quorum.hysteresis);
    let lower = lower(virtual_server);
    let weight = virtual_server.weight;
    if !virtual_server.quorum_up && weight >= upper && weight > 0 {
        gain(virtual_server, upper, initial, world);
        return;
    }
    let has_idle_sorry = virtual_server.sorry.as_ref().is_some_and(|sorry| !sorry.alive);
    if is_lost(virtual_server) {
        lose(virtual_server, lower, initial, world);
    } else if initial && !virtual_server.quorum_up && has_idle_sorry {
        lose(virtual_server, upper, true, world);
    }
}

/// Less than this loses the quorum.
fn lower(virtual_server: &VirtualServer) -> u64 {
    let quorum = &virtual_server.config.quorum;
    u64::from(quorum.weight.saturating_sub(quorum.hysteresis))
}

/// It was there, and there is not enough for it any more.
pub(crate) fn is_lost(virtual_server: &VirtualServer) -> bool {
    let weight = virtual_server.weight;
    virtual_server.quorum_up && (weight == 0 || weight < lower(virtual_server))
}

/// The sorry server stood in when the process was killed that this one replaces: it goes on, and nobody is told.
pub(crate) fn stand_in_again(virtual_server: &mut VirtualServer, world: &mut World) {
    if !virtual_server.sorry.as_ref().is_some_and(|sorry| sorry.alive && !sorry.placed) {
        return;
    }
    put_sorry(virtual_server, SORRY_WEIGHT, world);
}

/// The numbers of a decision.
pub(crate) fn sum(virtual_server: &VirtualServer, threshold: u64) -> QuorumSum {
    let quorum = &virtual_server.config.quorum;
    QuorumSum {
        quorum: quorum.weight,
        hysteresis: quorum.hysteresis,
        weight: virtual_server.weight,
        threshold,
    }
}

fn gain(virtual_server: &mut VirtualServer, threshold: u64, initial: bool, world: &mut World) {
    virtual_server.quorum_up = true;
    let kind = EventKind::QuorumGained(sum(virtual_server, threshold));
    world.report(&virtual_server.name, None, kind);
    if virtual_server.sorry_is_active() {
        retire_sorry(virtual_server, world);
        fill_pool(virtual_server, world);
    } else if initial {
        // A reload took away the sorry server that stood in for them.
        put_all(virtual_server, world);
    }
    announce(virtual_server, sum(virtual_server, threshold), initial, world);
}

fn lose(virtual_server: &mut VirtualServer, threshold: u64, initial: bool, world: &mut World) {
    virtual_server.quorum_up = false;
    let kind = EventKind::QuorumLost { sum: sum(virtual_server, threshold), initial };
    world.report(&virtual_server.name, None, kind);
    if let Some(sorry) = virtual_server.sorry.as_mut().filter(|sorry| !sorry.alive) {
        sorry.alive = true;
        let inhibited = sorry.config.inhibit;
        world.report(&virtual_server.name, Some(&sorry.name), EventKind::SorryServerAdded { inhibited });
        world.report(&virtual_server.name, None, EventKind::PoolEmptied);
        empty_pool(virtual_server, world);
        put_sorry(virtual_server, SORRY_WEIGHT, world);
    }
    announce(virtual_server, sum(virtual_server, threshold), initial, world);
}

/// The servers that are up leave the pool; they stay up.
fn empty_pool(virtual_server: &mut VirtualServer, world: &mut World) {
    for server in 0..virtual_server.servers.len() {
        let real = &virtual_server.servers[server];
        match (real.alive && real.placed, real.config.inhibit_on_failure) {
            (true, true) => put(virtual_server, server, 0, world),
            (true, false) => take(virtual_server, server, world),
            (false, _) => {}
        }
    }
}

/// The servers that are up go into the pool.
pub(crate) fn fill_pool(virtual_server: &mut VirtualServer, world: &mut World) {
    world.report(&virtual_server.name, None, EventKind::PoolFilled);
    put_all(virtual_server, world);
}

fn put_all(virtual_server: &mut VirtualServer, world: &mut World) {
    for server in 0..virtual_server.servers.len() {
        let real = &virtual_server.servers[server];
        if real.alive {
            let weight = real.effective_weight();
            put(virtual_server, server, weight, world);
        }
    }
}

/// The sorry server does not stand in any more.
pub(crate) fn retire_sorry(virtual_server: &mut VirtualServer, world: &mut World) {
    let Some(sorry) = virtual_server.sorry.as_mut() else { return };
    sorry.alive = false;
    let inhibited = sorry.config.inhibit;
    world.report(&virtual_server.name, Some(&sorry.name), EventKind::SorryServerRemoved { inhibited });
    if inhibited {
        put_sorry(virtual_server, 0, world);
    } else {
        take_sorry(virtual_server, world);
    }
}

/// The sorry server belongs into the table with this weight.
pub(crate) fn put_sorry(virtual_server: &mut VirtualServer, weight: u32, world: &mut World) {
    let Some(sorry) = virtual_server.sorry.as_mut() else { return };
    let placed = std::mem::replace(&mut sorry.placed, true);
    let Some(sorry) = &virtual_server.sorry else { return };
    let operations = virtual_server.on_each_service(|key| {
        let destination = sorry.destination(key, weight);
        if placed {
            TableOperation::EditDestination(key, destination)
        } else {
            TableOperation::AddDestination(key, destination)
        }
    });
    operations.into_iter().for_each(|operation| world.operate(operation));
}

/// The sorry server does not belong into the table.
pub(crate) fn take_sorry(virtual_server: &mut VirtualServer, world: &mut World) {
    let Some(sorry) = virtual_server.sorry.as_mut() else { return };
    if !std::mem::replace(&mut sorry.placed, false) {
        return;
    }
    let Some(sorry) = &virtual_server.sorry else { return };
    let operations = virtual_server
        .on_each_service(|key| TableOperation::RemoveDestination(key, sorry.destination(key, 0).key));
    operations.into_iter().for_each(|operation| world.operate(operation));
}

/// Whoever wants to know the state of the virtual server is told.
pub(crate) fn announce(virtual_server: &VirtualServer, sum: QuorumSum, initial: bool, world: &mut World) {
    let quorum = &virtual_server.config.quorum;
    let script = if virtual_server.quorum_up { &quorum.up } else { &quorum.down };
    let kind = EventKind::VirtualServerAnnounced {
        up: virtual_server.quorum_up,
        stopping: false,
        quiet: false,
        script: script.clone(),
        initial,
        sum,
        mail: virtual_server.config.presentation.smtp_alert,
    };
    world.report(&virtual_server.name, None, kind);
}

//! What a checker's report changes: its server, the server's place in the table, the weight (lvs reference 4.4, 4.6).

use crate::event::{CheckLabel, EventKind};
use crate::outcome::Failure;
use crate::quorum;
use crate::servers::VirtualServer;
use crate::verdict::Report;
use crate::world::World;
use keepalived_types::ipvs::TableOperation;

/// A checker of a server reports; with `failure` it says why the server does not do its job.
pub(crate) fn report(
    virtual_server: &mut VirtualServer,
    server: usize,
    checker: usize,
    report: Report,
    failure: Option<Failure>,
    world: &mut World,
) {
    let up = report == Report::Up;
    let Some(real) = virtual_server.servers.get_mut(server) else { return };
    let was_alive = real.alive;
    let Some(checked) = real.checkers.get_mut(checker) else { return };
    let first = !std::mem::replace(&mut checked.has_run, true);
    let check = checked.label();
    let changes = checked.is_up != up;
    if !first && !changes {
        return;
    }
    follow(virtual_server, server, checker, up, first, world);
    let Some(real) = virtual_server.servers.get(server) else { return };
    // What a first check only confirms is mailed for programs alone, as in the original.
    let mail = real.config.presentation.smtp_alert && (changes || matches!(check, CheckLabel::Misc(_)));
    let alive = real.alive;
    let decisive = alive != was_alive;
    let kind = EventKind::CheckerReported { check, up, failure, alive, decisive, mail };
    world.report(&virtual_server.name, Some(&real.name()), kind);
}

/// What a report means for the server.
fn follow(
    virtual_server: &mut VirtualServer,
    server: usize,
    checker: usize,
    up: bool,
    first: bool,
    world: &mut World,
) {
    let Some(real) = virtual_server.servers.get_mut(server) else { return };
    let failed = real.failed;
    let Some(checked) = real.checkers.get_mut(checker) else { return };
    if checked.is_up == up {
        if first && (!up || checked.is_alpha()) {
            announce(virtual_server, server, world);
        }
        return;
    }
    if up {
        if failed <= 1 {
            set_alive(virtual_server, server, true, world);
        }
    } else if failed == 0 {
        set_alive(virtual_server, server, false, world);
    }
    if let Some(real) = virtual_server.servers.get_mut(server) {
        real.failed = if up { real.failed.saturating_sub(1) } else { real.failed + 1 };
        if let Some(checked) = real.checkers.get_mut(checker) {
            checked.is_up = up;
        }
    }
    if !up {
        forget_contribution(virtual_server, server, checker);
    }
}

/// A checker that failed adds nothing any more, which concerns nobody: its server is out of service.
fn forget_contribution(virtual_server: &mut VirtualServer, server: usize, checker: usize) {
    let Some(real) = virtual_server.servers.get_mut(server) else { return };
    let Some(checked) = real.checkers.get_mut(checker) else { return };
    debug_assert!(!real.alive, "a failed checker keeps its server out of service");
    real.weight -= std::mem::take(&mut checked.contribution);
}

/// The server goes into service or out of it, unless it is so already.
pub(crate) fn set_alive(virtual_server: &mut VirtualServer, server: usize, alive: bool, world: &mut World) {
    let parked = !virtual_server.quorum_up && virtual_server.sorry_is_active();
    let Some(real) = virtual_server.servers.get_mut(server) else { return };
    if real.alive == alive {
        return;
    }
    real.alive = alive;
    let weight = real.effective_weight();
    let inhibited = real.config.inhibit_on_failure;
    let kind = if alive { EventKind::Adding { inhibited } } else { EventKind::Removing { inhibited } };
    world.report(&virtual_server.name, Some(&real.name()), kind);
    virtual_server.weight = if alive {
        virtual_server.weight + u64::from(weight)
    } else {
        virtual_server.weight.saturating_sub(u64::from(weight))
    };
    if !parked {
        match (alive, inhibited) {
            (true, _) => put(virtual_server, server, weight, world),
            (false, true) => put(virtual_server, server, 0, world),
            (false, false) => take(virtual_server, server, world),
        }
    }
    announce(virtual_server, server, world);
    quorum::evaluate(virtual_server, false, world);
}

/// The server belongs into the table with this weight.
pub(crate) fn put(virtual_server: &mut VirtualServer, server: usize, weight: u32, world: &mut World) {
    let Some(real) = virtual_server.servers.get_mut(server) else { return };
    let placed = std::mem::replace(&mut real.placed, true);
    let real = &virtual_server.servers[server];
    for operation in virtual_server.on_each_service(|key| {
        let destination = real.destination(key, weight);
        if placed {
            TableOperation::EditDestination(key, destination)
        } else {
            TableOperation::AddDestination(key, destination)
        }
    }) {
        world.operate(operation);
    }
}

/// The server does not belong into the table.
pub(crate) fn take(virtual_server: &mut VirtualServer, server: usize, world: &mut World) {
    let Some(real) = virtual_server.servers.get_mut(server) else { return };
    if !std::mem::replace(&mut real.placed, false) {
        return;
    }
    let real = &virtual_server.servers[server];
    for operation in virtual_server
        .on_each_service(|key| TableOperation::RemoveDestination(key, real.destination(key, 0).key))
    {
        world.operate(operation);
    }
}

/// Whoever wants to know the state of the server is told, mails excepted: those are a checker's.
pub(crate) fn announce(virtual_server: &VirtualServer, server: usize, world: &mut World) {
    announce_with(virtual_server, server, false, world);
}

/// The same when the configuration no longer has the server: no checker speaks for it any more.
pub(crate) fn announce_removed(virtual_server: &VirtualServer, server: usize, world: &mut World) {
    let mail = virtual_server.servers.get(server).is_some_and(|real| real.config.presentation.smtp_alert);
    announce_with(virtual_server, server, mail, world);
}

fn announce_with(virtual_server: &VirtualServer, server: usize, mail: bool, world: &mut World) {
    let Some(real) = virtual_server.servers.get(server) else { return };
    let script = if real.alive { &real.config.notify_up } else { &real.config.notify_down };
    let kind = EventKind::RealServerAnnounced {
        up: real.alive,
        stopping: false,
        quiet: false,
        script: script.clone(),
        mail,
    };
    world.report(&virtual_server.name, Some(&real.name()), kind);
}

/// A checker adds so much to its server's weight from now on.
pub(crate) fn contribute(
    virtual_server: &mut VirtualServer,
    server: usize,
    checker: usize,
    contribution: i64,
    world: &mut World,
) {
    let Some(real) = virtual_server.servers.get_mut(server) else { return };
    let Some(checked) = real.checkers.get_mut(checker) else { return };
    let change = contribution - std::mem::replace(&mut checked.contribution, contribution);
    set_weight(virtual_server, server, change, world);
}

fn set_weight(virtual_server: &mut VirtualServer, server: usize, change: i64, world: &mut World) {
    let parked = virtual_server.sorry_is_active();
    let Some(real) = virtual_server.servers.get_mut(server) else { return };
    let from = real.effective_weight();
    real.weight += change;
    let to = real.effective_weight();
    if from == to {
        return;
    }
    let (active, placed) = (real.alive, real.placed);
    world.report(&virtual_server.name, Some(&real.name()), EventKind::WeightChanged { from, to, active });
    if !active {
        return;
    }
    virtual_server.weight = virtual_server.weight.saturating_sub(u64::from(from)) + u64::from(to);
    if placed && !parked {
        put(virtual_server, server, to, world);
    }
    quorum::evaluate(virtual_server, false, world);
}

//! Virtual servers come into the table (lvs reference 4.1 to 4.3).

use crate::checker::{Checker, What};
use crate::event::EventKind;
use crate::quorum;
use crate::servers::{RealServer, VirtualServer};
use crate::target;
use crate::transition;
use crate::verdict::{FileVerdict, on_file};
use crate::world::World;
use keepalived_types::ipvs::TableOperation;
use std::collections::HashMap;

/// The number in each followed file.
pub(crate) type Files = HashMap<String, i32>;

/// Makes the checkers of a server as they are at start: presumed up, or down with `alpha`.
pub(crate) fn make_checkers(real: &mut RealServer, files: &Files, world: &mut World) {
    let configured = std::mem::take(&mut real.config.checkers);
    real.checkers = configured.into_iter().map(|config| world.new_checker(config)).collect();
    real.checkers.iter_mut().for_each(|checker| follow_file(checker, files));
    count(real);
}

/// Values of files are known from the beginning.
pub(crate) fn follow_file(checker: &mut Checker, files: &Files) {
    if let What::File(check) = &checker.what {
        let verdict = on_file(check, files.get(&check.file).copied().unwrap_or(0));
        checker.is_up = verdict != FileVerdict::Down;
        checker.contribution = match verdict {
            FileVerdict::Down => 0,
            FileVerdict::Up(contribution) => contribution,
        };
    }
}

/// Sums up what the checkers of a server say.
pub(crate) fn count(real: &mut RealServer) {
    real.failed = real.checkers.iter().filter(|checker| !checker.is_up).count();
    let contributions: i64 = real.checkers.iter().map(|checker| checker.contribution).sum();
    real.weight = i64::from(real.config.weight.get()) + contributions;
}

/// The services and servers that are not in the table yet.
pub(crate) fn bring_up(virtual_server: &mut VirtualServer, world: &mut World) {
    let is_carried = std::mem::replace(&mut virtual_server.alive, true);
    let fresh = std::mem::take(&mut virtual_server.fresh);
    if is_carried {
        report_added_entries(virtual_server, &fresh, world);
    }
    for target in &fresh {
        world.operate(TableOperation::AddService(target::service(&virtual_server.config, target.key)));
    }
    report_large_entries(virtual_server, &fresh, world);
    let parked = !virtual_server.quorum_up && virtual_server.sorry_is_active();
    for server in 0..virtual_server.servers.len() {
        let real = &virtual_server.servers[server];
        if real.placed {
            let weight = real.table_weight(parked);
            for target in &fresh {
                let destination = real.destination(target.key, weight);
                world.operate(TableOperation::AddDestination(target.key, destination));
            }
        } else {
            bring_up_server(virtual_server, server, world);
        }
    }
    if let Some(sorry) = virtual_server.sorry.as_ref().filter(|sorry| sorry.placed) {
        for target in &fresh {
            let destination = sorry.destination(target.key, u32::from(sorry.alive));
            world.operate(TableOperation::AddDestination(target.key, destination));
        }
    }
    // A quorum that is lost because servers left is told of as at any other time, else as at a start.
    let initial = !std::mem::replace(&mut virtual_server.bereft, false);
    quorum::evaluate(virtual_server, initial, world);
    quorum::stand_in_again(virtual_server, world);
    keep_idle_sorry(virtual_server, world);
}

/// An inhibited sorry server is always in the table.
fn keep_idle_sorry(virtual_server: &mut VirtualServer, world: &mut World) {
    let Some(sorry) = virtual_server.sorry.as_mut().filter(|sorry| sorry.config.inhibit && !sorry.placed)
    else {
        return;
    };
    if !sorry.config.is_real_server {
        quorum::put_sorry(virtual_server, 0, world);
        return;
    }
    // As a real server it is there with that one's weight; it just must not go with it.
    sorry.placed = true;
    let idle: Vec<_> =
        virtual_server.targets.iter().map(|target| (target.key, sorry.destination(target.key, 0))).collect();
    for (key, idle) in idle {
        let present = world.wanted.service(key).and_then(|service| service.destination(idle.key));
        world.operate(TableOperation::AddDestination(key, present.unwrap_or(idle)));
    }
}

/// A server that nobody knows yet: it goes in unless a checker has failed.
fn bring_up_server(virtual_server: &mut VirtualServer, server: usize, world: &mut World) {
    let parked = !virtual_server.quorum_up && virtual_server.sorry_is_active();
    let stands_in = virtual_server.stands_in(server);
    let real = &mut virtual_server.servers[server];
    if real.alive {
        return;
    }
    let (weight, inhibited) = (real.effective_weight(), real.config.inhibit_on_failure);
    if real.failed > 0 {
        if inhibited && !stands_in {
            transition::put(virtual_server, server, 0, world);
        }
        return;
    }
    real.alive = true;
    virtual_server.weight += u64::from(weight);
    match (parked, inhibited) {
        (false, _) => transition::put(virtual_server, server, weight, world),
        (true, true) if !stands_in => transition::put(virtual_server, server, 0, world),
        (true, _) => {}
    }
    if world.settings.announce_at_start {
        transition::announce(virtual_server, server, world);
    }
}

fn report_added_entries(virtual_server: &VirtualServer, fresh: &[target::Target], world: &mut World) {
    let Some(group) = virtual_server.group().filter(|_| virtual_server.mark.is_none()) else { return };
    for entry in fresh.chunk_by(|one, other| one.entry == other.entry) {
        let number = entry.first().map_or(0, |target| target.entry);
        let kind =
            EventKind::GroupEntryAdded { entry: virtual_server.entry_name(number), group: group.to_owned() };
        world.report(&virtual_server.name, None, kind);
    }
}

fn report_large_entries(virtual_server: &VirtualServer, fresh: &[target::Target], world: &mut World) {
    let mut reported = None;
    for target in fresh.iter().filter(|_| virtual_server.mark.is_none()) {
        let entry = virtual_server.entries.get(target.entry).filter(|_| reported != Some(target.entry));
        reported = Some(target.entry);
        if entry.is_some_and(target::is_too_large) {
            let kind = EventKind::GroupEntryTooLarge {
                entry: virtual_server.entry_name(target.entry),
                group: virtual_server.group().unwrap_or_default().to_owned(),
                limit: target::ENTRY_LIMIT,
            };
            world.report(&virtual_server.name, None, kind);
        }
    }
}

//! What a virtual server of a new configuration takes over from its predecessor (lvs reference 4.11).

use crate::checker::{Checker, What};
use crate::effect::Effect;
use crate::event::EventKind;
use crate::quorum;
use crate::servers::{RealServer, SorryServer, VirtualServer};
use crate::start::{self, Files};
use crate::target;
use crate::transition;
use crate::verdict;
use crate::world::World;
use keepalived_types::ipvs::{Destination, DestinationKey, ServiceKey, TableOperation};
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

/// Takes everything over that both have, and takes away what only the old one has.
pub(crate) fn carry(old: &mut VirtualServer, new: &mut VirtualServer, files: &Files, world: &mut World) {
    new.alive = old.alive;
    drop_entries(old, new, world);
    edit_services(old, new, world);
    let places: HashMap<_, _> =
        new.servers.iter().enumerate().map(|(index, real)| (real.place(), index)).collect();
    drop_servers(old, &places, world);
    new.quorum_up = old.quorum_up;
    new.bereft = quorum::is_lost(old);
    new.suspended = old.suspended;
    let parked = !old.quorum_up && old.sorry_is_active();
    let stays = |sorry: &&SorryServer| new.sorry.as_ref().is_some_and(|after| after.place() == sorry.place());
    let standing = old.sorry.as_ref().filter(stays).filter(|_| parked).map(SorryServer::place);
    for mut real in std::mem::take(&mut old.servers) {
        let Some(index) = places.get(&real.place()) else { continue };
        carry_server(&mut real, new, *index, files, world);
        let is_standing = standing == Some(real.place());
        settle_server(&real, new, *index, (parked, is_standing), world);
    }
    carry_sorry(old, new, world);
}

/// Entries of the group that are gone take their services along, unless another virtual server uses them.
fn drop_entries(old: &mut VirtualServer, new: &mut VirtualServer, world: &mut World) {
    let wanted: HashSet<ServiceKey> = new.targets.iter().map(|target| target.key).collect();
    let present: HashSet<ServiceKey> = old.targets.iter().map(|target| target.key).collect();
    new.fresh.retain(|target| !present.contains(&target.key));
    let gone: Vec<_> = old.targets.iter().filter(|target| !wanted.contains(&target.key)).copied().collect();
    report_marked_entries(old, new, world);
    for entry in gone.chunk_by(|one, other| one.entry == other.entry) {
        if old.mark.is_none() && new.mark.is_none() {
            let number = entry.first().map_or(0, |target| target.entry);
            let group = old.group().unwrap_or_default().to_owned();
            let kind = EventKind::GroupEntryGone { entry: old.entry_name(number), group };
            world.report(&old.name, None, kind);
        }
        for real in old.servers.iter().filter(|real| real.placed) {
            for target in entry {
                let place = real.destination(target.key, 0).key;
                world.operate(TableOperation::RemoveDestination(target.key, place));
            }
        }
        for sorry in old.sorry.iter().filter(|sorry| sorry.placed) {
            for target in entry {
                let place = sorry.destination(target.key, 0).key;
                world.operate(TableOperation::RemoveDestination(target.key, place));
            }
        }
        for target in entry {
            world.operate(TableOperation::RemoveService(target.key));
        }
    }
    old.targets.retain(|target| wanted.contains(&target.key));
}

/// Where a mark stands for the group, entries come and go without a service of their own.
fn report_marked_entries(old: &VirtualServer, new: &VirtualServer, world: &mut World) {
    let (Some(group), true) = (new.group(), old.mark.is_some() && new.mark.is_some()) else { return };
    for (number, _) in old.entries.iter().enumerate().filter(|(_, entry)| !new.entries.contains(entry)) {
        let kind = EventKind::GroupEntryGone { entry: old.entry_name(number), group: group.to_owned() };
        world.report(&old.name, None, kind);
    }
    for (number, _) in new.entries.iter().enumerate().filter(|(_, entry)| !old.entries.contains(entry)) {
        let kind = EventKind::GroupEntryAdded { entry: new.entry_name(number), group: group.to_owned() };
        world.report(&new.name, None, kind);
    }
}

/// A changed scheduler, flag or persistence is one change of each service that was as the old one wanted it.
fn edit_services(old: &VirtualServer, new: &VirtualServer, world: &mut World) {
    for target in &old.targets {
        let before = target::service(&old.config, target.key);
        let after = target::service(&new.config, target.key);
        let is_ours = world.wanted.service(target.key).is_some_and(|wanted| wanted.service == before);
        if before != after && is_ours {
            world.operate(TableOperation::EditService(after));
        }
    }
}

fn drop_servers(old: &mut VirtualServer, kept: &HashMap<(IpAddr, u16), usize>, world: &mut World) {
    for server in 0..old.servers.len() {
        let real = &mut old.servers[server];
        if kept.contains_key(&real.place()) {
            continue;
        }
        let was_alive = std::mem::replace(&mut real.alive, false);
        world.report(&old.name, Some(&real.name()), EventKind::RealServerGone);
        world.report(&old.name, Some(&real.name()), EventKind::Removing { inhibited: false });
        real.checkers.iter().for_each(|checker| abandon(checker, world));
        let weight = real.effective_weight();
        transition::take(old, server, world);
        if was_alive {
            old.weight = old.weight.saturating_sub(u64::from(weight));
            transition::announce_removed(old, server, world);
        }
    }
}

/// Nobody waits for this checker any more.
pub(crate) fn abandon(checker: &Checker, world: &mut World) {
    if checker.progress.running_since.is_some() && !world.companions.is_waited_for(checker.id) {
        world.effects.push_back(Effect::AbandonCheck(checker.id));
    }
}

/// States of a server and of those checkers that are the same as before.
fn carry_server(
    old: &mut RealServer,
    new: &mut VirtualServer,
    index: usize,
    files: &Files,
    world: &mut World,
) {
    let real = &mut new.servers[index];
    real.alive = old.alive;
    real.placed = old.placed;
    let is_doubtful = old.failed > 0 || (!old.alive && old.checkers.iter().all(|checker| !checker.has_run));
    let mut before: Vec<Option<Checker>> = std::mem::take(&mut old.checkers).into_iter().map(Some).collect();
    let configured = std::mem::take(&mut real.config.checkers);
    real.checkers.reserve_exact(configured.len());
    for config in configured {
        let mut checker = world.new_checker(config);
        let same = before.iter_mut().find(|old| old.as_ref().is_some_and(|old| checker.is_same(old)));
        match same.and_then(Option::take) {
            Some(old) => carry_checker(old, &mut checker, real.config.weight.get(), files),
            None if is_doubtful => start::follow_file(&mut checker, files),
            None => {
                checker.is_up = true;
                checker.progress.first = false;
                start::follow_file(&mut checker, files);
            }
        }
        real.checkers.push(checker);
    }
    before.iter().flatten().for_each(|checker| abandon(checker, world));
    start::count(real);
}

fn carry_checker(old: Checker, new: &mut Checker, weight: u32, files: &Files) {
    new.id = old.id;
    new.is_up = old.is_up;
    new.has_run = old.has_run;
    new.progress = old.progress;
    new.remarks = old.remarks;
    match &new.what {
        What::Active(check) => {
            new.progress.failures = new.progress.failures.min(check.common.schedule.retry);
            new.contribution = verdict::contribution(new.progress.status, weight);
        }
        What::File(_) => start::follow_file(new, files),
        What::Bfd(_) => new.contribution = old.contribution,
    }
}

/// What the changes of a server mean for its place in the table, without looking at the quorum yet. The sorry server
/// stands in (`parked`), and this is the server that does (`is_standing`): then its place is not to be touched.
fn settle_server(
    old: &RealServer,
    new: &mut VirtualServer,
    index: usize,
    (parked, is_standing): (bool, bool),
    world: &mut World,
) {
    let real = &mut new.servers[index];
    let (from, to) = (old.effective_weight(), real.effective_weight());
    if from != to {
        let kind = EventKind::WeightChanged { from, to, active: real.alive };
        world.report(&new.name, Some(&real.name()), kind);
    }
    if real.placed && !is_standing {
        replace(old, new, index, parked, world);
    }
    let real = &mut new.servers[index];
    let inhibited = real.config.inhibit_on_failure;
    let goes_up = !real.alive && real.failed == 0;
    let goes_down = real.alive && real.failed > 0;
    if goes_up || goes_down {
        real.alive = goes_up;
        let kind = if goes_up { EventKind::Adding { inhibited } } else { EventKind::Removing { inhibited } };
        world.report(&new.name, Some(&real.name()), kind);
    }
    let real = &new.servers[index];
    match (real.alive && !parked, inhibited) {
        _ if is_standing => {}
        (true, _) => transition::put(new, index, to, world),
        (false, true) => transition::put(new, index, 0, world),
        (false, false) => transition::take(new, index, world),
    }
    if goes_up || goes_down {
        transition::announce(new, index, world);
    }
    if new.servers[index].alive {
        new.weight += u64::from(to);
    }
}

/// A server that is in the table may have to be there otherwise, or elsewhere.
fn replace(old: &RealServer, new: &VirtualServer, index: usize, parked: bool, world: &mut World) {
    let real = &new.servers[index];
    for key in new.settled_keys() {
        let after = real.destination(key, real.table_weight(parked));
        move_entry(key, old.destination(key, 0).key, after, world);
    }
}

/// The sorry server is in the table, and has to be there otherwise.
fn move_sorry(old: &SorryServer, new: &VirtualServer, world: &mut World) {
    let Some(sorry) = &new.sorry else { return };
    for key in new.settled_keys() {
        let after = sorry.destination(key, u32::from(old.alive));
        move_entry(key, old.destination(key, 0).key, after, world);
    }
}

/// An entry of a service is otherwise from now on, or at another place.
fn move_entry(key: ServiceKey, before: DestinationKey, after: Destination, world: &mut World) {
    if before == after.key {
        world.operate(TableOperation::EditDestination(key, after));
    } else {
        world.operate(TableOperation::RemoveDestination(key, before));
        world.operate(TableOperation::AddDestination(key, after));
    }
}

fn carry_sorry(old: &mut VirtualServer, new: &mut VirtualServer, world: &mut World) {
    let Some(before) = &old.sorry else { return };
    let is_same = |after: &&mut SorryServer| after.place() == before.place();
    if let Some(after) = new.sorry.as_mut().filter(is_same) {
        after.alive = before.alive;
        after.placed = before.placed;
        let is_needless = after.placed && !after.alive && !after.config.inhibit;
        if is_needless {
            quorum::take_sorry(old, world);
            after.placed = false;
        } else if after.placed && after.config.forwarding != before.config.forwarding {
            move_sorry(before, new, world);
        }
        return;
    }
    if !before.alive && !before.placed {
        return;
    }
    let was_active = before.alive;
    let kind = EventKind::SorryServerRemoved { inhibited: false };
    world.report(&old.name, Some(&before.name), kind);
    quorum::take_sorry(old, world);
    if was_active && new.sorry.is_none() {
        quorum::fill_pool(new, world);
    }
}

//! A new configuration takes the place of the old one (lvs reference 4.11). What did not change is not touched: no
//! operation, no new check, no lost retry.

use crate::carry;
use crate::config::{Service, VirtualServer as Configured};
use crate::servers::VirtualServer;
use crate::settings::{Settings, effective_timeouts};
use crate::start::{self, Files};
use crate::stop;
use crate::world::World;
use keepalived_types::Family;
use keepalived_types::ipvs::{Protocol, TableOperation};
use std::collections::HashMap;

/// What makes a virtual server the same one in another configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Identity(Service, Option<Family>, Option<Protocol>);

impl Identity {
    fn of(config: &Configured) -> Self {
        let service = config.service.clone();
        match service {
            Service::Address(..) => Self(service, config.family, config.protocol),
            Service::Mark(_) => Self(service, config.family, None),
            Service::Group { .. } => Self(service, None, None),
        }
    }
}

/// Makes `new`, of which nothing is known but its configuration, go on where `old` was.
pub(crate) fn replace(old: Vec<VirtualServer>, new: &mut [VirtualServer], files: &Files, world: &mut World) {
    let mut places: HashMap<Identity, usize> = HashMap::with_capacity(new.len());
    for (index, server) in new.iter().enumerate() {
        places.entry(Identity::of(&server.config)).or_insert(index);
    }
    for mut server in old {
        match places.remove(&Identity::of(&server.config)).and_then(|index| new.get_mut(index)) {
            Some(successor) => carry::carry(&mut server, successor, files, world),
            None => {
                let checkers = server.servers.iter().flat_map(|real| &real.checkers);
                checkers.for_each(|checker| carry::abandon(checker, world));
                stop::remove(&mut server, world);
            }
        }
    }
    for real in new.iter_mut().flat_map(|server| &mut server.servers) {
        if !real.config.checkers.is_empty() {
            start::make_checkers(real, files, world);
            // Unlike at start, a new server that fails has its retries.
            real.checkers.iter_mut().for_each(|checker| checker.progress.first = false);
        }
    }
    for server in new {
        start::bring_up(server, world);
    }
}

/// Other settings: what is gone ends, what is new begins, what is unchanged goes on.
pub(crate) fn change_settings(settings: Settings, world: &mut World) {
    let before = std::mem::replace(&mut world.settings, settings);
    let kernel = world.kernel_timeouts;
    let timeouts = effective_timeouts(world.settings.timeouts, kernel);
    if timeouts != effective_timeouts(before.timeouts, kernel) {
        world.command(TableOperation::SetTimeouts(timeouts));
    }
    if before.sync != world.settings.sync {
        if before.sync.is_some() {
            stop::stop_sync(world);
        }
        stop::start_sync(world);
    }
}

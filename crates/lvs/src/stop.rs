//! Virtual servers leave the table, at a stop or because a reload takes them away (lvs reference 4.14).

use crate::event::EventKind;
use crate::quorum;
use crate::servers::VirtualServer;
use crate::settings::FlushOnStop;
use crate::transition;
use crate::world::World;
use keepalived_types::ipvs::{SyncRole, TableOperation};

/// Everything leaves because the daemon stops.
pub(crate) fn stop_all(virtual_servers: &mut [VirtualServer], world: &mut World) {
    let flush = world.settings.flush_on_stop;
    if flush == FlushOnStop::All {
        world.command(TableOperation::Flush);
        world.held_back = true;
    }
    for virtual_server in virtual_servers.iter_mut() {
        stop(virtual_server, flush, world);
    }
    world.held_back = false;
}

fn stop(virtual_server: &mut VirtualServer, flush: FlushOnStop, world: &mut World) {
    if flush == FlushOnStop::Off {
        quorum::take_sorry(virtual_server, world);
    }
    for server in 0..virtual_server.servers.len() {
        let real = &virtual_server.servers[server];
        let was_serving = real.alive && real.placed;
        let inhibited = real.config.inhibit_on_failure && !real.alive;
        if flush == FlushOnStop::Off {
            world.report(&virtual_server.name, Some(&real.name()), EventKind::ShuttingDown { inhibited });
            transition::take(virtual_server, server, world);
        }
        virtual_server.servers[server].alive = false;
        if was_serving {
            announce_stop(virtual_server, server, world);
        }
    }
    let scripts = &virtual_server.config.quorum;
    let kind = EventKind::VirtualServerAnnounced {
        up: false,
        stopping: true,
        quiet: !virtual_server.config.omega,
        script: scripts.down.clone().filter(|_| virtual_server.config.omega),
        initial: false,
        sum: quorum::sum(virtual_server, 0),
        mail: virtual_server.config.omega && virtual_server.config.presentation.smtp_alert,
    };
    virtual_server.quorum_up = false;
    world.report(&virtual_server.name, None, kind);
    remove_services(virtual_server, world);
}

fn announce_stop(virtual_server: &VirtualServer, server: usize, world: &mut World) {
    let real = &virtual_server.servers[server];
    let omega = virtual_server.config.omega;
    let kind = EventKind::RealServerAnnounced {
        up: false,
        stopping: true,
        quiet: !omega,
        script: real.config.notify_down.clone().filter(|_| omega),
        mail: omega && real.config.presentation.smtp_alert,
    };
    world.report(&virtual_server.name, Some(&real.name()), kind);
}

fn remove_services(virtual_server: &mut VirtualServer, world: &mut World) {
    if std::mem::replace(&mut virtual_server.alive, false) {
        let operations = virtual_server.on_each_service(TableOperation::RemoveService);
        operations.into_iter().for_each(|operation| world.operate(operation));
    }
}

/// A reload takes the virtual server away: as at a stop, but everybody is told.
pub(crate) fn remove(virtual_server: &mut VirtualServer, world: &mut World) {
    let group = virtual_server.group().map(str::to_owned);
    world.report(&virtual_server.name, None, EventKind::VirtualServerGone { group });
    let flush = world.settings.flush_on_stop;
    if flush == FlushOnStop::Off {
        quorum::take_sorry(virtual_server, world);
    }
    for server in 0..virtual_server.servers.len() {
        let real = &mut virtual_server.servers[server];
        let was_alive = std::mem::replace(&mut real.alive, false);
        let kind = EventKind::Removing { inhibited: false };
        world.report(&virtual_server.name, Some(&real.name()), kind);
        if flush == FlushOnStop::Off {
            transition::take(virtual_server, server, world);
        }
        if was_alive {
            transition::announce_removed(virtual_server, server, world);
        }
    }
    if std::mem::replace(&mut virtual_server.quorum_up, false) {
        virtual_server.weight = 0;
        quorum::announce(virtual_server, quorum::sum(virtual_server, 0), false, world);
    }
    remove_services(virtual_server, world);
}

/// Both roles of the sync daemon end. Whether they ran is not known, and no matter.
pub(crate) fn stop_sync(world: &mut World) {
    world.command(TableOperation::StopSync(SyncRole::Master, 0));
    world.command(TableOperation::StopSync(SyncRole::Backup, 0));
}

/// Both roles of the sync daemon begin, if it is configured.
pub(crate) fn start_sync(world: &mut World) {
    if let Some(sync) = world.settings.sync.clone() {
        world.command(TableOperation::StartSync(sync.daemon(SyncRole::Master)));
        world.command(TableOperation::StartSync(sync.daemon(SyncRole::Backup)));
    }
}

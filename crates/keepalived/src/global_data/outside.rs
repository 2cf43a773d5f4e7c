//! IPVS as a whole, and FIFOs.

use super::{Lines, Whose};
use keepalived_config::model::{Config, Fifo, FlushOnStop, Global, SyncDaemon};
use keepalived_surfaces::dump::{quoted, with_user};

pub(super) fn lines(lines: &mut Lines, config: &Config, whose: Whose) {
    let global = &config.global;
    if let Some(sync) = &global.lvs.sync_daemon {
        sync_daemon(lines, sync);
    }
    lines.value("LVS flush", global.lvs.flush);
    let flush = match global.lvs.flush_on_stop {
        FlushOnStop::Off => "disabled",
        FlushOnStop::All => "full",
        FlushOnStop::VirtualServers => "VS",
    };
    lines.value("LVS flush on stop", flush);
    fifos(lines, global, whose);
    lines.value("FIFO write vrrp states on reload", global.fifos.vrrp_states_on_reload);
}

fn sync_daemon(lines: &mut Lines, sync: &SyncDaemon) {
    lines.given("LVS syncd vrrp name", sync.instance.as_ref());
    lines.value("LVS syncd interface", &sync.interface);
    lines.given("LVS syncd syncid", sync.id);
    lines.given("LVS syncd maxlen", sync.max_length);
    if let Some(group) = sync.group {
        lines.put(format_args!("LVS mcast group {group}"));
    }
    lines.given("LVS syncd mcast port", sync.port);
    lines.given("LVS syncd mcast ttl", sync.ttl);
}

fn fifos(lines: &mut Lines, global: &Global, whose: Whose) {
    let fifos = [
        ("Global", &global.fifos.all, whose != Whose::Parent),
        ("VRRP", &global.fifos.vrrp, whose == Whose::Vrrp),
        ("LVS", &global.fifos.lvs, whose == Whose::Checkers),
    ];
    let default = global.scripts.user.as_ref().map_or((0, 0), |user| (user.uid, user.gid));
    for (name, fifo, is_here) in fifos {
        let Some(Fifo { path, owner, script }) = fifo else { continue };
        let (uid, gid) = owner.as_ref().map_or(default, |owner| (owner.uid, owner.gid));
        lines.put(format_args!("{name} notify fifo = {}, uid:gid {uid}:{gid}", path.display()));
        // The path is an argument only where the script is started.
        match script {
            Some(command) if is_here => {
                let user = &command.run_as;
                lines.put(format_args!(
                    "{name} notify fifo script = {} '{}', uid:gid {}:{}",
                    quoted(command),
                    path.display(),
                    user.uid,
                    user.gid
                ));
            }
            Some(command) => {
                lines.put(format_args!("{name} notify fifo script = {}", with_user(command)));
            }
            None => {}
        }
    }
}

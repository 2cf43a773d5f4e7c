//! `global_defs`: FIFOs, the interfaces and users that defaults depend on.

use crate::context::Context;
use crate::diagnostic::{Class, Diagnostic};
use crate::draft::{GlobalDraft, VrrpDraft};
use crate::model::{Fifo, SyncDaemon};
use keepalived_vrrp::config::InstanceConfig;

/// Gives the FIFOs their readers, and drops those that repeat another one.
pub(super) fn complete(global: &mut GlobalDraft, context: &mut Context<'_>) {
    let scripts = std::mem::take(&mut global.fifo_scripts);
    let fifos = &mut global.settings.fifos;
    for (fifo, script) in
        [(&mut fifos.all, scripts.all), (&mut fifos.vrrp, scripts.vrrp), (&mut fifos.lvs, scripts.lvs)]
    {
        if let Some(fifo) = fifo {
            fifo.script = script;
        }
    }
    let all = fifos.all.as_ref().map(|fifo| fifo.path.clone());
    for (name, fifo) in [("vrrp_notify_fifo", &mut fifos.vrrp), ("lvs_notify_fifo", &mut fifos.lvs)] {
        let same = |fifo: &mut Fifo| Some(&fifo.path) == all.as_ref();
        if fifo.take_if(same).is_some() {
            let message = format!("notify_fifo and {name} are the same file, ignoring {name}");
            context.push(Diagnostic::after_reading(Class::LogOnly, global.lines.of(name), message));
        }
    }
    let vrrp_reads = fifos.vrrp.as_ref().filter(|fifo| fifo.script.is_some()).map(|fifo| fifo.path.clone());
    if let Some(lvs) = &mut fifos.lvs
        && Some(&lvs.path) == vrrp_reads.as_ref()
        && lvs.script.take().is_some()
    {
        let message = "vrrp and lvs notify fifos are the same file, ignoring the lvs notify fifo script";
        context.push(Diagnostic::after_reading(Class::LogOnly, global.lines.of("lvs_notify_fifo"), message));
    }
}

/// The instance that `lvs_sync_daemon` follows, or the instance that asks for one in the old way.
pub(super) fn sync_daemon(
    global: &mut GlobalDraft,
    instances: &[InstanceConfig],
    vrrp: &mut VrrpDraft,
    context: &mut Context<'_>,
) {
    if global.settings.lvs.sync_daemon.is_none() {
        let old = vrrp.instances.iter_mut().find_map(|instance| {
            instance.notices.sync_interface.take().map(|interface| (interface, instance.name.clone()))
        });
        if let Some((interface, instance)) = old {
            let daemon = SyncDaemon {
                interface,
                instance: Some(instance),
                // As in the original: here the VRID does not stand in.
                id: Some(0),
                max_length: None,
                port: None,
                ttl: None,
                group: None,
                vrid: None,
            };
            global.settings.lvs.sync_daemon = Some(daemon);
        }
    }
    let Some(daemon) = &mut global.settings.lvs.sync_daemon else { return };
    let Some(name) = &daemon.instance else { return };
    match instances.iter().find(|instance| instance.name == *name) {
        Some(instance) => daemon.vrid = Some(instance.vrid),
        None => {
            let message = format!("Unable to find vrrp instance {name} for the IPVS sync daemon");
            let place = global.lines.of("lvs_sync_daemon");
            context.push(Diagnostic::after_reading(Class::LogOnly, place, message));
        }
    }
}

//! What each process is handed: its part of the configuration, and what the command line says about it.

use super::kept::Has;
use super::kinds::Source;
use super::launch::Launch;
use super::paths;
use crate::configuration::DEFAULT_UMASK;
use crate::dump_setup::DumpSetup;
use crate::fifo::FifoSetup;
use crate::global_data::{self, Circumstances, Whose};
use crate::ipc::{Adoption, CheckersSetup, SyncFollower, VrrpSetup};
use crate::mail::MailSetup;
use keepalived_config::model::{Config, Fifo, Global};
use keepalived_events::Packed;

/// Everything the VRRP process needs.
pub(super) fn vrrp(from: &Source<'_>, adopt: Vec<Adoption>) -> VrrpSetup {
    let Source { launch, config, custody, local_igmp } = *from;
    let names = &config.global.names;
    let distinct = names.distinct.then(|| "keepalived_vrrp".to_owned());
    let options = &launch.options;
    VrrpSetup {
        vrrp: config.vrrp.clone(),
        process: config.global.vrrp_process.clone(),
        netlink: config.global.netlink,
        auto_priority: config.global.auto_priority,
        process_name: names.vrrp.clone().or(distinct),
        log: launch.child_log("_vrrp"),
        umask: umask(launch, &config.global),
        exec_helper: launch.exec_helper.clone(),
        fifos: vrrp_fifos(config),
        fifo_states_on_reload: config.global.fifos.vrrp_states_on_reload,
        mail: mail(config),
        dumps: dumps(launch, config, Whose::Vrrp),
        keep_at_stop: options.shutdown.keep_vrrp,
        address_monitoring: options.monitor_addresses,
        maintenance: custody.maintenance,
        given_way: custody.given_way(),
        adopt,
        sync: sync(config),
        local_igmp_before: local_igmp.before(),
    }
}

/// `lvs_sync_daemon` with an instance that exists.
fn sync(config: &Config) -> Option<SyncFollower> {
    let (instance, settings) = config.global.lvs.following()?;
    Some(SyncFollower {
        instance,
        settings,
        namespace: config.global.identity.ipvs_namespace.clone(),
        room: config.global.netlink.lvs_command,
    })
}

/// The FIFOs that VRRP writes to, and their readers.
fn vrrp_fifos(config: &Config) -> Vec<FifoSetup> {
    fifos(config, "vrrp notify fifo", &config.global.fifos.vrrp)
}

/// The common FIFO and that of a process, and their readers.
fn fifos(config: &Config, label: &str, own: &Option<Fifo>) -> Vec<FifoSetup> {
    let setup = |label: &str, fifo: &Option<Fifo>| {
        let Fifo { path, owner, script } = fifo.as_ref()?;
        let (path, owner, reader) = (path.clone(), owner.clone(), script.clone());
        Some(FifoSetup { label: label.to_owned(), path, owner, reader })
    };
    [setup("notify fifo", &config.global.fifos.all), setup(label, own)].into_iter().flatten().collect()
}

/// How mails are sent; `None` without a server or a recipient.
fn mail(config: &Config) -> Option<MailSetup> {
    let mail = &config.global.mail;
    let server = mail.server.as_ref().filter(|_| !mail.recipients.is_empty())?;
    Some(MailSetup {
        host: server.host.clone(),
        port: server.port,
        timeout: mail.connect_timeout,
        helo_name: mail.helo_name.clone(),
        from: mail.from.clone(),
        recipients: mail.recipients.clone(),
        router_id: mail.router_id.clone(),
        no_faults: mail.no_faults,
        no_checker_emails: mail.no_checker,
    })
}

/// Everything the checker process needs.
pub(super) fn checkers(
    launch: &Launch,
    config: &Config,
    predecessor: Option<Packed<keepalived_lvs::Snapshot>>,
) -> CheckersSetup {
    let names = &config.global.names;
    let distinct = names.distinct.then(|| "keepalived_ipvs".to_owned());
    CheckersSetup {
        lvs: config.lvs.clone(),
        settings: config.global.lvs.settings(),
        namespace: config.global.identity.ipvs_namespace.clone(),
        netlink: config.global.netlink,
        process: config.global.checker_process.clone(),
        process_name: names.checker.clone().or(distinct),
        log: launch.child_log("_healthcheckers"),
        umask: umask(launch, &config.global),
        exec_helper: launch.exec_helper.clone(),
        fifos: fifos(config, "lvs notify fifo", &config.global.fifos.lvs),
        mail: mail(config),
        dumps: dumps(launch, config, Whose::Checkers),
        keep_at_stop: launch.options.shutdown.keep_ipvs,
        predecessor,
    }
}

/// What a process shows when it is asked to.
fn dumps(launch: &Launch, config: &Config, whose: Whose) -> DumpSetup {
    let files = paths::dump_files(&config.global.files, &launch.identity, whose);
    DumpSetup {
        global: global_data::section(config, whose, &circumstances(launch, config)),
        data: files.data,
        stats: files.stats,
        json: files.json,
        json_version: config.global.files.json_version,
        at_start: launch.options.dump_configuration,
        save_directory: config.global.files.config_save_dir.clone(),
    }
}

/// What the section of global definitions shows beside the configuration.
pub(super) fn circumstances(launch: &Launch, config: &Config) -> Circumstances {
    let (namespace, umask) = (launch.identity.namespace.clone(), umask(launch, &config.global));
    Circumstances { namespace, umask, reload_at: None }
}

/// Is there anything for the checker process to do?
pub(super) const fn wants_checkers(launch: &Launch, has: Has) -> bool {
    let children = launch.options.children;
    children.checker && (children.forced || has.virtual_servers)
}

/// The command line's umask, else the configuration's, else 0177.
pub(super) fn umask(launch: &Launch, global: &Global) -> u32 {
    launch.options.umask.or(global.identity.umask.map(u32::from)).unwrap_or(DEFAULT_UMASK)
}

/// Is there anything for the VRRP process to do?
pub(super) const fn wants_vrrp(launch: &Launch, has: Has) -> bool {
    let children = launch.options.children;
    children.vrrp && (children.forced || has.vrrp)
}

/// The parts of a configuration whose processes this program does not have, in the original's words.
pub(super) fn missing_processes(launch: &Launch, has: Has) -> Vec<&'static str> {
    let children = launch.options.children;
    let mut missing = Vec::new();
    if children.bfd && (children.forced || has.bfd) {
        missing.push("BFD");
    }
    missing
}

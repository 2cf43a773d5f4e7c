//! The life of the VRRP process: from the supervisor's first message to the last address removed.

use super::driver::Driver;
use super::helper::{Ends, Helper};
use super::launcher::Launcher;
use super::messages;
use super::roles::Roles;
use super::sync_daemon::SyncDaemons;
use super::trackers::{self, Means, Trackers};
use crate::child::{self, Exit};
use crate::ipc::{Channel, ROLES_VARIABLE, ToVrrp, VrrpSetup};
use crate::ipvs_place;
use crate::local_igmp::LocalIgmp;
use crate::log::Logger;
use keepalived_kernel::sched::Limit;
use keepalived_kernel::signals::{self, Signals};
use keepalived_kernel::{clock, memory, sched};

/// The whole process; returns its exit status.
#[must_use]
pub fn run() -> u8 {
    let setup_of = |message| match message {
        ToVrrp::Start(setup) => Some(setup),
        _ => None,
    };
    let Some((channel, mut setup)) = child::begin("keepalived-vrrp", setup_of) else {
        return Exit::Fatal as u8;
    };
    if let Some(line) = trackers::without_unwatched(&mut setup.vrrp) {
        Logger::new(setup.log.clone()).info(line);
    }
    match start() {
        Ok(parts) => run_threads(*setup, channel, parts) as u8,
        Err(error) => {
            Logger::new(setup.log.clone()).error(format!("VRRP process cannot start: {error}"));
            exit_for(&error) as u8
        }
    }
}

/// The signals of both threads, blocked before any thread is started.
struct Parts {
    engine_signals: Signals,
    children: Signals,
    supervisor: child::Followed,
}

fn start() -> keepalived_kernel::Result<Parts> {
    let engine_signals = Signals::block(&[
        signals::TERM,
        signals::RELOAD,
        signals::DATA,
        signals::STATS,
        signals::CPU_TIME,
        signals::stats_clear(),
        signals::json(),
    ])?;
    let children = Signals::block(&[signals::CHILD])?;
    let supervisor = child::follow_supervisor()?;
    Ok(Parts { engine_signals, children, supervisor })
}

/// Descriptors beside those of sockets for adverts.
const OTHER_DESCRIPTORS: u64 = 128;

/// Each unicast source needs a pair of sockets, and the usual limit is 1,024. Raised only when it may be too low: scripts
/// inherit it.
fn make_room_for_sockets(instances: usize) -> keepalived_kernel::Result<()> {
    let needed = u64::try_from(instances).unwrap_or(u64::MAX).saturating_mul(2);
    let needed = needed.saturating_add(OTHER_DESCRIPTORS);
    let (soft, hard) = sched::limit(Limit::Descriptors)?;
    if soft.is_none_or(|soft| soft >= needed) {
        return Ok(());
    }
    let soft = hard.map_or(needed, |hard| hard.min(needed));
    sched::set_limit(Limit::Descriptors, Some(soft), hard)
}

fn run_threads(setup: VrrpSetup, channel: Channel, parts: Parts) -> Exit {
    let (to_helper, from_engine) = match messages::queue() {
        Ok(ends) => ends,
        Err(error) => return exit_for(&error),
    };
    let (mut to_engine, from_helper) = match messages::queue() {
        Ok(ends) => ends,
        Err(error) => return exit_for(&error),
    };
    let logger = Logger::new(setup.log.clone());
    if let Err(error) = make_room_for_sockets(setup.vrrp.instances.len()) {
        logger.warning(format!("VRRP child process: cannot raise the limit of open files: {error}"));
    }
    let roles = Roles::new(child::inherited_channel(ROLES_VARIABLE));
    let mut driver = match Driver::new(&setup, roles, parts.engine_signals, to_helper, from_helper) {
        Ok(driver) => driver,
        Err(error) => {
            logger.error(format!("VRRP process cannot start: {error}"));
            return exit_for(&error);
        }
    };
    let launcher = Launcher::new(setup.exec_helper.clone(), setup.umask);
    let mut means = Means { logger: &logger, outbox: &mut to_engine, launcher: &launcher };
    let origin = ipvs_place::origin();
    let sync = SyncDaemons::new(origin.as_ref().and_then(|origin| origin.try_clone().ok()));
    let trackers = match Trackers::new(&setup, origin, &mut means, clock::now()) {
        Ok(trackers) => trackers,
        Err(error) => {
            logger.error(format!("VRRP process cannot start: {error}"));
            return exit_for(&error);
        }
    };
    // Before this thread becomes a real-time one: the helper must not be.
    let thread = std::thread::Builder::new().name("keepalived".to_owned());
    let (helper_setup, children) = (setup.clone(), parts.children);
    let thread = thread.spawn(move || {
        let ends = Ends { channel, children, inbox: from_engine, outbox: to_engine, sync };
        let helper = Helper::new(&helper_setup, ends, launcher, trackers);
        drop(helper_setup);
        helper.and_then(Helper::run)
    });
    let Ok(thread) = thread else { return Exit::Fatal };
    for complaint in driver.take_settings(&setup.process, setup.auto_priority, setup.process_name.as_deref())
    {
        logger.warning(complaint);
    }
    let local_igmp = LocalIgmp::found(setup.local_igmp_before.clone());
    let outcome = driver.begin(&setup.vrrp).and_then(|()| {
        // Handing thousands of instances over took many times what they need.
        drop(setup);
        memory::return_free_pages();
        driver.run()
    });
    if let Err(error) = &outcome {
        logger.error(format!("VRRP process cannot go on: {error}"));
        return Exit::Internal;
    }
    let ended = thread.join();
    if parts.supervisor.is_gone() {
        local_igmp.restore(&logger);
    }
    match ended {
        Ok(Ok(())) => Exit::Normal,
        _ => Exit::Internal,
    }
}

/// A missing permission will not appear by trying again, so the supervisor is told to give up.
fn exit_for(error: &keepalived_kernel::Error) -> Exit {
    match error.kind() {
        std::io::ErrorKind::PermissionDenied => Exit::NoPermission,
        _ => Exit::Fatal,
    }
}

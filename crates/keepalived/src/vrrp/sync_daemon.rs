//! `lvs_sync_daemon` with a VRRP instance: the kernel's synchronisation daemon has the role that the instance has.
//!
//! Ending such a daemon may take the kernel seconds, and whoever asked waits for it. So a thread of its own asks, which
//! exists only when it is configured, and neither adverts nor the log wait.

use crate::ipc::SyncFollower;
use crate::ipvs_place;
use crate::log::Logger;
use keepalived_config::model::IpvsNamespace;
use keepalived_kernel::ipvs::{Done, Ipvs, NetlinkError, Place, Refusal};
use keepalived_kernel::netlink::ReceiveBuffer;
use keepalived_types::ipvs::{SyncDaemon, SyncRole, TableOperation};
use keepalived_vrrp::{Event, EventKind, State, Subject};
use std::os::fd::OwnedFd;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

/// The thread locks its stack into memory with everything else, so it has a small one.
const STACK_BYTES: usize = 256 * 1024;

/// Follows an instance.
#[derive(Debug)]
pub(super) struct SyncDaemons {
    follower: Option<SyncFollower>,
    role: SyncRole,
    worker: Option<Worker>,
    origin: Option<OwnedFd>,
}

/// The thread, and the way to tell it what shall run.
#[derive(Debug)]
struct Worker {
    wishes: Option<Sender<Option<SyncDaemon>>>,
    thread: JoinHandle<()>,
}

impl SyncDaemons {
    /// Nothing is followed yet. `origin` is the network namespace that the daemon was started in, when it has left it.
    pub(super) const fn new(origin: Option<OwnedFd>) -> Self {
        Self { follower: None, role: SyncRole::Backup, worker: None, origin }
    }

    /// Follows as a configuration says: at start as BACKUP, unless a killed predecessor was MASTER; after a reload in the
    /// role that the instance has.
    pub(super) fn configure(
        &mut self,
        follower: Option<&SyncFollower>,
        is_master: impl FnOnce(&str) -> bool,
        logger: &Logger,
    ) {
        let another = follower.map(|new| &new.instance) != self.follower.as_ref().map(|old| &old.instance);
        if let Some(new) = follower.filter(|_| another) {
            self.role = if is_master(&new.instance) { SyncRole::Master } else { SyncRole::Backup };
        }
        self.follower = follower.cloned();
        if self.follower.is_some() && self.worker.is_none() {
            self.worker = self.begin(logger);
        }
        self.wish();
    }

    fn begin(&self, logger: &Logger) -> Option<Worker> {
        let follower = self.follower.as_ref()?;
        let place = self.place(&follower.namespace);
        let room = ipvs_place::room(follower.room);
        let (wishes, inbox) = channel();
        let its_logger = Logger::new(logger.settings());
        let thread = std::thread::Builder::new().name("ipvs_sync".to_owned()).stack_size(STACK_BYTES);
        match thread.spawn(move || work(&place, room, &inbox, &its_logger)) {
            Ok(thread) => Some(Worker { wishes: Some(wishes), thread }),
            Err(error) => {
                logger.error(format_args!("lvs_sync_daemon: cannot start a thread: {error}"));
                None
            }
        }
    }

    fn place(&self, namespace: &IpvsNamespace) -> Place {
        ipvs_place::place(namespace, self.origin.as_ref())
    }

    /// The instance changed its state, perhaps.
    pub(super) fn handle_event(&mut self, event: &Event) {
        let Some(follower) = &self.follower else { return };
        if let (Subject::Instance(name), EventKind::Entered { state, .. }) = (&event.subject, &event.kind)
            && *name == follower.instance
        {
            self.role = if *state == State::Master { SyncRole::Master } else { SyncRole::Backup };
            self.wish();
        }
    }

    fn wish(&self) {
        let wish = self.follower.as_ref().map(|follower| follower.settings.daemon(self.role));
        if let Some(wishes) = self.worker.as_ref().and_then(|worker| worker.wishes.as_ref()) {
            // The thread has ended if there is no IPVS; it has said so.
            drop(wishes.send(wish));
        }
    }

    /// Ends what we have started.
    pub(super) fn stop(&mut self) {
        self.follower = None;
        self.wish();
        if let Some(worker) = &mut self.worker {
            worker.wishes = None;
        }
    }

    /// Everything that was asked for has been done, or cannot be.
    pub(super) fn is_idle(&self) -> bool {
        self.worker.as_ref().is_none_or(|worker| worker.thread.is_finished())
    }
}

/// The life of the thread: it takes the newest wish, until nobody wishes any more.
fn work(place: &Place, room: ReceiveBuffer, wishes: &Receiver<Option<SyncDaemon>>, logger: &Logger) {
    logger.detail("Initializing ipvs");
    let mut ipvs = match Ipvs::with_receive_buffer(place, room) {
        Ok(ipvs) => ipvs,
        Err(error) => return logger.error(format_args!("IPVS: Can't initialize ipvs: {error}")),
    };
    let mut running = None;
    while let Ok(wish) = wishes.recv() {
        let wish = wishes.try_iter().last().unwrap_or(wish);
        if let Some(wanted) = wish.as_ref().filter(|_| running.is_none()) {
            running = left_by_predecessor(&mut ipvs, wanted);
        }
        for operation in steps(running.as_ref(), wish.as_ref()) {
            perform(&mut ipvs, operation, logger);
        }
        running = wish;
    }
}

/// What runs already where `wanted` shall: a predecessor that was killed left it.
fn left_by_predecessor(ipvs: &mut Ipvs, wanted: &SyncDaemon) -> Option<SyncDaemon> {
    let found = ipvs.sync_daemons().unwrap_or_default();
    let same_place = |there: &&SyncDaemon| there.interface == wanted.interface && there.id == wanted.id;
    let there = found.iter().find(same_place)?;
    // The kernel tells its own values for what nobody has chosen.
    Some(if is_as_wanted(there, wanted) { wanted.clone() } else { there.clone() })
}

fn is_as_wanted(there: &SyncDaemon, wanted: &SyncDaemon) -> bool {
    fn met<T: PartialEq>(wanted: Option<T>, there: Option<T>) -> bool {
        wanted.is_none() || wanted == there
    }
    there.role == wanted.role
        && met(wanted.max_length, there.max_length)
        && met(wanted.group, there.group)
        && met(wanted.port, there.port)
        && met(wanted.ttl, there.ttl)
}

/// From what runs to what shall; nothing when that is the same.
fn steps(running: Option<&SyncDaemon>, wanted: Option<&SyncDaemon>) -> Vec<TableOperation> {
    if running == wanted {
        return Vec::new();
    }
    let stop = running.map(|old| TableOperation::StopSync(old.role, old.id));
    let start = wanted.map(|new| TableOperation::StartSync(new.clone()));
    stop.into_iter().chain(start).collect()
}

/// A stop is silent, as the original's is: the daemon may have gone meanwhile.
fn perform(ipvs: &mut Ipvs, operation: TableOperation, logger: &Logger) {
    match ipvs.execute(std::slice::from_ref(&operation)) {
        Ok(outcomes) => report(&operation, outcomes, logger),
        Err(error) => logger.error(error),
    }
}

fn report(operation: &TableOperation, outcomes: Vec<Result<Done, NetlinkError>>, logger: &Logger) {
    if let (TableOperation::StartSync(_), Some(Err(error))) = (operation, outcomes.into_iter().next()) {
        logger.info(Refusal { operation, error: &error });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keepalived_types::InterfaceName;

    fn daemon(role: SyncRole) -> SyncDaemon {
        let interface = InterfaceName::new("eth0").expect("a name");
        SyncDaemon { role, interface, id: 7, max_length: None, group: None, port: None, ttl: None }
    }

    #[test]
    fn a_role_ends_before_the_other_begins_and_the_same_role_stays() {
        let (master, backup) = (daemon(SyncRole::Master), daemon(SyncRole::Backup));
        let start = |daemon: &SyncDaemon| TableOperation::StartSync(daemon.clone());
        assert_eq!(steps(None, Some(&backup)), [start(&backup)]);
        let stop = TableOperation::StopSync(SyncRole::Backup, 7);
        assert_eq!(steps(Some(&backup), Some(&master)), [stop.clone(), start(&master)]);
        assert_eq!(steps(Some(&backup), Some(&backup)), []);
        assert_eq!(steps(Some(&backup), None), [stop]);
    }

    #[test]
    fn what_a_predecessor_left_is_judged_by_what_was_chosen() {
        let wanted = daemon(SyncRole::Backup);
        let there = SyncDaemon { max_length: Some(1472), ttl: Some(1), ..wanted.clone() };
        assert!(is_as_wanted(&there, &wanted));
        assert!(!is_as_wanted(&there, &SyncDaemon { ttl: Some(3), ..wanted.clone() }));
        assert!(!is_as_wanted(&daemon(SyncRole::Master), &wanted));
    }
}

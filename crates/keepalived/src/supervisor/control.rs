//! The control socket: what is asked of the supervisor and when it is answered. Everything about it is bounded, and nothing
//! waits for a client.

mod connections;

pub(super) use connections::{Control, LISTENER};

use super::Supervisor;
use super::kinds::Role;
use crate::control::{Answer, Request, Status};
use crate::ipc::Order;
use crate::version;
use connections::{Awaits, PATIENCE};
use keepalived_events::Snapshot;
use keepalived_kernel::reactor::Ready;
use keepalived_types::Instant;
use std::time::Duration;

/// A reload may take as long as its configuration is large.
const PATIENCE_WITH_RELOAD: Duration = Duration::from_secs(50);

/// What the checker process last said of its servers belongs to the snapshot; without a VRRP process it is all there is.
fn with_servers(snapshot: Option<Snapshot>, servers: Option<keepalived_lvs::Snapshot>) -> Option<Snapshot> {
    match (snapshot, servers) {
        (snapshot, None) => snapshot,
        (snapshot, Some(lvs)) => Some(Snapshot { lvs, ..snapshot.unwrap_or_default() }),
    }
}

impl Supervisor {
    /// Opens the control socket. The daemon runs without one, too.
    pub(super) fn open_control(&mut self) {
        let path = crate::control::socket_beside(&self.launch.pids.parent);
        match Control::open(&path, &self.reactor) {
            Ok(control) => self.control = Some(control),
            Err(error) => {
                self.launch.logger.info(format_args!("No control socket {}: {error}", path.display()));
            }
        }
    }

    /// Something came in at the control socket.
    pub(super) fn handle_control(&mut self, ready: Ready, now: Instant) {
        let Some(control) = &mut self.control else {
            return;
        };
        if ready.token == LISTENER {
            control.accept(&self.reactor, now);
            return;
        }
        let Some(request) = control.read(ready, &self.reactor, now) else {
            return;
        };
        match request {
            Request::Status => {
                control.wait_for(ready.token, Awaits::Snapshot, PATIENCE, &self.reactor, now);
                if !self.ask_for_snapshot() {
                    self.tell_status(None, now);
                }
            }
            Request::History => {
                let answer = Answer::History(self.history.transitions().collect());
                control.answer(ready.token, &answer, &self.reactor, now);
            }
            Request::Configuration => {
                let answer = match self.config.whole() {
                    Ok(config) => Answer::Configuration(Box::new(config)),
                    Err(error) => Answer::Error(format!("the configuration cannot be read back: {error}")),
                };
                control.answer(ready.token, &answer, &self.reactor, now);
            }
            Request::Reload => {
                control.wait_for(ready.token, Awaits::NextReload, PATIENCE_WITH_RELOAD, &self.reactor, now);
                self.request_reload(now);
            }
            Request::Switchover { name } => self.take_order(ready.token, Order::SwitchOver(name), now),
            Request::Return { name } => self.take_order(ready.token, Order::TakeBack(name), now),
            Request::Maintenance { on } => self.take_order(ready.token, Order::Maintenance(on), now),
        }
    }

    fn take_order(&mut self, token: u64, order: Order, now: Instant) {
        if let Some(control) = &mut self.control {
            control.wait_for(token, Awaits::Operation, PATIENCE, &self.reactor, now);
        }
        self.operate(token, order, now);
    }

    /// Everybody who asked is told how things are.
    pub(super) fn tell_status(&mut self, snapshot: Option<Snapshot>, now: Instant) {
        let servers = self.custody.standing().filter(|_| self.lives(Role::Checkers));
        let servers = servers.and_then(|standing| standing.unpack().ok());
        let Some(control) = &mut self.control else {
            return;
        };
        let uptime = now.since(control.started);
        let snapshot = with_servers(snapshot, servers);
        let findings = self.history.findings().collect();
        let standings = self.history.standings().collect();
        let (version, pid) = (version::full(), std::process::id());
        let answer = Answer::Status(Box::new(Status { version, pid, uptime, snapshot, findings, standings }));
        for token in control.waiting_for(Awaits::Snapshot) {
            control.answer(token, &answer, &self.reactor, now);
        }
    }

    /// A reload begins: who asked until now is told of this one.
    pub(super) fn reload_begins(&mut self) {
        self.control.iter_mut().for_each(Control::reload_begins);
    }

    /// Everybody who asked for the reload that ran is told how it ended.
    pub(super) fn tell_reload(&mut self, answer: &Answer, now: Instant) {
        if let Some(control) = &mut self.control {
            for token in control.waiting_for(Awaits::Reload) {
                control.answer(token, answer, &self.reactor, now);
            }
        }
    }
}

//! What the thread is told: by signals, and by the helper thread for the supervisor and for trackers.

use super::{Driver, quantum_of};
use crate::ipc::Order;
use crate::vrrp::dumps::{Dump, Wanted};
use crate::vrrp::messages::{Settings, ToEngine, ToHelper};
use keepalived_events::Snapshot;
use keepalived_kernel::{Result, signals};
use keepalived_types::Instant;
use keepalived_vrrp::{Engine, NotDone};
use std::collections::HashMap;

impl Driver {
    pub(super) fn handle_signals(&mut self, now: Instant) {
        while let Some(signal) = self.signals.read() {
            if signal.number == signals::TERM {
                self.stopping = true;
            } else if signal.number == signals::RELOAD {
                self.to_helper.put(ToHelper::ReloadRequested);
            } else if signal.number == signals::CPU_TIME {
                let text =
                    "VRRP process has used too much CPU time, vrrp_rlimit_rttime may need to be increased";
                self.to_helper.put(ToHelper::Log { detail: false, text: text.to_owned() });
            } else if let Some(wanted) = Wanted::by_signal(signal.number) {
                self.dump(wanted, now);
            } else {
                let text = format!("signal {} is not expected", signal.number);
                self.to_helper.put(ToHelper::Log { detail: false, text });
            }
        }
        if self.stopping {
            self.muted = self.keep_at_stop;
            self.engine.stop(now);
        }
    }

    /// Collects what a file shows; the helper thread writes it.
    pub(super) fn dump(&mut self, wanted: Wanted, now: Instant) {
        self.receive_all(now);
        let clear = wanted == Wanted::StatsAndClear;
        let sockets = if wanted.shows_sockets() { self.dumped_sockets() } else { HashMap::new() };
        self.to_helper.put(ToHelper::Dump(Box::new(Dump::take(wanted, &self.engine, sockets, now))));
        if clear {
            self.engine.reset_counters();
        }
    }

    pub(super) fn handle_messages(&mut self, now: Instant) -> Result<()> {
        self.from_helper.waker().drain();
        while let Some(message) = self.from_helper.take() {
            match message {
                ToEngine::Settings(settings) => {
                    let Settings { process, auto_priority, name, netlink } = *settings;
                    let mut complaints = self.take_settings(&process, auto_priority, name.as_deref());
                    complaints.extend(
                        self.network.set_receive_buffers(netlink).err().map(|error| error.to_string()),
                    );
                    for text in complaints {
                        self.to_helper.put(ToHelper::Log { detail: false, text });
                    }
                }
                ToEngine::Reload(config) => {
                    self.quantum = quantum_of(&config);
                    if let Err(error) = self.poll_links(&config, now) {
                        let text = format!("links are not polled: {error}");
                        self.to_helper.put(ToHelper::Log { detail: false, text });
                    }
                    self.prepare_routing(&config, now)?;
                    self.engine.reconfigure(*config, now);
                    self.options_outdated = true;
                    self.to_helper.put(ToHelper::Reloaded);
                }
                ToEngine::Dump(saved) => self.dump(Wanted::Data(Some(saved)), now),
                ToEngine::Tracker { name, reading } => self.engine.handle_tracker(&name, reading, now),
                ToEngine::Operate { ticket, order } => {
                    let outcome = operate(&mut self.engine, order, now);
                    self.to_helper.put(ToHelper::Operated { ticket, outcome });
                }
                ToEngine::Snapshot => {
                    self.receive_all(now);
                    let snapshot = Snapshot { vrrp: self.engine.snapshot(now), ..Snapshot::default() };
                    self.to_helper.put(ToHelper::Snapshot(Box::new(snapshot)));
                }
            }
        }
        Ok(())
    }
}

/// Does what an operator wants.
fn operate(engine: &mut Engine, order: Order, now: Instant) -> std::result::Result<(), NotDone> {
    match order {
        Order::SwitchOver(name) => engine.switch_over(&name, now),
        Order::TakeBack(name) => engine.take_back(name.as_deref(), now),
        Order::Maintenance(on) => {
            engine.set_maintenance(on, now);
            Ok(())
        }
    }
}

//! Processes and machines that start, stop and die, and the supervisor that looks after them.

use super::Lan;
use crate::agenda::Happening;
use crate::carrier::Delay;
use crate::node::{Legacy, NodeId, Process, RouterKey, Shadow};
use crate::told::{News, Told};
use keepalived_vrrp::{Engine, Start, State};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

impl Lan {
    /// Switches a node on; the daemon starts at once.
    pub fn power_on(&mut self, node: NodeId) {
        if self.nodes[node.0].is_powered {
            return;
        }
        self.nodes[node.0].is_powered = true;
        self.nodes[node.0].booted = self.now;
        self.nodes[node.0].legacy = None;
        self.story.tell(self.now, || format!("{node} is switched on"));
        self.start(node);
    }

    /// Pulls a node's power cord. Returns the time.
    pub fn power_off(&mut self, node: NodeId) -> keepalived_types::Instant {
        self.story.tell(self.now, || format!("{node} is switched off"));
        self.disturb_node(node);
        let owner = &mut self.nodes[node.0];
        owner.is_powered = false;
        owner.process = None;
        owner.pause = None;
        let unread = std::mem::take(&mut owner.inbox).packets.len();
        self.traffic.lost += u64::try_from(unread).unwrap_or(0);
        owner.legacy = None;
        owner.machine.virtual_addresses.clear();
        owner.machine.given_up.clear();
        self.now
    }

    /// Starts the daemon on a node that is on and runs none. It removes what it finds of an earlier one.
    pub fn start(&mut self, node: NodeId) {
        if self.nodes[node.0].is_powered && self.nodes[node.0].process.is_none() {
            self.nodes[node.0].legacy = None;
            self.start_process(node, &[]);
        }
    }

    /// Stops the daemon in order: it says good-bye and removes its addresses.
    pub fn stop(&mut self, node: NodeId) {
        if !self.nodes[node.0].is_alive() {
            return;
        }
        self.story.tell(self.now, || format!("{node} stops"));
        self.disturb_node(node);
        self.busy = Some(node);
        self.turn(node, Engine::stop);
        if let Some(process) = self.nodes[node.0].process.as_mut() {
            process.reconcile_pending = true;
        }
        self.reconcile(node);
        self.busy = None;
        let left = self.nodes[node.0].machine.virtual_addresses.len();
        if left > 0 {
            self.object(format!("{node}: {left} virtual addresses are left after an orderly stop"));
        }
        if let Some(name) = self.unstopped(node) {
            self.object(format!("{node} {name}: did not say that it stopped"));
        }
        self.nodes[node.0].process = None;
    }

    /// Kills the VRRP process. The supervisor starts a new one after `delay`, which goes on where the old one was;
    /// if that is too late, it removes the addresses before. What no MASTER held it removes at once.
    pub fn kill(&mut self, node: NodeId, delay: Duration) {
        let Some(snapshot) = self.snapshot(node) else { return };
        self.story
            .tell(self.now, || format!("{node}: its process is killed, the next one starts after {delay:?}"));
        self.disturb_node(node);
        // The process may die after it has yielded and before the kernel has done what it asked for. Nobody would ever
        // adopt those addresses, so they must not wait for the next process.
        let rightful = self.nodes[node.0].rightful_addresses();
        let owner = &mut self.nodes[node.0];
        owner.machine.virtual_addresses.retain(|placed| rightful.contains(placed));
        owner.process = None;
        owner.pause = None;
        let unread = std::mem::take(&mut owner.inbox).packets.len();
        self.traffic.lost += u64::try_from(unread).unwrap_or(0);
        let masters = snapshot.instances.iter().filter(|one| one.state == State::Master);
        let adopt_until = masters.clone().map(|one| self.now + one.master_down_interval).min();
        let masters = masters.map(|one| one.name.clone()).collect();
        owner.legacy = Some(Legacy { masters, adopt_until });
        if let Some(at) = adopt_until {
            self.agenda.enter(at, Happening::CleanUp(node));
        }
        self.agenda.enter(self.now + delay, Happening::Respawn(node));
    }

    pub(super) fn respawn(&mut self, node: NodeId) {
        let owner = &mut self.nodes[node.0];
        if owner.process.is_some() || !owner.is_powered {
            return;
        }
        let Some(legacy) = owner.legacy.take() else { return };
        let in_time = legacy.adopt_until.is_some_and(|until| self.now < until);
        let masters = if in_time { legacy.masters } else { Vec::new() };
        self.start_process(node, &masters);
    }

    pub(super) fn clean_up(&mut self, node: NodeId) {
        let owner = &mut self.nodes[node.0];
        let is_due =
            owner.legacy.as_ref().and_then(|legacy| legacy.adopt_until).is_some_and(|at| at <= self.now);
        if owner.process.is_none() && is_due {
            self.story
                .tell(self.now, || format!("{node}: the supervisor removes what the dead process left"));
            self.nodes[node.0].machine.virtual_addresses.clear();
        }
    }

    /// A process starts: it learns about the machine, then its instances begin.
    fn start_process(&mut self, node: NodeId, adopt: &[String]) {
        let now = self.now;
        let clock = self.clock(node);
        self.nodes[node.0].generation += 1;
        let config = self.nodes[node.0].config.clone();
        for instance in &config.instances {
            if let Some(key) = RouterKey::of(instance) {
                self.watch.consider(key, &config);
            }
        }
        let shadows =
            config.instances.iter().map(|one| (one.name.clone(), Shadow::new(one.priority, now))).collect();
        let uptime = now.since(self.nodes[node.0].booted);
        let after_boot = config.engine.delay_after_boot.saturating_sub(uptime);
        let delay = config.engine.startup_delay.max(after_boot);
        let mut engine = Engine::new(config, Start { now: clock, uptime });
        if !adopt.is_empty() {
            engine.adopt(adopt, clock);
        }
        let mut told = Told::default();
        for link in self.nodes[node.0].machine.links() {
            told.tell(&News::Link(link.clone()), now, now, Delay::default());
            engine.handle_link(link, clock);
        }
        for address in self.nodes[node.0].machine.addresses() {
            told.tell(&News::Address(address), now, now, Delay::default());
            engine.handle_address(address, clock);
        }
        self.nodes[node.0].process = Some(Process {
            engine,
            channels: BTreeMap::new(),
            opened: Vec::new(),
            wanted: BTreeMap::new(),
            reconcile_pending: false,
            shadows,
            delayed_until: now + delay,
            unclaimed: 0,
            scripts: BTreeSet::new(),
            split_since: BTreeMap::new(),
            told,
            retries_until: None,
        });
        self.story.tell(now, || format!("{node}: a process starts, {} instances to adopt", adopt.len()));
        self.disturb_node(node);
        self.busy = Some(node);
        self.report_trackers(node);
        self.busy = None;
        self.turn(node, Engine::handle_topology_complete);
        self.begin_scripts(node);
        self.reconcile_soon(node);
        self.look_at(node);
    }

    fn unstopped(&self, node: NodeId) -> Option<String> {
        let shadows = self.nodes[node.0].process.iter().flat_map(|process| &process.shadows);
        shadows.filter(|(_, shadow)| shadow.state != State::Stop).map(|(name, _)| name.clone()).next()
    }
}

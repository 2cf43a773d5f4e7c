//! What the kernel, and the thread that polls links, tell about interfaces and addresses.

use super::{Driver, LINKBEAT};
use crate::vrrp::linkbeat::Linkbeat;
use crate::vrrp::messages::ToHelper;
use crate::vrrp::room;
use keepalived_kernel::Result;
use keepalived_kernel::clock;
use keepalived_kernel::netlink::{Address, Change};
use keepalived_kernel::reactor::Interest;
use keepalived_surfaces::dump::DumpedSockets;
use keepalived_types::{IfIndex, Instant, InterfaceName};
use keepalived_vrrp::ChannelId;
use keepalived_vrrp::config::Config;
use std::collections::HashMap;
use std::os::fd::AsFd;

impl Driver {
    pub(super) fn read_changes(&mut self, now: Instant) -> Result<()> {
        let mut changes = Vec::new();
        while self.network.monitor.read(&mut changes)? {}
        for change in changes {
            self.handle_change(change, now);
        }
        Ok(())
    }

    pub(super) fn handle_change(&mut self, change: Change, now: Instant) {
        match change {
            Change::LinkChanged(link) => {
                let index = link.index;
                let is_down = !link.is_up();
                self.handle_link(&link, now);
                if is_down {
                    self.doubt_routing(now);
                }
                // What an instance gives up over this is not to be put back first.
                self.perform_effects();
                self.repair(Some(index));
            }
            Change::LinkRemoved(index) => {
                self.network.forget_link(index);
                self.announcer.forget_link(index);
                self.secondaries.forget(index);
                self.engine.handle_link_removed(index, now);
                self.doubt_routing(now);
            }
            Change::AddressAdded(address) => {
                self.log_address("Assigned", "added to", &address);
                let learnt = self.network.learn_address(&address);
                self.engine.handle_address(learnt, now);
                self.has_new_address = true;
            }
            Change::AddressRemoved(address) => {
                self.log_address("Deassigned", "removed from", &address);
                let forgotten = self.network.forget_address(&address);
                self.engine.handle_address_removed(forgotten, now);
                self.doubt_routing(now);
            }
            change @ (Change::RouteAdded { .. }
            | Change::RouteRemoved(_)
            | Change::RuleAdded(_)
            | Change::RuleRemoved(_)) => self.handle_routing_change(change, now),
            Change::Overrun => self.on_overrun(now),
        }
    }

    fn handle_link(&mut self, link: &keepalived_kernel::netlink::Link, now: Instant) {
        let Some((link, is_other_place)) = self.network.learn_link(link) else {
            return;
        };
        let index = link.index;
        if is_other_place {
            self.secondaries.rename(index, &link.name);
            self.options_outdated = true;
        }
        self.engine.handle_link(link, now);
    }

    /// Puts back what is wanted on this interface, or on all, and not there.
    fn repair(&mut self, index: Option<IfIndex>) {
        let is_up = index.is_none_or(|index| self.network.is_up(index));
        let repairs = self.network.reconciler.repairs(index, is_up);
        self.network.perform(repairs);
    }

    fn on_overrun(&mut self, now: Instant) {
        self.doubt_routing(now);
        if self.redump.ask(now) {
            let text = "Netlink: Receive buffer overrun on monitor socket, reading all interfaces and addresses again \
                        - increase vrrp_netlink_monitor_rcv_bufs and/or set vrrp_netlink_monitor_rcv_bufs_force";
            self.to_helper.put(ToHelper::Log { detail: false, text: text.to_owned() });
        }
    }

    /// Reports were lost: only a fresh listing can tell how things are.
    pub(super) fn start_over_if_due(&mut self, now: Instant) -> Result<()> {
        if !self.redump.is_due(now) {
            return Ok(());
        }
        // What waits is older than the listing, and would be believed after it.
        self.read_changes(now)?;
        let listing = self.network.requests.glance()?;
        self.redump.done(clock::now(), listing.is_steady);
        let known = self.network.reconciler.known();
        if listing.is_steady {
            for index in self.network.missing_from(&listing.links) {
                self.handle_change(Change::LinkRemoved(index), now);
            }
            self.network.reconciler.start_over();
        }
        for link in &listing.links {
            self.handle_link(link, now);
        }
        for address in listing.addresses {
            self.handle_change(Change::AddressAdded(address), now);
        }
        // Afterwards, so that an address that has taken the place of another is known when the other goes.
        for address in self.network.gone(&known) {
            self.engine.handle_address_removed(address, now);
        }
        self.perform_effects();
        // Before anything is put back: what was put back would not count as lost.
        self.tell_losses(now);
        self.repair(None);
        Ok(())
    }

    /// What the thread that polls links has found.
    pub(super) fn handle_beats(&mut self, now: Instant) {
        let Some(linkbeat) = &mut self.linkbeat else { return };
        linkbeat.inbox.waker().drain();
        while let Some(beat) = linkbeat.inbox.take() {
            if let Some(link) = self.network.learn_beat(beat) {
                self.engine.handle_link(link, now);
            }
        }
    }

    /// Polls the links that a configuration wants to be polled, and no others.
    ///
    /// # Errors
    /// When the process is out of descriptors or threads.
    pub(super) fn poll_links(&mut self, config: &Config, now: Instant) -> Result<()> {
        if self.linkbeat.is_none() && !config.linkbeat.is_empty() {
            let linkbeat = Linkbeat::start()?;
            self.reactor.register(linkbeat.inbox.waker().as_fd(), LINKBEAT, Interest::Read)?;
            self.linkbeat = Some(linkbeat);
        }
        if let Some(linkbeat) = &self.linkbeat {
            linkbeat.poll(config.linkbeat.clone());
        }
        let polled = config.linkbeat.iter().map(|(name, _)| name.clone()).collect();
        for link in self.network.poll_only(polled) {
            self.engine.handle_link(link, now);
        }
        Ok(())
    }

    /// Receive buffers and settings that follow from which instances are where.
    pub(super) fn refresh_options(&mut self) {
        if !std::mem::take(&mut self.options_outdated) {
            return;
        }
        let engine = &self.engine;
        let views = || engine.instance_ids().into_iter().filter_map(|id| engine.instance(id));
        let room = room::wanted(views(), |index| self.network.mtu(index));
        let promoting = views().filter(|view| view.config.promote_secondaries);
        let interfaces: HashMap<IfIndex, InterfaceName> =
            promoting.filter_map(|view| Some((view.link?, view.config.interface.clone()?))).collect();
        let mut complaints = self.channels.resize(&room);
        complaints.extend(self.secondaries.want(&interfaces));
        for text in complaints {
            self.to_helper.put(ToHelper::Log { detail: false, text });
        }
    }

    /// The sockets as a data dump shows them.
    pub(super) fn dumped_sockets(&self) -> HashMap<ChannelId, DumpedSockets> {
        let engine = &self.engine;
        let views = engine.instance_ids().into_iter().filter_map(|id| engine.instance(id));
        let room = room::wanted(views, |index| self.network.mtu(index));
        let dumped = |(id, (fd_in, fd_out))| {
            (id, DumpedSockets { fd_in, fd_out, room: room.get(&id).copied().unwrap_or(0) })
        };
        self.channels.descriptors().map(dumped).collect()
    }

    fn log_address(&mut self, verb: &str, reflected: &str, address: &Address) {
        if !self.detail && !self.address_monitoring {
            return;
        }
        let Some(name) = self.network.name(address.index).cloned() else {
            return;
        };
        let ip = address.prefix.address();
        if self.address_monitoring {
            let text = format!("Netlink reflector reports IP {ip} {reflected} {name}");
            self.to_helper.put_if_room(|| ToHelper::Log { detail: false, text });
        }
        let preposition = if verb == "Assigned" { "for" } else { "from" };
        self.log_detail(|| format!("{verb} address {ip} {preposition} interface {name}"));
    }
}

//! Adverts on their way from sockets to the engine.

use super::Driver;
use crate::vrrp::messages::ToHelper;
use keepalived_types::Instant;
use keepalived_vrrp::{ChannelId, Received};

impl Driver {
    pub(super) fn receive(&mut self, id: ChannelId, drain: bool, now: Instant) {
        let engine = &mut self.engine;
        let before = self.channels.malformed();
        self.channels.receive(id, drain, now, |received, at| engine.handle_advertisement(id, received, at));
        self.tell_malformed(before);
    }

    /// Everything that waits anywhere.
    pub(super) fn receive_all(&mut self, now: Instant) {
        for id in self.channels.ids() {
            self.receive(id, true, now);
        }
    }

    /// Channels that are read in batches: those whose time has come, or all before a master is believed to be down.
    pub(super) fn read_batches(&mut self, now: Instant) {
        let someone_is_silent = self.engine.next_master_down().is_some_and(|at| at <= now);
        let engine = &mut self.engine;
        let before = self.channels.malformed();
        let handle = |id, received: &Received<'_>, at| engine.handle_advertisement(id, received, at);
        self.channels.read_batches(someone_is_silent, &self.reactor, now, handle);
        self.tell_malformed(before);
    }

    pub(super) fn tell_malformed(&mut self, before: u64) {
        if before == 0 && self.channels.malformed() > 0 {
            let text = "received a datagram that is no VRRP packet; further ones are only counted".to_owned();
            self.to_helper.put(ToHelper::Log { detail: false, text });
        }
    }
}

//! What the engine wants is done: adverts first, then addresses in batches, then announcements.

use super::Driver;
use crate::vrrp::messages::ToHelper;
use crate::vrrp::network::Deferred;
use crate::vrrp::reconcile::Holder;
use crate::vrrp::routing::refusal;
use keepalived_events::{Event, What};
use keepalived_kernel::{Result, clock};
use keepalived_vrrp::{Channel, ChannelAddress, ChannelId, Effect, EventKind};
use std::net::IpAddr;

impl Driver {
    pub(super) fn perform_effects(&mut self) {
        while let Some(effect) = self.engine.poll_effect() {
            self.perform(effect);
        }
    }

    pub(super) fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::OpenChannel { id, channel } => self.open_channel(id, &channel),
            Effect::CloseChannel(id) => self.channels.close(id, &self.reactor),
            Effect::Listen { channel, attention } => {
                if let Err(error) = self.channels.listen(channel, attention, &self.reactor, clock::now()) {
                    let text = format!("adverts are read one by one: {error}");
                    self.to_helper.put(ToHelper::Log { detail: false, text });
                }
            }
            Effect::SendAdvert { channel, advert, identification, .. } if !self.muted => {
                if let Err(error) = self.channels.send(channel, &advert, identification) {
                    self.log_detail(|| format!("could not send an advert: {error}"));
                }
            }
            Effect::Want { instance, network } if !self.muted => {
                if network.addresses.is_empty() {
                    self.announcer.forget(instance);
                    self.network.forget_announcements(instance);
                }
                let operations = self.network.reconciler.want(Holder::Instance(instance), network);
                self.network.perform(operations);
            }
            Effect::WantStatic(network) if !self.muted => {
                let operations = self.network.reconciler.want(Holder::Static, network);
                self.network.perform(operations);
            }
            Effect::Announce { instance, announcements, rounds } if !self.muted => {
                self.network.announce(Deferred { instance, announcements, rounds });
            }
            Effect::SendAdvert { .. }
            | Effect::Want { .. }
            | Effect::WantStatic(_)
            | Effect::Announce { .. } => {}
            // Thousands of them come at once, and nothing but a line of the detailed log becomes of them.
            Effect::Event(event) if !self.detail && matches!(event.kind, EventKind::Announcing { .. }) => {}
            Effect::Event(event) => {
                self.roles.note(&event);
                self.events += 1;
                self.aftermath.note(1, clock::now());
                let event = Event {
                    sequence: self.events,
                    wall: std::time::SystemTime::now(),
                    at: clock::now(),
                    what: What::Vrrp(*event),
                };
                self.to_helper.put(ToHelper::Event(Box::new(event)));
            }
        }
    }

    pub(super) fn open_channel(&mut self, id: ChannelId, channel: &Channel) {
        match self.channels.open(id, channel, &self.reactor) {
            Ok(()) => {
                self.options_outdated = true;
                let line = sockpool_line(channel);
                self.log_detail(|| line);
            }
            Err(error) => self.engine.handle_channel_failed(id, error.to_string(), clock::now()),
        }
    }

    pub(super) fn advance_requests(&mut self) -> Result<()> {
        self.roles.tell();
        if self.network.is_idle() {
            return Ok(());
        }
        let progress = self.network.turn()?;
        for (operation, error) in progress.refused {
            let text = refusal(&operation, &error, |index| self.interface_text(index));
            self.to_helper.put(ToHelper::Log { detail: false, text });
        }
        for ready in progress.announce {
            self.announcer.queue(ready.instance, ready.announcements, ready.rounds);
        }
        if !progress.added.is_empty() {
            let now = clock::now();
            progress.added.into_iter().for_each(|address| self.engine.handle_address(address, now));
            self.perform_effects();
        }
        Ok(())
    }

    pub(super) fn advance_announcements(&mut self) {
        if !self.announcer.has_work() {
            return;
        }
        let (network, to_helper, detail) = (&self.network, &mut self.to_helper, self.detail);
        let name_of = |index| network.name(index).map(ToString::to_string);
        self.announcer.turn(clock::now(), name_of, |sent| {
            if detail {
                to_helper.put_if_room(|| ToHelper::Log {
                    detail: true,
                    text: announcement_line(sent.address, name_of(sent.index)),
                });
            }
        });
    }

    pub(super) fn log_detail(&mut self, text: impl FnOnce() -> String) {
        if self.detail {
            self.to_helper.put_if_room(|| ToHelper::Log { detail: true, text: text() });
        }
    }
}

fn sockpool_line(channel: &Channel) -> String {
    let index = channel.interface.as_ref().map_or(0, |(index, _)| index.get());
    let (kind, address) = match channel.address {
        ChannelAddress::Group(group) => ("multicast", group),
        ChannelAddress::Local(source) => ("unicast", source),
    };
    let family = channel.family;
    format!("VRRP sockpool: [ifindex({index:3}), family({family}), proto(112), {kind}, address({address})]")
}

fn announcement_line(address: IpAddr, interface: Option<String>) -> String {
    let interface = interface.unwrap_or_default();
    match address {
        IpAddr::V4(_) => format!("Sending gratuitous ARP on {interface} for {address}"),
        IpAddr::V6(_) => format!("Sending unsolicited Neighbour Advert on {interface} for {address}"),
    }
}

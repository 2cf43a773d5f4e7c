//! What the machine has: links and addresses that come, change and go.

use super::{Engine, Phase};
use crate::effect::InstanceId;
use crate::event::{EventKind, Subject};
use crate::input::{Link, LinkAddress};
use crate::instance::Instance;
use crate::links::LinkChange;
use crate::timers::Due;
use crate::tracking::Watched;
use keepalived_types::{IfIndex, Instant};
use std::net::IpAddr;
use std::time::Duration;

impl Engine {
    /// A link appeared or changed.
    pub fn handle_link(&mut self, link: Link, now: Instant) {
        let index = link.index;
        let change = self.world.links.insert(link);
        self.on_link_change(index, change, now);
    }

    /// A link disappeared, and its addresses with it.
    pub fn handle_link_removed(&mut self, index: IfIndex, now: Instant) {
        let change = self.world.links.remove(index);
        self.world.timers.cancel(Due::LinkDelay(index));
        self.on_link_change(index, change, now);
    }

    /// An address appeared, or is no longer tentative.
    pub fn handle_address(&mut self, address: LinkAddress, now: Instant) {
        if self.world.links.insert_address(address) {
            self.on_address_change(address, now);
        }
    }

    /// An address disappeared.
    pub fn handle_address_removed(&mut self, address: LinkAddress, now: Instant) {
        if self.world.links.remove_address(address) {
            self.on_address_change(address, now);
        }
    }

    pub(super) fn on_link_change(&mut self, index: IfIndex, change: LinkChange, now: Instant) {
        let LinkChange { names, usable, delayed, reverted, addresses } = change;
        let due = Due::LinkDelay(index);
        if reverted || usable.is_some() {
            self.world.timers.cancel(due);
        }
        if let Some(delay) = delayed.filter(|_| self.world.timers.deadline(due).is_none()) {
            let longest = self.longest_link_delay(index);
            self.world.timers.set(due, now + longest.map_or(delay, |longest| delay.min(longest)));
        }
        let name =
            self.world.links.get(index).map(|link| link.name.clone()).or_else(|| names.first().cloned());
        if let (Some(up), Some(name), Phase::Running) = (usable, name, self.phase)
            && self.dependents.contains_key(&Watched::Interface(name.clone()))
        {
            let interface = name.to_string();
            self.world.report(Subject::Process, EventKind::InterfaceChanged { interface, up });
        }
        self.move_statics(&names);
        for name in names {
            self.refresh_dependents(&Watched::Interface(name), now);
        }
        for ip in addresses {
            self.refresh_senders(ip, now);
        }
    }

    /// No change of a link may be believed later than a backup on it would take over (`interface_up_down_delays`).
    fn longest_link_delay(&self, index: IfIndex) -> Option<Duration> {
        let name = self.world.links.get(index)?.name.clone();
        let instances = self.dependents.get(&Watched::Interface(name.clone()))?.iter();
        let instances = instances.filter_map(|id| self.instances.get(*id));
        let on_it = instances.filter(|instance| instance.config.interface.as_ref() == Some(&name));
        on_it.map(Instance::longest_link_delay).min()
    }

    fn on_address_change(&mut self, address: LinkAddress, now: Instant) {
        let ip = address.prefix.address();
        self.refresh_senders(ip, now);
        // A virtual address is never chosen as a source: a thousand of them coming and going concern nobody.
        if self.world.links.is_virtual(ip) {
            return;
        }
        let name = self.world.links.get(address.index).map(|link| link.name.clone());
        name.into_iter().for_each(|name| self.refresh_dependents(&Watched::Interface(name), now));
    }

    /// Those whose configured source it is, wherever on the machine it may be.
    fn refresh_senders(&mut self, source: IpAddr, now: Instant) {
        if let Some(ids) = self.sources.get(&source).cloned() {
            self.retry_and_refresh(&ids, now);
        }
    }

    pub(super) fn refresh_dependents(&mut self, watched: &Watched, now: Instant) {
        if let Some(ids) = self.dependents.get(watched).cloned() {
            self.retry_and_refresh(&ids, now);
        }
    }

    /// Lets instances look again; a channel that failed before may work now.
    fn retry_and_refresh(&mut self, ids: &[InstanceId], now: Instant) {
        if self.phase != Phase::Running {
            return;
        }
        for id in ids {
            if let Some(instance) = self.instances.get_mut(*id) {
                instance.channel_failure = None;
                self.refresh(*id, now);
            }
        }
    }
}

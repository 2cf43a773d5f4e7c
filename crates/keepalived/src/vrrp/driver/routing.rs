//! Routes and rules: what the kernel tells about them, and when to ask it.
//!
//! The kernel drops IPv4 routes in silence when an interface goes down or an address goes. So they are listed anew after
//! every such event, spaced as after lost reports; those of other programs are left out by the kernel.

use super::Driver;
use crate::vrrp::messages::ToHelper;
use crate::vrrp::reconcile::{Holder, Lost};
use crate::vrrp::routing;
use keepalived_kernel::netlink::Change;
use keepalived_kernel::{Result, clock};
use keepalived_types::{IfIndex, Instant};
use keepalived_vrrp::config::Config;

/// How often the first listing is made anew when something changes meanwhile.
const FIRST_LISTINGS: usize = 8;

impl Driver {
    /// Reads which of our routes and rules there are, before anything is wanted; hears of them from now on if this
    /// configuration has any.
    ///
    /// # Errors
    /// When the kernel refuses or does not answer.
    pub(super) fn learn_routing(&mut self, config: &Config) -> Result<()> {
        if has_routing(config) {
            self.network.watch_routing()?;
        }
        for _ in 0..FIRST_LISTINGS {
            if self.network.list_routing()? {
                break;
            }
        }
        Ok(())
    }

    /// Removes what an earlier run left behind.
    pub(super) fn clear_routing_leftovers(&mut self) {
        let (routes, rules) = self.engine.configured_routing();
        let leftovers = self.network.reconciler.routing_leftovers(&routes, &rules);
        self.network.perform(leftovers);
    }

    /// A new configuration may have the first routes, and the kernel may have dropped old ones.
    ///
    /// # Errors
    /// When the kernel refuses or does not answer.
    pub(super) fn prepare_routing(&mut self, config: &Config, now: Instant) -> Result<()> {
        if has_routing(config) {
            if self.network.watch_routing()? {
                self.learn_routing(config)?;
            }
            self.routing_redump.ask(now);
        }
        Ok(())
    }

    /// A report about a route or a rule.
    pub(super) fn handle_routing_change(&mut self, change: Change, now: Instant) {
        let reconciler = &mut self.network.reconciler;
        match change {
            Change::RouteAdded { route, replaces } => {
                if route.protocol == keepalived_kernel::netlink::route::PROTOCOL_KEEPALIVED {
                    reconciler.route_appeared(route);
                }
                if replaces {
                    // Which one is gone is not told.
                    self.doubt_routing(now);
                }
            }
            Change::RouteRemoved(route) => reconciler.route_vanished(&route),
            Change::RuleAdded(rule) => reconciler.rule_appeared(rule),
            Change::RuleRemoved(rule) => reconciler.rule_vanished(&rule),
            _ => {}
        }
    }

    /// Routes may have gone in silence.
    pub(super) fn doubt_routing(&mut self, now: Instant) {
        if self.network.follows_routing() {
            self.routing_redump.ask(now);
        }
    }

    /// Lists routes and rules anew when it is time.
    ///
    /// # Errors
    /// When the kernel refuses or does not answer.
    pub(super) fn relist_routing_if_due(&mut self, now: Instant) -> Result<()> {
        if !self.routing_redump.is_due(now) {
            return Ok(());
        }
        // What waits is older than the listing, and would be believed after it.
        self.read_changes(now)?;
        let is_steady = self.network.list_routing()?;
        self.routing_redump.done(clock::now(), is_steady);
        self.perform_effects();
        self.tell_losses(now);
        Ok(())
    }

    /// Something wanted that somebody else removed: what is static comes back, of the rest the engine decides what it
    /// means.
    pub(super) fn tell_losses(&mut self, now: Instant) {
        let losses = self.network.reconciler.losses();
        if losses.is_empty() {
            return;
        }
        for (holder, lost) in losses {
            match (holder, &lost) {
                (Holder::Static, _) => self.restore(&lost),
                (Holder::Instance(id), Lost::Address(key)) => {
                    self.engine.handle_network_lost(id, key.prefix.address(), now);
                }
                (Holder::Instance(id), Lost::Route(placed)) => {
                    self.engine.handle_route_lost(id, &placed.route, now);
                }
                (Holder::Instance(id), Lost::Rule(rule)) => self.engine.handle_rule_lost(id, rule, now),
            }
        }
        self.perform_effects();
    }

    fn restore(&mut self, lost: &Lost) {
        if let Lost::Route(placed) = lost
            && placed.interfaces.iter().flatten().any(|index| !self.network.is_up(*index))
        {
            return self.network.reconciler.postpone(lost);
        }
        let Some(operation) = self.network.reconciler.restore(lost) else { return };
        let text = routing::restoring(lost, |index| self.interface_text(index));
        self.to_helper.put(ToHelper::Log { detail: false, text });
        self.network.perform(vec![operation]);
    }

    /// Routes that were refused may find their way now that there is another address.
    pub(super) fn retry_routes_if_due(&mut self) {
        if std::mem::take(&mut self.has_new_address) && self.network.follows_routing() {
            let retries = self.network.reconciler.retries();
            self.network.perform(retries);
        }
    }

    /// The name of an interface, or its number when it is gone.
    pub(super) fn interface_text(&self, index: IfIndex) -> String {
        self.network.name(index).map_or_else(|| index.to_string(), ToString::to_string)
    }
}

/// Does a configuration have routes or rules at all?
fn has_routing(config: &Config) -> bool {
    let is_static = !config.static_routes.is_empty() || !config.static_rules.is_empty();
    let mut instances = config.instances.iter();
    is_static || instances.any(|one| !one.virtual_routes.is_empty() || !one.virtual_rules.is_empty())
}

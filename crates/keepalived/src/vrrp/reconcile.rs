//! What should be on the machine, what is, and the operations between the two.
//!
//! Start, transitions, reload, repair, adoption after a crash and shutdown are all the same difference. Pure: the
//! driver performs the operations and tells what the kernel reports.

mod addresses;
mod item;
mod ledger;

use addresses::Addresses;
use keepalived_kernel::netlink::route::Route;
use keepalived_kernel::netlink::rule::Rule;
use keepalived_types::{IfIndex, Prefix};
use keepalived_vrrp::config::{AddressConfig, RuleConfig};
use keepalived_vrrp::{InstanceId, PlacedRoute, WantedNetwork};
use ledger::Ledger;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

/// The kernel tells addresses of one interface apart by address and prefix length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key {
    /// The interface.
    pub(super) index: IfIndex,
    /// Address and prefix length.
    pub(super) prefix: Prefix,
}

/// Who wants something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Holder {
    /// An instance, while it is MASTER.
    Instance(InstanceId),
    /// The static blocks, as long as the daemon runs.
    Static,
}

/// Something to do to the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// The address is missing.
    Add(Key, AddressConfig),
    /// The address must go; the kernel tells point-to-point addresses apart by their other end.
    Remove(Key, Option<IpAddr>),
    /// The route is missing.
    AddRoute(Box<PlacedRoute>),
    /// The route must go.
    RemoveRoute(Box<Route>),
    /// The rule is missing.
    AddRule(Box<RuleConfig>),
    /// The rule must go.
    RemoveRule(Box<Rule>),
}

impl Operation {
    /// Which address it is about, if any.
    #[must_use]
    pub(super) const fn key(&self) -> Option<Key> {
        match self {
            Self::Add(key, _) | Self::Remove(key, _) => Some(*key),
            _ => None,
        }
    }
}

/// Something wanted that is gone although nobody here has removed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// An address.
    Address(Key),
    /// A route.
    Route(Box<PlacedRoute>),
    /// A rule.
    Rule(Box<RuleConfig>),
}

/// How far something wanted is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// An operation is on its way.
    Pending,
    /// It is there, as far as we know.
    Set,
    /// The kernel refused it; tried again when its interface changes.
    Refused,
    /// It was lost and waits for its interface.
    Postponed,
}

/// What should be and what is.
#[derive(Debug, Default)]
pub(super) struct Reconciler {
    addresses: Addresses,
    routes: Ledger<PlacedRoute>,
    rules: Ledger<RuleConfig>,
    networks: HashMap<Holder, Arc<WantedNetwork>>,
}

impl Reconciler {
    /// The kernel reports an address. `ours`: it carries the protocol number that we give to ours; `peer`: the other
    /// end of a point-to-point address.
    pub(super) fn appeared(&mut self, key: Key, ours: bool, peer: Option<IpAddr>) {
        self.addresses.appeared(key, ours, peer);
    }

    /// The kernel reports that an address is gone.
    pub(super) fn vanished(&mut self, key: Key) {
        self.addresses.vanished(key);
    }

    /// Is this address on the machine, as far as we know?
    pub(super) fn is_present(&self, key: &Key) -> bool {
        self.addresses.is_present(key)
    }

    /// Every address on the machine that we know of.
    pub(super) fn known(&self) -> Vec<Key> {
        self.addresses.known()
    }

    /// The kernel reports a route with our mark.
    pub(super) fn route_appeared(&mut self, route: Route) {
        self.routes.appeared(route);
    }

    /// The kernel reports that a route is gone.
    pub(super) fn route_vanished(&mut self, route: &Route) {
        self.routes.vanished(route);
    }

    /// The kernel reports a rule.
    pub(super) fn rule_appeared(&mut self, rule: Rule) {
        self.rules.appeared(rule);
    }

    /// The kernel reports that a rule is gone.
    pub(super) fn rule_vanished(&mut self, rule: &Rule) {
        self.rules.vanished(rule);
    }

    /// Are there routes or rules that may be lost?
    pub(super) fn wants_routing(&self) -> bool {
        self.routes.wants_any() || self.rules.wants_any()
    }

    /// An interface is gone, and with it its addresses and routes.
    pub(super) fn link_vanished(&mut self, index: IfIndex) {
        self.addresses.link_vanished(index);
        self.routes.forget(|route| route.hops.iter().any(|hop| hop.index == Some(index)));
    }

    /// Reports were lost: forget which addresses are known before the fresh listing is told.
    pub(super) fn start_over(&mut self) {
        self.addresses.start_over();
    }

    /// Replaces what is known of routes and rules by a fresh listing.
    pub(super) fn relist(&mut self, routes: Vec<Route>, rules: Vec<Rule>) {
        self.routes.relist(routes);
        self.rules.relist(rules);
    }

    /// From now on exactly this belongs on the machine for `holder`; the operations that get there, removals first.
    /// Routes lean on addresses, and rules on routes: they come after them and go before them.
    pub(super) fn want(&mut self, holder: Holder, network: Arc<WantedNetwork>) -> Vec<Operation> {
        let before = if network.is_empty() {
            self.networks.remove(&holder)
        } else {
            self.networks.insert(holder, Arc::clone(&network))
        };
        let before = before.unwrap_or_default();
        let rules = self.rules.want(holder, &before.rules, &network.rules);
        let routes = self.routes.want(holder, &before.routes, &network.routes);
        let addresses = self.addresses.want(holder, &before, &network);
        [rules.0, routes.0, addresses.0, addresses.1, routes.1, rules.1].concat()
    }

    /// The kernel's answer to an operation. True for a refusal that is worth telling: a route that is tried again and
    /// again is not.
    pub(super) fn finished(&mut self, operation: &Operation, succeeded: bool) -> bool {
        match operation {
            Operation::Add(key, address) => self.addresses.added(key, address, succeeded),
            Operation::Remove(key, _) => self.addresses.removed(key, succeeded),
            Operation::AddRoute(route) => return self.routes.added(route, succeeded) && !succeeded,
            Operation::AddRule(rule) => return self.rules.added(rule, succeeded) && !succeeded,
            Operation::RemoveRoute(route) => self.routes.removed(route),
            Operation::RemoveRule(rule) => self.rules.removed(rule),
        }
        !succeeded
    }

    /// What is wanted and was removed by somebody else since the last call.
    pub(super) fn losses(&mut self) -> Vec<(Holder, Lost)> {
        let addresses = self.addresses.losses().into_iter().map(|(holder, key)| (holder, Lost::Address(key)));
        let routes = self.routes.losses().into_iter();
        let routes = routes.map(|(holder, route)| (holder, Lost::Route(Box::new(route))));
        let rules = self.rules.losses().into_iter();
        let rules = rules.map(|(holder, rule)| (holder, Lost::Rule(Box::new(rule))));
        addresses.chain(routes).chain(rules).collect()
    }

    /// Puts back something static that was lost, unless nobody minds (`no_track`).
    pub(super) fn restore(&mut self, lost: &Lost) -> Option<Operation> {
        match lost {
            Lost::Address(key) => self.addresses.restore(*key),
            Lost::Route(route) => self.routes.restore(route),
            Lost::Rule(rule) => self.rules.restore(rule),
        }
    }

    /// A static route was lost and cannot come back before its interface does.
    pub(super) fn postpone(&mut self, lost: &Lost) {
        if let Lost::Route(route) = lost {
            self.routes.postpone(route);
        }
    }

    /// Adds again what is wanted but not there, for whoever does not give way over it (`no_track`, something refused
    /// whose interface came back): on this interface, or everywhere. Routes cannot be where the interface is down.
    pub(super) fn repairs(&mut self, index: Option<IfIndex>, is_up: bool) -> Vec<Operation> {
        let mut operations = self.addresses.repairs(index);
        if !is_up {
            return operations;
        }
        let concerns = |route: &PlacedRoute| {
            index.is_none_or(|index| route.interfaces.iter().any(|one| one.is_none_or(|one| one == index)))
        };
        operations.extend(self.routes.repairs(concerns));
        operations
    }

    /// Tries routes again that the kernel refused: an address has come that they may have waited for.
    pub(super) fn retries(&mut self) -> Vec<Operation> {
        self.routes.retries()
    }

    /// What an earlier run left behind: addresses with our mark, and addresses that are configured here, unless they
    /// are wanted. Call it once, after the first dump and the instances' first wishes.
    pub(super) fn leftovers(&self, configured: &HashSet<IpAddr>) -> Vec<Operation> {
        self.addresses.leftovers(configured)
    }

    /// The same of routes and rules: those with our mark, and configured ones that carry none.
    pub(super) fn routing_leftovers(&self, routes: &[PlacedRoute], rules: &[RuleConfig]) -> Vec<Operation> {
        [self.rules.leftovers(rules), self.routes.leftovers(routes)].concat()
    }
}

#[cfg(test)]
mod tests;

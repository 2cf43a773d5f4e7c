//! What a reload takes away, told item by item before it goes.
//!
//! As the original tells it (seen of 2.2.7): rules, routes, addresses, each in the order of the configuration. Of an
//! instance that is not MASTER nothing is on the machine, and only the end of a whole block is told.

use crate::config::{AddressConfig, Config, RouteConfig, RuleConfig};
use crate::effect::{PlacedRoute, WantedNetwork};
use crate::engine::{Engine, Phase};
use crate::event::{EventKind, Subject};
use crate::links::Links;
use crate::network;
use crate::reload::Before;
use crate::statics;
use keepalived_types::{IfIndex, Prefix};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Something that a reload takes away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Dropped {
    /// A virtual, excluded or static address.
    Address {
        /// The address and its subnet.
        prefix: Prefix,
        /// The interface that it is on.
        interface: String,
    },
    /// A route to this destination.
    Route(Prefix),
    /// A rule.
    Rule {
        /// `from`.
        source: Option<Prefix>,
        /// `to`.
        destination: Option<Prefix>,
    },
    /// Every route of a block, and none comes instead.
    AllRoutes,
    /// Every rule of a block, and none comes instead.
    AllRules,
}

impl Engine {
    /// Tells which static things `new` does not have any more.
    pub(crate) fn report_dropped_statics(&mut self, new: &Config) {
        if self.phase != Phase::Running {
            return;
        }
        let wanted = statics::wanted(new, &self.world.links);
        let ended = Ended {
            rules: ends(&self.config.static_rules, &new.static_rules),
            routes: ends(&self.config.static_routes, &new.static_routes),
        };
        for dropped in dropped(self.statics.asked(), &wanted, ended, &self.world.links) {
            self.world.report(Subject::Process, EventKind::Dropped(dropped));
        }
    }

    /// Tells what a kept instance does not have any more.
    pub(crate) fn report_dropped(&mut self, before: &Before) {
        let Some(instance) = self.instances.get(before.id) else {
            return;
        };
        let ended = Ended {
            rules: ends(&before.config.virtual_rules, &instance.config.virtual_rules),
            routes: ends(&before.config.virtual_routes, &instance.config.virtual_routes),
        };
        let nothing = WantedNetwork::default();
        let asked = instance.output.network.as_deref().filter(|_| instance.is_master());
        let dropped = match asked {
            Some(asked) => {
                dropped(asked, &network::wanted(instance, &self.world.links), ended, &self.world.links)
            }
            None => dropped(&nothing, &nothing, ended, &self.world.links),
        };
        for dropped in dropped {
            instance.report(&mut self.world, EventKind::Dropped(dropped));
        }
    }
}

/// Blocks that had something and have nothing now.
#[derive(Clone, Copy)]
struct Ended {
    rules: bool,
    routes: bool,
}

const fn ends<T>(old: &[T], new: &[T]) -> bool {
    !old.is_empty() && new.is_empty()
}

/// What was asked for and is not wanted any more.
fn dropped(asked: &WantedNetwork, wanted: &WantedNetwork, ended: Ended, links: &Links) -> Vec<Dropped> {
    let mut dropped = Vec::new();
    if ended.rules {
        dropped.push(Dropped::AllRules);
    } else {
        let rule = |rule: &RuleConfig| Dropped::Rule {
            source: rule.selector.source,
            destination: rule.selector.destination,
        };
        dropped.extend(missing(&asked.rules, &wanted.rules, same_rule).map(rule));
    }
    if ended.routes {
        dropped.push(Dropped::AllRoutes);
    } else {
        let route = |placed: &PlacedRoute| Dropped::Route(placed.route.destination);
        dropped.extend(missing(&asked.routes, &wanted.routes, same_route).map(route));
    }
    let address = |(index, address): &(IfIndex, AddressConfig)| Dropped::Address {
        prefix: address.prefix,
        interface: links.get(*index).map_or_else(String::new, |link| link.name.to_string()),
    };
    dropped.extend(missing(&asked.addresses, &wanted.addresses, same_address).map(address));
    dropped
}

/// Those of `old` that have no equal among `new`, as far as `identity` goes.
fn missing<'a, T: PartialEq, K: Eq + std::hash::Hash>(
    old: &'a [T],
    new: &'a [T],
    identity: impl Fn(&'a T) -> K + 'a,
) -> impl Iterator<Item = &'a T> {
    let kept: HashSet<K> = if old == new { HashSet::new() } else { new.iter().map(&identity).collect() };
    let old = if old == new { &[] } else { old };
    old.iter().filter(move |item| !kept.contains(&identity(item)))
}

/// Who tracks it does not matter to the kernel.
fn same_rule(rule: &RuleConfig) -> RuleConfig {
    RuleConfig { no_track: false, track_group: None, ..rule.clone() }
}

/// The same of a route.
fn same_route(placed: &PlacedRoute) -> PlacedRoute {
    let route = RouteConfig { no_track: false, track_group: None, ..placed.route.clone() };
    PlacedRoute { route, ..placed.clone() }
}

/// An address in another subnet, on another interface or under another label is another address.
fn same_address((index, address): &(IfIndex, AddressConfig)) -> (IfIndex, Prefix, Option<&str>) {
    (*index, address.prefix, address.options.label.as_deref())
}

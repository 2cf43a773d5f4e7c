//! `static_ipaddress`, `static_routes`, `static_rules`: what is on the machine as long as the daemon runs.
//!
//! Nobody's state hangs on it but through track groups, which make interfaces tracked. What somebody else removes is put
//! back by the driver at once, so the engine need not hear of it.

use crate::config::{Config, RuleConfig};
use crate::effect::{Effect, PlacedRoute, WantedNetwork};
use crate::engine::{Engine, Phase};
use crate::links::Links;
use crate::network::{interfaces_of, place_all};
use keepalived_types::InterfaceName;
use std::collections::HashSet;
use std::sync::Arc;

/// What was asked for last, and what it depends on.
#[derive(Debug, Default)]
pub(crate) struct Statics {
    asked: Arc<WantedNetwork>,
    /// The interfaces it names.
    interfaces: HashSet<InterfaceName>,
}

impl Statics {
    /// What was asked for last.
    pub(crate) fn asked(&self) -> &WantedNetwork {
        &self.asked
    }

    /// Notes which interfaces the configuration names.
    pub(crate) fn configure(&mut self, config: &Config) {
        let of_addresses = config.static_addresses.iter().filter_map(|address| address.interface.as_ref());
        self.interfaces = of_addresses.chain(interfaces_of(&config.static_routes)).cloned().collect();
    }
}

impl Engine {
    /// One of these interfaces has come or gone: what names it has another place, or none.
    pub(crate) fn move_statics(&mut self, names: &[InterfaceName]) {
        if names.iter().any(|name| self.statics.interfaces.contains(name)) {
            self.claim_statics();
        }
    }

    /// Asks for what belongs on the machine now, if it is not what was asked for last.
    pub(crate) fn claim_statics(&mut self) {
        if self.phase != Phase::Running {
            return;
        }
        let network = wanted(&self.config, &self.world.links);
        if network != *self.statics.asked {
            self.ask_for_statics(network);
        }
    }

    /// Every route that can be placed now and every rule of the configuration, whoever is MASTER: found at start, those
    /// that nobody wants are leftovers.
    #[must_use]
    pub fn configured_routing(&self) -> (Vec<PlacedRoute>, Vec<RuleConfig>) {
        let links = &self.world.links;
        let configs = || self.instances.iter().map(|instance| &instance.config);
        let mut routes = place_all(&self.config.static_routes, links);
        routes.extend(configs().flat_map(|config| place_all(&config.virtual_routes, links)));
        let rules = configs().flat_map(|config| &config.virtual_rules).chain(&self.config.static_rules);
        (routes, rules.cloned().collect())
    }

    /// Asks for all of it to go.
    pub(crate) fn withdraw_statics(&mut self) {
        if !self.statics.asked.is_empty() {
            self.ask_for_statics(WantedNetwork::default());
        }
    }

    fn ask_for_statics(&mut self, network: WantedNetwork) {
        self.statics.asked = Arc::new(network);
        self.world.effects.push_back(Effect::WantStatic(Arc::clone(&self.statics.asked)));
    }
}

/// Everything static that can be placed now.
pub(crate) fn wanted(config: &Config, links: &Links) -> WantedNetwork {
    let addresses = config.static_addresses.iter().filter_map(|address| {
        let index = links.index(address.interface.as_ref()?)?;
        Some((index, address.clone()))
    });
    WantedNetwork {
        addresses: addresses.collect(),
        routes: place_all(&config.static_routes, links),
        rules: config.static_rules.clone(),
    }
}

//! Somebody else takes from the machine what a MASTER wants there.

use super::Engine;
use crate::config::{RouteConfig, RuleConfig};
use crate::effect::InstanceId;
use crate::event::Cause;
use crate::instance::Instance;
use crate::network;
use keepalived_types::Instant;
use std::net::IpAddr;

impl Engine {
    /// Somebody else removed an address that is wanted for this instance (vrrp reference 2.10).
    pub fn handle_network_lost(&mut self, instance: InstanceId, address: IpAddr, now: Instant) {
        let id = instance;
        let Some(master) = self.instances.get_mut(id).filter(|instance| instance.is_master()) else {
            return;
        };
        let lost = network::addresses(master, &self.world.links)
            .find(|(_, wanted)| wanted.prefix.address() == address)
            .map(|(index, wanted)| (index, wanted.no_track));
        let Some((index, false)) = lost else { return };
        if master.config.dont_track_primary && index == master.place.link {
            // Its interface may come and go; the address is put back when it can be.
            network::claim(master, &mut self.world);
            return;
        }
        self.on_address_lost(id, Cause::AddressLost(address), now);
    }

    /// Somebody else removed a route that is wanted for this instance, or the kernel did in silence.
    pub fn handle_route_lost(&mut self, instance: InstanceId, route: &RouteConfig, now: Instant) {
        let id = instance;
        let Some(master) = self.instances.get_mut(id).filter(|instance| instance.is_master()) else {
            return;
        };
        if route.no_track || !master.config.virtual_routes.contains(route) {
            return;
        }
        let mut interfaces = route.interfaces();
        if master.config.dont_track_primary
            && interfaces.all(|name| master.config.interface.as_ref() == Some(name))
        {
            // Its interface may come and go; the route is put back when it can be.
            network::claim(master, &mut self.world);
            return;
        }
        self.on_address_lost(id, Cause::RouteLost { destination: route.destination }, now);
    }

    /// Somebody else removed a rule that is wanted for this instance.
    pub fn handle_rule_lost(&mut self, instance: InstanceId, rule: &RuleConfig, now: Instant) {
        let id = instance;
        let is_concerned =
            |master: &&mut Instance| master.is_master() && master.config.virtual_rules.contains(rule);
        if !rule.no_track && self.instances.get_mut(id).filter(is_concerned).is_some() {
            self.on_address_lost(id, Cause::RuleLost { preference: rule.preference }, now);
        }
    }
}

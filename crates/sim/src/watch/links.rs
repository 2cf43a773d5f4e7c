//! Whoever takes part has an interface and an address to do so, as far as its process has been told.

use crate::lan::Lan;
use crate::node::NodeId;
use crate::told::{Known, Told};
use crate::tracked::{configured_source, may_be_missing};
use keepalived_types::Family;
use keepalived_vrrp::config::InstanceConfig;
use keepalived_vrrp::{Fault, State};

#[cfg(test)]
mod tests;

impl Lan {
    /// A MASTER or a BACKUP on an interface that is gone, or that has been down for longer than its delay.
    pub(super) fn baseless(&self, node: NodeId) -> Option<String> {
        let owner = &self.nodes[node.0];
        let process = owner.process.as_ref()?;
        let takes_part = |state: State| matches!(state, State::Master | State::Backup);
        for (name, shadow) in process.shadows.iter().filter(|(_, shadow)| takes_part(shadow.state)) {
            let Some(instance) = owner.instance(name) else { continue };
            let Some(interface) = &instance.interface else { continue };
            let Some(link) = process.told.link(interface) else {
                return Some(format!("{name}: is {:?} on {interface}, which is gone", shadow.state));
            };
            if !instance.dont_track_primary && !link.carrier.may_be(true, self.now) {
                return Some(format!("{name}: is {:?} on {interface}, which is down", shadow.state));
            }
            if !self.has_told_source(node, instance, link, &process.told) {
                return Some(format!("{name}: is {:?} without an address to send from", shadow.state));
            }
        }
        None
    }

    /// A reason for FAULT has been given: is it one that the process has been told?
    pub(crate) fn judge_fault(&mut self, node: NodeId, name: &str, fault: &Fault) {
        if let Some(what) = self.unfounded(node, name, fault) {
            self.object(format!("{node} {name}: {fault:?} is no reason, {what}"));
        }
    }

    fn unfounded(&self, node: NodeId, name: &str, fault: &Fault) -> Option<&'static str> {
        let owner = &self.nodes[node.0];
        let told = &owner.process.as_ref()?.told;
        let instance = owner.instance(name)?;
        let own = instance.interface.as_ref();
        let link = |text: &str| told.link(&keepalived_types::InterfaceName::new(text).ok()?);
        match fault {
            Fault::InterfaceMissing(text) => link(text).map(|_| "it is there"),
            Fault::InterfaceDown(text) => {
                let is_own = own.is_some_and(|own| own.to_string() == *text);
                let is_tracked = owner
                    .lists(instance)
                    .any(|list| list.interfaces.iter().any(|(tracked, _)| tracked.to_string() == *text));
                match link(text) {
                    _ if is_own && instance.dont_track_primary && !is_tracked => {
                        Some("with dont_track_primary it does not count")
                    }
                    Some(known) if known.carrier.may_be(false, self.now) => None,
                    Some(_) => Some("it is up, or has not been down for long enough"),
                    None => Some("it is gone"),
                }
            }
            Fault::NoSourceAddress { configured } => {
                let link = told.link(own?)?;
                let is_said = *configured == configured_source(instance).is_some();
                let is_so = !self.has_told_source(node, instance, link, told);
                (!is_said || !is_so).then_some("there is one")
            }
            _ => None,
        }
    }

    /// Does the process know of an address to send adverts from?
    fn has_told_source(&self, node: NodeId, instance: &InstanceConfig, link: &Known, told: &Told) -> bool {
        let suits = |address: &std::net::IpAddr| Family::of(*address) == instance.family;
        match configured_source(instance) {
            Some(source) => may_be_missing(instance) || told.has_address(source),
            None => {
                let ports = self.nodes[node.0].machine.ports.values();
                let mut own = ports.flat_map(|port| &port.own).map(|prefix| prefix.address()).filter(suits);
                own.any(|address| link.addresses.contains(&address))
            }
        }
    }
}

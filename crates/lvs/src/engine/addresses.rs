//! Addresses of this machine that come and go (`ha_suspend`).

use super::Engine;
use crate::event::EventKind;
use crate::suspend;
use keepalived_types::{IfIndex, Instant};
use std::collections::HashSet;
use std::net::IpAddr;

impl Engine {
    /// An interface got an address, or has it (`ha_suspend`).
    pub fn handle_address_added(&mut self, interface: IfIndex, address: IpAddr, _now: Instant) {
        let waiting = self.addresses.insert(interface, address).map(<[usize]>::to_vec);
        self.on_address(waiting, address, true);
    }

    /// An interface lost an address (`ha_suspend`).
    pub fn handle_address_removed(&mut self, interface: IfIndex, address: IpAddr, _now: Instant) {
        let waiting = self.addresses.remove(interface, address).map(<[usize]>::to_vec);
        self.on_address(waiting, address, false);
    }

    fn on_address(&mut self, waiting: Option<Vec<usize>>, address: IpAddr, present: bool) {
        let Some(waiting) = waiting.filter(|_| self.is_running) else { return };
        self.world.report("", None, EventKind::LocalAddress { address, present });
        for index in waiting {
            let server = &mut self.virtual_servers[index];
            let suspended = self.addresses.suspends(server);
            suspend::set(server, suspended, &mut self.world);
        }
    }

    /// These are all addresses of the machine, each with its interface: what is not among them is gone (`ha_suspend`).
    pub fn handle_addresses(&mut self, all: &[(IfIndex, IpAddr)], now: Instant) {
        let present: HashSet<(IfIndex, IpAddr)> = all.iter().copied().collect();
        for (interface, address) in self.addresses.known() {
            if !present.contains(&(interface, address)) {
                self.handle_address_removed(interface, address, now);
            }
        }
        for (interface, address) in all {
            self.handle_address_added(*interface, *address, now);
        }
    }
}

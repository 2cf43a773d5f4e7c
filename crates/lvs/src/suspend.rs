//! `ha_suspend`: checks run only while one of the virtual server's addresses is on this machine (lvs reference 4.10).

use crate::checker::What;
use crate::event::EventKind;
use crate::servers::VirtualServer;
use crate::target;
use crate::world::World;
use keepalived_types::IfIndex;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

/// Which addresses are here, and who minds.
#[derive(Debug, Default)]
pub(crate) struct LocalAddresses {
    /// How many interfaces have the address.
    here: HashMap<IpAddr, HashSet<IfIndex>>,
    /// The virtual servers that check only while the address is here.
    waiting: HashMap<IpAddr, Vec<usize>>,
}

impl LocalAddresses {
    /// Learns who waits for which address.
    pub(crate) fn follow(&mut self, virtual_servers: &[VirtualServer]) {
        self.waiting.clear();
        for (index, server) in
            virtual_servers.iter().enumerate().filter(|(_, server)| server.config.ha_suspend)
        {
            for address in target::answers_on(&server.config, &server.entries) {
                let waiting = self.waiting.entry(address).or_default();
                if waiting.last() != Some(&index) {
                    waiting.push(index);
                }
            }
        }
    }

    /// An interface has the address from now on. Those who may have waited for it, when it is the first one.
    pub(crate) fn insert(&mut self, interface: IfIndex, address: IpAddr) -> Option<&[usize]> {
        let interfaces = self.here.entry(address).or_default();
        let first = interfaces.is_empty();
        interfaces.insert(interface);
        self.waiting.get(&address).filter(|_| first).map(Vec::as_slice)
    }

    /// An interface does not have the address any more. Those who minded, when it was the last one.
    pub(crate) fn remove(&mut self, interface: IfIndex, address: IpAddr) -> Option<&[usize]> {
        let interfaces = self.here.get_mut(&address)?;
        if !interfaces.remove(&interface) || !interfaces.is_empty() {
            return None;
        }
        self.here.remove(&address);
        self.waiting.get(&address).map(Vec::as_slice)
    }

    /// Every address that is here, with its interface.
    pub(crate) fn known(&self) -> Vec<(IfIndex, IpAddr)> {
        let each = self.here.iter();
        each.flat_map(|(address, interfaces)| interfaces.iter().map(|interface| (*interface, *address)))
            .collect()
    }

    /// Has this virtual server to wait?
    pub(crate) fn suspends(&self, virtual_server: &VirtualServer) -> bool {
        virtual_server.config.ha_suspend
            && !target::answers_on(&virtual_server.config, &virtual_server.entries)
                .any(|address| self.here.contains_key(&address))
    }
}

/// Checks begin again, or pause.
pub(crate) fn set(virtual_server: &mut VirtualServer, suspended: bool, world: &mut World) {
    if std::mem::replace(&mut virtual_server.suspended, suspended) == suspended {
        return;
    }
    for real in &virtual_server.servers {
        for _ in real.checkers.iter().filter(|checker| matches!(checker.what, What::Active(_))) {
            let kind = if suspended { EventKind::CheckerSuspended } else { EventKind::CheckerActivated };
            world.report(&virtual_server.name, Some(&real.name()), kind);
        }
    }
}

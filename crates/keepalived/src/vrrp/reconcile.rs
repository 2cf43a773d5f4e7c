//! Which addresses should be on the machine, which are, and the operations between the two.
//!
//! Start, transitions, reload, repair, adoption after a crash and shutdown are all the same difference. Pure: the
//! driver performs the operations and tells what the kernel reports.

use keepalived_types::{IfIndex, Prefix};
use keepalived_vrrp::config::AddressConfig;
use keepalived_vrrp::{InstanceId, WantedNetwork};
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

/// Something to do to the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// The address is missing.
    Add(Key, AddressConfig),
    /// The address must go; the kernel tells point-to-point addresses apart by their other end.
    Remove(Key, Option<IpAddr>),
}

/// An address that is on the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Present {
    /// It carries the mark that we give to ours.
    ours: bool,
    /// The other end of a point-to-point address.
    peer: Option<IpAddr>,
}

/// How far a wanted address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// An operation is on its way.
    Pending,
    /// It is there, as far as we know.
    Set,
    /// The kernel refused it; tried again when its interface changes.
    Refused,
}

/// A wanted address: where it is described, for thousands need not be there twice.
#[derive(Clone, Debug)]
struct Wanted {
    network: Arc<WantedNetwork>,
    position: usize,
    instance: InstanceId,
    progress: Progress,
}

impl Wanted {
    fn address(&self) -> &AddressConfig {
        let (_, address) = &self.network.addresses[self.position];
        address
    }
}

/// What should be and what is.
#[derive(Debug, Default)]
pub(super) struct Reconciler {
    /// Addresses on the machine.
    present: HashMap<Key, Present>,
    wanted: HashMap<Key, Wanted>,
    networks: HashMap<InstanceId, Arc<WantedNetwork>>,
    /// Keys the kernel has reported something about since the last look for losses.
    touched: HashSet<Key>,
}

impl Reconciler {
    /// The kernel reports an address. `ours`: it carries the protocol number that we give to ours; `peer`: the other
    /// end of a point-to-point address.
    pub(super) fn appeared(&mut self, key: Key, ours: bool, peer: Option<IpAddr>) {
        self.present.insert(key, Present { ours, peer });
        self.touched.insert(key);
        // The answer to our request was lost, or somebody else has added it.
        if let Some(wanted) = self.wanted.get_mut(&key).filter(|wanted| wanted.progress == Progress::Refused)
        {
            wanted.progress = Progress::Set;
        }
    }

    /// Is this address on the machine, as far as we know?
    pub(super) fn is_present(&self, key: &Key) -> bool {
        self.present.contains_key(key)
    }

    /// Every address on the machine that we know of.
    pub(super) fn known(&self) -> Vec<Key> {
        self.present.keys().copied().collect()
    }

    /// The kernel reports that an address is gone.
    pub(super) fn vanished(&mut self, key: Key) {
        self.present.remove(&key);
        self.touched.insert(key);
    }

    /// An interface is gone, and with it its addresses.
    pub(super) fn link_vanished(&mut self, index: IfIndex) {
        self.present.retain(|key, _| key.index != index);
        self.wanted.retain(|key, _| key.index != index);
    }

    /// Reports were lost: forget what is known before the fresh dump is told.
    pub(super) fn start_over(&mut self) {
        self.touched.extend(self.present.keys().chain(self.wanted.keys()));
        self.present.clear();
    }

    /// From now on exactly this belongs on the machine for `instance`; the operations that get there, removals first.
    pub(super) fn want(&mut self, instance: InstanceId, network: Arc<WantedNetwork>) -> Vec<Operation> {
        let old = if network.addresses.is_empty() {
            self.networks.remove(&instance)
        } else {
            self.networks.insert(instance, Arc::clone(&network))
        };
        let kept: HashSet<Key> = keys(&network).collect();
        let mut operations = Vec::new();
        for key in old.iter().flat_map(|old| keys(old)).filter(|key| !kept.contains(key)) {
            self.stop_wanting(instance, key, &mut operations);
        }
        for position in 0..network.addresses.len() {
            self.start_wanting(instance, &network, position, &mut operations);
        }
        operations
    }

    fn stop_wanting(&mut self, instance: InstanceId, key: Key, operations: &mut Vec<Operation>) {
        let Some(wanted) = self.wanted.get(&key) else {
            return;
        };
        if wanted.instance != instance {
            return; // Another instance has taken it over in the meantime.
        }
        let pending = wanted.progress == Progress::Pending;
        let peer = wanted.address().peer;
        self.wanted.remove(&key);
        if pending || self.present.contains_key(&key) {
            operations.push(Operation::Remove(key, peer));
        }
    }

    fn start_wanting(
        &mut self,
        instance: InstanceId,
        network: &Arc<WantedNetwork>,
        position: usize,
        operations: &mut Vec<Operation>,
    ) {
        let (index, address) = &network.addresses[position];
        let key = Key { index: *index, prefix: address.prefix };
        let present = self.present.contains_key(&key);
        let before = self.wanted.get_mut(&key);
        let differs = before.as_ref().is_some_and(|before| before.address() != address);
        // Pending: it is on its way. Set: it is there, or somebody has taken it away and it comes back.
        if let Some(same) = before.filter(|same| !differs && (same.progress == Progress::Pending || present))
        {
            *same = Wanted { network: Arc::clone(network), position, instance, progress: same.progress };
            return;
        }
        // Same address with other options (label, scope ...): the kernel wants it removed first.
        if differs && let Some(present) = self.present.remove(&key) {
            operations.push(Operation::Remove(key, present.peer));
        }
        let missing = differs || !present;
        let progress = if missing { Progress::Pending } else { Progress::Set };
        self.wanted.insert(key, Wanted { network: Arc::clone(network), position, instance, progress });
        if missing {
            operations.push(Operation::Add(key, address.clone()));
        }
    }

    /// The kernel's answer to an operation.
    pub(super) fn finished(&mut self, operation: &Operation, succeeded: bool) {
        match operation {
            Operation::Add(key, address) => {
                if succeeded {
                    self.present.insert(*key, Present { ours: true, peer: address.peer });
                }
                if let Some(wanted) = self.wanted.get_mut(key).filter(|wanted| wanted.address() == address) {
                    wanted.progress = if succeeded { Progress::Set } else { Progress::Refused };
                }
            }
            Operation::Remove(key, _) => {
                if succeeded && !self.wanted.contains_key(key) {
                    self.present.remove(key);
                }
            }
        }
    }

    /// Wanted addresses that somebody else removed since the last call.
    pub(super) fn losses(&mut self) -> Vec<(InstanceId, IpAddr)> {
        let mut lost: Vec<(InstanceId, IpAddr)> = Vec::new();
        if self.touched.is_empty() {
            return lost;
        }
        for key in std::mem::take(&mut self.touched) {
            let Some(wanted) = self.wanted.get(&key) else {
                continue;
            };
            if wanted.progress == Progress::Set && !self.present.contains_key(&key) {
                lost.push((wanted.instance, key.prefix.address()));
            }
        }
        lost.sort_unstable();
        lost
    }

    /// Adds again what is wanted but not there, for instances that do not give way over it (`no_track`, a refused
    /// address whose interface came back).
    pub(super) fn repairs(&mut self, index: Option<IfIndex>) -> Vec<Operation> {
        let mut operations = Vec::new();
        for (key, wanted) in &mut self.wanted {
            let concerned = index.is_none_or(|index| key.index == index);
            let idle = wanted.progress != Progress::Pending;
            if concerned && idle && !self.present.contains_key(key) {
                wanted.progress = Progress::Pending;
                operations.push(Operation::Add(*key, wanted.address().clone()));
            }
        }
        operations.sort_unstable_by_key(|operation| operation.key());
        operations
    }

    /// What an earlier run left behind: addresses with our mark, and addresses that are configured here, unless they
    /// are wanted. Call it once, after the first dump and the instances' first wishes.
    pub(super) fn leftovers(&self, configured: &HashSet<IpAddr>) -> Vec<Operation> {
        let stray = self.present.iter().filter(|(key, present)| {
            (present.ours || configured.contains(&key.prefix.address())) && !self.wanted.contains_key(key)
        });
        let mut operations: Vec<Operation> =
            stray.map(|(key, present)| Operation::Remove(*key, present.peer)).collect();
        operations.sort_unstable_by_key(Operation::key);
        operations
    }
}

impl Operation {
    /// Which address it is about.
    #[must_use]
    pub(super) const fn key(&self) -> Key {
        match self {
            Self::Add(key, _) | Self::Remove(key, _) => *key,
        }
    }
}

fn keys(network: &WantedNetwork) -> impl Iterator<Item = Key> {
    network.addresses.iter().map(|(index, address)| Key { index: *index, prefix: address.prefix })
}

#[cfg(test)]
mod tests;

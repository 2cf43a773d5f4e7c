//! Which addresses should be on the machine, which are, and the operations between the two.

use keepalived_types::IfIndex;
use keepalived_vrrp::WantedNetwork;
use keepalived_vrrp::config::AddressConfig;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::ledger::is_last;
use super::{Holder, Key, Operation, Progress};

/// An address that is on the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Present {
    /// It carries the mark that we give to ours.
    ours: bool,
    /// The other end of a point-to-point address.
    peer: Option<IpAddr>,
}

/// A wanted address: where it is described, for thousands need not be there twice.
#[derive(Clone, Debug)]
struct Wanted {
    network: Arc<WantedNetwork>,
    position: usize,
    holder: Holder,
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
pub(super) struct Addresses {
    /// Addresses on the machine.
    present: HashMap<Key, Present>,
    wanted: HashMap<Key, Wanted>,
    /// Keys the kernel has reported something about since the last look for losses.
    touched: HashSet<Key>,
    /// How many removals are on their way: what is still there is no longer to be counted on.
    leaving: HashMap<Key, u32>,
    /// How many additions are on their way: only the answer to the last one tells how things are.
    adding: HashMap<Key, u32>,
}

impl Addresses {
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

    /// From now on `holder` wants exactly the addresses of `network` instead of those `before`: what has to go, and what
    /// has to come.
    pub(super) fn want(
        &mut self,
        holder: Holder,
        before: &WantedNetwork,
        network: &Arc<WantedNetwork>,
    ) -> (Vec<Operation>, Vec<Operation>) {
        let kept: HashSet<Key> = network.addresses.iter().map(key_of).collect();
        let (mut removals, mut additions) = (Vec::new(), Vec::new());
        for key in before.addresses.iter().map(key_of).filter(|key| !kept.contains(key)) {
            self.stop_wanting(holder, key, &mut removals);
        }
        for position in 0..network.addresses.len() {
            self.start_wanting(holder, network, position, &mut additions);
        }
        (removals, additions)
    }

    fn stop_wanting(&mut self, holder: Holder, key: Key, operations: &mut Vec<Operation>) {
        let Some(wanted) = self.wanted.get(&key) else {
            return;
        };
        if wanted.holder != holder {
            return; // Somebody else has taken it over in the meantime.
        }
        let pending = wanted.progress == Progress::Pending;
        let peer = wanted.address().options.peer;
        self.wanted.remove(&key);
        if pending || self.present.contains_key(&key) {
            *self.leaving.entry(key).or_default() += 1;
            operations.push(Operation::Remove(key, peer));
        }
    }

    fn start_wanting(
        &mut self,
        holder: Holder,
        network: &Arc<WantedNetwork>,
        position: usize,
        operations: &mut Vec<Operation>,
    ) {
        let (index, address) = &network.addresses[position];
        let key = Key { index: *index, prefix: address.prefix };
        let present = self.present.contains_key(&key) && !self.leaving.contains_key(&key);
        let before = self.wanted.get_mut(&key);
        let differs = before.as_ref().is_some_and(|before| before.address() != address);
        // Pending: it is on its way. Set: it is there, or somebody has taken it away and it comes back.
        if let Some(same) = before.filter(|same| !differs && (same.progress == Progress::Pending || present))
        {
            *same = Wanted { network: Arc::clone(network), position, holder, progress: same.progress };
            return;
        }
        // Same address with other options (label, scope ...): the kernel wants it removed first.
        if differs && let Some(present) = self.present.remove(&key) {
            *self.leaving.entry(key).or_default() += 1;
            operations.push(Operation::Remove(key, present.peer));
        }
        let missing = differs || !present;
        let progress = if missing { Progress::Pending } else { Progress::Set };
        self.wanted.insert(key, Wanted { network: Arc::clone(network), position, holder, progress });
        if missing {
            *self.adding.entry(key).or_default() += 1;
            operations.push(Operation::Add(key, address.clone()));
        }
    }

    /// The kernel's answer to an addition.
    pub(super) fn added(&mut self, key: &Key, address: &AddressConfig, succeeded: bool) {
        if !is_last(&mut self.adding, key) {
            return;
        }
        if succeeded {
            self.present.insert(*key, Present { ours: true, peer: address.options.peer });
        }
        if let Some(wanted) = self.wanted.get_mut(key).filter(|wanted| wanted.address() == address) {
            wanted.progress = if succeeded { Progress::Set } else { Progress::Refused };
        }
    }

    /// The kernel's answer to a removal.
    pub(super) fn removed(&mut self, key: &Key, succeeded: bool) {
        is_last(&mut self.leaving, key);
        if succeeded && !self.wanted.contains_key(key) {
            self.present.remove(key);
        }
    }

    /// Wanted addresses that somebody else removed since the last call.
    pub(super) fn losses(&mut self) -> Vec<(Holder, Key)> {
        let mut lost: Vec<(Holder, Key)> = Vec::new();
        for key in std::mem::take(&mut self.touched) {
            let Some(wanted) = self.wanted.get(&key) else {
                continue;
            };
            if wanted.progress == Progress::Set && !self.present.contains_key(&key) {
                lost.push((wanted.holder, key));
            }
        }
        lost.sort_unstable();
        lost
    }

    /// Puts a static address back that was lost, unless nobody minds (`no_track`).
    pub(super) fn restore(&mut self, key: Key) -> Option<Operation> {
        let wanted = self.wanted.get_mut(&key).filter(|wanted| !wanted.address().no_track)?;
        wanted.progress = Progress::Pending;
        *self.adding.entry(key).or_default() += 1;
        Some(Operation::Add(key, wanted.address().clone()))
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
                *self.adding.entry(*key).or_default() += 1;
                operations.push(Operation::Add(*key, wanted.address().clone()));
            }
        }
        operations.sort_unstable_by_key(Operation::key);
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

fn key_of((index, address): &(IfIndex, AddressConfig)) -> Key {
    Key { index: *index, prefix: address.prefix }
}

#[cfg(test)]
mod tests;

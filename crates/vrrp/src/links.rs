//! The interfaces and addresses of the machine, as far as the engine has been told.

use crate::config::InterfaceDelay;
use crate::input::{Link, LinkAddress};
use keepalived_types::{Family, IfIndex, InterfaceName};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::IpAddr;
use std::time::Duration;

/// A macvlan on a macvlan on a macvlan: deeper stacks are taken as they are.
const DEEPEST_STACK: usize = 4;

/// One interface.
#[derive(Debug)]
struct Record {
    link: Link,
    /// Usable as far as decisions go: differs from the link's own word while `interface_up_down_delays` runs.
    believed_usable: bool,
    /// It was usable once; the first time is never delayed.
    seen_usable: bool,
    addresses: Addresses,
}

/// The addresses of one interface in the order in which they appeared.
#[derive(Debug, Default)]
struct Addresses {
    next: u64,
    by_age: BTreeMap<u64, LinkAddress>,
    ages: HashMap<(IpAddr, u8), u64>,
}

impl Addresses {
    /// Is this news?
    fn insert(&mut self, address: LinkAddress) -> bool {
        let key = (address.prefix.address(), address.prefix.length());
        let age = *self.ages.entry(key).or_insert_with(|| {
            self.next += 1;
            self.next
        });
        self.by_age.insert(age, address) != Some(address)
    }

    fn remove(&mut self, address: LinkAddress) -> bool {
        let key = (address.prefix.address(), address.prefix.length());
        self.ages.remove(&key).and_then(|age| self.by_age.remove(&age)).is_some()
    }

    fn usable(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.by_age.values().filter(|address| !address.tentative).map(|address| address.prefix.address())
    }
}

/// What a message about a link changed.
#[derive(Debug, Default)]
pub(crate) struct LinkChange {
    /// Names whose dependents have to look again.
    pub(crate) names: Vec<InterfaceName>,
    /// The link can be used now, or not any more.
    pub(crate) usable: Option<bool>,
    /// The change counts only after this long.
    pub(crate) delayed: Option<Duration>,
    /// It was reversed before it counted.
    pub(crate) reverted: bool,
    /// Addresses that went with it: nobody else may tell.
    pub(crate) addresses: Vec<IpAddr>,
}

/// All interfaces.
#[derive(Debug, Default)]
pub(crate) struct Links {
    by_index: BTreeMap<IfIndex, Record>,
    by_name: HashMap<InterfaceName, IfIndex>,
    /// Interfaces stacked on another one.
    above: HashMap<IfIndex, BTreeSet<IfIndex>>,
    /// On how many interfaces an address is, for configured sources that may be anywhere on the host.
    present: HashMap<IpAddr, usize>,
    /// Virtual addresses of any instance: never a source of adverts, whoever put them there.
    virtual_addresses: HashSet<IpAddr>,
    /// Former ones that are still there: about to be removed, so no source either.
    departing: HashSet<IpAddr>,
    delays: HashMap<InterfaceName, (Duration, Duration)>,
}

impl Links {
    /// What the configuration says about interfaces and addresses.
    pub(crate) fn configure(&mut self, delays: &[InterfaceDelay], virtual_addresses: HashSet<IpAddr>) {
        self.delays = delays.iter().map(|delay| (delay.interface.clone(), (delay.down, delay.up))).collect();
        let former = std::mem::replace(&mut self.virtual_addresses, virtual_addresses);
        self.departing.extend(former.into_iter().filter(|address| self.present.contains_key(address)));
        self.departing.retain(|address| !self.virtual_addresses.contains(address));
    }

    /// Is this one of the configured virtual addresses, or one that was and is still to be removed?
    pub(crate) fn is_virtual(&self, address: IpAddr) -> bool {
        self.virtual_addresses.contains(&address) || self.departing.contains(&address)
    }

    /// A link appeared or changed.
    pub(crate) fn insert(&mut self, link: Link) -> LinkChange {
        let mut change = LinkChange::default();
        let index = link.index;
        let usable = link.is_usable();
        match self.by_index.get_mut(&index) {
            Some(record) if record.link == link => return change,
            Some(record) => {
                let old = std::mem::replace(&mut record.link, link.clone());
                if old.name != link.name {
                    if self.by_name.get(&old.name) == Some(&index) {
                        self.by_name.remove(&old.name);
                    }
                    change.names.push(old.name);
                }
                self.unstack(old.base, index);
            }
            None => {
                let addresses = Addresses::default();
                let record =
                    Record { link: link.clone(), believed_usable: false, seen_usable: false, addresses };
                self.by_index.insert(index, record);
            }
        }
        self.by_name.insert(link.name.clone(), index);
        if let Some(base) = link.base {
            self.above.entry(base).or_default().insert(index);
        }
        change.names.push(link.name);
        self.apply_usable(index, usable, &mut change);
        self.name_those_above(index, &mut change.names, DEEPEST_STACK);
        change
    }

    /// Takes over whether a link is usable, at once or after the configured delay.
    fn apply_usable(&mut self, index: IfIndex, usable: bool, change: &mut LinkChange) {
        let Some(record) = self.by_index.get_mut(&index) else {
            return;
        };
        if record.believed_usable == usable {
            change.reverted = true;
            return;
        }
        let (down, up) = self.delays.get(&record.link.name).copied().unwrap_or_default();
        let delay = match (usable, record.seen_usable) {
            (true, true) => up,
            (true, false) => Duration::ZERO,
            (false, _) => down,
        };
        if delay > Duration::ZERO {
            change.delayed = Some(delay);
            return;
        }
        record.believed_usable = usable;
        record.seen_usable |= usable;
        change.usable = Some(usable);
    }

    /// The delay of a change is over. Returns what changed with it.
    pub(crate) fn delay_is_over(&mut self, index: IfIndex) -> LinkChange {
        let mut change = LinkChange::default();
        let Some(record) = self.by_index.get_mut(&index) else {
            return change;
        };
        let usable = record.link.is_usable();
        if record.believed_usable != usable {
            record.believed_usable = usable;
            record.seen_usable |= usable;
            change.usable = Some(usable);
            change.names.push(record.link.name.clone());
            self.name_those_above(index, &mut change.names, DEEPEST_STACK);
        }
        change
    }

    /// A link is gone, and its addresses with it.
    pub(crate) fn remove(&mut self, index: IfIndex) -> LinkChange {
        let mut change = LinkChange::default();
        let Some(record) = self.by_index.remove(&index) else {
            return change;
        };
        for address in record.addresses.by_age.values() {
            change.addresses.push(address.prefix.address());
            self.forget(address.prefix.address());
        }
        if self.by_name.get(&record.link.name) == Some(&index) {
            self.by_name.remove(&record.link.name);
        }
        self.unstack(record.link.base, index);
        change.usable = record.believed_usable.then_some(false);
        change.names.push(record.link.name);
        self.name_those_above(index, &mut change.names, DEEPEST_STACK);
        change
    }

    /// An address appeared or finished duplicate detection. Is that news?
    pub(crate) fn insert_address(&mut self, address: LinkAddress) -> bool {
        let Some(record) = self.by_index.get_mut(&address.index) else {
            return false;
        };
        let before = record.addresses.ages.len();
        let news = record.addresses.insert(address);
        if record.addresses.ages.len() > before {
            *self.present.entry(address.prefix.address()).or_default() += 1;
        }
        news
    }

    /// An address went away. Was it known?
    pub(crate) fn remove_address(&mut self, address: LinkAddress) -> bool {
        let known =
            self.by_index.get_mut(&address.index).is_some_and(|record| record.addresses.remove(address));
        if known {
            self.forget(address.prefix.address());
        }
        known
    }

    /// The interface of this name.
    pub(crate) fn index(&self, name: &InterfaceName) -> Option<IfIndex> {
        self.by_name.get(name).copied()
    }

    /// What is known about an interface.
    pub(crate) fn get(&self, index: IfIndex) -> Option<&Link> {
        self.by_index.get(&index).map(|record| &record.link)
    }

    /// May adverts be sent? For a macvlan, its base has to be usable as well.
    pub(crate) fn is_usable(&self, index: IfIndex) -> bool {
        self.unusable_layer(index).is_none()
    }

    /// The interface that keeps this one from being usable: itself, or a base below it.
    pub(crate) fn unusable_layer(&self, index: IfIndex) -> Option<IfIndex> {
        let mut layer = index;
        for _ in 0..DEEPEST_STACK {
            match self.by_index.get(&layer) {
                Some(record) if record.believed_usable => match record.link.base {
                    Some(base) if self.by_index.contains_key(&base) => layer = base,
                    _ => return None,
                },
                _ => return Some(layer),
            }
        }
        None
    }

    /// The address that adverts of this family are sent from when none is configured: the first that is not
    /// virtual, for IPv6 the first link-local one.
    pub(crate) fn first_source(&self, index: IfIndex, family: Family) -> Option<IpAddr> {
        let suits = |address: &IpAddr| match (family, address) {
            (Family::V4, IpAddr::V4(_)) => true,
            (Family::V6, IpAddr::V6(address)) => address.is_unicast_link_local(),
            _ => false,
        };
        let record = self.by_index.get(&index)?;
        record.addresses.usable().find(|address| suits(address) && !self.is_virtual(*address))
    }

    /// Is this configured source there? A link-local one has to be on the interface, others anywhere on the host.
    pub(crate) fn has_source(&self, index: Option<IfIndex>, address: IpAddr) -> bool {
        let is_link_local = matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local());
        match index {
            Some(index) if is_link_local => self
                .by_index
                .get(&index)
                .is_some_and(|record| record.addresses.usable().any(|present| present == address)),
            _ => self.present.contains_key(&address),
        }
    }

    fn forget(&mut self, address: IpAddr) {
        if let Some(count) = self.present.get_mut(&address) {
            debug_assert!(*count > 0, "an address is forgotten as often as it was learnt");
            *count -= 1;
            if *count == 0 {
                self.present.remove(&address);
                self.departing.remove(&address);
            }
        }
    }

    fn unstack(&mut self, base: Option<IfIndex>, index: IfIndex) {
        if let Some(above) = base.and_then(|base| self.above.get_mut(&base)) {
            above.remove(&index);
        }
    }

    fn name_those_above(&self, index: IfIndex, names: &mut Vec<InterfaceName>, depth: usize) {
        let Some(above) = self.above.get(&index) else {
            return;
        };
        for child in above {
            if let Some(record) = self.by_index.get(child) {
                names.push(record.link.name.clone());
            }
            if depth > 0 {
                self.name_those_above(*child, names, depth - 1);
            }
        }
    }
}

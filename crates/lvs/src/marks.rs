//! `nftables_ipvs`: one firewall mark stands for all addresses of a group (lvs reference 4.9).

use crate::config::{AddressRange, Config, GroupEntry, Service};
use crate::servers::VirtualServer;
use crate::settings::MarkSettings;
use keepalived_types::ipvs::Protocol;
use keepalived_types::{Family, MarkedRange, Marking};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which mark a group has for a protocol. A successor keeps it, and with it the connections of the service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupMark {
    /// The group's name.
    pub group: String,
    /// The protocol of the virtual servers.
    pub protocol: Protocol,
    /// The mark.
    pub mark: u32,
}

/// The marks of all groups that have one.
#[derive(Debug, Default)]
pub(crate) struct Marks(HashMap<(String, Protocol), u32>);

impl Marks {
    /// What a predecessor had.
    pub(crate) fn known(marks: &[GroupMark]) -> Self {
        Self(marks.iter().map(|known| ((known.group.clone(), known.protocol), known.mark)).collect())
    }

    /// Those that are needed keep their marks or get new ones, in the order of the file, none that is configured.
    pub(crate) fn renew(&mut self, config: &Config, settings: Option<&MarkSettings>) {
        let Some(settings) = settings else {
            self.0.clear();
            return;
        };
        let configured: HashSet<u32> = configured(config).collect();
        let mut before = std::mem::take(&mut self.0);
        before.retain(|_, mark| !configured.contains(mark));
        let needed = needed(config);
        for key in &needed {
            if let Some(mark) = before.remove(key) {
                self.0.insert(key.clone(), mark);
            }
        }
        let mut taken: HashSet<u32> = self.0.values().copied().chain(configured).collect();
        let mut next = settings.first.max(1);
        for key in needed {
            if self.0.contains_key(&key) {
                continue;
            }
            // Marks end, groups do not reach that far: the numbers begin again at 1.
            while !taken.insert(next) {
                next = next.checked_add(1).unwrap_or(1);
            }
            self.0.insert(key, next);
        }
    }

    /// The mark that stands for this virtual server, if there is one.
    pub(crate) fn of(&self, service: &Service, protocol: Option<Protocol>) -> Option<u32> {
        match service {
            Service::Group { name, .. } => {
                self.0.get(&(name.clone(), protocol.unwrap_or(Protocol::Udp))).copied()
            }
            Service::Address(..) | Service::Mark(_) => None,
        }
    }

    /// For a successor.
    pub(crate) fn snapshot(&self) -> Vec<GroupMark> {
        let each = self.0.iter();
        let mut marks: Vec<GroupMark> = each
            .map(|((group, protocol), mark)| GroupMark {
                group: group.clone(),
                protocol: *protocol,
                mark: *mark,
            })
            .collect();
        marks.sort_unstable_by_key(|mark| mark.mark);
        marks
    }
}

/// Every mark that the configuration names.
fn configured(config: &Config) -> impl Iterator<Item = u32> + '_ {
    let of_groups = config.groups.iter().flat_map(|group| &group.entries).filter_map(|entry| match entry {
        GroupEntry::Mark { mark, .. } => Some(*mark),
        GroupEntry::Addresses { .. } => None,
    });
    let of_servers = config.virtual_servers.iter().filter_map(|server| match server.service {
        Service::Mark(mark) => Some(mark),
        Service::Address(..) | Service::Group { .. } => None,
    });
    of_groups.chain(of_servers)
}

/// Groups that have no mark of their own, with each protocol in which they are used.
fn needed(config: &Config) -> Vec<(String, Protocol)> {
    let groups: HashMap<&str, _> = config.groups.iter().map(|group| (group.name.as_str(), group)).collect();
    let mut seen = HashSet::new();
    let each = config.virtual_servers.iter().filter_map(|server| match &server.service {
        Service::Group { name, .. } if groups.get(name.as_str()).is_some_and(|group| !group.has_marks()) => {
            Some((name.clone(), server.protocol.unwrap_or(Protocol::Udp)))
        }
        _ => None,
    });
    each.filter(|key| seen.insert(key.clone())).collect()
}

/// Which packets get which mark. Where two groups have the same addresses the first one has them.
pub(crate) fn marking(servers: &[VirtualServer], settings: &MarkSettings) -> Marking {
    let mut taken: HashMap<(Family, Protocol, u16), Taken<()>> = HashMap::new();
    let mut ranges = Vec::new();
    for server in servers {
        let Some(mark) = server.mark else { continue };
        let protocol = server.config.protocol.unwrap_or(Protocol::Udp);
        for entry in &server.entries {
            let GroupEntry::Addresses { range, port } = *entry else { continue };
            let taken = taken.entry((range.family(), protocol, port)).or_default();
            for (first, last) in taken.take(number(range.first()), number(range.last()), ()) {
                let [first, last] = [first, last].map(|number| address(number, range));
                ranges.push(MarkedRange { protocol, first, last, port, mark });
            }
        }
    }
    Marking { table: settings.table.clone(), priority: settings.priority, ranges }
}

/// A group's entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EntryPlace {
    /// The group's place in [`Config::groups`].
    pub group: usize,
    /// The entry's place in the group.
    pub entry: usize,
}

/// Addresses of a group that an earlier group has already: with `nftables_ipvs` a packet gets one mark, and so its
/// connections go to the servers of the earlier group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// Whose addresses they are, too.
    pub entry: EntryPlace,
    /// Who has them.
    pub holder: EntryPlace,
    /// The protocol in which both groups are used.
    pub protocol: Protocol,
    /// The addresses that both have.
    pub range: AddressRange,
    /// The port that both have; 0 for every port.
    pub port: u16,
}

/// The overlaps of groups that are used without marks of their own, in the order in which groups are used.
#[must_use]
pub fn overlaps(config: &Config) -> Vec<Overlap> {
    let places: HashMap<&str, usize> =
        config.groups.iter().enumerate().map(|(place, group)| (group.name.as_str(), place)).collect();
    let mut taken: HashMap<(Family, Protocol, u16), Taken<EntryPlace>> = HashMap::new();
    let mut overlaps = Vec::new();
    for (name, protocol) in needed(config) {
        let Some(&group) = places.get(name.as_str()) else { continue };
        for (entry, what) in config.groups[group].entries.iter().enumerate() {
            let GroupEntry::Addresses { range, port } = *what else { continue };
            let entry = EntryPlace { group, entry };
            let taken = taken.entry((range.family(), protocol, port)).or_default();
            let [first, last] = [range.first(), range.last()].map(number);
            let others = taken.held(first, last).filter(|(_, _, holder)| holder.group != group);
            overlaps.extend(others.filter_map(|(first, last, holder)| {
                let range = AddressRange::new(address(first, range), address(last, range))?;
                Some(Overlap { entry, holder, protocol, range, port })
            }));
            taken.take(first, last, entry);
        }
    }
    overlaps
}

/// Ranges of numbers that do not overlap: the first number of each with its last one and its holder.
#[derive(Debug)]
struct Taken<H>(BTreeMap<u128, (u128, H)>);

impl<H> Default for Taken<H> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<H: Copy> Taken<H> {
    /// Takes what is free of this range, and says which parts that was.
    fn take(&mut self, first: u128, last: u128, holder: H) -> Vec<(u128, u128)> {
        let mut free = Vec::new();
        // The next number that may be free; none behind the highest one.
        let mut next = Some(first);
        for (start, end, _) in self.held(first, last) {
            if let Some(at) = next.filter(|at| *at < start) {
                free.push((at, start - 1));
            }
            next = end.checked_add(1);
        }
        if let Some(at) = next.filter(|at| *at <= last) {
            free.push((at, last));
        }
        self.0.extend(free.iter().map(|&(first, last)| (first, (last, holder))));
        free
    }

    /// The parts of this range that are taken, each with its holder, from the lowest to the highest.
    fn held(&self, first: u128, last: u128) -> impl Iterator<Item = (u128, u128, H)> + '_ {
        let before = self.0.range(..first).next_back();
        let each = before.into_iter().chain(self.0.range(first..=last));
        each.filter(move |(_, (end, _))| *end >= first)
            .map(move |(&start, &(end, holder))| (start.max(first), end.min(last), holder))
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}

/// A number of a range as its address.
fn address(number: u128, of: AddressRange) -> IpAddr {
    match of.family() {
        Family::V4 => Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX)).into(),
        Family::V6 => Ipv6Addr::from(number).into(),
    }
}

#[cfg(test)]
mod tests;

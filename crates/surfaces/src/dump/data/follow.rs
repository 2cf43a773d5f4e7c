//! Who follows what, with which weight: instances with their own trackers and those of their sync groups.

use super::VrrpData;
use keepalived_types::PriorityWeight;
use keepalived_vrrp::config::{SyncGroupConfig, Track, Trackers};
use std::collections::{HashMap, HashSet};
use std::fmt;

/// For each thing that is followed the instances that follow it, in the original's order: those that name it, then those
/// whose group does.
#[derive(Debug, Default)]
pub(super) struct Followers {
    by_thing: HashMap<(Kind, String), Vec<(String, Track)>>,
    /// Sync groups with an address owner.
    owned: HashSet<String>,
    /// The sync group of each instance that has one.
    groups: HashMap<String, String>,
}

/// What is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Interface,
    Script,
    File,
    Process,
    Bfd,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Interface, Self::Script, Self::File, Self::Process, Self::Bfd];
}

/// ` weight -20` behind a name, with what `reverse` adds.
pub(super) struct Weight(pub(super) Track);

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.0.weight.get(), if self.0.reverse { " reverse" } else { "" })
    }
}

/// Trackers of one kind by name.
pub(super) fn of_kind(trackers: &Trackers, kind: Kind) -> Vec<(String, Track)> {
    match kind {
        Kind::Interface => {
            trackers.interfaces.iter().map(|(name, track)| (name.to_string(), *track)).collect()
        }
        Kind::Script => trackers.scripts.clone(),
        Kind::File => trackers.files.clone(),
        Kind::Process => trackers.processes.clone(),
        Kind::Bfd => trackers.bfd.clone(),
    }
}

impl Followers {
    /// Looks through all instances and groups.
    pub(super) fn new(data: &VrrpData<'_>) -> Self {
        let mut followers = Self { owned: owned_groups(data), ..Self::default() };
        for instance in &data.instances {
            let config = instance.config;
            if let Some(interface) = config.interface.as_ref().filter(|_| !config.dont_track_primary) {
                let track = Track { weight: PriorityWeight::FAULT, reverse: false };
                followers.add(Kind::Interface, interface.to_string(), &config.name, track);
            }
            for kind in Kind::ALL {
                for (thing, track) in of_kind(&config.trackers, kind) {
                    followers.add(kind, thing, &config.name, track);
                }
            }
        }
        for group in &data.config.sync_groups {
            followers.add_group(group);
        }
        followers
    }

    fn add_group(&mut self, group: &SyncGroupConfig) {
        self.groups.extend(group.members.iter().map(|member| (member.clone(), group.name.clone())));
        for kind in Kind::ALL {
            for (thing, track) in self.of_group(group, kind) {
                for member in &group.members {
                    self.add(kind, thing.clone(), member, track);
                }
            }
        }
    }

    /// Given twice, the later weight counts, unless failure is a fault already.
    fn add(&mut self, kind: Kind, thing: String, instance: &str, track: Track) {
        let list = self.by_thing.entry((kind, thing)).or_default();
        match list.iter_mut().find(|(name, _)| name == instance) {
            Some((_, own)) if own.weight == PriorityWeight::FAULT => {}
            Some((_, own)) => *own = track,
            None => list.push((instance.to_owned(), track)),
        }
    }

    /// The trackers of a group as they count: an address owner's priority is fixed, so weights become faults.
    pub(super) fn of_group(&self, group: &SyncGroupConfig, kind: Kind) -> Vec<(String, Track)> {
        let mut trackers = of_kind(&group.trackers, kind);
        if self.owned.contains(&group.name) {
            trackers.iter_mut().for_each(|(_, track)| track.weight = PriorityWeight::FAULT);
        }
        trackers
    }

    /// The sync group of an instance.
    pub(super) fn group(&self, instance: &str) -> Option<&str> {
        self.groups.get(instance).map(String::as_str)
    }

    /// Who follows this.
    pub(super) fn of(&self, kind: Kind, thing: &str) -> &[(String, Track)] {
        self.by_thing.get(&(kind, thing.to_owned())).map_or(&[], Vec::as_slice)
    }
}

fn owned_groups(data: &VrrpData<'_>) -> HashSet<String> {
    let owners: HashSet<&str> = data
        .instances
        .iter()
        .filter(|instance| instance.config.priority.is_owner())
        .map(|instance| instance.config.name.as_str())
        .collect();
    let has_owner =
        |group: &&SyncGroupConfig| group.members.iter().any(|name| owners.contains(name.as_str()));
    data.config.sync_groups.iter().filter(has_owner).map(|group| group.name.clone()).collect()
}

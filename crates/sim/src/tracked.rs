//! What is really true of the scripts, files and processes of a node, and what that has to mean for an instance.
//!
//! The second half is the watch's own arithmetic, written from the reference (3.1 to 3.6) and not from the engine: what
//! an instance may be held against after everything has settled.

use crate::node::Node;
use keepalived_types::{Family, InterfaceName, Priority};
use keepalived_vrrp::Reading;
use keepalived_vrrp::config::{
    Config, InstanceConfig, ProcessTracker, SyncGroupConfig, Track, Trackers, Transport,
};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// What trackers would find on a node now. What is not named is as it should be: scripts succeed, files are empty, one
/// process runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Truth {
    pub(crate) scripts: BTreeMap<String, bool>,
    pub(crate) files: BTreeMap<String, i64>,
    pub(crate) processes: BTreeMap<String, u32>,
}

impl Truth {
    /// Would this script succeed?
    pub(crate) fn script(&self, name: &str) -> bool {
        self.scripts.get(name).copied().unwrap_or(true)
    }

    fn file(&self, name: &str) -> i64 {
        self.files.get(name).copied().unwrap_or(0)
    }

    fn processes(&self, name: &str) -> u32 {
        self.processes.get(name).copied().unwrap_or(1)
    }

    /// Everything that a driver knows of files and processes as soon as it looks.
    pub(crate) fn readings(&self, config: &Config) -> Vec<(String, Reading)> {
        let files = config.files.iter().map(|file| (file.name.clone(), Reading::File(self.file(&file.name))));
        let processes = config.processes.iter();
        let processes =
            processes.map(|one| (one.name.clone(), Reading::Processes(self.processes(&one.name))));
        files.chain(processes).collect()
    }
}

/// `mcast_src_ip` or `unicast_src_ip`.
pub(crate) const fn configured_source(instance: &InstanceConfig) -> Option<IpAddr> {
    match &instance.transport {
        Transport::Multicast { source, .. } | Transport::Unicast { source, .. } => *source,
    }
}

/// Does this instance speak from its configured address whether it is there or not?
pub(crate) fn may_be_missing(instance: &InstanceConfig) -> bool {
    let is_multicast = matches!(instance.transport, Transport::Multicast { .. });
    is_multicast && instance.family == Family::V4 && !instance.track_source_address
}

impl Node {
    /// The priority that an instance has to advertise; nothing is said about an address owner.
    pub(crate) fn expected_priority(&self, instance: &InstanceConfig) -> Option<Priority> {
        if instance.priority.is_owner() {
            return None;
        }
        let mut sum = i64::from(instance.priority.get());
        for trackers in self.lists(instance) {
            sum += self.contributions(trackers);
        }
        u8::try_from(sum.clamp(1, 254)).ok().map(Priority)
    }

    /// Does anything keep this instance, or another one of its group, from taking part?
    pub(crate) fn expects_fault(&self, instance: &InstanceConfig) -> bool {
        let Some(group) = self.group_of(instance) else { return self.has_own_fault(instance) };
        let members = group.members.iter().filter_map(|name| self.instance(name));
        members.into_iter().any(|member| self.has_own_fault(member))
    }

    /// The sync group of an instance.
    pub(crate) fn group_of(&self, instance: &InstanceConfig) -> Option<&SyncGroupConfig> {
        self.config.sync_groups.iter().find(|group| group.members.contains(&instance.name))
    }

    pub(crate) fn lists<'a>(&'a self, instance: &'a InstanceConfig) -> impl Iterator<Item = &'a Trackers> {
        let of_group = self.group_of(instance).map(|group| &group.trackers);
        std::iter::once(&*instance.trackers).chain(of_group)
    }

    fn has_own_fault(&self, instance: &InstanceConfig) -> bool {
        let Some(name) = &instance.interface else { return false };
        // A link that is down is of no concern with `dont_track_primary`; one that is gone is.
        let is_absent = self.machine.named(name).is_none();
        is_absent
            || !(self.is_up(name) || instance.dont_track_primary)
            || !self.has_source(name, instance)
            || self.lists(instance).any(|trackers| self.fails(trackers))
    }

    /// IPv4 multicast goes out with a configured address that is not there, unless `track_src_ip` asks for more.
    fn has_source(&self, name: &InterfaceName, instance: &InstanceConfig) -> bool {
        match configured_source(instance) {
            None => self.machine.has_source(name, instance.family),
            Some(source) => may_be_missing(instance) || self.machine.has_address(source),
        }
    }

    fn is_up(&self, name: &InterfaceName) -> bool {
        self.machine.named(name).is_some_and(crate::machine::Port::is_usable)
    }

    fn contributions(&self, trackers: &Trackers) -> i64 {
        let plain = |is_up: bool, track: &Track| {
            let weight = i64::from(track.weight.get());
            let value = if is_up == (weight > 0) { weight } else { 0 };
            if track.reverse { -value } else { value }
        };
        let interfaces = trackers.interfaces.iter().map(|(name, track)| plain(self.is_up(name), track));
        let scripts = trackers.scripts.iter().map(|(name, track)| plain(self.truth.script(name), track));
        let processes = trackers.processes.iter().map(|(name, track)| plain(self.is_quorum(name), track));
        let files = trackers.files.iter().map(|(name, track)| self.product(name, track).min(253));
        interfaces.chain(scripts).chain(processes).chain(files).sum()
    }

    /// The number in a file as it counts, before it is limited.
    fn product(&self, name: &str, track: &Track) -> i64 {
        let product = self.truth.file(name) * i64::from(track.weight.get());
        if track.reverse { -product } else { product }
    }

    fn fails(&self, trackers: &Trackers) -> bool {
        let plain = |is_up: bool, track: &Track| track.weight.get() == 0 && is_up == track.reverse;
        let of_file = |name: &str, track: &Track| match track.weight.get() {
            0 => (self.truth.file(name) != 0) != track.reverse,
            _ => self.product(name, track) <= -254,
        };
        trackers.interfaces.iter().any(|(name, track)| plain(self.is_up(name), track))
            || trackers.scripts.iter().any(|(name, track)| plain(self.truth.script(name), track))
            || trackers.processes.iter().any(|(name, track)| plain(self.is_quorum(name), track))
            || trackers.files.iter().any(|(name, track)| of_file(name, track))
    }

    fn is_quorum(&self, name: &str) -> bool {
        let tracker = self.config.processes.iter().find(|one| one.name == name);
        tracker.is_none_or(|tracker: &ProcessTracker| {
            let count = self.truth.processes(name);
            let enough = tracker.quorum_max == Some(0) || count >= tracker.quorum;
            enough && tracker.quorum_max.is_none_or(|most| count <= most)
        })
    }
}

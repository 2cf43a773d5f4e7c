//! What a configuration tracks: only that is run and watched. What nobody watches yet is left out.

use keepalived_vrrp::config::{Config, FileTracker, ProcessTracker, ScriptTracker, Trackers};
use std::collections::HashSet;

/// The scripts that an instance or a group tracks.
pub(super) fn scripts(config: &Config) -> Vec<ScriptTracker> {
    let names: HashSet<&str> =
        lists(config).flat_map(|list| &list.scripts).map(|(name, _)| name.as_str()).collect();
    config.scripts.iter().filter(|script| names.contains(script.name.as_str())).cloned().collect()
}

/// The files that an instance or a group tracks.
pub(super) fn files(config: &Config) -> Vec<FileTracker> {
    let names: HashSet<&str> =
        lists(config).flat_map(|list| &list.files).map(|(name, _)| name.as_str()).collect();
    config.files.iter().filter(|file| names.contains(file.name.as_str())).cloned().collect()
}

/// The processes that an instance or a group tracks.
pub(super) fn processes(config: &Config) -> Vec<ProcessTracker> {
    let names: HashSet<&str> =
        lists(config).flat_map(|list| &list.processes).map(|(name, _)| name.as_str()).collect();
    config.processes.iter().filter(|process| names.contains(process.name.as_str())).cloned().collect()
}

fn lists(config: &Config) -> impl Iterator<Item = &Trackers> {
    let instances = config.instances.iter().map(|instance| &*instance.trackers);
    instances.chain(config.sync_groups.iter().map(|group| &group.trackers))
}

/// Takes `track_bfd` out of `config`: nobody hears of these sessions, and one that nobody reports would keep its instances
/// in FAULT. Returns what the log has to say about it.
pub(in super::super) fn without_unwatched(config: &mut Config) -> Option<String> {
    let instances = config.instances.iter_mut().filter(|instance| !instance.trackers.bfd.is_empty());
    let instances = instances.map(|instance| &mut *instance.trackers);
    let mut names: Vec<String> = Vec::new();
    for list in instances.chain(config.sync_groups.iter_mut().map(|group| &mut group.trackers)) {
        for (name, _) in list.bfd.drain(..) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let names = (!names.is_empty()).then(|| names.join(", "))?;
    Some(format!("track_bfd has no effect yet, its instances run as if it were not there: {names}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use keepalived_types::{Family, InterfaceName, PriorityWeight, Vrid};
    use keepalived_vrrp::config::{InstanceConfig, Track};

    #[test]
    fn bfd_sessions_are_left_out_and_named() {
        let eth0 = InterfaceName::new("eth0").expect("a short name");
        let mut instance = InstanceConfig::new("VI_1", eth0, Vrid::new(1).expect("not zero"), Family::V4);
        let fault = Track { weight: PriorityWeight::FAULT, reverse: false };
        instance.trackers.scripts = vec![("S".to_owned(), fault)];
        instance.trackers.processes = vec![("P".to_owned(), fault)];
        instance.trackers.bfd = vec![("B".to_owned(), fault)];
        let mut config = Config { instances: vec![instance], ..Config::default() };
        let line = without_unwatched(&mut config).expect("there is something to say");
        assert!(line.ends_with(": B"), "{line}");
        let trackers = &config.instances[0].trackers;
        assert!(trackers.bfd.is_empty());
        assert_eq!((trackers.scripts.len(), trackers.processes.len()), (1, 1));
        assert_eq!(without_unwatched(&mut config), None);
    }
}

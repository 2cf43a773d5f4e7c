//! Sync groups, and what instances and groups track.

use super::Chaos;
use crate::accident::Accident;
use crate::machine::interface_name;
use crate::node::NodeId;
use keepalived_types::{Command, Credentials, PriorityWeight};
use keepalived_vrrp::config::{
    Config, FileTracker, NotifyScripts, ParameterMatch, PriorityNotices, ProcessTracker, ScriptTracker,
    SyncGroupConfig, Track, Trackers,
};
use std::time::Duration;

const GROUP: &str = "GROUP";
const SCRIPT: &str = "script";
const FILE: &str = "file";
const PROCESS: &str = "process";

const DEFAULT: Track = Track { weight: PriorityWeight::FAULT, reverse: false };

impl Chaos {
    /// Lets the routers that move together do so on this node, as far as it has them.
    pub(super) fn group(&mut self, config: &mut Config) {
        let trackers = config.sync_groups.pop().map(|group| group.trackers).unwrap_or_default();
        let members = config.instances.iter().filter(|one| self.grouped.contains(&one.vrid));
        let members: Vec<String> = members.map(|one| one.name.clone()).collect();
        if !members.is_empty() {
            config.sync_groups.push(SyncGroupConfig {
                name: GROUP.to_owned(),
                members,
                trackers,
                tracking_weight: false,
                notify: NotifyScripts::default(),
                priority_notices: PriorityNotices::default(),
                smtp_alert: false,
            });
        }
    }

    /// Things to track, and who tracks them.
    pub(super) fn add_trackers(&mut self, config: &mut Config) {
        if !self.random.permille(500) {
            return;
        }
        config.scripts.push(self.script());
        config.files.push(FileTracker {
            name: FILE.to_owned(),
            path: "/f".into(),
            track: DEFAULT,
            init: None,
        });
        config.processes.push(self.process());
        for index in 0..=config.instances.len() {
            self.track(config, index);
        }
    }

    /// Somebody tracks something else from now on.
    pub(super) fn change_trackers(&mut self, config: &mut Config) {
        if config.scripts.is_empty() {
            return self.add_trackers(config);
        }
        match self.random.below(4) {
            0 => config.scripts = vec![self.script()],
            1 => config.processes = vec![self.process()],
            _ => {
                let index = self.random.index(config.instances.len() + 1);
                self.track(config, index);
            }
        }
    }

    /// What one instance tracks, or, behind the last instance, the group. A group has all the trackers of its members, so
    /// that their priorities stay alike; an owner has none, for they would not change it.
    fn track(&mut self, config: &mut Config, index: usize) {
        let trackers = self.trackers(config);
        let Some(instance) = config.instances.get_mut(index) else {
            config.sync_groups.iter_mut().for_each(|group| group.trackers = trackers.clone());
            return;
        };
        let mut groups = config.sync_groups.iter();
        let is_member = groups.any(|group| group.members.contains(&instance.name));
        if !is_member && !instance.priority.is_owner() {
            let own = instance.interface.clone();
            instance.trackers = trackers.into();
            instance.trackers.interfaces.retain(|(name, _)| Some(name) != own.as_ref());
        }
    }

    fn trackers(&mut self, config: &Config) -> Trackers {
        let mut trackers = Trackers::default();
        if self.segments.len() > 1 && self.random.permille(300) {
            let segment = self.any_segment();
            trackers.interfaces.push((interface_name(segment), self.weight()));
        }
        if !config.scripts.is_empty() && self.random.permille(400) {
            trackers.scripts.push((SCRIPT.to_owned(), self.weight()));
        }
        if !config.files.is_empty() && self.random.permille(400) {
            trackers.files.push((FILE.to_owned(), self.weight()));
        }
        if !config.processes.is_empty() && self.random.permille(400) {
            trackers.processes.push((PROCESS.to_owned(), self.weight()));
        }
        trackers
    }

    fn weight(&mut self) -> Track {
        let weight = self.random.pick(&[0, 1, 10, -20, 60, -120, 253, -253]).unwrap_or(0);
        let weight = PriorityWeight::new(weight).unwrap_or(PriorityWeight::FAULT);
        Track { weight, reverse: self.random.permille(200) }
    }

    fn script(&mut self) -> ScriptTracker {
        let run_as = Credentials { uid: 0, gid: 0, groups: None };
        let command = Command { path: "/s".into(), argv: vec!["/s".into()], run_as, through_shell: false };
        let interval = Duration::from_millis(self.random.pick(&[300, 1000]).unwrap_or(1000));
        ScriptTracker {
            name: SCRIPT.to_owned(),
            command,
            interval,
            timeout: interval,
            track: DEFAULT,
            rise: self.random.pick(&[1, 1, 2, 3]).unwrap_or(1),
            fall: self.random.pick(&[1, 1, 2, 3]).unwrap_or(1),
            init_fail: self.random.permille(200),
        }
    }

    fn process(&mut self) -> ProcessTracker {
        let delay = |millis: Option<u64>| Duration::from_millis(millis.unwrap_or(0));
        ProcessTracker {
            name: PROCESS.to_owned(),
            process: vec!["daemon".to_owned()],
            parameters: ParameterMatch::Exact,
            full_command: false,
            track: DEFAULT,
            quorum: self.random.pick(&[1, 1, 2]).unwrap_or(1),
            quorum_max: self.random.pick(&[None, None, Some(2), Some(0)]).flatten(),
            fork_delay: delay(self.random.pick(&[0, 0, 400])),
            terminate_delay: delay(self.random.pick(&[0, 0, 900])),
        }
    }

    /// A script, a file or a process is no longer what it was.
    pub(super) fn change_what_is_tracked(&mut self, node: NodeId) {
        if self.lan.config(node).scripts.is_empty() {
            return;
        }
        match self.random.below(3) {
            0 => {
                let success = self.random.permille(500);
                self.lan.set_script(node, SCRIPT, success);
                self.lan.accidents.count(Accident::Script);
            }
            1 => {
                let number = self.random.pick(&[0, 1, -1, 30, -30, 254, -254, 100_000]).unwrap_or(0);
                self.lan.set_file(node, FILE, number);
                self.lan.accidents.count(Accident::File);
            }
            _ => {
                let count = self.random.pick(&[0, 1, 2, 3]).unwrap_or(1);
                self.lan.set_processes(node, PROCESS, count);
                self.lan.accidents.count(Accident::Process);
            }
        }
    }

    /// Everything is as it should be again; what then still fails does so by its configuration.
    pub(super) fn repair_what_is_tracked(&mut self) {
        for node in self.lan.node_ids() {
            if !self.lan.config(node).scripts.is_empty() {
                self.lan.set_script(node, SCRIPT, true);
                self.lan.set_file(node, FILE, 0);
                self.lan.set_processes(node, PROCESS, 1);
            }
        }
    }
}

//! Scripts that are run, and what trackers find.

use super::Lan;
use crate::agenda::Happening;
use crate::node::NodeId;
use keepalived_vrrp::Reading;
use std::time::Duration;

impl Lan {
    /// From now on this script of a node succeeds, or fails.
    pub fn set_script(&mut self, node: NodeId, name: &str, success: bool) {
        self.story.tell(self.now, || format!("{node}: script {name} will say {success}"));
        self.nodes[node.0].truth.scripts.insert(name.to_owned(), success);
        self.disturb_node(node);
    }

    /// The number in a tracked file of a node.
    pub fn set_file(&mut self, node: NodeId, name: &str, number: i64) {
        self.story.tell(self.now, || format!("{node}: file {name} has {number}"));
        self.nodes[node.0].truth.files.insert(name.to_owned(), number);
        self.report_reading(node, name, Reading::File(number));
    }

    /// How many processes a tracker of a node finds.
    pub fn set_processes(&mut self, node: NodeId, name: &str, count: u32) {
        self.story.tell(self.now, || format!("{node}: {count} processes of {name}"));
        self.nodes[node.0].truth.processes.insert(name.to_owned(), count);
        self.report_reading(node, name, Reading::Processes(count));
    }

    fn report_reading(&mut self, node: NodeId, name: &str, reading: Reading) {
        self.disturb_node(node);
        if self.nodes[node.0].pause.is_some() {
            self.nodes[node.0].inbox.trackers_changed = true;
            return;
        }
        self.turn(node, |engine, now| engine.handle_tracker(name, reading, now));
        self.look_at(node);
    }

    /// Tells a process what its files and processes are like now.
    pub(super) fn report_trackers(&mut self, node: NodeId) {
        let readings = self.nodes[node.0].truth.readings(&self.nodes[node.0].config);
        for (name, reading) in readings {
            self.turn(node, |engine, now| engine.handle_tracker(&name, reading, now));
        }
    }

    /// Lets scripts that nobody runs yet be run, the first time very soon.
    pub(super) fn begin_scripts(&mut self, node: NodeId) {
        let generation = self.nodes[node.0].generation;
        let names: Vec<String> =
            self.nodes[node.0].config.scripts.iter().map(|one| one.name.clone()).collect();
        for name in names {
            let is_new =
                self.nodes[node.0].process.as_mut().is_some_and(|one| one.scripts.insert(name.clone()));
            if is_new {
                let at = self.now + self.random.span(Duration::ZERO, Duration::from_millis(100));
                self.agenda.enter(at, Happening::RunScript { node, generation, name });
            }
        }
    }

    /// A script has been run. A stopped process hears of no result; the next run will tell.
    pub(super) fn run_script(&mut self, node: NodeId, generation: u64, name: String) {
        let owner = &mut self.nodes[node.0];
        if owner.generation != generation || owner.process.is_none() {
            return;
        }
        let Some(interval) = owner.config.scripts.iter().find(|one| one.name == name).map(|one| one.interval)
        else {
            if let Some(process) = owner.process.as_mut() {
                process.scripts.remove(&name);
            }
            return;
        };
        let success = owner.truth.script(&name);
        if owner.pause.is_none() {
            self.turn(node, |engine, now| engine.handle_tracker(&name, Reading::Script { success }, now));
            self.look_at(node);
        }
        self.agenda.enter(self.now + interval, Happening::RunScript { node, generation, name });
    }
}

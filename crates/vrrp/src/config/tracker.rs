//! Things whose state changes a priority or causes a fault.

use keepalived_types::{Command, InterfaceName, PriorityWeight, Usual};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// What an instance or a sync group follows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trackers {
    /// `track_interface`.
    pub interfaces: Vec<(InterfaceName, Track)>,
    /// `track_script`, by name.
    pub scripts: Vec<(String, Track)>,
    /// `track_file`, by name.
    pub files: Vec<(String, Track)>,
    /// `track_process`, by name.
    pub processes: Vec<(String, Track)>,
    /// `track_bfd`, by name.
    pub bfd: Vec<(String, Track)>,
}

impl Usual for Trackers {
    const USUAL: &'static Self = &Self {
        interfaces: Vec::new(),
        scripts: Vec::new(),
        files: Vec::new(),
        processes: Vec::new(),
        bfd: Vec::new(),
    };
}

/// What one tracked object does to a priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Track {
    /// 0: failure means FAULT.
    pub weight: PriorityWeight,
    /// The contribution is negated; with weight 0, success means FAULT.
    pub reverse: bool,
}

/// `vrrp_script`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptTracker {
    /// The block's name.
    pub name: String,
    /// What is run.
    pub command: Command,
    /// From one start to the next.
    pub interval: Duration,
    /// The longest a run may take.
    pub timeout: Duration,
    /// Default of whoever tracks it.
    pub track: Track,
    /// Successes in a row until it counts as up, at least 1.
    pub rise: u32,
    /// Failures in a row until it counts as down, at least 1.
    pub fall: u32,
    /// `init_fail`: down until `rise` is met.
    pub init_fail: bool,
}

/// `track_file`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileTracker {
    /// The block's name.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// Default of whoever tracks it.
    pub track: Track,
    /// `init_file`.
    pub init: Option<InitFile>,
}

/// `init_file`: what to write at start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InitFile {
    /// The number that is written.
    pub value: i32,
    /// Also when the file exists.
    pub overwrite: bool,
}

/// `vrrp_track_process`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessTracker {
    /// The block's name.
    pub name: String,
    /// `process`: the name and, with a full command line, its arguments.
    pub process: Vec<String>,
    /// How arguments have to match.
    pub parameters: ParameterMatch,
    /// `full_command`, also implied by parameters and `param_match`.
    pub full_command: bool,
    /// Default of whoever tracks it.
    pub track: Track,
    /// Least number of processes, at least 1.
    pub quorum: u32,
    /// Most processes; `None` for no limit.
    pub quorum_max: Option<u32>,
    /// How long a change of the quorum by the start of a process must last to count.
    pub fork_delay: Duration,
    /// The same for a change by the end of a process.
    pub terminate_delay: Duration,
}

impl ProcessTracker {
    /// Is this number of processes right? `quorum_max 0` asks for the process not to run at all.
    #[must_use]
    pub fn is_met_by(&self, count: u32) -> bool {
        let least = if self.quorum_max == Some(0) { 0 } else { self.quorum };
        count >= least && self.quorum_max.is_none_or(|most| count <= most)
    }
}

/// `param_match`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParameterMatch {
    /// All parameters equal and none more: `param_match` is not given, or there are no parameters and it is.
    Exact,
    /// The first ones equal, more may follow; also `full_command` alone, which asks for no parameters.
    Partial,
    /// As partial, and the last one only has to begin so.
    Initial,
}

/// A `bfd_instance` as VRRP sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackedBfd {
    /// Its name.
    pub name: String,
    /// Default of whoever tracks it.
    pub track: Track,
}

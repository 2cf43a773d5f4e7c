//! What a process is told about the files that signals ask for: where they are, and what they begin with.

use keepalived_config::model::JsonVersion;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Dumps of one process (runtime reference 10).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DumpSetup {
    /// The section `Global definitions`, with which its data begins.
    pub global: String,
    /// Where SIGUSR1 puts its data.
    pub data: PathBuf,
    /// Where SIGUSR2 puts statistics.
    pub stats: PathBuf,
    /// Where SIGRTMIN+2 puts JSON.
    pub json: PathBuf,
    /// `json_version`.
    pub json_version: JsonVersion,
    /// `--dump-conf`: what was configured goes into the log at the start.
    pub at_start: bool,
    /// `config_save_dir`: the data before and after each reload are kept here.
    pub save_directory: Option<PathBuf>,
}

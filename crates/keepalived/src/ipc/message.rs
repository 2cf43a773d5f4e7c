//! The messages.

use crate::log::LogSettings;
use keepalived_config::model::ProcessSettings;
use keepalived_events::{Event, Snapshot};
use keepalived_vrrp as vrrp;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// From the supervisor to the VRRP process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ToVrrp {
    /// The first message: everything the process needs to run.
    Start(Box<VrrpSetup>),
    /// A new configuration, valid as a whole. Answered with [`FromVrrp::Reloaded`].
    Reload(Box<VrrpSetup>),
    /// Answered with [`FromVrrp::Snapshot`].
    Snapshot,
}

/// From the VRRP process to the supervisor.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum FromVrrp {
    /// The configuration has been taken and the instances run: `Startup complete` may be said.
    Started,
    /// The difference to the new configuration has been applied.
    Reloaded,
    /// Something happened.
    Event(Box<Event>),
    /// What is.
    Snapshot(Box<Snapshot>),
    /// Somebody sent SIGHUP to the child instead of the supervisor.
    ReloadRequested,
}

/// Everything the VRRP process needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VrrpSetup {
    /// The engine's configuration.
    pub vrrp: vrrp::config::Config,
    /// Priority, memory locking, processors of the process.
    pub process: ProcessSettings,
    /// Its name in process listings.
    pub process_name: Option<String>,
    /// Where it logs.
    pub log: LogSettings,
    /// File creation mask, for scripts.
    pub umask: u32,
    /// The program that starts scripts with other credentials.
    pub exec_helper: PathBuf,
    /// `-V`: at the end leave addresses in place and send no priority 0.
    pub keep_at_stop: bool,
    /// `-a`: log every address that comes or goes.
    pub address_monitoring: bool,
    /// Instances whose role a killed predecessor had: these go on where it stopped. Empty at a normal start.
    pub adopt: Vec<Adoption>,
}

/// What a killed predecessor was doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adoption {
    /// The instance that was MASTER.
    pub instance: String,
}

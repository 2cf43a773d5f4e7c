//! The messages.

use crate::dump_setup::DumpSetup;
use crate::fifo::FifoSetup;
use crate::log::LogSettings;
use crate::mail::MailSetup;
use keepalived_config::model::{AutoPriority, IpvsNamespace, NetlinkBuffers, ProcessSettings, SocketBuffer};
use keepalived_events::{Event, Packed, Snapshot};
use keepalived_lvs as lvs;
use keepalived_vrrp as vrrp;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// From the supervisor to a child whose setup is an `S`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ToChild<S> {
    /// The first message: everything the process needs to run.
    Start(Box<S>),
    /// A new configuration, valid as a whole. Answered with [`FromChild::Reloaded`].
    Reload(Box<S>),
    /// Answered with [`FromChild::Snapshot`].
    Snapshot,
    /// To the VRRP process: what an operator wants. Answered with [`FromChild::Operated`].
    Operate {
        /// Comes back with the answer.
        ticket: u64,
        /// What.
        order: Order,
    },
}

/// What an operator may want of the VRRP process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// The instance or sync group of this name gives way.
    SwitchOver(String),
    /// The one of this name takes part again, or all that gave way.
    TakeBack(Option<String>),
    /// The node stays out, or does so no more.
    Maintenance(bool),
}

/// From a child to the supervisor. All kinds of children say the same things.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum FromChild {
    /// The configuration has been taken and what it describes runs: when all children have said so, `Startup complete`
    /// may be said.
    Started,
    /// The difference to the new configuration has been applied.
    Reloaded,
    /// Something happened.
    Event(Box<Event>),
    /// What is.
    Snapshot(Box<Snapshot>),
    /// From the checker process: what a successor has to know. Sent now and then when something has changed. The
    /// supervisor only keeps it.
    Standing(Packed<lvs::Snapshot>),
    /// From the VRRP process: what became of an order; or why it was not obeyed.
    Operated {
        /// The order's.
        ticket: u64,
        /// Why not.
        outcome: Result<(), String>,
    },
    /// Somebody sent SIGHUP to the child instead of the supervisor.
    ReloadRequested,
}

/// From the supervisor to the VRRP process.
pub type ToVrrp = ToChild<VrrpSetup>;
/// From the VRRP process to the supervisor.
pub type FromVrrp = FromChild;

/// Everything the VRRP process needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VrrpSetup {
    /// The engine's configuration.
    pub vrrp: vrrp::config::Config,
    /// Priority, memory locking, processors of the process.
    pub process: ProcessSettings,
    /// Receive buffers of its netlink sockets.
    pub netlink: NetlinkBuffers,
    /// How far its priority may rise by itself.
    pub auto_priority: AutoPriority,
    /// Its name in process listings.
    pub process_name: Option<String>,
    /// Where it logs.
    pub log: LogSettings,
    /// File creation mask, for scripts.
    pub umask: u32,
    /// The program that starts scripts with other credentials.
    pub exec_helper: PathBuf,
    /// The FIFOs to write to.
    pub fifos: Vec<FifoSetup>,
    /// `fifo_write_vrrp_states_on_reload`.
    pub fifo_states_on_reload: bool,
    /// Where mails go; `None` when none are sent.
    pub mail: Option<MailSetup>,
    /// Files that signals ask for.
    pub dumps: DumpSetup,
    /// `-V`: at the end leave addresses in place and send no priority 0.
    pub keep_at_stop: bool,
    /// `-a`: log every address that comes or goes.
    pub address_monitoring: bool,
    /// An operator keeps this node out.
    pub maintenance: bool,
    /// Instances that gave way in a killed predecessor and go on standing back. Empty at a normal start.
    pub given_way: Vec<String>,
    /// Instances whose role a killed predecessor had: these go on where it stopped. Empty at a normal start.
    pub adopt: Vec<Adoption>,
    /// `lvs_sync_daemon` with an instance.
    pub sync: Option<SyncFollower>,
    /// `disable_local_igmp`: the setting to put back at the end if the supervisor is no longer there to do it.
    pub local_igmp_before: Option<String>,
}

/// A synchronisation daemon of the kernel's load balancer that has the role of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncFollower {
    /// The instance.
    pub instance: String,
    /// Everything but the role.
    pub settings: lvs::SyncSettings,
    /// Where the load balancer is.
    pub namespace: IpvsNamespace,
    /// `lvs_netlink_cmd_rcv_bufs`.
    pub room: SocketBuffer,
}

/// What a killed predecessor was doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adoption {
    /// The instance that was MASTER.
    pub instance: String,
}

/// From the supervisor to the checker process.
pub type ToCheckers = ToChild<CheckersSetup>;
/// From the checker process to the supervisor.
pub type FromCheckers = FromChild;

/// Everything the checker process needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CheckersSetup {
    /// The engine's configuration.
    pub lvs: lvs::config::Config,
    /// What `global_defs` says about the table.
    pub settings: lvs::Settings,
    /// Where the table is.
    pub namespace: IpvsNamespace,
    /// Receive buffers of its netlink sockets.
    pub netlink: NetlinkBuffers,
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
    /// Where lines about state changes go.
    pub fifos: Vec<FifoSetup>,
    /// Where mails go; `None` when none are sent.
    pub mail: Option<MailSetup>,
    /// Files that signals ask for.
    pub dumps: DumpSetup,
    /// `-I`: at the end leave the table as it is.
    pub keep_at_stop: bool,
    /// What a killed predecessor knew. `None` at a normal start.
    pub predecessor: Option<Packed<lvs::Snapshot>>,
}

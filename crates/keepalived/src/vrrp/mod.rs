//! The VRRP process: one thread that runs the engine, one helper thread for everything that may block.

mod announcer;
mod auto_priority;
mod channels;
mod driver;
mod dumps;
mod helper;
mod interfaces;
mod linkbeat;
mod messages;
mod network;
mod process;
mod reconcile;
mod redump;
mod roles;
mod room;
mod route_spec;
mod routing;
mod rule_spec;
mod script_queue;
mod secondaries;
mod sync_daemon;
pub(crate) mod trackers;

use crate::launcher;
pub use process::run;
pub(crate) use route_spec::route_of;
pub(crate) use rule_spec::rule_of;

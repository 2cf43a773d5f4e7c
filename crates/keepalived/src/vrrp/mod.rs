//! The VRRP process: one thread that runs the engine, one helper thread for everything that may block.

mod announcer;
mod auto_priority;
mod channels;
mod driver;
mod dumps;
mod helper;
mod linkbeat;
mod messages;
mod network;
mod process;
mod reconcile;
mod redump;
mod room;
mod script_queue;
mod secondaries;
mod sync_daemon;
pub(crate) mod trackers;

use crate::launcher;
pub use process::run;

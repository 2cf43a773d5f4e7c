//! The machine: clocks, timers, sockets, netlink, nftables, processes. The only crate with `unsafe` code.
//!
//! Nothing here decides anything. Everything that may wait says so; the rest is meant for a reactor.

mod error;
mod socket_option;
#[cfg(test)]
mod testing;

pub mod answers;
pub mod clock;
pub mod host;
pub mod inotify;
pub mod ipvs;
pub mod linkbeat;
pub mod lock_file;
pub mod memory;
pub mod namespace;
pub mod netlink;
pub mod nftables;
pub mod packet_socket;
pub mod process;
pub mod process_events;
pub mod reactor;
pub mod sched;
pub mod signals;
pub mod sysctl;
pub mod timer;
pub mod users;
pub mod vrrp_socket;
pub mod waker;

pub use error::{Error, Result};

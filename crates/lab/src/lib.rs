//! Real daemons on a real (virtual) LAN: network namespaces joined by veth cables and a bridge, captures with the
//! kernel's time stamps, a client that measures its outage, and peers: ours, the distribution's keepalived, FRR.
//!
//! ```no_run
//! use std::time::Duration;
//! use keepalived_lab::{Classic, Daemon, Lan, Program};
//!
//! # fn main() -> keepalived_lab::Result<()> {
//! let lan = Lan::new()?;
//! let a = lan.node("a", &["10.77.0.1/24"])?;
//! let daemon = Daemon::start(&a, Program::Ours, &Classic::master().text())?;
//! daemon.wait_for_log("(VI_1) Entering MASTER STATE", Duration::from_secs(6))?;
//! # Ok(())
//! # }
//! ```
//!
//! Everything a lab makes carries its process's pid in its name and is removed when it is dropped, also while a test
//! panics; [`sweep`] removes what a killed run left. Nothing leaves the namespaces. The lab needs root and a few tools;
//! a missing one is an error, not a skipped test.

#![forbid(unsafe_code)]

mod address;
pub mod balanced;
pub mod bounds;
mod capture;
mod classic;
mod client;
mod command;
mod config_test;
mod daemon;
mod error;
mod farm;
mod forger;
mod frame;
mod frr;
mod lan;
mod log;
mod mail_server;
mod names;
mod namespace;
mod node;
mod pcap;
pub mod processes;
mod program;
mod refusing;
mod requests;
pub mod second_kernel;
mod served;
pub mod sockets;
mod sweep;
pub mod tools;
mod trace;
mod web;
mod worker;

pub use address::Address;
pub use balanced::Balanced;
pub use capture::Capture;
pub use classic::Classic;
pub use client::{Answer, Client, Outage, Responder};
pub use config_test::{Verdict, config_test, run_program};
pub use daemon::Daemon;
pub use error::{Error, Result};
pub use farm::{Farm, Way, WebServers};
pub use forger::{Flood, Forged, Forger};
pub use frame::{Advert, Body, Packet};
pub use frr::{Frr, VirtualRouter};
pub use lan::{Lan, MAIN_SEGMENT};
pub use log::{Log, LogLine};
pub use mail_server::{MailServer, Message};
pub use namespace::Namespace;
pub use node::Node;
pub use processes::Signal;
pub use program::{OURS_VARIABLE, Program, UNDER_TEST_VARIABLE};
pub use refusing::refusing_together;
pub use requests::{IpvsRequest, IpvsRequests, sends};
pub use second_kernel::SecondKernel;
pub use served::Served;
pub use sweep::sweep;
pub use trace::{TimedAdvert, Trace, elapsed};
pub use web::{Request, WebClient, WebServer};

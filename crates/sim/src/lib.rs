//! A LAN of VRRP engines under one seed and one clock.
//!
//! The engines are the real ones, and so are the bytes between them. Around them everything is made up: interfaces,
//! the reconciler that sets addresses, the wire, the supervisor, time. A [`Lan`] can be built by hand for a scenario
//! with a name, or by [`chaos`] from nothing but a seed. A watch looks on all the time (`watch/`).
//!
//! ```
//! use keepalived_sim::{Lan, Seed};
//! use std::time::Duration;
//!
//! let mut lan = Lan::new(Seed(7));
//! let [a, b, c] = lan.routers([150, 120, 100]);
//! lan.settle();
//! assert_eq!(lan.masters(), [a]);
//! let cut = lan.power_off(a);
//! lan.run_for(Duration::from_secs(4));
//! assert_eq!(lan.masters(), [b]);
//! assert_eq!(lan.transitions(c, cut..), []);
//! ```
//!
//! Load balancing is played apart from it, on one machine: [`balance`].

#![forbid(unsafe_code)]

mod accident;
mod agenda;
pub mod balance;
mod carrier;
pub mod chaos;
mod lan;
mod machine;
mod node;
mod packet;
mod random;
mod segment;
mod story;
mod told;
mod tracked;
mod watch;

pub use accident::{Accident, Accidents};
pub use lan::{Lan, Traffic, Transition, instance, virtual_address};
pub use node::{NodeId, RouterKey};
pub use random::{Random, Seed};
pub use segment::{SegmentId, Weather};
pub use watch::Violation;

//! The VRRP engine: decides, and leaves acting to a driver (RFC 9568, RFC 3768, RFC 2338).
//!
//! [`Engine`] owns all virtual routers of a process, their sync groups, and what they follow. It has no socket, no clock
//! and no thread: time comes in as an argument, adverts as bytes, and what is to be done goes out as [`Effect`]s. The
//! daemon, the simulator and the tests drive the same code.
//!
//! The rule for all of them: **tell it one thing, drain it, repeat.**
//!
//! ```
//! use keepalived_types::{Family, Instant, InterfaceName, Vrid};
//! use keepalived_vrrp::config::{Config, InstanceConfig};
//! use keepalived_vrrp::{Engine, Start};
//! use std::time::Duration;
//!
//! let interface = InterfaceName::new("eth0")?;
//! let vrid = Vrid::new(51).expect("51 is not 0");
//! let instance = InstanceConfig::new("VI_1", interface, vrid, Family::V4);
//! let config = Config { instances: vec![instance], ..Config::default() };
//! let now = Instant::ORIGIN;
//! let mut engine = Engine::new(config, Start { now, uptime: Duration::ZERO });
//! // ... engine.handle_link(..), engine.handle_address(..) for everything the machine has ...
//! engine.handle_topology_complete(now);
//! while let Some(effect) = engine.poll_effect() {
//!     println!("{effect:?}"); // perform it
//! }
//! // Sleep until engine.next_deadline(), then engine.handle_timeout(now); or hand over what arrived meanwhile.
//! # Ok::<(), keepalived_types::NameError>(())
//! ```
//!
//! | Question | File |
//! |---|---|
//! | May this packet be believed? | `acceptance.rs` |
//! | Who is better? | `election.rs` |
//! | What happens in this state? | `state/*.rs` |
//! | How long is that wait? | `intervals.rs`, `timers.rs` |
//! | Where does it speak? | `place.rs`, `links.rs`, `channels.rs` |
//! | How soon must it listen? | `listening.rs` |
//! | What does it send, set and announce? | `encode.rs`, `network.rs`, `announce.rs` |
//! | What is there whoever is MASTER? | `statics.rs` |
//! | Why this priority, why FAULT? | `tracking/*.rs` |
//! | What do the others of the group do? | `sync_group.rs` |
//! | What does a reload change? | `reload.rs` |

#![forbid(unsafe_code)]

mod acceptance;
mod announce;
mod channels;
pub mod config;
mod dropped;
mod effect;
mod election;
mod encode;
mod engine;
mod event;
mod input;
mod instance;
mod instances;
mod intervals;
mod lifecycle;
mod links;
mod listening;
mod network;
mod operator;
mod place;
mod reload;
mod snapshot;
mod state;
mod statics;
mod survey;
mod sync_group;
mod timers;
mod tracking;
mod world;

#[cfg(test)]
mod tests;

pub use announce::Sharing;
pub use dropped::Dropped;
pub use effect::{
    Announcement, Attention, Channel, ChannelAddress, ChannelId, Effect, EncodedAdvert, InstanceId,
    InstanceView, PlacedRoute, WantedNetwork,
};
pub use engine::Engine;
pub use event::{Cause, Event, EventKind, Fault, NetworkPart, Rejection, State, Subject, TrackerKind};
pub use input::{Link, LinkAddress, Reading, Received, Start};
pub use operator::NotDone;
pub use snapshot::{ChecksumKind, Contribution, Counters, GroupSnapshot, InstanceSnapshot, Snapshot};
pub use survey::{Survey, SurveyedInstance};
pub use tracking::{ProcessStanding, ScriptStanding, ScriptVerdict};

//! Load balancing with IPVS: virtual servers, real servers, their health checks, and the table that follows from them.
//!
//! [`Engine`] decides and never acts. It has no socket, no clock and no process: time comes in as an argument, the ends
//! of checks as [`Outcome`]s, and what is to be done goes out as [`Effect`]s.
//!
//! The rule for its driver: **tell it one thing, drain it, repeat.**
//!
//! ```
//! use keepalived_lvs::config::Config;
//! use keepalived_lvs::{Engine, Settings, Start};
//! use keepalived_types::Instant;
//!
//! let mut engine = Engine::new(Config::default(), Settings::default(), 1);
//! // ... engine.handle_address_added(..), engine.handle_file(..) for what the machine has ...
//! engine.start(Start::default(), Instant::ORIGIN);
//! while let Some(effect) = engine.poll_effect() {
//!     println!("{effect:?}"); // perform it
//! }
//! // Sleep until engine.next_deadline(), then engine.handle_timeout(now); or hand over the outcome of a check.
//! ```
//!
//! | Question | File |
//! |---|---|
//! | What is the engine told, and asked? | `engine.rs`, and below `engine/` by what it is about |
//! | When is the next check? | `schedule.rs` |
//! | Who makes an attempt for others? | `shared.rs` |
//! | Where is a check, and what has it in common with others? | `places.rs`, `alike.rs` |
//! | What does its outcome mean? | `verdict.rs`, one file per kind below `verdict/` |
//! | What does that change for its server? | `transition.rs` |
//! | Are there enough servers? | `quorum.rs` |
//! | What belongs in the kernel's table? | `target.rs`, `wanted.rs` |
//! | Which packets get a firewall mark first? | `marks.rs` |
//! | What differs from what is there? | `diff.rs` |
//! | What happens at start, at a reload, at a stop? | `start.rs`, `reload.rs`, `stop.rs` |
//! | Who checks only while an address is here? | `suspend.rs` |

#![forbid(unsafe_code)]

mod alike;
mod carry;
mod checker;
pub mod config;
mod configured;
mod diff;
mod effect;
mod engine;
mod event;
mod marks;
mod outcome;
mod places;
mod quorum;
mod reload;
mod schedule;
mod servers;
mod settings;
mod shared;
mod snapshot;
mod start;
mod stop;
mod suspend;
mod target;
mod transition;
mod verdict;
mod wanted;
mod world;

pub use effect::{CheckId, Effect};
pub use engine::Engine;
pub use event::{CheckLabel, Event, EventKind, QuorumSum, Retries};
pub use marks::{EntryPlace, GroupMark, Overlap, overlaps};
pub use outcome::{Attempt, Failure, HttpTest, Outcome, Remark};
pub use settings::{FlushOnStop, MarkSettings, Settings, Start, SyncSettings};
pub use snapshot::{
    CheckerSnapshot, RealServerSnapshot, Snapshot, SorryServerSnapshot, VirtualServerSnapshot,
};

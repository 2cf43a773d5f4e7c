//! Readers of events: how the outside sees what happens. Upstream's exact wording lives here and nowhere else.

#![forbid(unsafe_code)]

pub mod dump;
mod log_lines;
mod notify;
pub mod view;

pub use log_lines::{Level, LogLine, log_lines};
pub use notify::{Hooks, Invocation, invocations};

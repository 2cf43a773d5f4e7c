//! Readers of events: how the outside sees what happens. Upstream's exact wording lives here and nowhere else.

#![forbid(unsafe_code)]

pub mod dump;
mod fifo_lines;
mod log_lines;
mod lvs_fifo;
mod lvs_log_lines;
pub mod mail;
mod notify;
pub mod view;

pub use fifo_lines::FifoLines;
pub use log_lines::{Level, LogLine, log_lines};
pub use lvs_fifo::lvs_fifo_line;
pub use lvs_log_lines::lvs_log_lines;
pub use notify::{Hooks, Invocation, invocations};

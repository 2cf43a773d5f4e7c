//! What `keepalivedctl` shows: text for people, made from snapshots and events.

mod explain;
mod history;
mod servers;
mod table;
mod words;

#[cfg(test)]
mod tests;

pub use explain::explain;
pub use history::{history, is_about};
pub use servers::{Heard, explain_server, servers};
pub use table::{MAINTENANCE, table};

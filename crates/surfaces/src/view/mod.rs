//! What `keepalivedctl` shows: text for people, made from snapshots and events.

mod explain;
mod history;
mod table;
mod words;

#[cfg(test)]
mod tests;

pub use explain::explain;
pub use history::history;
pub use table::{MAINTENANCE, table};

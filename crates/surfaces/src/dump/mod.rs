//! Files that the daemon writes when a signal asks for them (runtime reference 10): bytes only, nobody writes here.

mod address;
mod json;
mod stats;

#[cfg(test)]
mod tests;

pub use json::json;
pub use stats::stats;

use keepalived_types::Command;
use keepalived_vrrp::InstanceSnapshot;
use keepalived_vrrp::config::InstanceConfig;
use std::time::{Duration, SystemTime};

/// One instance as it is configured and as it is.
#[derive(Clone, Copy, Debug)]
pub struct DumpedInstance<'a> {
    /// As configured.
    pub config: &'a InstanceConfig,
    /// As it is.
    pub snapshot: &'a InstanceSnapshot,
}

/// `'cmd' 'arg'`, the form in which scripts are shown.
fn quoted(command: &Command) -> String {
    command.argv.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ")
}

/// Seconds and microseconds since 1970 of a moment that lies this long back.
fn epoch(now: SystemTime, ago: Duration) -> String {
    let at = now.checked_sub(ago).unwrap_or(SystemTime::UNIX_EPOCH);
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("{}.{:06}", since.as_secs(), since.subsec_micros())
}

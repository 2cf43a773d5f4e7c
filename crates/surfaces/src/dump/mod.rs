//! Files that the daemon writes when a signal asks for them (runtime reference 10): bytes only, nobody writes here.

mod address;
mod check;
mod data;
mod json;
mod route;
mod rule;
mod stats;
mod text;

#[cfg(test)]
mod tests;

pub use check::check_data;
pub use data::{
    DataInstance, DumpedInterface, DumpedSockets, FirstAddresses, Running, ScriptRun, VrrpData, vrrp_data,
};
pub use json::{json, json_with_processes};
pub(crate) use route::prefix;
pub use stats::stats;
pub use text::Moment;

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

/// `'cmd' 'arg', uid:gid 0:0`: a script, and who runs it.
#[must_use]
pub fn with_user(command: &Command) -> String {
    format!("{}, uid:gid {}:{}", quoted(command), command.run_as.uid, command.run_as.gid)
}

/// `'/path/cmd' 'arg'`, the form in which scripts are shown: the file that is executed, and its arguments.
#[must_use]
pub fn quoted(command: &Command) -> String {
    let program = command.path.to_string_lossy();
    let arguments = command.argv.iter().skip(1).map(String::as_str);
    std::iter::once(&*program).chain(arguments).map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ")
}

/// Seconds and microseconds since 1970 of a moment that lies this long back.
fn epoch(now: SystemTime, ago: Duration) -> String {
    let at = now.checked_sub(ago).unwrap_or(SystemTime::UNIX_EPOCH);
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("{}.{:06}", since.as_secs(), since.subsec_micros())
}

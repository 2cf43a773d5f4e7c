//! `keepalivedctl status`: one line for each instance, narrow enough for a terminal.

use super::words;
use keepalived_vrrp::{InstanceSnapshot, Snapshot, State};

/// What an operator must not forget.
pub const MAINTENANCE: &str =
    "In maintenance: nothing here becomes MASTER until `keepalivedctl maintenance off`.";

const HEAD: [&str; 7] = ["INSTANCE", "STATE", "FOR", "VRID", "PRIO", "INTERFACE", "MASTER"];

/// The table, its last column the widest. `only` shows one instance, or a group's members.
#[must_use]
pub fn table(snapshot: &Snapshot, only: Option<&str>) -> String {
    let shown = |instance: &&InstanceSnapshot| {
        only.is_none_or(|name| instance.name == name || instance.group.as_deref() == Some(name))
    };
    let mut rows = vec![HEAD.map(str::to_owned)];
    rows.extend(snapshot.instances.iter().filter(shown).map(row));
    let table = words::columns(&rows);
    if snapshot.maintenance { format!("{MAINTENANCE}\n{table}") } else { table }
}

fn row(instance: &InstanceSnapshot) -> [String; 7] {
    let (base, effective) = (instance.base_priority, instance.effective_priority);
    let priority = if base == effective { effective.to_string() } else { format!("{effective} ({base})") };
    [
        instance.name.clone(),
        instance.state.name().to_owned(),
        words::span(instance.in_state_for),
        instance.vrid.to_string(),
        priority,
        instance.interface.clone().unwrap_or_else(|| "-".to_owned()),
        master(instance),
    ]
}

/// Who holds the addresses, as far as this node knows; for FAULT, why it cannot know.
fn master(instance: &InstanceSnapshot) -> String {
    match (instance.state, instance.master) {
        (State::Master, _) => "this node".to_owned(),
        (State::Fault, _) => instance.faults.first().map_or_else(|| "-".to_owned(), words::fault),
        (_, Some((address, priority))) if instance.stands_back => {
            format!("{address} ({priority}), given way to")
        }
        (_, Some((address, priority))) => format!("{address} ({priority})"),
        (_, None) => "none heard".to_owned(),
    }
}

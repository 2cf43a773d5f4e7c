//! Words for states, causes, faults and spans that more than one view uses.

use keepalived_vrrp::{Cause, Fault, TrackerKind};
use std::time::Duration;

/// Rows with their columns below each other, the last one as long as it is.
pub(super) fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let widths: Vec<usize> =
        (0..N).map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// `3 d 4 h`, `5 min 12 s`, `0.4 s`: two units at most.
pub(super) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match seconds {
        0..10 => format!("{:.1} s", span.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        60..3_600 => format!("{minutes} min {} s", seconds % 60),
        3_600..86_400 => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// What kind of thing is tracked.
pub(super) const fn tracker(kind: TrackerKind) -> &'static str {
    match kind {
        TrackerKind::Interface => "interface",
        TrackerKind::Script => "script",
        TrackerKind::File => "file",
        TrackerKind::Process => "process",
        TrackerKind::Bfd => "BFD session",
    }
}

/// Why an instance cannot take part.
pub(super) fn fault(fault: &Fault) -> String {
    match fault {
        Fault::InterfaceDown(name) => format!("interface {name} is down"),
        Fault::InterfaceMissing(name) => format!("interface {name} does not exist"),
        Fault::NoSourceAddress { configured: true } => "the configured source address is missing".to_owned(),
        Fault::NoSourceAddress { configured: false } => {
            "the interface has no address to send from".to_owned()
        }
        Fault::DuplicateVrid => "another instance uses the same VRID on this interface".to_owned(),
        Fault::Tracker { kind, name } => format!("{} {name} has failed", tracker(*kind)),
        Fault::AwaitsScript(name) => format!("script {name} has not run yet"),
        Fault::Configuration(why) => format!("the configuration does not allow it: {why}"),
        Fault::Channel(why) => format!("its sockets cannot be opened: {why}"),
        Fault::SyncGroup(member) => format!("{member} of its sync group is in FAULT"),
    }
}

/// How a state came about.
pub(super) fn cause(cause: &Cause) -> String {
    match cause {
        Cause::Start => "the daemon started".to_owned(),
        Cause::AddressOwner => "it owns the addresses (priority 255)".to_owned(),
        Cause::Adopted => "it went on where the process before it was killed".to_owned(),
        Cause::MasterDown { last_master: Some(master) } => {
            format!("nothing was heard from {master} any more")
        }
        Cause::MasterDown { last_master: None } => "no master was heard".to_owned(),
        Cause::MasterReleased { last_master } => format!("{last_master} gave up the role (priority 0)"),
        Cause::BetterAdvert { from, priority, ours, by_address: true } => {
            format!("{from} advertises {priority} as we do ({ours}), and has the higher address")
        }
        Cause::BetterAdvert { from, priority, ours, .. } => {
            format!("{from} advertises {priority}, ours was {ours}")
        }
        Cause::Faults(faults) => faults.iter().map(fault).collect::<Vec<_>>().join("; "),
        Cause::FaultsCleared => "what kept it in FAULT is gone".to_owned(),
        Cause::RouteLost { destination } => format!("somebody else removed the route to {destination}"),
        Cause::RuleLost { preference } => format!("somebody else removed the rule {preference}"),
        Cause::AddressLost(address) => format!("somebody else removed {address}"),
        Cause::SyncGroup { group, member } => format!("{member} of sync group {group} moved"),
        Cause::SchedulingDelay(late) => format!("the process was scheduled {} late", span(*late)),
        Cause::Stopping => "the daemon stops".to_owned(),
        Cause::Switchover => "an operator had it give way (switchover)".to_owned(),
        Cause::Maintenance => "an operator keeps this node out (maintenance)".to_owned(),
        Cause::Removed => "a reload took it out of the configuration".to_owned(),
        Cause::Reconfigured => "a reload changed it".to_owned(),
    }
}

//! Events of load balancing as log lines, in the original's wording (lvs reference 5, 6.6, 3.7).

mod checks;
mod refusals;

use crate::log_lines::{Level, LogLine};
use keepalived_lvs::{Event, EventKind, QuorumSum};

/// The lines that tell about `event`. Most events have one, announcements have none.
#[must_use]
pub fn lvs_log_lines(event: &Event) -> Vec<LogLine> {
    let vs = event.virtual_server.as_str();
    let rs = event.real_server.as_deref().unwrap_or_default();
    let text = match &event.kind {
        EventKind::LocalAddress { address, present } => {
            let what = if *present { "added" } else { "removed" };
            return detail(format!("Netlink reflector reports IP {address} {what}"));
        }
        EventKind::Followed { .. } => return checks::followed(rs, &event.kind),
        EventKind::RealServerAnnounced { .. }
        | EventKind::VirtualServerAnnounced { .. }
        | EventKind::CheckerReported { .. } => return Vec::new(),
        EventKind::Adding { .. }
        | EventKind::Removing { .. }
        | EventKind::WeightChanged { .. }
        | EventKind::ShuttingDown { .. } => server(vs, rs, &event.kind),
        EventKind::QuorumGained(_)
        | EventKind::QuorumLost { .. }
        | EventKind::SorryServerAdded { .. }
        | EventKind::SorryServerRemoved { .. }
        | EventKind::PoolFilled
        | EventKind::PoolEmptied => quorum(vs, rs, &event.kind),
        EventKind::VirtualServerGone { .. }
        | EventKind::RealServerGone
        | EventKind::GroupEntryGone { .. }
        | EventKind::GroupEntryAdded { .. }
        | EventKind::GroupEntryTooLarge { .. } => reload(vs, rs, &event.kind),
        EventKind::OperationRefused { operation, errno } => refusals::line(operation, *errno),
        EventKind::TableRepaired { operations } => {
            let mended = match operations {
                1 => "1 operation puts it right".to_owned(),
                many => format!("{many} operations put it right"),
            };
            format!("IPVS: the table was changed by somebody else, {mended}")
        }
        EventKind::FileOutOfRange { file, value } => {
            format!("track file {file} value {value} is out of range - ignoring")
        }
        _ => return checks::lines(vs, rs, &event.kind),
    };
    normal(text)
}

fn normal(text: String) -> Vec<LogLine> {
    vec![LogLine { level: Level::Normal, text }]
}

fn detail(text: String) -> Vec<LogLine> {
    vec![LogLine { level: Level::Detail, text }]
}

fn server(vs: &str, rs: &str, kind: &EventKind) -> String {
    match kind {
        EventKind::Adding { inhibited: false } => format!("Adding service {rs} to VS {vs}"),
        EventKind::Adding { inhibited: true } => format!("Enabling service {rs} of VS {vs}"),
        EventKind::Removing { inhibited: false } => format!("Removing service {rs} from VS {vs}"),
        EventKind::Removing { inhibited: true } => format!("Disabling service {rs} of VS {vs}"),
        EventKind::WeightChanged { from, to, active } => {
            let state = if *active { "active" } else { "inactive" };
            format!("Changing weight from {from} to {to} for {state} service {rs} of VS {vs}")
        }
        EventKind::ShuttingDown { inhibited } => {
            let inhibited = if *inhibited { "(inhibited) " } else { "" };
            format!("Shutting down {inhibited}service {rs} from VS {vs}")
        }
        _ => String::new(),
    }
}

fn quorum(vs: &str, rs: &str, kind: &EventKind) -> String {
    match kind {
        EventKind::QuorumGained(QuorumSum { quorum, hysteresis, weight, threshold }) => {
            format!("Gained quorum {quorum}+{hysteresis}={threshold} <= {weight} for VS {vs}")
        }
        EventKind::QuorumLost { sum: QuorumSum { quorum, hysteresis, weight, threshold }, initial } => {
            let what = if *initial { "Starting with quorum down" } else { "Lost quorum" };
            format!("{what} {quorum}-{hysteresis}={threshold} > {weight} for VS {vs}")
        }
        EventKind::SorryServerAdded { inhibited } => {
            let what = if *inhibited { "Enabling" } else { "Adding" };
            format!("{what} sorry server {rs} to VS {vs}")
        }
        EventKind::SorryServerRemoved { inhibited } => {
            let what = if *inhibited { "Disabling" } else { "Removing" };
            format!("{what} sorry server {rs} from VS {vs}")
        }
        EventKind::PoolFilled => format!("Adding alive servers to the pool for VS {vs}"),
        EventKind::PoolEmptied => format!("Removing alive servers from the pool for VS {vs}"),
        _ => String::new(),
    }
}

fn reload(vs: &str, rs: &str, kind: &EventKind) -> String {
    match kind {
        EventKind::VirtualServerGone { group: None } => format!("Removing Virtual Server {vs}"),
        EventKind::VirtualServerGone { group: Some(group) } => {
            format!("Removing Virtual Server Group [{group}]")
        }
        EventKind::RealServerGone => format!("service {rs} no longer exist"),
        EventKind::GroupEntryGone { entry, group } => {
            format!("VS [{entry}] in group {group} no longer exists")
        }
        EventKind::GroupEntryAdded { entry, group } => format!("VS [{entry}] added into group {group}"),
        EventKind::GroupEntryTooLarge { entry, group, limit } => {
            format!("VS [{entry}] in group {group} has more than {limit} addresses - ignoring the others")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests;

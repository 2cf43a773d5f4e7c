//! Events as log lines, in the original's wording: people and tools grep for it (runtime reference 11.1).

mod dropped;

use keepalived_vrrp::{Cause, Event, EventKind, Fault, NetworkPart, Rejection, State, Subject, TrackerKind};

/// When a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Always.
    Normal,
    /// Only with `-D`.
    Detail,
}

/// One line of the log, without time and ident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When it is written.
    pub level: Level,
    /// The text.
    pub text: String,
}

/// The lines that tell about `event`. Most events have one, some have none.
#[must_use]
pub fn log_lines(event: &Event) -> Vec<LogLine> {
    match &event.subject {
        Subject::Instance(name) => instance_lines(name, &event.kind),
        Subject::Group(name) => group_lines(name, &event.kind),
        Subject::Process => process_lines(&event.kind),
    }
}

fn normal(text: String) -> Vec<LogLine> {
    vec![LogLine { level: Level::Normal, text }]
}

fn detail(text: String) -> Vec<LogLine> {
    vec![LogLine { level: Level::Detail, text }]
}

fn instance_lines(name: &str, kind: &EventKind) -> Vec<LogLine> {
    match kind {
        EventKind::Entered { state, from, cause, .. } => entered(name, *state, *from, cause),
        EventKind::FaultRaised(fault) => fault_raised(name, fault),
        EventKind::FaultCleared(fault) => fault_cleared(name, fault),
        EventKind::Rejected { from, reason } => rejected(name, &from.to_string(), reason),
        EventKind::Dropped(what) => dropped::line(Some(name), what),
        EventKind::SwitchoverOver => normal(format!("({name}) no longer stands back after a switchover")),
        EventKind::Setting(_)
        | EventKind::Removing(_)
        | EventKind::Announcing { .. }
        | EventKind::ReleaseSent => address_lines(name, kind),
        EventKind::PriorityChanged { .. }
        | EventKind::PreemptDelayStarted(_)
        | EventKind::SourceAddress(_)
        | EventKind::VridConflict { .. }
        | EventKind::OwnerConflict { .. }
        | EventKind::OwnAddressHeard { .. }
        | EventKind::Stalled(_) => condition_lines(name, kind),
        _ => election_lines(name, kind),
    }
}

fn entered(name: &str, state: State, from: State, cause: &Cause) -> Vec<LogLine> {
    let at_start = matches!(cause, Cause::Start | Cause::AddressOwner) && from == State::Initialize;
    match state {
        State::Backup | State::Fault if at_start => {
            normal(format!("({name}) Entering {} STATE (init)", state.name()))
        }
        State::Master if *cause == Cause::Adopted => normal(format!(
            "({name}) Entering MASTER STATE (going on where the process before this one was stopped)"
        )),
        State::Master | State::Backup | State::Fault => {
            normal(format!("({name}) Entering {} STATE", state.name()))
        }
        State::Initialize | State::Stop | State::Deleted => Vec::new(),
    }
}

fn election_lines(name: &str, kind: &EventKind) -> Vec<LogLine> {
    match kind {
        EventKind::MasterDownTimerExpired => detail(format!("({name}) Receive advertisement timeout")),
        EventKind::ReleaseHeardAsBackup { .. } => {
            normal(format!("({name}) Backup received priority 0 advertisement"))
        }
        EventKind::ReleaseHeardAsMaster { .. } => {
            normal(format!("({name}) Master received priority 0 message"))
        }
        EventKind::BetterMaster { from, by_address: true, .. } => normal(format!(
            "({name}) Master received advert from {from} with same priority {} but higher IP address than ours",
            better_priority(kind)
        )),
        EventKind::BetterMaster { from, priority, ours, .. } => normal(format!(
            "({name}) Master received advert from {from} with higher priority {priority}, ours {ours}"
        )),
        EventKind::LowerPriorityHeardAsMaster { from, priority, ours, answering } => {
            let tail = if *answering { ", forcing new election" } else { "" };
            normal(format!(
                "({name}) Received advert from {from} with lower priority {priority}, ours {ours}{tail}"
            ))
        }
        EventKind::LowerPriorityHeardAsBackup { from, priority } => {
            detail(format!("({name}) received lower priority ({priority}) advert from {from} - discarding"))
        }
        EventKind::MasterKnown { address, before: None, .. } => {
            detail(format!("({name}) master set to {address}"))
        }
        EventKind::MasterKnown { address, before: Some(before), .. } => {
            detail(format!("({name}) master changed from {before} to {address}"))
        }
        EventKind::AddressListDiffers { expected, received, from } if expected != received => {
            normal(format!("({name}) expected {expected} VIPs but received {received} from {from}"))
        }
        EventKind::AddressListDiffers { from, .. } => {
            normal(format!("({name}) addresses in the advert from {from} differ from ours"))
        }
        EventKind::IntervalDiffers { from, ours, received } => normal(format!(
            "({name}) advertisement interval mismatch with {from} ours = {} centi-sec rcv'd={} centi-sec",
            ours.as_millis() / 10,
            received.as_millis() / 10
        )),
        _ => Vec::new(),
    }
}

fn better_priority(kind: &EventKind) -> u8 {
    match kind {
        EventKind::BetterMaster { priority, .. } => priority.get(),
        _ => 0,
    }
}

fn condition_lines(name: &str, kind: &EventKind) -> Vec<LogLine> {
    match kind {
        EventKind::PriorityChanged { from, to } => {
            normal(format!("({name}) Changing effective priority from {from} to {to}"))
        }
        EventKind::PreemptDelayStarted(delay) => {
            normal(format!("({name}) start preempt delay ({:.6})", delay.as_secs_f64()))
        }
        EventKind::SourceAddress(Some(address)) => {
            detail(format!("({name}) source address of adverts is now {address}"))
        }
        EventKind::SourceAddress(None) => detail(format!("({name}) no source address for adverts")),
        EventKind::VridConflict { with, vrid } => {
            normal(format!("VRID conflict between {name} and {with} vrid {vrid}"))
        }
        EventKind::OwnerConflict { from } => normal(format!(
            "({name}) CONFIGURATION ERROR: local instance and {from} are both configured as address owner, \
             please resolve"
        )),
        EventKind::OwnAddressHeard { from } => normal(format!(
            "({name}) WARNING - equal priority advert received from {from}, which is our own address"
        )),
        EventKind::Stalled(late) => stalled(&format!("({name}) "), late.as_millis()),
        _ => Vec::new(),
    }
}

fn stalled(prefix: &str, millis: u128) -> Vec<LogLine> {
    normal(format!(
        "{prefix}scheduled {millis} ms late; adverts that waited were read before any timer was believed"
    ))
}

fn address_lines(name: &str, kind: &EventKind) -> Vec<LogLine> {
    match kind {
        EventKind::Setting(part) => detail(format!("({name}) setting {}", part_name(*part))),
        EventKind::Removing(part) => detail(format!("({name}) removing {}", part_name(*part))),
        EventKind::Announcing { interface, address } => {
            let what = if address.is_ipv4() { "gratuitous ARPs" } else { "Unsolicited Neighbour Adverts" };
            detail(format!("({name}) Sending/queueing {what} on {interface} for {address}"))
        }
        EventKind::ReleaseSent => detail(format!("({name}) sent 0 priority")),
        _ => Vec::new(),
    }
}

fn fault_raised(name: &str, fault: &Fault) -> Vec<LogLine> {
    if let Fault::AwaitsScript(script) = fault {
        return detail(format!("({name}): waiting for the first run of script {script}"));
    }
    normal(match fault {
        Fault::InterfaceDown(interface) => {
            format!("({name}): entering FAULT state (interface {interface} down)")
        }
        Fault::InterfaceMissing(interface) => {
            format!("({name}): entering FAULT state (interface {interface} does not exist)")
        }
        Fault::NoSourceAddress { configured: true } => {
            format!("({name}): entering FAULT state (src address not configured)")
        }
        Fault::NoSourceAddress { configured: false } => {
            format!("({name}) entering FAULT state (no IP address for interface)")
        }
        Fault::DuplicateVrid => format!("({name}): entering FAULT state (duplicate VRID)"),
        Fault::Tracker { kind, name: tracker } => tracker_failed(name, *kind, tracker),
        Fault::AwaitsScript(script) => format!("({name}): script {script} has not run yet"),
        Fault::Configuration(why) => format!("({name}): entering FAULT state ({why})"),
        Fault::Channel(error) => format!("({name}): entering FAULT state (cannot open sockets: {error})"),
        Fault::SyncGroup(member) => format!("({name}): in FAULT with {member} of its sync group"),
    })
}

/// Something that is tracked with weight 0 has failed.
fn tracker_failed(name: &str, kind: TrackerKind, tracker: &str) -> String {
    match kind {
        TrackerKind::Script => format!("({name}): entering FAULT state due to script {tracker}"),
        TrackerKind::File => format!("({name}): tracked file {tracker} now FAULT state"),
        TrackerKind::Process => {
            format!("({name}) entering FAULT state (tracked process {tracker} quorum not achieved)")
        }
        TrackerKind::Bfd => format!("VRRP_Instance({name}) Tracked BFD instance {tracker} is DOWN"),
        TrackerKind::Interface => format!("({name}): entering FAULT state (interface {tracker} up)"),
    }
}

fn fault_cleared(name: &str, fault: &Fault) -> Vec<LogLine> {
    match fault {
        Fault::Tracker { kind: TrackerKind::File, name: file } => {
            return normal(format!("({name}): tracked file {file} leaving FAULT state"));
        }
        Fault::Tracker { kind: TrackerKind::Bfd, name: bfd } => {
            return normal(format!("VRRP_Instance({name}) Tracked BFD instance {bfd} is UP"));
        }
        _ => {}
    }
    detail(match fault {
        Fault::InterfaceDown(interface) => format!("({name}): interface {interface} is up again"),
        Fault::InterfaceMissing(interface) => format!("({name}): interface {interface} exists now"),
        Fault::NoSourceAddress { .. } => format!("({name}): there is a source address now"),
        Fault::DuplicateVrid => format!("({name}): the VRID is no longer used twice"),
        Fault::Tracker { name: tracker, .. } => format!("({name}): {tracker} no longer causes FAULT"),
        Fault::AwaitsScript(script) => format!("({name}): script {script} has run"),
        Fault::Configuration(why) => format!("({name}): no longer true: {why}"),
        Fault::Channel(_) => format!("({name}): sockets are open now"),
        Fault::SyncGroup(member) => format!("({name}): {member} of its sync group is no longer in FAULT"),
    })
}

fn rejected(name: &str, from: &str, reason: &Rejection) -> Vec<LogLine> {
    normal(match reason {
        Rejection::TooShort => format!("({name}) packet from {from} is too short"),
        Rejection::WrongDestination(to) => format!("({name}) packet from {from} was sent to {to}"),
        Rejection::AuthenticationHeader => {
            format!(
                "({name}) IP authentication header present or missing against the configuration, from {from}"
            )
        }
        Rejection::Length { expected, received } => {
            format!("({name}) packet from {from} has {received} bytes, its header implies {expected}")
        }
        Rejection::Ttl(ttl) => format!("({name}) TTL/HL {ttl} from {from} not in range [255, 255]"),
        Rejection::Version { expected, received } => {
            format!("({name}) wrong VRRP version from {from}. Received {received} and expect {expected}")
        }
        Rejection::InvalidAuthenticationType(kind) => {
            format!("({name}) unknown authentication type {kind} from {from}")
        }
        Rejection::AuthenticationMismatch { expected, received } => {
            format!("({name}) received a {received} auth, expecting {expected}! from {from}")
        }
        Rejection::WrongPassword => format!("({name}) received an invalid passwd from {from}!"),
        Rejection::Interval { expected, received } => format!(
            "({name}) advertisement interval mismatch with {from} mine={expected} sec rcv'd={received} sec"
        ),
        Rejection::ZeroInterval => format!("({name}) advert from {from} has interval 0 - discarding"),
        Rejection::Type(kind) => format!("({name}) Invalid packet type {kind} from {from}"),
        Rejection::Checksum => format!("({name}) Invalid VRRP checksum from {from}"),
        Rejection::NoAddresses => format!("({name}) advert from {from} has no addresses - discarding"),
        Rejection::OwnerIgnores => format!("({name}) address owner ignores advert from {from}"),
        Rejection::NotAPeer => format!("({name}) unicast source address {from} not a unicast peer"),
        Rejection::PeerTtl { received, min, max } => {
            format!("({name}) TTL/HL {received} from {from} not in range [{min}, {max}]")
        }
    })
}

fn group_lines(name: &str, kind: &EventKind) -> Vec<LogLine> {
    match kind {
        EventKind::Entered {
            state: state @ (State::Master | State::Backup | State::Fault), cause, ..
        } if !matches!(cause, Cause::Start | Cause::AddressOwner) => {
            normal(format!("VRRP_Group({name}) Syncing instances to {} state", state.name()))
        }
        _ => Vec::new(),
    }
}

fn process_lines(kind: &EventKind) -> Vec<LogLine> {
    match kind {
        EventKind::Dropped(what) => dropped::line(None, what),
        EventKind::InterfaceChanged { interface, up } => {
            normal(format!("Netlink reports {interface} {}", if *up { "up" } else { "down" }))
        }
        EventKind::UnknownVrid { vrid, interface } => {
            let interface = interface.as_deref().unwrap_or("(none)");
            normal(format!("Unknown VRID({vrid}) received on interface({interface}). ignoring..."))
        }
        EventKind::StartupDelayed(delay) => {
            normal(format!("Delaying startup for {} seconds", delay.as_secs_f64()))
        }
        EventKind::Maintenance(true) => {
            normal("Maintenance: no instance becomes MASTER until keepalivedctl maintenance off".to_owned())
        }
        EventKind::Maintenance(false) => normal("Maintenance is over".to_owned()),
        EventKind::StartupDelayEnded => normal("Delayed start completed".to_owned()),
        EventKind::Stalled(late) => stalled("", late.as_millis()),
        _ => Vec::new(),
    }
}

/// As the original writes it, with and without a full stop.
const fn part_name(part: NetworkPart) -> &'static str {
    match part {
        NetworkPart::Addresses => "VIPs.",
        NetworkPart::ExcludedAddresses => "E-VIPs.",
        NetworkPart::Routes => "Virtual Routes",
        NetworkPart::Rules => "Virtual Rules",
    }
}

#[cfg(test)]
mod tests;

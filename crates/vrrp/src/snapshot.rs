//! Everything an operator can ask about the instances, as a value.

use crate::event::{Cause, Fault, State, TrackerKind};
use keepalived_types::{Prefix, Priority, Usual, Vrid};
use keepalived_wire::vrrp::v3::ChecksumStyle;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::time::Duration;

/// All instances at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// In the order of the configuration.
    pub instances: Vec<InstanceSnapshot>,
    /// Nothing here becomes MASTER.
    pub maintenance: bool,
    /// The sync groups, in the order of the configuration.
    pub groups: Vec<GroupSnapshot>,
    /// Datagrams that no instance could count: too short to name a virtual router, or naming none that is here.
    pub unclaimed_adverts: u64,
}

/// One sync group at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupSnapshot {
    /// Its name.
    pub name: String,
    /// FAULT if any member is, MASTER if all are, else BACKUP.
    pub state: State,
    /// The names of its members, in the order of the configuration.
    pub members: Vec<String>,
}

/// How a version 3 checksum over IPv4 is made; routers do not agree (RFC 9568 §5.2.8, RFC 5798 §5.2.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChecksumKind {
    /// Over the pseudo-header with the real destination, as the original does.
    PseudoHeader,
    /// Over the message only (`v3_checksum_as_v2`).
    MessageOnly,
    /// Over a pseudo-header with the multicast group, although it was sent to a peer (`old_unicast_checksum`).
    GroupPseudoHeader,
}

impl From<ChecksumStyle> for ChecksumKind {
    fn from(style: ChecksumStyle) -> Self {
        match style {
            ChecksumStyle::PseudoHeader => Self::PseudoHeader,
            ChecksumStyle::PduOnly => Self::MessageOnly,
            ChecksumStyle::GroupPseudoHeader => Self::GroupPseudoHeader,
        }
    }
}

/// One instance at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceSnapshot {
    /// Its name.
    pub name: String,
    /// Its VRID.
    pub vrid: Vrid,
    /// Its interface.
    pub interface: Option<String>,
    /// Its state.
    pub state: State,
    /// Where it would be without its sync group.
    pub wanted: State,
    /// As configured.
    pub base_priority: Priority,
    /// As advertised.
    pub effective_priority: Priority,
    /// What its trackers add to the priority, and what they stand at.
    pub contributions: Vec<Contribution>,
    /// It pushes a master of lower priority aside.
    pub preempts: bool,
    /// It gave way to others (a switchover).
    pub stands_back: bool,
    /// `unicast_peer`; empty for multicast.
    pub peers: Vec<IpAddr>,
    /// Its sync group.
    pub group: Option<String>,
    /// Its virtual addresses, the excluded ones last.
    pub addresses: Vec<Prefix>,
    /// The source address of its adverts.
    pub source: Option<IpAddr>,
    /// The master as last heard, with its priority.
    pub master: Option<(IpAddr, Priority)>,
    /// How the last advert that was believed was summed up; `None` for version 2 and IPv6, which have one way each.
    pub peer_checksum: Option<ChecksumKind>,
    /// What keeps it in FAULT.
    pub faults: Vec<Fault>,
    /// How the present state came about.
    pub cause: Option<Cause>,
    /// For how long it has been in this state.
    pub in_state_for: Duration,
    /// The interval of the master that a backup listens to; `None` in other states.
    pub master_interval: Option<Duration>,
    /// The addresses are wanted on the machine.
    pub addresses_set: bool,
    /// The shortest time after which a backup takes over, for the supervisor: Master_Down_Interval as others see it.
    pub master_down_interval: Duration,
    /// Counters.
    pub counters: Counters,
}

/// What one tracker does to an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contribution {
    /// What is tracked.
    pub kind: TrackerKind,
    /// Its name.
    pub name: String,
    /// Up or down, where that is known; a file has neither.
    pub is_up: Option<bool>,
    /// What it adds to the priority now.
    pub adds: i64,
    /// With this weight its failure is a fault.
    pub is_fault_only: bool,
}

/// Packet counters of one instance (runtime reference 10.5).
///
/// An advert that was handed over moves exactly one of: `adverts_received`, the counter of the check that refused it,
/// `not_listening`. Where a counter stands for several reasons the log says which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Adverts that were used.
    pub adverts_received: u64,
    /// Adverts sent.
    pub adverts_sent: u64,
    /// Transitions to MASTER.
    pub became_master: u64,
    /// Transitions from MASTER.
    pub released_master: u64,
    /// Wrong length.
    pub length_errors: u64,
    /// Wrong TTL.
    pub ttl_errors: u64,
    /// Wrong message type.
    pub type_errors: u64,
    /// Wrong interval.
    pub interval_errors: u64,
    /// Other addresses than ours. Such adverts are used, so they count as received, too.
    pub address_list_errors: u64,
    /// Unknown authentication type.
    pub invalid_authentication_type: u64,
    /// Another authentication type.
    pub authentication_mismatch: u64,
    /// Wrong password.
    pub authentication_failures: u64,
    /// Wrong checksum.
    pub checksum_errors: u64,
    /// Wrong version.
    pub version_errors: u64,
    /// Priority 0 heard.
    pub releases_received: u64,
    /// Priority 0 sent.
    pub releases_sent: u64,
    /// Arrived while nobody listened: in FAULT, before the start, or while it was delayed.
    pub not_listening: u64,
    /// Multicast for a unicast instance, or the other way round.
    pub destination_errors: u64,
    /// From somebody who is no unicast peer (`check_unicast_src`).
    pub peer_errors: u64,
    /// Ignored by an address owner (`owner_ignore_adverts`).
    pub owner_ignored: u64,
    /// Without any address (RFC 9568 erratum 8299).
    pub empty_lists: u64,
    /// From a second address owner. Such adverts are used, so they count as received, too.
    pub owner_conflicts: u64,
}

impl Usual for Counters {
    const USUAL: &'static Self = &Self {
        adverts_received: 0,
        adverts_sent: 0,
        became_master: 0,
        released_master: 0,
        length_errors: 0,
        ttl_errors: 0,
        type_errors: 0,
        interval_errors: 0,
        address_list_errors: 0,
        invalid_authentication_type: 0,
        authentication_mismatch: 0,
        authentication_failures: 0,
        checksum_errors: 0,
        version_errors: 0,
        releases_received: 0,
        releases_sent: 0,
        not_listening: 0,
        destination_errors: 0,
        peer_errors: 0,
        owner_ignored: 0,
        empty_lists: 0,
        owner_conflicts: 0,
    };
}

//! What happened, to whom and why. Surfaces turn these into log lines, scripts and notifications.

use crate::dropped::Dropped;
use keepalived_types::{Prefix, Priority, Vrid};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::time::Duration;

/// The state of a virtual router (RFC 9568 §6.4), and two that exist for notification only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    /// Not started yet.
    Initialize,
    /// RFC 9568 calls this role the Backup Router.
    Backup,
    /// RFC 9568 calls this role the Active Router.
    Master,
    /// Something it depends on is missing.
    Fault,
    /// The daemon stops; notification only.
    Stop,
    /// A reload removed it; notification only.
    Deleted,
}

impl State {
    /// Its name in logs, mails and notifications (keepalived.conf(5)).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Initialize => "INIT",
            Self::Backup => "BACKUP",
            Self::Master => "MASTER",
            Self::Fault => "FAULT",
            Self::Stop => "STOP",
            Self::Deleted => "DELETED",
        }
    }
}

/// Who an event is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Subject {
    /// An instance, by name.
    Instance(String),
    /// A sync group, by name.
    Group(String),
    /// The whole process.
    Process,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Who.
    pub subject: Subject,
    /// What and why.
    pub kind: EventKind,
}

/// Why a state was left or entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// The daemon started.
    Start,
    /// The configured address owner starts as MASTER (RFC 9568 §6.4.1).
    AddressOwner,
    /// A restarted process goes on where the one before it was killed.
    Adopted,
    /// No advert for Master_Down_Interval; the master, where one was known.
    MasterDown {
        /// Who was master.
        last_master: Option<IpAddr>,
    },
    /// The master released its role with priority 0.
    MasterReleased {
        /// Who was master.
        last_master: IpAddr,
    },
    /// A better advert.
    BetterAdvert {
        /// From whom.
        from: IpAddr,
        /// Its priority.
        priority: Priority,
        /// Ours then.
        ours: Priority,
        /// Priorities were equal and the sender's address is higher.
        by_address: bool,
    },
    /// Reasons for FAULT.
    Faults(Vec<Fault>),
    /// The last reason for FAULT went away.
    FaultsCleared,
    /// One of our virtual addresses was removed by somebody else.
    AddressLost(IpAddr),
    /// One of our virtual routes was removed by somebody else.
    RouteLost {
        /// Where it led.
        destination: Prefix,
    },
    /// One of our virtual rules was removed by somebody else.
    RuleLost {
        /// Its preference.
        preference: u32,
    },
    /// The sync group moves.
    SyncGroup {
        /// Its name.
        group: String,
        /// The member that moved first.
        member: String,
    },
    /// `timer_expired_backup`: scheduled so late that somebody else may be master.
    SchedulingDelay(Duration),
    /// The daemon stops.
    Stopping,
    /// An operator had it give way.
    Switchover,
    /// An operator keeps the node out.
    Maintenance,
    /// A reload took the instance away.
    Removed,
    /// A reload changed it so much that it starts again.
    Reconfigured,
}

/// A reason for FAULT (vrrp reference 2.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// The interface is down.
    InterfaceDown(String),
    /// The interface does not exist.
    InterfaceMissing(String),
    /// No address to send adverts from.
    NoSourceAddress {
        /// A configured one is missing; else there is none at all.
        configured: bool,
    },
    /// Another instance uses the VRID on the same interface.
    DuplicateVrid,
    /// Something tracked with weight 0 has failed.
    Tracker {
        /// What it is.
        kind: TrackerKind,
        /// Its name.
        name: String,
    },
    /// A script that would be a fault has not run yet. Only told of instances that are in FAULT anyway.
    AwaitsScript(String),
    /// The configuration disables the instance; why.
    Configuration(String),
    /// The sockets could not be opened; the system's words.
    Channel(String),
    /// Another member of the sync group is in FAULT.
    SyncGroup(String),
}

/// What can be tracked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TrackerKind {
    /// An interface with `reverse`: it is up. One that is down is [`Fault::InterfaceDown`].
    Interface,
    /// A `vrrp_script`.
    Script,
    /// A `track_file`.
    File,
    /// A `vrrp_track_process`.
    Process,
    /// A `bfd_instance`.
    Bfd,
}

/// A part of what belongs on the machine while an instance is MASTER.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NetworkPart {
    /// Advertised addresses (`VIPs`).
    Addresses,
    /// Excluded addresses (`E-VIPs`).
    ExcludedAddresses,
    /// `virtual_routes`.
    Routes,
    /// `virtual_rules`.
    Rules,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventKind {
    /// A state was entered. Scripts and notifications hang on this one.
    Entered {
        /// The new state.
        state: State,
        /// The one before.
        from: State,
        /// Why.
        cause: Cause,
        /// The effective priority at that moment; 0 for groups.
        priority: Priority,
    },
    /// The down timer of a backup ran out: `Receive advertisement timeout`.
    MasterDownTimerExpired,
    /// A backup heard priority 0.
    ReleaseHeardAsBackup {
        /// From whom.
        from: IpAddr,
    },
    /// A master heard priority 0.
    ReleaseHeardAsMaster {
        /// From whom.
        from: IpAddr,
    },
    /// A master heard a better advert and yields.
    BetterMaster {
        /// From whom.
        from: IpAddr,
        /// Its priority.
        priority: Priority,
        /// Ours.
        ours: Priority,
        /// Equal priorities, higher address.
        by_address: bool,
    },
    /// A master heard a lower priority advert.
    LowerPriorityHeardAsMaster {
        /// From whom.
        from: IpAddr,
        /// Its priority.
        priority: Priority,
        /// Ours.
        ours: Priority,
        /// We answer with an advert.
        answering: bool,
    },
    /// A backup heard a lower priority advert and waits for its own timer. Said once until the state or the master
    /// changes.
    LowerPriorityHeardAsBackup {
        /// From whom.
        from: IpAddr,
        /// Its priority.
        priority: Priority,
    },
    /// A backup knows a (new) master.
    MasterKnown {
        /// Who.
        address: IpAddr,
        /// Who it was before.
        before: Option<IpAddr>,
        /// Its priority.
        priority: Priority,
    },
    /// `preempt_delay` starts to run.
    PreemptDelayStarted(Duration),
    /// The effective priority changed.
    PriorityChanged {
        /// Before.
        from: Priority,
        /// After.
        to: Priority,
    },
    /// An instance that gave way takes part again: it was told to, or nobody else is MASTER.
    SwitchoverOver,
    /// An operator keeps the node out, or does so no more.
    Maintenance(bool),
    /// Priority 0 was sent.
    ReleaseSent,
    /// A part of what belongs to a MASTER is being set.
    Setting(NetworkPart),
    /// A part of what belongs to a MASTER is being removed.
    Removing(NetworkPart),
    /// A reload takes this away, and leaves the rest.
    Dropped(Dropped),
    /// A round of announcements goes out for this address.
    Announcing {
        /// On which interface.
        interface: String,
        /// For which address.
        address: IpAddr,
    },
    /// FAULT has one more reason, or is entered for it.
    FaultRaised(Fault),
    /// A reason for FAULT is gone, others may remain.
    FaultCleared(Fault),
    /// The link state of a tracked interface changed.
    InterfaceChanged {
        /// Its name.
        interface: String,
        /// Usable now?
        up: bool,
    },
    /// Another address became the source of adverts.
    SourceAddress(Option<IpAddr>),
    /// An advert was not used. Said once per kind and instance until the state changes.
    Rejected {
        /// From whom.
        from: IpAddr,
        /// Why.
        reason: Rejection,
    },
    /// An advert lists other addresses than ours, but was used.
    AddressListDiffers {
        /// From whom.
        from: IpAddr,
        /// How many we have.
        expected: usize,
        /// How many it has.
        received: usize,
    },
    /// A v3 advert has another interval than ours and was used.
    IntervalDiffers {
        /// From whom.
        from: IpAddr,
        /// Ours.
        ours: Duration,
        /// The one in the advert.
        received: Duration,
    },
    /// An advert for a VRID that nobody has here (`log_unknown_vrids`).
    UnknownVrid {
        /// The number.
        vrid: u8,
        /// Where it arrived.
        interface: Option<String>,
    },
    /// Two address owners (priority 255) in one virtual router.
    OwnerConflict {
        /// The other one.
        from: IpAddr,
    },
    /// A master heard its own priority from its own address: somebody else uses it.
    OwnAddressHeard {
        /// The address.
        from: IpAddr,
    },
    /// The start is delayed (`vrrp_startup_delay`).
    StartupDelayed(Duration),
    /// The start delay is over.
    StartupDelayEnded,
    /// The process was scheduled this late; adverts were drained before any timer was believed.
    Stalled(Duration),
    /// Not all virtual addresses fit an advert of this interface's MTU: the others are treated as excluded ones.
    AddressesDoNotFit {
        /// How many are advertised.
        advertised: usize,
        /// How many are not.
        surplus: usize,
    },
    /// Two instances clash on one interface.
    VridConflict {
        /// The other instance.
        with: String,
        /// The number.
        vrid: Vrid,
    },
}

/// Why an advert was not used (vrrp reference 2.4), in the order of the checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rejection {
    /// Shorter than a VRRP header.
    TooShort,
    /// Multicast for a unicast instance or the other way round.
    WrongDestination(IpAddr),
    /// IP authentication header present or missing against the configuration.
    AuthenticationHeader,
    /// The length does not fit the address count.
    Length {
        /// What the header implies.
        expected: usize,
        /// What arrived.
        received: usize,
    },
    /// TTL or hop limit is not 255 (RFC 9568 §7.1).
    Ttl(u8),
    /// Another version.
    Version {
        /// Ours.
        expected: u8,
        /// The sender's.
        received: u8,
    },
    /// An authentication type that RFC 2338 does not know.
    InvalidAuthenticationType(u8),
    /// Another authentication type than ours.
    AuthenticationMismatch {
        /// Ours.
        expected: u8,
        /// The sender's.
        received: u8,
    },
    /// The password differs.
    WrongPassword,
    /// v2: another advertisement interval, seconds.
    Interval {
        /// Ours.
        expected: u8,
        /// The sender's.
        received: u8,
    },
    /// v3: interval 0 (RFC 9568 erratum 8301).
    ZeroInterval,
    /// Not an ADVERTISEMENT.
    Type(u8),
    /// The checksum is wrong.
    Checksum,
    /// No addresses at all (RFC 9568 erratum 8299).
    NoAddresses,
    /// `owner_ignore_adverts`.
    OwnerIgnores,
    /// The unicast sender is no peer.
    NotAPeer,
    /// A unicast peer's TTL lies outside its limits.
    PeerTtl {
        /// What arrived.
        received: u8,
        /// The least allowed.
        min: u8,
        /// The most allowed.
        max: u8,
    },
}

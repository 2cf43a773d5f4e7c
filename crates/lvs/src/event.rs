//! What happened, to which server and why. Surfaces turn these into log lines, FIFO lines, scripts and mails.

use crate::outcome::{Failure, HttpTest, Remark};
use keepalived_types::Command;
use keepalived_types::ipvs::TableOperation;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};

/// An event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The virtual server's printed name, `[192.0.2.1]:tcp:80`, `FWM 5` or `[group]:0`; empty when it is about none.
    pub virtual_server: String,
    /// The real server's printed name, or the sorry server's where the kind says so.
    pub real_server: Option<String>,
    /// What happened.
    pub kind: EventKind,
}

/// Which check spoke, with what its messages name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CheckLabel {
    /// `TCP_CHECK`.
    Tcp,
    /// `UDP_CHECK`.
    Udp,
    /// `PING_CHECK`.
    Ping,
    /// `HTTP_GET`.
    Http,
    /// `SSL_GET`.
    Ssl,
    /// `SMTP_CHECK` and where it connects to.
    Smtp(SocketAddr),
    /// `DNS_CHECK`.
    Dns,
    /// `MISC_CHECK` and its program.
    Misc(String),
    /// `FILE_CHECK` and its file's name.
    File(String),
    /// `BFD_CHECK` and its session.
    Bfd(String),
}

/// How often a check was tried before it counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retries {
    /// `retry`.
    pub allowed: u32,
    /// Further attempts were made, so that the configured number is used up. Not so for a first check, whose failure
    /// is final at once.
    pub made: bool,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventKind {
    /// Checks of the server begin.
    CheckerActivated,
    /// Checks of the server do not begin, because the address is not here (`ha_suspend`).
    CheckerDeactivated,
    /// Checks of the server pause, because the address went away (`ha_suspend`).
    CheckerSuspended,
    /// A check succeeded that had failed, or for the first time.
    CheckPassed(CheckLabel),
    /// A page was as it should be while the check is down.
    UrlPassed {
        /// The path of the url.
        path: String,
        /// The last test that it passed.
        test: HttpTest,
    },
    /// A check has failed for good.
    CheckFailed {
        /// Which.
        check: CheckLabel,
        /// Why.
        failure: Failure,
        /// After how many attempts.
        retries: Retries,
    },
    /// A check failed, which has no consequences yet (`log_all_failures`).
    AttemptFailed {
        /// Which.
        check: CheckLabel,
        /// Why.
        failure: Failure,
        /// The how manieth failure in a row, from 1.
        attempt: u32,
        /// `retry`.
        allowed: u32,
    },
    /// A check could not be made, which says nothing about the server.
    CheckCannotRun {
        /// Which.
        check: CheckLabel,
        /// Why.
        reason: String,
    },
    /// An answer was odd in a way that decides nothing.
    Remarked {
        /// Which check.
        check: CheckLabel,
        /// What is odd.
        remark: Remark,
    },
    /// A checker has told its server how it is: it has changed its mind, or speaks for the first time.
    CheckerReported {
        /// Which.
        check: CheckLabel,
        /// The server does its job.
        up: bool,
        /// Why not.
        failure: Option<Failure>,
        /// The server is in service now: all its checkers say so.
        alive: bool,
        /// It went into service, or out of it, for this.
        decisive: bool,
        /// `smtp_alert`.
        mail: bool,
    },
    /// The server goes into the pool, or with `inhibited` gets its weight back.
    Adding {
        /// `inhibit_on_failure`.
        inhibited: bool,
    },
    /// The server leaves the pool, or with `inhibited` gets weight 0.
    Removing {
        /// `inhibit_on_failure`.
        inhibited: bool,
    },
    /// Whoever wants to know that the real server is up or down is told now: its script, FIFOs, SNMP, mail.
    RealServerAnnounced {
        /// Its state.
        up: bool,
        /// The daemon stops; `quiet` when only SNMP may say so (no `omega`).
        stopping: bool,
        /// Neither script, FIFO nor mail.
        quiet: bool,
        /// `notify_up` or `notify_down`.
        script: Option<Box<Command>>,
        /// `smtp_alert`, where no [`EventKind::CheckerReported`] says it: the server leaves for another reason.
        mail: bool,
    },
    /// Whoever wants to know that the virtual server is up or down is told now.
    VirtualServerAnnounced {
        /// Has it its quorum?
        up: bool,
        /// The daemon stops.
        stopping: bool,
        /// Neither script, FIFO nor mail.
        quiet: bool,
        /// `quorum_up` or `quorum_down`.
        script: Option<Box<Command>>,
        /// At a start or a reload.
        initial: bool,
        /// The numbers that decided.
        sum: QuorumSum,
        /// `smtp_alert`.
        mail: bool,
    },
    /// The weight of a server changed.
    WeightChanged {
        /// Before.
        from: u32,
        /// After.
        to: u32,
        /// It is in service.
        active: bool,
    },
    /// There are enough servers again.
    QuorumGained(QuorumSum),
    /// There are not enough servers any more, or, with `initial`, not yet.
    QuorumLost {
        /// The numbers.
        sum: QuorumSum,
        /// At a start or a reload.
        initial: bool,
    },
    /// The sorry server (the event's real server) stands in.
    SorryServerAdded {
        /// `sorry_server_inhibit`.
        inhibited: bool,
    },
    /// The sorry server (the event's real server) is not needed any more.
    SorryServerRemoved {
        /// `sorry_server_inhibit`.
        inhibited: bool,
    },
    /// The servers that are up go back into the pool.
    PoolFilled,
    /// The servers that are up leave the pool to the sorry server.
    PoolEmptied,
    /// A file makes the server fail, or does so no more (`FILE_CHECK` or `BFD_CHECK`).
    Followed {
        /// What is followed.
        check: CheckLabel,
        /// Does it say that the server is up?
        up: bool,
    },
    /// A file holds a number that is none for a weight; it is ignored.
    FileOutOfRange {
        /// The file's name.
        file: String,
        /// What it holds.
        value: i64,
    },
    /// A reload takes the virtual server away; with the name of its group, if it is one.
    VirtualServerGone {
        /// The group.
        group: Option<String>,
    },
    /// A reload takes the real server away.
    RealServerGone,
    /// A reload takes an entry out of a group.
    GroupEntryGone {
        /// The entry.
        entry: String,
        /// The group.
        group: String,
    },
    /// A reload adds an entry to a group.
    GroupEntryAdded {
        /// The entry.
        entry: String,
        /// The group.
        group: String,
    },
    /// A range of a group has more addresses than we make services for; the rest is left out.
    GroupEntryTooLarge {
        /// The entry.
        entry: String,
        /// The group.
        group: String,
        /// How many are made.
        limit: usize,
    },
    /// The server leaves the table because the daemon stops.
    ShuttingDown {
        /// It inhibits and is down.
        inhibited: bool,
    },
    /// An address that a virtual server waits for came or went (`ha_suspend`).
    LocalAddress {
        /// The address.
        address: IpAddr,
        /// It came.
        present: bool,
    },
    /// Somebody else changed the table; this many entries are put back.
    TableRepaired {
        /// How many operations it takes.
        operations: usize,
    },
    /// The kernel refused an operation.
    OperationRefused {
        /// Which.
        operation: Box<TableOperation>,
        /// The system's number of the error.
        errno: i32,
    },
}

/// The numbers of a decision about the quorum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuorumSum {
    /// `quorum`.
    pub quorum: u32,
    /// `hysteresis`.
    pub hysteresis: u32,
    /// The weight of the servers that are up.
    pub weight: u64,
    /// What the weight was compared with.
    pub threshold: u64,
}

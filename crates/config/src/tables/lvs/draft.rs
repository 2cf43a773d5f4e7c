//! What the LVS blocks say, before references, inheritance and defaults are resolved.

use super::check::CheckerDraft;
use crate::line::Word;
use crate::span::Span;
pub(super) use keepalived_lvs::config::endpoint;
use keepalived_lvs::config::{
    Forwarding, Granularity, GroupEntry, Protocol, Scheduler, SchedulerFlags, TlsMaterial,
};
use keepalived_types::{Command, Family};
use std::fmt::{self, Display, Formatter};
use std::net::IpAddr;
use std::time::Duration;

/// All LVS blocks of a configuration as they were read. There may be tens of thousands of servers, so what few of them
/// have is boxed.
#[derive(Default)]
#[expect(clippy::vec_box, reason = "each draft is freed as soon as it is complete")]
pub struct LvsDraft {
    pub(super) groups: Vec<GroupDraft>,
    /// The group whose lines are being read.
    pub(super) open_group: Option<GroupDraft>,
    /// Each by itself, so that the memory of those that are complete can be used again for the next ones.
    pub(super) virtual_servers: Vec<Box<VirtualServerDraft>>,
    pub(super) tls: Option<TlsMaterial>,
}

/// What `global_defs` says to virtual and real servers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Globals {
    /// `smtp_alert`.
    pub smtp_alert: Option<bool>,
    /// `smtp_alert_checker`.
    pub smtp_alert_checker: Option<bool>,
    /// `checker_log_all_failures`.
    pub log_all_failures: bool,
    /// `nftables_ipvs`: packets for a group get one firewall mark.
    pub marks_groups: bool,
}

/// `virtual_server_group`.
pub(super) struct GroupDraft {
    pub name: String,
    pub span: Span,
    pub entries: Vec<GroupEntry>,
    /// The line of each entry.
    pub lines: Vec<Span>,
}

/// `virtual_server`.
pub(super) struct VirtualServerDraft {
    pub span: Span,
    pub service: ServiceDraft,
    /// Known from the address, `ip_family`, the persistence mask or the first real server that is no tunnel.
    pub family: Option<Family>,
    pub protocol: Option<Protocol>,
    pub scheduler: Option<Scheduler>,
    pub flags: SchedulerFlags,
    pub persistence: PersistenceDraft,
    pub forwarding: Option<Forwarding>,
    pub quorum: QuorumDraft,
    pub checks: CheckDefaultsDraft,
    pub weight: u32,
    pub inhibit_on_failure: bool,
    pub alpha: bool,
    pub omega: bool,
    pub ha_suspend: bool,
    pub presentation: PresentationDraft,
    pub sorry_server: Option<SorryServerDraft>,
    pub real_servers: Vec<RealServerDraft>,
}

/// What stands after `virtual_server`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum ServiceDraft {
    Address(IpAddr, u16),
    Mark(u32),
    Group(String),
}

/// `persistence_*`.
#[derive(Default)]
pub(super) struct PersistenceDraft {
    pub timeout: Option<Duration>,
    pub granularity: Option<Granularity>,
    pub engine: Option<String>,
}

/// `quorum*`, `hysteresis`.
pub(super) struct QuorumDraft {
    pub weight: u32,
    pub hysteresis: u32,
    pub up: Option<Box<Command>>,
    pub down: Option<Box<Command>>,
}

/// `delay_loop` and the like of a virtual or real server.
#[derive(Clone, Copy, Default)]
pub(super) struct CheckDefaultsDraft {
    pub delay_loop: Option<Duration>,
    pub connect_timeout: Option<Duration>,
    pub retry: Option<u32>,
    pub delay_before_retry: Option<Duration>,
    pub warmup: Option<Duration>,
}

/// How a server is called and reported.
#[derive(Default)]
pub(super) struct PresentationDraft {
    pub smtp_alert: Option<bool>,
    pub virtualhost: Option<String>,
    pub snmp_name: Option<String>,
}

/// `sorry_server`.
pub(super) struct SorryServerDraft {
    pub span: Span,
    pub address: IpAddr,
    pub port: u16,
    pub forwarding: Option<Forwarding>,
    pub inhibit: bool,
}

/// `real_server`.
pub(super) struct RealServerDraft {
    pub span: Span,
    pub address: IpAddr,
    pub port: u16,
    pub protocol: Option<Protocol>,
    pub weight: Option<u32>,
    pub forwarding: Option<Forwarding>,
    pub upper_threshold: u32,
    pub lower_threshold: u32,
    pub inhibit_on_failure: Option<bool>,
    pub alpha: Option<bool>,
    pub checks: CheckDefaultsDraft,
    pub presentation: PresentationDraft,
    pub notify_up: Option<Box<Command>>,
    pub notify_down: Option<Box<Command>>,
    pub checkers: Vec<CheckerDraft>,
}

impl VirtualServerDraft {
    pub(super) fn new(span: Span, service: ServiceDraft) -> Self {
        let family = match service {
            ServiceDraft::Address(address, _) => Some(Family::of(address)),
            ServiceDraft::Mark(_) | ServiceDraft::Group(_) => None,
        };
        Self {
            span,
            service,
            family,
            protocol: None,
            scheduler: None,
            flags: SchedulerFlags::default(),
            persistence: PersistenceDraft::default(),
            forwarding: None,
            quorum: QuorumDraft { weight: 1, hysteresis: 0, up: None, down: None },
            checks: CheckDefaultsDraft::default(),
            weight: 1,
            inhibit_on_failure: false,
            alpha: false,
            omega: false,
            ha_suspend: false,
            presentation: PresentationDraft::default(),
            sorry_server: None,
            // There has to be one, and most often there are few: no room for more than come.
            real_servers: Vec::with_capacity(1),
        }
    }

    /// The name in messages.
    pub(super) fn name(&self, ordinal: u32) -> ServiceName<'_> {
        ServiceName::of(&self.service, self.protocol, ordinal)
    }
}

/// The name of a virtual server in messages: `[192.0.2.1]:tcp:80`, `FWM 5`, `[group]:0`.
#[derive(Clone, Copy)]
pub(super) struct ServiceName<'a> {
    service: &'a ServiceDraft,
    protocol: Option<Protocol>,
    ordinal: u32,
}

impl<'a> ServiceName<'a> {
    pub(super) fn of(service: &'a ServiceDraft, protocol: Option<Protocol>, ordinal: u32) -> Self {
        Self { service, protocol, ordinal }
    }
}

impl Display for ServiceName<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self.service {
            ServiceDraft::Address(address, port) => out.write_str(&endpoint(*address, *port, self.protocol)),
            ServiceDraft::Mark(mark) => write!(out, "FWM {mark}"),
            ServiceDraft::Group(group) => write!(out, "[{group}]:{}", self.ordinal),
        }
    }
}

impl RealServerDraft {
    pub(super) fn new(word: Word<'_>, address: IpAddr, port: u16, parent: &VirtualServerDraft) -> Self {
        Self {
            span: word.span,
            address,
            port,
            protocol: parent.protocol,
            weight: None,
            // What is known here counts, as in the original.
            forwarding: parent.forwarding,
            upper_threshold: 0,
            lower_threshold: 0,
            inhibit_on_failure: None,
            alpha: None,
            checks: CheckDefaultsDraft::default(),
            presentation: PresentationDraft::default(),
            notify_up: None,
            notify_down: None,
            checkers: Vec::with_capacity(1),
        }
    }

    /// The name in messages: `[192.0.2.1]:tcp:80`.
    pub(super) fn name(&self) -> String {
        endpoint(self.address, self.port, self.protocol)
    }
}

//! What the engine has to know besides virtual servers, and what it is told at start.

use crate::snapshot::Snapshot;
use keepalived_types::InterfaceName;
use keepalived_types::ipvs::{ConnectionTimeouts, ObservedService, SyncDaemon, SyncRole};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::time::Duration;

/// The part of `global_defs` that concerns the table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// `lvs_flush`: empty the table at start.
    pub flush: bool,
    /// `lvs_flush_on_stop`.
    pub flush_on_stop: FlushOnStop,
    /// `rs_init_notifies`: tell about servers that are put in service at start.
    pub announce_at_start: bool,
    /// `lvs_sync_daemon` without an instance: both roles run all the time.
    pub sync: Option<SyncSettings>,
    /// `lvs_timeouts`; zero leaves the kernel's.
    pub timeouts: ConnectionTimeouts,
    /// `nftables_ipvs`: packets of groups are marked, and a group is one service.
    pub marks: Option<MarkSettings>,
}

/// `nftables_ipvs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkSettings {
    /// The table.
    pub table: String,
    /// `nftables_ipvs_priority`: of its chain.
    pub priority: i32,
    /// `nftables_ipvs_start_fwmark`: the first mark to use, not 0.
    pub first: u32,
}

/// `lvs_flush_on_stop`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum FlushOnStop {
    /// Servers and services go one by one.
    #[default]
    Off,
    /// The whole table is emptied, foreign services included.
    All,
    /// `VS`: our services go, and take their servers along.
    VirtualServers,
}

/// `lvs_sync_daemon`, whichever role it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncSettings {
    /// Where connections are announced.
    pub interface: InterfaceName,
    /// `id`.
    pub id: u8,
    /// `maxlen`.
    pub max_length: Option<u16>,
    /// `group`.
    pub group: Option<IpAddr>,
    /// `port`.
    pub port: Option<u16>,
    /// `ttl`.
    pub ttl: Option<u8>,
}

impl SyncSettings {
    /// The daemon of one role.
    #[must_use]
    pub fn daemon(&self, role: SyncRole) -> SyncDaemon {
        SyncDaemon {
            role,
            interface: self.interface.clone(),
            id: self.id,
            max_length: self.max_length,
            group: self.group,
            port: self.port,
            ttl: self.ttl,
        }
    }
}

/// What the kernel and an earlier process left, when the engine begins.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// The kernel's table. With it only what differs is changed; without it everything is added, and what is there
    /// already is reported as refused.
    pub observed: Option<Vec<ObservedService>>,
    /// What the process knew that this one replaces after a crash: its servers keep their states, the entries it had
    /// placed and nobody wants any more are removed, and nothing is flushed.
    pub successor_of: Option<Snapshot>,
    /// The time-outs of the kernel, which are put back at the end.
    pub timeouts: ConnectionTimeouts,
}

/// The configured time-outs where they are configured, else the remembered ones.
pub(crate) fn effective_timeouts(
    wanted: ConnectionTimeouts,
    kernel: ConnectionTimeouts,
) -> ConnectionTimeouts {
    let choose = |wanted: Duration, kernel: Duration| if wanted.is_zero() { kernel } else { wanted };
    ConnectionTimeouts {
        tcp: choose(wanted.tcp, kernel.tcp),
        tcp_fin: choose(wanted.tcp_fin, kernel.tcp_fin),
        udp: choose(wanted.udp, kernel.udp),
    }
}

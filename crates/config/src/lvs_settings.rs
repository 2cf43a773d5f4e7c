//! What `global_defs` tells the LVS engine.

use crate::model::{FlushOnStop, LvsGlobals, SyncDaemon};
use keepalived_lvs::{MarkSettings, Settings, SyncSettings};
use keepalived_types::ipvs::ConnectionTimeouts;
use std::time::Duration;

impl LvsGlobals {
    /// The settings of the engine. A sync daemon that follows an instance is not its business.
    #[must_use]
    pub fn settings(&self) -> Settings {
        let seconds = |value: Option<u32>| Duration::from_secs(value.unwrap_or(0).into());
        let sync = self.sync_daemon.as_ref().filter(|sync| sync.instance.is_none());
        Settings {
            flush: self.flush,
            flush_on_stop: match self.flush_on_stop {
                FlushOnStop::Off => keepalived_lvs::FlushOnStop::Off,
                FlushOnStop::All => keepalived_lvs::FlushOnStop::All,
                FlushOnStop::VirtualServers => keepalived_lvs::FlushOnStop::VirtualServers,
            },
            announce_at_start: self.rs_init_notifies,
            sync: sync.map(|sync| sync_settings(sync, sync.id.unwrap_or(0))),
            timeouts: ConnectionTimeouts {
                tcp: seconds(self.tcp_timeout_s),
                tcp_fin: seconds(self.tcpfin_timeout_s),
                udp: seconds(self.udp_timeout_s),
            },
            marks: self.nftables.as_ref().map(|nftables| MarkSettings {
                table: nftables.table.clone(),
                priority: nftables.priority,
                first: nftables.start_fwmark,
            }),
        }
    }

    /// The instance that a sync daemon follows, if there is one, and everything about the daemon but its role. Its id is
    /// the instance's VRID unless another is configured.
    #[must_use]
    pub fn following(&self) -> Option<(String, SyncSettings)> {
        let sync = self.sync_daemon.as_ref()?;
        // Known only when the instance is.
        let vrid = sync.vrid?;
        Some((sync.instance.clone()?, sync_settings(sync, sync.id.unwrap_or(vrid.get()))))
    }
}

fn sync_settings(sync: &SyncDaemon, id: u8) -> SyncSettings {
    SyncSettings {
        interface: sync.interface.clone(),
        id,
        max_length: sync.max_length,
        group: sync.group,
        port: sync.port,
        ttl: sync.ttl,
    }
}

//! The numbers of the IPVS netlink interface (linux/ip_vs.h), as far as we speak of them.

/// The name of the generic netlink family.
pub(super) const FAMILY: &str = "IPVS";
/// Its version.
pub(super) const VERSION: u8 = 1;

/// `IPVS_CMD_*`.
pub(super) mod command {
    pub(in super::super) const NEW_SERVICE: u8 = 1;
    pub(in super::super) const SET_SERVICE: u8 = 2;
    pub(in super::super) const DEL_SERVICE: u8 = 3;
    pub(in super::super) const GET_SERVICE: u8 = 4;
    pub(in super::super) const NEW_DEST: u8 = 5;
    pub(in super::super) const SET_DEST: u8 = 6;
    pub(in super::super) const DEL_DEST: u8 = 7;
    pub(in super::super) const GET_DEST: u8 = 8;
    pub(in super::super) const NEW_DAEMON: u8 = 9;
    pub(in super::super) const DEL_DAEMON: u8 = 10;
    pub(in super::super) const GET_DAEMON: u8 = 11;
    pub(in super::super) const SET_CONFIG: u8 = 12;
    pub(in super::super) const GET_CONFIG: u8 = 13;
    pub(in super::super) const SET_INFO: u8 = 14;
    pub(in super::super) const GET_INFO: u8 = 15;
    pub(in super::super) const ZERO: u8 = 16;
    pub(in super::super) const FLUSH: u8 = 17;
}

/// `IPVS_CMD_ATTR_*`: the top level.
pub(super) mod top {
    pub(in super::super) const SERVICE: u16 = 1;
    pub(in super::super) const DEST: u16 = 2;
    pub(in super::super) const DAEMON: u16 = 3;
    pub(in super::super) const TIMEOUT_TCP: u16 = 4;
    pub(in super::super) const TIMEOUT_TCP_FIN: u16 = 5;
    pub(in super::super) const TIMEOUT_UDP: u16 = 6;
}

/// `IPVS_SVC_ATTR_*`.
pub(super) mod service {
    pub(in super::super) const AF: u16 = 1;
    pub(in super::super) const PROTOCOL: u16 = 2;
    pub(in super::super) const ADDR: u16 = 3;
    pub(in super::super) const PORT: u16 = 4;
    pub(in super::super) const FWMARK: u16 = 5;
    pub(in super::super) const SCHED_NAME: u16 = 6;
    pub(in super::super) const FLAGS: u16 = 7;
    pub(in super::super) const TIMEOUT: u16 = 8;
    pub(in super::super) const NETMASK: u16 = 9;
    pub(in super::super) const STATS: u16 = 10;
    pub(in super::super) const PE_NAME: u16 = 11;
    pub(in super::super) const STATS64: u16 = 12;
}

/// `IPVS_DEST_ATTR_*`.
pub(super) mod destination {
    pub(in super::super) const ADDR: u16 = 1;
    pub(in super::super) const PORT: u16 = 2;
    pub(in super::super) const FWD_METHOD: u16 = 3;
    pub(in super::super) const WEIGHT: u16 = 4;
    pub(in super::super) const U_THRESH: u16 = 5;
    pub(in super::super) const L_THRESH: u16 = 6;
    pub(in super::super) const ACTIVE_CONNS: u16 = 7;
    pub(in super::super) const INACT_CONNS: u16 = 8;
    pub(in super::super) const PERSIST_CONNS: u16 = 9;
    pub(in super::super) const STATS: u16 = 10;
    pub(in super::super) const ADDR_FAMILY: u16 = 11;
    pub(in super::super) const STATS64: u16 = 12;
    pub(in super::super) const TUN_TYPE: u16 = 13;
    pub(in super::super) const TUN_PORT: u16 = 14;
    pub(in super::super) const TUN_FLAGS: u16 = 15;
}

/// `IPVS_DAEMON_ATTR_*`.
pub(super) mod daemon {
    pub(in super::super) const STATE: u16 = 1;
    pub(in super::super) const MCAST_IFN: u16 = 2;
    pub(in super::super) const SYNC_ID: u16 = 3;
    pub(in super::super) const SYNC_MAXLEN: u16 = 4;
    pub(in super::super) const MCAST_GROUP: u16 = 5;
    pub(in super::super) const MCAST_GROUP6: u16 = 6;
    pub(in super::super) const MCAST_PORT: u16 = 7;
    pub(in super::super) const MCAST_TTL: u16 = 8;
}

/// `IPVS_INFO_ATTR_*`: the answer to GET_INFO.
pub(super) mod info {
    pub(in super::super) const VERSION: u16 = 1;
    pub(in super::super) const CONN_TAB_SIZE: u16 = 2;
}

/// `IPVS_STATS_ATTR_*`, in both forms of statistics.
pub(super) mod statistics {
    pub(in super::super) const CONNS: u16 = 1;
    pub(in super::super) const INPKTS: u16 = 2;
    pub(in super::super) const OUTPKTS: u16 = 3;
    pub(in super::super) const INBYTES: u16 = 4;
    pub(in super::super) const OUTBYTES: u16 = 5;
    pub(in super::super) const CPS: u16 = 6;
    pub(in super::super) const INPPS: u16 = 7;
    pub(in super::super) const OUTPPS: u16 = 8;
    pub(in super::super) const INBPS: u16 = 9;
    pub(in super::super) const OUTBPS: u16 = 10;
}

/// IP_VS_SVC_F_PERSISTENT.
pub(super) const PERSISTENT: u32 = 0x1;
/// IP_VS_SVC_F_HASHED: the kernel's own mark on every service it has.
pub(super) const HASHED: u32 = 0x2;

/// IP_VS_CONN_F_FWD_MASK.
pub(super) const FORWARDING_MASK: u32 = 7;
/// IP_VS_CONN_F_MASQ.
pub(super) const MASQUERADE: u32 = 0;
/// IP_VS_CONN_F_TUNNEL.
pub(super) const TUNNEL: u32 = 2;
/// IP_VS_CONN_F_DROUTE.
pub(super) const DIRECT_ROUTE: u32 = 3;

/// IP_VS_CONN_F_TUNNEL_TYPE_IPIP.
pub(super) const TUNNEL_IPIP: u8 = 0;
/// IP_VS_CONN_F_TUNNEL_TYPE_GUE.
pub(super) const TUNNEL_GUE: u8 = 1;
/// IP_VS_CONN_F_TUNNEL_TYPE_GRE.
pub(super) const TUNNEL_GRE: u8 = 2;

/// IP_VS_TUNNEL_ENCAP_FLAG_CSUM.
pub(super) const CHECKSUM: u16 = 1;
/// IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM.
pub(super) const REMOTE_CHECKSUM: u16 = 2;

/// IP_VS_STATE_MASTER.
pub(super) const STATE_MASTER: u32 = 1;
/// IP_VS_STATE_BACKUP.
pub(super) const STATE_BACKUP: u32 = 2;

//! What the LVS engine has to be told: typed, validated, complete (every inherited value is filled in), serialisable.
//! `config` builds it from keepalived.conf; the engine never sees a keyword.

mod checker;
mod group;
mod http;
mod names;
mod scheduler;
mod server;

pub use checker::{
    ActiveCheck, BfdCheck, Checker, Connection, DnsCheck, DnsType, FileCheck, MiscCheck, Nibble, Probe,
    ReplyPattern, Schedule, SmtpCheck, UdpCheck,
};
pub use group::{AddressRange, GroupEntry, ServerGroup};
pub use http::{
    HttpCheck, HttpVersion, Regex, RegexOption, Sni, StatusCodes, TlsMaterial, Url, Verification,
};
pub use names::endpoint;
pub use scheduler::{Granularity, Persistence, Scheduler, SchedulerFlags};
pub use server::{
    CheckDefaults, DEFAULT_CONNECT_TIMEOUT, DEFAULT_DELAY_LOOP, Inherited, Presentation, Quorum, RealServer,
    Service, SorryServer, VirtualServer,
};

pub use keepalived_types::ipvs::Protocol;
pub use keepalived_types::{Forwarding, Tunnel, TunnelChecksum};

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Everything about load balancing except what `global_defs` says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// The `virtual_server_group` blocks in the order of the file.
    pub groups: Vec<ServerGroup>,
    /// The `virtual_server` blocks in the order of the file.
    pub virtual_servers: Vec<VirtualServer>,
    /// The `SSL` block: what `SSL_GET` checks show to servers.
    pub tls: Option<TlsMaterial>,
    /// The `track_file` blocks that a `FILE_CHECK` refers to by name.
    pub files: Vec<TrackedFile>,
}

/// A `track_file` as `FILE_CHECK` sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackedFile {
    /// The block's name.
    pub name: String,
    /// The file that is watched.
    pub path: PathBuf,
}

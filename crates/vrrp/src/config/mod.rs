//! What the engine has to be told: typed, validated, serialisable. `config` builds it from keepalived.conf; the
//! engine never sees a keyword.

mod address;
mod instance;
mod notify;
mod route;
mod rule;
mod sync_group;
mod tracker;

pub use address::{AddressConfig, AddressFlags, AddressOptions, Broadcast, Lifetime};
pub use instance::{
    AntiReplay, AuthHmac, Authentication, ChecksumCompat, ExtraInterfaceAnnouncements, GarpConfig, HmacKey,
    HmacMode, InstanceConfig, IpvlanConfig, IpvlanMode, Linkbeat, ReceiveBuffer, StartState, Transport,
    UnicastPeer, VmacConfig,
};
pub use notify::{NotifyScripts, PriorityNotices};
pub use route::{
    Encapsulation, Hop, Ipv4Tunnel, Ipv6Tunnel, Lockable, NextHops, Realms, RouteConfig, RouteKind,
    RouteOptions, RoutePlacement, WeightedHop,
};
pub use rule::{RuleAction, RuleConfig, RuleSelector};
pub use sync_group::SyncGroupConfig;
pub use tracker::{
    FileTracker, InitFile, ParameterMatch, ProcessTracker, ScriptTracker, Track, TrackedBfd, Trackers,
};

use keepalived_types::InterfaceName;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Everything about VRRP.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// The `vrrp_instance` blocks in the order of the file.
    pub instances: Vec<InstanceConfig>,
    /// The `vrrp_sync_group` blocks in the order of the file.
    pub sync_groups: Vec<SyncGroupConfig>,
    /// The `vrrp_script` blocks.
    pub scripts: Vec<ScriptTracker>,
    /// The `track_file` blocks.
    pub files: Vec<FileTracker>,
    /// The `vrrp_track_process` blocks.
    pub processes: Vec<ProcessTracker>,
    /// `bfd_instance` names and default weights that VRRP may follow.
    pub bfd: Vec<TrackedBfd>,
    /// `static_ipaddress`: addresses kept as long as the daemon runs.
    pub static_addresses: Vec<AddressConfig>,
    /// `static_routes`: routes kept as long as the daemon runs.
    pub static_routes: Vec<RouteConfig>,
    /// `static_rules`: policy rules kept as long as the daemon runs.
    pub static_rules: Vec<RuleConfig>,
    /// `track_group NAME { group { ... } }`: instances that depend on static items.
    pub track_groups: Vec<TrackGroup>,
    /// `garp_group` blocks: announcement rate limits shared by interfaces.
    pub garp_groups: Vec<GarpGroup>,
    /// `interface_up_down_delays`.
    pub interface_delays: Vec<InterfaceDelay>,
    /// Interfaces whose link state is polled (`linkbeat_interfaces`).
    pub linkbeat: Vec<(InterfaceName, Linkbeat)>,
    /// Settings of the whole VRRP process that the engine itself obeys.
    pub engine: EngineSettings,
}

/// Settings of `global_defs` that change how the engine decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineSettings {
    /// `vrrp_startup_delay`: no instance becomes MASTER before this much time after start.
    pub startup_delay: Duration,
    /// `vrrp_delay_after_boot`: the same, counted from the machine's boot.
    pub delay_after_boot: Duration,
    /// `dynamic_interfaces`: configured interfaces may appear later.
    pub dynamic_interfaces: bool,
    /// `dynamic_interfaces allow_if_changes`: an interface may come back as another type.
    pub allow_interface_changes: bool,
    /// `vrrp_garp_interval`: least time between gratuitous ARPs on one interface; zero for none.
    pub garp_interval: Duration,
    /// `vrrp_gna_interval`: least time between unsolicited neighbour advertisements on one interface.
    pub gna_interval: Duration,
    /// `log_unknown_vrids`.
    pub log_unknown_vrids: bool,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            startup_delay: Duration::ZERO,
            delay_after_boot: Duration::ZERO,
            dynamic_interfaces: false,
            allow_interface_changes: false,
            garp_interval: Duration::ZERO,
            gna_interval: Duration::ZERO,
            log_unknown_vrids: false,
        }
    }
}

/// `track_group`: instances that fault when a static address, route or rule naming the group is lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackGroup {
    /// Its name.
    pub name: String,
    /// Names of existing instances.
    pub instances: Vec<String>,
}

/// `garp_group`: interfaces that share one pair of announcement intervals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GarpGroup {
    /// Least time between gratuitous ARPs; `None` when not given.
    pub garp_interval: Option<Duration>,
    /// Least time between unsolicited neighbour advertisements; `None` when not given.
    pub gna_interval: Option<Duration>,
    /// The interfaces.
    pub interfaces: Vec<InterfaceName>,
}

/// One line of `interface_up_down_delays`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterfaceDelay {
    /// The interface.
    pub interface: InterfaceName,
    /// How long "down" must last to count.
    pub down: Duration,
    /// How long "up" must last to count.
    pub up: Duration,
}

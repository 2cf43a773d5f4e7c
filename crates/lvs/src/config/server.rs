//! Virtual servers, real servers and the sorry server.

use super::{Checker, Persistence, Scheduler, SchedulerFlags};
use keepalived_types::ipvs::Protocol;
use keepalived_types::{Command, Family, Forwarding, Rare, ServerWeight, Usual};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::time::Duration;

/// `delay_loop` where nobody sets it.
pub const DEFAULT_DELAY_LOOP: Duration = Duration::from_secs(60);
/// `connect_timeout` where nobody sets it.
pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// `virtual_server ... { ... }`; has at least one real server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualServer {
    /// What clients connect to.
    pub service: Service,
    /// Its address family; `None` for a group with both.
    pub family: Option<Family>,
    /// `protocol`; `None` for firewall marks.
    pub protocol: Option<Protocol>,
    /// `lvs_sched`.
    pub scheduler: Scheduler,
    /// `ops`, `flag-1` and so on.
    pub flags: SchedulerFlags,
    /// `persistence_*`.
    pub persistence: Option<Persistence>,
    /// `lvs_method`.
    pub forwarding: Forwarding,
    /// How many servers are enough, and who is told.
    pub quorum: Quorum,
    /// What checks take over when neither they nor their real server say otherwise.
    pub defaults: CheckDefaults,
    /// `weight`, `inhibit_on_failure`, `alpha`, already inherited by the real servers; kept for dumps.
    pub inherited: Inherited,
    /// `omega`: tell the down scripts at a stop.
    pub omega: bool,
    /// `ha_suspend`: check only while the address is on this machine.
    pub ha_suspend: bool,
    /// How it is called and reported.
    pub presentation: Presentation,
    /// `sorry_server`.
    pub sorry_server: Option<SorryServer>,
    /// The `real_server` blocks in the order of the file.
    pub real_servers: Vec<RealServer>,
}

/// What a virtual server answers on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Service {
    /// `virtual_server ADDRESS [PORT]`; port 0 for every port.
    Address(IpAddr, u16),
    /// `virtual_server fwmark N`.
    Mark(u32),
    /// `virtual_server group NAME`.
    Group {
        /// The group's name; it exists.
        name: String,
        /// The how manieth virtual server of this group, from 0.
        ordinal: u32,
    },
}

/// When a virtual server counts as available.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quorum {
    /// `quorum`: the total weight needed.
    pub weight: u32,
    /// `hysteresis`: how much more is needed to come back, and less to go down; below `weight`.
    pub hysteresis: u32,
    /// `quorum_up`.
    pub up: Option<Box<Command>>,
    /// `quorum_down`.
    pub down: Option<Box<Command>>,
}

/// Values that checks fall back to. `None`: each kind of check has a default of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckDefaults {
    /// `delay_loop`: from one check to the next.
    pub delay_loop: Duration,
    /// `connect_timeout`.
    pub connect_timeout: Duration,
    /// `retry`: attempts after the first failed one.
    pub retry: Option<u32>,
    /// `delay_before_retry`.
    pub delay_before_retry: Option<Duration>,
    /// `warmup`: the most by which the first check is put off at random.
    pub warmup: Option<Duration>,
}

impl Usual for CheckDefaults {
    const USUAL: &'static Self = &Self {
        delay_loop: DEFAULT_DELAY_LOOP,
        connect_timeout: DEFAULT_CONNECT_TIMEOUT,
        retry: None,
        delay_before_retry: None,
        warmup: None,
    };
}

impl Default for CheckDefaults {
    fn default() -> Self {
        *Self::USUAL
    }
}

/// What a virtual server hands down to its real servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inherited {
    /// `weight`.
    pub weight: ServerWeight,
    /// `inhibit_on_failure`.
    pub inhibit_on_failure: bool,
    /// `alpha`.
    pub alpha: bool,
}

/// How a virtual or real server is called and reported.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presentation {
    /// `smtp_alert`, global defaults applied.
    pub smtp_alert: bool,
    /// `virtualhost`: the Host of HTTP requests.
    pub virtualhost: Option<String>,
    /// `snmp_name`.
    pub snmp_name: Option<String>,
}

/// Of a real server: it mails unless somebody says otherwise.
impl Usual for Presentation {
    const USUAL: &'static Self = &Self { smtp_alert: true, virtualhost: None, snmp_name: None };
}

/// `sorry_server`: stands in while the quorum is not met. Weight 1, never checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SorryServer {
    /// Its address.
    pub address: IpAddr,
    /// Its port; 0 where the service has none.
    pub port: u16,
    /// `sorry_server_lvs_method`, else the virtual server's.
    pub forwarding: Forwarding,
    /// `sorry_server_inhibit`: weight 0 instead of removal.
    pub inhibit: bool,
    /// One of the real servers has the same address and port.
    pub is_real_server: bool,
}

/// `real_server ADDRESS [PORT] { ... }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RealServer {
    /// Its address.
    pub address: IpAddr,
    /// Its port; 0 where the service has none.
    pub port: u16,
    /// `weight`.
    pub weight: ServerWeight,
    /// `lvs_method`.
    pub forwarding: Forwarding,
    /// `uthreshold`: no new connections above so many; 0 for no limit.
    pub upper_threshold: u32,
    /// `lthreshold`: new connections again below so many; 0 for three quarters of the upper one.
    pub lower_threshold: u32,
    /// `inhibit_on_failure`: weight 0 instead of removal.
    pub inhibit_on_failure: bool,
    /// `alpha`: down until a check succeeds.
    pub alpha: bool,
    /// What its checks took over; kept for dumps.
    pub defaults: Rare<CheckDefaults>,
    /// How it is called and reported.
    pub presentation: Rare<Presentation>,
    /// `notify_up`.
    pub notify_up: Option<Box<Command>>,
    /// `notify_down`.
    pub notify_down: Option<Box<Command>>,
    /// Its checks in the order of the file; without any it is always up.
    pub checkers: Vec<Checker>,
}

//! How IPVS chooses a real server: scheduler, its flags, persistence.

use core::fmt;
use keepalived_types::Family;
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;
use std::time::Duration;

/// A scheduler of the kernel, module `ip_vs_<name>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Scheduler {
    /// `rr`: round robin.
    RoundRobin,
    /// `wrr`: weighted round robin.
    WeightedRoundRobin,
    /// `lc`: least connections.
    LeastConnections,
    /// `wlc`: weighted least connections; what holds without `lvs_sched`.
    WeightedLeastConnections,
    /// `lblc`: locality-based least connections.
    LocalityBased,
    /// `lblcr`: the same with replication.
    LocalityBasedReplicated,
    /// `sh`: source hashing.
    SourceHashing,
    /// `mh`: Maglev hashing.
    MaglevHashing,
    /// `dh`: destination hashing.
    DestinationHashing,
    /// `fo`: weighted failover.
    Failover,
    /// `ovf`: weighted overflow.
    Overflow,
    /// `sed`: shortest expected delay.
    ShortestExpectedDelay,
    /// `nq`: never queue.
    NeverQueue,
    /// `twos`: power of two choices.
    PowerOfTwo,
}

impl Scheduler {
    /// Every scheduler, in the order of the manual.
    pub const ALL: [Self; 14] = [
        Self::RoundRobin,
        Self::WeightedRoundRobin,
        Self::LeastConnections,
        Self::WeightedLeastConnections,
        Self::LocalityBased,
        Self::SourceHashing,
        Self::MaglevHashing,
        Self::DestinationHashing,
        Self::Failover,
        Self::Overflow,
        Self::LocalityBasedReplicated,
        Self::ShortestExpectedDelay,
        Self::NeverQueue,
        Self::PowerOfTwo,
    ];

    /// The name of the kernel and of `lvs_sched`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RoundRobin => "rr",
            Self::WeightedRoundRobin => "wrr",
            Self::LeastConnections => "lc",
            Self::WeightedLeastConnections => "wlc",
            Self::LocalityBased => "lblc",
            Self::LocalityBasedReplicated => "lblcr",
            Self::SourceHashing => "sh",
            Self::MaglevHashing => "mh",
            Self::DestinationHashing => "dh",
            Self::Failover => "fo",
            Self::Overflow => "ovf",
            Self::ShortestExpectedDelay => "sed",
            Self::NeverQueue => "nq",
            Self::PowerOfTwo => "twos",
        }
    }

    /// The scheduler of this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheduler| scheduler.name() == name)
    }
}

impl fmt::Display for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Flags of a service besides persistence (`IP_VS_SVC_F_*`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SchedulerFlags {
    /// `ops`: one-packet scheduling, 0x0004.
    pub one_packet: bool,
    /// `flag-1`, `sh-fallback`, `mh-fallback`: 0x0008.
    pub flag_1: bool,
    /// `flag-2`, `sh-port`, `mh-port`: 0x0010.
    pub flag_2: bool,
    /// `flag-3`: 0x0020.
    pub flag_3: bool,
}

/// Connections of one client stay with one real server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Persistence {
    /// `persistence_timeout`: 1 s to 31 days.
    pub timeout: Duration,
    /// `persistence_granularity`: who counts as one client.
    pub granularity: Option<Granularity>,
    /// `persistence_engine`, at most 15 bytes; the kernel has just `sip`.
    pub engine: Option<String>,
}

/// `persistence_granularity`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Granularity {
    /// A netmask, which may have holes.
    V4(Ipv4Addr),
    /// A prefix length of 1 to 128.
    V6(u8),
}

impl Granularity {
    /// The family it is for.
    #[must_use]
    pub const fn family(self) -> Family {
        match self {
            Self::V4(_) => Family::V4,
            Self::V6(_) => Family::V6,
        }
    }
}

impl Persistence {
    /// The time-out of `persistence_timeout` without a value.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(360);

    /// Persistence that nobody asked for in detail.
    #[must_use]
    pub const fn implied() -> Self {
        Self { timeout: Self::DEFAULT_TIMEOUT, granularity: None, engine: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scheduler_is_found_by_its_name() {
        for scheduler in Scheduler::ALL {
            assert_eq!(Scheduler::by_name(scheduler.name()), Some(scheduler));
        }
        assert_eq!(Scheduler::by_name("fastest"), None);
    }
}

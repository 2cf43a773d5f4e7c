//! What the BFD engine has to be told: typed, validated, serialisable. `config` builds it from `bfd_instance` blocks.

use keepalived_types::Family;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::time::Duration;

/// Everything about BFD.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// The `bfd_instance` blocks in the order of the file.
    pub sessions: Vec<SessionConfig>,
}

/// `bfd_instance NAME`: one session with one neighbour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionConfig {
    /// The block's name, at most 31 bytes.
    pub name: String,
    /// `neighbor_ip`: the peer.
    pub neighbor: IpAddr,
    /// `source_ip`, of the neighbour's family; `None` leaves it to the kernel.
    pub source: Option<IpAddr>,
    /// `min_rx`: Required Min RX Interval while Up (RFC 5880 §4.1).
    pub min_rx: Duration,
    /// `min_tx`: Desired Min TX Interval while Up (RFC 5880 §4.1).
    pub min_tx: Duration,
    /// `idle_tx`: Desired Min TX Interval while not Up, at least a second (RFC 5880 §6.8.3).
    pub idle_tx: Duration,
    /// `multiplier`: Detect Mult, at least 1.
    pub multiplier: u8,
    /// `passive`: silent until the peer speaks (RFC 5880 §6.1).
    pub passive: bool,
    /// `ttl`, `hoplimit`: of the packets we send, at least 1.
    pub ttl: u8,
    /// `max_hops`: how much smaller than `ttl` a received TTL may be; `None` accepts any (RFC 5881 §5).
    pub max_hops: Option<u8>,
    /// `multihop`: port 4784 (RFC 5883 §5) instead of 3784.
    pub multihop: bool,
    /// `vrrp`, `checker`: who hears of state changes.
    pub listeners: Listeners,
}

/// Who hears of a session's state changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listeners {
    /// The VRRP engine.
    pub vrrp: bool,
    /// The LVS engine.
    pub checker: bool,
}

impl SessionConfig {
    /// A session with every option at its default: what tests and the simulator start from.
    #[must_use]
    pub fn new(name: &str, neighbor: IpAddr) -> Self {
        Self {
            name: name.to_owned(),
            neighbor,
            source: None,
            min_rx: Duration::from_millis(10),
            min_tx: Duration::from_millis(10),
            idle_tx: Duration::from_secs(1),
            multiplier: 5,
            passive: false,
            ttl: default_ttl(neighbor),
            max_hops: Some(0),
            multihop: false,
            listeners: Listeners { vrrp: true, checker: true },
        }
    }
}

/// The TTL without `ttl`: 255 for IPv4 (RFC 5881 §5), but 64 for IPv6, as peers of the original are used to.
#[must_use]
pub fn default_ttl(neighbor: IpAddr) -> u8 {
    match Family::of(neighbor) {
        Family::V4 => 255,
        Family::V6 => 64,
    }
}

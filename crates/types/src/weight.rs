//! Two kinds of weight that must not be mixed up.

use serde::{Deserialize, Serialize};

/// What a tracker adds to, or takes from, a VRRP priority: -254 to 254. 0 means that a failure is a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PriorityWeight(i16);

impl PriorityWeight {
    /// Failure means FAULT.
    pub const FAULT: Self = Self(0);

    /// `None` outside -254 to 254.
    #[must_use]
    pub const fn new(weight: i16) -> Option<Self> {
        if weight < -254 || weight > 254 { None } else { Some(Self(weight)) }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> i16 {
        self.0
    }
}

/// An IPVS destination's weight: 0 to 2147483647; 0 takes no new connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ServerWeight(u32);

impl ServerWeight {
    /// The default of a real server.
    pub const DEFAULT: Self = Self(1);

    /// `None` above 2147483647, the largest the kernel takes.
    #[must_use]
    pub const fn new(weight: u32) -> Option<Self> {
        if weight > i32::MAX as u32 { None } else { Some(Self(weight)) }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

//! VRRP's own small numbers.

use core::fmt;
use core::time::Duration;
use serde::{Deserialize, Serialize};

/// Virtual Router Identifier, 1 to 255 (RFC 9568 §5.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Vrid(u8);

impl Vrid {
    /// `None` for 0.
    #[must_use]
    pub const fn new(vrid: u8) -> Option<Self> {
        if vrid == 0 { None } else { Some(Self(vrid)) }
    }

    /// The number, 1 to 255.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Vrid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A priority as it stands in an ADVERTISEMENT (RFC 9568 §5.2.4): 255 is the address owner's, 0 says that the
/// master gives up its role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Priority(pub u8);

impl Priority {
    /// "I am leaving": never configured, only sent.
    pub const RELEASE: Self = Self(0);
    /// The default of a router that does not own the addresses.
    pub const DEFAULT: Self = Self(100);
    /// The address owner's.
    pub const OWNER: Self = Self(255);

    /// 255: this router owns the virtual addresses.
    #[must_use]
    pub const fn is_owner(self) -> bool {
        self.0 == 255
    }

    /// 0: the master gives up its role.
    #[must_use]
    pub const fn is_release(self) -> bool {
        self.0 == 0
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Hundredths of a second, VRRPv3's unit of the Max Advertise Interval: 1 to 4095 (RFC 9568 §5.2.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Centis(u16);

impl Centis {
    /// `None` outside 1 to 4095.
    #[must_use]
    pub const fn new(centis: u16) -> Option<Self> {
        if centis == 0 || centis > 4095 { None } else { Some(Self(centis)) }
    }

    /// The number, 1 to 4095.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// The same span of time.
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_millis(self.0 as u64 * 10)
    }
}

/// Which VRRP an instance speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Version {
    /// RFC 3768, and RFC 2338 where it authenticates.
    V2,
    /// RFC 9568 (and 5798 before it).
    V3,
}

impl Version {
    /// 2 or 3, as on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::V2 => 2,
            Self::V3 => 3,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}

//! Address families, interface indexes and prefixes.

use core::fmt;
use core::net::IpAddr;
use serde::{Deserialize, Serialize};

/// IPv4 or IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Family {
    /// AF_INET.
    V4,
    /// AF_INET6.
    V6,
}

impl Family {
    /// The family of `address`.
    #[must_use]
    pub const fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }

    /// Bits in an address: 32 or 128, which is also the length of a host prefix.
    #[must_use]
    pub const fn bits(self) -> u8 {
        match self {
            Self::V4 => 32,
            Self::V6 => 128,
        }
    }

    /// Octets in an address: 4 or 16.
    #[must_use]
    pub const fn octets(self) -> usize {
        match self {
            Self::V4 => 4,
            Self::V6 => 16,
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        })
    }
}

/// The kernel's number of a network interface; never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct IfIndex(u32);

impl IfIndex {
    /// `None` for 0, which the kernel uses for "no interface".
    #[must_use]
    pub const fn new(index: u32) -> Option<Self> {
        if index == 0 { None } else { Some(Self(index)) }
    }

    /// The number, at least 1.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for IfIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An address with the length of its network prefix. Host bits may be set: this is an interface address, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Prefix {
    address: IpAddr,
    length: u8,
}

/// A prefix length that the family does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrefixError {
    /// The length that was asked for.
    pub length: u8,
    /// The longest one the family has.
    pub limit: u8,
}

impl fmt::Display for PrefixError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "prefix length {} is longer than {}", self.length, self.limit)
    }
}

impl core::error::Error for PrefixError {}

impl Prefix {
    /// # Errors
    /// [`PrefixError`] when `length` exceeds the family's 32 or 128 bits.
    pub const fn new(address: IpAddr, length: u8) -> Result<Self, PrefixError> {
        let limit = Family::of(address).bits();
        if length > limit { Err(PrefixError { length, limit }) } else { Ok(Self { address, length }) }
    }

    /// The prefix that holds just this address: /32 or /128.
    #[must_use]
    pub const fn host(address: IpAddr) -> Self {
        Self { address, length: Family::of(address).bits() }
    }

    /// The address, host bits included.
    #[must_use]
    pub const fn address(self) -> IpAddr {
        self.address
    }

    /// The prefix length in bits.
    #[must_use]
    pub const fn length(self) -> u8 {
        self.length
    }

    /// The family of the address.
    #[must_use]
    pub const fn family(self) -> Family {
        Family::of(self.address)
    }

    /// Does `address` lie in this network?
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.length)).unwrap_or(0);
                ours.to_bits() & mask == theirs.to_bits() & mask
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.length)).unwrap_or(0);
                ours.to_bits() & mask == theirs.to_bits() & mask
            }
            _ => false,
        }
    }
}

/// `address/length`, also for host prefixes.
impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(address: &str, length: u8) -> Prefix {
        Prefix::new(address.parse().expect("a literal address"), length).expect("a literal length")
    }

    #[test]
    fn a_prefix_contains_its_network_and_nothing_else() {
        let net = prefix("192.0.2.77", 24);
        assert!(net.contains("192.0.2.1".parse().expect("literal")));
        assert!(!net.contains("192.0.3.1".parse().expect("literal")));
        assert!(!net.contains("fe80::1".parse().expect("literal")));
        assert!(prefix("fe80::1", 10).contains("fe80::2".parse().expect("literal")));
        assert!(prefix("0.0.0.0", 0).contains("203.0.113.9".parse().expect("literal")));
        assert!(prefix("::", 0).contains("2001:db8::1".parse().expect("literal")));
    }

    #[test]
    fn prefix_lengths_end_at_the_family_size() {
        assert!(Prefix::new("192.0.2.1".parse().expect("literal"), 33).is_err());
        assert!(Prefix::new("2001:db8::".parse().expect("literal"), 128).is_ok());
    }
}

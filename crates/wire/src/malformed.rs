//! Why bytes are not what they were taken for.

use core::fmt;

/// What is wrong with received bytes, by cause. All of it is the sender's fault, or the link's.
///
/// A view's `new_checked` reports the first thing it finds, in the order of the fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Malformed {
    /// The bytes end before the format does.
    TooShort {
        /// Bytes that the format needs, as far as it could be read.
        needed: usize,
        /// Bytes there are.
        got: usize,
    },
    /// The length that the header implies is not the length received, and the surplus is not Ethernet padding.
    LengthMismatch {
        /// Bytes that the header promises.
        implied: usize,
        /// Bytes there are.
        got: usize,
    },
    /// An IP header of another version than was expected there.
    IpVersion {
        /// The version nibble.
        got: u8,
    },
    /// An IPv4 header length below 20 bytes (RFC 791 §3.1).
    HeaderLength {
        /// Bytes that the IHL field claims.
        got: usize,
    },
    /// A VRRP version other than the one this view reads.
    VrrpVersion {
        /// The version nibble.
        got: u8,
    },
    /// Virtual router identifier 0, which RFC 9568 §5.2.3 leaves no room for.
    ZeroVrid,
    /// Max Advertise Interval 0, which has to be discarded (RFC 9568 §5.2.7, erratum 8301).
    ZeroInterval,
    /// An ARP packet that does not map IPv4 to Ethernet: other hardware or protocol types, or address lengths.
    ArpMapping,
    /// An ICMPv6 message that is not a neighbour advertisement.
    IcmpType {
        /// The ICMPv6 type found where 136 belongs.
        got: u8,
    },
    /// A neighbour discovery option with length 0 (RFC 4861 §4.6 wants the packet discarded).
    ZeroLengthOption,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort { needed, got } => write!(f, "{got} bytes where {needed} are needed"),
            Self::LengthMismatch { implied, got } => {
                write!(f, "{got} bytes where the header implies {implied}")
            }
            Self::IpVersion { got } => write!(f, "unexpected IP version {got}"),
            Self::HeaderLength { got } => write!(f, "IPv4 header length {got} is below 20"),
            Self::VrrpVersion { got } => write!(f, "unexpected VRRP version {got}"),
            Self::ZeroVrid => f.write_str("virtual router identifier is 0"),
            Self::ZeroInterval => f.write_str("advertisement interval is 0"),
            Self::ArpMapping => f.write_str("ARP packet is not about IPv4 on Ethernet"),
            Self::IcmpType { got } => write!(f, "ICMPv6 type {got} is not a neighbour advertisement"),
            Self::ZeroLengthOption => f.write_str("neighbour discovery option of length 0"),
        }
    }
}

impl core::error::Error for Malformed {}

/// `TooShort` unless `bytes` holds at least `needed`.
pub(crate) const fn at_least(bytes: &[u8], needed: usize) -> Result<(), Malformed> {
    if bytes.len() < needed { Err(Malformed::TooShort { needed, got: bytes.len() }) } else { Ok(()) }
}

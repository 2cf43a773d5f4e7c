//! The Internet checksum (RFC 1071) and the pseudo-headers of IPv4 (RFC 793 §3.1) and IPv6 (RFC 8200 §8.1).

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use keepalived_types::Family;

/// A running one's complement sum of 16-bit words.
///
/// Carries are kept in the upper bits and folded at the end; 2^48 words fit, more than any packet has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum(u64);

impl Sum {
    /// The sum of nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self(0)
    }

    /// Adds `bytes`, which have to start at an even offset of what is summed. A last odd byte counts as the
    /// upper half of a word, so only the last piece may have an odd length.
    #[must_use]
    pub fn plus(mut self, bytes: &[u8]) -> Self {
        let mut words = bytes.chunks_exact(2);
        for word in words.by_ref() {
            self.0 += u64::from(u16::from_be_bytes([word[0], word[1]]));
        }
        if let [last] = words.remainder() {
            self.0 += u64::from(u16::from_be_bytes([*last, 0]));
        }
        self
    }

    /// The sum in 16 bits, carries added back in.
    #[must_use]
    pub fn folded(self) -> u16 {
        let mut sum = self.0;
        loop {
            match u16::try_from(sum) {
                Ok(word) => return word,
                Err(_) => sum = (sum & 0xffff) + (sum >> 16),
            }
        }
    }

    /// What belongs into the checksum field when that field was summed as 0.
    #[must_use]
    pub fn checksum(self) -> u16 {
        !self.folded()
    }

    /// Was this the sum over data whose checksum field was filled in correctly?
    #[must_use]
    pub fn is_valid(self) -> bool {
        self.folded() == 0xffff
    }
}

/// The addresses of a packet as its transport checksum covers them.
///
/// ```text
/// IPv4                                     IPv6
/// +---------------------------------+      +---------------------------------+
/// |             source              |      |        source (16 bytes)        |
/// +---------------------------------+      +---------------------------------+
/// |           destination           |      |      destination (16 bytes)     |
/// +--------+----------+-------------+      +---------------------------------+
/// |  zero  | protocol |   length    |      |             length              |
/// +--------+----------+-------------+      +------------------------+--------+
///                                          |          zero          |  next  |
///                                          +------------------------+--------+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PseudoHeader {
    /// Of an IPv4 packet.
    V4 {
        /// Source address.
        source: Ipv4Addr,
        /// Destination address.
        destination: Ipv4Addr,
    },
    /// Of an IPv6 packet.
    V6 {
        /// Source address.
        source: Ipv6Addr,
        /// Destination address.
        destination: Ipv6Addr,
    },
}

impl PseudoHeader {
    /// `None` when the addresses are of different families.
    #[must_use]
    pub const fn new(source: IpAddr, destination: IpAddr) -> Option<Self> {
        match (source, destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => Some(Self::V4 { source, destination }),
            (IpAddr::V6(source), IpAddr::V6(destination)) => Some(Self::V6 { source, destination }),
            _ => None,
        }
    }

    /// The family of both addresses.
    #[must_use]
    pub const fn family(&self) -> Family {
        match self {
            Self::V4 { .. } => Family::V4,
            Self::V6 { .. } => Family::V6,
        }
    }

    /// The sum over this pseudo-header, with the upper-layer `protocol` and the `length` of its packet in bytes.
    #[must_use]
    pub fn sum(&self, protocol: u8, length: usize) -> Sum {
        // One's complement addition does not care where in the header a word stands, so the IPv4 and the IPv6
        // layout differ in the addresses only: a 16-bit length sums up as a 32-bit one with a zero upper half.
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        let addresses = match self {
            Self::V4 { source, destination } => Sum::new().plus(&source.octets()).plus(&destination.octets()),
            Self::V6 { source, destination } => Sum::new().plus(&source.octets()).plus(&destination.octets()),
        };
        addresses.plus(&length.to_be_bytes()).plus(&[0, protocol])
    }
}

/// What a checksum covers besides the packet it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Coverage {
    /// Nothing.
    PduOnly,
    /// The addresses, the protocol and the length.
    WithPseudoHeader(PseudoHeader),
}

impl Coverage {
    /// The sum over `pdu` and what is covered with it.
    #[must_use]
    pub fn sum(&self, protocol: u8, pdu: &[u8]) -> Sum {
        match self {
            Self::PduOnly => Sum::new(),
            Self::WithPseudoHeader(header) => header.sum(protocol, pdu.len()),
        }
        .plus(pdu)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_1071_sums_up_as_printed() {
        // §3: 0001 f203 f4f5 f6f7 -> ddf2.
        let sum = Sum::new().plus(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]);
        assert_eq!(sum.folded(), 0xddf2);
        assert_eq!(sum.checksum(), 0x220d);
    }

    #[test]
    fn an_odd_last_byte_is_padded_with_zero() {
        assert_eq!(Sum::new().plus(&[1, 2, 3]), Sum::new().plus(&[1, 2, 3, 0]));
    }

    #[test]
    fn pieces_sum_up_like_the_whole() {
        let bytes: Vec<u8> = (0..=255).collect();
        let (head, tail) = bytes.split_at(100);
        assert_eq!(Sum::new().plus(head).plus(tail), Sum::new().plus(&bytes));
    }

    #[test]
    fn a_filled_in_checksum_makes_the_sum_valid() {
        let mut bytes = [0x45, 0xc0, 0, 0x2c, 0, 1, 0, 0, 0xff, 0x70, 0, 0, 10, 1, 0, 1, 224, 0, 0, 18];
        assert!(!Sum::new().plus(&bytes).is_valid());
        let checksum = Sum::new().plus(&bytes).checksum();
        assert_eq!(checksum, 0xd08c, "the captured header has this one");
        bytes[10..12].copy_from_slice(&checksum.to_be_bytes());
        assert!(Sum::new().plus(&bytes).is_valid());
    }

    #[test]
    fn carries_fold_until_none_is_left() {
        assert_eq!(Sum::new().plus(&[0xff; 65536]).folded(), 0xffff);
        assert_eq!(Sum::new().folded(), 0);
    }

    #[test]
    fn a_pseudo_header_needs_one_family() {
        let v4 = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let v6 = IpAddr::V6(Ipv6Addr::LOCALHOST);
        assert_eq!(PseudoHeader::new(v4, v6), None);
        assert_eq!(PseudoHeader::new(v6, v4), None);
        assert_eq!(PseudoHeader::new(v4, v4).map(|header| header.family()), Some(Family::V4));
        assert_eq!(PseudoHeader::new(v6, v6).map(|header| header.family()), Some(Family::V6));
    }
}

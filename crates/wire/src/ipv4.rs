//! IPv4 headers: what a raw socket hands over, and the 20 bytes that go in front of an advertisement (RFC 791 §3.1).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |Version|  IHL  |Type of Service|          Total Length         |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |         Identification        |Flags|      Fragment Offset    |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |  Time to Live |    Protocol   |         Header Checksum       |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                       Source Address                          |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                    Destination Address                        |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                    Options (received only)                    |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use crate::Malformed;
use crate::checksum::Sum;
use crate::malformed::at_least;
use crate::padding::fits;
use core::net::Ipv4Addr;

/// Bytes of a header without options, the only kind that is sent.
pub const HEADER_LEN: usize = 20;

/// Differentiated services code point CS6, network control, in its place in the second byte.
pub const TOS_NETWORK_CONTROL: u8 = 0xc0;

/// Byte offsets of the fields.
mod field {
    use core::ops::Range;
    pub(super) const VERSION_IHL: usize = 0;
    pub(super) const TOS: usize = 1;
    pub(super) const TOTAL_LENGTH: usize = 2;
    pub(super) const IDENTIFICATION: Range<usize> = 4..6;
    pub(super) const TTL: usize = 8;
    pub(super) const PROTOCOL: usize = 9;
    pub(super) const SOURCE: usize = 12;
    pub(super) const DESTINATION: usize = 16;
}

/// An IPv4 packet in a receive buffer.
#[derive(Clone, Copy, Debug)]
pub struct PacketView<'a>(&'a [u8]);

impl<'a> PacketView<'a> {
    /// Checks version and lengths; after this no accessor can fail.
    ///
    /// The total length has to be what was received, or to fall short of it by Ethernet padding only. The header
    /// checksum is not looked at: the kernel drops packets that have it wrong.
    ///
    /// # Errors
    /// [`Malformed::TooShort`], [`Malformed::IpVersion`], [`Malformed::HeaderLength`] below 20 bytes, and
    /// [`Malformed::LengthMismatch`] for a total length that does not fit.
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, Malformed> {
        at_least(bytes, HEADER_LEN)?;
        let view = Self(bytes);
        let version = bytes[field::VERSION_IHL] >> 4;
        if version != 4 {
            return Err(Malformed::IpVersion { got: version });
        }
        let header = view.header_len();
        if header < HEADER_LEN {
            return Err(Malformed::HeaderLength { got: header });
        }
        at_least(bytes, header)?;
        let total = usize::from(view.total_length());
        if bytes.len() < total {
            return Err(Malformed::TooShort { needed: total, got: bytes.len() });
        }
        if total < header || !fits(total, bytes.len()) {
            return Err(Malformed::LengthMismatch { implied: total, got: bytes.len() });
        }
        Ok(view)
    }

    /// Bytes of the header, options included: 20 to 60.
    #[must_use]
    pub fn header_len(&self) -> usize {
        usize::from(self.0[field::VERSION_IHL] & 0x0f) * 4
    }

    /// Type of service: six bits of code point, two of congestion notification.
    #[must_use]
    pub fn tos(&self) -> u8 {
        self.0[field::TOS]
    }

    /// Bytes of header and payload as the sender counted them.
    #[must_use]
    pub fn total_length(&self) -> u16 {
        self.word(field::TOTAL_LENGTH)
    }

    /// The sender's number for this packet.
    #[must_use]
    pub fn identification(&self) -> u16 {
        self.word(field::IDENTIFICATION.start)
    }

    /// Time to live on arrival.
    #[must_use]
    pub fn ttl(&self) -> u8 {
        self.0[field::TTL]
    }

    /// The protocol of the payload; 112 is VRRP, 51 is AH.
    #[must_use]
    pub fn protocol(&self) -> u8 {
        self.0[field::PROTOCOL]
    }

    /// Who sent it.
    #[must_use]
    pub fn source(&self) -> Ipv4Addr {
        address_at(self.0, field::SOURCE)
    }

    /// Who it was sent to.
    #[must_use]
    pub fn destination(&self) -> Ipv4Addr {
        address_at(self.0, field::DESTINATION)
    }

    /// Is the header checksum right? The kernel does not hand over others; a capture may hold them.
    #[must_use]
    pub fn verify_checksum(&self) -> bool {
        Sum::new().plus(&self.0[..self.header_len()]).is_valid()
    }

    /// Everything received behind the header, Ethernet padding included: what follows knows its own length.
    #[must_use]
    pub fn payload(&self) -> &'a [u8] {
        &self.0[self.header_len()..]
    }

    fn word(&self, offset: usize) -> u16 {
        u16::from_be_bytes([self.0[offset], self.0[offset + 1]])
    }
}

/// An IPv4 header as values: no options, never fragmented, don't-fragment clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HeaderRepr {
    /// Type of service; [`TOS_NETWORK_CONTROL`] for VRRP.
    pub tos: u8,
    /// The sender's number for this packet, see [`next_identification`].
    pub identification: u16,
    /// Time to live.
    pub ttl: u8,
    /// Protocol of the payload.
    pub protocol: u8,
    /// Source address.
    pub source: Ipv4Addr,
    /// Destination address.
    pub destination: Ipv4Addr,
    /// Bytes behind the header, at most 65515.
    pub payload_length: u16,
}

impl HeaderRepr {
    /// The values in `view`. Options are left out, and padding does not count as payload.
    #[must_use]
    pub fn parse(view: &PacketView<'_>) -> Self {
        // `new_checked` saw to it that the header is no longer than the whole, and a header has at most 60 bytes.
        let header = u16::try_from(view.header_len()).unwrap_or(u16::MAX);
        Self {
            tos: view.tos(),
            identification: view.identification(),
            ttl: view.ttl(),
            protocol: view.protocol(),
            source: view.source(),
            destination: view.destination(),
            payload_length: view.total_length().saturating_sub(header),
        }
    }

    /// Bytes that [`HeaderRepr::emit`] appends.
    #[must_use]
    pub const fn buffer_len(&self) -> usize {
        HEADER_LEN
    }

    /// Appends the header to `out`, its checksum 0: on a socket with `IP_HDRINCL` the kernel fills it in (ip(7)).
    /// A payload above 65515 bytes is counted as 65515.
    pub fn emit(&self, out: &mut Vec<u8>) {
        let total = self.payload_length.saturating_add(20);
        out.extend_from_slice(&[0x45, self.tos]);
        out.extend_from_slice(&total.to_be_bytes());
        out.extend_from_slice(&self.identification.to_be_bytes());
        out.extend_from_slice(&[0, 0, self.ttl, self.protocol, 0, 0]);
        out.extend_from_slice(&self.source.octets());
        out.extend_from_slice(&self.destination.octets());
    }
}

/// Overwrites the identification of a packet that was encoded before, so that it can be sent again.
///
/// # Errors
/// [`Malformed::TooShort`] when `packet` does not hold a header.
pub fn set_identification(packet: &mut [u8], identification: u16) -> Result<(), Malformed> {
    at_least(packet, HEADER_LEN)?;
    packet[field::IDENTIFICATION].copy_from_slice(&identification.to_be_bytes());
    Ok(())
}

/// The identification after `identification`: one more, 0 left out because the kernel would choose its own then.
#[must_use]
pub const fn next_identification(identification: u16) -> u16 {
    match identification.checked_add(1) {
        Some(next) => next,
        None => 1,
    }
}

/// Fills in the header checksum of `packet`, for packets that do not pass through the kernel's raw socket.
///
/// # Errors
/// What [`PacketView::new_checked`] finds wrong.
pub fn fill_checksum(packet: &mut [u8]) -> Result<(), Malformed> {
    let header = PacketView::new_checked(packet)?.header_len();
    packet[10..12].fill(0);
    let checksum = Sum::new().plus(&packet[..header]).checksum();
    packet[10..12].copy_from_slice(&checksum.to_be_bytes());
    Ok(())
}

/// The address at `offset`, which the caller has checked to lie inside.
pub(crate) fn address_at(bytes: &[u8], offset: usize) -> Ipv4Addr {
    let mut octets = [0; 4];
    octets.copy_from_slice(&bytes[offset..offset + 4]);
    Ipv4Addr::from(octets)
}

#[cfg(test)]
mod tests;

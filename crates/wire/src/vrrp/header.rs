//! What both versions have in common: the first eight bytes.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |Version| Type  | Virtual Rtr ID|   Priority    |     Count     |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |     differs between versions  |           Checksum            |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use super::HEADER_LEN;
use crate::Malformed;
use crate::malformed::at_least;
use crate::padding::fits;
use crate::{ethernet, ipv4};
use keepalived_types::{Family, Priority, Version, Vrid};

const _: () = assert!(HEADER_LEN == 8 && ipv4::HEADER_LEN < ethernet::MIN_PAYLOAD);

/// Byte offsets of the fields.
pub(super) mod field {
    use core::ops::Range;
    pub(in crate::vrrp) const VERSION_TYPE: usize = 0;
    pub(in crate::vrrp) const VRID: usize = 1;
    pub(in crate::vrrp) const PRIORITY: usize = 2;
    pub(in crate::vrrp) const COUNT: usize = 3;
    /// VRRPv2: authentication type, then seconds.
    pub(in crate::vrrp) const AUTH_TYPE: usize = 4;
    pub(in crate::vrrp) const SECONDS: usize = 5;
    /// VRRPv3: four reserved bits, then twelve bits of centiseconds.
    pub(in crate::vrrp) const INTERVAL: usize = 4;
    pub(in crate::vrrp) const CHECKSUM: Range<usize> = 6..8;
}

/// The type of a VRRP message (RFC 9568 §5.2.2): only one was ever assigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageType {
    /// 1.
    Advertisement,
    /// To be discarded.
    Unknown(u8),
}

impl From<u8> for MessageType {
    fn from(number: u8) -> Self {
        if number == 1 { Self::Advertisement } else { Self::Unknown(number) }
    }
}

impl From<MessageType> for u8 {
    fn from(kind: MessageType) -> Self {
        match kind {
            MessageType::Advertisement => 1,
            MessageType::Unknown(number) => number,
        }
    }
}

/// The common header of a VRRP message in a receive buffer. Good for finding out whose it is; the views of
/// [`super::v2`] and [`super::v3`] check the rest.
#[derive(Clone, Copy, Debug)]
pub struct HeaderView<'a>(&'a [u8]);

impl<'a> HeaderView<'a> {
    /// Checks that there is a whole header; after this no accessor can fail. `bytes` start behind the IP header.
    ///
    /// # Errors
    /// [`Malformed::TooShort`] below 8 bytes.
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, Malformed> {
        at_least(bytes, HEADER_LEN)?;
        Ok(Self(bytes))
    }

    /// The header of a message that was checked before.
    pub(super) fn of(message: &'a [u8]) -> Self {
        debug_assert!(message.len() >= HEADER_LEN, "the views of both versions check that");
        Self(message)
    }

    /// The version nibble.
    #[must_use]
    pub fn version_number(&self) -> u8 {
        self.0[field::VERSION_TYPE] >> 4
    }

    /// The version, `None` when it is neither 2 nor 3.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        match self.version_number() {
            2 => Some(Version::V2),
            3 => Some(Version::V3),
            _ => None,
        }
    }

    /// What kind of message it claims to be.
    #[must_use]
    pub fn message_type(&self) -> MessageType {
        MessageType::from(self.0[field::VERSION_TYPE] & 0x0f)
    }

    /// The virtual router it is about; `None` for the invalid 0.
    #[must_use]
    pub fn vrid(&self) -> Option<Vrid> {
        Vrid::new(self.0[field::VRID])
    }

    /// The sender's priority.
    #[must_use]
    pub fn priority(&self) -> Priority {
        Priority(self.0[field::PRIORITY])
    }

    /// How many addresses are said to follow.
    #[must_use]
    pub fn address_count(&self) -> u8 {
        self.0[field::COUNT]
    }

    /// The checksum field.
    #[must_use]
    pub fn checksum(&self) -> u16 {
        let [high, low] = [self.0[field::CHECKSUM.start], self.0[field::CHECKSUM.start + 1]];
        u16::from_be_bytes([high, low])
    }
}

/// Checks what both versions check and cuts off Ethernet padding: the message is `trailer` bytes longer than header
/// and addresses.
pub(super) fn checked(
    bytes: &[u8],
    family: Family,
    version: Version,
    trailer: usize,
) -> Result<(&[u8], Vrid), Malformed> {
    let header = HeaderView::new_checked(bytes)?;
    if header.version() != Some(version) {
        return Err(Malformed::VrrpVersion { got: header.version_number() });
    }
    let implied = HEADER_LEN + usize::from(header.address_count()) * family.octets() + trailer;
    let Some(message) = bytes.get(..implied) else {
        return Err(Malformed::TooShort { needed: implied, got: bytes.len() });
    };
    let in_front = match family {
        Family::V4 => ipv4::HEADER_LEN,
        Family::V6 => 0,
    };
    if !fits(in_front + implied, in_front + bytes.len()) {
        return Err(Malformed::LengthMismatch { implied, got: bytes.len() });
    }
    let vrid = header.vrid().ok_or(Malformed::ZeroVrid)?;
    Ok((message, vrid))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: [u8; 8] = [0x31, 0x33, 0x96, 0x02, 0x00, 0x64, 0x39, 0x06];

    #[test]
    fn deconstruct() {
        let view = HeaderView::new_checked(&HEADER).expect("eight bytes");
        assert_eq!(view.version(), Some(Version::V3));
        assert_eq!(view.message_type(), MessageType::Advertisement);
        assert_eq!(view.vrid(), Vrid::new(51));
        assert_eq!(view.priority(), Priority(150));
        assert_eq!(view.address_count(), 2);
        assert_eq!(view.checksum(), 0x3906);
    }

    #[test]
    fn truncated_headers_are_refused() {
        for got in 0..HEADER_LEN {
            let error = HeaderView::new_checked(&HEADER[..got]).err();
            assert_eq!(error, Some(Malformed::TooShort { needed: 8, got }));
        }
    }

    #[test]
    fn unassigned_values_are_told_apart() {
        let view = HeaderView::new_checked(&[0x47, 0, 0, 0, 0, 0, 0, 0]).map(|view| {
            assert_eq!(view.version(), None);
            assert_eq!(view.version_number(), 4);
            assert_eq!(view.vrid(), None);
            view.message_type()
        });
        assert_eq!(view, Ok(MessageType::Unknown(7)));
        for number in 0..16 {
            assert_eq!(u8::from(MessageType::from(number)), number);
        }
    }
}

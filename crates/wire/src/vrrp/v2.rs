//! VRRPv2 (RFC 3768 §5.1, with the authentication of RFC 2338 §5.1).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! | Ver 2 |Type 1 | Virtual Rtr ID|   Priority    | Count IP Addrs|
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |   Auth Type   | Adver Int (s) |           Checksum            |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                     IP Address (1) ... (n)                    |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |            Authentication Data (8 bytes, IPv4 only)           |
//! |                                                               |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```
//!
//! RFC 3768 knows IPv4 only. Keepalived also speaks version 2 with IPv6 addresses when it is not strict: they take
//! 16 bytes each, and there is no authentication data. No RFC has this form; it is here for those peers.

use super::header::{HeaderView, MessageType, checked, field};
use super::{AUTH_DATA_LEN, AddressList, Addresses, AuthData, HEADER_LEN, PROTOCOL};
use crate::Malformed;
use crate::checksum::{Coverage, PseudoHeader};
use keepalived_types::{Family, Priority, Version, Vrid};

/// How an advertisement says that it is authenticated (RFC 2338 §5.3.6; RFC 3768 §5.3.6 took all but 0 back).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuthType {
    /// 0: not at all.
    None,
    /// 1: by a password in clear text, `auth_type PASS`.
    Pass,
    /// 2: by an IP Authentication Header in front, `auth_type AH`.
    Ah,
    /// To be discarded.
    Unknown(u8),
}

impl From<u8> for AuthType {
    fn from(number: u8) -> Self {
        match number {
            0 => Self::None,
            1 => Self::Pass,
            2 => Self::Ah,
            other => Self::Unknown(other),
        }
    }
}

impl From<AuthType> for u8 {
    fn from(auth_type: AuthType) -> Self {
        match auth_type {
            AuthType::None => 0,
            AuthType::Pass => 1,
            AuthType::Ah => 2,
            AuthType::Unknown(other) => other,
        }
    }
}

/// What the checksum of a version 2 advertisement covers: over IPv4 the message alone (RFC 3768 §5.3.8), over IPv6
/// the pseudo-header of `ends` as well, because the kernel fills it in like that.
#[must_use]
pub const fn coverage(ends: PseudoHeader) -> Coverage {
    match ends {
        PseudoHeader::V4 { .. } => Coverage::PduOnly,
        PseudoHeader::V6 { .. } => Coverage::WithPseudoHeader(ends),
    }
}

/// A VRRPv2 ADVERTISEMENT as it lies in a receive buffer.
#[derive(Clone, Copy, Debug)]
pub struct AdvertisementView<'a> {
    /// Padding cut off.
    message: &'a [u8],
    family: Family,
    vrid: Vrid,
}

impl<'a> AdvertisementView<'a> {
    /// Checks version, lengths and VRID; after this no accessor can fail. `bytes` start behind the IP header, which
    /// was of `family`; Ethernet padding at the end is cut off. The checksum is not looked at.
    ///
    /// # Errors
    /// [`Malformed::TooShort`], [`Malformed::VrrpVersion`], [`Malformed::LengthMismatch`], [`Malformed::ZeroVrid`].
    pub fn new_checked(bytes: &'a [u8], family: Family) -> Result<Self, Malformed> {
        let (message, vrid) = checked(bytes, family, Version::V2, auth_data_len(family))?;
        Ok(Self { message, family, vrid })
    }

    /// The family of the addresses, and of the packet.
    #[must_use]
    pub fn family(&self) -> Family {
        self.family
    }

    /// Always [`Version::V2`].
    #[must_use]
    pub fn version(&self) -> Version {
        Version::V2
    }

    /// What kind of message it claims to be; all but [`MessageType::Advertisement`] have to be discarded.
    #[must_use]
    pub fn message_type(&self) -> MessageType {
        self.header().message_type()
    }

    /// The virtual router it is about.
    #[must_use]
    pub fn vrid(&self) -> Vrid {
        self.vrid
    }

    /// The sender's priority.
    #[must_use]
    pub fn priority(&self) -> Priority {
        self.header().priority()
    }

    /// How many addresses it lists.
    #[must_use]
    pub fn address_count(&self) -> u8 {
        self.header().address_count()
    }

    /// How it says that it is authenticated.
    #[must_use]
    pub fn auth_type(&self) -> AuthType {
        AuthType::from(self.message[field::AUTH_TYPE])
    }

    /// The sender's advertisement interval in whole seconds, 0 included, which no sender may choose.
    #[must_use]
    pub fn interval_seconds(&self) -> u8 {
        self.message[field::SECONDS]
    }

    /// The checksum field.
    #[must_use]
    pub fn checksum(&self) -> u16 {
        self.header().checksum()
    }

    /// The virtual addresses.
    #[must_use]
    pub fn addresses(&self) -> Addresses<'a> {
        let end = self.message.len() - auth_data_len(self.family);
        Addresses::new(&self.message[HEADER_LEN..end], self.family)
    }

    /// The authentication data; zero for IPv6, which has none.
    #[must_use]
    pub fn auth_data(&self) -> AuthData {
        let start = self.message.len() - auth_data_len(self.family);
        self.message[start..].try_into().map_or(AuthData::ZERO, AuthData::new)
    }

    /// Is the checksum right for a packet between `ends`? They matter for IPv6 only, see [`coverage`].
    #[must_use]
    pub fn verify_checksum(&self, ends: PseudoHeader) -> bool {
        coverage(ends).sum(PROTOCOL, self.message).is_valid()
    }

    /// The common header.
    #[must_use]
    pub fn header(&self) -> HeaderView<'a> {
        HeaderView::of(self.message)
    }

    /// The message without padding, from its version to its authentication data.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.message
    }
}

/// A VRRPv2 ADVERTISEMENT as values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdvertisementV2 {
    /// The virtual router.
    pub vrid: Vrid,
    /// The sender's priority.
    pub priority: Priority,
    /// How it is authenticated.
    pub auth_type: AuthType,
    /// The password for [`AuthType::Pass`], else zero. Not sent over IPv6.
    pub auth_data: AuthData,
    /// Advertisement interval in whole seconds, 1 to 255.
    pub interval_seconds: u8,
    /// The virtual addresses; their family is the packet's.
    pub addresses: AddressList,
}

impl AdvertisementV2 {
    /// The values in `view`, whatever its message type.
    #[must_use]
    pub fn parse(view: &AdvertisementView<'_>) -> Self {
        Self {
            vrid: view.vrid(),
            priority: view.priority(),
            auth_type: view.auth_type(),
            auth_data: view.auth_data(),
            interval_seconds: view.interval_seconds(),
            addresses: AddressList::received(view.family(), view.addresses()),
        }
    }

    /// Bytes that [`AdvertisementV2::emit`] appends.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        HEADER_LEN + self.addresses.buffer_len() + auth_data_len(self.addresses.family())
    }

    /// Appends the message to `out`, its checksum filled in. Use [`coverage`] to choose what it covers.
    pub fn emit(&self, out: &mut Vec<u8>, coverage: Coverage) {
        let start = out.len();
        out.extend_from_slice(&[0x21, self.vrid.get(), self.priority.get(), self.addresses.count()]);
        out.extend_from_slice(&[u8::from(self.auth_type), self.interval_seconds, 0, 0]);
        self.addresses.emit(out);
        if self.addresses.family() == Family::V4 {
            out.extend_from_slice(self.auth_data.as_bytes());
        }
        super::packet::fill_checksum(&mut out[start..], coverage);
    }
}

/// IPv6 has no authentication data.
const fn auth_data_len(family: Family) -> usize {
    match family {
        Family::V4 => AUTH_DATA_LEN,
        Family::V6 => 0,
    }
}

#[cfg(test)]
mod tests;

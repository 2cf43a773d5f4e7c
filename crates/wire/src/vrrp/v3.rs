//! VRRPv3 (RFC 9568 §5.1, RFC 5798 before it).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! | Ver 3 |Type 1 | Virtual Rtr ID|   Priority    |IPvX Addr Count|
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |Reserve| Max Advertise Interval|           Checksum            |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                   IPvX Address(es) ...                        |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use super::header::{HeaderView, MessageType, checked, field};
use super::{AddressList, Addresses, HEADER_LEN, PROTOCOL};
use crate::Malformed;
use crate::checksum::{Coverage, PseudoHeader};
use core::net::Ipv4Addr;
use keepalived_types::{Centis, Family, Priority, Version, Vrid};

/// The ways to compute an IPv4 advertisement's checksum that are in use. Over IPv6 there is only the first.
///
/// RFC 5798 §5.2.8 can be read either way, and routers differ; RFC 9568 §5.2.8 settles on [`Self::PduOnly`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChecksumStyle {
    /// With a pseudo-header: Keepalived's default, and FRR's for multicast.
    PseudoHeader,
    /// With a pseudo-header that names the multicast group as destination even though the packet went to a peer:
    /// old Keepalived (`old_unicast_checksum`), and FRR.
    GroupPseudoHeader,
    /// Without a pseudo-header: RFC 9568, Keepalived's `v3_checksum_as_v2`, Holo.
    PduOnly,
}

impl ChecksumStyle {
    /// What the checksum covers in this style, for a packet between `ends` where `group` is the multicast group that
    /// is configured. Over IPv6, the pseudo-header of `ends` whatever the style.
    #[must_use]
    pub const fn coverage(self, ends: PseudoHeader, group: Ipv4Addr) -> Coverage {
        match (self, ends) {
            (Self::PduOnly, PseudoHeader::V4 { .. }) => Coverage::PduOnly,
            (Self::GroupPseudoHeader, PseudoHeader::V4 { source, .. }) => {
                Coverage::WithPseudoHeader(PseudoHeader::V4 { source, destination: group })
            }
            _ => Coverage::WithPseudoHeader(ends),
        }
    }
}

/// A VRRPv3 ADVERTISEMENT as it lies in a receive buffer.
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
        let (message, vrid) = checked(bytes, family, Version::V3, 0)?;
        Ok(Self { message, family, vrid })
    }

    /// The family of the addresses, and of the packet.
    #[must_use]
    pub fn family(&self) -> Family {
        self.family
    }

    /// Always [`Version::V3`].
    #[must_use]
    pub fn version(&self) -> Version {
        Version::V3
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

    /// Max Advertise Interval in centiseconds as it stands there, 0 to 4095. The four bits in front of it are
    /// reserved and ignored (§5.2.6).
    #[must_use]
    pub fn interval_raw(&self) -> u16 {
        let [high, low] = [self.message[field::INTERVAL], self.message[field::INTERVAL + 1]];
        u16::from_be_bytes([high & 0x0f, low])
    }

    /// Max Advertise Interval; `None` for 0, which has to be discarded (§5.2.7, erratum 8301).
    #[must_use]
    pub fn interval(&self) -> Option<Centis> {
        Centis::new(self.interval_raw())
    }

    /// The checksum field.
    #[must_use]
    pub fn checksum(&self) -> u16 {
        self.header().checksum()
    }

    /// The virtual addresses.
    #[must_use]
    pub fn addresses(&self) -> Addresses<'a> {
        Addresses::new(&self.message[HEADER_LEN..], self.family)
    }

    /// Is the checksum right when it covers this?
    #[must_use]
    pub fn verify_checksum(&self, coverage: Coverage) -> bool {
        coverage.sum(PROTOCOL, self.message).is_valid()
    }

    /// The style in which the checksum is right for a packet between `ends`, `None` when it is wrong in all of them.
    /// For a packet to `group` itself the two kinds of pseudo-header are the same, and the answer is the first.
    #[must_use]
    pub fn checksum_style(&self, ends: PseudoHeader, group: Ipv4Addr) -> Option<ChecksumStyle> {
        [ChecksumStyle::PseudoHeader, ChecksumStyle::GroupPseudoHeader, ChecksumStyle::PduOnly]
            .into_iter()
            .find(|style| self.verify_checksum(style.coverage(ends, group)))
    }

    /// The common header.
    #[must_use]
    pub fn header(&self) -> HeaderView<'a> {
        HeaderView::of(self.message)
    }

    /// The message without padding, from its version to its last address.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.message
    }
}

/// A VRRPv3 ADVERTISEMENT as values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdvertisementV3 {
    /// The virtual router.
    pub vrid: Vrid,
    /// The sender's priority.
    pub priority: Priority,
    /// Max Advertise Interval.
    pub interval: Centis,
    /// The virtual addresses; their family is the packet's.
    pub addresses: AddressList,
}

impl AdvertisementV3 {
    /// The values in `view`, whatever its message type.
    ///
    /// # Errors
    /// [`Malformed::ZeroInterval`].
    pub fn parse(view: &AdvertisementView<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            vrid: view.vrid(),
            priority: view.priority(),
            interval: view.interval().ok_or(Malformed::ZeroInterval)?,
            addresses: AddressList::received(view.family(), view.addresses()),
        })
    }

    /// Bytes that [`AdvertisementV3::emit`] appends.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        HEADER_LEN + self.addresses.buffer_len()
    }

    /// Appends the message to `out`, its checksum filled in. Use [`ChecksumStyle::coverage`] to choose what it covers.
    pub fn emit(&self, out: &mut Vec<u8>, coverage: Coverage) {
        let start = out.len();
        out.extend_from_slice(&[0x31, self.vrid.get(), self.priority.get(), self.addresses.count()]);
        out.extend_from_slice(&self.interval.get().to_be_bytes());
        out.extend_from_slice(&[0, 0]);
        self.addresses.emit(out);
        super::packet::fill_checksum(&mut out[start..], coverage);
    }
}

#[cfg(test)]
mod tests;

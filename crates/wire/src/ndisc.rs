//! Neighbour advertisements (RFC 4861 §4.4), and the unsolicited kind that moves a virtual address (RFC 9568 §6.4.2).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |   Type 136    |    Code 0     |          Checksum             |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |R|S|O|                     Reserved                            |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                   Target Address (16 bytes)                   |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! | Option Type 2 |  Length 1     |   Target Link-Layer Address   |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+                               +
//! |                          (6 bytes)                            |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use crate::Malformed;
use crate::checksum::PseudoHeader;
use crate::ethernet::{self, EtherType, MacAddr, mac_at};
use crate::ipv6::{self, address_at};
use crate::malformed::at_least;
use core::net::Ipv6Addr;

/// The IPv6 next header number of ICMPv6.
pub const ICMPV6: u8 = 58;

/// The ICMPv6 type of a neighbour advertisement.
pub const NEIGHBOUR_ADVERTISEMENT: u8 = 136;

/// Every node on the link.
pub const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

/// Bytes in front of the options.
const FIXED_LEN: usize = 24;

/// Options count their length in units of this many bytes.
const OPTION_UNIT: usize = 8;

/// The option that holds the target's link-layer address (RFC 4861 §4.6.1).
const TARGET_LINK_LAYER_ADDRESS: u8 = 2;

const ROUTER: u8 = 0x80;
const SOLICITED: u8 = 0x40;
const OVERRIDE: u8 = 0x20;

/// A neighbour advertisement in a receive buffer, behind its IPv6 header.
#[derive(Clone, Copy, Debug)]
pub struct AdvertisementView<'a>(&'a [u8]);

impl<'a> AdvertisementView<'a> {
    /// Checks type, length and the chain of options; after this no accessor can fail. The checksum is not looked at.
    ///
    /// # Errors
    /// [`Malformed::TooShort`], [`Malformed::IcmpType`], [`Malformed::ZeroLengthOption`].
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, Malformed> {
        at_least(bytes, FIXED_LEN)?;
        if bytes[0] != NEIGHBOUR_ADVERTISEMENT {
            return Err(Malformed::IcmpType { got: bytes[0] });
        }
        let mut offset = FIXED_LEN;
        while offset < bytes.len() {
            at_least(bytes, offset + 2)?;
            let length = usize::from(bytes[offset + 1]) * OPTION_UNIT;
            if length == 0 {
                return Err(Malformed::ZeroLengthOption);
            }
            offset += length;
            at_least(bytes, offset)?;
        }
        Ok(Self(bytes))
    }

    /// R: the sender is a router.
    #[must_use]
    pub fn is_router(&self) -> bool {
        self.0[4] & ROUTER != 0
    }

    /// S: the answer to a solicitation.
    #[must_use]
    pub fn is_solicited(&self) -> bool {
        self.0[4] & SOLICITED != 0
    }

    /// O: replaces what the receiver has cached.
    #[must_use]
    pub fn overrides(&self) -> bool {
        self.0[4] & OVERRIDE != 0
    }

    /// The address it is about.
    #[must_use]
    pub fn target(&self) -> Ipv6Addr {
        address_at(self.0, 8)
    }

    /// The Ethernet address from the first target link-layer address option of the right length.
    #[must_use]
    pub fn link_layer_address(&self) -> Option<MacAddr> {
        let mut options = &self.0[FIXED_LEN..];
        while let [kind, units, ..] = *options {
            if kind == TARGET_LINK_LAYER_ADDRESS && units == 1 {
                return Some(mac_at(options, 2));
            }
            options = &options[usize::from(units) * OPTION_UNIT..];
        }
        None
    }

    /// Is the checksum right for a packet from `source` to `destination`?
    #[must_use]
    pub fn verify_checksum(&self, source: Ipv6Addr, destination: Ipv6Addr) -> bool {
        PseudoHeader::V6 { source, destination }.sum(ICMPV6, self.0.len()).plus(self.0).is_valid()
    }
}

/// A neighbour advertisement as values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AdvertisementRepr {
    /// R: the sender is a router.
    pub router: bool,
    /// S: the answer to a solicitation.
    pub solicited: bool,
    /// O: replaces what the receiver has cached.
    pub overrides: bool,
    /// The address it is about.
    pub target: Ipv6Addr,
    /// The target link-layer address option.
    pub link_layer_address: Option<MacAddr>,
}

impl AdvertisementRepr {
    /// The values in `view`; other options are left out.
    #[must_use]
    pub fn parse(view: &AdvertisementView<'_>) -> Self {
        Self {
            router: view.is_router(),
            solicited: view.is_solicited(),
            overrides: view.overrides(),
            target: view.target(),
            link_layer_address: view.link_layer_address(),
        }
    }

    /// Bytes that [`AdvertisementRepr::emit`] appends: 24, or 32 with the option.
    #[must_use]
    pub const fn buffer_len(&self) -> usize {
        if self.link_layer_address.is_some() { FIXED_LEN + OPTION_UNIT } else { FIXED_LEN }
    }

    /// Appends the message to `out`, its checksum filled in for a packet from `source` to `destination`.
    pub fn emit(&self, out: &mut Vec<u8>, source: Ipv6Addr, destination: Ipv6Addr) {
        let start = out.len();
        let flags = [(self.router, ROUTER), (self.solicited, SOLICITED), (self.overrides, OVERRIDE)]
            .into_iter()
            .fold(0, |flags, (is_set, bit)| if is_set { flags | bit } else { flags });
        out.extend_from_slice(&[NEIGHBOUR_ADVERTISEMENT, 0, 0, 0, flags, 0, 0, 0]);
        out.extend_from_slice(&self.target.octets());
        if let Some(mac) = self.link_layer_address {
            out.extend_from_slice(&[TARGET_LINK_LAYER_ADDRESS, 1]);
            out.extend_from_slice(&mac.0);
        }
        let message = &mut out[start..];
        let sum = PseudoHeader::V6 { source, destination }.sum(ICMPV6, message.len()).plus(message);
        message[2..4].copy_from_slice(&sum.checksum().to_be_bytes());
    }
}

/// The whole Ethernet frame that tells every node that `address` is at `mac` from now on. 86 bytes.
///
/// The source is `address` itself. RFC 9568 §6.4.2 wants the Router flag set; Keepalived sets it where the interface
/// forwards IPv6, and so the caller decides with `router`.
#[must_use]
pub fn unsolicited_frame(mac: MacAddr, address: Ipv6Addr, router: bool) -> Vec<u8> {
    let advert = AdvertisementRepr {
        router,
        solicited: false,
        overrides: true,
        target: address,
        link_layer_address: Some(mac),
    };
    let header = ipv6::HeaderRepr {
        traffic_class: 0,
        flow_label: 0,
        payload_length: u16::try_from(advert.buffer_len()).expect("it is 24 or 32"),
        next_header: ICMPV6,
        hop_limit: 255,
        source: address,
        destination: ALL_NODES,
    };
    let destination = MacAddr::multicast_v6(ALL_NODES);
    let mut frame = Vec::with_capacity(ethernet::HEADER_LEN + header.buffer_len() + advert.buffer_len());
    ethernet::HeaderRepr { destination, source: mac, ether_type: EtherType::Ipv6 }.emit(&mut frame);
    header.emit(&mut frame);
    advert.emit(&mut frame, address, ALL_NODES);
    frame
}

#[cfg(test)]
mod tests;

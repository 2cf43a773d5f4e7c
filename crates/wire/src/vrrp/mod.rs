//! VRRP ADVERTISEMENTs, versions 2 and 3, over IPv4 and IPv6.
//!
//! A receiver looks at [`HeaderView`] first, for it is the same in both versions: it names the virtual router and
//! the version, which decides between [`v2::AdvertisementView`] and [`v3::AdvertisementView`]. A sender fills in
//! an [`Advertisement`], encodes it once when it changes with [`encode_ipv4`] or [`encode_ipv6`], and keeps the bytes.

mod addresses;
mod header;
mod packet;
mod password;
pub mod v2;
pub mod v3;

use core::net::{Ipv4Addr, Ipv6Addr};

pub use addresses::{AddressList, AddressListError, Addresses};
pub use header::{HeaderView, MessageType};
pub use packet::{Advertisement, encode_ipv4, encode_ipv6};
pub use password::AuthData;

/// The IP protocol number (RFC 9568 §5.1.1.4).
pub const PROTOCOL: u8 = 112;

/// Bytes in front of the addresses, in every version.
pub const HEADER_LEN: usize = 8;

/// Bytes of authentication data behind the addresses, VRRPv2 over IPv4 only.
pub const AUTH_DATA_LEN: usize = 8;

/// TTL or hop limit of everything sent to the group, and the only one believed from it (RFC 9568 §5.1.1.3).
pub const TTL: u8 = 255;

/// The group that all routers listen to (RFC 9568 §5.1.1.2). The configuration can change it.
pub const GROUP_V4: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);

/// The group that all routers listen to (RFC 9568 §5.1.2.2). The configuration can change it.
pub const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12);

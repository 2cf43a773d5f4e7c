//! Virtual and static addresses.

use keepalived_types::{InterfaceName, Prefix, Rare, Usual};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr};

/// One line of `virtual_ipaddress`, `virtual_ipaddress_excluded` or `static_ipaddress`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AddressConfig {
    /// The address and its prefix length (32 or 128 when the line gives none).
    pub prefix: Prefix,
    /// `dev`; `None` means the instance's own interface (or VMAC).
    pub interface: Option<InterfaceName>,
    /// `no_track`: nobody cares when the address goes away.
    pub no_track: bool,
    /// `use_vmac` on the line.
    pub use_vmac: bool,
    /// What few lines say.
    pub options: Rare<AddressOptions>,
}

/// The rest of an address line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AddressOptions {
    /// `scope`, as in `rt_scopes`; `None` means link for IPv6 link-local addresses and global for the rest.
    pub scope: Option<u8>,
    /// `brd`.
    pub broadcast: Option<Broadcast>,
    /// `label`, at most 15 bytes, IPv4 only.
    pub label: Option<String>,
    /// `peer`: the other end of a point-to-point link.
    pub peer: Option<IpAddr>,
    /// `home`, `-nodad`, `mngtmpaddr`, `noprefixroute`, `autojoin`.
    pub flags: AddressFlags,
    /// `preferred_lft`; `None` means 0 (deprecated, never a source) for an IPv6 /128, else for ever.
    pub preferred_lifetime: Option<Lifetime>,
    /// `track_group` (static addresses only).
    pub track_group: Option<String>,
}

impl AddressConfig {
    /// An address with every option at its default.
    #[must_use]
    pub fn plain(prefix: Prefix) -> Self {
        Self { prefix, interface: None, no_track: false, use_vmac: false, options: Rare::default() }
    }
}

impl Usual for AddressOptions {
    const USUAL: &'static Self = &Self {
        scope: None,
        broadcast: None,
        label: None,
        peer: None,
        flags: AddressFlags {
            home: false,
            duplicate_detection: false,
            mngtmpaddr: false,
            noprefixroute: false,
            autojoin: false,
        },
        preferred_lifetime: None,
        track_group: None,
    };
}

/// `brd` of an IPv4 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Broadcast {
    /// A literal address.
    Address(Ipv4Addr),
    /// `+`: all host bits set.
    HostBitsSet,
    /// `-`: all host bits clear.
    HostBitsClear,
}

/// Flags of an interface address (`IFA_F_*`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AddressFlags {
    /// `home` (IPv6 mobility).
    pub home: bool,
    /// `-nodad`: let the kernel look for duplicates; off unless asked for, a virtual address must be usable at once.
    pub duplicate_detection: bool,
    /// `mngtmpaddr`.
    pub mngtmpaddr: bool,
    /// `noprefixroute`.
    pub noprefixroute: bool,
    /// `autojoin`.
    pub autojoin: bool,
}

/// A preferred lifetime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Lifetime {
    /// No end.
    Forever,
    /// This many seconds; 0 means deprecated.
    Seconds(u32),
}

//! `virtual_server_group`: addresses and firewall marks that share real servers.

use keepalived_types::Family;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// `virtual_server_group NAME { ... }`; never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerGroup {
    /// The block's name.
    pub name: String,
    /// One per line, in the order of the file.
    pub entries: Vec<GroupEntry>,
}

/// One line of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum GroupEntry {
    /// An address or several in a row, each a service.
    Addresses {
        /// First to last, at least one.
        range: AddressRange,
        /// The port; 0 for every port.
        port: u16,
    },
    /// `fwmark N [inet|inet6]`.
    Mark {
        /// The firewall mark.
        mark: u32,
        /// As written; `None` follows the virtual server.
        family: Option<Family>,
    },
}

/// Addresses from `first` to `last`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AddressRange {
    first: IpAddr,
    last: IpAddr,
}

impl AddressRange {
    /// `None` when the families differ or `last` lies before `first`.
    #[must_use]
    pub fn new(first: IpAddr, last: IpAddr) -> Option<Self> {
        (Family::of(first) == Family::of(last) && first <= last).then_some(Self { first, last })
    }

    /// The range that holds just `address`.
    #[must_use]
    pub const fn single(address: IpAddr) -> Self {
        Self { first: address, last: address }
    }

    /// The lowest address.
    #[must_use]
    pub const fn first(self) -> IpAddr {
        self.first
    }

    /// The highest address.
    #[must_use]
    pub const fn last(self) -> IpAddr {
        self.last
    }

    /// The family of all its addresses.
    #[must_use]
    pub const fn family(self) -> Family {
        Family::of(self.first)
    }
}

impl ServerGroup {
    /// Does the group have an address of this family?
    #[must_use]
    pub fn has_addresses(&self, wanted: Family) -> bool {
        self.entries
            .iter()
            .any(|entry| matches!(entry, GroupEntry::Addresses { range, .. } if range.family() == wanted))
    }

    /// Does the group have firewall marks?
    #[must_use]
    pub fn has_marks(&self) -> bool {
        self.entries.iter().any(|entry| matches!(entry, GroupEntry::Mark { .. }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("a literal address")
    }

    #[test]
    fn a_range_has_one_family_and_goes_upwards() {
        assert!(AddressRange::new(address("192.0.2.250"), address("192.0.3.5")).is_some());
        assert!(AddressRange::new(address("192.0.2.5"), address("192.0.2.5")).is_some());
        assert!(AddressRange::new(address("192.0.2.5"), address("192.0.2.4")).is_none());
        assert!(AddressRange::new(address("192.0.2.5"), address("2001:db8::")).is_none());
    }

    #[test]
    fn marks_are_no_addresses() {
        let mark = GroupEntry::Mark { mark: 1, family: Some(Family::V4) };
        let group = ServerGroup { name: "g".to_owned(), entries: vec![mark] };
        assert!(group.has_marks() && !group.has_addresses(Family::V4));
    }
}

//! Packets that get a firewall mark before IPVS sees them (`nftables_ipvs`): what `lvs` wants, what `kernel` writes.

use crate::Family;
use crate::ipvs::Protocol;
use core::net::IpAddr;

/// An nftables table that marks packets, whole: what is not in it is not marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marking {
    /// The name of the table, up to 30 characters.
    pub table: String,
    /// The priority of its chain.
    pub priority: i32,
    /// Which packets get which mark; no two overlap. Without any there is no table.
    pub ranges: Vec<MarkedRange>,
}

/// Packets to addresses in a row that get one mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarkedRange {
    /// The protocol of the packets.
    pub protocol: Protocol,
    /// The lowest address, of the family of the highest.
    pub first: IpAddr,
    /// The highest address.
    pub last: IpAddr,
    /// The port; 0 for every port that no other range names.
    pub port: u16,
    /// The mark, never 0.
    pub mark: u32,
}

impl MarkedRange {
    /// The family of its addresses.
    #[must_use]
    pub const fn family(&self) -> Family {
        Family::of(self.first)
    }
}

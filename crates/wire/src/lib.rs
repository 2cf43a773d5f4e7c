//! Bytes to views and plain structs: VRRP, ARP, neighbour discovery, and the headers around them.
//!
//! Every format has the same three parts. A *view* borrows received bytes: `new_checked` checks every length once,
//! and after that no accessor can fail. A plain struct whose name ends in `Repr` (for VRRP, [`vrrp::v2::AdvertisementV2`]
//! and [`vrrp::v3::AdvertisementV3`]) holds the same as values, with `parse` from a view, `buffer_len`, and `emit`,
//! which appends to a `Vec`. Values that no RFC has assigned survive as `Unknown(n)`.
//!
//! Nothing here does I/O, and nothing that arrives can make it panic. A view whose lengths are right may still say
//! nonsense: what to believe is the engine's business.

#![forbid(unsafe_code)]

pub mod arp;
pub mod checksum;
pub mod ethernet;
pub mod ipv4;
pub mod ipv6;
mod malformed;
pub mod ndisc;
mod padding;
pub mod vrrp;

pub use malformed::Malformed;

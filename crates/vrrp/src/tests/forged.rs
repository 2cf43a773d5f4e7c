//! Adverts of a router that does not exist.

use super::{ip, vip};
use crate::Received;
use crate::config::AddressConfig;
use keepalived_types::{Centis, Family, Priority, Version, Vrid};
use keepalived_wire::checksum::PseudoHeader;
use keepalived_wire::vrrp::v2::{self, AdvertisementV2, AuthType};
use keepalived_wire::vrrp::v3::{AdvertisementV3, ChecksumStyle};
use keepalived_wire::vrrp::{AddressList, Advertisement, AuthData, GROUP_V4};
use std::net::IpAddr;

/// What B sends. Changed in place by tests.
#[derive(Clone, Debug)]
pub(crate) struct Forged {
    pub(crate) version: Version,
    pub(crate) vrid: u8,
    pub(crate) priority: u8,
    pub(crate) seconds: u8,
    pub(crate) centis: u16,
    pub(crate) from: IpAddr,
    pub(crate) to: IpAddr,
    pub(crate) ttl: Option<u8>,
    pub(crate) addresses: Vec<AddressConfig>,
    pub(crate) auth_type: u8,
    pub(crate) auth_data: [u8; 8],
    pub(crate) style: ChecksumStyle,
    /// Bytes changed after the checksum was made: offset and value.
    pub(crate) patches: Vec<(usize, u8)>,
}

impl Forged {
    /// As [`super::ipv4`] would send it, from 10.1.0.2.
    pub(crate) fn v2(priority: u8) -> Self {
        Self {
            version: Version::V2,
            vrid: 51,
            priority,
            seconds: 1,
            centis: 100,
            from: ip("10.1.0.2"),
            to: ip("224.0.0.18"),
            ttl: Some(255),
            addresses: vec![vip("10.1.0.100"), vip("10.1.0.101")],
            auth_type: 0,
            auth_data: [0; 8],
            style: ChecksumStyle::PseudoHeader,
            patches: Vec::new(),
        }
    }

    /// As [`super::ipv4_v3`] would.
    pub(crate) fn v3(priority: u8) -> Self {
        Self { version: Version::V3, ..Self::v2(priority) }
    }

    /// As [`super::ipv6`] would, from fe80::2.
    pub(crate) fn ipv6(priority: u8) -> Self {
        Self {
            from: ip("fe80::2"),
            to: ip("ff02::12"),
            addresses: vec![vip("fe80::100"), vip("fd00:1::100")],
            ..Self::v3(priority)
        }
    }

    /// From somebody else.
    pub(crate) fn from(self, from: &str) -> Self {
        Self { from: ip(from), ..self }
    }

    /// The bytes behind the IP header.
    pub(crate) fn payload(&self) -> Vec<u8> {
        let family = Family::of(self.from);
        let addresses = self.addresses.iter().map(|address| address.prefix.address());
        let addresses = AddressList::new(family, addresses).expect("one family");
        let vrid = Vrid::new(self.vrid).expect("not 0");
        let priority = Priority(self.priority);
        let ends = PseudoHeader::new(self.from, self.to).expect("one family");
        let (advert, coverage) = match self.version {
            Version::V2 => {
                let auth_type = AuthType::from(self.auth_type);
                let auth_data = AuthData::new(self.auth_data);
                let interval_seconds = self.seconds;
                let advert =
                    AdvertisementV2 { vrid, priority, auth_type, auth_data, interval_seconds, addresses };
                (Advertisement::V2(advert), v2::coverage(ends))
            }
            Version::V3 => {
                let interval = Centis::new(self.centis).expect("in range");
                let advert = AdvertisementV3 { vrid, priority, interval, addresses };
                (Advertisement::V3(advert), self.style.coverage(ends, GROUP_V4))
            }
        };
        let mut bytes = Vec::new();
        advert.emit(&mut bytes, coverage);
        for (offset, value) in &self.patches {
            bytes[*offset] = *value;
        }
        bytes
    }

    /// As it comes out of the socket.
    pub(crate) fn received<'a>(&self, payload: &'a [u8]) -> Received<'a> {
        Received {
            payload,
            claimed_length: self.from.is_ipv4().then_some(payload.len()),
            source: self.from,
            destination: self.to,
            ttl: self.ttl,
            has_authentication_header: false,
        }
    }

    /// Changes bytes and makes the v2 checksum, or the v3 one with the pseudo-header, right again.
    pub(crate) fn patched(mut self, offset: usize, value: u8) -> Self {
        self.patches = vec![(offset, value), (6, 0), (7, 0)];
        let bytes = self.payload();
        let ends = PseudoHeader::new(self.from, self.to).expect("one family");
        let coverage = match self.version {
            Version::V2 => v2::coverage(ends),
            Version::V3 => self.style.coverage(ends, GROUP_V4),
        };
        let [high, low] = coverage.sum(112, &bytes).checksum().to_be_bytes();
        self.patches = vec![(offset, value), (6, high), (7, low)];
        self
    }
}

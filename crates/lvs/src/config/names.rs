//! How servers are called wherever people read about them (lvs reference 6.1).

use super::{Protocol, RealServer, Service, VirtualServer};
use std::net::IpAddr;

/// An address, protocol and port: `[192.0.2.1]:tcp:80`.
#[must_use]
pub fn endpoint(address: IpAddr, port: u16, protocol: Option<Protocol>) -> String {
    let protocol = match protocol {
        None => "none",
        Some(Protocol::Tcp) => "tcp",
        Some(Protocol::Udp) => "udp",
        Some(Protocol::Sctp) => "sctp",
    };
    format!("[{address}]:{protocol}:{port}")
}

impl VirtualServer {
    /// `[192.0.2.1]:tcp:80`, `FWM 5` or `[group]:0`.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.service {
            Service::Address(address, port) => endpoint(*address, *port, self.protocol),
            Service::Mark(mark) => format!("FWM {mark}"),
            Service::Group { name, ordinal } => format!("[{name}]:{ordinal}"),
        }
    }
}

impl RealServer {
    /// `[192.0.2.1]:tcp:80`; the protocol is its virtual server's.
    #[must_use]
    pub fn name(&self, protocol: Option<Protocol>) -> String {
        endpoint(self.address, self.port, protocol)
    }
}

//! Printed names of real servers, kept in half the room.

use keepalived_lvs::config::{Protocol, endpoint};
use std::fmt;
use std::net::IpAddr;

/// The printed name of a real server, `[192.0.2.1]:tcp:80`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ServerName {
    /// As all are printed.
    Endpoint(IpAddr, Option<Protocol>, u16),
    /// Anything else.
    Other(Box<str>),
}

impl From<&str> for ServerName {
    fn from(name: &str) -> Self {
        parse(name).filter(|parsed| parsed.to_string() == name).unwrap_or_else(|| Self::Other(name.into()))
    }
}

fn parse(name: &str) -> Option<ServerName> {
    let (address, rest) = name.strip_prefix('[')?.split_once("]:")?;
    let (protocol, port) = rest.split_once(':')?;
    let protocol = match protocol {
        "tcp" => Some(Protocol::Tcp),
        "udp" => Some(Protocol::Udp),
        "sctp" => Some(Protocol::Sctp),
        _ => None,
    };
    Some(ServerName::Endpoint(address.parse().ok()?, protocol, port.parse().ok()?))
}

impl fmt::Display for ServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Endpoint(address, protocol, port) => f.write_str(&endpoint(*address, *port, *protocol)),
            Self::Other(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_comes_back_and_those_of_servers_take_no_text() {
        let servers =
            ["[192.0.2.1]:tcp:80", "[2001:db8::1]:sctp:65535", "[192.0.2.1]:udp:0", "[192.0.2.1]:none:1"];
        for name in servers {
            assert!(matches!(ServerName::from(name), ServerName::Endpoint(..)), "{name}");
            assert_eq!(ServerName::from(name).to_string(), name);
        }
        for name in ["", "rs", "[192.0.2.1]:tcp:080", "[192.0.2.1]:ip:80", "[2001:DB8::1]:tcp:80", "[web]:0"]
        {
            assert_eq!(ServerName::from(name), ServerName::Other(name.into()));
            assert_eq!(ServerName::from(name).to_string(), name);
        }
    }
}

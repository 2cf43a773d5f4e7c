//! Addresses of a node as `ip -j addr` tells them.

use std::net::IpAddr;

use serde_json::Value;

use crate::{Error, Result};

/// One address on one interface.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// The interface's name.
    pub interface: String,
    /// The address.
    pub ip: IpAddr,
    /// Its prefix length, 0..=32 or 0..=128.
    pub prefix: u8,
    /// `global`, `link` or `host`.
    pub scope: String,
    /// The label (IPv4), when there is one.
    pub label: Option<String>,
}

/// Reads the output of `ip -j addr show`, without the loopback interface.
pub(crate) fn parse(json: &str) -> Result<Vec<Address>> {
    let bad = |what: &str| Error::Unexpected(format!("`ip -j addr`: {what} in {json}"));
    let links: Vec<Value> = serde_json::from_str(json).map_err(|error| bad(&error.to_string()))?;
    let mut addresses = Vec::new();
    for link in &links {
        // iproute2 prints an empty object for links that a filter left out.
        let Some(interface) = link["ifname"].as_str().filter(|&name| name != "lo") else {
            continue;
        };
        for entry in link["addr_info"].as_array().into_iter().flatten() {
            let Some(text) = entry["local"].as_str() else {
                continue;
            };
            let prefix = entry["prefixlen"].as_u64().and_then(|length| u8::try_from(length).ok());
            addresses.push(Address {
                interface: interface.to_owned(),
                ip: text.parse().map_err(|_| bad("no address"))?,
                prefix: prefix.ok_or_else(|| bad("no prefix length"))?,
                scope: entry["scope"].as_str().unwrap_or_default().to_owned(),
                label: entry["label"].as_str().map(str::to_owned),
            });
        }
    }
    Ok(addresses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_the_loopback_left_out() {
        let json = r#"[{"ifname":"lo","addr_info":[{"family":"inet","local":"127.0.0.1","prefixlen":8}]},{},
            {"ifname":"eth0","addr_info":[{"family":"inet","local":"10.77.0.1","prefixlen":24,"scope":"global","label":"eth0"},
            {"family":"inet6","local":"fe80::1","prefixlen":64,"scope":"link"}]}]"#;
        let addresses = parse(json).expect("well formed");
        assert_eq!(addresses.len(), 2);
        assert_eq!(addresses[0].label.as_deref(), Some("eth0"));
        assert_eq!(addresses[1].ip, "fe80::1".parse::<IpAddr>().expect("an address"));
        assert_eq!(addresses[1].prefix, 64);
    }

    #[test]
    fn nonsense_is_an_error() {
        assert!(parse("{").is_err());
        assert!(parse(r#"[{"ifname":"e","addr_info":[{"local":"x","prefixlen":1}]}]"#).is_err());
        assert!(parse(r#"[{"ifname":"e","addr_info":[{"local":"::1","prefixlen":999}]}]"#).is_err());
    }
}

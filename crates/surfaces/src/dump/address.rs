//! One virtual address as dumps show it.

use keepalived_types::{Family, InterfaceName};
use keepalived_vrrp::config::{AddressConfig, Broadcast, Lifetime};
use std::net::{IpAddr, Ipv4Addr};

/// The line of an address: what was asked for, and whether it is on the machine.
pub(super) fn line(address: &AddressConfig, own: Option<&InterfaceName>, is_set: bool) -> String {
    let prefix = address.prefix;
    let ip = prefix.address();
    let mut line =
        if prefix.length() == prefix.family().bits() { ip.to_string() } else { prefix.to_string() };
    if let Some(broadcast) = broadcast(address) {
        line += &format!(" brd {broadcast}");
    }
    if let Some(interface) = address.interface.as_ref().or(own) {
        line += &format!(" dev {interface}");
    }
    if address.use_vmac {
        line.push_str(" use_vmac");
    }
    line += &format!(" scope {}", Scope(address.options.scope.unwrap_or(0)));
    if let Some(label) = &address.options.label {
        line += &format!(" label {label}");
    }
    if let Some(peer) = address.options.peer {
        line += &format!(" peer {peer}/{}", prefix.length());
    }
    let flags = address.options.flags;
    let words = [
        (flags.home, " home"),
        (flags.duplicate_detection, " -nodad"),
        (flags.mngtmpaddr, " mngtmpaddr"),
        (flags.noprefixroute, " noprefixroute"),
        (flags.autojoin, " autojoin"),
        (address.no_track, " no_track"),
    ];
    words.iter().filter(|(given, _)| *given).for_each(|(_, word)| line.push_str(word));
    if let Some(group) = &address.options.track_group {
        line += &format!(" track_group {group}");
    }
    if prefix.family() == Family::V6 {
        push_lifetime(&mut line, address);
    }
    if is_set {
        line.push_str(" set");
    }
    line
}

fn push_lifetime(line: &mut String, address: &AddressConfig) {
    let is_host = address.prefix.length() == Family::V6.bits();
    match address.options.preferred_lifetime {
        Some(Lifetime::Seconds(0)) => line.push_str(" deprecated"),
        None if is_host => line.push_str(" deprecated"),
        None | Some(Lifetime::Forever) => line.push_str(" preferred_lft forever"),
        Some(Lifetime::Seconds(seconds)) => *line += &format!(" preferred_lft {seconds}"),
    }
}

/// The broadcast address, also where it is reckoned from the prefix.
fn broadcast(address: &AddressConfig) -> Option<Ipv4Addr> {
    let IpAddr::V4(ip) = address.prefix.address() else {
        return None;
    };
    let host = u32::MAX.checked_shr(u32::from(address.prefix.length())).unwrap_or(0);
    match address.options.broadcast? {
        Broadcast::Address(literal) => Some(literal),
        Broadcast::HostBitsSet => Some(Ipv4Addr::from_bits(ip.to_bits() | host)),
        Broadcast::HostBitsClear => Some(Ipv4Addr::from_bits(ip.to_bits() & !host)),
    }
}

/// A scope by its usual name (rt_scopes), else its number.
struct Scope(u8);

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            0 => f.write_str("global"),
            200 => f.write_str("site"),
            253 => f.write_str("link"),
            254 => f.write_str("host"),
            255 => f.write_str("nowhere"),
            other => write!(f, "{other}"),
        }
    }
}

//! The `Interfaces` section.

use super::VrrpData;
use super::follow::{Followers, Kind, Weight};
use crate::dump::text::Text;
use keepalived_types::Family;
use keepalived_vrrp::config::{Config, GarpGroup, Linkbeat};
use std::net::IpAddr;
use std::time::Duration;

/// An interface of the machine, as it is at the moment of the dump.
#[derive(Clone, Debug, Default)]
pub struct DumpedInterface {
    /// Its name.
    pub name: String,
    /// The kernel's number.
    pub index: u32,
    /// Those that adverts can be sent from, virtual ones left out.
    pub first: FirstAddresses,
    /// Every address.
    pub addresses: Vec<IpAddr>,
    /// The link-layer address, empty when there is none.
    pub mac: Vec<u8>,
    /// Its broadcast address.
    pub broadcast: Vec<u8>,
    /// `IFF_UP`, `IFF_RUNNING`.
    pub is_up: bool,
    /// `IFF_RUNNING`.
    pub is_running: bool,
    /// What is unusual about it: `no broadcast`, `loopback`, in the original's words and order.
    pub traits: Vec<&'static str>,
    /// In bytes.
    pub mtu: u32,
    /// `LOOPBACK`, `ETHERNET`, ...
    pub hardware: String,
    /// `net/ipv4/conf/NAME/arp_ignore`.
    pub arp_ignore: i64,
    /// `net/ipv4/conf/NAME/arp_filter`.
    pub arp_filter: i64,
    /// `net/ipv4/conf/NAME/promote_secondaries`.
    pub promote_secondaries: i64,
}

/// The addresses of an interface that adverts can be sent from.
#[derive(Clone, Debug, Default)]
pub struct FirstAddresses {
    /// IPv4, in the kernel's order.
    pub v4: Vec<IpAddr>,
    /// IPv6 of link scope, in the kernel's order.
    pub v6: Vec<IpAddr>,
}

impl FirstAddresses {
    /// The one that is used.
    pub(super) fn of(&self, family: Family) -> Option<IpAddr> {
        self.list(family).first().copied()
    }

    fn list(&self, family: Family) -> &[IpAddr] {
        match family {
            Family::V4 => &self.v4,
            Family::V6 => &self.v6,
        }
    }
}

pub(super) fn interfaces(text: &mut Text, data: &VrrpData<'_>, followers: &Followers) {
    if !data.interfaces.is_empty() {
        text.banner(0, "Interfaces");
    }
    for interface in data.interfaces {
        let followers = followers.of(Kind::Interface, &interface.name);
        interface_lines(text, data.config, interface, !followers.is_empty());
        if !followers.is_empty() {
            text.line(3, format_args!("Tracking VRRP instances :"));
        }
        for (instance, track) in followers {
            text.line(5, format_args!("{instance}, weight {}", Weight(*track)));
        }
    }
}

fn interface_lines(text: &mut Text, config: &Config, interface: &DumpedInterface, is_followed: bool) {
    text.line(1, format_args!("Name = {}", interface.name));
    text.line(3, format_args!("index = {}", interface.index));
    for (family, word) in [(Family::V4, "IPv4"), (Family::V6, "IPv6")] {
        addresses(text, word, interface.first.list(family));
    }
    for (word, bytes) in [("MAC", &interface.mac), ("MAC broadcast", &interface.broadcast)] {
        if interface.mac.iter().any(|byte| *byte != 0) {
            let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            text.line(3, format_args!("{word} = {}", hex.join(":")));
        }
    }
    let not = |is: bool| if is { "" } else { "not " };
    let traits: String = interface.traits.iter().map(|word| format!(", {word}")).collect();
    let (up, running) = (not(interface.is_up), not(interface.is_running));
    text.line(3, format_args!("State = {up}UP, {running}RUNNING{traits}"));
    let is_usable = interface.is_up && interface.is_running;
    text.line(3, format_args!("Seen up = {}", u8::from(is_usable)));
    text.line(3, format_args!("Delayed state change running = false"));
    let delay = config.interface_delays.iter().find(|delay| *delay.interface == *interface.name);
    let (up, down) = delay.map_or((Duration::ZERO, Duration::ZERO), |delay| (delay.up, delay.down));
    text.line(3, format_args!("Up debounce timer = {}us", up.as_micros()));
    text.line(3, format_args!("Down debounce timer = {}us", down.as_micros()));
    if config.engine.allow_interface_changes && !interface.traits.contains(&"loopback") {
        text.line(3, format_args!("Interface type/base can be changed"));
    }
    text.line(3, format_args!("MTU = {}", interface.mtu));
    text.line(3, format_args!("HW Type = {}", interface.hardware));
    let polling = config.linkbeat.iter().find(|(name, _)| is_followed && **name == *interface.name);
    text.line(3, format_args!("{}", monitoring(polling.map(|(_, how)| *how))));
    pacing(text, config, &interface.name, is_followed);
    text.line(3, format_args!("Reset ARP config counter 0"));
    text.line(3, format_args!("Original arp_ignore {}", interface.arp_ignore));
    text.line(3, format_args!("Original arp_filter {}", interface.arp_filter));
    text.line(3, format_args!("Original promote_secondaries {}", interface.promote_secondaries));
    text.line(3, format_args!("Reset promote_secondaries counter 0"));
}

/// The first address, and the others under a title of their own.
fn addresses(text: &mut Text, word: &str, addresses: &[IpAddr]) {
    match addresses.first() {
        Some(first) => text.line(3, format_args!("{word} address = {first}")),
        None => text.line(3, format_args!("{word} address = (none)")),
    }
    if addresses.len() > 1 {
        text.line(3, format_args!("Additional {word} addresses :"));
        addresses.iter().skip(1).for_each(|address| text.line(5, format_args!("{address}")));
    }
}

fn monitoring(polling: Option<Linkbeat>) -> &'static str {
    match polling {
        None => "NIC netlink status update",
        Some(Linkbeat::Mii) => "NIC support MII regs",
        Some(Linkbeat::Ethtool) => "NIC support ETHTOOL GLINK interface",
        Some(Linkbeat::Automatic | Linkbeat::Ioctl) => "NIC ioctl refresh polling",
    }
}

/// The announcement limits of a `garp_group`, else the common ones where there is somebody to announce something.
fn pacing(text: &mut Text, config: &Config, name: &str, is_followed: bool) {
    let is_member = |group: &GarpGroup| group.interfaces.iter().any(|interface| **interface == *name);
    let number = config.garp_groups.iter().position(is_member);
    let common = || [config.engine.garp_interval, config.engine.gna_interval];
    let intervals = match number.and_then(|number| config.garp_groups.get(number)) {
        Some(group) => [group.garp_interval, group.gna_interval],
        None if is_followed => common().map(|interval| Some(interval).filter(|one| *one > Duration::ZERO)),
        None => [None, None],
    };
    for (what, interval) in ["ARP", "NA"].into_iter().zip(intervals) {
        if let Some(interval) = interval {
            text.line(3, format_args!("Gratuitous {what} interval {}ms", interval.as_millis()));
        }
    }
    // The original takes number 0 for none.
    if let Some(number) = number.filter(|number| *number > 0) {
        text.line(3, format_args!("Gratuitous ARP aggregation group {number}"));
    }
}

//! What the instances of a measurement look like: their configuration, and their adverts as a raw sender makes them.

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::time::Duration;

use super::rig::{PER_INTERFACE, address, byte, interface};

/// Where VRRP is spoken (RFC 9568 §5.1.1.2).
pub(super) const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);

/// So many instances at this interval; version 3 when it is below a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) instances: usize,
    pub(super) interval: Duration,
}

impl Setting {
    pub(super) const fn new(instances: usize, interval_ms: u64) -> Self {
        Self { instances, interval: Duration::from_millis(interval_ms) }
    }

    /// `1000 @ 0.1 s`
    pub(super) fn name(self) -> String {
        format!("{} @ {} s", self.instances, self.interval.as_secs_f64())
    }

    fn is_version_3(self) -> bool {
        self.interval < Duration::from_secs(1)
    }

    /// Master_Down_Interval of a backup of this priority (RFC 3768 §6.1, RFC 9568 §6.1).
    pub(super) fn master_down_interval(self, priority: u8) -> Duration {
        let steps = 256 - u32::from(priority);
        let skew = if self.is_version_3() { self.interval * steps } else { Duration::from_secs(1) * steps };
        self.interval * 3 + skew / 256
    }

    /// The configuration; `globals` are lines of `global_defs`.
    pub(super) fn configuration(self, priority: u8, globals: &str) -> String {
        let version = if self.is_version_3() { 3 } else { 2 };
        let mut text = format!("global_defs {{\n    vrrp_version {version}\n{globals}}}\n");
        for index in 0..self.instances {
            let (cable, vrid) = place(index);
            let (interface, vip) = (interface(cable), virtual_address(index));
            // Writing to a String cannot fail.
            let _ok = write!(
                text,
                "vrrp_instance V{index} {{
    state BACKUP
    interface {interface}
    virtual_router_id {vrid}
    priority {priority}
    advert_int {}
    virtual_ipaddress {{
        {vip}/32 dev {interface}
    }}
}}
",
                self.interval.as_secs_f64()
            );
        }
        text
    }

    /// The advert of an instance as node `a` would send it, IP header left out.
    pub(super) fn advert(self, index: usize, priority: u8) -> Vec<u8> {
        let (cable, vrid) = place(index);
        let mut pdu = if self.is_version_3() {
            let centiseconds = u16::try_from(self.interval.as_millis() / 10).unwrap_or(u16::MAX);
            let [high, low] = centiseconds.to_be_bytes();
            vec![0x31, vrid, priority, 1, high, low, 0, 0]
        } else {
            let seconds = byte(usize::try_from(self.interval.as_secs()).unwrap_or(usize::MAX));
            vec![0x21, vrid, priority, 1, 0, seconds, 0, 0]
        };
        pdu.extend(virtual_address(index).octets());
        if !self.is_version_3() {
            pdu.extend([0; 8]);
        }
        // Version 3 sums over a pseudo header, too: addresses, protocol, length.
        let mut summed = pdu.clone();
        if self.is_version_3() {
            summed.extend(address(cable, 1).octets());
            summed.extend(GROUP.octets());
            summed.extend([0, 112, 0, byte(pdu.len())]);
        }
        pdu[6..8].copy_from_slice(&checksum(&summed).to_be_bytes());
        pdu
    }
}

/// Interface and VRID of an instance.
pub(super) fn place(index: usize) -> (usize, u8) {
    (index / PER_INTERFACE, byte(index % PER_INTERFACE + 1))
}

fn virtual_address(index: usize) -> Ipv4Addr {
    let (cable, vrid) = place(index);
    Ipv4Addr::new(10, 78, byte(cable), vrid)
}

/// RFC 1071.
fn checksum(bytes: &[u8]) -> u16 {
    let words =
        bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |&low| low.into()));
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or(u16::MAX)
}

/// A count as a number to divide by; those here are far below 2^32.
pub(super) fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instance_has_a_place_of_its_own() {
        let mut places: Vec<_> = (0..4_000).map(place).collect();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), 4_000);
        assert!(places.iter().all(|(cable, vrid)| *cable < 16 && *vrid > 0));
    }

    #[test]
    fn adverts_sum_to_nothing() {
        let slow = Setting::new(10, 1_000).advert(3, 255);
        assert_eq!(slow[..6], [0x21, 4, 255, 1, 0, 1]);
        assert_eq!(checksum(&slow), 0);
        let fast = Setting::new(300, 10).advert(251, 255);
        assert_eq!(fast[..6], [0x31, 2, 255, 1, 0, 1]);
        let mut summed = fast;
        summed.extend([10, 77, 1, 1, 224, 0, 0, 18, 0, 112, 0, 12]);
        assert_eq!(checksum(&summed), 0);
    }

    #[test]
    fn master_down_intervals_follow_the_version() {
        let slow = Setting::new(1, 1_000).master_down_interval(254);
        assert_eq!(slow, Duration::from_secs(3) + Duration::from_secs(2) / 256);
        let fast = Setting::new(1, 100).master_down_interval(100);
        assert_eq!(fast, Duration::from_millis(300) + Duration::from_millis(15_600) / 256);
    }
}

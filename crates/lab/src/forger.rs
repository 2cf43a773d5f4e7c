//! A third party that sends whatever adverts a test makes up: good ones, and ones that nobody may believe.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::net::{AddressFamily, Protocol, SendFlags, SocketType, connect, send, socket, sockopt};

use crate::command::run;
use crate::node::Node;
use crate::worker::Worker;
use crate::{Error, Result};

/// Where VRRP is spoken (RFC 9568 §5.1.1.2).
const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);
/// IANA's protocol number.
const VRRP: u32 = 112;

/// An advert, possibly a bad one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forged {
    /// The IP header's TTL; receivers insist on 255 (RFC 9568 §5.1.1.3).
    pub ttl: u8,
    /// Everything after the IP header.
    pub pdu: Vec<u8>,
}

impl Forged {
    /// A good VRRPv2 advert with a password and one second between adverts (RFC 2338 §5.1).
    #[must_use]
    pub fn version_2(vrid: u8, priority: u8, address: Ipv4Addr, password: &str) -> Self {
        let mut pdu = vec![0x21, vrid, priority, 1, 1, 1, 0, 0];
        pdu.extend(address.octets());
        let mut password: Vec<u8> = password.bytes().take(8).collect();
        password.resize(8, 0);
        pdu.extend(password);
        Self { ttl: 255, pdu }.with_checksum()
    }

    /// The same with one byte changed; the checksum is made right again.
    #[must_use]
    pub fn with_byte(mut self, at: usize, value: u8) -> Self {
        if let Some(byte) = self.pdu.get_mut(at) {
            *byte = value;
        }
        self.with_checksum()
    }

    /// A good VRRPv3 advert for IPv4, its checksum without a pseudo-header (RFC 9568 §5.2.8). The interval is in
    /// centiseconds.
    #[must_use]
    pub fn version_3(vrid: u8, priority: u8, interval: u16, addresses: &[Ipv4Addr]) -> Self {
        let count = u8::try_from(addresses.len()).unwrap_or(u8::MAX);
        let [high, low] = interval.to_be_bytes();
        let mut pdu = vec![0x31, vrid, priority, count, high, low, 0, 0];
        pdu.extend(addresses.iter().flat_map(Ipv4Addr::octets));
        Self { ttl: 255, pdu }.with_checksum()
    }

    /// Puts the Internet checksum of the whole message in place; version 2 covers nothing else.
    #[must_use]
    pub fn with_checksum(mut self) -> Self {
        if let Some(field) = self.pdu.get_mut(6..8) {
            field.fill(0);
        }
        let sum = checksum(&self.pdu).to_be_bytes();
        if let Some(field) = self.pdu.get_mut(6..8) {
            field.copy_from_slice(&sum);
        }
        self
    }
}

/// RFC 1071.
fn checksum(bytes: &[u8]) -> u16 {
    let word = |pair: &[u8]| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |&low| u32::from(low));
    let mut sum: u32 = bytes.chunks(2).map(word).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or(u16::MAX)
}

/// Sends one advert again and again until it is dropped.
#[derive(Debug)]
pub struct Forger {
    _worker: Worker,
}

impl Forger {
    /// Starts to send from the node's interface that has the address `source`.
    ///
    /// # Errors
    /// When no raw socket can be opened.
    pub fn start(node: &Node, source: Ipv4Addr, forged: Forged, every: Duration) -> Result<Self> {
        let ttl = forged.ttl;
        let worker = Worker::start(
            node,
            move || raw_socket(source, ttl),
            move |socket, stop| {
                let mut due = Instant::now();
                while !stop.load(Ordering::Relaxed) {
                    if Instant::now() >= due {
                        // A cable may be out at the moment.
                        let _seen_in_the_capture = send(&socket, &forged.pdu, SendFlags::empty());
                        due += every;
                    }
                    std::thread::sleep(Duration::from_millis(10));
                }
            },
        )?;
        Ok(Self { _worker: worker })
    }
}

/// Sends adverts in turn, as fast as one thread can or at a given rate, until it is dropped.
#[derive(Debug)]
pub struct Flood {
    sent: Arc<AtomicU64>,
    since: Instant,
    _worker: Worker,
}

/// Adverts between two looks at the clock.
const BURST: u32 = 50;

impl Flood {
    /// Starts to send from the node's interface that has the address `source`, at most `rate` a second.
    ///
    /// # Errors
    /// When no raw socket can be opened.
    pub fn start(node: &Node, source: Ipv4Addr, adverts: Vec<Forged>, rate: u32) -> Result<Self> {
        let sent = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&sent);
        let open = move || -> Result<Vec<(OwnedFd, Vec<u8>)>> {
            adverts.into_iter().map(|forged| Ok((raw_socket(source, forged.ttl)?, forged.pdu))).collect()
        };
        let worker = Worker::start(node, open, move |sockets, stop| {
            // A flood from outside comes by interrupts, which no process holds up; where this is refused it is a trickle.
            let thread = rustix::thread::gettid().as_raw_nonzero().to_string();
            let _refused = run(&["chrt", "-r", "-p", "90", &thread]);
            let began = Instant::now();
            let mut due = Duration::ZERO;
            let mut turn = sockets.iter().cycle();
            while !stop.load(Ordering::Relaxed) {
                for _ in 0..BURST {
                    let Some((socket, pdu)) = turn.next() else { return };
                    let gone = send(socket, pdu, SendFlags::DONTWAIT).is_ok();
                    counter.fetch_add(u64::from(gone), Ordering::Relaxed);
                }
                due += Duration::from_secs(1) * BURST / rate.max(1);
                if let Some(early) = due.checked_sub(began.elapsed()) {
                    std::thread::sleep(early);
                }
            }
        })?;
        Ok(Self { sent, since: Instant::now(), _worker: worker })
    }

    /// How many adverts a second have left the sockets so far.
    #[must_use]
    pub fn rate(&self) -> f64 {
        // A flood of a few seconds is far from 2^52 packets.
        let sent = u32::try_from(self.sent.load(Ordering::Relaxed)).unwrap_or(u32::MAX);
        f64::from(sent) / self.since.elapsed().as_secs_f64().max(0.001)
    }
}

fn raw_socket(source: Ipv4Addr, ttl: u8) -> Result<OwnedFd> {
    let open = || -> rustix::io::Result<OwnedFd> {
        let protocol = std::num::NonZeroU32::new(VRRP).map(Protocol::from_raw);
        let socket = socket(AddressFamily::INET, SocketType::RAW, protocol)?;
        sockopt::set_ip_multicast_if(&socket, &source)?;
        sockopt::set_ip_multicast_ttl(&socket, u32::from(ttl))?;
        // Nobody on the forger's own node listens.
        sockopt::set_ip_multicast_loop(&socket, false)?;
        // With the route looked up once, more leave in a second.
        connect(&socket, &SocketAddrV4::new(GROUP, 0))?;
        Ok(socket)
    };
    open().map_err(|errno| Error::Io { what: "opening a raw socket".into(), source: errno.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forged_advert_is_the_one_that_keepalived_sends() {
        let forged = Forged::version_2(51, 150, Ipv4Addr::new(10, 77, 0, 100), "1111");
        let captured = [
            0x21, 0x33, 0x96, 0x01, 0x01, 0x01, 0xda, 0xb6, 0x0a, 0x4d, 0x00, 0x64, 0x31, 0x31, 0x31, 0x31,
            0, 0, 0, 0,
        ];
        assert_eq!(forged.pdu, captured);
    }

    #[test]
    fn a_changed_byte_changes_the_checksum_with_it() {
        let forged = Forged::version_2(51, 150, Ipv4Addr::new(10, 77, 0, 100), "1111").with_byte(2, 0);
        assert_eq!(forged.pdu[2], 0);
        assert_eq!(checksum(&forged.pdu), 0);
        assert_eq!(forged.clone().with_byte(99, 1), forged);
    }
}

//! The machine's own limit for many addresses: RTM_NEWADDR requests in batches, nothing else.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use keepalived_lab::Node;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, recv, send, socket};

use crate::{Error, Result};

// linux/netlink.h, linux/rtnetlink.h, linux/if_addr.h.
const RTM_NEWADDR: u16 = 20;
const REQUEST: u16 = 1;
const ACK: u16 = 4;
const CREATE: u16 = 0x400;
const EXCLUSIVE: u16 = 0x200;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const AF_INET: u8 = 2;
/// nlmsghdr, ifaddrmsg, two attributes of four bytes.
const MESSAGE: usize = 16 + 8 + 8 + 8;
/// Requests of one send.
const BATCH: usize = 128;

/// How long it takes to add so many addresses to `eth0` of a node. They are gone afterwards.
pub(super) fn add(node: &Node, addresses: usize) -> Result<Duration> {
    let index = node.namespace().exec(&["cat", "/sys/class/net/eth0/ifindex"]);
    let index: u32 = index?.trim().parse().map_err(|_| Error::Failed("eth0 has no index".into()))?;
    let took = node.namespace().thread(move || add_here(index, addresses))?.join();
    let took = took.map_err(|_| Error::Failed("adding addresses panicked".into()))??;
    node.ip(&["addr", "flush", "dev", "eth0", "to", "10.79.0.0/16"])?;
    took.map_err(|errno| Error::io("adding addresses")(errno.into()))
}

fn add_here(index: u32, addresses: usize) -> rustix::io::Result<Duration> {
    let socket = socket(AddressFamily::NETLINK, SocketType::RAW, None)?;
    let mut answer = [0; 4_096];
    let start = Instant::now();
    let numbers: Vec<usize> = (0..addresses).collect();
    for batch in numbers.chunks(BATCH) {
        let mut bytes = Vec::with_capacity(BATCH * MESSAGE);
        for number in batch {
            bytes.extend(request(index, *number, Some(number) == batch.last()));
        }
        send(&socket, &bytes, SendFlags::empty())?;
        recv(&socket, &mut answer, RecvFlags::empty())?;
        let errno = i32::from_ne_bytes([answer[16], answer[17], answer[18], answer[19]]);
        if errno != 0 {
            return Err(rustix::io::Errno::from_raw_os_error(-errno));
        }
    }
    Ok(start.elapsed())
}

/// One request; only the last of a batch asks for an answer.
fn request(index: u32, number: usize, is_last: bool) -> Vec<u8> {
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    let address = Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 79, 0, 1)) + number);
    let flags = REQUEST | CREATE | EXCLUSIVE | if is_last { ACK } else { 0 };
    let mut bytes = u32::try_from(MESSAGE).unwrap_or(0).to_ne_bytes().to_vec();
    bytes.extend(RTM_NEWADDR.to_ne_bytes());
    bytes.extend(flags.to_ne_bytes());
    bytes.extend([0; 8]);
    bytes.extend([AF_INET, 32, 0, 0]);
    bytes.extend(index.to_ne_bytes());
    for attribute in [IFA_LOCAL, IFA_ADDRESS] {
        bytes.extend(8_u16.to_ne_bytes());
        bytes.extend(attribute.to_ne_bytes());
        bytes.extend(address.octets());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_the_length_it_claims() {
        let bytes = request(7, 300, true);
        assert_eq!(bytes.len(), MESSAGE);
        assert_eq!(bytes[..4], 40_u32.to_ne_bytes());
        assert_eq!(bytes[36..], [10, 79, 1, 45]);
    }
}

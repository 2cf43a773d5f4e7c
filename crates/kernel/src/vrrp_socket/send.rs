//! Sending adverts.

use super::open::socket_address;
use super::{Reach, VrrpSocket};
use crate::error::{Doing, Result};
use crate::socket_option::length_of;
use keepalived_types::IfIndex;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsRawFd, RawFd};

/// Room for IPV6_PKTINFO (20 bytes) and IPV6_HOPLIMIT (4) with their headers, in words so that it is aligned.
const CONTROL_WORDS: usize = 9;

impl VrrpSocket {
    /// Sends a whole IPv4 packet, header included; the kernel fills in the header checksum. Never blocks.
    ///
    /// # Errors
    /// Whatever the kernel says: no route, the interface is down, its queue is full (`WouldBlock`, ENOBUFS).
    pub fn send_ipv4(&self, packet: &[u8], destination: Ipv4Addr) -> Result<()> {
        let to = socket2::SockAddr::from(socket_address(destination.into(), None));
        self.send.send_to_with_flags(packet, &to, self.flags()).doing("send an advert").map(drop)
    }

    /// Sends a VRRP payload over IPv6; the kernel makes the header and the checksum. Never blocks.
    /// `hop_limit` `None` leaves it at 255 for multicast and at the kernel's default (64) for unicast.
    ///
    /// # Errors
    /// As [`VrrpSocket::send_ipv4`]; EINVAL also when `source` is no address of this host.
    pub fn send_ipv6(
        &self,
        payload: &[u8],
        source: Ipv6Addr,
        destination: Ipv6Addr,
        hop_limit: Option<u8>,
    ) -> Result<()> {
        let to = socket2::SockAddr::from(socket_address(IpAddr::V6(destination), self.interface));
        let mut part = libc::iovec { iov_base: payload.as_ptr().cast_mut().cast(), iov_len: payload.len() };
        let mut control = [0_u64; CONTROL_WORDS];
        // SAFETY: msghdr is integers and pointers; all zero is a valid value.
        let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
        message.msg_name = to.as_ptr().cast_mut().cast();
        message.msg_namelen = to.len();
        message.msg_iov = &raw mut part;
        message.msg_iovlen = 1;
        message.msg_control = control.as_mut_ptr().cast();
        message.msg_controllen = size_of_val(&control);
        put_control(&mut message, source, self.interface, hop_limit);
        send(self.send.as_raw_fd(), &message, self.flags()).doing("send an advert")
    }

    /// Adverts do not leave the link.
    const fn flags(&self) -> i32 {
        match self.reach {
            Reach::Multicast { .. } => libc::MSG_DONTROUTE,
            Reach::Unicast { .. } => 0,
        }
    }
}

/// Writes the ancillary data and shortens `msg_controllen` to what was written.
fn put_control(
    message: &mut libc::msghdr,
    source: Ipv6Addr,
    interface: Option<IfIndex>,
    hop_limit: Option<u8>,
) {
    let info = libc::in6_pktinfo {
        ipi6_addr: libc::in6_addr { s6_addr: source.octets() },
        ipi6_ifindex: interface.map_or(0, IfIndex::get),
    };
    // SAFETY: `message` has a zeroed, aligned control buffer of CONTROL_WORDS * 8 = 72 bytes. The first header and
    // its in6_pktinfo take CMSG_SPACE(20) = 40 of them, the second and its int CMSG_SPACE(4) = 24, so both lie
    // inside and CMSG_NXTHDR finds room for the second.
    unsafe {
        let first = libc::CMSG_FIRSTHDR(message);
        (*first).cmsg_level = libc::IPPROTO_IPV6;
        (*first).cmsg_type = libc::IPV6_PKTINFO;
        (*first).cmsg_len = control_length(libc::CMSG_LEN(length_of::<libc::in6_pktinfo>()));
        libc::CMSG_DATA(first).cast::<libc::in6_pktinfo>().write_unaligned(info);
        let mut used = libc::CMSG_SPACE(length_of::<libc::in6_pktinfo>());
        if let Some(hop_limit) = hop_limit {
            let second = libc::CMSG_NXTHDR(message, first);
            (*second).cmsg_level = libc::IPPROTO_IPV6;
            (*second).cmsg_type = libc::IPV6_HOPLIMIT;
            (*second).cmsg_len = control_length(libc::CMSG_LEN(length_of::<i32>()));
            libc::CMSG_DATA(second).cast::<i32>().write_unaligned(hop_limit.into());
            used += libc::CMSG_SPACE(length_of::<i32>());
        }
        message.msg_controllen = control_length(used);
    }
}

fn control_length(bytes: u32) -> usize {
    usize::try_from(bytes).expect("a few dozen bytes")
}

fn send(fd: RawFd, message: &libc::msghdr, flags: i32) -> io::Result<()> {
    // SAFETY: the caller's message points at live memory of the lengths it names; the kernel only reads it.
    let sent = unsafe { libc::sendmsg(fd, message, flags) };
    if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

//! Receiving adverts, many with one system call.

use super::VrrpSocket;
use crate::error::{Doing, Result};
use crate::socket_option::length_of;
use keepalived_types::{Family, IfIndex};
use std::io;
use std::mem::MaybeUninit;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::AsRawFd;
use std::time::Duration;

/// Datagrams of one receive.
const BATCH: usize = 32;

/// Room for IPV6_PKTINFO (space 40), IPV6_HOPLIMIT (24) and SCM_TIMESTAMPNS (32), in words so that it is aligned.
const CONTROL_WORDS: usize = 16;

/// What one datagram came with.
#[derive(Clone, Copy, Debug)]
struct Envelope {
    length: usize,
    truncated: bool,
    source: Option<IpAddr>,
    destination: Option<Ipv6Addr>,
    interface: Option<IfIndex>,
    hop_limit: Option<u8>,
    received: Option<Duration>,
}

/// Memory for a receive, allocated once: 32 datagrams of a given size.
pub struct Buffers {
    bytes: Vec<u8>,
    size: usize,
    control: Vec<[u64; CONTROL_WORDS]>,
    names: Vec<libc::sockaddr_storage>,
    envelopes: Vec<Envelope>,
}

impl std::fmt::Debug for Buffers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Buffers").field("size", &self.size).field("filled", &self.envelopes.len()).finish()
    }
}

impl Buffers {
    /// Room for 32 datagrams of up to `size` bytes: the largest MTU of the interfaces concerned.
    #[must_use]
    pub fn new(size: usize) -> Self {
        // SAFETY: sockaddr_storage is integers; all zero is a valid value.
        let name: libc::sockaddr_storage = unsafe { std::mem::zeroed() };
        Self {
            bytes: vec![0; size * BATCH],
            size,
            control: vec![[0; CONTROL_WORDS]; BATCH],
            names: vec![name; BATCH],
            envelopes: Vec::with_capacity(BATCH),
        }
    }

    /// The datagrams of the last receive, in order of arrival.
    pub fn iter(&self) -> impl Iterator<Item = Datagram<'_>> {
        self.envelopes.iter().enumerate().map(|(at, envelope)| {
            let start = at * self.size;
            Datagram { bytes: &self.bytes[start..start + envelope.length], envelope: *envelope }
        })
    }
}

/// A received advert.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    /// IPv4: the whole packet with its header. IPv6: the payload.
    pub bytes: &'a [u8],
    envelope: Envelope,
}

impl Datagram<'_> {
    /// Who sent it.
    #[must_use]
    pub fn source(&self) -> Option<IpAddr> {
        self.envelope.source
    }

    /// Where it was sent to: from the IPv4 header, or from IPv6's ancillary data.
    #[must_use]
    pub fn destination(&self) -> Option<IpAddr> {
        match self.envelope.source? {
            IpAddr::V4(_) => {
                self.bytes.get(16..20)?.try_into().ok().map(|octets: [u8; 4]| Ipv4Addr::from(octets).into())
            }
            IpAddr::V6(_) => self.envelope.destination.map(IpAddr::V6),
        }
    }

    /// The TTL or hop limit it arrived with.
    #[must_use]
    pub fn hop_limit(&self) -> Option<u8> {
        match self.envelope.source? {
            IpAddr::V4(_) => self.bytes.get(8).copied(),
            IpAddr::V6(_) => self.envelope.hop_limit,
        }
    }

    /// IPv6: the interface it came in on.
    #[must_use]
    pub const fn interface(&self) -> Option<IfIndex> {
        self.envelope.interface
    }

    /// The wall clock when the kernel took it in, if [`VrrpSocket::set_time_stamps`] asked for it.
    #[must_use]
    pub const fn received(&self) -> Option<Duration> {
        self.envelope.received
    }

    /// Longer than the buffers, or its ancillary data was: not to be trusted.
    #[must_use]
    pub const fn is_truncated(&self) -> bool {
        self.envelope.truncated
    }
}

impl VrrpSocket {
    /// Receives up to `limit` waiting adverts, at most 32, into `buffers` and returns how many there were; as many as
    /// asked for means that more may wait. Never blocks. To ask for many where one waits costs a few hundred
    /// nanoseconds: their headers are prepared, and the kernel looks once more.
    ///
    /// # Errors
    /// When the socket has an error pending: the interface went down or away (ENETDOWN).
    pub fn receive(&self, buffers: &mut Buffers, limit: usize) -> Result<usize> {
        let limit = limit.clamp(1, BATCH);
        buffers.envelopes.clear();
        let mut parts = [const { MaybeUninit::<libc::iovec>::uninit() }; BATCH];
        let mut messages = [const { MaybeUninit::<libc::mmsghdr>::uninit() }; BATCH];
        let chunks = buffers.bytes.chunks_mut(buffers.size.max(1));
        let places = buffers.names.iter_mut().zip(&mut buffers.control).zip(chunks);
        let headers = parts.iter_mut().zip(&mut messages).take(limit);
        for ((part, message), ((name, control), chunk)) in headers.zip(places) {
            let part = part.write(libc::iovec { iov_base: chunk.as_mut_ptr().cast(), iov_len: chunk.len() });
            // SAFETY: mmsghdr is integers and pointers; all zero is a valid value.
            let header = &mut message.write(unsafe { std::mem::zeroed() }).msg_hdr;
            header.msg_name = (&raw mut *name).cast();
            header.msg_namelen = length_of::<libc::sockaddr_storage>();
            header.msg_iov = &raw mut *part;
            header.msg_iovlen = 1;
            header.msg_control = (&raw mut *control).cast();
            header.msg_controllen = size_of::<[u64; CONTROL_WORDS]>();
        }
        let count = u32::try_from(limit).expect("a small number");
        let fd = self.receive.as_raw_fd();
        let none = std::ptr::null_mut();
        let first = messages.as_mut_ptr().cast();
        // SAFETY: each of the `count` messages, all of them written above, points at its own name, iovec, bytes and
        // control buffer, all of which are live, writable and of the lengths named.
        let received = unsafe { libc::recvmmsg(fd, first, count, libc::MSG_DONTWAIT, none) };
        let Ok(received) = usize::try_from(received) else {
            let error = io::Error::last_os_error();
            return match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Ok(0),
                _ => Err(error).doing("receive adverts"),
            };
        };
        let family = self.reach.family();
        for (message, name) in messages[..received].iter().zip(&buffers.names) {
            // SAFETY: the kernel filled no more messages than were written above.
            let message = unsafe { message.assume_init_ref() };
            buffers.envelopes.push(envelope_of(message, name, family, buffers.size));
        }
        Ok(received)
    }
}

fn envelope_of(
    message: &libc::mmsghdr,
    name: &libc::sockaddr_storage,
    family: Family,
    size: usize,
) -> Envelope {
    let cut = libc::MSG_TRUNC | libc::MSG_CTRUNC;
    let mut envelope = Envelope {
        length: usize::try_from(message.msg_len).unwrap_or(usize::MAX).min(size),
        truncated: message.msg_hdr.msg_flags & cut != 0,
        source: source_of(name, family),
        destination: None,
        interface: None,
        hop_limit: None,
        received: None,
    };
    // SAFETY: the kernel has just filled `message`; its control buffer lives as long as the caller's buffers and
    // msg_controllen says how much of it is used. CMSG_NXTHDR stays inside that, and each read is of the structure
    // that this level and type carry, without asking for alignment.
    unsafe {
        let mut header = libc::CMSG_FIRSTHDR(&raw const message.msg_hdr);
        while !header.is_null() {
            let data = libc::CMSG_DATA(header);
            match ((*header).cmsg_level, (*header).cmsg_type) {
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                    let info = data.cast::<libc::in6_pktinfo>().read_unaligned();
                    envelope.destination = Some(Ipv6Addr::from(info.ipi6_addr.s6_addr));
                    envelope.interface = IfIndex::new(info.ipi6_ifindex);
                }
                (libc::IPPROTO_IPV6, libc::IPV6_HOPLIMIT) => {
                    envelope.hop_limit = u8::try_from(data.cast::<i32>().read_unaligned()).ok();
                }
                (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS) => {
                    let time = data.cast::<libc::timespec>().read_unaligned();
                    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
                    envelope.received =
                        Some(Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0)));
                }
                _ => {}
            }
            header = libc::CMSG_NXTHDR(&raw const message.msg_hdr, header);
        }
    }
    envelope
}

fn source_of(name: &libc::sockaddr_storage, family: Family) -> Option<IpAddr> {
    let expected = match family {
        Family::V4 => libc::AF_INET,
        Family::V6 => libc::AF_INET6,
    };
    if i32::from(name.ss_family) != expected {
        return None;
    }
    let name = &raw const *name;
    Some(match family {
        Family::V4 => {
            // SAFETY: sockaddr_storage is at least as large and as aligned as sockaddr_in, and any bytes are one.
            let address = unsafe { &*name.cast::<libc::sockaddr_in>() };
            IpAddr::V4(Ipv4Addr::from(u32::from_be(address.sin_addr.s_addr)))
        }
        Family::V6 => {
            // SAFETY: the same for sockaddr_in6.
            let address = unsafe { &*name.cast::<libc::sockaddr_in6>() };
            IpAddr::V6(Ipv6Addr::from(address.sin6_addr.s6_addr))
        }
    })
}

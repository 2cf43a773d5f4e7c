//! A netlink socket: what it joins, and how its datagrams are received.

use super::batch::Room;
use super::receive_buffer::ReceiveBuffer;
use crate::error::{Doing, Result, check};
use crate::socket_option::{length_of, set_int};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt::{socket_recv_buffer_size, socket_send_buffer_size};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// NETLINK_CAP_ACK: acknowledgements need not repeat the whole request.
const CAP_ACK: i32 = 10;
/// NETLINK_EXT_ACK: the kernel may say in words why it refuses.
const EXT_ACK: i32 = 11;

/// NETLINK_GET_STRICT_CHK: the kernel heeds what a dump request asks for.
const STRICT_CHECK: i32 = 12;

/// How long the kernel may take to answer before we stop believing in an answer.
const PATIENCE: Timespec = Timespec { tv_sec: 10, tv_nsec: 0 };

/// More than any datagram of the kernel: dumps come in 32 KiB, a link with many virtual functions in more.
const DATAGRAM: usize = 64 * 1024;

/// What an unread acknowledgement takes of the receive buffer at most: the kernel counts its bookkeeping, too.
const ANSWER: usize = 1024;

/// More than any single request.
const REQUEST: usize = 4096;

const SIZE_BUFFER: &str = "size a netlink socket's receive buffer";

/// What a receive found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Received<'a> {
    /// A datagram from the kernel.
    Datagram(&'a [u8]),
    /// Messages were lost: the receive buffer was full, or a datagram was too long.
    Overrun,
    /// Nothing there.
    Nothing,
}

/// A non-blocking netlink socket bound to a port of its own.
#[derive(Debug)]
pub(crate) struct Socket {
    fd: OwnedFd,
    port: u32,
    buffer: Vec<u8>,
}

impl Socket {
    /// Opens a socket of `protocol` (NETLINK_ROUTE, ...) in `groups`; it usually holds `usual` bytes unread.
    pub(crate) fn open(protocol: i32, groups: &[u32], room: ReceiveBuffer, usual: usize) -> Result<Self> {
        let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
        // SAFETY: plain numbers.
        let fd = check(unsafe { libc::socket(libc::AF_NETLINK, kind, protocol) })
            .doing("open a netlink socket")?;
        // SAFETY: the kernel has just given us this descriptor; nobody else owns it.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        room.apply(&fd, usual).doing(SIZE_BUFFER)?;
        // Kernels before 4.3 and 4.12 lack them; errors then just come without words.
        drop(set_int(&fd, libc::SOL_NETLINK, CAP_ACK, 1));
        drop(set_int(&fd, libc::SOL_NETLINK, EXT_ACK, 1));
        let port = bind(&fd).doing("bind a netlink socket")?;
        let socket = Self { fd, port, buffer: vec![0; DATAGRAM] };
        for &group in groups {
            socket.join(group).doing("join a netlink group")?;
        }
        Ok(socket)
    }

    /// Has the kernel heed every field of a dump request (since 5.0), so that it can leave out what is not asked for.
    pub(crate) fn ask_strictly(&self) {
        // Kernels before 5.0 lack it: they list everything.
        drop(set_int(&self.fd, libc::SOL_NETLINK, STRICT_CHECK, 1));
    }

    /// Makes another room for what is unread; see [`Socket::open`].
    pub(crate) fn set_receive_buffer(&self, room: ReceiveBuffer, usual: usize) -> Result<()> {
        room.apply(&self.fd, usual).doing(SIZE_BUFFER)
    }

    /// Hears of this group, too.
    pub(crate) fn join(&self, group: u32) -> io::Result<()> {
        let group = i32::try_from(group).unwrap_or(i32::MAX);
        set_int(&self.fd, libc::SOL_NETLINK, libc::NETLINK_ADD_MEMBERSHIP, group)
    }

    /// The port id that messages caused by this socket's requests carry.
    pub(crate) const fn port(&self) -> u32 {
        self.port
    }

    /// Makes room for a datagram of this size, beyond net.core.wmem_max if we may.
    pub(crate) fn make_room_to_send(&self, bytes: usize) -> io::Result<()> {
        // The kernel doubles the number, and counts its bookkeeping against it.
        let bytes = i32::try_from(bytes).unwrap_or(i32::MAX);
        set_int(&self.fd, libc::SOL_SOCKET, libc::SO_SNDBUFFORCE, bytes)
    }

    /// How much one send may be, and ask for, with the buffers as they are.
    pub(super) fn room(&self) -> Room {
        // It always tells.
        let answers = socket_recv_buffer_size(&self.fd).map_or(usize::MAX, |bytes| bytes / ANSWER);
        let bytes =
            socket_send_buffer_size(&self.fd).map_or(usize::MAX, |bytes| bytes.saturating_sub(REQUEST));
        Room { answers, bytes }
    }

    /// Sleeps until there is something to read, but no longer than [`PATIENCE`].
    pub(crate) fn wait(&self) -> io::Result<()> {
        let mut fds = [PollFd::new(&self.fd, PollFlags::IN)];
        match poll(&mut fds, Some(&PATIENCE)) {
            Ok(0) => Err(io::ErrorKind::TimedOut.into()),
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Sends a datagram to the kernel, which handles rtnetlink requests before this returns.
    pub(crate) fn send(&self, bytes: &[u8]) -> io::Result<()> {
        let destination = kernel_address();
        // SAFETY: both pointers describe live memory of the lengths given with them.
        let sent = unsafe {
            libc::sendto(
                self.fd.as_raw_fd(),
                bytes.as_ptr().cast(),
                bytes.len(),
                0,
                (&raw const destination).cast(),
                length_of::<libc::sockaddr_nl>(),
            )
        };
        if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// Receives one datagram; those of other processes are skipped.
    pub(crate) fn receive(&mut self) -> io::Result<Received<'_>> {
        loop {
            let mut sender = kernel_address();
            let mut sender_length = length_of::<libc::sockaddr_nl>();
            // SAFETY: the pointers describe live, writable memory of the lengths given with them.
            let received = unsafe {
                libc::recvfrom(
                    self.fd.as_raw_fd(),
                    self.buffer.as_mut_ptr().cast(),
                    self.buffer.len(),
                    libc::MSG_DONTWAIT | libc::MSG_TRUNC,
                    (&raw mut sender).cast(),
                    &raw mut sender_length,
                )
            };
            let Ok(length) = usize::try_from(received) else {
                let error = io::Error::last_os_error();
                match error.raw_os_error() {
                    Some(libc::EAGAIN) => return Ok(Received::Nothing),
                    Some(libc::ENOBUFS) => return Ok(Received::Overrun),
                    Some(libc::EINTR) => continue,
                    _ => return Err(error),
                }
            };
            if sender.nl_pid != 0 {
                continue;
            }
            if length > self.buffer.len() {
                return Ok(Received::Overrun);
            }
            return Ok(Received::Datagram(&self.buffer[..length]));
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Lets the kernel choose the port, and asks which one it is.
fn bind(fd: &OwnedFd) -> io::Result<u32> {
    let mut address = kernel_address();
    let mut length = length_of::<libc::sockaddr_nl>();
    // SAFETY: the pointer and the length describe one live sockaddr_nl.
    check(unsafe { libc::bind(fd.as_raw_fd(), (&raw const address).cast(), length) })?;
    // SAFETY: the same, now written to.
    check(unsafe { libc::getsockname(fd.as_raw_fd(), (&raw mut address).cast(), &raw mut length) })?;
    Ok(address.nl_pid)
}

/// Port 0: the kernel, or "choose one for me".
fn kernel_address() -> libc::sockaddr_nl {
    // SAFETY: sockaddr_nl is integers only; all zero is a valid value.
    let mut address: libc::sockaddr_nl = unsafe { std::mem::zeroed() };
    address.nl_family = libc::sa_family_t::try_from(libc::AF_NETLINK).expect("address families are small");
    address
}

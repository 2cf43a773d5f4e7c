//! What others do to links and addresses, as it happens.

use super::address::{self, Address};
use super::decode::{Message, Messages, OVERRUN};
use super::link::{self, Link};
use super::receive_buffer::ReceiveBuffer;
use super::socket::{Received, Socket};
use crate::error::{Doing, Result};
use keepalived_types::IfIndex;
use socket2::{SockFilter, SockRef};
use std::os::fd::{AsFd, BorrowedFd};

/// Datagrams read in one go, so that a storm of changes cannot keep the caller from its timers.
const DATAGRAMS_PER_READ: usize = 64;

// linux/bpf_common.h: a 16 or 32 bit load from a fixed place, a comparison with a constant, the verdict.
const LOAD_HALF: u16 = 0x28;
const LOAD_WORD: u16 = 0x20;
const JUMP_IF_EQUAL: u16 = 0x15;
const RETURN: u16 = 0x06;

/// Something happened to an interface or an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A new interface, or something about one changed.
    LinkChanged(Link),
    /// The interface is gone.
    LinkRemoved(IfIndex),
    /// A new address, or its flags or lifetimes changed. A tentative one is reported, too.
    AddressAdded(Address),
    /// The address is gone.
    AddressRemoved(Address),
    /// Messages were lost: only a fresh dump can tell how things are.
    Overrun,
}

/// A socket that hears of every change of links and addresses in its network namespace.
///
/// Open it first and dump then: what changes in between is heard of twice rather than never.
#[derive(Debug)]
pub struct Monitor {
    socket: Socket,
}

impl Monitor {
    /// Room for unread messages; about 1,000 address changes fit into one MiB.
    pub const RECEIVE_BYTES: usize = 4 * 1024 * 1024;

    /// Opens the socket with [`Monitor::RECEIVE_BYTES`] of room.
    ///
    /// # Errors
    /// When the kernel has no rtnetlink or the process no descriptor left.
    pub fn open() -> Result<Self> {
        Self::with_receive_buffer(ReceiveBuffer::Usual)
    }

    /// Opens the socket with this much room for unread messages.
    ///
    /// # Errors
    /// As [`Monitor::open`].
    pub fn with_receive_buffer(room: ReceiveBuffer) -> Result<Self> {
        let groups = [libc::RTNLGRP_LINK, libc::RTNLGRP_IPV4_IFADDR, libc::RTNLGRP_IPV6_IFADDR];
        let socket = Socket::open(libc::NETLINK_ROUTE, &groups, room, Self::RECEIVE_BYTES)?;
        Ok(Self { socket })
    }

    /// Leaves out addresses that requests from this port added ([`super::Requests::port`]): the kernel drops the reports
    /// before they take room here. It tells whose request it was for IPv4 only: our own IPv6 addresses are reported all
    /// the same. Removals are always reported, for the removal of one address may take others with it.
    ///
    /// # Errors
    /// When the kernel refuses the filter, which it has no reason for.
    pub fn leave_out_additions_by(&self, port: u32) -> Result<()> {
        // struct nlmsghdr: length, then the type at byte 4 and the port at byte 12, in the machine's byte order; BPF
        // loads them as big-endian.
        let kind = u32::from(libc::RTM_NEWADDR.to_be());
        let filter = [
            SockFilter::new(LOAD_HALF, 0, 0, 4),
            SockFilter::new(JUMP_IF_EQUAL, 0, 3, kind),
            SockFilter::new(LOAD_WORD, 0, 0, 12),
            SockFilter::new(JUMP_IF_EQUAL, 0, 1, port.to_be()),
            SockFilter::new(RETURN, 0, 0, 0),
            SockFilter::new(RETURN, 0, 0, u32::MAX),
        ];
        SockRef::from(&self.socket).attach_filter(&filter).doing("leave out our own changes")
    }

    /// Appends what has been heard to `changes`. True: there may be more, call again.
    ///
    /// # Errors
    /// When the socket is beyond use.
    pub fn read(&mut self, changes: &mut Vec<Change>) -> Result<bool> {
        for _ in 0..DATAGRAMS_PER_READ {
            match self.socket.receive().doing("read netlink notifications")? {
                Received::Nothing => return Ok(false),
                Received::Overrun => changes.push(Change::Overrun),
                Received::Datagram(bytes) => {
                    changes.extend(Messages(bytes).filter_map(change_of));
                }
            }
        }
        Ok(true)
    }
}

impl AsFd for Monitor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn change_of(message: Message<'_>) -> Option<Change> {
    match message.kind {
        libc::RTM_NEWLINK => link::decode(message).map(Change::LinkChanged),
        libc::RTM_DELLINK => link::index_of(message).map(Change::LinkRemoved),
        libc::RTM_NEWADDR => address::decode(message).map(Change::AddressAdded),
        libc::RTM_DELADDR => address::decode(message).map(Change::AddressRemoved),
        OVERRUN => Some(Change::Overrun),
        _ => None,
    }
}

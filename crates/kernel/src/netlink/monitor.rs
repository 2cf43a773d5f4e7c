//! What others do to links and addresses, as it happens.

use super::address::{self, Address};
use super::decode::{Message, Messages, OVERRUN};
use super::link::{self, Link};
use super::receive_buffer::ReceiveBuffer;
use super::socket::{Received, Socket};
use crate::error::{Doing, Result};
use keepalived_types::IfIndex;
use std::os::fd::{AsFd, BorrowedFd};

/// Datagrams read in one go, so that a storm of changes cannot keep the caller from its timers.
const DATAGRAMS_PER_READ: usize = 64;

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
    ignored: Option<u32>,
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
        Ok(Self { socket, ignored: None })
    }

    /// Leaves out address changes that requests from this port caused ([`super::Requests::port`]). The kernel says so
    /// for IPv4 only: our own IPv6 changes are reported all the same.
    pub const fn ignore_addresses_set_by(&mut self, port: u32) {
        self.ignored = Some(port);
    }

    /// Appends what has been heard to `changes`. True: there may be more, call again.
    ///
    /// # Errors
    /// When the socket is beyond use.
    pub fn read(&mut self, changes: &mut Vec<Change>) -> Result<bool> {
        for _ in 0..DATAGRAMS_PER_READ {
            let ignored = self.ignored;
            match self.socket.receive().doing("read netlink notifications")? {
                Received::Nothing => return Ok(false),
                Received::Overrun => changes.push(Change::Overrun),
                Received::Datagram(bytes) => {
                    changes.extend(Messages(bytes).filter_map(|message| change_of(message, ignored)));
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

fn change_of(message: Message<'_>, ignored: Option<u32>) -> Option<Change> {
    let ours = message.port != 0 && Some(message.port) == ignored;
    match message.kind {
        libc::RTM_NEWLINK => link::decode(message).map(Change::LinkChanged),
        libc::RTM_DELLINK => link::index_of(message).map(Change::LinkRemoved),
        libc::RTM_NEWADDR if !ours => address::decode(message).map(Change::AddressAdded),
        libc::RTM_DELADDR if !ours => address::decode(message).map(Change::AddressRemoved),
        OVERRUN => Some(Change::Overrun),
        _ => None,
    }
}

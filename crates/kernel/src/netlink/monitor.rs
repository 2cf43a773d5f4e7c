//! What others do to links, addresses, routes and rules, as it happens.

use super::address::{self, Address};
use super::decode::{Message, Messages, OVERRUN};
use super::encode::REPLACE;
use super::link::{self, Link};
use super::receive_buffer::ReceiveBuffer;
use super::route::{self, PROTOCOL_KEEPALIVED, Route};
use super::rule::{self, Rule};
use super::socket::{Received, Socket};
use crate::error::{Doing, Result};
use keepalived_types::IfIndex;
use socket2::{SockFilter, SockRef};
use std::os::fd::{AsFd, BorrowedFd};

/// Datagrams read in one go, so that a storm of changes cannot keep the caller from its timers.
const DATAGRAMS_PER_READ: usize = 64;

// linux/bpf_common.h: an 8, 16 or 32 bit load from a fixed place, comparisons with a constant, the verdict.
const LOAD_BYTE: u16 = 0x30;
const LOAD_HALF: u16 = 0x28;
const LOAD_WORD: u16 = 0x20;
const JUMP_IF_EQUAL: u16 = 0x15;
const JUMP_IF_SET: u16 = 0x45;
const RETURN: u16 = 0x06;

/// The groups of routes and rules (linux/rtnetlink.h: RTNLGRP_IPV4_ROUTE, _RULE, RTNLGRP_IPV6_ROUTE, _RULE).
const ROUTING_GROUPS: [u32; 4] = [7, 8, 11, 19];

/// Something happened to an interface, an address, a route or a rule.
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
    /// A new route. `replaces`: it has taken the place of one with the same destination, table, metric and type of
    /// service.
    RouteAdded {
        /// It.
        route: Route,
        /// Another one is gone.
        replaces: bool,
    },
    /// The route is gone. The kernel does not tell of IPv4 routes that go with an interface or an address.
    RouteRemoved(Route),
    /// A new rule.
    RuleAdded(Rule),
    /// The rule is gone.
    RuleRemoved(Rule),
    /// Messages were lost: only a fresh dump can tell how things are.
    Overrun,
}

/// A socket that hears of every change of links and addresses in its network namespace, and when asked to, of rules and
/// of routes that carry our mark.
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
        SockRef::from(&socket).attach_filter(&routes_of_others()).doing("leave out routes of others")?;
        Ok(Self { socket })
    }

    /// From now on there is this much room for unread messages.
    ///
    /// # Errors
    /// When the kernel refuses, which it has no reason for.
    pub fn set_receive_buffer(&self, room: ReceiveBuffer) -> Result<()> {
        self.socket.set_receive_buffer(room, Self::RECEIVE_BYTES)
    }

    /// Hears of rules, too, and of routes that carry our mark or have replaced another one: the kernel drops the reports
    /// of all others, of which a router with a full table has many, before they take room here. List afterwards.
    ///
    /// # Errors
    /// When the kernel refuses, which it has no reason for.
    pub fn watch_routing(&self) -> Result<()> {
        ROUTING_GROUPS.iter().try_for_each(|&group| self.socket.join(group)).doing("join a netlink group")
    }

    /// Leaves out addresses that requests from this port added ([`super::Requests::port`]): the kernel drops the reports
    /// before they take room here. It tells whose request it was for IPv4 only: our own IPv6 addresses are reported all
    /// the same. Removals are always reported, for the removal of one address may take others with it.
    ///
    /// # Errors
    /// When the kernel refuses the filter, which it has no reason for.
    pub fn leave_out_additions_by(&self, port: u32) -> Result<()> {
        let filter: Vec<SockFilter> = own_additions(port).into_iter().chain(routes_of_others()).collect();
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

/// Drops reports of IPv4 addresses that requests from `port` added; whatever else goes on behind the last instruction.
fn own_additions(port: u32) -> [SockFilter; 5] {
    // struct nlmsghdr: length, then the type at byte 4 and the port at byte 12, in the machine's byte order; BPF
    // loads them as big-endian.
    [
        SockFilter::new(LOAD_HALF, 0, 0, 4),
        SockFilter::new(JUMP_IF_EQUAL, 0, 3, u32::from(libc::RTM_NEWADDR.to_be())),
        SockFilter::new(LOAD_WORD, 0, 0, 12),
        SockFilter::new(JUMP_IF_EQUAL, 0, 1, port.to_be()),
        SockFilter::new(RETURN, 0, 0, 0),
    ]
}

/// Drops reports of routes without our mark; those that replaced another route are let through. The type of the message
/// is at byte 4, its flags are at byte 6, `rtm_protocol` is at byte 21.
fn routes_of_others() -> [SockFilter; 9] {
    [
        SockFilter::new(LOAD_HALF, 0, 0, 4),
        SockFilter::new(JUMP_IF_EQUAL, 1, 0, u32::from(libc::RTM_NEWROUTE.to_be())),
        SockFilter::new(JUMP_IF_EQUAL, 2, 5, u32::from(libc::RTM_DELROUTE.to_be())),
        SockFilter::new(LOAD_HALF, 0, 0, 6),
        SockFilter::new(JUMP_IF_SET, 3, 0, u32::from(REPLACE.to_be())),
        SockFilter::new(LOAD_BYTE, 0, 0, 21),
        SockFilter::new(JUMP_IF_EQUAL, 1, 0, u32::from(PROTOCOL_KEEPALIVED)),
        SockFilter::new(RETURN, 0, 0, 0),
        SockFilter::new(RETURN, 0, 0, u32::MAX),
    ]
}

pub(crate) fn change_of(message: Message<'_>) -> Option<Change> {
    match message.kind {
        libc::RTM_NEWLINK => link::decode(message).map(Change::LinkChanged),
        libc::RTM_DELLINK => link::index_of(message).map(Change::LinkRemoved),
        libc::RTM_NEWADDR => address::decode(message).map(Change::AddressAdded),
        libc::RTM_DELADDR => address::decode(message).map(Change::AddressRemoved),
        libc::RTM_NEWROUTE => {
            let replaces = message.flags & REPLACE != 0;
            route::decode(message).map(|route| Change::RouteAdded { route, replaces })
        }
        libc::RTM_DELROUTE => route::decode(message).map(Change::RouteRemoved),
        libc::RTM_NEWRULE => rule::decode(message).map(Change::RuleAdded),
        libc::RTM_DELRULE => rule::decode(message).map(Change::RuleRemoved),
        OVERRUN => Some(Change::Overrun),
        _ => None,
    }
}

//! Raw sockets for advertisements: one pair per family, interface and group or unicast source, shared by all the
//! virtual routers there.
//!
//! They are two because a socket that sends on a raw protocol also receives it: the sending one is closed to all
//! packets by a filter, so that nothing piles up in it, or open to those that cannot wait (`bell.rs`).

mod bell;
mod open;
mod receive;
mod send;

pub(crate) use open::drop_all;
pub use receive::{Buffers, Datagram};

use crate::error::{Doing, Result};
use crate::socket_option::set_receive_buffer;
use keepalived_types::{Family, IfIndex, InterfaceName};
use socket2::Socket;
use std::net::IpAddr;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};

/// What goes over the wire under IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// IP protocol 112.
    Vrrp,
    /// IP protocol 51: VRRP behind an Authentication Header (RFC 2338 10, IPv4 only).
    AuthenticationHeader,
}

impl Protocol {
    /// 112 or 51.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::Vrrp => 112,
            Self::AuthenticationHeader => 51,
        }
    }
}

/// Whom a socket pair talks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reach {
    /// A group: 224.0.0.18, ff02::12 or what the configuration says.
    Multicast {
        /// The group that is joined and sent to.
        group: IpAddr,
    },
    /// Single peers.
    Unicast {
        /// Our own address, which may be absent when the socket is opened.
        source: IpAddr,
    },
}

impl Reach {
    /// The family of the group or the source.
    #[must_use]
    pub const fn family(self) -> Family {
        match self {
            Self::Multicast { group: address } | Self::Unicast { source: address } => Family::of(address),
        }
    }
}

/// Which socket pair: two instances with the same settings share one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Settings {
    /// VRRP or AH.
    pub protocol: Protocol,
    /// The interface of the group, of outgoing packets and of link-local addresses. Needed for multicast.
    pub interface: Option<IfIndex>,
    /// The device that both sockets are bound to: the interface, its VRF, or none for unicast without an interface.
    pub device: Option<InterfaceName>,
    /// Group or unicast source.
    pub reach: Reach,
}

/// A receiving and a sending raw socket, both non-blocking.
#[derive(Debug)]
pub struct VrrpSocket {
    receive: Socket,
    send: Socket,
    reach: Reach,
    interface: Option<IfIndex>,
}

impl VrrpSocket {
    /// Opens both sockets and joins the group.
    ///
    /// # Errors
    /// When the interface is gone or has no address for the group, an option is refused, or we lack CAP_NET_RAW.
    pub fn open(settings: &Settings) -> Result<Self> {
        let receive = open::receiver(settings)?;
        let send = open::sender(settings)?;
        Ok(Self { receive, send, reach: settings.reach, interface: settings.interface })
    }

    /// The numbers of the descriptors that receive and send, for people who look at the process.
    #[must_use]
    pub fn descriptors(&self) -> (i32, i32) {
        (self.receive.as_raw_fd(), self.send.as_raw_fd())
    }

    /// Sets the room for received and unread adverts, in bytes; grows beyond net.core.rmem_max when we may.
    ///
    /// # Errors
    /// When the kernel refuses, which it does not.
    pub fn set_receive_buffer(&self, bytes: usize) -> Result<()> {
        set_receive_buffer(&self.receive, bytes).doing("set the receive buffer of a VRRP socket")
    }

    /// Makes room for this many bytes of received and unread adverts, bookkeeping included, where there is less.
    ///
    /// # Errors
    /// When the kernel refuses, which it does not.
    pub fn grow_receive_buffer(&self, bytes: usize) -> Result<()> {
        let doing = "grow the receive buffer of a VRRP socket";
        if self.receive.recv_buffer_size().doing(doing)? < bytes {
            // The kernel doubles what it is told, for its bookkeeping.
            set_receive_buffer(&self.receive, bytes.div_ceil(2)).doing(doing)?;
        }
        Ok(())
    }

    /// Asks the kernel to note when each advert came in, for [`Datagram::received`].
    ///
    /// # Errors
    /// When the kernel refuses, which it does not.
    pub fn set_time_stamps(&self, on: bool) -> Result<()> {
        open::set_time_stamps(&self.receive, on).doing("time received adverts")
    }
}

/// The receiving socket, for a reactor.
impl AsFd for VrrpSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.receive.as_fd()
    }
}

#[cfg(test)]
mod tests;

//! The command socket of rtnetlink: dumps, and batches of address changes.

use super::address::{self, Address, AddressOp};
use super::batch::{Done, Finished, NetlinkError, Ticket};
use super::decode::Message;
use super::encode::Encoder;
use super::exchange::{Answers, Exchange};
use super::link::{self, Link};
use super::receive_buffer::ReceiveBuffer;
use crate::error::{Doing, Result};
use std::os::fd::{AsFd, BorrowedFd};

/// What a namespace holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Its interfaces.
    pub links: Vec<Link>,
    /// Their addresses.
    pub addresses: Vec<Address>,
    /// Nothing changed meanwhile: what is not listed is not there. Otherwise it may have been overlooked.
    pub is_steady: bool,
}

/// struct ifinfomsg, all zero: any family, any interface.
fn ask_for_links(flags: u16, sequence: u32, to: &mut Encoder) {
    to.begin(libc::RTM_GETLINK, flags, sequence, &[0; 16]);
}

/// struct ifaddrmsg, all zero: any family, any interface.
fn ask_for_addresses(flags: u16, sequence: u32, to: &mut Encoder) {
    to.begin(libc::RTM_GETADDR, flags, sequence, &[0; 8]);
}

fn link_of(message: Message<'_>) -> Option<Link> {
    if message.kind == libc::RTM_NEWLINK { link::decode(message) } else { None }
}

fn address_of(message: Message<'_>) -> Option<Address> {
    if message.kind == libc::RTM_NEWADDR { address::decode(message) } else { None }
}

/// A socket for requests to rtnetlink.
///
/// Batches are worked off in the order of [`Requests::start`], a few dozen operations per [`Requests::poll`], so that
/// a thousand addresses do not keep adverts waiting. [`Requests::execute`] is the same for callers who may wait.
#[derive(Debug)]
pub struct Requests(Exchange<AddressOp>);

impl Requests {
    /// # Errors
    /// When the kernel has no rtnetlink or the process no descriptor left.
    pub fn open() -> Result<Self> {
        Self::with_receive_buffer(ReceiveBuffer::Usual)
    }

    /// Opens the socket with this much room for unread answers.
    ///
    /// # Errors
    /// As [`Requests::open`].
    pub fn with_receive_buffer(room: ReceiveBuffer) -> Result<Self> {
        Exchange::with_receive_buffer(libc::NETLINK_ROUTE, "change addresses", room).map(Self)
    }

    /// The port id in the notifications that our requests cause, for [`super::Monitor::leave_out_additions_by`].
    #[must_use]
    pub const fn port(&self) -> u32 {
        self.0.port()
    }

    /// Every interface of the namespace. Waits.
    ///
    /// # Errors
    /// When the kernel refuses or does not answer.
    pub fn dump_links(&mut self) -> Result<Vec<Link>> {
        self.0.ask(Answers::All, ask_for_links, link_of).doing("list the links")
    }

    /// Every IPv4 and IPv6 address of the namespace. Waits.
    ///
    /// # Errors
    /// When the kernel refuses or does not answer.
    pub fn dump_addresses(&mut self) -> Result<Vec<Address>> {
        self.0.ask(Answers::All, ask_for_addresses, address_of).doing("list the addresses")
    }

    /// Links and addresses as one pass over them shows, without starting anew when something changed meanwhile: for
    /// callers who can look again later. Waits for the kernel, but not for a quiet moment.
    ///
    /// # Errors
    /// When the kernel refuses or does not answer.
    pub fn glance(&mut self) -> Result<Listing> {
        let mut listing = Listing::default();
        let links = self.0.ask_once(Answers::All, &ask_for_links, &link_of, &mut listing.links);
        let links = links.doing("list the links")?;
        let addresses =
            self.0.ask_once(Answers::All, &ask_for_addresses, &address_of, &mut listing.addresses);
        listing.is_steady = addresses.doing("list the addresses")? && links;
        Ok(listing)
    }

    /// Queues a batch; nothing is sent before [`Requests::poll`].
    pub fn start(&mut self, operations: Vec<AddressOp>) -> Ticket {
        self.0.start(operations)
    }

    /// There is work for [`Requests::poll`] that the descriptor does not show: call it again soon.
    #[must_use]
    pub fn has_work(&self) -> bool {
        self.0.has_work()
    }

    /// Sends the next few dozen operations and reads what has been answered. Returns a batch that is complete.
    /// Never waits; call it when [`Requests::has_work`] or when the descriptor is readable.
    ///
    /// # Errors
    /// When the socket is beyond use. What becomes of single operations is told in the outcomes.
    pub fn poll(&mut self) -> Result<Option<Finished>> {
        self.0.poll()
    }

    /// Performs `operations` in order and waits for all of them. Every one is tried, whatever became of those before.
    ///
    /// # Errors
    /// When the socket is beyond use.
    pub fn execute(
        &mut self,
        operations: &[AddressOp],
    ) -> Result<Vec<std::result::Result<Done, NetlinkError>>> {
        self.0.execute(operations.to_vec())
    }
}

impl AsFd for Requests {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests;

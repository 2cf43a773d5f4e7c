//! The command socket of rtnetlink: dumps, and batches of address changes.

use super::address::{self, Address, AddressOp};
use super::batch::{Done, Finished, NetlinkError, Ticket};
use super::encode::Encoder;
use super::exchange::{Answers, Exchange};
use super::link::{self, Link};
use crate::error::{Doing, Result};
use std::os::fd::{AsFd, BorrowedFd};

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
        Exchange::open(libc::NETLINK_ROUTE, "change addresses").map(Self)
    }

    /// The port id in the notifications that our requests cause, for [`super::Monitor::ignore_addresses_set_by`].
    #[must_use]
    pub const fn port(&self) -> u32 {
        self.0.port()
    }

    /// Every interface of the namespace. Waits.
    ///
    /// # Errors
    /// When the kernel refuses or does not answer.
    pub fn dump_links(&mut self) -> Result<Vec<Link>> {
        // struct ifinfomsg, all zero: any family, any interface.
        let ask = |flags, sequence, to: &mut Encoder| to.begin(libc::RTM_GETLINK, flags, sequence, &[0; 16]);
        self.0
            .ask(Answers::All, ask, |message| {
                if message.kind == libc::RTM_NEWLINK { link::decode(message) } else { None }
            })
            .doing("list the links")
    }

    /// Every IPv4 and IPv6 address of the namespace. Waits.
    ///
    /// # Errors
    /// When the kernel refuses or does not answer.
    pub fn dump_addresses(&mut self) -> Result<Vec<Address>> {
        // struct ifaddrmsg, all zero: any family, any interface.
        let ask = |flags, sequence, to: &mut Encoder| to.begin(libc::RTM_GETADDR, flags, sequence, &[0; 8]);
        self.0
            .ask(Answers::All, ask, |message| {
                if message.kind == libc::RTM_NEWADDR { address::decode(message) } else { None }
            })
            .doing("list the addresses")
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

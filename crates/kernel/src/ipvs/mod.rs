//! The kernel's load balancer (IPVS) over generic netlink: its table changed in batches, and read.
//!
//! [`Ipvs`] is a descriptor for a reactor: [`Ipvs::start`] queues a batch of operations, [`Ipvs::poll`] works them off,
//! many in one send, and tells what became of each. [`Ipvs::execute`] is the same for callers who may wait.
//! [`TableReader`] reads what the kernel has, in steps that do not hold up a reactor.
//!
//! Two requests can take the kernel long, and the caller with it: stopping a synchronisation daemon waits for its
//! thread (seconds), and a scheduler that is not loaded yet is loaded.

mod attribute;
mod decode;
mod encode;
mod family;
mod reader;
mod refusal;

pub use crate::netlink::{Done, Finished, NetlinkError, Ticket};
pub use family::Place;
pub(crate) use family::open_in;
pub use reader::TableReader;
pub use refusal::Refusal;

use crate::error::{Doing, Result};
use crate::netlink::ReceiveBuffer;
use crate::netlink::batch::Operation;
use crate::netlink::decode::Message;
use crate::netlink::encode::Encoder;
use crate::netlink::exchange::{Answers, Exchange};
use attribute::command;
use decode::{AnyDestination, Decoded};
use encode::Request;
use keepalived_types::Family;
use keepalived_types::ipvs::{
    ConnectionTimeouts, DestinationReport, ServiceKey, ServiceReport, SyncDaemon, TableOperation,
};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

/// What IPVS says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Information {
    /// 1.2.1 for every kernel since 2008.
    pub version: (u8, u8, u8),
    /// Buckets of the table of connections.
    pub connection_table_size: u32,
}

/// A socket for requests to IPVS.
#[derive(Debug)]
pub struct Ipvs {
    exchange: Exchange<Request>,
    family: u16,
    information: Information,
}

impl Ipvs {
    /// So many operations go to the kernel in one send; less than that where buffers are small.
    pub const SEND: usize = <Request as Operation>::CHUNK;

    /// Opens a socket, and loads the kernel's module if it is not there. Waits.
    ///
    /// # Errors
    /// When the kernel has no IPVS, the namespace does not exist, or we lack CAP_NET_ADMIN in it.
    pub fn open(place: &Place) -> Result<Self> {
        Self::with_receive_buffer(place, ReceiveBuffer::Usual)
    }

    /// The same with this much room for unread answers.
    ///
    /// # Errors
    /// As [`Ipvs::open`].
    pub fn with_receive_buffer(place: &Place, room: ReceiveBuffer) -> Result<Self> {
        let mut exchange = family::open(place, room)?;
        let (family, information) = family::find(&mut exchange)?;
        Ok(Self { exchange, family, information })
    }

    /// From now on there is this much room for unread answers.
    ///
    /// # Errors
    /// When the kernel refuses, which it has no reason for.
    pub fn set_receive_buffer(&self, room: ReceiveBuffer) -> Result<()> {
        self.exchange.set_receive_buffer(room)
    }

    /// What IPVS said about itself when we opened it.
    #[must_use]
    pub const fn information(&self) -> Information {
        self.information
    }

    /// Queues a batch; nothing is sent before [`Ipvs::poll`].
    pub fn start(&mut self, operations: Vec<TableOperation>) -> Ticket {
        let requests = self.requests(operations);
        self.exchange.start(requests)
    }

    /// There is work for [`Ipvs::poll`] that the descriptor does not show: call it again soon.
    #[must_use]
    pub fn has_work(&self) -> bool {
        self.exchange.has_work()
    }

    /// Sends the next [`Ipvs::SEND`] operations and reads what has been answered. Returns a batch that is complete.
    /// Call it when [`Ipvs::has_work`] or when the descriptor is readable. An outcome is [`Done::Done`] or what the
    /// kernel said, for a [`Refusal`].
    ///
    /// # Errors
    /// When the socket is beyond use. What becomes of single operations is told in the outcomes.
    pub fn poll(&mut self) -> Result<Option<Finished>> {
        self.exchange.poll()
    }

    /// Performs `operations` in order and waits for all of them. Every one is tried, whatever became of those before.
    ///
    /// # Errors
    /// When the socket is beyond use.
    pub fn execute(
        &mut self,
        operations: &[TableOperation],
    ) -> Result<Vec<std::result::Result<Done, NetlinkError>>> {
        let requests = self.requests(operations.to_vec());
        self.exchange.execute(requests)
    }

    fn requests(&self, operations: Vec<TableOperation>) -> Vec<Request> {
        let family = self.family;
        operations.into_iter().map(|operation| Request { family, operation }).collect()
    }

    /// Every service that this crate's vocabulary can express. Waits.
    ///
    /// # Errors
    /// When the kernel refuses, does not answer, or answers what cannot be read.
    pub fn services(&mut self) -> Result<Vec<ServiceReport>> {
        let found = self.ask(Answers::All, command::GET_SERVICE, None, decode::service);
        Ok(found.doing("list the IPVS services")?.into_iter().flatten().collect())
    }

    /// One service; `None` when it is not there. Waits.
    ///
    /// # Errors
    /// When the kernel refuses, does not answer, or answers what cannot be read.
    pub fn service(&mut self, key: &ServiceKey) -> Result<Option<ServiceReport>> {
        match self.ask(Answers::One, command::GET_SERVICE, Some(key), decode::service) {
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(None),
            found => Ok(found.doing("look up an IPVS service")?.into_iter().flatten().next()),
        }
    }

    /// Every destination of a service, except those forwarded by a method that no configuration can ask for. Waits.
    ///
    /// # Errors
    /// When the kernel refuses (ESRCH: no such service), does not answer, or answers what cannot be read.
    pub fn destinations(&mut self, service: &ServiceKey) -> Result<Vec<DestinationReport>> {
        let family = service.family();
        let decode = |message: Message<'_>| decode::destination(message, family);
        let found = self.ask(Answers::All, command::GET_DEST, Some(service), decode);
        let known = |any| match any {
            AnyDestination::Known(report) => Some(report),
            AnyDestination::Odd(_) => None,
        };
        Ok(found.doing("list IPVS destinations")?.into_iter().filter_map(known).collect())
    }

    /// The synchronisation daemons that run in the namespace. Waits.
    ///
    /// # Errors
    /// When the kernel refuses, does not answer, or answers what cannot be read.
    pub fn sync_daemons(&mut self) -> Result<Vec<SyncDaemon>> {
        self.ask(Answers::All, command::GET_DAEMON, None, decode::daemon).doing("list the IPVS sync daemons")
    }

    /// The time-outs of connections. Waits.
    ///
    /// # Errors
    /// When the kernel refuses, does not answer, or answers what cannot be read.
    pub fn timeouts(&mut self) -> Result<ConnectionTimeouts> {
        let found = self.ask(Answers::One, command::GET_CONFIG, None, decode::timeouts);
        let missing = || io::Error::from(io::ErrorKind::InvalidData);
        let one = found.and_then(|found| found.into_iter().next().ok_or_else(missing));
        one.doing("read the IPVS time-outs")
    }

    /// Sets the counters of one service, or of all, to zero. Waits.
    ///
    /// # Errors
    /// When the kernel refuses (ESRCH: no such service) or does not answer.
    pub fn reset_statistics(&mut self, service: Option<&ServiceKey>) -> Result<()> {
        self.ask(Answers::One, command::ZERO, service, |_| -> Decoded<()> { None })
            .map(drop)
            .doing("reset IPVS statistics")
    }

    fn ask<T>(
        &mut self,
        answers: Answers,
        command: u8,
        about: Option<&ServiceKey>,
        decode: impl Fn(Message<'_>) -> Decoded<T>,
    ) -> io::Result<Vec<T>> {
        let family = self.family;
        let found = self.exchange.ask(answers, question(family, command, about), decode)?;
        Ok(found.into_iter().collect::<std::result::Result<_, _>>()?)
    }
}

/// The writer of a question, about a service or not.
fn question(family: u16, command: u8, about: Option<&ServiceKey>) -> impl Fn(u16, u32, &mut Encoder) {
    move |flags, sequence, to| {
        encode::begin(family, command, flags, sequence, to);
        if let Some(key) = about {
            encode::put_service_key(key, to);
        }
    }
}

/// How many readers find something in a message.
pub(crate) fn found_in(message: Message<'_>) -> usize {
    let found = [
        family::family_id(message).is_some(),
        decode::service(message).is_some_and(|read| read.is_ok()),
        decode::destination(message, Family::V4).is_some_and(|read| read.is_ok()),
        decode::destination(message, Family::V6).is_some_and(|read| read.is_ok()),
        decode::daemon(message).is_some_and(|read| read.is_ok()),
        decode::timeouts(message).is_some_and(|read| read.is_ok()),
        decode::information(message).is_some_and(|read| read.is_ok()),
    ];
    found.into_iter().filter(|found| *found).count()
}

impl AsFd for Ipvs {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.exchange.as_fd()
    }
}

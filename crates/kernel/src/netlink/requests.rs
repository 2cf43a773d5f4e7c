//! The command socket of rtnetlink: dumps, and batches of changes of addresses, routes and rules.

use super::address::{self, Address, AddressOp};
use super::batch::{Done, Finished, NetlinkError, Operation, Ticket};
use super::decode::Message;
use super::encode::Encoder;
use super::exchange::{Answers, Exchange};
use super::link::{self, Link};
use super::receive_buffer::ReceiveBuffer;
use super::route::{self, PROTOCOL_KEEPALIVED, Route, RouteOp};
use super::rule::{self, Rule, RuleOp};
use crate::error::{Doing, Result};
use keepalived_types::Family;
use std::io;
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

/// Routes and rules that carry our mark.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marked {
    /// Routes of both families.
    pub routes: Vec<Route>,
    /// Rules of both families.
    pub rules: Vec<Rule>,
    /// Nothing changed meanwhile: what is not listed is not there. Otherwise it may have been overlooked.
    pub is_steady: bool,
}

/// One step of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// About an address.
    Address(AddressOp),
    /// About a route.
    Route(Box<RouteOp>),
    /// About a rule.
    Rule(Box<RuleOp>),
}

impl From<AddressOp> for Request {
    fn from(operation: AddressOp) -> Self {
        Self::Address(operation)
    }
}

impl From<RouteOp> for Request {
    fn from(operation: RouteOp) -> Self {
        Self::Route(Box::new(operation))
    }
}

impl From<RuleOp> for Request {
    fn from(operation: RuleOp) -> Self {
        Self::Rule(Box::new(operation))
    }
}

impl Operation for Request {
    /// Some 1.5 ms before timers get their turn again.
    const CHUNK: usize = AddressOp::CHUNK;

    fn encode(&self, sequence: u32, to: &mut Encoder) {
        match self {
            Self::Address(operation) => operation.encode(sequence, to),
            Self::Route(operation) => operation.encode(sequence, to),
            Self::Rule(operation) => operation.encode(sequence, to),
        }
    }

    fn outcome(&self, errno: i32, message: Option<String>) -> std::result::Result<Done, NetlinkError> {
        match self {
            Self::Address(operation) => operation.outcome(errno, message),
            Self::Route(operation) => operation.outcome(errno, message),
            Self::Rule(operation) => operation.outcome(errno, message),
        }
    }
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

fn route_of(message: Message<'_>) -> Option<Route> {
    let route = (message.kind == libc::RTM_NEWROUTE).then(|| route::decode(message))??;
    // Kernels before 5.0 list all of them.
    (route.protocol == PROTOCOL_KEEPALIVED).then_some(route)
}

fn rule_of(message: Message<'_>) -> Option<Rule> {
    let rule = (message.kind == libc::RTM_NEWRULE).then(|| rule::decode(message))??;
    (rule.protocol == PROTOCOL_KEEPALIVED).then_some(rule)
}

/// A kernel without IPv6, or without policy rules, has none to list.
fn or_unsupported(answer: io::Result<bool>) -> io::Result<bool> {
    match answer {
        Err(error) if matches!(error.raw_os_error(), Some(libc::EOPNOTSUPP | libc::EAFNOSUPPORT)) => Ok(true),
        answer => answer,
    }
}

/// A socket for requests to rtnetlink.
///
/// Batches are worked off in the order of [`Requests::start`], a few dozen operations per [`Requests::poll`], so that
/// a thousand addresses do not keep adverts waiting. [`Requests::execute`] is the same for callers who may wait.
#[derive(Debug)]
pub struct Requests(Exchange<Request>);

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
        let exchange =
            Exchange::with_receive_buffer(libc::NETLINK_ROUTE, "change addresses, routes or rules", room)?;
        exchange.ask_strictly();
        Ok(Self(exchange))
    }

    /// From now on there is this much room for unread answers.
    ///
    /// # Errors
    /// When the kernel refuses, which it has no reason for.
    pub fn set_receive_buffer(&self, room: ReceiveBuffer) -> Result<()> {
        self.0.set_receive_buffer(room)
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

    /// Routes and rules that carry our mark, as one pass over them shows. Waits for the kernel, but not for a quiet moment.
    ///
    /// # Errors
    /// When the kernel refuses or does not answer.
    pub fn glance_at_marked(&mut self) -> Result<Marked> {
        let mut marked = Marked { is_steady: true, ..Marked::default() };
        for family in [Family::V4, Family::V6] {
            marked.is_steady &= self.glance_at_family(family, &mut marked.routes, &mut marked.rules)?;
        }
        Ok(marked)
    }

    fn glance_at_family(
        &mut self,
        family: Family,
        routes: &mut Vec<Route>,
        rules: &mut Vec<Rule>,
    ) -> Result<bool> {
        let steady = self.0.ask_once(Answers::All, &route::ask_for_routes(family), &route_of, routes);
        let steady_rules = self.0.ask_once(Answers::All, &rule::ask_for_rules(family), &rule_of, rules);
        let steady = or_unsupported(steady).doing("list the routes")?;
        Ok(or_unsupported(steady_rules).doing("list the rules")? && steady)
    }

    /// Queues a batch; nothing is sent before [`Requests::poll`].
    pub fn start(&mut self, operations: Vec<Request>) -> Ticket {
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
    pub fn execute<O: Clone + Into<Request>>(
        &mut self,
        operations: &[O],
    ) -> Result<Vec<std::result::Result<Done, NetlinkError>>> {
        self.0.execute(operations.iter().cloned().map(Into::into).collect())
    }
}

impl AsFd for Requests {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests;

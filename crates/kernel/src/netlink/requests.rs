//! The command socket: dumps, and batches of address changes.

use super::address::{self, Address, AddressOp};
use super::batch::{Done, Finished, NetlinkError, Running, Ticket};
use super::decode::{DONE, DUMP_INTERRUPTED, ERROR, Messages, OVERRUN, i32_at, outcome_of};
use super::encode::{DUMP, Encoder};
use super::link::{self, Link};
use super::socket::{Received, Socket};
use crate::error::{Doing, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

/// How long the kernel may take to answer before we stop believing in an answer.
const PATIENCE: Timespec = Timespec { tv_sec: 10, tv_nsec: 0 };

/// Dumps started anew because something changed meanwhile, before the last one is taken as it is: on a busy
/// container host there is no quiet moment, and the monitor corrects what is missing.
const DUMP_ATTEMPTS: usize = 8;

/// Room for unread answers.
const RECEIVE_BYTES: usize = 1024 * 1024;

/// A socket for requests to rtnetlink.
///
/// Batches are worked off in the order of [`Requests::start`], a few dozen operations per [`Requests::poll`], so that
/// a thousand addresses do not keep adverts waiting. [`Requests::execute`] is the same for callers who may wait.
#[derive(Debug)]
pub struct Requests {
    socket: Socket,
    sequence: u32,
    encoder: Encoder,
    running: VecDeque<Running>,
    finished: VecDeque<Finished>,
    last_ticket: u64,
}

impl Requests {
    /// # Errors
    /// When the kernel has no rtnetlink or the process no descriptor left.
    pub fn open() -> Result<Self> {
        let socket = Socket::open(libc::NETLINK_ROUTE, &[], RECEIVE_BYTES)?;
        Ok(Self {
            socket,
            sequence: 1,
            encoder: Encoder::default(),
            running: VecDeque::new(),
            finished: VecDeque::new(),
            last_ticket: 0,
        })
    }

    /// The port id in the notifications that our requests cause, for [`super::Monitor::ignore_addresses_set_by`].
    #[must_use]
    pub const fn port(&self) -> u32 {
        self.socket.port()
    }

    /// Every interface of the namespace. Waits.
    ///
    /// # Errors
    /// When the kernel refuses or does not answer.
    pub fn dump_links(&mut self) -> Result<Vec<Link>> {
        // struct ifinfomsg, all zero: any family, any interface.
        self.dump(libc::RTM_GETLINK, &[0; 16], |message| {
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
        self.dump(libc::RTM_GETADDR, &[0; 8], |message| {
            if message.kind == libc::RTM_NEWADDR { address::decode(message) } else { None }
        })
        .doing("list the addresses")
    }

    /// Queues a batch; nothing is sent before [`Requests::poll`].
    pub fn start(&mut self, operations: Vec<AddressOp>) -> Ticket {
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        self.running.push_back(Running::new(ticket, operations));
        ticket
    }

    /// There is work for [`Requests::poll`] that the descriptor does not show: call it again soon.
    #[must_use]
    pub fn has_work(&self) -> bool {
        !self.finished.is_empty() || self.running.front().is_some_and(|running| !running.is_waiting())
    }

    /// Sends the next few dozen operations and reads what has been answered. Returns a batch that is complete.
    /// Never waits; call it when [`Requests::has_work`] or when the descriptor is readable.
    ///
    /// # Errors
    /// When the socket is beyond use. What becomes of single operations is told in the outcomes.
    pub fn poll(&mut self) -> Result<Option<Finished>> {
        if self.finished.is_empty() {
            self.turn().doing("change addresses")?;
        }
        Ok(self.finished.pop_front())
    }

    /// Performs `operations` in order and waits for all of them. Every one is tried, whatever became of those before.
    ///
    /// # Errors
    /// When the socket is beyond use.
    pub fn execute(
        &mut self,
        operations: &[AddressOp],
    ) -> Result<Vec<std::result::Result<Done, NetlinkError>>> {
        let ticket = self.start(operations.to_vec());
        loop {
            if let Some(at) = self.finished.iter().position(|finished| finished.ticket == ticket) {
                return Ok(self.finished.remove(at).map(|finished| finished.outcomes).unwrap_or_default());
            }
            if !self.running.front().is_some_and(|running| running.is_waiting()) {
                self.turn().doing("change addresses")?;
                continue;
            }
            if let (Err(error), Some(running)) = (self.wait(), self.running.front_mut()) {
                running.fail_chunk(&error);
            }
            self.turn().doing("change addresses")?;
        }
    }

    /// One turn of the first batch: send a chunk if none is on its way, read what is there, move it when complete.
    fn turn(&mut self) -> io::Result<()> {
        let Some(running) = self.running.front_mut() else {
            return Ok(());
        };
        if !running.is_waiting() && !running.is_complete() {
            self.encoder.clear();
            running.encode_chunk(&mut self.sequence, &mut self.encoder);
            if let Err(error) = self.socket.send(self.encoder.bytes()) {
                running.fail_chunk(&error);
            }
        }
        while running.is_waiting() {
            match self.socket.receive()? {
                Received::Nothing => break,
                Received::Overrun => running.fail_chunk(&io::Error::from_raw_os_error(libc::ENOBUFS)),
                Received::Datagram(bytes) => {
                    for message in Messages(bytes).filter(|message| message.kind == ERROR) {
                        if let Some((errno, text)) = outcome_of(message) {
                            running.acknowledge(message.sequence, errno, text);
                        }
                    }
                }
            }
        }
        if running.is_complete() {
            self.finished.extend(self.running.pop_front().map(Running::finish));
        }
        Ok(())
    }

    fn dump<T>(
        &mut self,
        kind: u16,
        body: &[u8],
        decode: impl Fn(super::decode::Message<'_>) -> Option<T>,
    ) -> io::Result<Vec<T>> {
        let mut found = Vec::new();
        for _ in 0..DUMP_ATTEMPTS {
            found.clear();
            if self.dump_once(kind, body, &decode, &mut found)? {
                break;
            }
        }
        Ok(found)
    }

    /// One dump; false when what is dumped changed meanwhile.
    fn dump_once<T>(
        &mut self,
        kind: u16,
        body: &[u8],
        decode: &impl Fn(super::decode::Message<'_>) -> Option<T>,
        found: &mut Vec<T>,
    ) -> io::Result<bool> {
        let sequence = self.sequence;
        self.sequence = self.sequence.wrapping_add(1);
        self.encoder.clear();
        self.encoder.begin(kind, DUMP, sequence, body);
        self.socket.send(self.encoder.bytes())?;
        let mut steady = true;
        loop {
            let bytes = match self.socket.receive()? {
                Received::Nothing => {
                    self.wait()?;
                    continue;
                }
                // Part of the dump was lost. It has to be read to its end all the same: the kernel refuses a second
                // one on this socket before.
                Received::Overrun => {
                    steady = false;
                    continue;
                }
                Received::Datagram(bytes) => bytes,
            };
            for message in Messages(bytes) {
                if message.sequence != sequence {
                    // An acknowledgement of a batch under way: the dump must not swallow it.
                    if let (Some(running), ERROR) = (self.running.front_mut(), message.kind)
                        && let Some((errno, text)) = outcome_of(message)
                    {
                        running.acknowledge(message.sequence, errno, text);
                    }
                    continue;
                }
                steady &= message.flags & DUMP_INTERRUPTED == 0;
                match message.kind {
                    DONE => {
                        let code = i32_at(message.payload, 0).unwrap_or(0);
                        let failed = code.checked_neg().filter(|&errno| errno > 0);
                        return failed.map_or(Ok(steady), |errno| Err(io::Error::from_raw_os_error(errno)));
                    }
                    ERROR => {
                        let errno = outcome_of(message).map_or(libc::EPROTO, |(errno, _)| errno);
                        return Err(io::Error::from_raw_os_error(errno));
                    }
                    OVERRUN => steady = false,
                    _ => found.extend(decode(message)),
                }
            }
        }
    }

    /// Sleeps until there is something to read, but no longer than [`PATIENCE`].
    fn wait(&self) -> io::Result<()> {
        let mut fds = [PollFd::new(&self.socket, PollFlags::IN)];
        match poll(&mut fds, Some(&PATIENCE)) {
            Ok(0) => Err(io::ErrorKind::TimedOut.into()),
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl AsFd for Requests {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[cfg(test)]
mod tests;

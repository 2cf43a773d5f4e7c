//! A batch of operations on its way through the kernel.

use super::encode::{ACK, Encoder, NOOP};
use std::fmt;
use std::io;

/// What batches are made of: a request of some netlink family.
pub(crate) trait Operation {
    /// Operations per send, at most. All of them are done before the caller gets its turn again.
    const CHUNK: usize;

    /// Appends the request.
    fn encode(&self, sequence: u32, to: &mut Encoder);

    /// What the kernel's errno (positive, 0 for success) means.
    fn outcome(&self, errno: i32, message: Option<String>) -> Result<Done, NetlinkError>;
}

/// What a socket has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    /// So many operations may all be refused, and every refusal can be read.
    pub(super) answers: usize,
    /// A chunk of so many bytes can take one more operation and still be sent.
    pub(super) bytes: usize,
}

/// Names a batch until it is finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub(super) u64);

/// How an operation went well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// The kernel did it.
    Done,
    /// What was to be added was there, perhaps with other details.
    Already,
    /// What was to be removed was not there.
    Gone,
}

/// The kernel refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetlinkError {
    /// The errno, positive.
    pub errno: i32,
    /// The kernel's own words (extended acknowledgement), if it has any.
    pub message: Option<String>,
}

impl fmt::Display for NetlinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = io::Error::from_raw_os_error(self.errno);
        match &self.message {
            Some(message) => write!(f, "{error}: {message}"),
            None => error.fmt(f),
        }
    }
}

impl std::error::Error for NetlinkError {}

/// A batch whose operations have all been answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// What [`super::Requests::start`] returned.
    pub ticket: Ticket,
    /// One for each operation, in order.
    pub outcomes: Vec<Result<Done, NetlinkError>>,
}

/// A batch that is being worked off chunk by chunk.
///
/// No operation asks for an acknowledgement; a message behind them that does nothing asks for one. The kernel works in
/// order and answers failures, so whatever has not failed when that acknowledgement comes has gone well. (It even
/// happens that an operation which asked gets no answer: stopping an IPVS daemon that has hardly started.)
#[derive(Debug)]
pub(super) struct Running<O> {
    ticket: Ticket,
    operations: Vec<O>,
    outcomes: Vec<Result<Done, NetlinkError>>,
    /// Sequence number of the first operation of the chunk on its way, and how many there are.
    on_the_way: Option<(u32, usize)>,
}

impl<O: Operation> Running<O> {
    pub(super) fn new(ticket: Ticket, operations: Vec<O>) -> Self {
        let outcomes = Vec::with_capacity(operations.len());
        Self { ticket, operations, outcomes, on_the_way: None }
    }

    /// A chunk has been sent and not been answered.
    pub(super) const fn is_waiting(&self) -> bool {
        self.on_the_way.is_some()
    }

    /// Every operation has its outcome.
    pub(super) const fn is_complete(&self) -> bool {
        self.on_the_way.is_none() && self.outcomes.len() == self.operations.len()
    }

    /// Writes the next chunk; the caller sends it at once.
    pub(super) fn encode_chunk(&mut self, room: Room, sequence: &mut u32, to: &mut Encoder) {
        let (first, mut count) = (*sequence, 0);
        let most = O::CHUNK.min(room.answers).max(1);
        for operation in self.operations.iter().skip(self.outcomes.len()).take(most) {
            operation.encode(*sequence, to);
            *sequence = sequence.wrapping_add(1);
            count += 1;
            if to.bytes().len() >= room.bytes {
                break;
            }
        }
        to.begin(NOOP, ACK, *sequence, &[]);
        *sequence = sequence.wrapping_add(1);
        self.outcomes.resize(self.outcomes.len() + count, Ok(Done::Done));
        self.on_the_way = Some((first, count));
    }

    /// Takes an answer; one that belongs to no operation on its way is not ours.
    pub(super) fn acknowledge(&mut self, sequence: u32, errno: i32, message: Option<String>) {
        let Some((first, count)) = self.on_the_way else {
            return;
        };
        let Some(offset) = usize::try_from(sequence.wrapping_sub(first)).ok().filter(|&at| at <= count)
        else {
            return;
        };
        if offset == count {
            self.on_the_way = None;
            return;
        }
        let at = self.outcomes.len() - count + offset;
        self.outcomes[at] = self.operations[at].outcome(errno, message);
    }

    /// The chunk could not be sent, or its answers were lost: what became of it is unknown.
    pub(super) fn fail_chunk(&mut self, error: &io::Error) {
        let Some((_, count)) = self.on_the_way.take() else {
            return;
        };
        let errno = error.raw_os_error().unwrap_or(libc::EIO);
        let start = self.outcomes.len() - count;
        for outcome in &mut self.outcomes[start..] {
            *outcome = Err(NetlinkError { errno, message: None });
        }
    }

    pub(super) fn finish(self) -> Finished {
        Finished { ticket: self.ticket, outcomes: self.outcomes }
    }
}

#[cfg(test)]
mod tests;

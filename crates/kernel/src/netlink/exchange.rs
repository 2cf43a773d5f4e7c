//! A command socket of any netlink family: batches of operations, and questions.

use super::batch::{Done, Finished, NetlinkError, Operation, Running, Ticket};
use super::decode::{DONE, DUMP_INTERRUPTED, ERROR, Message, Messages, OVERRUN, i32_at, outcome_of};
use super::encode::{ACK, DUMP, Encoder};
use super::receive_buffer::ReceiveBuffer;
use super::socket::{Received, Socket};
use crate::error::{Doing, Result};
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

/// Dumps started anew because something changed meanwhile, before the last one is taken as it is: on a busy
/// container host there is no quiet moment, and the monitor corrects what is missing.
const DUMP_ATTEMPTS: usize = 8;

/// Room for unread answers.
const RECEIVE_BYTES: usize = 1024 * 1024;

/// A socket on which batches of `O` are worked off in the order of [`Exchange::start`], a chunk per
/// [`Exchange::poll`], and which is asked things meanwhile.
#[derive(Debug)]
pub(crate) struct Exchange<O> {
    socket: Socket,
    sequence: u32,
    encoder: Encoder,
    running: VecDeque<Running<O>>,
    finished: VecDeque<Finished>,
    last_ticket: u64,
    /// What the operations do, for errors.
    doing: &'static str,
}

/// Whether a question has one answer or many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answers {
    /// Everything of its kind (NLM_F_DUMP).
    All,
    /// One message.
    One,
}

/// A question under way.
#[derive(Debug)]
pub(crate) struct Question {
    sequence: u32,
    /// Nothing was lost so far, and what is dumped did not change.
    pub(crate) steady: bool,
}

/// What a look at the socket brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// No datagram was there.
    Nothing,
    /// Answers, and there will be more.
    Part,
    /// The last answer.
    Everything,
}

impl<O: Operation> Exchange<O> {
    /// Opens a socket of `protocol` (NETLINK_ROUTE, ...) with this much room for unread answers; `doing` completes the
    /// sentence "error while ...".
    ///
    /// # Errors
    /// When the kernel lacks the protocol or the process has no descriptor left.
    pub(crate) fn with_receive_buffer(
        protocol: i32,
        doing: &'static str,
        room: ReceiveBuffer,
    ) -> Result<Self> {
        let socket = Socket::open(protocol, &[], room, RECEIVE_BYTES)?;
        Ok(Self {
            socket,
            sequence: 1,
            encoder: Encoder::default(),
            running: VecDeque::new(),
            finished: VecDeque::new(),
            last_ticket: 0,
            doing,
        })
    }

    /// From now on there is this much room for unread answers.
    pub(crate) fn set_receive_buffer(&self, room: ReceiveBuffer) -> Result<()> {
        self.socket.set_receive_buffer(room, RECEIVE_BYTES)
    }

    /// Has the kernel heed every field of a question.
    pub(crate) fn ask_strictly(&self) {
        self.socket.ask_strictly();
    }

    /// The port id of the socket.
    pub(crate) const fn port(&self) -> u32 {
        self.socket.port()
    }

    /// Queues a batch; nothing is sent before [`Exchange::poll`].
    pub(crate) fn start(&mut self, operations: Vec<O>) -> Ticket {
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        self.running.push_back(Running::new(ticket, operations));
        ticket
    }

    /// There is work for [`Exchange::poll`] that the descriptor does not show: call it again soon.
    pub(crate) fn has_work(&self) -> bool {
        !self.finished.is_empty() || self.running.front().is_some_and(|running| !running.is_waiting())
    }

    /// Sends the next chunk and reads what has been answered. Returns a batch that is complete.
    /// Never waits; call it when [`Exchange::has_work`] or when the descriptor is readable.
    ///
    /// # Errors
    /// When the socket is beyond use. What becomes of single operations is told in the outcomes.
    pub(crate) fn poll(&mut self) -> Result<Option<Finished>> {
        if self.finished.is_empty() {
            self.turn().doing(self.doing)?;
        }
        Ok(self.finished.pop_front())
    }

    /// Performs `operations` in order and waits for all of them. Every one is tried, whatever became of those before.
    ///
    /// # Errors
    /// When the socket is beyond use.
    pub(crate) fn execute(
        &mut self,
        operations: Vec<O>,
    ) -> Result<Vec<std::result::Result<Done, NetlinkError>>> {
        let ticket = self.start(operations);
        loop {
            if let Some(at) = self.finished.iter().position(|finished| finished.ticket == ticket) {
                return Ok(self.finished.remove(at).map(|finished| finished.outcomes).unwrap_or_default());
            }
            if !self.running.front().is_some_and(|running| running.is_waiting()) {
                self.turn().doing(self.doing)?;
                continue;
            }
            if let (Err(error), Some(running)) = (self.wait(), self.running.front_mut()) {
                running.fail_chunk(&error);
            }
            self.turn().doing(self.doing)?;
        }
    }

    /// One turn of the first batch: send a chunk if none is on its way, read what is there, move it when complete.
    fn turn(&mut self) -> io::Result<()> {
        let Some(running) = self.running.front_mut() else {
            return Ok(());
        };
        if !running.is_waiting() && !running.is_complete() {
            self.encoder.clear();
            running.encode_chunk(self.socket.room(), &mut self.sequence, &mut self.encoder);
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

    /// Asks with the request that `ask` writes (kind, flags, sequence number) and returns what `decode` made of the
    /// answers. Waits. A dump is repeated when what is dumped changes meanwhile.
    pub(crate) fn ask<T>(
        &mut self,
        answers: Answers,
        ask: impl Fn(u16, u32, &mut Encoder),
        decode: impl Fn(Message<'_>) -> Option<T>,
    ) -> io::Result<Vec<T>> {
        let mut found = Vec::new();
        for _ in 0..DUMP_ATTEMPTS {
            found.clear();
            if self.ask_once(answers, &ask, &decode, &mut found)? {
                break;
            }
        }
        Ok(found)
    }

    /// One attempt; false when what is dumped changed meanwhile.
    pub(crate) fn ask_once<T>(
        &mut self,
        answers: Answers,
        ask: &impl Fn(u16, u32, &mut Encoder),
        decode: &impl Fn(Message<'_>) -> Option<T>,
        found: &mut Vec<T>,
    ) -> io::Result<bool> {
        let mut question = self.put(answers, ask)?;
        loop {
            match self.hear(&mut question, decode, found)? {
                Heard::Everything => return Ok(question.steady),
                Heard::Part => {}
                Heard::Nothing => self.wait()?,
            }
        }
    }

    /// Sends a question; [`Exchange::hear`] has its answers. One at a time: the kernel refuses a second dump.
    pub(crate) fn put(
        &mut self,
        answers: Answers,
        ask: impl Fn(u16, u32, &mut Encoder),
    ) -> io::Result<Question> {
        let sequence = self.sequence;
        self.sequence = self.sequence.wrapping_add(1);
        self.encoder.clear();
        let flags = if answers == Answers::All { DUMP } else { ACK };
        ask(flags, sequence, &mut self.encoder);
        self.socket.send(self.encoder.bytes())?;
        Ok(Question { sequence, steady: true })
    }

    /// Reads one datagram, if there is one, and appends what `decode` makes of the answers in it.
    pub(crate) fn hear<T>(
        &mut self,
        question: &mut Question,
        decode: impl Fn(Message<'_>) -> Option<T>,
        found: &mut Vec<T>,
    ) -> io::Result<Heard> {
        let bytes = match self.socket.receive()? {
            Received::Nothing => return Ok(Heard::Nothing),
            // Part of a dump was lost. It has to be read to its end all the same: the kernel refuses a second one on
            // this socket before.
            Received::Overrun => {
                question.steady = false;
                return Ok(Heard::Part);
            }
            Received::Datagram(bytes) => bytes,
        };
        for message in Messages(bytes) {
            if message.sequence != question.sequence {
                // An acknowledgement of a batch under way: the dump must not swallow it.
                if let (Some(running), ERROR) = (self.running.front_mut(), message.kind)
                    && let Some((errno, text)) = outcome_of(message)
                {
                    running.acknowledge(message.sequence, errno, text);
                }
                continue;
            }
            question.steady &= message.flags & DUMP_INTERRUPTED == 0;
            let errno = match message.kind {
                // A code of 0 or more means that all went well; some families put the number of bytes there.
                DONE => i32_at(message.payload, 0).and_then(i32::checked_neg).map_or(0, |errno| errno.max(0)),
                ERROR => outcome_of(message).map_or(libc::EPROTO, |(errno, _)| errno),
                OVERRUN => {
                    question.steady = false;
                    continue;
                }
                _ => {
                    found.extend(decode(message));
                    continue;
                }
            };
            return if errno == 0 { Ok(Heard::Everything) } else { Err(io::Error::from_raw_os_error(errno)) };
        }
        Ok(Heard::Part)
    }

    /// Sleeps until there is something to read, or the kernel's time to answer is over.
    pub(crate) fn wait(&self) -> io::Result<()> {
        self.socket.wait()
    }
}

impl<O> AsFd for Exchange<O> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

//! Messages over a stream socket: a length of four bytes, then the message in postcard's encoding.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

/// No configuration comes near this; a longer frame means that the stream is broken.
const LONGEST_FRAME: usize = 1 << 30;
/// Bytes read from the socket at a time.
const CHUNK: usize = 64 * 1024;

/// One end of the socket pair. Never blocks: what the socket does not take now waits in a buffer until
/// [`Channel::flush`].
#[derive(Debug)]
pub struct Channel {
    stream: UnixStream,
    inbox: Vec<u8>,
    outbox: Vec<u8>,
}

/// What [`Channel::receive`] found.
#[derive(Debug)]
pub struct Received<M> {
    /// Complete messages, in order.
    pub messages: Vec<M>,
    /// The other end is gone.
    pub closed: bool,
}

/// Why a channel is of no more use.
#[derive(Debug)]
pub enum ChannelError {
    /// The system refused.
    Io(std::io::Error),
    /// A frame that cannot be a message.
    Garbage(postcard::Error),
    /// A frame longer than any message.
    TooLong(usize),
}

impl fmt::Display for ChannelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "socket between the processes: {error}"),
            Self::Garbage(error) => write!(f, "message between the processes is unreadable: {error}"),
            Self::TooLong(length) => write!(f, "message between the processes of {length} bytes is too long"),
        }
    }
}

impl std::error::Error for ChannelError {}

impl Channel {
    /// Takes over one end of a stream socket pair.
    ///
    /// # Errors
    /// When it cannot be made non-blocking.
    pub fn new(fd: OwnedFd) -> Result<Self, ChannelError> {
        let stream = UnixStream::from(fd);
        stream.set_nonblocking(true).map_err(ChannelError::Io)?;
        Ok(Self { stream, inbox: Vec::new(), outbox: Vec::new() })
    }

    /// Queues a message and sends what the socket takes.
    ///
    /// # Errors
    /// When the other end is gone or the message is too long.
    pub fn send<M: Serialize>(&mut self, message: &M) -> Result<(), ChannelError> {
        let start = self.outbox.len();
        self.outbox.extend_from_slice(&[0; 4]);
        let outbox = std::mem::take(&mut self.outbox);
        self.outbox = postcard::to_extend(message, outbox).map_err(ChannelError::Garbage)?;
        let length = self.outbox.len() - start - 4;
        let Ok(prefix) = u32::try_from(length) else {
            self.outbox.truncate(start);
            return Err(ChannelError::TooLong(length));
        };
        self.outbox[start..start + 4].copy_from_slice(&prefix.to_le_bytes());
        self.flush()
    }

    /// Sends what is queued, as far as the socket takes it.
    ///
    /// # Errors
    /// When the other end is gone.
    pub fn flush(&mut self) -> Result<(), ChannelError> {
        let mut sent = 0;
        while sent < self.outbox.len() {
            match self.stream.write(&self.outbox[sent..]) {
                Ok(count) => sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(ChannelError::Io(error)),
            }
        }
        self.outbox.drain(..sent);
        give_back(&mut self.outbox);
        Ok(())
    }

    /// Something is queued: wait until the socket is writable, then [`Channel::flush`].
    #[must_use]
    pub fn has_backlog(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// Reads what has arrived.
    ///
    /// # Errors
    /// When the stream cannot be read or understood; the channel is of no more use then.
    pub fn receive<M: DeserializeOwned>(&mut self) -> Result<Received<M>, ChannelError> {
        let closed = self.fill()?;
        let mut messages = Vec::new();
        let mut start = 0;
        while let Some(prefix) = self.inbox.get(start..start + 4) {
            let prefix: [u8; 4] = prefix.try_into().expect("a slice of four bytes");
            let length = usize::try_from(u32::from_le_bytes(prefix)).unwrap_or(usize::MAX);
            if length > LONGEST_FRAME {
                return Err(ChannelError::TooLong(length));
            }
            let Some(frame) = self.inbox.get(start + 4..start + 4 + length) else {
                break;
            };
            messages.push(postcard::from_bytes(frame).map_err(ChannelError::Garbage)?);
            start += 4 + length;
        }
        self.inbox.drain(..start);
        give_back(&mut self.inbox);
        Ok(Received { messages, closed })
    }

    fn fill(&mut self) -> Result<bool, ChannelError> {
        let mut chunk = vec![0; CHUNK];
        loop {
            match self.stream.read(&mut chunk) {
                Ok(0) => return Ok(true),
                Ok(count) => self.inbox.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(true),
                Err(error) => return Err(ChannelError::Io(error)),
            }
        }
    }
}

/// A configuration is large and rare: its room is not kept.
fn give_back(buffer: &mut Vec<u8>) {
    if buffer.is_empty() && buffer.capacity() > CHUNK {
        *buffer = Vec::new();
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (Channel, Channel) {
        let (left, right) = UnixStream::pair().expect("a socket pair");
        let left = Channel::new(OwnedFd::from(left)).expect("non-blocking");
        (left, Channel::new(OwnedFd::from(right)).expect("non-blocking"))
    }

    #[test]
    fn messages_larger_than_the_socket_buffer_arrive_whole_and_in_order() {
        let (mut left, mut right) = pair();
        let long = "x".repeat(3_000_000);
        left.send(&long).expect("queued");
        left.send(&"short".to_owned()).expect("queued");
        assert!(left.has_backlog());
        let mut arrived: Vec<String> = Vec::new();
        while arrived.len() < 2 {
            arrived.extend(right.receive().expect("readable").messages);
            left.flush().expect("writable");
        }
        assert_eq!(arrived, [long, "short".to_owned()]);
        assert!(!left.has_backlog());
    }

    #[test]
    fn a_closed_end_is_noticed_after_the_last_message() {
        let (mut left, mut right) = pair();
        left.send(&7u32).expect("queued");
        drop(left);
        let received = right.receive::<u32>().expect("readable");
        assert_eq!(received.messages, [7]);
        assert!(received.closed);
    }

    #[test]
    fn garbage_is_an_error_and_no_panic() {
        let (left, mut right) = pair();
        (&left.stream).write_all(&[1, 0, 0, 0, 0xff]).expect("written");
        assert!(matches!(right.receive::<bool>(), Err(ChannelError::Garbage(_))));
        let (left, mut right) = pair();
        (&left.stream).write_all(&[0xff; 4]).expect("written");
        assert!(matches!(right.receive::<bool>(), Err(ChannelError::TooLong(_))));
    }
}

//! The kernel's process connector (linux/cn_proc.h): which processes fork, execute, change their name or end.
//!
//! It exists in the initial network namespace only, and answers only those whose process numbers are the machine's own.
//! Nobody may rely on it: [`Happening::Accepted`] tells that it works, and silence that it does not.

use crate::error::{Doing, Result};
use crate::namespace;
use crate::netlink::ReceiveBuffer;
use crate::netlink::socket::{Received, Socket};
use crate::socket_option::set_receive_buffer;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

/// NETLINK_CONNECTOR.
const CONNECTOR: i32 = 11;
/// CN_IDX_PROC and CN_VAL_PROC: the connector's number, and its multicast group.
const PROCESSES: u32 = 1;
/// NLMSG_DONE: what the connector calls every message.
const DONE: u16 = 3;
/// PROC_CN_MCAST_LISTEN and PROC_CN_MCAST_IGNORE.
const LISTEN: u32 = 1;
const IGNORE: u32 = 2;

/// PROC_EVENT_*: what `struct proc_event` tells.
mod what {
    pub(super) const ACKNOWLEDGED: u32 = 0;
    pub(super) const FORK: u32 = 0x1;
    pub(super) const EXEC: u32 = 0x2;
    pub(super) const COMM: u32 = 0x200;
    pub(super) const EXIT: u32 = 0x8000_0000;
}

/// struct nlmsghdr, struct cn_msg, and the fields of struct proc_event before its union.
const NETLINK_HEADER: usize = 16;
const CONNECTOR_HEADER: usize = 20;
const EVENT_HEADER: usize = 16;

/// What happened to a process. Threads are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A process has a child, which is a copy of it so far.
    Forked {
        /// The process.
        parent: u32,
        /// The child.
        child: u32,
    },
    /// A process runs another program.
    Executed(u32),
    /// A process has another name (`/proc/PID/comm`).
    Renamed(u32),
    /// A process has ended.
    Exited(u32),
    /// The kernel has taken the request to be told.
    Accepted,
    /// It has refused; the errno.
    Refused(i32),
    /// Events were lost: look at all processes again.
    Overrun,
}

/// The socket; readable when something has happened.
#[derive(Debug)]
pub struct ProcessEvents {
    socket: Socket,
    /// What we have asked for as room for unread events, in bytes.
    room: usize,
}

impl ProcessEvents {
    /// Opens the connector and asks to be told. `origin` is the network namespace to open it in, when that is not the
    /// caller's; the socket stays there, the caller does not move. Events come once [`Happening::Accepted`] has.
    ///
    /// # Errors
    /// When there is no connector here, or we lack CAP_NET_ADMIN.
    pub fn open(origin: Option<BorrowedFd<'_>>, room: usize) -> Result<Self> {
        let socket = match origin {
            None => open_here(room)?,
            // A thread of its own enters, so that this one need not find its way back.
            Some(origin) => std::thread::scope(|scope| {
                let opening = scope.spawn(|| namespace::enter_open(origin).and_then(|()| open_here(room)));
                let panicked = || io::Error::other("the thread has panicked");
                opening.join().map_err(|_| panicked()).doing("open the process connector")?
            })?,
        };
        Ok(Self { socket, room })
    }

    /// Adds what has happened since the last call, at most `most` datagrams of it. Never waits. Returns whether more may
    /// be there.
    ///
    /// # Errors
    /// When the socket is beyond use.
    pub fn read(&mut self, happenings: &mut Vec<Happening>, most: usize) -> Result<bool> {
        for _ in 0..most {
            match self.socket.receive().doing("read from the process connector")? {
                Received::Datagram(bytes) => decode(bytes, happenings),
                Received::Overrun => happenings.push(Happening::Overrun),
                Received::Nothing => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Makes room for unread events as configured; `usual` bytes are what [`ReceiveBuffer::Usual`] stands for.
    ///
    /// # Errors
    /// When the kernel refuses, which it has no reason for.
    pub fn set_room(&mut self, room: ReceiveBuffer, usual: usize) -> Result<()> {
        room.apply(&self.socket, usual).doing("size the process connector's receive buffer")?;
        self.room = match room {
            ReceiveBuffer::Usual => usual,
            ReceiveBuffer::Bytes(bytes) | ReceiveBuffer::Forced(bytes) => {
                usize::try_from(bytes).unwrap_or(usize::MAX)
            }
        };
        Ok(())
    }

    /// Doubles the room for unread events, up to `limit` bytes.
    pub fn enlarge(&mut self, limit: usize) {
        self.room = self.room.saturating_mul(2).min(limit);
        // More would be better; less is no reason to give up.
        drop(set_receive_buffer(&self.socket, self.room));
    }
}

impl AsFd for ProcessEvents {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Drop for ProcessEvents {
    fn drop(&mut self) {
        // The kernel counts its listeners and makes no events for nobody.
        drop(self.socket.send(&request(&[IGNORE])));
    }
}

fn open_here(room: usize) -> Result<Socket> {
    let socket = Socket::open(CONNECTOR, &[PROCESSES], ReceiveBuffer::Usual, room)?;
    socket.send(&request(&[LISTEN])).doing("ask the process connector")?;
    // Kernels from 6.6 on leave out what is not asked for; older ones ignore this message.
    let wanted = what::FORK | what::EXEC | what::COMM | what::EXIT;
    drop(socket.send(&request(&[LISTEN, wanted])));
    Ok(socket)
}

/// A netlink message with a `struct cn_msg` that holds these words.
fn request(words: &[u32]) -> Vec<u8> {
    let data: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    let length = u32::try_from(NETLINK_HEADER + CONNECTOR_HEADER + data.len()).unwrap_or(u32::MAX);
    let mut bytes = Vec::new();
    bytes.extend(length.to_ne_bytes());
    bytes.extend(DONE.to_ne_bytes());
    // Flags, then sequence and port.
    bytes.extend([0; 2 + 8]);
    for word in [PROCESSES, PROCESSES, 0, 0] {
        bytes.extend(word.to_ne_bytes());
    }
    bytes.extend(u16::try_from(data.len()).unwrap_or(u16::MAX).to_ne_bytes());
    bytes.extend([0; 2]);
    bytes.extend(data);
    bytes
}

/// Adds the events of a datagram. What is too short or unknown is left out: it comes from the kernel.
fn decode(bytes: &[u8], happenings: &mut Vec<Happening>) {
    let mut rest = bytes;
    while let Some(length) = word(rest, 0) {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let Some(message) = rest.get(..length).filter(|message| message.len() >= NETLINK_HEADER) else {
            return;
        };
        happenings.extend(event(&message[NETLINK_HEADER..]));
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
}

fn event(message: &[u8]) -> Option<Happening> {
    if word(message, 0)? != PROCESSES || word(message, 4)? != PROCESSES {
        return None;
    }
    let kind = word(message, CONNECTOR_HEADER)?;
    let data = |at: usize| word(message, CONNECTOR_HEADER + EVENT_HEADER + at);
    // Every event begins with a thread and the process it belongs to.
    let process = |at: usize| Some((data(at)?, data(at + 4)?)).filter(|(thread, group)| thread == group);
    match kind {
        what::ACKNOWLEDGED => Some(match data(0)? {
            0 => Happening::Accepted,
            // The kernel tells a positive errno.
            errno => Happening::Refused(i32::try_from(errno).unwrap_or(libc::EIO)),
        }),
        what::FORK => Some(Happening::Forked { parent: data(4)?, child: process(8)?.0 }),
        what::EXEC => Some(Happening::Executed(process(0)?.0)),
        what::COMM => Some(Happening::Renamed(process(0)?.0)),
        what::EXIT => Some(Happening::Exited(process(0)?.0)),
        _ => None,
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let word = bytes.get(at..at.checked_add(4)?)?;
    word.try_into().ok().map(u32::from_ne_bytes)
}

#[cfg(test)]
mod tests;

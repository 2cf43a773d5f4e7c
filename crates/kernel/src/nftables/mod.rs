//! nftables: the table that gives packets their firewall marks before IPVS sees them (linux/netfilter/nf_tables.h).
//!
//! A table is always written whole, in one transaction of the kernel: packets see the old one or the new one. So a
//! start, a reload and a start after a crash are the same, and nothing has to be read first.

mod attribute;
mod encode;
mod look;

pub use look::Traces;
pub(crate) use look::{generation_of, part_of};

use crate::error::{Doing, Result};
use crate::ipvs::{Place, open_in};
use crate::netlink::decode::{ERROR, Message, Messages, outcome_of};
use crate::netlink::encode::Encoder;
use crate::netlink::socket::{Received, Socket};
use crate::netlink::{NetlinkError, ReceiveBuffer};
use encode::Batch;
use keepalived_types::{Family, MarkedRange, Marking};
use std::io;

/// Room for unread answers: one for each message of a batch.
const RECEIVE_BYTES: usize = 1024 * 1024;
/// Batches up to this size fit into every socket.
const USUAL_BATCH: usize = 64 * 1024;

/// What the kernel says to a batch or a question.
type Answer<T> = std::result::Result<T, NetlinkError>;

/// The way to nftables: a socket for changes, and one to look with.
#[derive(Debug)]
pub struct Nftables {
    socket: Socket,
    sequence: u32,
    viewer: look::Viewer,
}

impl Nftables {
    /// Opens the sockets. Waits.
    ///
    /// # Errors
    /// When the namespace does not exist, or the kernel has no netfilter at all.
    pub fn open(place: &Place) -> Result<Self> {
        let open = || Socket::open(libc::NETLINK_NETFILTER, &[], ReceiveBuffer::Usual, RECEIVE_BYTES);
        Ok(Self { socket: open_in(place, open)?, sequence: 1, viewer: look::Viewer::open(place)? })
    }

    /// Writes the table in place of what was there under its name. Waits. Packets of a family without ranges are not
    /// marked, and there is no table for them.
    ///
    /// # Errors
    /// When the kernel has no nftables for a family that is needed, we lack CAP_NET_ADMIN, or ranges overlap. Then
    /// everything is as it was.
    pub fn write(&mut self, marking: &Marking) -> Result<()> {
        let mut batch = Batch::begin(self.sequence);
        for family in [Family::V4, Family::V6] {
            let ranges: Vec<MarkedRange> =
                marking.ranges.iter().filter(|range| range.family() == family).copied().collect();
            if !ranges.is_empty() {
                batch.replace(family, &marking.table, marking.priority, &ranges);
            }
        }
        let doing = || format!("write the nftables table {}", marking.table);
        self.commit(batch).and_then(|answer| answer.map_err(into_io)).doing(doing())?;
        for family in [Family::V4, Family::V6] {
            if !marking.ranges.iter().any(|range| range.family() == family) {
                self.remove(family, &marking.table)?;
            }
        }
        Ok(())
    }

    /// Removes a table if it is there.
    fn remove(&mut self, family: Family, name: &str) -> Result<()> {
        let mut batch = Batch::begin(self.sequence);
        batch.remove(family, name);
        let doing = format!("remove the nftables table {name}");
        match self.commit(batch).doing(doing.clone())? {
            Err(error) if !is_absence(error.errno) => Err(into_io(error)).doing(doing),
            _ => Ok(()),
        }
    }

    /// What is to be compared later, to learn whether somebody else changed the tables of this name, or removed them.
    /// Waits.
    ///
    /// # Errors
    /// When the kernel does not answer.
    pub fn traces(&mut self, name: &str) -> Result<Traces> {
        self.viewer.traces(name)
    }

    /// Whether the tables are as they were left, with all their chains, rules, maps and elements. Costs next to nothing
    /// as long as nobody changes any table of this machine. Waits.
    ///
    /// # Errors
    /// When the kernel does not answer.
    pub fn is_untouched(&mut self, left: &mut Traces) -> Result<bool> {
        self.viewer.is_untouched(left)
    }

    /// Sends a batch and reads what the kernel says to each of its messages.
    fn commit(&mut self, mut batch: Batch) -> io::Result<Answer<()>> {
        if batch.messages == 0 {
            return Ok(Ok(()));
        }
        let (first, mut left) = (batch.first, batch.messages);
        let (bytes, next) = batch.end();
        self.sequence = next;
        if bytes.len() > USUAL_BATCH {
            self.socket.make_room_to_send(bytes.len().saturating_mul(2))?;
        }
        self.socket.send(bytes)?;
        let mut refusal = None;
        self.answers(|message| {
            let offset = message.sequence.wrapping_sub(first);
            let is_ours =
                message.kind == ERROR && message.sequence.wrapping_sub(first) < next.wrapping_sub(first);
            let (errno, text) = outcome_of(message).filter(|_| is_ours)?;
            if errno != 0 && refusal.is_none() {
                refusal = Some(NetlinkError { errno, message: text });
            }
            left = left.saturating_sub(u32::from(offset != 0));
            // What is said to the beginning of a batch concerns the whole, and is the last word.
            (left == 0 || offset == 0).then(|| refusal.take().map_or(Ok(()), Err))
        })
    }

    /// Reads messages until `take` has the answer.
    fn answers(&mut self, mut take: impl FnMut(Message<'_>) -> Option<Answer<()>>) -> io::Result<Answer<()>> {
        loop {
            match self.socket.receive()? {
                Received::Nothing => {}
                Received::Overrun => return Err(io::Error::from_raw_os_error(libc::ENOBUFS)),
                Received::Datagram(bytes) => {
                    if let Some(answer) = Messages(bytes).find_map(&mut take) {
                        return Ok(answer);
                    }
                    continue;
                }
            }
            self.socket.wait()?;
        }
    }
}

/// There is no such table, or the kernel has none of this family at all.
fn is_absence(errno: i32) -> bool {
    matches!(errno, libc::ENOENT | libc::EOPNOTSUPP | libc::EAFNOSUPPORT)
}

/// Appends a text with the NUL that the kernel wants.
fn put_text(kind: u16, text: &str, to: &mut Encoder) {
    let bytes: Vec<u8> = text.bytes().chain([0]).collect();
    to.attribute(kind, &bytes);
}

fn into_io(error: NetlinkError) -> io::Error {
    match error.message {
        None => io::Error::from_raw_os_error(error.errno),
        Some(_) => io::Error::other(error),
    }
}

#[cfg(test)]
mod tests;

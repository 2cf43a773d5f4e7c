//! What the programs of a node ask the kernel's load balancer for: generic netlink as the kernel's own tap shows it
//! (nlmon). Needs a kernel with `ip_vs` and `nlmon`; the second kernel has both.

use std::collections::BTreeSet;
use std::time::{Duration, Instant, SystemTime};

use crate::{Capture, Error, Node, Result};

/// Between two looks at what was recorded.
const PAUSE: Duration = Duration::from_millis(200);

/// Flags of a request (linux/netlink.h).
const REQUEST: u16 = 0x1;
const DUMP: u16 = 0x300;
/// The controller of generic netlink, which is asked for the family's number.
const CONTROLLER: u16 = 0x10;
/// nlmsghdr and genlmsghdr (linux/netlink.h, linux/genetlink.h).
const HEADERS: usize = 20;
/// NETLINK_GENERIC, as the tap's header has it for the protocol.
const GENERIC: u16 = 16;

/// One request that changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpvsRequest {
    /// When the kernel got it.
    pub at: SystemTime,
    /// Its number in linux/ip_vs.h.
    pub command: u8,
    /// Which send it came with: requests of one batch have the same number.
    pub send: usize,
}

impl IpvsRequest {
    /// As the reference calls it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self.command {
            1 => "NEW_SERVICE",
            2 => "SET_SERVICE",
            3 => "DEL_SERVICE",
            5 => "NEW_DEST",
            6 => "SET_DEST",
            7 => "DEL_DEST",
            9 => "NEW_DAEMON",
            10 => "DEL_DAEMON",
            12 => "SET_CONFIG",
            16 => "ZERO",
            17 => "FLUSH",
            _ => "GET",
        }
    }
}

/// A recording of the requests.
#[derive(Debug)]
pub struct IpvsRequests(Capture);

impl IpvsRequests {
    /// Begins to record on a node.
    ///
    /// # Errors
    /// When the kernel has no nlmon.
    pub fn record(node: &Node) -> Result<Self> {
        if node.ip(&["link", "show", "nlmon0"]).is_err() {
            node.ip(&["link", "add", "nlmon0", "type", "nlmon"])?;
            node.ip(&["link", "set", "nlmon0", "up"])?;
        }
        node.capture_only("nlmon0", "").map(Self)
    }

    /// Requests so far that change something, in their order.
    ///
    /// # Errors
    /// When the recording cannot be read.
    pub fn so_far(&self) -> Result<Vec<IpvsRequest>> {
        let mut found = Vec::new();
        for (send, frame) in self.0.frames()?.into_iter().enumerate() {
            found.extend(commands(&frame.bytes).map(|command| IpvsRequest { at: frame.at, command, send }));
        }
        found.retain(|request| request.name() != "GET");
        Ok(found)
    }

    /// Waits until there are so many requests of this name, and returns all of that name, in their order.
    ///
    /// # Errors
    /// When there are not so many within `patience`, and as [`IpvsRequests::so_far`].
    pub fn wait_for(&self, name: &'static str, count: usize, patience: Duration) -> Result<Vec<IpvsRequest>> {
        let deadline = Instant::now() + patience;
        loop {
            let mut found = self.so_far()?;
            found.retain(|request| request.name() == name);
            if found.len() >= count {
                return Ok(found);
            }
            if Instant::now() > deadline {
                return Err(Error::TimedOut {
                    waited_for: format!("{count} x {name}"),
                    after: patience,
                    seen: format!("{} of them", found.len()),
                });
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Their names, in order.
    ///
    /// # Errors
    /// As [`IpvsRequests::so_far`].
    pub fn names(&self) -> Result<Vec<&'static str>> {
        Ok(self.so_far()?.iter().map(IpvsRequest::name).collect())
    }
}

/// With how many sends requests came.
#[must_use]
pub fn sends(requests: &[IpvsRequest]) -> usize {
    requests.iter().map(|request| request.send).collect::<BTreeSet<usize>>().len()
}

/// The commands in a frame of the tap: a header of 16 bytes, the last two of which are the protocol, then messages.
fn commands(frame: &[u8]) -> impl Iterator<Item = u8> {
    let (header, mut rest) = frame.split_at_checked(16).unwrap_or((&[], &[]));
    if header.get(14..16) != Some(&GENERIC.to_be_bytes()) {
        rest = &[];
    }
    std::iter::from_fn(move || {
        let length = usize::try_from(u32::from_ne_bytes(rest.get(..4)?.try_into().ok()?)).ok()?;
        let message = rest.get(..length).filter(|message| message.len() >= 16)?;
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(message)
    })
    .filter_map(|message| {
        let half = |at: usize| Some(u16::from_ne_bytes(message.get(at..at + 2)?.try_into().ok()?));
        let is_change = half(4)? > CONTROLLER && half(6)? & REQUEST != 0 && half(6)? & DUMP != DUMP;
        (is_change && message.len() >= HEADERS).then(|| message[16])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u16, flags: u16, command: u8) -> Vec<u8> {
        let mut bytes = 20_u32.to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(flags.to_ne_bytes());
        bytes.extend([0; 8]);
        bytes.extend([command, 1, 0, 0]);
        bytes
    }

    fn frame(protocol: u16, messages: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = vec![0; 14];
        bytes.extend(protocol.to_be_bytes());
        messages.iter().for_each(|message| bytes.extend(message));
        bytes
    }

    #[test]
    fn every_request_of_a_batch_is_found_and_nothing_else() {
        let batch = [message(30, 5, 5), message(30, 0x301, 8), message(30, 5, 7), message(2, 0, 0)];
        assert_eq!(commands(&frame(GENERIC, &batch)).collect::<Vec<_>>(), [5, 7]);
        assert_eq!(commands(&frame(0, &batch)).count(), 0, "another protocol of netlink");
        assert_eq!(commands(&frame(GENERIC, &[message(CONTROLLER, 5, 3)])).count(), 0);
    }

    #[test]
    fn a_frame_that_is_cut_off_ends_the_search() {
        let whole = frame(GENERIC, &[message(30, 5, 5), message(30, 5, 7)]);
        for length in 0..whole.len() {
            assert!(commands(&whole[..length]).count() < 2, "{length}");
        }
    }
}

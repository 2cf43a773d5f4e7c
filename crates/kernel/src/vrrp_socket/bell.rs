//! The bell: which adverts cannot wait, told by the sending socket.
//!
//! A raw socket that sends is offered every packet of its protocol, too. While the receiving socket is read in batches, a
//! filter lets only those adverts into the sending one that somebody has to act on. That it has become readable is all
//! that matters: the adverts themselves are read from the receiving socket, in order.

use super::{VrrpSocket, open};
use crate::error::{Doing, Result};
use keepalived_types::{Family, Vrid};
use socket2::SockFilter;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};

/// More than fit into the smallest receive buffer that Linux gives.
const MOST_RINGS: usize = 16;

/// Classic BPF (linux/filter.h, linux/bpf_common.h), as far as it is needed here.
mod code {
    pub(super) const LOAD_CONSTANT: u16 = 0x00;
    pub(super) const LOAD_BYTE: u16 = 0x30;
    pub(super) const LOAD_BYTE_BEHIND_X: u16 = 0x50;
    pub(super) const HEADER_LENGTH_TO_X: u16 = 0xb1;
    pub(super) const A_TO_X: u16 = 0x07;
    pub(super) const X_TO_A: u16 = 0x87;
    pub(super) const AND: u16 = 0x54;
    pub(super) const SHIFT_RIGHT: u16 = 0x74;
    pub(super) const SHIFT_RIGHT_BY_X: u16 = 0x7c;
    pub(super) const JUMP_IF_EQUAL: u16 = 0x15;
    pub(super) const JUMP_IF_SET: u16 = 0x45;
    pub(super) const RETURN: u16 = 0x06;
}

/// Bytes of a packet that rings, kept for nobody to read.
const RING: u32 = u32::MAX;
const SILENCE: u32 = 0;
/// Where VRID and priority lie in a VRRP packet (RFC 9568 5.2).
const VRID: u32 = 1;
const PRIORITY: u32 = 2;

impl VrrpSocket {
    /// Lets releases (priority 0) and adverts for these virtual routers ring from now on, and nothing else. Not for
    /// [`super::Protocol::AuthenticationHeader`]: there the message begins elsewhere.
    ///
    /// # Errors
    /// When the kernel refuses the filter, for want of memory.
    pub fn ring_for(&self, vrids: &[Vrid]) -> Result<()> {
        self.send.attach_filter(&program(self.reach.family(), vrids)).doing("set the filter of a VRRP socket")
    }

    /// Lets nothing ring any more.
    ///
    /// # Errors
    /// As [`VrrpSocket::ring_for`].
    pub fn ring_for_nothing(&self) -> Result<()> {
        open::drop_all(&self.send).doing("close the sending VRRP socket to packets")
    }

    /// Readable when it has rung.
    #[must_use]
    pub fn bell(&self) -> BorrowedFd<'_> {
        self.send.as_fd()
    }

    /// Makes it silent until it rings again. Call it before the adverts are read.
    pub fn hush(&self) {
        for _ in 0..MOST_RINGS {
            // An error that was pending is gone with it, too.
            match (&self.send).read(&mut [0]) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                _ => {}
            }
        }
    }
}

/// IPv4 packets begin with the IP header, IPv6 ones with the VRRP message. What is too short for a load is dropped.
fn program(family: Family, vrids: &[Vrid]) -> Vec<SockFilter> {
    let step = |code, k| SockFilter::new(code, 0, 0, k);
    let load = |at| match family {
        Family::V4 => step(code::LOAD_BYTE_BEHIND_X, at),
        Family::V6 => step(code::LOAD_BYTE, at),
    };
    let mut program = vec![step(code::HEADER_LENGTH_TO_X, 0)];
    if family == Family::V6 {
        program.clear();
    }
    program.extend([
        load(PRIORITY),
        SockFilter::new(code::JUMP_IF_EQUAL, 0, 1, 0),
        step(code::RETURN, RING),
        load(VRID),
        step(code::A_TO_X, 0),
    ]);
    for (number, word) in (0..).zip(bitmap(vrids)).filter(|(_, word)| *word != 0) {
        program.extend([
            step(code::X_TO_A, 0),
            step(code::SHIFT_RIGHT, 5),
            SockFilter::new(code::JUMP_IF_EQUAL, 0, 8, number),
            step(code::X_TO_A, 0),
            step(code::AND, 31),
            step(code::A_TO_X, 0),
            step(code::LOAD_CONSTANT, word),
            step(code::SHIFT_RIGHT_BY_X, 0),
            SockFilter::new(code::JUMP_IF_SET, 0, 1, 1),
            step(code::RETURN, RING),
            step(code::RETURN, SILENCE),
        ]);
    }
    program.push(step(code::RETURN, SILENCE));
    program
}

/// A bit for each VRID.
fn bitmap(vrids: &[Vrid]) -> [u32; 8] {
    let mut words = [0; 8];
    for vrid in vrids {
        words[usize::from(vrid.get() / 32)] |= 1 << (vrid.get() % 32);
    }
    words
}

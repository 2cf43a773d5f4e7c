//! How much a netlink socket may hold unread.

use crate::socket_option::{set_int, set_receive_buffer};
use std::io;
use std::os::fd::AsFd;

/// The size of a receive buffer, in bytes; the kernel doubles the number for its own bookkeeping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiveBuffer {
    /// As much as this socket usually needs, beyond net.core.rmem_max if we may.
    Usual,
    /// SO_RCVBUF: no more than net.core.rmem_max.
    Bytes(u32),
    /// SO_RCVBUFFORCE: beyond net.core.rmem_max.
    Forced(u32),
}

impl ReceiveBuffer {
    /// Sets it; `usual` is the size that [`ReceiveBuffer::Usual`] stands for.
    pub(crate) fn apply(self, fd: impl AsFd, usual: usize) -> io::Result<()> {
        match self {
            Self::Usual => set_receive_buffer(fd, usual),
            Self::Bytes(bytes) => {
                set_int(fd, libc::SOL_SOCKET, libc::SO_RCVBUF, i32::try_from(bytes).unwrap_or(i32::MAX))
            }
            Self::Forced(bytes) => set_receive_buffer(fd, usize::try_from(bytes).unwrap_or(usize::MAX)),
        }
    }
}

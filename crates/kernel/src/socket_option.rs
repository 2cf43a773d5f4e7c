//! Socket options that no safe wrapper offers.

use crate::error::check;
use std::io;
use std::os::fd::{AsFd, AsRawFd};

/// The size of a `T` as the socket calls want it.
pub(crate) fn length_of<T>() -> libc::socklen_t {
    libc::socklen_t::try_from(size_of::<T>()).expect("socket structures are small")
}

/// Sets an option whose value is an `int`.
pub(crate) fn set_int(fd: impl AsFd, level: i32, name: i32, value: i32) -> io::Result<()> {
    let fd = fd.as_fd().as_raw_fd();
    // SAFETY: the pointer and the length describe one live c_int, which the kernel only reads.
    check(unsafe { libc::setsockopt(fd, level, name, (&raw const value).cast(), length_of::<i32>()) })?;
    Ok(())
}

/// Sets IP_MULTICAST_IF to the interface of this index.
pub(crate) fn set_multicast_interface_v4(fd: impl AsFd, index: u32) -> io::Result<()> {
    let request = libc::ip_mreqn {
        imr_multiaddr: libc::in_addr { s_addr: 0 },
        imr_address: libc::in_addr { s_addr: 0 },
        imr_ifindex: i32::try_from(index).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?,
    };
    let fd = fd.as_fd().as_raw_fd();
    let (level, name, length) = (libc::IPPROTO_IP, libc::IP_MULTICAST_IF, length_of::<libc::ip_mreqn>());
    // SAFETY: the pointer and the length describe one live ip_mreqn, which the kernel only reads.
    check(unsafe { libc::setsockopt(fd, level, name, (&raw const request).cast(), length) })?;
    Ok(())
}

/// Sets the receive buffer beyond net.core.rmem_max if we may, else as far as that allows. The kernel doubles the
/// number for its own bookkeeping.
pub(crate) fn set_receive_buffer(fd: impl AsFd, bytes: usize) -> io::Result<()> {
    let bytes = i32::try_from(bytes).unwrap_or(i32::MAX);
    set_int(&fd, libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, bytes)
        .or_else(|_| set_int(&fd, libc::SOL_SOCKET, libc::SO_RCVBUF, bytes))
}

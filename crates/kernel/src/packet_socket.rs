//! Whole Ethernet frames: gratuitous ARP and unsolicited neighbour advertisements with a source address of our
//! choice.

use crate::error::{Doing, Result};
use crate::socket_option::length_of;
use crate::vrrp_socket::drop_all;
use keepalived_types::IfIndex;
use socket2::{Domain, Socket, Type};
use std::io;
use std::os::fd::AsRawFd;

/// A packet socket that sends on any interface and receives nothing.
#[derive(Debug)]
pub struct PacketSocket {
    socket: Socket,
}

impl PacketSocket {
    /// # Errors
    /// When we lack CAP_NET_RAW or the process has no descriptor left.
    pub fn open() -> Result<Self> {
        // Protocol 0 hooks into no receive path, so sending frames costs nothing elsewhere.
        let kind = Type::RAW.nonblocking().cloexec();
        let socket = Socket::new(Domain::PACKET, kind, None).doing("open a packet socket")?;
        drop_all(&socket).doing("close the packet socket to packets")?;
        Ok(Self { socket })
    }

    /// Sends `frame`, link-layer header included, out of `interface`. Never blocks.
    ///
    /// # Errors
    /// When the interface is down or gone, its queue is full, or the frame is shorter than a header.
    pub fn send(&self, interface: IfIndex, frame: &[u8]) -> Result<()> {
        let destination = address_of(interface, frame).doing("send a frame")?;
        // SAFETY: both pointers describe live memory of the lengths given with them; the kernel only reads it.
        let sent = unsafe {
            libc::sendto(
                self.socket.as_raw_fd(),
                frame.as_ptr().cast(),
                frame.len(),
                0,
                (&raw const destination).cast(),
                length_of::<libc::sockaddr_ll>(),
            )
        };
        if sent < 0 { Err(io::Error::last_os_error()).doing("send a frame") } else { Ok(()) }
    }
}

/// The interface, and for those who look at it (taps, queueing) the protocol from the frame.
fn address_of(interface: IfIndex, frame: &[u8]) -> io::Result<libc::sockaddr_ll> {
    let too_short = || io::Error::from(io::ErrorKind::InvalidInput);
    let (header, _) = frame.split_first_chunk::<14>().ok_or_else(too_short)?;
    // SAFETY: sockaddr_ll is integers only; all zero is a valid value.
    let mut address: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
    address.sll_family = u16::try_from(libc::AF_PACKET).map_err(|_| too_short())?;
    address.sll_protocol = u16::from_ne_bytes([header[12], header[13]]);
    address.sll_ifindex = i32::try_from(interface.get()).map_err(|_| too_short())?;
    address.sll_halen = 6;
    address.sll_addr[..6].copy_from_slice(&header[..6]);
    Ok(address)
}

//! The options of both sockets, in the order in which upstream and the kernel want them.

use super::{Reach, Settings};
use crate::error::{Doing, Result};
use crate::socket_option::{set_int, set_multicast_interface_v4};
use keepalived_types::{Family, IfIndex};
use socket2::{Domain, InterfaceIndexOrAddress, SockAddr, SockFilter, Socket, Type};
use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};

/// CS6, "internetwork control": the class of routing protocols (RFC 4594). The kernel queues by it, too.
const TRAFFIC_CLASS: u32 = 0xc0;

/// Where the checksum lies in a VRRP packet (RFC 9568 5.2.8).
const CHECKSUM_OFFSET: i32 = 6;

/// IPV6_MULTICAST_ALL (linux/in6.h, since 4.20).
const IPV6_MULTICAST_ALL: i32 = 29;

/// BPF `ret #0`: keep no byte of any packet.
pub(crate) fn drop_all(socket: &Socket) -> io::Result<()> {
    const RETURN_CONSTANT: u16 = 0x06;
    socket.attach_filter(&[SockFilter::new(RETURN_CONSTANT, 0, 0, 0)])
}

/// SO_TIMESTAMPNS.
pub(super) fn set_time_stamps(socket: &Socket, on: bool) -> io::Result<()> {
    set_int(socket, libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, i32::from(on))
}

/// The socket that hears adverts.
pub(super) fn receiver(settings: &Settings) -> Result<Socket> {
    let socket = raw(settings)?;
    match settings.reach.family() {
        Family::V4 => socket.set_multicast_all_v4(false).doing("hear joined groups only")?,
        Family::V6 => {
            // Kernels before 4.20 do not know it; binding to the group keeps other groups out anyway.
            drop(set_int(&socket, libc::IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0));
            socket.set_recv_hoplimit_v6(true).doing("ask for hop limits")?;
            set_int(&socket, libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, 1)
                .doing("ask for destination addresses")?;
            set_checksum_offset(&socket, settings)?;
        }
    }
    bind_device(&socket, settings)?;
    match settings.reach {
        Reach::Multicast { group } => join(&socket, group, needed(settings.interface)?)?,
        Reach::Unicast { source: IpAddr::V4(_) } => {
            socket.set_freebind_v4(true).doing("allow an address that is not there yet")?;
        }
        Reach::Unicast { source: IpAddr::V6(_) } => {
            socket.set_freebind_v6(true).doing("allow an address that is not there yet")?;
        }
    }
    let (Reach::Multicast { group: address } | Reach::Unicast { source: address }) = settings.reach;
    let address = socket_address(address, settings.interface);
    socket.bind(&SockAddr::from(address)).doing("bind the receiving VRRP socket")?;
    Ok(socket)
}

/// The socket that sends adverts and hears nothing.
pub(super) fn sender(settings: &Settings) -> Result<Socket> {
    let socket = raw(settings)?;
    drop_all(&socket).doing("close the sending VRRP socket to packets")?;
    socket.set_recv_buffer_size(0).doing("shrink the receive buffer of the sending VRRP socket")?;
    bind_device(&socket, settings)?;
    let multicast = matches!(settings.reach, Reach::Multicast { .. });
    match settings.reach.family() {
        Family::V4 => {
            socket.set_header_included_v4(true).doing("send IP headers of our own")?;
            socket.set_tos_v4(TRAFFIC_CLASS).doing("set the type of service")?;
            if multicast {
                set_multicast_interface_v4(&socket, needed(settings.interface)?.get())
                    .doing("choose the interface of outgoing multicasts")?;
                socket.set_multicast_loop_v4(false).doing("not hear our own adverts")?;
            }
        }
        Family::V6 => {
            set_checksum_offset(&socket, settings)?;
            socket.set_tclass_v6(TRAFFIC_CLASS).doing("set the traffic class")?;
            if multicast {
                socket
                    .set_multicast_if_v6(needed(settings.interface)?.get())
                    .doing("choose the interface of outgoing multicasts")?;
                socket.set_multicast_loop_v6(false).doing("not hear our own adverts")?;
                socket.set_multicast_hops_v6(255).doing("set the multicast hop limit")?;
            }
        }
    }
    Ok(socket)
}

fn raw(settings: &Settings) -> Result<Socket> {
    let domain = match settings.reach.family() {
        Family::V4 => Domain::IPV4,
        Family::V6 => Domain::IPV6,
    };
    let kind = Type::RAW.nonblocking().cloexec();
    Socket::new(domain, kind, Some(settings.protocol.number().into())).doing("open a raw VRRP socket")
}

/// The kernel then fills the checksum in, and drops what comes in with a wrong one.
fn set_checksum_offset(socket: &Socket, settings: &Settings) -> Result<()> {
    if settings.protocol != super::Protocol::Vrrp {
        return Ok(());
    }
    set_int(socket, libc::IPPROTO_IPV6, libc::IPV6_CHECKSUM, CHECKSUM_OFFSET)
        .doing("have IPv6 checksums computed")
}

fn bind_device(socket: &Socket, settings: &Settings) -> Result<()> {
    let Some(device) = &settings.device else {
        return Ok(());
    };
    socket.bind_device(Some(device.as_bytes())).doing(format!("bind a VRRP socket to {device}"))
}

fn join(socket: &Socket, group: IpAddr, interface: IfIndex) -> Result<()> {
    let joined = match group {
        IpAddr::V4(group) => {
            socket.join_multicast_v4_n(&group, &InterfaceIndexOrAddress::Index(interface.get()))
        }
        IpAddr::V6(group) => socket.join_multicast_v6(&group, interface.get()),
    };
    joined.doing(format!("join {group} on interface {interface}"))
}

fn needed(interface: Option<IfIndex>) -> Result<IfIndex> {
    interface
        .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))
        .doing("multicast without an interface")
}

/// The address with the scope that a link-local one needs. Port 0, or the kernel takes it for a protocol number.
pub(super) fn socket_address(address: IpAddr, interface: Option<IfIndex>) -> SocketAddr {
    match address {
        IpAddr::V4(_) => SocketAddr::new(address, 0),
        IpAddr::V6(v6) => {
            let local = v6.is_unicast_link_local() || v6.is_multicast();
            let scope = interface.filter(|_| local).map_or(0, IfIndex::get);
            SocketAddrV6::new(v6, 0, 0, scope).into()
        }
    }
}

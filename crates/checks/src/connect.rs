//! Sockets as a check's connection options want them, and connecting them (lvs reference 5.3).

use crate::attempt::words;
use keepalived_lvs::Outcome;
use keepalived_lvs::config::Connection;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv, setsockopt, sockopt};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::time::Duration;
use tokio::io::Interest;
use tokio::net::{TcpStream, UdpSocket};
use tokio::task::coop::consume_budget;
use tokio::time::timeout;

/// Why there is no connection.
#[derive(Debug)]
pub(crate) enum NotConnected {
    /// Nobody answered in time.
    TimedOut,
    /// Refused, unreachable, reset.
    Failed(io::Error),
    /// It could not even be tried.
    CannotRun(String),
}

impl NotConnected {
    /// The outcome, in the words of a kind of check for too slow and for refused.
    pub(crate) fn outcome(self, slow: &str, refused: &str) -> Outcome {
        match self {
            Self::TimedOut => crate::attempt::timed_out(slow),
            Self::Failed(error) => crate::attempt::failed(refused, Some(words(&error))),
            Self::CannotRun(reason) => Outcome::CannotRun { reason },
        }
    }
}

/// A TCP connection to the destination, established within the connection's time.
pub(crate) async fn stream(connection: &Connection) -> Result<TcpStream, NotConnected> {
    let socket = socket(connection, Type::STREAM, Some(Protocol::TCP))?;
    if connection.source.is_some_and(|source| source.port() != 0) {
        release_port(&socket)?;
    }
    begin(&socket, connection)?;
    let stream = TcpStream::from_std(socket.into()).map_err(unusable("watch a socket"))?;
    match timeout(connection.timeout, stream.writable()).await {
        Err(_elapsed) => return Err(NotConnected::TimedOut),
        Ok(Err(error)) => return Err(NotConnected::Failed(error)),
        Ok(Ok(())) => {}
    }
    match stream.take_error() {
        Ok(None) => Ok(stream),
        Ok(Some(error)) | Err(error) => Err(NotConnected::Failed(error)),
    }
}

/// A non-blocking socket with the mark, the interface and the source address that the check wants, in this order.
pub(crate) fn socket(
    connection: &Connection,
    kind: Type,
    protocol: Option<Protocol>,
) -> Result<Socket, NotConnected> {
    let socket = make(connection, kind, protocol).map_err(unusable("make a socket"))?;
    prepare(&socket, connection)?;
    Ok(socket)
}

/// A non-blocking socket of the destination's family.
pub(crate) fn make(connection: &Connection, kind: Type, protocol: Option<Protocol>) -> io::Result<Socket> {
    Socket::new(Domain::for_address(connection.destination), kind.nonblocking(), protocol)
}

/// The mark, the interface and the source address.
pub(crate) fn prepare(socket: &Socket, connection: &Connection) -> Result<(), NotConnected> {
    if connection.mark != 0 {
        socket.set_mark(connection.mark).map_err(unusable("mark packets"))?;
    }
    if let Some(interface) = &connection.interface {
        let doing = format!("bind to device {}", interface.as_str());
        socket.bind_device(Some(interface.as_str().as_bytes())).map_err(unusable(&doing))?;
    }
    if let Some(source) = connection.source {
        socket.bind(&SockAddr::from(source)).map_err(unusable(&format!("bind to {source}")))?;
    }
    Ok(())
}

/// A port that the configuration fixes must be free again for the next check: without this it stays in TIME_WAIT for a
/// minute, and every check in between cannot run. So such a connection ends with a reset.
///
/// Others close as usual. The original has SO_LINGER of five seconds, which on the wire is the same, and in a process
/// may wait for the peer.
fn release_port(socket: &Socket) -> Result<(), NotConnected> {
    socket.set_linger(Some(Duration::ZERO)).map_err(unusable("set SO_LINGER"))
}

/// Immediate errors that say something about the server, or the way to it.
const ABOUT_THE_SERVER: [Errno; 8] = [
    Errno::ENETUNREACH,
    Errno::EHOSTUNREACH,
    Errno::ECONNREFUSED,
    Errno::EHOSTDOWN,
    Errno::ENETDOWN,
    Errno::ECONNRESET,
    Errno::ECONNABORTED,
    Errno::ETIMEDOUT,
];

/// Begins to connect. An error that says something about the server or the way to it is a failed check, any other means
/// that it could not be made.
pub(crate) fn begin(socket: &Socket, connection: &Connection) -> Result<(), NotConnected> {
    let begun = socket.connect(&SockAddr::from(connection.destination));
    begun.or_else(|error| sort(error, connection.destination))
}

fn sort(error: io::Error, destination: SocketAddr) -> Result<(), NotConnected> {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EINPROGRESS) => Ok(()),
        Some(errno) if ABOUT_THE_SERVER.contains(&errno) => Err(NotConnected::Failed(error)),
        _ => Err(unusable(&format!("connect to {destination}"))(error)),
    }
}

/// What the log says when a check cannot be made.
pub(crate) fn unusable(doing: &str) -> impl FnOnce(io::Error) -> NotConnected {
    move |error| NotConnected::CannotRun(format!("Checker can't {doing}: {}", words(&error)))
}

/// Writes all of it.
pub(crate) async fn write_all(stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        stream.writable().await?;
        match stream.try_write(bytes) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Waits until something comes, and hands it to `take`; false when the peer has closed. A peer that always has more does
/// not keep the thread: every so often the others have their turn.
pub(crate) async fn read(
    stream: &TcpStream,
    scratch: &RefCell<Vec<u8>>,
    mut take: impl FnMut(&[u8]),
) -> io::Result<bool> {
    loop {
        stream.readable().await?;
        consume_budget().await;
        let mut scratch = scratch.borrow_mut();
        match stream.try_read(&mut scratch) {
            Ok(0) => return Ok(false),
            Ok(length) => {
                take(scratch.get(..length).unwrap_or_default());
                return Ok(true);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

/// A UDP socket that sends to the destination and hears only from it, and of every ICMP error on the way.
///
/// Without IP_RECVERR the kernel keeps "host unreachable" to itself, and a check that takes silence for health would
/// pass for a machine that is not there.
pub(crate) fn datagrams(connection: &Connection) -> Result<UdpSocket, NotConnected> {
    let socket = socket(connection, Type::DGRAM, Some(Protocol::UDP))?;
    report_icmp_errors(&socket, connection)?;
    begin(&socket, connection)?;
    UdpSocket::from_std(socket.into()).map_err(unusable("watch a socket"))
}

/// IP_RECVERR or its like.
pub(crate) fn report_icmp_errors(socket: &Socket, connection: &Connection) -> Result<(), NotConnected> {
    let set = match connection.destination {
        SocketAddr::V4(_) => setsockopt(socket, sockopt::Ipv4RecvErr, &true),
        SocketAddr::V6(_) => setsockopt(socket, sockopt::Ipv6RecvErr, &true),
    };
    set.map_err(io::Error::from).map_err(unusable("ask for ICMP errors"))
}

/// Sends one datagram.
pub(crate) async fn send(socket: &UdpSocket, bytes: &[u8]) -> io::Result<()> {
    socket.send(bytes).await.map(drop)
}

/// Waits for one datagram and hands it to `take`, cut to the size of `scratch`.
///
/// An ICMP error makes the socket neither readable nor writable, so that it has to be waited for by its name.
pub(crate) async fn receive(
    socket: &UdpSocket,
    scratch: &RefCell<Vec<u8>>,
    mut take: impl FnMut(&[u8]),
) -> io::Result<()> {
    loop {
        socket.ready(Interest::READABLE | Interest::ERROR).await?;
        consume_budget().await;
        // One after the other: tokio forgets a readiness that proved wrong only for the one it was asked for.
        for interest in [Interest::READABLE, Interest::ERROR] {
            let mut scratch = scratch.borrow_mut();
            let received = socket.try_io(interest, || {
                recv(socket.as_raw_fd(), &mut scratch, MsgFlags::MSG_DONTWAIT).map_err(io::Error::from)
            });
            match received {
                Ok(length) => {
                    take(scratch.get(..length).unwrap_or_default());
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn immediate_errors_are_failed_checks_or_none_at_all() {
        let nowhere = "192.0.2.1:80".parse().expect("an address");
        let sorted = |errno: Errno| sort(io::Error::from_raw_os_error(errno as i32), nowhere);
        assert!(sorted(Errno::EINPROGRESS).is_ok());
        for errno in ABOUT_THE_SERVER {
            assert!(matches!(sorted(errno), Err(NotConnected::Failed(_))), "{errno}");
        }
        for errno in [Errno::EADDRNOTAVAIL, Errno::EACCES, Errno::EINVAL, Errno::ENOMEM] {
            assert!(matches!(sorted(errno), Err(NotConnected::CannotRun(_))), "{errno}");
        }
    }
}

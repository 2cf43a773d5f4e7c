//! `PING_CHECK`: does an ICMP echo come back (lvs reference 5.11)?

pub mod echo;

use crate::attempt::{PASSED, failed, timed_out, words};
use crate::connect::{self, NotConnected, unusable};
use crate::context::Context;
use crate::udp::filling;
use echo::{Echo, Family, Framing};
use keepalived_lvs::Outcome;
use keepalived_lvs::config::Connection;
use nix::errno::Errno;
use socket2::{Protocol, Type};
use std::io;
use std::net::SocketAddr;
use tokio::net::UdpSocket;
use tokio::time::timeout;

/// Bytes of text in a request.
const TEXT_LENGTH: usize = 128;

/// Sends one request and waits for its reply.
pub(crate) async fn check(connection: &Connection, context: &Context) -> Outcome {
    let connection = &portless(connection);
    let (socket, framing) = match open(connection) {
        Ok(opened) => opened,
        Err(why) => return why.outcome("timeout", "failed"),
    };
    let family = match connection.destination {
        SocketAddr::V4(_) => Family::V4,
        SocketAddr::V6(_) => Family::V6,
    };
    let echo = Echo { family, framing, id: context.next_id(), sequence: 1 };
    match timeout(connection.timeout, exchange(&socket, echo, context)).await {
        Err(_elapsed) => timed_out("timeout"),
        Ok(Err(error)) => failed("failed", Some(words(&error))),
        Ok(Ok(true)) => PASSED,
        Ok(Ok(false)) => failed("failed", Some("not the reply to this request".to_owned())),
    }
}

/// ICMP has no ports, and a mark is accepted and not used, as in the original.
fn portless(connection: &Connection) -> Connection {
    let mut connection = connection.clone();
    connection.destination.set_port(0);
    if let Some(source) = &mut connection.source {
        source.set_port(0);
    }
    connection.mark = 0;
    connection
}

/// An unprivileged socket, and where `ping_group_range` does not allow one, a raw socket.
fn open(connection: &Connection) -> Result<(UdpSocket, Framing), NotConnected> {
    let protocol = Some(match connection.destination {
        SocketAddr::V4(_) => Protocol::ICMPV4,
        SocketAddr::V6(_) => Protocol::ICMPV6,
    });
    let (socket, framing) = match connect::make(connection, Type::DGRAM, protocol) {
        Err(error) if error.raw_os_error() == Some(Errno::EACCES as i32) => {
            (connect::make(connection, Type::RAW, protocol), Framing::Raw)
        }
        made => (made, Framing::Bare),
    };
    let socket = socket.map_err(unusable("make a socket"))?;
    connect::prepare(&socket, connection)?;
    connect::report_icmp_errors(&socket, connection)?;
    connect::begin(&socket, connection)?;
    let socket = UdpSocket::from_std(socket.into()).map_err(unusable("watch a socket"))?;
    Ok((socket, framing))
}

/// True when the reply to our request comes. A raw socket hears what others sent as well; a bare one hears only of us,
/// so that anything else is a failure.
async fn exchange(socket: &UdpSocket, echo: Echo, context: &Context) -> io::Result<bool> {
    connect::send(socket, &echo.request(&filling(TEXT_LENGTH))).await?;
    loop {
        let mut ours = false;
        connect::receive(socket, context.scratch(), |packet| ours = echo.is_answered_by(packet)).await?;
        if ours || echo.framing == Framing::Bare {
            return Ok(ours);
        }
    }
}

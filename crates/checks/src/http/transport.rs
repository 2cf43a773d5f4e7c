//! What HTTP is spoken over: a TCP connection, or TLS on top of one.

use crate::attempt::{failed, timed_out, words};
use crate::connect;
use crate::context::Context;
use crate::tls::{TlsStream, Wish};
use keepalived_lvs::Outcome;
use keepalived_lvs::config::Connection;
use std::cell::RefCell;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

pub(super) use crate::tls::Got;

/// The reason for which a TLS connection does not come about.
pub(super) const HANDSHAKE: &str = "SSL handshake/communication error connecting to";

/// An established connection.
pub(super) enum Transport {
    Tcp(TcpStream),
    Tls(Box<TlsStream>, Wish),
}

impl Transport {
    /// Connects, and shakes hands if there is a wish for TLS, all within the connection's time.
    pub(super) async fn connect(
        connection: &Connection,
        wish: Option<Wish>,
        context: &Context,
    ) -> Result<Self, Outcome> {
        let deadline = Instant::now() + connection.timeout;
        let stream = connect::stream(connection).await;
        let stream = stream.map_err(|why| why.outcome("Timeout connecting", "Connection failed"))?;
        let Some(wish) = wish else {
            return Ok(Self::Tcp(stream));
        };
        let Some(tls) = context.tls() else {
            return Err(Outcome::CannotRun { reason: "Checker can't use TLS: it is not set up".to_owned() });
        };
        match timeout_at(deadline, tls.connect(stream, &wish)).await {
            Err(_elapsed) => Err(timed_out("Timeout connecting")),
            Ok(Err(detail)) => Err(failed(HANDSHAKE, Some(detail))),
            Ok(Ok(stream)) => Ok(Self::Tls(Box::new(stream), wish)),
        }
    }

    /// Writes all of it.
    pub(super) async fn write_all(&mut self, bytes: &[u8]) -> Result<(), String> {
        match self {
            Self::Tcp(stream) => connect::write_all(stream, bytes).await.map_err(|error| words(&error)),
            Self::Tls(stream, _) => stream.write_all(bytes).await,
        }
    }

    /// Waits until something comes, and hands it to `take`.
    pub(super) async fn read(
        &mut self,
        scratch: &RefCell<Vec<u8>>,
        take: impl FnMut(&[u8]),
    ) -> Result<Got, String> {
        match self {
            Self::Tcp(stream) => match connect::read(stream, scratch, take).await {
                Ok(true) => Ok(Got::Piece),
                Ok(false) => Ok(Got::End),
                Err(error) => Err(words(&error)),
            },
            Self::Tls(stream, _) => stream.read(scratch, take).await,
        }
    }

    /// The answer was read to its end.
    pub(super) fn end(self, compliant: bool, context: &Context) {
        if let (Self::Tls(stream, wish), Some(tls)) = (self, context.tls()) {
            tls.end(*stream, &wish, compliant);
        }
    }
}

//! The health checks of real servers: one asynchronous function for each kind.
//!
//! [`run`] makes one attempt and says how it ended. It never counts retries, logs, or touches IPVS: that is the business
//! of the `lvs` engine and its driver. It never blocks its thread, so one thread carries ten thousand checks, and no
//! check can delay another.
//!
//! How to drive it: on a current-thread tokio runtime with I/O and time enabled, make one [`Context`] for each
//! configuration, then call `run` for each probe that is due. A probe may be dropped at any await; what it opened is
//! closed, and a program it started is ended. Attempts of different probes may overlap freely, and two of the same
//! probe may as well, except that a driver has no reason to.
//!
//! What a server can do to us is bounded: see [`limits`].

mod attempt;
mod connect;
mod context;
pub mod dns;
pub mod genhash;
pub mod http;
pub mod limits;
mod misc;
pub mod pattern;
pub mod ping;
mod program;
pub mod smtp;
mod tcp;
mod tls;
mod udp;

pub use context::{Context, NoPrograms, Problem};
pub use program::{Ending, Program, Programs};
pub use tls::TlsError;

use http::Layer;

use keepalived_lvs::Attempt;
use keepalived_lvs::config::Probe;

/// Makes one attempt of `probe`. `url` chooses the page of `HTTP_GET` and `SSL_GET` by its place in the block, from 0;
/// other checks do not look at it.
pub async fn run(probe: &Probe, url: usize, context: &Context) -> Attempt {
    // In boxes, or every attempt would take the room of the largest kind.
    match probe {
        Probe::Tcp(connection) => tcp::check(connection).await.into(),
        Probe::Http(check) => Box::pin(http::check(check, url, Layer::Tcp, context)).await,
        Probe::Ssl(check) => Box::pin(http::check(check, url, Layer::Tls, context)).await,
        Probe::Smtp(check) => Box::pin(smtp::check(check, context)).await,
        Probe::Dns(check) => Box::pin(dns::check(check, context)).await.into(),
        Probe::Udp(check) => Box::pin(udp::check(check, context)).await.into(),
        Probe::Ping(connection) => Box::pin(ping::check(connection, context)).await.into(),
        Probe::Misc(check) => Box::pin(misc::check(check, context)).await.into(),
    }
}

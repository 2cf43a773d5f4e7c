//! `DNS_CHECK`: does a server answer a question (lvs reference 5.8)?

pub mod message;

use crate::attempt::{PASSED, failed, random_id, timed_out, words};
use crate::connect::{self, NotConnected};
use crate::context::Context;
use keepalived_lvs::Outcome;
use keepalived_lvs::config::DnsCheck;
use message::{Query, Reply};
use nix::errno::Errno;
use std::io;
use tokio::time::timeout;

/// Asks once, and takes the first real answer.
pub(crate) async fn check(check: &DnsCheck, context: &Context) -> Outcome {
    let query = match Query::new(random_id(), check.query, &check.name) {
        Ok(query) => query,
        Err(reason) => {
            return Outcome::CannotRun { reason: format!("Checker can't ask for a name: {reason}") };
        }
    };
    let exchange = exchange(check, &query, context);
    match timeout(check.connection.timeout, exchange).await {
        Err(_elapsed) => timed_out("read timeout from socket"),
        Ok(Err(outcome)) => outcome,
        Ok(Ok(0)) => PASSED,
        Ok(Ok(rcode)) => failed(format!("read error occurred. (rcode = {rcode})"), None),
    }
}

/// The response code of the first answer to the query.
async fn exchange(check: &DnsCheck, query: &Query, context: &Context) -> Result<u8, Outcome> {
    let connection = &check.connection;
    let socket = connect::datagrams(connection).map_err(|why| match why {
        NotConnected::Failed(error) if error.raw_os_error() == Some(Errno::ENETUNREACH as i32) => {
            let (ip, port) = (connection.destination.ip(), connection.destination.port());
            failed(format!("network unreachable for [{ip}]:{port}"), None)
        }
        other => other.outcome("read timeout from socket", "failed to connect socket"),
    })?;
    let sent = connect::send(&socket, query.bytes()).await;
    sent.map_err(|error| trouble("write to", &error))?;
    loop {
        let mut reply = Reply::Ignored;
        let received = connect::receive(&socket, context.scratch(), |bytes| reply = query.read(bytes)).await;
        received.map_err(|error| trouble("read", &error))?;
        if let Reply::Code(rcode) = reply {
            return Ok(rcode);
        }
    }
}

fn trouble(doing: &str, error: &io::Error) -> Outcome {
    let errno = error.raw_os_error().unwrap_or_default();
    let words = words(error);
    failed(format!("failed to {doing} socket; errno {errno} ({words})"), Some(words))
}

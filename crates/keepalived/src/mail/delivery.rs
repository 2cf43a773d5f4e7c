//! One mail to the server: name look-up, connection, the dialogue. Blocks, each step for the time-out at most.

use super::MailSetup;
use super::dialogue::{Dialogue, Ending, Mail, Next};
use crate::log::rfc5322;
use keepalived_kernel::users;
use keepalived_surfaces::mail::{Alert, Letterhead, envelope_address};
use smtp_proto::response::parser::ResponseReceiver;
use std::fmt;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant, SystemTime};

/// Why a mail was not delivered.
#[derive(Debug)]
pub(super) enum Undelivered {
    /// The server's name means nothing.
    NoAddress(String),
    /// There is no connection to be had.
    NotConnected(SocketAddr, std::io::Error),
    /// The connection broke, or the server was too slow.
    Broken(SocketAddr, std::io::Error),
    /// What the server says is no answer of a mail server.
    NotUnderstood(SocketAddr),
    /// The server refused a command.
    Refused(SocketAddr, &'static str, u16),
}

impl fmt::Display for Undelivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAddress(why) => write!(f, "SMTP alert not sent: {why}"),
            Self::NotConnected(server, error) => {
                write!(f, "SMTP alert not sent: no connection to SMTP server {}: {error}", shown(*server))
            }
            Self::Broken(server, error) => {
                write!(f, "SMTP alert not sent: SMTP server {}: {error}", shown(*server))
            }
            Self::NotUnderstood(server) => {
                write!(f, "SMTP alert not sent: what SMTP server {} says is not SMTP", shown(*server))
            }
            Self::Refused(server, command, code) => write!(
                f,
                "Error processing {command} cmd on SMTP server {}. SMTP status code = {code}",
                shown(*server)
            ),
        }
    }
}

/// As the original's log has it.
pub(super) fn shown(server: SocketAddr) -> String {
    format!("[{}]:{}", server.ip(), server.port())
}

/// What is worth a line in the log although the mail went its way.
#[derive(Debug)]
pub(super) struct Delivered {
    /// The server that took it.
    pub(super) server: SocketAddr,
    /// Recipients that it did not take, with its codes.
    pub(super) refused: Vec<(String, u16)>,
}

/// Who we are where the configuration does not say it.
#[derive(Debug)]
pub(super) struct Ourselves {
    /// The machine's name.
    pub(super) machine: String,
    /// Who we run as there.
    pub(super) address: String,
}

impl Ourselves {
    /// Looks it up, which may take a while.
    pub(super) fn look_up() -> Self {
        let machine = keepalived_kernel::host::canonical_name();
        let user = users::user_by_id(rustix::process::geteuid().as_raw()).ok().flatten();
        let address = format!("{}@{machine}", user.map_or_else(|| "keepalived".to_owned(), |user| user.name));
        Self { machine, address }
    }
}

/// Hands a mail over.
pub(super) fn deliver(
    setup: &MailSetup,
    ourselves: &Ourselves,
    alert: &Alert,
    at: SystemTime,
) -> Result<Delivered, Undelivered> {
    let (server, stream) = connect(setup)?;
    let mut dialogue = Dialogue::new(compose(setup, ourselves, alert, at));
    let mut line = Line { stream, server, timeout: setup.timeout, received: Vec::new() };
    loop {
        let code = line.answer()?;
        match dialogue.handle_answer(code) {
            Next::Say(text) => line.say(&text)?,
            Next::Leave(text, ending) => {
                // The mail has been taken, or refused; a server that hangs up first changes nothing.
                drop(line.say(&text).and_then(|()| line.answer()));
                return match ending {
                    Ending::Delivered => Ok(Delivered { server, refused: dialogue.refused().to_vec() }),
                    Ending::Refused { command, code } => Err(Undelivered::Refused(server, command, code)),
                };
            }
        }
    }
}

fn compose(setup: &MailSetup, ourselves: &Ourselves, alert: &Alert, at: SystemTime) -> Mail {
    let from = setup.from.as_ref().unwrap_or(&ourselves.address);
    let router_id = setup.router_id.as_ref().unwrap_or(&ourselves.machine);
    let head = Letterhead { router_id, from, recipients: &setup.recipients };
    Mail {
        helo_name: envelope_address(setup.helo_name.as_ref().unwrap_or(&ourselves.machine)),
        from: envelope_address(from),
        recipients: setup.recipients.iter().map(|recipient| envelope_address(recipient)).collect(),
        letter: head.letter(alert, &rfc5322(at)),
    }
}

/// Tries each address of the server in turn.
fn connect(setup: &MailSetup) -> Result<(SocketAddr, TcpStream), Undelivered> {
    let host = setup.host.trim_start_matches('[').trim_end_matches(']');
    let unknown = |why: String| Undelivered::NoAddress(format!("SMTP server {}: {why}", setup.host));
    let addresses = (host, setup.port).to_socket_addrs().map_err(|error| unknown(error.to_string()))?;
    let mut last = unknown("it has no address".to_owned());
    for server in addresses {
        match TcpStream::connect_timeout(&server, setup.timeout) {
            Ok(stream) => return Ok((server, stream)),
            Err(error) => last = Undelivered::NotConnected(server, error),
        }
    }
    Err(last)
}

/// The connection.
struct Line {
    stream: TcpStream,
    server: SocketAddr,
    timeout: Duration,
    /// What came after the end of an answer.
    received: Vec<u8>,
}

impl Line {
    fn say(&mut self, text: &str) -> Result<(), Undelivered> {
        let broken = |error| Undelivered::Broken(self.server, error);
        self.stream.set_write_timeout(Some(self.timeout)).map_err(broken)?;
        self.stream.write_all(text.as_bytes()).map_err(|error| broken(in_words(error)))
    }

    /// The code of the next answer, all lines of which have come. A server that drips its answer is too slow, too, and
    /// one whose answer has no end is refused at 4 KiB.
    fn answer(&mut self) -> Result<u16, Undelivered> {
        let deadline = Instant::now() + self.timeout;
        let mut receiver = ResponseReceiver::default();
        let mut total = 0;
        loop {
            let mut bytes = self.received.iter();
            match receiver.parse(&mut bytes) {
                Ok(response) => {
                    self.received = bytes.as_slice().to_vec();
                    return Ok(response.code);
                }
                Err(smtp_proto::Error::NeedsMoreData { .. }) => self.received.clear(),
                Err(_) => return Err(Undelivered::NotUnderstood(self.server)),
            }
            total += self.read(deadline)?;
            if total > smtp_proto::response::parser::MAX_RESPONSE_LENGTH * 2 {
                return Err(Undelivered::NotUnderstood(self.server));
            }
        }
    }

    fn read(&mut self, deadline: Instant) -> Result<usize, Undelivered> {
        let broken = |error| Undelivered::Broken(self.server, error);
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(broken(too_slow()));
        }
        self.stream.set_read_timeout(Some(left)).map_err(broken)?;
        let mut chunk = [0; 1024];
        match self.stream.read(&mut chunk) {
            Ok(0) => Err(broken(std::io::Error::new(ErrorKind::UnexpectedEof, "it closed the connection"))),
            Ok(count) => {
                self.received.extend_from_slice(&chunk[..count]);
                Ok(count)
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(0),
            Err(error) => Err(broken(in_words(error))),
        }
    }
}

fn too_slow() -> std::io::Error {
    std::io::Error::new(ErrorKind::TimedOut, "it does not answer in time")
}

/// A socket's time-out calls itself `Resource temporarily unavailable`.
fn in_words(error: std::io::Error) -> std::io::Error {
    if error.kind() == ErrorKind::WouldBlock { too_slow() } else { error }
}

#[cfg(test)]
mod tests;

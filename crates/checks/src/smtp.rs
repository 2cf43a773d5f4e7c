//! `SMTP_CHECK`: greets a mail server and leaves (lvs reference 5.7).

pub mod line;

use crate::attempt::{PASSED, failed, timed_out, words};
use crate::connect::{self, NotConnected};
use crate::context::Context;
use keepalived_lvs::config::SmtpCheck;
use keepalived_lvs::{Attempt, Outcome, Remark};
use line::Lines;
use nix::errno::Errno;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

/// Greeting, HELO, QUIT. Each step may take the connection's time.
pub(crate) async fn check(check: &SmtpCheck, context: &Context) -> Attempt {
    let mut lines = Lines::default();
    let outcome = match talk(check, context, &mut lines).await {
        Ok(()) => PASSED,
        Err(outcome) => outcome,
    };
    let remarks = if lines.has_overflowed() { vec![Remark::LineTooLong] } else { Vec::new() };
    Attempt { outcome, remarks }
}

async fn talk(check: &SmtpCheck, context: &Context, lines: &mut Lines) -> Result<(), Outcome> {
    let stream = connect::stream(&check.connection).await.map_err(unconnected)?;
    let mut dialogue = Dialogue { stream, check, context, lines };
    let greeting = dialogue.line().await?;
    expect(&greeting, b"220", "Bad greeting banner from")?;
    dialogue.say(&format!("HELO {}\r\n", check.helo_name)).await?;
    let hello = dialogue.line().await?;
    expect(&hello, b"250", "Bad HELO response from")?;
    dialogue.say("QUIT\r\n").await?;
    // Whatever it says, but it has to say something.
    dialogue.line().await.map(drop)
}

fn unconnected(why: NotConnected) -> Outcome {
    let reason = match &why {
        NotConnected::Failed(error) => match error.raw_os_error().map(Errno::from_raw) {
            Some(Errno::ENETUNREACH) => "Network unreachable for",
            Some(Errno::ECONNREFUSED) => "Could not connect to",
            _ => "Error connecting to",
        },
        NotConnected::TimedOut | NotConnected::CannotRun(_) => "",
    };
    why.outcome("Connection timeout to", reason)
}

fn expect(line: &[u8], code: &[u8], reason: &str) -> Result<(), Outcome> {
    if line::has_code(line, code) {
        return Ok(());
    }
    let shown: String = String::from_utf8_lossy(line).chars().filter(|shown| !shown.is_control()).collect();
    Err(failed(reason, Some(shown)))
}

struct Dialogue<'a> {
    stream: TcpStream,
    check: &'a SmtpCheck,
    context: &'a Context,
    lines: &'a mut Lines,
}

impl Dialogue<'_> {
    fn deadline(&self) -> Instant {
        Instant::now() + self.check.connection.timeout
    }

    /// One line, its end removed. The whole of it has to come in time, not just something.
    async fn line(&mut self) -> Result<Vec<u8>, Outcome> {
        let deadline = self.deadline();
        loop {
            if let Some(line) = self.lines.next() {
                return Ok(line);
            }
            let read = connect::read(&self.stream, self.context.scratch(), |bytes| self.lines.push(bytes));
            match timeout_at(deadline, read).await {
                Err(_elapsed) => return Err(timed_out("Read timeout from")),
                Ok(Ok(true)) => {}
                Ok(Ok(false)) => {
                    return Err(failed("Read failure from", Some("connection closed".to_owned())));
                }
                Ok(Err(error)) => return Err(failed("Read failure from", Some(words(&error)))),
            }
        }
    }

    async fn say(&mut self, text: &str) -> Result<(), Outcome> {
        match timeout_at(self.deadline(), connect::write_all(&self.stream, text.as_bytes())).await {
            Err(_elapsed) => Err(timed_out("Write timeout to")),
            Ok(Err(error)) => Err(failed("Write failure to", Some(words(&error)))),
            Ok(Ok(())) => Ok(()),
        }
    }
}

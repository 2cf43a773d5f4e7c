//! A real mail server on a node: Debian's aiosmtpd, with what it took kept for the test.

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::log::Log;
use crate::node::Node;
use crate::{Error, Result};

/// The distribution's, which has the distribution's aiosmtpd.
const PYTHON: &str = "/usr/bin/python3";

/// Prints each message it takes as a line of JSON.
const SERVER: &str = r#"
import asyncio, json, sys
from aiosmtpd.smtp import SMTP

class Keep:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if '@' not in address:
            return '553 no mailbox'
        envelope.rcpt_tos.append(address)
        return '250 OK'

    async def handle_DATA(self, server, session, envelope):
        text = envelope.content.decode('utf-8', 'replace')
        print(json.dumps({'helo': session.host_name, 'from': envelope.mail_from,
                          'to': envelope.rcpt_tos, 'text': text}), flush=True)
        return '250 OK'

async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Keep(), hostname='mx.example'), sys.argv[1], int(sys.argv[2]))
    print('listening', flush=True)
    await server.serve_forever()

asyncio.run(main())
"#;

/// A message as the server took it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Message {
    /// The name given in HELO.
    pub helo: String,
    /// The sender in the envelope.
    pub from: String,
    /// The recipients in the envelope.
    pub to: Vec<String>,
    /// Headers and body.
    pub text: String,
}

impl Message {
    /// The value of a header, as far as its first line goes.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// The same without what differs from one time to the next: the value of its `Date`.
    #[must_use]
    pub fn without_date(mut self) -> Self {
        if let Some(date) = self.header("Date").map(str::to_owned) {
            self.text = self.text.replacen(&date, "-", 1);
        }
        self
    }
}

/// A running mail server. Dropping it ends it.
#[derive(Debug)]
pub struct MailServer {
    child: Child,
    log: Log,
    /// Without a handle on it the node would go.
    _node: Node,
}

impl MailServer {
    /// Starts it on a node and waits until it listens.
    ///
    /// # Errors
    /// When aiosmtpd is not installed, or the address is taken.
    pub fn start(node: &Node, address: &str, port: u16) -> Result<Self> {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", node.namespace().name(), PYTHON, "-c", SERVER, address]);
        command.arg(port.to_string()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(Error::io("starting aiosmtpd"))?;
        let log = Log::default();
        let pipes = (child.stdout.take(), child.stderr.take());
        let server = Self { child, log, _node: node.clone() };
        if let Some(stdout) = pipes.0 {
            server.log.follow(stdout)?;
        }
        if let Some(stderr) = pipes.1 {
            server.log.follow(stderr)?;
        }
        server.log.wait_for("listening", Duration::from_secs(30))?;
        Ok(server)
    }

    /// What it has taken so far, in order.
    ///
    /// # Errors
    /// When it printed something else, for example an exception.
    pub fn messages(&self) -> Result<Vec<Message>> {
        let text = self.log.text();
        text.lines().filter(|line| line.starts_with('{')).map(parse).collect()
    }

    /// Waits until it has taken a message with every one of these subjects.
    ///
    /// # Errors
    /// [`Error::TimedOut`] with the subjects it has instead.
    pub fn wait_for_subjects(&self, subjects: &[&str], patience: Duration) -> Result<()> {
        self.wait_for_subjects_since(0, subjects, patience)
    }

    /// The same, among all messages but the first `since`.
    ///
    /// # Errors
    /// As [`MailServer::wait_for_subjects`].
    pub fn wait_for_subjects_since(&self, since: usize, subjects: &[&str], patience: Duration) -> Result<()> {
        let deadline = Instant::now() + patience;
        loop {
            let messages = self.messages()?;
            let seen: BTreeSet<&str> =
                messages.iter().skip(since).filter_map(|message| message.header("Subject")).collect();
            if subjects.iter().all(|subject| seen.contains(subject)) {
                return Ok(());
            }
            if Instant::now() > deadline {
                let waited_for = format!("mails about {subjects:?}");
                return Err(Error::TimedOut { waited_for, after: patience, seen: self.log.text() });
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn parse(line: &str) -> Result<Message> {
    let unexpected = || Error::Unexpected(format!("the mail server printed {line}"));
    let value: serde_json::Value = serde_json::from_str(line).map_err(|_| unexpected())?;
    let text = |name: &str| value[name].as_str().map(str::to_owned).ok_or_else(unexpected);
    let to = value["to"].as_array().ok_or_else(unexpected)?;
    let to = to.iter().filter_map(|address| address.as_str().map(str::to_owned)).collect();
    Ok(Message { helo: text("helo")?, from: text("from")?, to, text: text("text")? })
}

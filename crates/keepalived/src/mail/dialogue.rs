//! The client's side of SMTP (RFC 5321) for one mail, without a socket: an answer in, the next command out.
//!
//! HELO, not EHLO, and no command before the answer to the one before, as the original does: whatever takes its mails
//! takes ours.

/// What a mail consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mail {
    /// Who we say we are.
    pub(super) helo_name: String,
    /// The sender's mailbox.
    pub(super) from: String,
    /// The recipients' mailboxes; not empty.
    pub(super) recipients: Vec<String>,
    /// The message with the line that ends it.
    pub(super) letter: String,
}

/// What follows from an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Say this, and wait for the answer.
    Say(String),
    /// Say this; it is over whatever the answer is.
    Leave(String, Ending),
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The server has taken the mail.
    Delivered,
    /// It has not.
    Refused {
        /// The command, as the original's log calls it.
        command: &'static str,
        /// The code of the answer.
        code: u16,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaits {
    Greeting,
    Helo,
    Sender,
    /// To the recipient of this number.
    Recipient(usize),
    Data,
    Letter,
}

/// The dialogue. Begins with the server's greeting.
#[derive(Debug)]
pub(super) struct Dialogue {
    mail: Mail,
    awaits: Awaits,
    /// Recipients that the server takes.
    accepted: usize,
    /// The first recipient that it does not take, with the answer.
    refused: Vec<(String, u16)>,
}

impl Dialogue {
    /// Nothing has been said.
    pub(super) fn new(mail: Mail) -> Self {
        Self { mail, awaits: Awaits::Greeting, accepted: 0, refused: Vec::new() }
    }

    /// Recipients that the server did not take, with its codes.
    pub(super) fn refused(&self) -> &[(String, u16)] {
        &self.refused
    }

    /// The server has answered with this code.
    pub(super) fn handle_answer(&mut self, code: u16) -> Next {
        let (command, expected) = self.expectation();
        if let Awaits::Recipient(at) = self.awaits {
            return self.handle_recipient(at, code);
        }
        if code != expected {
            return leave(Ending::Refused { command, code });
        }
        match self.awaits {
            Awaits::Greeting => self.say(Awaits::Helo, format!("HELO {}\r\n", self.mail.helo_name)),
            Awaits::Helo => self.say(Awaits::Sender, format!("MAIL FROM:<{}>\r\n", self.mail.from)),
            Awaits::Sender => self.name_recipient(0),
            Awaits::Recipient(_) | Awaits::Letter => leave(Ending::Delivered),
            Awaits::Data => {
                let letter = std::mem::take(&mut self.mail.letter);
                self.say(Awaits::Letter, letter)
            }
        }
    }

    /// What the last command is called in the log, and the code that it should get.
    fn expectation(&self) -> (&'static str, u16) {
        match self.awaits {
            Awaits::Greeting => ("(E)SMTP", 220),
            Awaits::Helo => ("HELO", 250),
            Awaits::Sender => ("MAIL", 250),
            Awaits::Recipient(_) => ("RCPT", 250),
            Awaits::Data => ("DATA", 354),
            Awaits::Letter => ("BODY", 250),
        }
    }

    /// One recipient that is refused must not cost the others their mail. 251 is as good (RFC 5321 3.4).
    fn handle_recipient(&mut self, at: usize, code: u16) -> Next {
        if matches!(code, 250 | 251) {
            self.accepted += 1;
        } else if let Some(recipient) = self.mail.recipients.get(at) {
            self.refused.push((recipient.clone(), code));
        }
        if at + 1 < self.mail.recipients.len() {
            return self.name_recipient(at + 1);
        }
        if self.accepted == 0 {
            return leave(Ending::Refused { command: "RCPT", code });
        }
        self.say(Awaits::Data, "DATA\r\n".to_owned())
    }

    fn name_recipient(&mut self, at: usize) -> Next {
        let Some(recipient) = self.mail.recipients.get(at) else {
            return leave(Ending::Refused { command: "RCPT", code: 0 });
        };
        let text = format!("RCPT TO:<{recipient}>\r\n");
        self.say(Awaits::Recipient(at), text)
    }

    fn say(&mut self, awaits: Awaits, text: String) -> Next {
        self.awaits = awaits;
        Next::Say(text)
    }
}

fn leave(ending: Ending) -> Next {
    Next::Leave("QUIT\r\n".to_owned(), ending)
}

#[cfg(test)]
mod tests;

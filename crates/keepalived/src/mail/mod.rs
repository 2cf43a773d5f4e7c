//! Sending alert mails (runtime reference 12.4). For every process that has something to tell; nothing here is ever
//! waited for, whatever the mail server does.
//!
//! | Question | File |
//! |---|---|
//! | What waits, what is dropped, who sends? | `queue.rs` |
//! | How does one mail get to the server? | `delivery.rs` |
//! | What is said in which order? | `dialogue.rs` |
//! | What does a process have to know? | this one |

mod delivery;
mod dialogue;
mod queue;

pub use queue::Mailer;

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a process has to know to send mails. `None` stands for what is made from the machine's name, which only the
/// thread that sends may look up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailSetup {
    /// `smtp_server`: an address or a name, which is looked up for each mail.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// `smtp_connect_timeout`: for the connection, and then for each answer.
    pub timeout: Duration,
    /// `smtp_helo_name`; else the machine's name.
    pub helo_name: Option<String>,
    /// `notification_email_from`; else the user at the machine's name.
    pub from: Option<String>,
    /// `notification_email`; not empty.
    pub recipients: Vec<String>,
    /// `router_id`; else the machine's name.
    pub router_id: Option<String>,
    /// `no_email_faults`.
    pub no_faults: bool,
    /// `no_checker_emails`.
    pub no_checker_emails: bool,
}

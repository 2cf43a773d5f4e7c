//! Alert mails: which events are worth one, and how it reads (runtime reference 12.4, lvs reference 6.4).
//!
//! | Question | File |
//! |---|---|
//! | Which changes of instances and sync groups? | `vrrp.rs` |
//! | Which changes of virtual and real servers? | `lvs.rs` |
//! | What does the message look like, and whom does it go to? | `letter.rs` |

mod letter;
mod lvs;
mod vrrp;

pub use letter::{Letterhead, envelope_address};
pub use lvs::lvs_alert;
pub use vrrp::VrrpMails;

/// What a mail says, without who sends it to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Without `router_id` in front.
    pub subject: String,
    /// One line.
    pub body: String,
}

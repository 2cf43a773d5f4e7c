//! Short forms of the ways in which an attempt ends.

use keepalived_lvs::{Failure, Outcome};
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io;

/// A check without pages has passed.
pub(crate) const PASSED: Outcome = Outcome::Passed { test: None };

/// The server answered wrongly, or not at all; `reason` is the original's word for it.
pub(crate) fn failed(reason: impl Into<String>, detail: Option<String>) -> Outcome {
    Outcome::Failed(Failure { timed_out: false, reason: reason.into(), detail })
}

/// The server was too slow.
pub(crate) fn timed_out(reason: impl Into<String>) -> Outcome {
    Outcome::Failed(Failure { timed_out: true, reason: reason.into(), detail: None })
}

/// The system's words for an error, without Rust's `(os error 2)`.
pub(crate) fn words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// An id that a stranger cannot guess: the standard library's hash keys come from the kernel's random source.
pub(crate) fn random_id() -> u16 {
    let [high, low, ..] = RandomState::new().hash_one(0).to_be_bytes();
    u16::from_be_bytes([high, low])
}

//! What one attempt may cost at most, whatever the server does.
//!
//! The original bounds each wait and nothing else: a server that sends one byte before each wait ends keeps a check of
//! the original busy for ever, and one that sends without end is read without end.

use std::time::Duration;

/// The longest header of an HTTP answer, its empty line included; as in the original.
pub const HTTP_HEADER: usize = 4095;

/// The longest body of an HTTP answer.
pub const HTTP_BODY: u64 = 16 * 1024 * 1024;

/// How much of a body a regular expression sees.
pub const REGEX_SUBJECT: usize = 1024 * 1024;

/// A whole HTTP answer may take this many times the `connect_timeout`, and at least [`HTTP_SHORTEST`].
pub const HTTP_PERIODS: u32 = 10;

/// A whole HTTP answer may always take this long.
pub const HTTP_SHORTEST: Duration = Duration::from_secs(60);

/// The most time for a whole answer of HTTP when each wait of it may take `timeout`.
#[must_use]
pub fn http_answer(timeout: Duration) -> Duration {
    timeout.saturating_mul(HTTP_PERIODS).max(HTTP_SHORTEST)
}

/// How long a program of `MISC_CHECK` has between SIGTERM and SIGKILL, and between one SIGKILL and the next.
pub const PROGRAM_GRACE: Duration = Duration::from_secs(2);

/// How often it is killed before its end is no longer waited for.
pub const PROGRAM_KILLS: u32 = 6;

//! What one attempt of a health check found. Who counts attempts, and what follows, is the engine's business.

use serde::{Deserialize, Serialize};

/// The end of one attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The server answered as it should.
    Passed {
        /// The last test of an HTTP answer, for the log; `None` for other checks.
        test: Option<HttpTest>,
    },
    /// `MISC_CHECK` with `misc_dynamic` ended with this status, 2 to 255: a pass that sets the weight to status - 2.
    Weighed(u8),
    /// The server did not answer as it should.
    Failed(Failure),
    /// The attempt could not be made: no socket, or no such source address. It says nothing about the server.
    CannotRun {
        /// Why.
        reason: String,
    },
}

/// The last test that an HTTP answer passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HttpTest {
    /// The status code.
    Status,
    /// The digest of the body.
    Digest,
    /// The regular expression.
    Regex,
}

/// Why a server is not up to its job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// It was too slow.
    pub timed_out: bool,
    /// In the original's words of the check's kind (lvs reference 5), for example `Timeout HTTP read` or
    /// `Bad greeting banner from`; `failed`, `timeout` or `reply data mismatch` where it knows only those.
    pub reason: String,
    /// What exactly happened, for people: an error of the system, a status code, an alert of TLS.
    pub detail: Option<String>,
}

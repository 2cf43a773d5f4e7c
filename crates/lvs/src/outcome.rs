//! What one attempt of a health check found. Who counts attempts, and what follows, is the engine's business.

use serde::{Deserialize, Serialize};

/// Everything that one attempt brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// How it ended.
    pub outcome: Outcome,
    /// What the log should say besides, once per remark and check however often it is made.
    pub remarks: Vec<Remark>,
}

impl From<Outcome> for Attempt {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, remarks: Vec::new() }
    }
}

/// Something odd about an answer that decides nothing by itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Remark {
    /// `HTTP_GET`, `SSL_GET`: the header announces another length than came; the digest covers no more than announced.
    ContentLength {
        /// The path that was asked for.
        path: String,
        /// Bytes that `Content-Length` announces.
        announced: u64,
        /// Bytes of body that came.
        received: u64,
    },
    /// `SSL_GET`: the server closed without the close alert of TLS.
    NoCloseAlert {
        /// In the words of OpenSSL.
        error: String,
    },
    /// `SSL_GET` with `tls_verify`: no connection came about, most often because the certificate was refused.
    NotVerified {
        /// Why, in the words of OpenSSL.
        error: String,
    },
    /// `SMTP_CHECK`: a line longer than the buffer of 511 bytes; what did not fit was thrown away.
    LineTooLong,
}

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
        /// A whole sentence for the log, without a full stop: `Checker can't bind to device eth7: No such device`.
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

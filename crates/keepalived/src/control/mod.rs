//! Asking a running daemon: what `keepalivedctl` and the supervisor say to each other over a Unix socket.
//!
//! One connection, one request, one answer, each a line of JSON. Root and the socket's group may look; only root, or
//! who the daemon runs as, may change anything.

pub mod client;
mod command;
mod diff;
mod doctor;
mod protocol;

pub use command::run;
pub use protocol::{Answer, Request, Status, understand};

use std::path::{Path, PathBuf};

/// The socket of the daemon that has no instance name and no namespace.
pub const DEFAULT_SOCKET: &str = "/run/keepalived.sock";
/// No request is longer.
pub const LONGEST_REQUEST: usize = 4096;

/// The socket lies beside the parent's pid file, and is called like it.
#[must_use]
pub fn socket_beside(pid_file: &Path) -> PathBuf {
    pid_file.with_extension("sock")
}

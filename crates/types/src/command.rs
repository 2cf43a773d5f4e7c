//! Scripts as the configuration names them.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Who a script runs as.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Credentials {
    /// User id.
    pub uid: u32,
    /// Primary group id.
    pub gid: u32,
    /// Supplementary groups; `None` means just the primary group.
    pub groups: Option<Vec<u32>>,
}

/// A command that the configuration names: a notify script, a track script, a FIFO reader.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Command {
    /// The file that is executed, symbolic links resolved; `argv[0]` may still be the link's name.
    pub path: PathBuf,
    /// The arguments as configured, `argv[0]` first. Never empty.
    pub argv: Vec<String>,
    /// Who it runs as.
    pub run_as: Credentials,
    /// The program cannot be executed directly and has to be given to `/bin/sh -c` with its arguments quoted.
    pub through_shell: bool,
}

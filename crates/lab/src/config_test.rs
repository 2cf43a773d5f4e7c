//! `keepalived -t` on a node: what CI pipelines and package scripts rely on.

use std::process::Output;

use crate::daemon::on_node;
use crate::node::Node;
use crate::program::Program;
use crate::{Error, Result};

/// What a configuration test said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The exit status; None when a signal ended it.
    pub status: Option<i32>,
    /// Standard output, as it is.
    pub stdout: String,
    /// Standard error, as it is.
    pub stderr: String,
}

impl Verdict {
    /// The complaints without the `(FILE: Line N) ` prefix's file, so that both spellings of it compare equal.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        self.stderr.lines().map(|line| line.replace("/etc/keepalived/keepalived.conf: ", "")).collect()
    }
}

/// Runs `keepalived -t` with this text as /etc/keepalived/keepalived.conf.
///
/// # Errors
/// When the program is missing or cannot be started.
pub fn config_test(node: &Node, program: Program, configuration: impl AsRef<[u8]>) -> Result<Verdict> {
    node.write_file("/etc/keepalived/keepalived.conf", configuration)?;
    run_program(node, program, &["-t", "-f", "/etc/keepalived/keepalived.conf"])
}

/// Runs the program on a node with these arguments to its end.
///
/// # Errors
/// When the program is missing or cannot be started.
pub fn run_program(node: &Node, program: Program, arguments: &[&str]) -> Result<Verdict> {
    let output: Output =
        on_node(node, &program.path()?, arguments).output().map_err(Error::io("running keepalived"))?;
    Ok(Verdict {
        status: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

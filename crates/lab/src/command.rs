//! Runs one tool to its end and reports its failure with its own words.

use std::process::Command;

use crate::{Error, Result};

/// Runs `command` and returns its standard output.
///
/// # Errors
/// [`Error::Command`] when it exits with a status other than 0, [`Error::Io`] when it cannot be started.
pub(crate) fn run(command: &[&str]) -> Result<String> {
    let (program, arguments) =
        command.split_first().ok_or_else(|| Error::Unexpected("empty command".into()))?;
    let output =
        Command::new(program).args(arguments).output().map_err(Error::io(format!("starting {program}")))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(Error::Command {
        command: command.join(" "),
        outcome: format!("{}: {}", output.status, stderr.trim()),
    })
}

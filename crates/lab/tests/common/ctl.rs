//! Runs `keepalivedctl`.

use std::path::PathBuf;
use std::process::Command;

use keepalived_lab::{Daemon, Error, Program, Result};

/// What a run of the command printed.
pub(crate) struct Said {
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The daemon's socket, from outside.
pub(crate) fn socket(daemon: &Daemon) -> Result<PathBuf> {
    daemon.node().host_path("/run/keepalived.sock")
}

/// Runs `keepalivedctl` against this daemon, behind another command if one is given.
pub(crate) fn ctl(daemon: &Daemon, before: &[&str], arguments: &[&str]) -> Result<Said> {
    let mut words: Vec<String> = before.iter().map(ToString::to_string).collect();
    words.push(Program::Ours.path()?.with_file_name("keepalivedctl").to_string_lossy().into_owned());
    words.extend(["--socket".to_owned(), socket(daemon)?.to_string_lossy().into_owned()]);
    words.extend(arguments.iter().map(ToString::to_string));
    let output = Command::new(&words[0]).args(&words[1..]).output().map_err(Error::io("keepalivedctl"))?;
    Ok(Said {
        status: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// What it prints when all is well.
pub(crate) fn answer(daemon: &Daemon, arguments: &[&str]) -> Result<String> {
    let said = ctl(daemon, &[], arguments)?;
    assert_eq!(said.status, Some(0), "{arguments:?}: {}", said.err);
    Ok(said.out)
}

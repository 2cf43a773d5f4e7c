//! `cargo xtask fuzz`: one target of fuzz/, with cargo-fuzz on a nightly toolchain.

use std::fs;
use std::process::{Command, Stdio};

use crate::{Error, Result, paths, step};

/// The command line's form: `fuzz TARGET [SECONDS]`.
pub(crate) fn run(arguments: &mut lexopt::Parser) -> Result<()> {
    let mut words = Vec::new();
    while let Some(argument) = arguments.next()? {
        match argument {
            lexopt::Arg::Value(word) => words.push(word.to_string_lossy().into_owned()),
            other => return Err(other.unexpected().into()),
        }
    }
    let known = targets()?;
    match words.as_slice() {
        [name] if known.contains(name) => target(name, None),
        [name, seconds] if known.contains(name) => {
            let seconds = seconds.parse().map_err(|_| Error::Usage(format!("{seconds} is not a number")))?;
            target(name, Some(seconds))
        }
        _ => Err(Error::Usage(format!("which target? {}", known.join(", ")))),
    }
}

/// Is there a nightly toolchain with cargo-fuzz?
pub(crate) fn is_available() -> Result<bool> {
    let status = Command::new("cargo")
        .args(["+nightly", "fuzz", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(Error::io("looking for cargo-fuzz"))?;
    Ok(status.success())
}

/// The targets of the tree, by file name.
pub(crate) fn targets() -> Result<Vec<String>> {
    let directory = paths::root().join("fuzz/fuzz_targets");
    if !directory.exists() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(&directory).map_err(Error::io("reading fuzz/fuzz_targets"))?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(".rs")?.to_owned()))
        .collect();
    names.sort();
    Ok(names)
}

/// Runs a target, for ever or for some seconds.
pub(crate) fn target(name: &str, seconds: Option<u32>) -> Result<()> {
    let mut command = Command::new("cargo");
    command.args(["+nightly", "fuzz", "run", name]).current_dir(paths::root());
    if let Some(seconds) = seconds {
        command.args(["--", &format!("-max_total_time={seconds}")]);
    }
    step::run(&mut command)
}

//! `cargo xtask fuzz`: one target of fuzz/, with cargo-fuzz and the toolchain that runs this.

use std::fs;
use std::process::{Command, Stdio};

use crate::{Error, Result, paths, setup, step};

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
        [name] if known.contains(name) => prepare().and_then(|()| target(name, None)),
        [name, seconds] if known.contains(name) => {
            let seconds = seconds.parse().map_err(|_| Error::Usage(format!("{seconds} is not a number")))?;
            prepare().and_then(|()| target(name, Some(seconds)))
        }
        _ => Err(Error::Usage(format!("which target? {}", known.join(", ")))),
    }
}

/// Is cargo-fuzz there? Installing it takes minutes, which only `fuzz` itself is worth.
pub(crate) fn is_available() -> Result<bool> {
    let status = Command::new("cargo")
        .args(["fuzz", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(Error::io("looking for cargo-fuzz"))?;
    Ok(status.success())
}

/// Installs what is missing: cargo-fuzz, and the C++ compiler that its library is built with.
fn prepare() -> Result<()> {
    setup::install(&[("g++", "/usr/bin/c++")])?;
    if is_available()? {
        return Ok(());
    }
    println!("installing cargo-fuzz");
    step::run(Command::new("cargo").args(["install", "--locked", "cargo-fuzz"]))
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
///
/// No sanitizer: there is no unsafe code in what is fuzzed, so a bug shows as a panic, and coverage needs no more than
/// the toolchain at hand.
pub(crate) fn target(name: &str, seconds: Option<u32>) -> Result<()> {
    let mut command = Command::new("cargo");
    command.args(["fuzz", "run", "--sanitizer", "none", name]).current_dir(paths::root());
    if let Some(seconds) = seconds {
        command.args(["--", &format!("-max_total_time={seconds}")]);
    }
    step::run(&mut command)
}

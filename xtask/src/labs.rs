//! The tests of crate `lab`, several binaries at a time: they mostly wait for timers of the protocol.
//!
//! Those that load the machine, or measure what a loaded machine would spoil, run alone after the others.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Mutex, mpsc};
use std::thread;

use crate::step;
use crate::{Error, Result};

/// Binaries at work at the same time.
const WORKERS: usize = 3;
/// Tests of one binary at work at the same time.
const THREADS: &str = "--test-threads=4";
/// Binaries that have the machine to themselves.
const ALONE: &[&str] = &["bad_trackers", "floods", "netlink_storms", "scale", "stall"];

/// A test binary of the crate.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Binary {
    name: String,
    path: PathBuf,
}

/// What a binary printed, and how it ended.
struct Outcome {
    name: String,
    output: String,
    status: ExitStatus,
}

/// Runs all of them. Each line they print is handed to `line`; nothing of two binaries is mixed.
pub(crate) fn run(mut line: impl FnMut(&str)) -> Result<()> {
    let (alone, together): (Vec<_>, Vec<_>) =
        binaries()?.into_iter().partition(|binary| ALONE.contains(&binary.name.as_str()));
    let mut failed = run_side_by_side(together, WORKERS, &mut line)?;
    failed.extend(run_side_by_side(alone, 1, &mut line)?);
    if failed.is_empty() { Ok(()) } else { Err(Error::Failed(format!("failed: {}", failed.join(", ")))) }
}

/// The examples in the crate's documentation.
pub(crate) fn examples() -> Result<()> {
    step::run(&mut step::cargo(&["test", "--package", "keepalived-lab", "--doc", "--quiet"])?)
}

/// Returns the names of those that failed.
fn run_side_by_side(
    binaries: Vec<Binary>,
    workers: usize,
    line: &mut impl FnMut(&str),
) -> Result<Vec<String>> {
    let waiting = Mutex::new(VecDeque::from(binaries));
    let (sender, receiver) = mpsc::channel();
    let mut failed = Vec::new();
    thread::scope(|scope| {
        for _ in 0..workers {
            let (waiting, sender) = (&waiting, sender.clone());
            scope.spawn(move || {
                let next = || waiting.lock().ok()?.pop_front();
                while let Some(binary) = next() {
                    // The receiver waits until all senders are gone.
                    drop(sender.send(run_one(&binary)));
                }
            });
        }
        drop(sender);
        for outcome in receiver {
            let Outcome { name, output, status } = outcome?;
            line(&format!("     Running tests/{name}.rs"));
            output.lines().for_each(&mut *line);
            if !status.success() {
                failed.push(name);
            }
        }
        Ok(failed)
    })
}

fn run_one(binary: &Binary) -> Result<Outcome> {
    let mut command = Command::new(&binary.path);
    let ended = command
        .arg(THREADS)
        .stdin(Stdio::null())
        .output()
        .map_err(Error::io(format!("starting {}", binary.path.display())))?;
    let mut output = String::from_utf8_lossy(&ended.stdout).into_owned();
    output.push_str(&String::from_utf8_lossy(&ended.stderr));
    Ok(Outcome { name: binary.name.clone(), output, status: ended.status })
}

/// Builds the tests and asks cargo what they are called.
fn binaries() -> Result<Vec<Binary>> {
    let mut build = step::cargo(&[
        "test",
        "--package",
        "keepalived-lab",
        "--no-run",
        "--quiet",
        "--message-format=json",
    ])?;
    let shown = step::shown(&build);
    let built = build.stderr(Stdio::inherit()).output().map_err(Error::io(format!("starting `{shown}`")))?;
    if !built.status.success() {
        return Err(Error::Failed(format!("`{shown}` failed: {}", built.status)));
    }
    let mut found = parse(&String::from_utf8_lossy(&built.stdout));
    found.sort_by(|one, other| one.name.cmp(&other.name));
    if found.is_empty() { Err(Error::Failed("crate lab has no tests".into())) } else { Ok(found) }
}

/// Cargo's messages: a line of JSON for each thing it has built.
fn parse(messages: &str) -> Vec<Binary> {
    let artifact = |line: &str| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let path = message["executable"].as_str()?.into();
        // The daemon itself is built as well; only what has tests in it is run.
        let is_test = message["profile"]["test"].as_bool()?;
        let name = message["target"]["name"].as_str()?.to_owned();
        is_test.then_some(Binary { name, path })
    };
    messages.lines().filter_map(artifact).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_binaries_are_found_among_cargos_messages() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"crash"},"profile":{"test":true},"executable":"/t/crash-1"}
{"reason":"compiler-artifact","target":{"name":"keepalived"},"profile":{"test":false},"executable":"/t/keepalived"}
{"reason":"compiler-artifact","target":{"name":"serde"},"profile":{"test":false},"executable":null}
{"reason":"build-finished","success":true}
"#;
        assert_eq!(parse(messages), [Binary { name: "crash".to_owned(), path: "/t/crash-1".into() }]);
    }
}

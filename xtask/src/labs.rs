//! The tests of crate `lab` and of others that mostly wait, for timers of the protocol, the network or dpkg: several
//! binaries at a time, those that take long first, so that none of them is what everybody waits for in the end.
//!
//! Those that load the machine, or measure what a loaded machine would spoil, run alone after the others. So do, once
//! more, the few tests that failed in company: they keep to real time, and a strange load on the machine must not be
//! mistaken for a fault of the daemon. Which ones needed that is said at the end; a fault fails both times.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
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
const ALONE: &[&str] = &["bad_trackers", "floods", "lab_itself", "netlink_storms", "scale", "stall"];

/// Packages all of whose tests are run here, instead of by `cargo test`, and where they are.
pub(crate) const PACKAGES: &[(&str, &str)] = &[("keepalived-lab", "crates/lab"), ("xtask", "xtask")];
/// Binaries that take longest, the longest first.
const LONG: &[&str] = &[
    "virtual_servers",
    "packaging",
    "real_servers",
    "lvs",
    "consumers",
    "compat_live",
    "routing",
    "routing_options",
    "field_version3",
    "classic_pair",
    "dumps",
    "bad_adverts",
    "reload",
];

/// So many failed tests may be the fault of the machine; more are ours.
const PARDONABLE: usize = 3;

/// A test binary of the crate.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Binary {
    name: String,
    path: PathBuf,
    /// Where cargo runs the tests of this package.
    directory: PathBuf,
}

/// What a binary printed, and how it ended.
struct Outcome {
    binary: Binary,
    output: String,
    status: ExitStatus,
}

/// A binary with tests that failed.
struct Failure {
    binary: Binary,
    tests: Vec<String>,
}

/// Runs all of them. Each line they print is handed to `line`; nothing of two binaries is mixed. Returns the tests that
/// passed only when they were run again, alone.
pub(crate) fn run(mut line: impl FnMut(&str)) -> Result<Vec<String>> {
    let (alone, together): (Vec<_>, Vec<_>) =
        binaries()?.into_iter().partition(|binary| ALONE.contains(&binary.name.as_str()));
    let mut failures = run_side_by_side(together, WORKERS, &mut line)?;
    failures.extend(run_side_by_side(alone, 1, &mut line)?);
    if failures.iter().map(|failure| failure.tests.len()).sum::<usize>() > PARDONABLE {
        return Err(failed(failures.iter().map(|failure| failure.binary.name.as_str())));
    }
    let mut late = Vec::new();
    for Failure { binary, tests } in failures {
        println!("==> once more, alone: {} of {}", tests.join(", "), binary.name);
        let again = run_one(&binary, &tests)?;
        print!("{}", again.output);
        // Without a name the whole binary fell.
        if tests.is_empty() || !again.status.success() {
            return Err(failed([binary.name.as_str()]));
        }
        late.extend(tests);
    }
    Ok(late)
}

fn failed<'name>(names: impl IntoIterator<Item = &'name str>) -> Error {
    Error::Failed(format!("failed: {}", names.into_iter().collect::<Vec<_>>().join(", ")))
}

/// The examples in the crate's documentation.
pub(crate) fn examples() -> Result<()> {
    // xtask has no library, and so no examples.
    step::run(&mut step::cargo(&["test", "--package", "keepalived-lab", "--doc", "--quiet"])?)
}

/// Returns those that failed.
fn run_side_by_side(
    binaries: Vec<Binary>,
    workers: usize,
    line: &mut impl FnMut(&str),
) -> Result<Vec<Failure>> {
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
                    drop(sender.send(run_one(&binary, &[])));
                }
            });
        }
        drop(sender);
        for outcome in receiver {
            let Outcome { binary, output, status } = outcome?;
            line(&format!("     Running tests/{}.rs", binary.name));
            output.lines().for_each(&mut *line);
            if !status.success() {
                failed.push(Failure { binary, tests: failed_tests(&output) });
            }
        }
        Ok(failed)
    })
}

/// Runs these tests of a binary one after the other, or all several at a time.
fn run_one(binary: &Binary, tests: &[String]) -> Result<Outcome> {
    let mut command = Command::new(&binary.path);
    if tests.is_empty() {
        command.arg(THREADS);
    } else {
        command.args(["--test-threads=1", "--exact"]).args(tests);
    }
    let ended = command
        .current_dir(&binary.directory)
        .stdin(Stdio::null())
        .output()
        .map_err(Error::io(format!("starting {}", binary.path.display())))?;
    let mut output = String::from_utf8_lossy(&ended.stdout).into_owned();
    output.push_str(&String::from_utf8_lossy(&ended.stderr));
    Ok(Outcome { binary: binary.clone(), output, status: ended.status })
}

/// The names in lines such as `test c66_nothing_happens ... FAILED`.
fn failed_tests(output: &str) -> Vec<String> {
    let name = |line: &str| Some(line.strip_prefix("test ")?.strip_suffix(" ... FAILED")?.to_owned());
    output.lines().filter_map(name).collect()
}

/// Builds the tests and asks cargo what they are called.
fn binaries() -> Result<Vec<Binary>> {
    // The whole workspace, as it was built before: with other packages, dependencies would get other features.
    let mut build = step::cargo(&["test", "--workspace", "--no-run", "--quiet", "--message-format=json"])?;
    let shown = step::shown(&build);
    let built = build.stderr(Stdio::inherit()).output().map_err(Error::io(format!("starting `{shown}`")))?;
    if !built.status.success() {
        return Err(Error::Failed(format!("`{shown}` failed: {}", built.status)));
    }
    let mut found = parse(&String::from_utf8_lossy(&built.stdout));
    found.sort_by(|one, other| (rank(&one.name), &one.name).cmp(&(rank(&other.name), &other.name)));
    if found.is_empty() { Err(Error::Failed("crate lab has no tests".into())) } else { Ok(found) }
}

/// The place in the queue.
fn rank(name: &str) -> usize {
    LONG.iter().position(|long| *long == name).unwrap_or(LONG.len())
}

/// Cargo's messages: a line of JSON for each thing it has built.
fn parse(messages: &str) -> Vec<Binary> {
    let artifact = |line: &str| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let path = message["executable"].as_str()?.into();
        // The daemon itself is built as well; only what has tests in it is run.
        let is_test = message["profile"]["test"].as_bool()?;
        let name = message["target"]["name"].as_str()?.to_owned();
        let manifest = Path::new(message["manifest_path"].as_str()?);
        let directory = manifest.parent()?.to_owned();
        let is_ours = PACKAGES.iter().any(|(_, place)| directory.ends_with(place));
        (is_test && is_ours).then_some(Binary { name, path, directory })
    };
    messages.lines().filter_map(artifact).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_tests_are_known_by_name() {
        let output =
            "running 2 tests\ntest a::one ... ok\ntest a::two ... FAILED\ntest result: FAILED. 1 passed\n";
        assert_eq!(failed_tests(output), ["a::two"]);
    }

    #[test]
    fn test_binaries_are_found_among_cargos_messages() {
        let messages = r#"{"reason":"compiler-artifact","manifest_path":"/w/crates/lab/Cargo.toml","target":{"name":"crash"},"profile":{"test":true},"executable":"/t/crash-1"}
{"reason":"compiler-artifact","manifest_path":"/w/xtask/Cargo.toml","target":{"name":"packaging"},"profile":{"test":true},"executable":"/t/packaging-1"}
{"reason":"compiler-artifact","manifest_path":"/w/crates/vrrp/Cargo.toml","target":{"name":"keepalived_vrrp"},"profile":{"test":true},"executable":"/t/vrrp-1"}
{"reason":"compiler-artifact","manifest_path":"/w/crates/keepalived/Cargo.toml","target":{"name":"keepalived"},"profile":{"test":false},"executable":"/t/keepalived"}
{"reason":"build-finished","success":true}
"#;
        let binary = |name: &str, path: &str, directory: &str| Binary {
            name: name.to_owned(),
            path: path.into(),
            directory: directory.into(),
        };
        assert_eq!(
            parse(messages),
            [
                binary("crash", "/t/crash-1", "/w/crates/lab"),
                binary("packaging", "/t/packaging-1", "/w/xtask")
            ]
        );
    }

    #[test]
    fn what_takes_long_comes_first() {
        assert!(rank("virtual_servers") < rank("packaging"));
        assert!(rank("packaging") < rank("command_line"));
        assert!(LONG.iter().all(|name| !ALONE.contains(name)), "those have a place of their own");
    }
}

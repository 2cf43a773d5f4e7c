//! `cargo xtask test`: every check and every test, in one profile and one build directory.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::step::{self, Steps};
use crate::{Error, Result, labs, setup, sim};

/// Seeds of the simulator in each run: about 25 s on two idle processors.
const SEEDS: u32 = 2500;

/// Runs all steps; prints durations and, as the last line, how many tests passed and failed.
pub(crate) fn run() -> Result<()> {
    let mut steps = Steps::default();
    let totals = run_steps(&mut steps)?;
    steps.print();
    println!("{totals}");
    Ok(())
}

/// The steps, for tasks that add some of their own.
pub(crate) fn run_steps(steps: &mut Steps) -> Result<Totals> {
    steps.step("setup", setup::run)?;
    steps.step("format", || step::run(&mut step::cargo(&["fmt", "--all", "--check"])?))?;
    steps.step("clippy", || {
        let arguments = ["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"];
        step::run(&mut step::cargo(&arguments)?)
    })?;
    steps.step("documentation", || {
        let mut doc = step::cargo(&["doc", "--workspace", "--no-deps", "--quiet"])?;
        step::run(doc.env("RUSTDOCFLAGS", "-D warnings"))
    })?;
    steps.step("build", || {
        // With --all-targets, dependencies get the features that tests ask for too, and the tests rebuild nothing.
        step::run(&mut step::cargo(&["build", "--workspace", "--all-targets", "--quiet"])?)
    })?;
    let mut totals = Totals::default();
    steps.step("tests", || totals.run_tests())?;
    steps.step("labs", || totals.run_labs())?;
    steps.step("simulator", || sim::seeds(SEEDS))?;
    Ok(totals)
}

/// Sums of cargo's `test result:` lines.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Totals {
    passed: u64,
    failed: u64,
    ignored: u64,
    /// Of those that passed, the ones that did so only when they were run again, alone.
    late: u64,
}

impl Totals {
    /// Runs the tests with real daemons in network namespaces; their output passes through.
    fn run_labs(&mut self) -> Result<()> {
        let ended = labs::run(|line| {
            println!("{line}");
            self.add(line);
        });
        let late = ended.inspect_err(|_| println!("{self}"))?;
        for test in late {
            println!("passed only when it was run again, alone: {test}");
            self.failed -= 1;
            self.passed += 1;
            self.late += 1;
        }
        labs::examples()
    }

    /// Runs all tests of the workspace but those that [`labs`] runs; its output passes through.
    fn run_tests(&mut self) -> Result<()> {
        let mut command = step::cargo(&["test", "--workspace", "--no-fail-fast"])?;
        command.args(labs::PACKAGES.iter().flat_map(|(package, _)| ["--exclude", package]));
        let shown = step::shown(&command);
        let mut tests =
            command.stdout(Stdio::piped()).spawn().map_err(Error::io(format!("starting `{shown}`")))?;
        let output = tests.stdout.take().ok_or_else(|| Error::Failed("cargo test has no output".into()))?;
        for line in BufReader::new(output).lines() {
            let line = line.map_err(Error::io("reading from cargo test"))?;
            println!("{line}");
            self.add(&line);
        }
        let status = tests.wait().map_err(Error::io("waiting for cargo test"))?;
        if status.success() {
            return Ok(());
        }
        println!("{self}");
        Err(Error::Failed(format!("`{shown}` failed: {status}")))
    }

    /// Adds a line such as `test result: ok. 17 passed; 0 failed; 0 ignored; ...`; other lines say nothing.
    fn add(&mut self, line: &str) {
        let Some((_, counts)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        for count in counts.split("; ") {
            let Some((number, what)) = count.split_once(' ') else {
                continue;
            };
            let number = number.parse().unwrap_or(0);
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

impl std::fmt::Display for Totals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.ignored > 0 {
            write!(f, ", {} ignored", self.ignored)?;
        }
        if self.late > 0 { write!(f, ", {} at the second try", self.late) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines_are_added_up() {
        let mut totals = Totals::default();
        totals.add(
            "test result: ok. 17 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
        );
        totals.add(
            "test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1s",
        );
        totals.add("test result of something else");
        assert_eq!(totals, Totals { passed: 19, failed: 3, ignored: 1, late: 0 });
        assert_eq!(totals.to_string(), "19 passed, 3 failed, 1 ignored");
        totals.late = 2;
        assert_eq!(totals.to_string(), "19 passed, 3 failed, 1 ignored, 2 at the second try");
    }
}

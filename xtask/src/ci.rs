//! `cargo xtask ci`: `test`, and what needs tools that not every machine has.

use crate::step::{self, Steps};
use crate::{Result, fuzz, test};

/// Seconds each fuzz target gets.
const FUZZ_SECONDS: u32 = 20;

/// Runs everything.
pub(crate) fn run() -> Result<()> {
    let mut steps = Steps::default();
    let totals = test::run_steps(&mut steps)?;
    if fuzz::is_available()? {
        steps.step("fuzz", || {
            fuzz::targets()?.iter().try_for_each(|target| fuzz::target(target, Some(FUZZ_SECONDS)))
        })?;
    } else {
        println!("fuzz targets: not run, cargo-fuzz is missing (`cargo xtask fuzz` installs it)");
    }
    steps.step("release build", || {
        step::run(&mut step::cargo(&["build", "--release", "--package", "keepalived", "--bins", "--quiet"])?)
    })?;
    steps.print();
    println!("{totals}");
    Ok(())
}

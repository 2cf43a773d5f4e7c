//! `cargo xtask sim`: the simulator, with its own options (`--seeds N`, `--from S`, `--seed S`, `--balance`).

use std::ffi::OsStr;

use crate::{Result, step};

/// Hands the rest of the command line on.
pub(crate) fn run(arguments: &mut lexopt::Parser) -> Result<()> {
    simulate(arguments.raw_args()?)
}

/// Plays that many seeds, of LANs and of load balancers.
pub(crate) fn seeds(count: u32) -> Result<()> {
    simulate(["--seeds", &count.to_string()])?;
    simulate(["--balance", "--seeds", &count.to_string()])
}

fn simulate<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Result<()> {
    let mut command = step::cargo(&["run", "--quiet", "--package", "keepalived-sim", "--"])?;
    step::run(command.args(arguments))
}

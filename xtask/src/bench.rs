//! `cargo xtask bench`: ours beside the distribution's keepalived, in one run, as ratios. Absolute figures move from
//! machine to machine.

mod parse;

use crate::{Error, Result, setup, step};

/// The command line's form: `bench [parse]`; without a name, every benchmark.
pub(crate) fn run(arguments: &mut lexopt::Parser) -> Result<()> {
    let mut name = None;
    while let Some(argument) = arguments.next()? {
        match argument {
            lexopt::Arg::Value(word) if name.is_none() => name = Some(word.to_string_lossy().into_owned()),
            other => return Err(other.unexpected().into()),
        }
    }
    if !matches!(name.as_deref(), None | Some("parse")) {
        return Err(Error::Usage(format!("unknown benchmark {}", name.unwrap_or_default())));
    }
    setup::run()?;
    // A binary that was named is measured as it is.
    if std::env::var_os(keepalived_lab::OURS_VARIABLE).is_none() {
        step::run(&mut step::cargo(&[
            "build",
            "--release",
            "--package",
            "keepalived",
            "--bins",
            "--quiet",
        ])?)?;
    }
    parse::run()
}

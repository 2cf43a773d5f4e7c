//! `cargo xtask bench`: ours beside the distribution's keepalived, in one run, as ratios. Absolute figures move from
//! machine to machine.

mod figures;
mod lvs;
mod parse;
mod sheet;
mod usage;
mod vrrp;

use crate::{Error, Result, setup, step};

/// The command line's form: `bench [parse|vrrp [PART]...|lvs [PART]...] [--quick]`; without a name, every benchmark.
pub(crate) fn run(arguments: &mut lexopt::Parser) -> Result<()> {
    let (mut words, mut quick) = (Vec::new(), false);
    while let Some(argument) = arguments.next()? {
        match argument {
            lexopt::Arg::Long("quick") => quick = true,
            lexopt::Arg::Value(word) => words.push(word.to_string_lossy().into_owned()),
            other => return Err(other.unexpected().into()),
        }
    }
    let (name, parts) =
        words.split_first().map_or((None, words.as_slice()), |(name, parts)| (Some(name), parts));
    let name = name.map(String::as_str);
    check(name, parts)?;
    if name == Some(lvs::INSIDE) {
        return lvs::play(quick, parts);
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
    if matches!(name, None | Some("parse")) {
        parse::run()?;
    }
    if matches!(name, None | Some("vrrp")) {
        vrrp::run(quick, parts)?;
    }
    if matches!(name, None | Some("lvs")) {
        lvs::run(quick, parts)?;
    }
    Ok(())
}

fn check(name: Option<&str>, parts: &[String]) -> Result<()> {
    let known: Vec<&str> = match name {
        None | Some("parse") => Vec::new(),
        Some("vrrp") => vrrp::parts().collect(),
        Some("lvs" | lvs::INSIDE) => lvs::parts().collect(),
        Some(name) => return Err(Error::Usage(format!("unknown benchmark {name}"))),
    };
    match parts.iter().find(|part| !known.contains(&part.as_str())) {
        None => Ok(()),
        Some(part) => Err(Error::Usage(format!("no part {part}; there are: {}", known.join(", ")))),
    }
}

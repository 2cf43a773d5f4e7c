//! `keepalived-sim`: plays seeds, and tells the story of one that failed.

use keepalived_sim::{Lan, Seed, Violation, chaos};
use lexopt::Arg;
use std::process::ExitCode;

const USAGE: &str =
    "usage: keepalived-sim [--seeds N] [--from S]   plays N seeds (1000), the first of them S (0)
       keepalived-sim --seed S                 plays one seed and tells its story";

/// Played when the command line does not say how many.
const DEFAULT_SEEDS: u64 = 1000;

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Request {
    Help,
    /// One seed with its story.
    One(Seed),
    Many {
        from: u64,
        count: u64,
    },
}

fn main() -> ExitCode {
    match request(lexopt::Parser::from_env()) {
        Err(error) => {
            eprintln!("keepalived-sim: {error}\n{USAGE}");
            ExitCode::from(2)
        }
        Ok(Request::Help) => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
        Ok(Request::One(seed)) => {
            let (lan, verdict) = chaos::play(seed, true);
            tell(seed, &lan, &verdict)
        }
        Ok(Request::Many { from, count }) => play_many(from, count),
    }
}

fn request(mut arguments: lexopt::Parser) -> Result<Request, lexopt::Error> {
    use lexopt::ValueExt;
    let (mut from, mut count, mut one) = (0, DEFAULT_SEEDS, None);
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("seeds") => count = arguments.value()?.parse()?,
            Arg::Long("from") => from = arguments.value()?.parse()?,
            Arg::Long("seed") => one = Some(Seed(arguments.value()?.parse()?)),
            Arg::Short('h') | Arg::Long("help") => return Ok(Request::Help),
            other => return Err(other.unexpected()),
        }
    }
    Ok(one.map_or(Request::Many { from, count }, Request::One))
}

/// Plays until one fails, and plays that one again for its story.
fn play_many(from: u64, count: u64) -> ExitCode {
    for number in 0..count {
        let seed = Seed(from.wrapping_add(number));
        if chaos::play(seed, false).1.is_err() {
            let (lan, verdict) = chaos::play(seed, true);
            return tell(seed, &lan, &verdict);
        }
    }
    println!("{count} seeds from {from}: nothing to object to");
    ExitCode::SUCCESS
}

fn tell(seed: Seed, lan: &Lan, verdict: &Result<(), Violation>) -> ExitCode {
    for line in lan.story() {
        println!("{line}");
    }
    match verdict {
        Ok(()) => {
            println!("seed {seed}: nothing to object to; {:?}", lan.traffic());
            ExitCode::SUCCESS
        }
        Err(violation) => {
            println!("seed {seed} fails {violation}\nagain: keepalived-sim --seed {seed}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Request, lexopt::Error> {
        request(lexopt::Parser::from_args(arguments))
    }

    #[test]
    fn the_command_line_says_which_seeds_are_played() {
        assert_eq!(parse(&[]).ok(), Some(Request::Many { from: 0, count: 1000 }));
        assert_eq!(parse(&["--seeds", "3", "--from=9"]).ok(), Some(Request::Many { from: 9, count: 3 }));
        assert_eq!(parse(&["--seed", "7"]).ok(), Some(Request::One(Seed(7))));
        assert!(parse(&["--seeds", "many"]).is_err());
        assert!(parse(&["7"]).is_err());
    }
}

//! `keepalived-sim`: plays seeds, and tells the story of one that failed.

use keepalived_sim::{Accidents, Lan, Seed, Violation, balance, chaos};
use lexopt::Arg;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const USAGE: &str =
    "usage: keepalived-sim [--seeds N] [--from S]   plays N seeds (1000), the first of them S (0)
       keepalived-sim --seed S                 plays one seed and tells its story
       keepalived-sim --balance [as above]     the load balancer instead of a LAN";

/// Played when the command line does not say how many.
const DEFAULT_SEEDS: u64 = 1000;

/// In so many runs every kind of accident happens.
const ENOUGH_FOR_ALL: u64 = 300;

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
    /// The load balancer's.
    Balance {
        from: u64,
        count: u64,
        story: bool,
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
        Ok(Request::Balance { from, count, story }) => play_balancers(from, count, story),
    }
}

fn request(mut arguments: lexopt::Parser) -> Result<Request, lexopt::Error> {
    use lexopt::ValueExt;
    let (mut from, mut count, mut one, mut balance) = (0, DEFAULT_SEEDS, None, false);
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("seeds") => count = arguments.value()?.parse()?,
            Arg::Long("from") => from = arguments.value()?.parse()?,
            Arg::Long("seed") => one = Some(Seed(arguments.value()?.parse()?)),
            Arg::Long("balance") => balance = true,
            Arg::Short('h') | Arg::Long("help") => return Ok(Request::Help),
            other => return Err(other.unexpected()),
        }
    }
    Ok(match (one, balance) {
        (Some(Seed(from)), true) => Request::Balance { from, count: 1, story: true },
        (None, true) => Request::Balance { from, count, story: false },
        (Some(seed), false) => Request::One(seed),
        (None, false) => Request::Many { from, count },
    })
}

/// Plays load balancers one after the other; the first one that fails is told.
fn play_balancers(from: u64, count: u64, story: bool) -> ExitCode {
    let began = std::time::Instant::now();
    let mut totals = balance::Totals::default();
    for seed in (from..from.saturating_add(count)).map(Seed) {
        let (mut director, mut verdict) = balance::play(seed, story);
        totals += director.totals();
        if verdict.is_err() && !story {
            (director, verdict) = balance::play(seed, true);
        }
        if verdict.is_err() || story {
            director.story().for_each(|line| println!("{line}"));
        }
        if let Err(violation) = verdict {
            println!("seed {seed} fails {violation}\nagain: cargo xtask sim --balance --seed {seed}");
            return ExitCode::FAILURE;
        }
    }
    println!("{count} load balancers from {from}, in {:.1?}: 0 violations; {totals}", began.elapsed());
    ExitCode::SUCCESS
}

/// What many runs came to.
#[derive(Debug, Default)]
struct Totals {
    accidents: Accidents,
    transitions: usize,
    copies: u64,
    nodes: usize,
    /// The first seed that failed, as far as is known.
    failed: Option<u64>,
}

impl Totals {
    fn add(&mut self, other: &Self) {
        self.accidents += other.accidents;
        self.transitions += other.transitions;
        self.copies += other.copies;
        self.nodes = self.nodes.max(other.nodes);
        self.failed = [self.failed, other.failed].into_iter().flatten().min();
    }
}

/// Plays on all processors until one fails, and plays the first that did again for its story.
fn play_many(from: u64, count: u64) -> ExitCode {
    let began = std::time::Instant::now();
    let (next, stop) = (AtomicU64::new(0), AtomicU64::new(u64::MAX));
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let mut totals = Totals::default();
    std::thread::scope(|scope| {
        let work = || {
            let mut totals = Totals::default();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                // Those before one that failed are still played: the first is told, whoever is faster.
                if number >= count || number > stop.load(Ordering::Relaxed) {
                    return totals;
                }
                play_one(from.wrapping_add(number), number, &stop, &mut totals);
            }
        };
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            // A panic in an engine has been printed by its thread already.
            totals.add(&thread.join().unwrap_or_else(|_| std::process::exit(1)));
        }
    });
    conclude(from, count, &totals, began.elapsed())
}

fn play_one(seed: u64, number: u64, stop: &AtomicU64, totals: &mut Totals) {
    let (lan, verdict) = chaos::play(Seed(seed), false);
    totals.accidents += lan.accidents();
    totals.transitions += lan.transition_count();
    totals.copies += lan.traffic().copies;
    totals.nodes = totals.nodes.max(lan.node_ids().count());
    if verdict.is_err() {
        stop.fetch_min(number, Ordering::Relaxed);
        totals.failed = Some(totals.failed.map_or(seed, |failed| failed.min(seed)));
    }
}

fn conclude(from: u64, count: u64, totals: &Totals, took: Duration) -> ExitCode {
    if let Some(failed) = totals.failed {
        let (lan, verdict) = chaos::play(Seed(failed), true);
        return tell(Seed(failed), &lan, &verdict);
    }
    let Totals { accidents, transitions, copies, nodes, .. } = totals;
    println!("{count} seeds from {from}, up to {nodes} nodes, in {took:.1?}: 0 violations");
    println!(
        "{transitions} changes of state, {copies} packets, {} accidents: {accidents}",
        accidents.total()
    );
    let missing = accidents.missing();
    if count >= ENOUGH_FOR_ALL && !missing.is_empty() {
        println!("these never happened, so nothing was shown of them: {missing:?}");
        return ExitCode::FAILURE;
    }
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
            println!("seed {seed} fails {violation}\nagain: cargo xtask sim --seed {seed}");
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
        let balance = Request::Balance { from: 9, count: 3, story: false };
        assert_eq!(parse(&["--balance", "--seeds", "3", "--from=9"]).ok(), Some(balance));
        let one = Request::Balance { from: 7, count: 1, story: true };
        assert_eq!(parse(&["--balance", "--seed", "7"]).ok(), Some(one));
        assert!(parse(&["--seeds", "many"]).is_err());
        assert!(parse(&["7"]).is_err());
    }
}

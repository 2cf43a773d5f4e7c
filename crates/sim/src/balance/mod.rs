//! Load balancing from nothing but a seed: a configuration, servers that die and come back, scripts and files that say
//! now this and now that, reloads, crashes of the checker process, somebody else with `ipvsadm`, addresses that move.
//!
//! The engine and the reader of configurations are the real ones. What is held against a run:
//!
//! - The kernel refuses nothing, unless somebody else has changed its table (`director.rs`).
//! - The table is what the engine wants, at every moment, and a foreign service stays as it is.
//! - A reload without a change does nothing, no reload disturbs connections of what stays, and a successor that knows
//!   everything does nothing.
//! - What somebody else changed is put right at the next look.
//! - No check runs twice at once, and equal checks are made once.
//! - No virtual server is said to be up, or down, twice in a row, and what was last said of a server is so.
//! - When nothing has happened for a while, the table, weights and quorum are what configuration and servers make them,
//!   by arithmetic of its own (`expect.rs`). So no check is ever forgotten.
//! - A stop leaves nothing behind.

mod director;
mod expect;
mod plan;
mod servers;
mod table;
mod totals;

pub use director::Director;
pub use totals::Totals;

use crate::random::{Random, Seed};
use crate::watch::Violation;
use plan::Plan;
use std::time::Duration;

/// The longest that a check of a plan needs to find out, times two.
const CALM: Duration = Duration::from_secs(40);
/// The fewest and the most rounds of accidents in a run.
const ROUNDS: (u64, u64) = (3, 8);
/// The most accidents in one round.
const ACCIDENTS: u64 = 8;

/// Plays a run. The machine is handed back for its story, which is written down only on request.
///
/// # Errors
/// The first thing there was to object to.
pub fn play(seed: Seed, record_story: bool) -> (Director, Result<(), Violation>) {
    let mut random = Random::new(seed);
    let mut plan = Plan::new(&mut random);
    let mut director = Director::start(&plan, random.bits(), record_story);
    let mut known = director.snapshot();
    for _ in 0..ROUNDS.0 + random.below(ROUNDS.1 - ROUNDS.0 + 1) {
        for _ in 0..=random.below(ACCIDENTS) {
            match random.below(20) {
                0..=3 => {
                    plan.change(&mut random);
                    director.reload(&plan);
                }
                4 => director.reload(&plan),
                5 => {
                    let snapshot = if random.permille(500) { director.snapshot() } else { known };
                    director.crash(snapshot, random.bits(), &plan);
                }
                6..=7 => director.disturb(&mut random),
                8 => director.move_address(&mut random),
                9 => director.servers.mend(),
                _ => {
                    let (told, file) = director.servers.change(&mut random);
                    director.tell(&told);
                    if let Some((file, number)) = file {
                        director.write_file(file, number);
                    }
                }
            }
            known = director.snapshot();
            director.run_for(random.span(Duration::ZERO, Duration::from_millis(2500)));
        }
        director.run_for(CALM);
        director.check_calm();
    }
    director.stop();
    let verdict = director.verdict();
    (director, verdict)
}

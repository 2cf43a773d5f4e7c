//! Runs of the load balancer made from nothing but a seed. `SIM_SEEDS` says how many; a seed that fails prints how to see
//! its story.

use keepalived_sim::{Seed, balance};

/// More can be played with the command.
const DEFAULT_SEEDS: u64 = 500;

#[test]
fn no_seed_gives_reason_to_object() {
    let count = std::env::var("SIM_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(DEFAULT_SEEDS);
    for seed in (0..count).map(Seed) {
        if let (_, Err(violation)) = balance::play(seed, false) {
            let (director, _) = balance::play(seed, true);
            let story: Vec<&str> = director.story().collect();
            let tail = &story[story.len().saturating_sub(40)..];
            panic!(
                "seed {seed} fails {violation}\nits last lines:\n{}\nthe whole story: cargo xtask sim --balance --seed {seed}",
                tail.join("\n")
            );
        }
    }
}

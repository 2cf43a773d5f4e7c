//! Runs made from nothing but a seed: a LAN, then rounds of accidents, each followed by peace.

mod accidents;
mod build;
mod links;
mod reloads;
mod trackers;

use crate::lan::Lan;
use crate::random::{Random, Seed};
use crate::segment::SegmentId;
use crate::watch::Violation;
use keepalived_types::Vrid;
use keepalived_vrrp::config::InstanceConfig;
use std::time::Duration;

/// The fewest and the most rounds of accidents in a run.
const ROUNDS: (usize, usize) = (4, 10);

/// Large LANs are slow to play, so they are played for a shorter time: with more nodes than so many the most rounds are
/// so many.
const LARGE: [(usize, usize); 2] = [(20, 2), (12, 4)];

/// The most accidents in one round.
const ACCIDENTS: u64 = 6;

/// A run under way.
#[derive(Debug)]
pub(crate) struct Chaos {
    pub(crate) lan: Lan,
    /// What is left to chance here; the LAN has its own stream for packets.
    pub(crate) random: Random,
    /// One instance for each virtual router, to configure on nodes that do not have it.
    pub(crate) templates: Vec<InstanceConfig>,
    pub(crate) segments: Vec<SegmentId>,
    /// The virtual routers that move together, where any do.
    pub(crate) grouped: Vec<Vrid>,
}

/// Plays a run. The LAN is handed back for its story, which is written down only on request.
///
/// # Errors
/// The first thing the watch objected to.
pub fn play(seed: Seed, record_story: bool) -> (Lan, Result<(), Violation>) {
    let mut chaos = build::build(seed, record_story);
    let verdict = chaos.play();
    (chaos.lan, verdict)
}

impl Chaos {
    fn play(&mut self) -> Result<(), Violation> {
        for node in self.lan.node_ids() {
            self.lan.power_on(node);
            let pause = self.random.span(Duration::ZERO, Duration::from_millis(700));
            self.lan.try_run_for(pause)?;
        }
        self.calm_down()?;
        let count = self.lan.node_ids().count();
        let limit = LARGE.iter().find(|(nodes, _)| count > *nodes).map(|(_, most)| *most);
        let most = limit.unwrap_or(ROUNDS.1);
        let fewest = ROUNDS.0.min(most);
        for _ in 0..fewest + self.random.index(most - fewest + 1) {
            for _ in 0..=self.random.below(ACCIDENTS) {
                self.accident();
                let pause = self.random.span(Duration::ZERO, Duration::from_millis(2500));
                self.lan.try_run_for(pause)?;
            }
            self.clear_the_air();
            if self.random.permille(600) {
                self.repair();
            }
            self.calm_down()?;
        }
        self.repair();
        self.calm_down()?;
        for node in self.lan.node_ids() {
            self.lan.stop(node);
        }
        self.lan.try_run_for(Duration::from_secs(1))
    }

    /// Lets everything settle, and then some time pass in which nothing may happen.
    fn calm_down(&mut self) -> Result<(), Violation> {
        // A stopped process that goes on disturbs the peace once more: settle until there is nothing to wait for.
        while self.lan.settling_time() > Duration::ZERO {
            let span = self.lan.settling_time();
            self.lan.try_run_for(span)?;
        }
        let peace = self.random.span(Duration::from_secs(1), Duration::from_secs(4));
        self.lan.try_run_for(peace)
    }
}

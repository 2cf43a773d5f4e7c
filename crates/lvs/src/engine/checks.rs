//! Checks: which are due, and how their attempts ended.

use super::Engine;
use crate::checker::What;
use crate::effect::{CheckId, Effect};
use crate::event::EventKind;
use crate::outcome::{Outcome, Remark};
use crate::shared::Begun;
use crate::transition;
use crate::verdict;
use keepalived_types::Instant;
use std::sync::Arc;

/// Different remarks about one checker that are told.
const MOST_REMARKS: usize = 16;

impl Engine {
    /// An attempt of a check ended.
    pub fn handle_outcome(&mut self, check: CheckId, outcome: Outcome, now: Instant) {
        for check in self.world.companions.take(check) {
            self.conclude(check, outcome.clone(), now);
        }
    }

    /// What the end of an attempt means for one of the checks that waited for it.
    fn conclude(&mut self, check: CheckId, outcome: Outcome, now: Instant) {
        let Some((server, real, number)) = self.places.get(check) else { return };
        let Some(virtual_server) = self.virtual_servers.get_mut(server) else { return };
        let Some(real_server) = virtual_server.servers.get_mut(real) else { return };
        let weight = real_server.config.weight.get();
        let Some(checker) = real_server.checkers.get_mut(number) else { return };
        let Some(began) = checker.progress.running_since.take() else { return };
        if !self.is_running {
            return;
        }
        let verdict = verdict::judge(checker, outcome, weight);
        let world = &mut self.world;
        world.set_due(checker, verdict.next_at(began, now));
        let failure = verdict.failure();
        let (weights, checks) = (verdict.contribution, verdict.events);
        if let Some(contribution) = weights {
            transition::contribute(virtual_server, real, number, contribution, world);
        }
        for kind in checks {
            let name = virtual_server.servers[real].name();
            world.report(&virtual_server.name, Some(&name), kind);
        }
        if let Some(report) = verdict.report {
            transition::report(virtual_server, real, number, report, failure, world);
        }
    }

    /// An attempt of a check brought something odd that decides nothing. It is told once per checker.
    pub fn handle_remark(&mut self, check: CheckId, remark: Remark) {
        for check in self.world.companions.all(check) {
            self.remark(check, remark.clone());
        }
    }

    fn remark(&mut self, check: CheckId, remark: Remark) {
        let Some((server, real, number)) = self.places.get(check) else { return };
        let virtual_server = &mut self.virtual_servers[server];
        let real_server = &mut virtual_server.servers[real];
        let checker = &mut real_server.checkers[number];
        if checker.remarks.contains(&remark) || checker.remarks.len() >= MOST_REMARKS {
            return;
        }
        checker.remarks.push(remark.clone());
        let kind = EventKind::Remarked { check: checker.label(), remark };
        self.world.report(&virtual_server.name, Some(&real_server.name()), kind);
    }

    /// Everything that is due by `now` begins.
    pub fn handle_timeout(&mut self, now: Instant) {
        let mut begun = Begun::default();
        while let Some((check, at)) = self.world.agenda.pop(now) {
            let Some((server, real, number)) = self.places.get(check) else { continue };
            let Some(virtual_server) = self.virtual_servers.get_mut(server) else { continue };
            let suspended = virtual_server.suspended;
            let real_server = virtual_server.servers.get_mut(real);
            let Some(checker) = real_server.and_then(|real| real.checkers.get_mut(number)) else { continue };
            let What::Active(what) = &checker.what else { continue };
            if checker.progress.due != Some(at) {
                continue; // It was moved.
            }
            if suspended {
                let delay = what.common.schedule.delay_loop;
                self.world.set_due(checker, now + delay);
                continue;
            }
            let url = checker.progress.url;
            match begun.join(checker) {
                Some(maker) => self.world.companions.wait(check, maker),
                None => {
                    let what = Arc::new(what.whole());
                    self.world.effects.push_back(Effect::RunCheck { check, what, url });
                }
            }
            (checker.progress.due, checker.progress.running_since) = (None, Some(now));
        }
    }
}

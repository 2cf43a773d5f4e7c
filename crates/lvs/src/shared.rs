//! Checks of the same thing are made once: a real server that stands in several virtual servers and is checked in the
//! same way in each.
//!
//! Equal checks have everything in common, the destination included, and are due together; whoever of them comes first
//! makes the attempt for all. Each draws its own conclusions from it. One that has got out of step (its virtual server
//! was suspended, or it failed before the others came) makes its own attempts until the next reload. Scripts are run as
//! often as they are configured: what else they do is not known.

use crate::checker::{Checker, What};
use crate::config::ActiveCheck;
use crate::effect::CheckId;
use crate::servers::VirtualServer;
use keepalived_types::Instant;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

/// Which check it is: where it goes, and what it has in common with others (which description, not what it says).
type Identity = (SocketAddr, *const ActiveCheck);

/// `None` for what is never shared.
fn identity(checker: &Checker) -> Option<Identity> {
    match &checker.what {
        What::Active(check) => Some((check.destination?, Arc::as_ptr(&check.common))),
        What::File(_) | What::Bfd(_) => None,
    }
}

/// The same for a check that others are equal to.
fn shared_identity(checker: &Checker) -> Option<Identity> {
    identity(checker).filter(|_| checker.is_shared)
}

/// Finds out which checks are equal.
pub(crate) fn unite(virtual_servers: &mut [VirtualServer]) {
    let reals = virtual_servers.iter_mut().flat_map(|server| &mut server.servers);
    let checkers = reals.flat_map(|real| &mut real.checkers);
    let mut checks: Vec<(Identity, &mut Checker)> =
        checkers.filter_map(|checker| Some((identity(checker)?, checker))).collect();
    checks.sort_unstable_by_key(|(identity, _)| *identity);
    for equal in checks.chunk_by_mut(|(one, _), (other, _)| one == other) {
        let many = equal.len() > 1;
        equal.iter_mut().for_each(|(_, checker)| checker.is_shared = many);
    }
}

/// When checks that others share are due next.
#[derive(Debug, Default)]
pub(crate) struct Appointments(HashMap<Identity, Instant>);

impl Appointments {
    /// What is known already; a shorter interval holds at once.
    pub(crate) fn of(virtual_servers: &[VirtualServer], now: Instant) -> Self {
        let mut found = Self::default();
        let reals = virtual_servers.iter().flat_map(|server| &server.servers);
        for checker in reals.flat_map(|real| &real.checkers) {
            let What::Active(check) = &checker.what else { continue };
            if let Some(due) = checker.progress.due {
                found.note(checker, due.min(now + check.common.schedule.delay_loop));
            }
        }
        found
    }

    /// One of those that share this check is due then; the earliest counts.
    pub(crate) fn note(&mut self, checker: &Checker, due: Instant) {
        if let Some(identity) = shared_identity(checker) {
            let earliest = self.0.entry(identity).or_insert(due);
            *earliest = due.min(*earliest);
        }
    }

    /// When the first of those that share this check is due.
    pub(crate) fn earliest(&self, checker: &Checker) -> Option<Instant> {
        self.0.get(&shared_identity(checker)?).copied()
    }
}

/// Attempts that begin in one turn.
#[derive(Debug, Default)]
pub(crate) struct Begun(HashMap<(Identity, usize), CheckId>);

impl Begun {
    /// The check that makes this attempt for others, if it has begun; otherwise it is this one.
    pub(crate) fn join(&mut self, checker: &Checker) -> Option<CheckId> {
        let maker = *self.0.entry((shared_identity(checker)?, checker.progress.url)).or_insert(checker.id);
        (maker != checker.id).then_some(maker)
    }
}

/// Who waits for the attempt of another check.
#[derive(Debug, Default)]
pub(crate) struct Companions(HashMap<CheckId, Vec<CheckId>>);

impl Companions {
    /// From now on `check` waits for the attempt of `maker`.
    pub(crate) fn wait(&mut self, check: CheckId, maker: CheckId) {
        self.0.entry(maker).or_default().push(check);
    }

    /// All that wait for this attempt, its maker first.
    pub(crate) fn all(&self, maker: CheckId) -> Vec<CheckId> {
        let others = self.0.get(&maker).into_iter().flatten();
        std::iter::once(maker).chain(others.copied()).collect()
    }

    /// The same at the attempt's end: nobody waits any more.
    pub(crate) fn take(&mut self, maker: CheckId) -> Vec<CheckId> {
        let all = self.all(maker);
        self.0.remove(&maker);
        all
    }

    /// Do others wait for the attempt of this check?
    pub(crate) fn is_waited_for(&self, maker: CheckId) -> bool {
        self.0.contains_key(&maker)
    }
}

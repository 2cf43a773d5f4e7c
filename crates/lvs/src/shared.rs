//! Checks of the same thing are made once: a real server that stands in several virtual servers and is checked in the
//! same way in each.
//!
//! Equal checks have one description in common and are due together; whoever of them comes first makes the attempt for
//! all. Each draws its own conclusions from it. One that has got out of step (its virtual server was suspended, or it
//! failed before the others came) makes its own attempts until the next reload. Scripts are run as often as they are
//! configured: what else they do is not known.

use crate::checker::What;
use crate::config::ActiveCheck;
use crate::effect::CheckId;
use crate::schedule::Agenda;
use crate::servers::VirtualServer;
use keepalived_types::Instant;
use std::collections::HashMap;
use std::sync::Arc;

/// Which description it is, not what it says.
type Identity = *const ActiveCheck;

/// Makes equal checks have one description in common.
pub(crate) fn unite(virtual_servers: &mut [VirtualServer]) {
    let reals = virtual_servers.iter_mut().flat_map(|server| &mut server.servers);
    let checkers = reals.flat_map(|real| &mut real.checkers);
    let mut checks: Vec<_> = checkers
        .filter_map(|checker| match &mut checker.what {
            What::Active(check) => Some((check.probe.connection()?.destination, check)),
            What::File(_) | What::Bfd(_) => None,
        })
        .collect();
    checks.sort_unstable_by_key(|(destination, _)| *destination);
    for same_place in checks.chunk_by_mut(|(one, _), (other, _)| one == other) {
        for index in 1..same_place.len() {
            let (known, rest) = same_place.split_at_mut(index);
            let Some((_, check)) = rest.first_mut() else { continue };
            if let Some((_, equal)) = known.iter().find(|(_, known)| known == check) {
                **check = Arc::clone(equal);
            }
        }
    }
}

/// Another check may be the same.
fn may_be_shared(check: &Arc<ActiveCheck>) -> bool {
    Arc::strong_count(check) > 1
}

/// When checks that others share are due next.
#[derive(Debug, Default)]
pub(crate) struct Appointments(HashMap<Identity, Instant>);

impl Appointments {
    /// What the agenda says already; a shorter interval holds at once.
    pub(crate) fn of(virtual_servers: &[VirtualServer], agenda: &Agenda, now: Instant) -> Self {
        let mut found = Self::default();
        let reals = virtual_servers.iter().flat_map(|server| &server.servers);
        for checker in reals.flat_map(|real| &real.checkers) {
            let What::Active(check) = &checker.what else { continue };
            if let Some(due) = agenda.due(checker.id) {
                found.note(check, due.min(now + check.schedule.delay_loop));
            }
        }
        found
    }

    /// One of those that share this check is due then; the earliest counts.
    pub(crate) fn note(&mut self, check: &Arc<ActiveCheck>, due: Instant) {
        if may_be_shared(check) {
            let earliest = self.0.entry(Arc::as_ptr(check)).or_insert(due);
            *earliest = due.min(*earliest);
        }
    }

    /// When the first of those that share this check is due.
    pub(crate) fn earliest(&self, check: &Arc<ActiveCheck>) -> Option<Instant> {
        self.0.get(&Arc::as_ptr(check)).copied()
    }
}

/// Attempts that begin in one turn.
#[derive(Debug, Default)]
pub(crate) struct Begun(HashMap<(Identity, usize), CheckId>);

impl Begun {
    /// The check that makes this attempt for others, if it has begun; otherwise it is this one.
    pub(crate) fn join(&mut self, check: CheckId, what: &Arc<ActiveCheck>, url: usize) -> Option<CheckId> {
        if !may_be_shared(what) {
            return None;
        }
        let maker = *self.0.entry((Arc::as_ptr(what), url)).or_insert(check);
        (maker != check).then_some(maker)
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

//! What the end of an attempt means: retries, alpha, and the rules of each kind of check (lvs reference 5.4 to 5.11).
//!
//! A verdict is a value; `transition.rs` acts on it.

mod file;
mod misc;
mod plain;
mod smtp;
mod web;

pub(crate) use file::{FileVerdict, on_file};
pub(crate) use misc::contribution;

use crate::checker::{Checker, What};
use crate::config::{ActiveCheck, Probe};
use crate::event::{EventKind, Retries};
use crate::outcome::{Failure, Outcome};
use keepalived_types::Instant;
use std::sync::Arc;
use std::time::Duration;

/// What follows from an attempt.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// What is told first.
    pub(crate) events: Vec<EventKind>,
    /// The checker's new contribution to the weight, before it reports.
    pub(crate) contribution: Option<i64>,
    /// What the checker reports.
    pub(crate) report: Option<Report>,
    /// When the next attempt begins.
    pub(crate) next: Next,
}

/// A checker's report about its server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    /// The server does its job.
    Up,
    /// It does not.
    Down,
}

/// When the next attempt begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// So long after the end of this one.
    AfterEnd(Duration),
    /// So long after this one began, at once when that is over.
    AfterBegin(Duration),
}

impl Verdict {
    /// Nothing happens but the next attempt.
    fn wait(delay: Duration) -> Self {
        Self { events: Vec::new(), contribution: None, report: None, next: Next::AfterEnd(delay) }
    }

    fn telling(mut self, event: EventKind) -> Self {
        self.events.push(event);
        self
    }

    fn reporting(mut self, report: Report) -> Self {
        self.report = Some(report);
        self
    }

    /// Why the check has failed for good, if it has.
    pub(crate) fn failure(&self) -> Option<Failure> {
        self.events.iter().find_map(|event| match event {
            EventKind::CheckFailed { failure, .. } => Some(failure.clone()),
            _ => None,
        })
    }

    /// The time of the next attempt.
    pub(crate) fn next_at(&self, began: Instant, now: Instant) -> Instant {
        match self.next {
            Next::AfterEnd(delay) => now + delay,
            Next::AfterBegin(delay) => (began + delay).max(now),
        }
    }
}

/// Judges one attempt of an active checker, whose configured server weight is `weight`.
pub(crate) fn judge(checker: &mut Checker, outcome: Outcome, weight: u32) -> Verdict {
    let What::Active(check) = &checker.what else {
        return Verdict::wait(Duration::MAX);
    };
    let check = Arc::clone(&check.common);
    if let Outcome::CannotRun { reason } = outcome {
        let event = EventKind::CheckCannotRun { check: checker.label(), reason };
        return Verdict::wait(check.schedule.delay_loop).telling(event);
    }
    match &check.probe {
        Probe::Tcp(_) | Probe::Udp(_) | Probe::Ping(_) => plain::judge(checker, &check, outcome, true),
        Probe::Dns(_) => plain::judge(checker, &check, outcome, false),
        Probe::Http(web) | Probe::Ssl(web) => web::judge(checker, &check, web, outcome),
        Probe::Smtp(_) => smtp::judge(checker, &check, outcome),
        Probe::Misc(misc) => misc::judge(checker, &check, misc, outcome, weight),
    }
}

/// The checker has something to say: it is down, or it never said anything.
fn is_news(checker: &Checker) -> bool {
    !checker.is_up || !checker.has_run
}

/// Failures still count: it is up, or it never said anything.
fn may_fail(checker: &Checker) -> bool {
    checker.is_up || !checker.has_run
}

/// Takes one failure in, and says whether it was one too many.
fn count_failure(checker: &mut Checker, check: &ActiveCheck) -> (bool, Retries) {
    let allowed = check.schedule.retry;
    let progress = &mut checker.progress;
    let first = std::mem::take(&mut progress.first);
    if first || progress.failures >= allowed {
        progress.failures = 0;
        return (true, Retries { allowed, made: !first && allowed > 0 });
    }
    progress.failures += 1;
    (false, Retries { allowed, made: false })
}

fn attempt_failed(checker: &Checker, check: &ActiveCheck, failure: Failure) -> Option<EventKind> {
    check.schedule.log_all_failures.then(|| EventKind::AttemptFailed {
        check: checker.label(),
        failure,
        attempt: checker.progress.failures,
        allowed: check.schedule.retry,
    })
}

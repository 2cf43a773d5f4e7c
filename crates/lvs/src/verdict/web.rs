//! `HTTP_GET` and `SSL_GET`: urls one after the other, all of which must pass (lvs reference 5.6).

use super::{Next, Report, Verdict, attempt_failed, is_news, may_fail};
use crate::checker::Checker;
use crate::config::{ActiveCheck, HttpCheck};
use crate::event::{EventKind, Retries};
use crate::outcome::{Failure, HttpTest, Outcome};
use std::time::Duration;

/// Judges the answer of one url.
pub(super) fn judge(
    checker: &mut Checker,
    check: &ActiveCheck,
    web: &HttpCheck,
    outcome: Outcome,
) -> Verdict {
    match outcome {
        Outcome::Failed(failure) => fail(checker, check, failure),
        Outcome::Passed { test } => pass(checker, check, web, test),
        Outcome::Weighed(_) | Outcome::CannotRun { .. } => pass(checker, check, web, None),
    }
}

fn pass(checker: &mut Checker, check: &ActiveCheck, web: &HttpCheck, test: Option<HttpTest>) -> Verdict {
    let recovering = is_news(checker);
    let pause = if web.fast_recovery && recovering { Duration::ZERO } else { check.schedule.delay_loop };
    let mut verdict = Verdict::wait(pause);
    let progress = &mut checker.progress;
    let asked = progress.url;
    progress.failures = 0;
    progress.first = false;
    if !checker.is_up
        && let (Some(url), Some(test)) = (web.urls.get(asked), test)
    {
        verdict.events.push(EventKind::UrlPassed { path: url.path.clone(), test });
    }
    if std::mem::take(&mut checker.progress.url_failed) {
        // The one that failed passes again: from now on all have to.
        checker.progress.url = 0;
        return verdict;
    }
    if asked + 1 < web.urls.len() {
        checker.progress.url = asked + 1;
        return verdict;
    }
    checker.progress.url = 0;
    verdict.next = Next::AfterEnd(check.schedule.delay_loop);
    if recovering {
        return verdict.telling(EventKind::CheckPassed(checker.label())).reporting(Report::Up);
    }
    verdict
}

fn fail(checker: &mut Checker, check: &ActiveCheck, failure: Failure) -> Verdict {
    let schedule = &check.schedule;
    let slowly = schedule.delay_loop.max(schedule.delay_before_retry);
    if !may_fail(checker) {
        let pause = if checker.progress.url_failed { slowly } else { schedule.delay_before_retry };
        return Verdict::wait(pause);
    }
    let (last, counted) = super::count_failure(checker, check);
    let mut verdict = Verdict::wait(if last { slowly } else { schedule.delay_before_retry });
    verdict.events.extend(attempt_failed(checker, check, failure.clone()));
    if !last {
        return verdict;
    }
    checker.progress.url_failed = true;
    // The original names the configured number even when the very first request was the only one.
    let retries = Retries { allowed: counted.allowed, made: counted.allowed > 0 };
    let event = EventKind::CheckFailed { check: checker.label(), failure, retries };
    verdict.telling(event).reporting(Report::Down)
}

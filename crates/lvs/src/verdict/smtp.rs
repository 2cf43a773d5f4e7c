//! `SMTP_CHECK`: every regular check has its retries, even the first one, even while down (lvs reference 5.7).

use super::{Next, Report, Verdict, is_news, may_fail};
use crate::checker::Checker;
use crate::config::ActiveCheck;
use crate::event::{EventKind, Retries};
use crate::outcome::Outcome;

/// Judges an attempt.
pub(super) fn judge(checker: &mut Checker, check: &ActiveCheck, outcome: Outcome) -> Verdict {
    let schedule = &check.schedule;
    let mut verdict = Verdict::wait(schedule.delay_loop);
    checker.progress.first = false;
    let Outcome::Failed(failure) = outcome else {
        checker.progress.failures = 0;
        if !is_news(checker) {
            return verdict;
        }
        return verdict.telling(EventKind::CheckPassed(checker.label())).reporting(Report::Up);
    };
    let allowed = schedule.retry;
    let last = checker.progress.failures >= allowed;
    if last {
        checker.progress.failures = 0;
        verdict.report = Some(Report::Down);
    } else {
        checker.progress.failures += 1;
        verdict.next = Next::AfterEnd(schedule.delay_before_retry);
    }
    if may_fail(checker) {
        if last {
            let retries = Retries { allowed, made: allowed > 0 };
            return verdict.telling(EventKind::CheckFailed { check: checker.label(), failure, retries });
        }
        verdict.events.extend(super::attempt_failed(checker, check, failure));
    }
    verdict
}

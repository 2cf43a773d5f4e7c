//! `TCP_CHECK`, `UDP_CHECK`, `PING_CHECK` and `DNS_CHECK` (lvs reference 5.4, 5.8).

use super::{Report, Verdict, attempt_failed, count_failure, is_news, may_fail};
use crate::checker::Checker;
use crate::config::ActiveCheck;
use crate::event::EventKind;
use crate::outcome::Outcome;

/// Judges an attempt. `every` says that with `log_all_failures` the final failure is told as an attempt, too.
pub(super) fn judge(checker: &mut Checker, check: &ActiveCheck, outcome: Outcome, every: bool) -> Verdict {
    let schedule = &check.schedule;
    let verdict = Verdict::wait(schedule.delay_loop);
    let Outcome::Failed(failure) = outcome else {
        checker.progress.failures = 0;
        checker.progress.first = false;
        if !is_news(checker) {
            return verdict;
        }
        return verdict.telling(EventKind::CheckPassed(checker.label())).reporting(Report::Up);
    };
    if !may_fail(checker) {
        return verdict;
    }
    let (last, retries) = count_failure(checker, check);
    let mut verdict = verdict;
    if every || !last {
        verdict.events.extend(attempt_failed(checker, check, failure.clone()));
    }
    if last {
        let event = EventKind::CheckFailed { check: checker.label(), failure, retries };
        return verdict.telling(event).reporting(Report::Down);
    }
    verdict.next = super::Next::AfterEnd(schedule.delay_before_retry);
    verdict
}

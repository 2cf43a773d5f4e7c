//! `MISC_CHECK`: exit statuses, and weights that programs choose (lvs reference 5.9).

use super::{Next, Report, Verdict, attempt_failed, count_failure, is_news, may_fail};
use crate::checker::Checker;
use crate::config::{ActiveCheck, MiscCheck};
use crate::event::EventKind;
use crate::outcome::Outcome;

/// What a status adds to a configured weight, so that the sum is the status minus 2.
pub(crate) fn contribution(status: Option<u8>, weight: u32) -> i64 {
    status.map_or(0, |status| i64::from(status) - 2 - i64::from(weight))
}

/// Judges a run.
pub(super) fn judge(
    checker: &mut Checker,
    check: &ActiveCheck,
    misc: &MiscCheck,
    outcome: Outcome,
    weight: u32,
) -> Verdict {
    let schedule = &check.schedule;
    let mut verdict = Verdict::wait(schedule.delay_loop);
    verdict.next = Next::AfterBegin(schedule.delay_loop);
    let status = match outcome {
        Outcome::Weighed(status) if misc.dynamic => Some(status),
        Outcome::Failed(failure) => {
            if !may_fail(checker) {
                return verdict;
            }
            let (last, retries) = count_failure(checker, check);
            if last {
                checker.progress.status = None;
                let event = EventKind::CheckFailed { check: checker.label(), failure, retries };
                return verdict.telling(event).reporting(Report::Down);
            }
            verdict.next = Next::AfterBegin(schedule.delay_before_retry);
            verdict.events.extend(attempt_failed(checker, check, failure));
            return verdict;
        }
        _ => None,
    };
    checker.progress.failures = 0;
    checker.progress.first = false;
    checker.progress.status = status;
    if misc.dynamic {
        verdict.contribution = Some(contribution(status, weight));
    }
    if is_news(checker) {
        return verdict.telling(EventKind::CheckPassed(checker.label())).reporting(Report::Up);
    }
    verdict
}

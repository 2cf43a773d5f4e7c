//! First checks are spread, and a check is due at one time only.

use super::*;

fn schedule(warmup: Duration) -> Schedule {
    let second = Duration::from_secs(1);
    Schedule {
        retry: 1,
        delay_before_retry: second,
        delay_loop: second,
        warmup,
        alpha: false,
        log_all_failures: false,
    }
}

#[test]
fn first_checks_fill_their_warm_up_evenly() {
    let mut agenda = Agenda::new(7);
    let warmup = Duration::from_secs(10);
    for number in 0..1000 {
        agenda.set_first(CheckId(number), &schedule(warmup), Instant::ORIGIN);
    }
    let mut tenths = [0; 10];
    for number in 0..1000 {
        let due = agenda.due(CheckId(number)).expect("it was set");
        let waited = due.since(Instant::ORIGIN).checked_sub(FIRST).expect("never before the first second");
        tenths[usize::try_from(waited.as_secs()).expect("small")] += 1;
    }
    assert!(tenths.iter().all(|count| (95..=105).contains(count)), "{tenths:?}");
}

#[test]
fn without_warm_up_all_begin_together() {
    let mut agenda = Agenda::new(7);
    for number in 0..3 {
        agenda.set_first(CheckId(number), &schedule(Duration::ZERO), Instant::ORIGIN);
    }
    assert_eq!(agenda.next(), Some(Instant::ORIGIN + FIRST));
    let due: Vec<CheckId> = std::iter::from_fn(|| agenda.pop(Instant::ORIGIN + FIRST)).collect();
    assert_eq!(due, [CheckId(0), CheckId(1), CheckId(2)]);
}

#[test]
fn a_check_that_was_moved_or_forgotten_is_not_due_at_its_old_time() {
    let mut agenda = Agenda::default();
    let at = |seconds| Instant::ORIGIN + Duration::from_secs(seconds);
    agenda.set(CheckId(1), at(1));
    agenda.set(CheckId(1), at(3));
    agenda.set(CheckId(2), at(2));
    agenda.forget(CheckId(2));
    assert_eq!(agenda.pop(at(2)), None);
    assert_eq!(agenda.pop(at(3)), Some(CheckId(1)));
    assert_eq!(agenda.pop(at(9)), None);
}

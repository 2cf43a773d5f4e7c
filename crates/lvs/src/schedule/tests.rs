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
    let mut tenths = [0; 10];
    for _ in 0..1000 {
        let due = agenda.first(&schedule(warmup), Instant::ORIGIN);
        let waited = due.since(Instant::ORIGIN).checked_sub(FIRST).expect("never before the first second");
        tenths[usize::try_from(waited.as_secs()).expect("small")] += 1;
    }
    assert!(tenths.iter().all(|count| (95..=105).contains(count)), "{tenths:?}");
}

#[test]
fn the_longest_warm_up_does_no_harm() {
    let mut agenda = Agenda::new(u64::MAX);
    for warmup in [Duration::from_micros(u64::MAX), Duration::MAX] {
        assert!(agenda.first(&schedule(warmup), Instant::ORIGIN) >= Instant::ORIGIN + FIRST);
    }
}

#[test]
fn without_warm_up_all_begin_together() {
    let mut agenda = Agenda::new(7);
    for number in 0..3 {
        let at = agenda.first(&schedule(Duration::ZERO), Instant::ORIGIN);
        agenda.add(CheckId(number), at);
    }
    let first = Instant::ORIGIN + FIRST;
    assert_eq!(agenda.next(), Some(first));
    let due: Vec<(CheckId, Instant)> = std::iter::from_fn(|| agenda.pop(first)).collect();
    assert_eq!(due, [(CheckId(0), first), (CheckId(1), first), (CheckId(2), first)]);
}

#[test]
fn the_earliest_time_comes_first_and_none_before_it_has_come() {
    let mut agenda = Agenda::default();
    let at = |seconds| Instant::ORIGIN + Duration::from_secs(seconds);
    agenda.add(CheckId(1), at(3));
    agenda.add(CheckId(2), at(1));
    assert_eq!(agenda.pop(at(2)), Some((CheckId(2), at(1))));
    assert_eq!(agenda.pop(at(2)), None);
    assert_eq!(agenda.pop(at(3)), Some((CheckId(1), at(3))));
    assert_eq!(agenda.pop(at(9)), None);
}

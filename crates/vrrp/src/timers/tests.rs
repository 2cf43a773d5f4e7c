//! Timers that are set, moved, cancelled and due.

use super::*;
use std::time::Duration;

fn at(ms: u64) -> Instant {
    Instant::ORIGIN + Duration::from_millis(ms)
}

const A: Due = Due::Instance(Timer::MasterDown, InstanceId(0));
const B: Due = Due::Instance(Timer::Advert, InstanceId(1));

#[test]
fn deadlines_come_in_order_and_once() {
    let mut timers = Timers::default();
    timers.set(A, at(20));
    timers.set(B, at(10));
    assert_eq!(timers.pop(at(9)), None);
    assert_eq!(timers.pop(at(30)), Some((at(10), B)));
    assert_eq!(timers.pop(at(30)), Some((at(20), A)));
    assert_eq!(timers.pop(at(30)), None);
}

#[test]
fn adverts_leave_before_anything_else_of_the_same_moment() {
    let mut timers = Timers::default();
    timers.set(A, at(10));
    timers.set(B, at(10));
    assert_eq!(timers.pop(at(10)), Some((at(10), B)));
}

#[test]
fn moving_a_deadline_back_adds_nothing_to_the_heap() {
    let mut timers = Timers::default();
    for ms in 10..1000 {
        timers.set(A, at(ms));
    }
    assert_eq!(timers.queued_count(), 1);
    assert_eq!(timers.pop(at(998)), None, "the entry of 10 ms surfaces and is put back");
    assert_eq!(timers.pop(at(999)), Some((at(999), A)));
}

#[test]
fn one_wake_up_is_enough_to_see_that_all_deadlines_have_moved() {
    let mut timers = Timers::default();
    for instance in 0..100 {
        let due = Due::Instance(Timer::MasterDown, InstanceId(instance));
        timers.set(due, at(1_000 + u64::from(instance)));
        timers.set(due, at(3_000 + u64::from(instance)));
    }
    assert_eq!(timers.next(), Some(at(1_000)), "nothing is looked at before its time");
    assert_eq!(timers.pop(at(1_000)), None);
    assert_eq!(timers.next(), Some(at(3_000)));
    assert_eq!(timers.queued_count(), 100);
    timers.cancel(Due::Instance(Timer::MasterDown, InstanceId(0)));
    assert_eq!(timers.pop(at(3_001)), Some((at(3_001), Due::Instance(Timer::MasterDown, InstanceId(1)))));
}

#[test]
fn moving_a_deadline_forward_makes_the_old_entry_stale() {
    let mut timers = Timers::default();
    timers.set(A, at(100));
    timers.set(A, at(10));
    assert_eq!(timers.next(), Some(at(10)));
    assert_eq!(timers.pop(at(200)), Some((at(10), A)));
    assert_eq!(timers.pop(at(200)), None);
}

#[test]
fn a_cancelled_deadline_never_comes_unless_set_again() {
    let mut timers = Timers::default();
    timers.set(A, at(10));
    timers.cancel(A);
    assert_eq!(timers.deadline(A), None);
    timers.set(A, at(30));
    assert_eq!(timers.pop(at(29)), None);
    assert_eq!(timers.pop(at(30)), Some((at(30), A)));
    timers.set(A, at(40));
    timers.forget_instance(InstanceId(0));
    assert_eq!(timers.pop(at(50)), None);
}

/// The table against a plain map, over a few thousand pseudo-random operations.
#[test]
fn agrees_with_a_plain_map() {
    let mut timers = Timers::default();
    let mut model: BTreeMap<Due, Instant> = BTreeMap::new();
    let mut seed = 1_u64;
    let mut now = 0;
    for _ in 0..5000 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let id = InstanceId(u32::try_from(seed >> 60).expect("four bits"));
        let due = Due::Instance(if seed & 1 << 40 == 0 { Timer::Advert } else { Timer::MasterDown }, id);
        match seed >> 50 & 3 {
            0 => {
                timers.cancel(due);
                model.remove(&due);
            }
            1 => {
                now += 3;
                let mut expected: Vec<_> = model
                    .iter()
                    .filter(|(_, at)| **at <= super::tests::at(now))
                    .map(|(due, at)| (*at, *due))
                    .collect();
                expected.sort();
                model.retain(|_, deadline| *deadline > at(now));
                let mut got: Vec<_> = std::iter::from_fn(|| timers.pop(at(now))).collect();
                got.sort();
                assert_eq!(got, expected);
            }
            _ => {
                let deadline = at(now + 1 + (seed >> 45 & 31));
                timers.set(due, deadline);
                model.insert(due, deadline);
            }
        }
        let first = model.values().min().copied();
        assert!(first.is_none() || timers.next() <= first, "next_deadline is never late");
    }
}

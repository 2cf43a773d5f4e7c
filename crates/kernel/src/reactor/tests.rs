//! Deadlines, quanta and descriptors.

use super::*;
use crate::waker::Waker;

const MILLISECOND: Duration = Duration::from_millis(1);

#[test]
fn deadlines_are_rounded_up_to_the_grid() {
    let at = |nanos| Instant::from_nanos(nanos);
    assert_eq!(round_up(at(1), MILLISECOND), at(1_000_000));
    assert_eq!(round_up(at(1_000_000), MILLISECOND), at(1_000_000));
    assert_eq!(round_up(at(1_000_001), MILLISECOND), at(2_000_000));
    assert_eq!(round_up(at(12_345), Duration::ZERO), at(12_345));
    assert_eq!(round_up(at(u64::MAX), MILLISECOND), at(u64::MAX));
}

#[test]
fn a_deadline_wakes_at_its_grid_point_and_not_before() {
    let mut reactor = Reactor::new().expect("descriptors");
    let mut ready = Vec::new();
    for quantum in [Duration::ZERO, MILLISECOND, Duration::from_millis(20)] {
        let deadline = clock::now() + Duration::from_micros(1300);
        let woken = reactor.wait(Some(deadline), quantum, &mut ready).expect("a turn");
        assert!(woken >= round_up(deadline, quantum), "{quantum:?}");
        assert!(ready.is_empty());
    }
}

#[test]
fn timers_of_one_slot_share_a_wake_up() {
    let mut reactor = Reactor::new().expect("descriptors");
    let mut ready = Vec::new();
    let start = clock::now();
    let mut deadlines: Vec<_> = (0..1000_u32).map(|step| start + Duration::from_micros(10) * step).collect();
    deadlines.reverse();
    let mut turns = 0;
    while let Some(&next) = deadlines.last() {
        let now = reactor.wait(Some(next), Duration::from_micros(500), &mut ready).expect("a turn");
        while deadlines.last().is_some_and(|&deadline| deadline <= now) {
            deadlines.pop();
        }
        turns += 1;
    }
    // 10 ms hold 20 slots of 500 microseconds; each can cost a wake-up and, rarely, a turn that came too early.
    assert!(turns <= 42, "{turns} turns");
}

#[test]
fn an_unchanged_deadline_is_armed_once_and_still_comes() {
    let mut reactor = Reactor::new().expect("descriptors");
    let waker = Waker::new().expect("a descriptor");
    reactor.register(waker.as_fd(), 7, Interest::Read).expect("watched");
    let mut ready = Vec::new();
    let deadline = clock::now() + Duration::from_millis(30);
    waker.wake();
    reactor.wait(Some(deadline), MILLISECOND, &mut ready).expect("a turn");
    assert_eq!(ready, [Ready { token: 7, readable: true, writable: false, hung_up: false }]);
    let armed = reactor.timer.armed();
    assert_eq!(armed, Some(round_up(deadline, MILLISECOND)));
    waker.drain();
    let woken = reactor.wait(Some(deadline), MILLISECOND, &mut ready).expect("a turn");
    assert!(woken >= deadline && ready.is_empty());
    assert_eq!(reactor.timer.armed(), None);
}

#[test]
fn a_past_deadline_still_shows_the_ready_descriptors() {
    let mut reactor = Reactor::new().expect("descriptors");
    let waker = Waker::new().expect("a descriptor");
    reactor.register(waker.as_fd(), 1, Interest::ReadWrite).expect("watched");
    waker.wake();
    let mut ready = Vec::new();
    reactor.wait(Some(Instant::ORIGIN), MILLISECOND, &mut ready).expect("a turn");
    assert_eq!(ready, [Ready { token: 1, readable: true, writable: true, hung_up: false }]);
    reactor.modify(waker.as_fd(), 2, Interest::Read).expect("watched");
    waker.drain();
    reactor.wait(Some(Instant::ORIGIN), MILLISECOND, &mut ready).expect("a turn");
    assert!(ready.is_empty());
    waker.wake();
    reactor.deregister(waker.as_fd()).expect("watched");
    reactor.wait(Some(Instant::ORIGIN), MILLISECOND, &mut ready).expect("a turn");
    assert!(ready.is_empty());
}

#[test]
fn a_removed_deadline_does_not_wake() {
    let mut reactor = Reactor::new().expect("descriptors");
    let waker = Waker::new().expect("a descriptor");
    reactor.register(waker.as_fd(), 1, Interest::Read).expect("watched");
    let mut ready = Vec::new();
    let start = clock::now();
    waker.wake();
    reactor.wait(Some(start + Duration::from_millis(5)), MILLISECOND, &mut ready).expect("a turn");
    waker.drain();
    let other = waker.clone();
    let thread = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(40));
        other.wake();
    });
    let woken = reactor.wait(None, MILLISECOND, &mut ready).expect("a turn");
    thread.join().expect("the thread only wakes");
    assert!(woken.since(start) >= Duration::from_millis(40));
    assert_eq!(ready.len(), 1);
}

#[test]
fn the_timers_own_token_is_refused() {
    let reactor = Reactor::new().expect("descriptors");
    let waker = Waker::new().expect("a descriptor");
    assert!(reactor.register(waker.as_fd(), u64::MAX, Interest::Read).is_err());
    assert!(reactor.deregister(waker.as_fd()).is_err());
}

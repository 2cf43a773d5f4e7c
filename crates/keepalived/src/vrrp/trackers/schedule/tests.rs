//! When track scripts run, and what happens to those that take too long.

use super::*;
use keepalived_types::{Credentials, PriorityWeight};
use keepalived_vrrp::config::Track;
use std::time::Duration;

/// A script that runs every second and may take `timeout` seconds.
fn script(name: &str, timeout: u64) -> ScriptTracker {
    ScriptTracker {
        name: name.to_owned(),
        command: command(name),
        interval: Duration::from_secs(1),
        timeout: Duration::from_secs(timeout),
        track: Track { weight: PriorityWeight::FAULT, reverse: false },
        rise: 1,
        fall: 1,
        init_fail: false,
    }
}

fn command(name: &str) -> Command {
    let run_as = Credentials { uid: 0, gid: 0, groups: None };
    Command { path: name.into(), argv: vec![name.to_owned()], run_as, through_shell: false }
}

fn at(ms: u64) -> Instant {
    Instant::ORIGIN + Duration::from_secs(100) + Duration::from_millis(ms)
}

fn pid(number: i32) -> Pid {
    Pid::from_raw(number).expect("not zero")
}

fn start(name: &str) -> Action {
    Action::Start { name: name.to_owned(), command: command(name) }
}

fn result(name: &str, outcome: Outcome) -> Action {
    Action::Result { name: name.to_owned(), outcome }
}

fn term(number: i32) -> Action {
    Action::Signal { pid: pid(number), number: signals::TERM }
}

fn kill(number: i32) -> Action {
    Action::Signal { pid: pid(number), number: signals::KILL }
}

fn log(text: &str) -> Action {
    Action::Log(text.to_owned())
}

/// One script whose first run, process 10, has begun at 0.
fn running(timeout: u64) -> Schedule {
    let mut schedule = Schedule::default();
    assert_eq!(schedule.configure(vec![script("S", timeout)], at(0)), []);
    assert_eq!(schedule.next_deadline(), Some(at(0)), "the first run is due at once");
    assert_eq!(schedule.handle_timeout(at(0)), [start("S")]);
    assert_eq!(schedule.started("S", Some(pid(10)), at(0)), None);
    schedule
}

#[test]
fn runs_follow_each_other_at_the_interval_counted_from_the_start() {
    let mut schedule = running(1);
    let ended = schedule.ended(pid(10), Ending::Exited(0));
    assert_eq!(ended, Some(vec![result("S", Outcome::Exited(0))]));
    assert_eq!(schedule.next_deadline(), Some(at(1_000)));
    assert_eq!(schedule.handle_timeout(at(999)), []);
    assert_eq!(schedule.handle_timeout(at(1_001)), [start("S")]);
    schedule.started("S", Some(pid(11)), at(1_001));
    let killed = Ending::Killed { signal: 9, core_dumped: false };
    assert_eq!(schedule.ended(pid(11), killed), Some(vec![result("S", Outcome::Killed(9))]));
    assert_eq!(schedule.next_deadline(), Some(at(2_000)), "being late does not add up");
}

#[test]
fn after_a_long_stall_missed_runs_are_not_made_up_for() {
    let mut schedule = running(1);
    schedule.ended(pid(10), Ending::Exited(0));
    assert_eq!(schedule.handle_timeout(at(60_500)), [start("S")]);
    schedule.started("S", None, at(60_500));
    assert_eq!(schedule.next_deadline(), Some(at(61_500)));
}

#[test]
fn a_turn_is_skipped_while_the_run_before_is_still_going() {
    let mut schedule = running(3);
    for second in 1..3 {
        let skipped = log("Track script S is already running, expect idle - skipping run");
        assert_eq!(schedule.handle_timeout(at(second * 1_000)), [skipped]);
    }
    schedule.ended(pid(10), Ending::Exited(0));
    assert_eq!(schedule.handle_timeout(at(3_000)), [start("S")]);
}

#[test]
fn a_script_that_is_always_slow_is_told_of_once() {
    let mut schedule = running(3);
    assert_eq!(schedule.handle_timeout(at(1_000)).len(), 1);
    schedule.ended(pid(10), Ending::Exited(0));
    assert_eq!(schedule.handle_timeout(at(2_000)), [start("S")]);
    schedule.started("S", Some(pid(11)), at(2_000));
    assert_eq!(schedule.handle_timeout(at(3_000)), [], "as the one before");
    schedule.ended(pid(11), Ending::Exited(0));
    assert_eq!(schedule.handle_timeout(at(4_000)), [start("S")]);
    schedule.started("S", Some(pid(12)), at(4_000));
    schedule.ended(pid(12), Ending::Exited(0));
    assert_eq!(schedule.handle_timeout(at(5_000)), [start("S")]);
    schedule.started("S", Some(pid(13)), at(5_000));
    assert_eq!(schedule.handle_timeout(at(6_000)).len(), 1, "it had been quick in between");
}

#[test]
fn c95_a_run_that_takes_too_long_has_failed_and_is_ended_step_by_step() {
    let mut schedule = running(1);
    let skipped = |doing| log(&format!("Track script S is {doing}, expect idle - skipping run"));
    let due = schedule.handle_timeout(at(1_000));
    assert_eq!(due, [skipped("already running"), term(10), result("S", Outcome::TimedOut)]);
    assert_eq!(schedule.handle_timeout(at(2_000)), [skipped("being timed out")]);
    assert_eq!(schedule.handle_timeout(at(3_000)), [skipped("being timed out"), kill(10)]);
    let complaint = log("Script S child (PID 10) failed to terminate after kill");
    assert!(schedule.handle_timeout(at(5_000)).contains(&complaint));
    assert!(!schedule.handle_timeout(at(14_999)).contains(&kill(10)));
    assert!(schedule.handle_timeout(at(15_000)).contains(&kill(10)));
    assert!(schedule.handle_timeout(at(25_000)).contains(&kill(10)));
    // Its end is no second result; what is left of its group goes, too.
    assert_eq!(schedule.ended(pid(10), Ending::Exited(0)), Some(vec![kill(10)]));
    assert_eq!(schedule.handle_timeout(at(26_000)), [start("S")]);
}

#[test]
fn a_script_that_cannot_be_started_has_failed_and_is_tried_again() {
    let mut schedule = Schedule::default();
    schedule.configure(vec![script("S", 1)], at(0));
    assert_eq!(schedule.handle_timeout(at(0)), [start("S")]);
    assert_eq!(schedule.started("S", None, at(0)), Some(result("S", Outcome::NotStarted)));
    assert_eq!(schedule.handle_timeout(at(1_000)), [start("S")]);
}

#[test]
fn a_reload_leaves_unchanged_scripts_alone() {
    let mut schedule = running(5);
    assert_eq!(schedule.configure(vec![script("new", 1), script("S", 5)], at(500)), []);
    assert_eq!(schedule.handle_timeout(at(500)), [start("new")]);
    assert_eq!(schedule.ended(pid(10), Ending::Exited(1)), Some(vec![result("S", Outcome::Exited(1))]));
    assert_eq!(schedule.handle_timeout(at(1_000)), [start("S")]);
}

#[test]
fn a_reload_ends_what_was_removed_and_restarts_what_was_changed() {
    let mut schedule = running(5);
    assert_eq!(schedule.configure(vec![script("S", 4)], at(500)), [term(10)]);
    assert_eq!(schedule.handle_timeout(at(500)), [start("S")]);
    schedule.started("S", Some(pid(11)), at(500));
    assert_eq!(schedule.alive().collect::<Vec<_>>(), [pid(11), pid(10)]);
    // The old run's end says nothing about the new script, and if it does not end it is killed.
    assert!(schedule.handle_timeout(at(2_500)).contains(&kill(10)));
    assert_eq!(schedule.ended(pid(10), Ending::Exited(0)), Some(vec![kill(10)]));
    assert_eq!(schedule.configure(Vec::new(), at(2_600)), [term(11)]);
    assert_eq!(schedule.configure(Vec::new(), at(2_700)), [], "once");
    schedule.ended(pid(11), Ending::Exited(0));
    assert_eq!(schedule.next_deadline(), None);
    assert_eq!(schedule.alive().count(), 0);
}

#[test]
fn processes_of_others_are_not_claimed() {
    assert_eq!(running(1).ended(pid(99), Ending::Exited(0)), None);
}

/// How many scripts are started at once, some with each call.
fn starts(schedule: &mut Schedule, now: Instant) -> usize {
    let mut count = 0;
    while schedule.next_deadline().is_some_and(|due| due <= now) {
        let started = schedule.handle_timeout(now).len();
        assert!(started <= STARTS);
        count += started;
    }
    count
}

#[test]
fn as_many_scripts_as_an_instance_can_have_run_side_by_side() {
    let mut schedule = Schedule::default();
    schedule.configure((0..255).map(|number| script(&format!("S{number}"), 1)).collect(), at(0));
    assert_eq!(starts(&mut schedule, at(0)), 255);
    for number in 0..255 {
        schedule.started(&format!("S{number}"), Some(pid(1000 + number)), at(0));
    }
    for number in 0..255 {
        let outcome = schedule.ended(pid(1000 + number), Ending::Exited(0)).expect("it is ours");
        assert_eq!(outcome, [result(&format!("S{number}"), Outcome::Exited(0))]);
    }
    assert_eq!(starts(&mut schedule, at(1_000)), 255);
}

//! The main job: two nodes, one virtual address, a password. Whoever of them is ours, the address moves when the
//! protocol says so and comes back when the preferred node does.

mod common;

use std::time::{Duration, SystemTime};

use common::{INTERVAL, PATIENCE, Pair, address_a, address_b, vip, with_log};
use keepalived_lab::{Program, Result, bounds, elapsed};

/// Timers of both programs end a hair early or late; the kernel stamps packets later than the timer fired.
const TIMER_QUANTUM: Duration = Duration::from_millis(50);

/// SIGTERM: priority 0 is sent, and the backup waits only for its skew time.
fn a_stopped_master_is_replaced_after_the_skew_time(master: Program, backup: Program) -> Result<()> {
    let pair = Pair::new()?;
    let (mut a, b) = pair.start(master, backup)?;
    pair.client.wait_for_answer(SystemTime::now(), PATIENCE)?;

    let stopped = SystemTime::now();
    let status = a.stop()?;
    assert_eq!(status.code(), Some(0), "{}", a.log().text());
    pair.b.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &b))?;
    assert!(!pair.a.has_address(vip())?, "the stopped node kept the address");

    let trace = pair.capture.trace()?;
    let release = trace.first_advert(address_a(), stopped).expect("a last advert");
    assert_eq!(release.advert.priority, 0, "{}", trace.describe(stopped));
    let taken = trace.first_advert(address_b(), stopped).expect("an advert of the new master");
    let waited = elapsed(release.at, taken.at);
    let skew = bounds::skew_v2(100);
    assert!(waited + TIMER_QUANTUM >= skew, "taken over too early: {waited:?} after priority 0");
    assert!(waited <= skew + bounds::SLACK, "taken over too late: {waited:?} after priority 0");
    assert!(trace.announcements(vip()).any(|packet| packet.at >= taken.at), "no gratuitous ARP");

    pair.client.wait_for_answer(taken.at, bounds::SLACK)?;
    let outage = pair.client.longest_outage(stopped).expect("answers before and after");
    assert!(outage.length() <= skew + bounds::SLACK, "{outage:?}");
    pair.return_of_a(master).map_err(|error| with_log(error, &b))?;
    Ok(())
}

/// SIGKILL of every process: nobody says goodbye, the backup waits for its master-down interval. The dead node's
/// address stays behind; its next start removes it before anything else.
fn a_killed_master_is_replaced_after_the_master_down_interval(
    master: Program,
    backup: Program,
) -> Result<()> {
    let pair = Pair::new()?;
    let (mut a, b) = pair.start(master, backup)?;
    let killed = SystemTime::now();
    let pids = a.kill_all()?;
    assert!(pids.len() >= 2, "a parent and a VRRP process, not {pids:?}");
    pair.b.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &b))?;

    b.wait_for_log("(VI_1) Receive advertisement timeout", PATIENCE)?;
    let trace = pair.capture.trace()?;
    assert!(trace.adverts_from(address_a()).all(|timed| timed.advert.priority == 150), "a dead node spoke");
    let last = trace.last_advert(address_a(), SystemTime::now()).expect("adverts before the kill");
    let taken = trace.first_advert(address_b(), killed).expect("an advert of the new master");
    let waited = elapsed(last.at, taken.at);
    let bound = bounds::master_down_v2(100, INTERVAL);
    assert!(waited + TIMER_QUANTUM >= bound, "taken over too early: {waited:?}");
    assert!(waited <= bound + bounds::SLACK, "taken over too late: {waited:?}");

    assert!(pair.a.has_address(vip())?, "nobody was left to remove the address");
    let restarted = SystemTime::now();
    let a = keepalived_lab::Daemon::start(&pair.a, master, &keepalived_lab::Classic::master().text())?;
    pair.a.wait_for_no_address(vip(), bounds::SLACK).map_err(|error| with_log(error, &a))?;
    pair.expect_preemption(restarted).map_err(|error| with_log(error, &a))
}

/// The cable is pulled: the master faults and lets the address go; the backup takes over in time; when the cable is
/// back, so is the master.
fn a_master_without_link_is_replaced_and_returns(master: Program, backup: Program) -> Result<()> {
    let pair = Pair::new()?;
    let (a, b) = pair.start(master, backup)?;
    let cut = SystemTime::now();
    pair.a.cut_link("eth0")?;
    a.wait_for_log("(VI_1) Entering FAULT STATE", PATIENCE)?;
    pair.a.wait_for_no_address(vip(), bounds::SLACK).map_err(|error| with_log(error, &a))?;
    pair.b.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &b))?;
    let trace = pair.capture.trace()?;
    let last = trace.last_advert(address_a(), SystemTime::now()).expect("adverts before the cut");
    let taken = trace.first_advert(address_b(), cut).expect("an advert of the new master");
    let bound = bounds::master_down_v2(100, INTERVAL);
    let waited = elapsed(last.at, taken.at);
    assert!(waited <= bound + bounds::SLACK, "taken over too late: {waited:?}");

    let restored = SystemTime::now();
    pair.a.restore_link("eth0")?;
    pair.expect_preemption(restored).map_err(|error| with_log(error, &a))?;
    b.wait_for_log(
        "(VI_1) Master received advert from 10.77.0.1 with higher priority 150, ours 100",
        PATIENCE,
    )?;
    Ok(())
}

macro_rules! pairs {
    ($($name:ident: $master:expr, $backup:expr;)*) => { $(
        mod $name {
            use keepalived_lab::{Program, Result};

            #[test]
            fn stop() -> Result<()> {
                super::a_stopped_master_is_replaced_after_the_skew_time($master, $backup)
            }

            #[test]
            fn kill() -> Result<()> {
                super::a_killed_master_is_replaced_after_the_master_down_interval($master, $backup)
            }

            #[test]
            fn link_down() -> Result<()> {
                super::a_master_without_link_is_replaced_and_returns($master, $backup)
            }
        }
    )* };
}

pairs! {
    ours_then_ours: Program::under_test(), Program::under_test();
    ours_then_original: Program::under_test(), Program::Debian;
    original_then_ours: Program::Debian, Program::under_test();
}

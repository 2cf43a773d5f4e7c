//! Configurations from the field: owner and backup, two equals that never preempt, and a delayed preemption.

mod common;

use std::time::{Duration, SystemTime};

use common::{INTERVAL, Pair, address_a, address_b, expect_address, expect_no_address, instance, vip};
use keepalived_lab::{Daemon, Program, Result, bounds, elapsed};

/// Timers of both programs end a hair early or late; the kernel stamps packets later than the timer fired.
const TIMER_QUANTUM: Duration = Duration::from_millis(50);

fn owned(state: &str, priority: &str) -> String {
    instance(
        "VI_1",
        &[
            &format!("state {state}"),
            "virtual_router_id 101",
            &format!("priority {priority}"),
            "advert_int 1",
            "authentication {\n auth_type PASS\n auth_pass secret12\n }",
            "virtual_ipaddress {\n 10.77.0.100/24\n }",
        ],
    )
}

/// Configuration 1: an address owner and a backup of 150. Stopped, the address moves after the skew time; killed, after
/// three intervals and the skew time; the owner takes it back as soon as it is there.
fn an_owner_is_replaced_and_takes_back(master: Program, backup: Program) -> Result<()> {
    let pair = Pair::new()?;
    let mut a = Daemon::start(&pair.a, master, &owned("MASTER", "255"))?;
    expect_address(&a, vip())?;
    let b = Daemon::start(&pair.b, backup, &owned("BACKUP", "150"))?;
    common::expect_log(&b, "(VI_1) Entering BACKUP STATE")?;
    std::thread::sleep(INTERVAL * 2);

    let stopped = SystemTime::now();
    a.stop()?;
    expect_address(&b, vip())?;
    expect_no_address(&a, vip())?;
    let trace = pair.capture.trace()?;
    let release = trace.first_advert(address_a(), stopped).expect("a last advert");
    assert_eq!(release.advert.priority, 0, "{}", trace.describe(stopped));
    assert_eq!(release.advert.trailer, b"secret12");
    let taken = trace.first_advert(address_b(), stopped).expect("an advert of the backup");
    let skew = bounds::skew_v2(150);
    let waited = elapsed(release.at, taken.at);
    assert!(waited + TIMER_QUANTUM >= skew && waited <= skew + bounds::SLACK, "after priority 0: {waited:?}");
    let prefix =
        pair.b.addresses()?.into_iter().find(|address| address.ip == vip()).map(|found| found.prefix);
    assert_eq!(prefix, Some(24));

    // The owner does not wait for anybody.
    let started = SystemTime::now();
    let mut a = Daemon::start(&pair.a, master, &owned("MASTER", "255"))?;
    expect_address(&a, vip())?;
    expect_no_address(&b, vip())?;
    let trace = pair.capture.trace()?;
    let first = trace.first_advert(address_a(), started).expect("an advert of the owner");
    assert_eq!(first.advert.priority, 255);

    std::thread::sleep(INTERVAL);
    common::power_off(&mut a)?;
    expect_address(&b, vip())?;
    let trace = pair.capture.trace()?;
    let last = trace.last_advert(address_a(), SystemTime::now()).expect("adverts before the power cut");
    assert_eq!(last.advert.priority, 255, "a dead node said good-bye");
    let taken = trace.first_advert(address_b(), last.at).expect("an advert of the backup");
    let waited = elapsed(last.at, taken.at);
    let bound = bounds::master_down_v2(150, INTERVAL);
    assert!(waited + TIMER_QUANTUM >= bound && waited <= bound + bounds::SLACK, "after silence: {waited:?}");

    pair.a.restore_link("eth0")?;
    let a = Daemon::start(&pair.a, master, &owned("MASTER", "255"))?;
    expect_address(&a, vip())?;
    expect_no_address(&b, vip()).map(drop)
}

#[test]
fn field_1_an_owner_is_replaced_and_takes_back() -> Result<()> {
    common::for_every_pairing(an_owner_is_replaced_and_takes_back)
}

fn equal(priority: u8) -> String {
    let lines =
        ["state BACKUP", "nopreempt", "virtual_router_id 51", "virtual_ipaddress {\n 10.77.0.100\n }"];
    let priority = format!("priority {priority}");
    let mut lines: Vec<&str> = lines.to_vec();
    lines.push(&priority);
    instance("VI_1", &lines)
}

/// Configuration 2: the better router returns and leaves the address where it is.
fn the_first_one_up_keeps_the_address(better: Program, worse: Program) -> Result<()> {
    let pair = Pair::new()?;
    let mut a = Daemon::start(&pair.a, better, &equal(100))?;
    expect_address(&a, vip())?;
    let mut b = Daemon::start(&pair.b, worse, &equal(90))?;
    common::expect_log(&b, "(VI_1) Entering BACKUP STATE")?;
    std::thread::sleep(INTERVAL * 2);
    a.stop()?;
    expect_address(&b, vip())?;

    let returned = SystemTime::now();
    let a = Daemon::start(&pair.a, better, &equal(100))?;
    common::expect_log(&a, "(VI_1) Entering BACKUP STATE")?;
    std::thread::sleep(bounds::master_down_v2(100, INTERVAL) + Duration::from_secs(2));
    let trace = pair.capture.trace()?;
    assert!(trace.first_advert(address_a(), returned).is_none(), "{}", trace.describe(returned));
    assert!(pair.b.has_address(vip())? && !pair.a.has_address(vip())?);

    // It is a backup all the same.
    b.stop()?;
    expect_address(&a, vip()).map(drop)
}

#[test]
fn field_2_the_first_one_up_keeps_the_address() -> Result<()> {
    common::for_every_pairing(the_first_one_up_keeps_the_address)
}

/// Configuration 14: a better router that returns waits for the delay, and then for its master-down interval.
fn a_preemption_waits_for_its_delay(better: Program, worse: Program) -> Result<()> {
    const DELAY: Duration = Duration::from_secs(4);
    let base = ["state BACKUP", "virtual_router_id 51", "virtual_ipaddress {\n 10.77.0.100\n }"];
    let text = |extra: &[&str]| instance("VI_1", &[&base[..], extra].concat());
    let pair = Pair::new()?;
    let b = Daemon::start(&pair.b, worse, &text(&["priority 100"]))?;
    expect_address(&b, vip())?;
    let started = SystemTime::now();
    let a = Daemon::start(&pair.a, better, &text(&["priority 150", "preempt_delay 4"]))?;
    let is_advert_of_a =
        |packet: &keepalived_lab::Packet| packet.advert().is_some_and(|advert| advert.source == address_a());
    let patience = DELAY + bounds::master_down_v2(150, INTERVAL) + INTERVAL * 2 + bounds::SLACK;
    let first = pair.capture.wait_for("a take-over", started, patience, is_advert_of_a);
    let first = first.map_err(|error| common::with_log(error, &a))?;
    // The delay begins with the first advert that is heard, the last accepted one is up to an interval before its end.
    let least = DELAY - INTERVAL + bounds::master_down_v2(150, INTERVAL) - TIMER_QUANTUM;
    let waited = elapsed(started, first.at);
    assert!(waited >= least, "taken over after {waited:?}, not {least:?}");
    expect_address(&a, vip())?;
    expect_no_address(&b, vip()).map(drop)
}

#[test]
fn field_14_a_preemption_waits_for_its_delay() -> Result<()> {
    common::for_every_pairing(a_preemption_waits_for_its_delay)
}

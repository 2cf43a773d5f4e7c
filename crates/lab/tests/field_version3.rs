//! Configurations from the field: short intervals over IPv6, and three implementations on one segment.

mod common;

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use common::{Pair, expect_address, expect_log, host, power_off, vip};
use keepalived_lab::{
    Body, Capture, Client, Daemon, Error, Frr, Lan, Program, Responder, Result, VirtualRouter, bounds,
    elapsed,
};

/// Timers of both programs end a hair early or late; the kernel stamps packets later than the timer fired.
const TIMER_QUANTUM: Duration = Duration::from_millis(5);
/// What scheduling may add: the processes run with a real-time priority, as short intervals need it.
const FAST_SLACK: Duration = Duration::from_millis(250);

fn virtual_address() -> IpAddr {
    "fd77::100".parse().expect("a literal address")
}

fn fast(state: &str, priority: u8, interval: &str) -> String {
    format!(
        "global_defs {{\n    vrrp_rt_priority 50\n    vrrp_version 3\n}}\nvrrp_instance VI_1 {{\n    state {state}\n    \
         interface eth0\n    virtual_router_id 51\n    priority {priority}\n    advert_int {interval}\n    \
         virtual_ipaddress {{\n        fe80::77:100\n        fd77::100/64\n    }}\n}}\n"
    )
}

/// Configuration 13: the backup takes over three intervals and its skew time after the last advert, and says so.
fn a_fast_pair_fails_over(master: Program, backup: Program, text: &str, interval: Duration) -> Result<()> {
    let pair = Pair::new()?;
    pair.a.add_address("eth0", "fd77::1/64")?;
    pair.b.add_address("eth0", "fd77::2/64")?;
    let mut a = Daemon::start(&pair.a, master, &fast("MASTER", 150, text))?;
    expect_address(&a, virtual_address())?;
    let b = Daemon::start(&pair.b, backup, &fast("BACKUP", 100, text))?;
    expect_log(&b, "(VI_1) Entering BACKUP STATE")?;
    std::thread::sleep(Duration::from_secs(1));
    assert!(
        !pair.b.has_address(virtual_address())?,
        "the backup does not hear the master:\n{}",
        b.log().text()
    );

    power_off(&mut a)?;
    expect_address(&b, virtual_address())?;
    std::thread::sleep(Duration::from_millis(300));
    let trace = pair.capture.trace()?;
    let adverts: Vec<_> = trace.adverts().collect();
    let last =
        adverts.iter().rev().find(|timed| timed.advert.priority == 150).expect("adverts of the master");
    let taken = adverts.iter().find(|timed| timed.advert.priority == 100).expect("adverts of the backup");
    let waited = elapsed(last.at, taken.at);
    let bound = bounds::master_down_v3(100, interval);
    assert!(waited + TIMER_QUANTUM >= bound, "taken over after {waited:?}, not {bound:?}");
    assert!(waited <= bound + FAST_SLACK, "taken over after {waited:?}, not {bound:?}");
    let announced = trace.announcements(virtual_address()).find(|packet| packet.at >= taken.at);
    let announced = announced.expect("a neighbour advertisement");
    assert!(matches!(announced.body, Body::NeighbourAdvertisement { flags, .. } if flags & 0x20 != 0));
    Ok(())
}

#[test]
fn field_13_a_tenth_of_a_second() -> Result<()> {
    for (master, backup) in common::pairings() {
        a_fast_pair_fails_over(master, backup, "0.1", Duration::from_millis(100))?;
    }
    Ok(())
}

#[test]
fn field_13_a_hundredth_of_a_second() -> Result<()> {
    for (master, backup) in common::pairings() {
        a_fast_pair_fails_over(master, backup, "0.01", Duration::from_millis(10))?;
    }
    Ok(())
}

fn slow(priority: u8) -> String {
    let lines = ["state BACKUP", "version 3", "virtual_router_id 51", "advert_int 1"];
    let priority = format!("priority {priority}");
    let addresses = "virtual_ipaddress {\n 10.77.0.100\n }";
    common::instance("VI_1", &[&lines[..], &[&priority, addresses]].concat())
}

/// From `since` on, once things have settled, only this node advertises, and it is the one that answers.
fn expect_sole_holder(capture: &Capture, client: &Client, holder: IpAddr, name: &str) -> Result<()> {
    let began = SystemTime::now();
    let patience = Duration::from_secs(12);
    let deadline = began + patience;
    loop {
        let from = SystemTime::now();
        std::thread::sleep(Duration::from_millis(2500));
        let trace = capture.trace()?;
        let mut sources: Vec<IpAddr> =
            trace.adverts().filter(|timed| timed.at >= from).map(|timed| timed.advert.source).collect();
        sources.dedup();
        let mut answers: Vec<String> = client
            .answers()
            .into_iter()
            .filter(|answer| answer.sent >= from)
            .map(|answer| answer.node)
            .collect();
        answers.dedup();
        if sources == [holder] && answers == [name] {
            return Ok(());
        }
        if SystemTime::now() > deadline {
            let seen = format!("answers of {answers:?}\n{}", trace.describe(began));
            return Err(Error::TimedOut { waited_for: format!("{name} alone"), after: patience, seen });
        }
    }
}

/// Configuration 15: ours (200), the original (150) and FRR (100); each loses its power in turn.
#[test]
fn field_15_three_implementations_replace_each_other() -> Result<()> {
    let lan = Lan::new()?;
    let [a, b, c, d] = [("a", 1), ("b", 2), ("c", 3), ("d", 4)]
        .map(|(name, number)| lan.node(name, &[&format!("10.77.0.{number}/24")]));
    let (a, b, c, d) = (a?, b?, c?, d?);
    let capture = lan.capture()?;
    let _responders = [Responder::start(&a)?, Responder::start(&b)?, Responder::start(&c)?];
    let client = Client::start(&d, vip(), Duration::from_millis(20))?;
    let router = VirtualRouter {
        vrid: 51,
        priority: 100,
        interval: Duration::from_secs(1),
        address: vip(),
        prefix: 32,
    };
    let start_ours = || Daemon::start(&a, Program::under_test(), &slow(200));
    let start_original = || Daemon::start(&b, Program::Debian, &slow(150));

    let mut frr = Frr::start(&c, &router)?;
    let mut original = start_original()?;
    let mut ours = start_ours()?;
    let holds = |number: u8, name: &str| expect_sole_holder(&capture, &client, host(number), name);
    holds(1, "a")?;
    power_off(&mut ours)?;
    holds(2, "b")?;
    power_off(&mut original)?;
    holds(3, "c")?;
    // The dead nodes come back, and the best of those that are there takes over.
    b.restore_link("eth0")?;
    let _original = start_original()?;
    holds(2, "b")?;
    a.restore_link("eth0")?;
    let _ours = start_ours()?;
    holds(1, "a")?;
    c.cut_link("eth0")?;
    frr.kill();
    holds(1, "a")
}

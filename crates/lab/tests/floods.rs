//! Floods of adverts that nobody may believe. Whatever arrives, the master stays master and on time, the backup stays
//! backup, each kind is told once, and nothing piles up.

mod common;

use std::net::Ipv4Addr;
use std::time::{Duration, SystemTime};

use common::{INTERVAL, address_a, address_b, expect_address, expect_log, expect_master, instance, vip};
use keepalived_lab::processes::{open_descriptors, resident_kib};
use keepalived_lab::{Daemon, Flood, Forged, Lan, Node, Program, Result, Signal};

const VIRTUAL_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 100);
const FORGER: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 9);
/// What the lab tries to send.
const RATE: u32 = 100_000;
/// A sender that does not reach this does not show anything. One of two cores, with the interrupts of both receivers on
/// it, reaches some 60,000, however it sends: a packet socket with PACKET_QDISC_BYPASS and `sendmmsg` reaches 490,000 where
/// nobody is at the other end, 190,000 with only a bridge and two idle nodes there, 80,000 with one daemon that
/// listens, and no more than 62,000 with two. To receive is what takes the time.
const LEAST_RATE: f64 = 20_000.0;
const LENGTH: Duration = Duration::from_secs(4);
/// A master that misses a third of its interval is late; a backup still waits three whole ones.
const LATEST: Duration = Duration::from_millis(1300);
/// Buffers may settle; packets must not be kept.
const LARGEST_GROWTH_KIB: u64 = 1024;

fn with(forged: Forged, change: impl FnOnce(&mut Vec<u8>)) -> Forged {
    let mut forged = forged;
    change(&mut forged.pdu);
    forged
}

fn version_2(password: &str) -> Forged {
    Forged::version_2(51, 200, VIRTUAL_ADDRESS, password)
}

fn version_3(interval: u16, addresses: &[Ipv4Addr]) -> Forged {
    Forged::version_3(51, 200, interval, addresses)
}

/// Adverts of a better priority, each with one thing wrong.
fn bad_version_2() -> Vec<Forged> {
    let good = || version_2("secret12");
    vec![
        Forged { ttl: 254, ..good() },
        with(good(), |pdu| pdu[6] ^= 1),
        with(good(), |pdu| pdu.truncate(12)),
        with(good(), |pdu| pdu.truncate(5)),
        with(good(), |pdu| pdu.extend([0; 64])),
        good().with_byte(1, 52),
        good().with_byte(0, 0x31),
        good().with_byte(4, 0),
        good().with_byte(4, 2),
        good().with_byte(5, 0),
        version_2("secret13"),
    ]
}

fn bad_version_3() -> Vec<Forged> {
    let good = || version_3(100, &[VIRTUAL_ADDRESS]);
    vec![
        Forged { ttl: 1, ..good() },
        with(good(), |pdu| pdu[6] ^= 1),
        with(good(), |pdu| pdu.truncate(10)),
        good().with_byte(1, 52),
        good().with_byte(0, 0x21),
        version_3(0, &[VIRTUAL_ADDRESS]),
        version_3(100, &[]),
        version_2("secret12"),
    ]
}

fn router(state: &str, version: &[&str]) -> String {
    let lines = ["virtual_router_id 51", "advert_int 1", "virtual_ipaddress {\n 10.77.0.100\n }"];
    let text = instance("VI_1", &[&[state], version, &lines].concat());
    // What an operator gives a router that must not be late; the limit is the default.
    format!("global_defs {{\n vrrp_rt_priority 50\n vrrp_rlimit_rttime 10000\n}}\n{text}")
}

fn a_flood_changes_nothing(version: &[&str], bad: Vec<Forged>) -> Result<()> {
    let lan = Lan::new()?;
    let (node_a, node_b) = (lan.node("a", &["10.77.0.1/24"])?, lan.node("b", &["10.77.0.2/24"])?);
    let third = lan.node("f", &["10.77.0.9/24"])?;
    let from_a = node_a.capture_only("eth0", "src host 10.77.0.1 and ip proto 112")?;
    let from_b = node_b.capture_only("eth0", "src host 10.77.0.2 and ip proto 112")?;
    let master = [version, &["priority 150"]].concat();
    let backup = [version, &["priority 100"]].concat();
    let a = Daemon::start(&node_a, Program::under_test(), &router("state MASTER", &master))?;
    expect_address(&a, vip())?;
    let b = Daemon::start(&node_b, Program::under_test(), &router("state BACKUP", &backup))?;
    expect_log(&b, "(VI_1) Entering BACKUP STATE")?;
    std::thread::sleep(INTERVAL * 2);
    let processes = [a.vrrp_pid()?, b.vrrp_pid()?];
    let before = sizes(processes)?;
    let marks = [a.log().mark(), b.log().mark()];

    let began = SystemTime::now();
    let flood = Flood::start(&third, FORGER, bad.clone(), RATE)?;
    std::thread::sleep(LENGTH);
    let rate = flood.rate();
    drop(flood);
    std::thread::sleep(INTERVAL);
    println!("flooded with {rate:.0} adverts a second");
    assert!(rate >= LEAST_RATE, "only {rate:.0} adverts a second");

    assert_eq!(
        [a.vrrp_pid()?, b.vrrp_pid()?],
        processes,
        "one died:\n{}\n{}",
        a.log().text(),
        b.log().text()
    );
    assert!(node_a.has_address(vip())? && !node_b.has_address(vip())?);
    let trace = from_a.trace()?;
    assert!(trace.adverts_from(address_a()).all(|timed| timed.advert.priority == 150));
    let latest = trace.longest_gap(began, SystemTime::now()).expect("adverts");
    assert!(latest <= LATEST, "adverts {latest:?} apart");
    assert_eq!(from_b.trace()?.adverts_from(address_b()).count(), 0, "the backup spoke:\n{}", b.log().text());
    // Each kind is counted: at least one of each has come through in four seconds.
    a.signal(Signal::Usr2)?;
    expect_log(&a, "Printing VRRP stats for process")?;
    let stats = wait_for_file(&node_a, "/tmp/keepalived.stats")?;
    for counter in COUNTERS.iter().filter(|counter| !version.contains(&"version 3") || counter.1) {
        let line = stats.lines().find(|line| line.trim_start().starts_with(counter.0)).unwrap_or_default();
        let count: u64 = line.rsplit(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0);
        assert!(count > 0, "{}: {stats}", counter.0);
    }
    // One line for each kind, and for one that has more than one reason a second.
    for (daemon, mark) in [(&a, marks[0]), (&b, marks[1])] {
        let lines = daemon.log().mark() - mark;
        assert!(lines >= 3, "nothing was said:\n{}", daemon.log().text());
        assert!(lines <= bad.len() * 2, "{lines} lines:\n{}", daemon.log().text());
    }
    for ((pid, before), after) in processes.iter().zip(before).zip(sizes(processes)?) {
        assert_eq!(before.0, after.0, "descriptors of {pid}");
        assert!(after.1 <= before.1 + LARGEST_GROWTH_KIB, "memory of {pid}: {} to {} KiB", before.1, after.1);
    }
    Ok(())
}

/// Lines of the statistics that a flood must have moved, and whether one of version 3 does.
const COUNTERS: &[(&str, bool)] =
    &[("Length:", true), ("TTL:", true), ("Type Mismatch:", false), ("Failure:", false)];

fn wait_for_file(node: &Node, path: &str) -> Result<String> {
    for _ in 0..200 {
        if let Ok(text) = node.read_file(path) {
            return Ok(text);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    node.read_file(path)
}

fn sizes(processes: [u32; 2]) -> Result<Vec<(usize, u64)>> {
    processes.iter().map(|&pid| Ok((open_descriptors(pid)?, resident_kib(pid)?))).collect()
}

/// One after the other: each needs the whole machine.
#[test]
fn floods_of_bad_adverts_change_nothing() -> Result<()> {
    let password = "authentication {\n auth_type PASS\n auth_pass secret12\n }";
    a_flood_changes_nothing(&[password], bad_version_2())?;
    a_flood_changes_nothing(&["version 3"], bad_version_3())
}

/// A forger who knows everything but the password, as often as he can.
#[test]
fn a_forger_without_the_password_gets_nothing() -> Result<()> {
    let password = "authentication {\n auth_type PASS\n auth_pass secret12\n }";
    let forged = [255, 200, 0].map(|priority| Forged::version_2(51, priority, VIRTUAL_ADDRESS, "secret1"));
    let lines_expected = forged.to_vec();
    // Three priorities with one thing wrong: one kind.
    one_kind(&[password], lines_expected)
}

fn one_kind(version: &[&str], forged: Vec<Forged>) -> Result<()> {
    let lan = Lan::new()?;
    let node = lan.node("a", &["10.77.0.1/24"])?;
    let third = lan.node("f", &["10.77.0.9/24"])?;
    let capture = node.capture_only("eth0", "src host 10.77.0.1 and ip proto 112")?;
    let master = [version, &["priority 100"]].concat();
    let a = Daemon::start(&node, Program::under_test(), &router("state BACKUP", &master))?;
    expect_master(&a, vip())?;
    let mark = a.log().mark();
    let began = SystemTime::now();
    let flood = Flood::start(&third, FORGER, forged, 10_000)?;
    std::thread::sleep(LENGTH);
    drop(flood);
    assert!(node.has_address(vip())?, "the forger was believed:\n{}", a.log().text());
    assert_eq!(a.log().count_since(mark, "received an invalid passwd"), 1, "{}", a.log().text());
    let latest = capture.trace()?.longest_gap(began, SystemTime::now()).expect("adverts");
    assert!(latest <= LATEST, "adverts {latest:?} apart");
    Ok(())
}

//! Interfaces that come and go, and more reports than a netlink socket holds: the state is right afterwards, adverts stay
//! on time, and nothing is left behind.

mod common;

use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::{Duration, Instant, SystemTime};

use common::{INTERVAL, PATIENCE, expect_address, expect_log, expect_master, host, instance, vip, with_log};
use keepalived_lab::processes::{open_descriptors, resident_kib};
use keepalived_lab::{Daemon, Lan, Node, Program, Result, bounds};

/// A third of an interval late is late.
const LATEST: Duration = Duration::from_millis(1300);

fn ours(node: &Node, text: &str) -> Result<Daemon> {
    Daemon::start(node, Program::under_test(), text)
}

/// An address that a test adds, removes or waits for.
fn eth1_vip() -> IpAddr {
    IpAddr::from([10, 78, 0, 100])
}

/// An interface whose cable ends on the same node: one run of `ip` makes it.
const MAKE_ETH1: &str = "link add eth1 type veth peer name end1\nlink set end1 up\nlink set eth1 up\naddr add 10.78.0.1/24 dev eth1\n";

/// c73, a hundred times over, with an interval that lets each take a tenth of a second. The other instance does not
/// notice.
#[test]
fn c73_a_hundred_deletions_of_an_interface_leave_nothing_behind() -> Result<()> {
    let lan = Lan::new()?;
    let node = lan.node("a", &["10.77.0.1/24"])?;
    batch(&node, MAKE_ETH1)?;
    let capture = lan.capture()?;
    let text = [
        instance("VI_1", &["virtual_router_id 51", "priority 255", "virtual_ipaddress {\n 10.77.0.100\n }"]),
        instance(
            "VI_2",
            &[
                "interface eth1",
                "virtual_router_id 52",
                "version 3",
                "advert_int 0.1",
                "priority 255",
                "virtual_ipaddress {\n 10.78.0.100\n }",
            ],
        ),
    ];
    let a = ours(&node, &text.concat())?;
    expect_address(&a, vip())?;
    expect_address(&a, eth1_vip())?;
    let again = |a: &Daemon| -> Result<()> {
        batch(&node, &format!("link del eth1\n{MAKE_ETH1}"))?;
        node.wait_for_address(eth1_vip(), PATIENCE).map(drop).map_err(|error| with_log(error, a))
    };
    // The first ones may still fill caches.
    (0..5).try_for_each(|_| again(&a))?;
    expect_log(&a, "(VI_2) Entering FAULT STATE")?;
    let pid = a.vrrp_pid()?;
    let (descriptors, memory) = (open_descriptors(pid)?, resident_kib(pid)?);
    let began = SystemTime::now();
    (0..100).try_for_each(|_| again(&a))?;
    assert_eq!(a.vrrp_pid()?, pid, "it died:\n{}", a.log().text());
    assert_eq!(open_descriptors(pid)?, descriptors);
    let grown = resident_kib(pid)?.saturating_sub(memory);
    assert!(grown <= 512, "it has grown by {grown} KiB");
    let trace = capture.trace()?;
    let latest = trace.longest_gap(began, SystemTime::now()).expect("adverts on eth0");
    assert!(latest <= LATEST, "adverts {latest:?} apart");
    assert!(trace.adverts().all(|timed| timed.advert.priority == 255));
    Ok(())
}

/// An interface that gets another name is no longer the one that was configured; with its old name it is again.
#[test]
fn a_renamed_interface_is_lost_and_found() -> Result<()> {
    let lan = Lan::new()?;
    let node = lan.node("a", &["10.77.0.1/24"])?;
    let text =
        instance("VI_1", &["virtual_router_id 51", "priority 150", "virtual_ipaddress {\n 10.77.0.100\n }"]);
    let a = ours(&node, &text)?;
    expect_address(&a, vip())?;
    let rename = |from: &str, to: &str| -> Result<()> {
        node.ip(&["link", "set", from, "down"])?;
        node.ip(&["link", "set", from, "name", to])?;
        node.ip(&["link", "set", to, "up"]).map(drop)
    };
    rename("eth0", "lan0")?;
    node.wait_for_no_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    expect_log(&a, "(VI_1) Entering FAULT STATE")?;
    rename("lan0", "eth0")?;
    expect_address(&a, vip()).map(drop)
}

/// `dynamic_interfaces`: an interface that is not there at the start may come later, and go to another namespace.
#[test]
fn an_interface_may_come_after_the_start_and_move_away() -> Result<()> {
    let lan = Lan::new()?;
    let (node, other) = (lan.node("a", &["10.77.0.1/24"])?, lan.node("b", &[])?);
    let text = format!(
        "global_defs {{\n dynamic_interfaces\n}}\n{}",
        instance(
            "VI_1",
            &[
                "interface eth1",
                "virtual_router_id 51",
                "priority 255",
                "virtual_ipaddress {\n 10.78.0.100\n }"
            ]
        )
    );
    let a = ours(&node, &text)?;
    expect_log(&a, "(VI_1) Entering FAULT STATE")?;
    batch(&node, MAKE_ETH1)?;
    expect_master(&a, eth1_vip())?;
    let mark = a.log().mark();
    node.ip(&["link", "set", "eth1", "netns", other.namespace().name()])?;
    a.log().wait_for_since(mark, "(VI_1) Entering FAULT STATE", PATIENCE)?;
    batch(&node, &format!("link del end1\n{MAKE_ETH1}"))?;
    expect_address(&a, eth1_vip()).map(drop)
}

/// Runs `ip -batch` with these lines.
fn batch(node: &Node, lines: &str) -> Result<()> {
    node.write_file("/tmp/batch", lines)?;
    let path = node.host_path("/tmp/batch")?;
    node.ip(&["-force", "-batch", &path.to_string_lossy()]).map(drop)
}

/// Thousands of changes against a buffer that holds a few of them.
#[test]
fn lost_reports_are_made_up_for_by_a_fresh_listing() -> Result<()> {
    let lan = Lan::new()?;
    let node = lan.node("a", &["10.77.0.1/24"])?;
    node.add_interface("eth1", "br1", &[])?;
    let capture = lan.capture()?;
    let text = format!(
        "global_defs {{\n vrrp_netlink_monitor_rcv_bufs 1000\n}}\n{}",
        instance("VI_1", &["virtual_router_id 51", "priority 150", "virtual_ipaddress {\n 10.77.0.100\n }"])
    );
    let a = ours(&node, &text)?;
    expect_address(&a, vip())?;
    let pid = a.vrrp_pid()?;
    let descriptors = open_descriptors(pid)?;
    let began = SystemTime::now();
    let storm_ends = Instant::now() + INTERVAL * 4;
    let mut storms = 0;
    while Instant::now() < storm_ends {
        let verb = if storms % 2 == 0 { "add" } else { "del" };
        let mut lines = String::new();
        for number in 0..2000 {
            // Writing to a String cannot fail.
            let _ok = writeln!(lines, "addr {verb} 10.90.{}.{}/32 dev eth1", number / 250, number % 250 + 1);
        }
        batch(&node, &lines)?;
        storms += 1;
    }
    expect_log(&a, "Receive buffer overrun on monitor socket")?;
    // In the middle of one the source goes, and another address takes its place.
    let mut lines = String::new();
    for number in 0..2000 {
        let _ok = writeln!(lines, "addr add 10.91.{}.{}/32 dev eth1", number / 250, number % 250 + 1);
        if number == 1000 {
            lines.push_str("addr add 10.77.0.5/24 dev eth0\naddr del 10.77.0.1/24 dev eth0\naddr add 10.77.0.5/24 dev eth0\n");
        }
    }
    let changed = SystemTime::now();
    batch(&node, &lines)?;
    let bound = INTERVAL * 2 + bounds::SLACK + Duration::from_secs(3);
    let from_the_new_source = |packet: &keepalived_lab::Packet| {
        packet.advert().is_some_and(|advert| advert.source == host(5) && advert.priority == 150)
    };
    capture
        .wait_for("an advert from the new source", changed, bound, from_the_new_source)
        .map_err(|error| with_log(error, &a))?;
    expect_address(&a, vip())?;
    let latest = capture.trace()?.longest_gap(began, changed).expect("adverts");
    println!("{storms} storms, adverts at most {latest:?} apart");
    assert!(latest <= LATEST, "adverts {latest:?} apart");
    let lines = a.log().count_since(0, "Receive buffer overrun");
    assert!((1..=3).contains(&lines), "{lines} lines about it");
    assert_eq!((a.vrrp_pid()?, open_descriptors(pid)?), (pid, descriptors));
    Ok(())
}

/// The virtual address itself goes while reports are lost: that is noticed by the listing.
#[test]
fn a_virtual_address_lost_in_a_storm_comes_back() -> Result<()> {
    let lan = Lan::new()?;
    let node = lan.node("a", &["10.77.0.1/24"])?;
    node.add_interface("eth1", "br1", &[])?;
    let text = format!(
        "global_defs {{\n vrrp_netlink_monitor_rcv_bufs 1000\n}}\n{}",
        instance("VI_1", &["virtual_router_id 51", "priority 150", "virtual_ipaddress {\n 10.77.0.100\n }"])
    );
    let a = ours(&node, &text)?;
    expect_master(&a, vip())?;
    let mark = a.log().mark();
    let mut lines = String::new();
    for number in 0..4000 {
        let _ok = writeln!(lines, "addr add 10.90.{}.{}/32 dev eth1", number / 250, number % 250 + 1);
        if number == 2000 {
            lines.push_str("addr del 10.77.0.100/32 dev eth0\n");
        }
    }
    batch(&node, &lines)?;
    a.log().wait_for_since(mark, "(VI_1) Entering BACKUP STATE", PATIENCE)?;
    a.log().wait_for_since(mark, "(VI_1) Entering MASTER STATE", PATIENCE)?;
    expect_address(&a, vip()).map(drop)
}

/// A reload of hundreds of instances takes a real-time process longer than its default limit: it is told, not killed.
#[test]
fn a_real_time_process_survives_a_long_turn() -> Result<()> {
    let lan = Lan::new()?;
    let node = lan.node("a", &["10.77.0.1/24"])?;
    let many = |first: u16, virtual_addresses: u16| {
        let mut text = String::from("global_defs {\n vrrp_rt_priority 50\n}\n");
        for vrid in 1..=200 {
            let addresses: String = (0..virtual_addresses)
                .map(|number| format!(" 10.{}.{vrid}.{}\n", first, number + 1))
                .collect();
            let vrid = format!("virtual_router_id {vrid}");
            text.push_str(&instance(
                &vrid.replace(' ', "_"),
                &[&vrid, &format!("virtual_ipaddress {{\n{addresses} }}")],
            ));
        }
        text
    };
    let a = ours(&node, &many(100, 20))?;
    let pid = {
        a.wait_for_log("(virtual_router_id_200) Entering MASTER STATE", PATIENCE * 3)?;
        a.vrrp_pid()?
    };
    for first in [101, 102, 103] {
        a.reload(&many(first, 20))?;
        let last = IpAddr::from([10, first.to_le_bytes()[0], 200, 20]);
        node.wait_for_address(last, PATIENCE * 3).map_err(|error| with_log(error, &a))?;
    }
    assert_eq!(a.vrrp_pid()?, pid, "it died:\n{}", a.log().text());
    Ok(())
}

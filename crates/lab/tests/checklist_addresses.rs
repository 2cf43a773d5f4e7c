//! Points 65 to 78 of the conformance checklist: addresses, links and the kernel.

mod common;

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, SystemTime};

use common::{
    INTERVAL, PATIENCE, expect_address, expect_log, expect_master, expect_no_address, host, instance, vip,
    with_log,
};
use keepalived_lab::{Capture, Daemon, Lan, Node, Program, Result, Signal, bounds, elapsed, processes};

const QUANTUM: Duration = Duration::from_millis(50);

/// One router alone, VRRPv2, priority 150, with one virtual address.
struct Lone {
    capture: Capture,
    node: Node,
    daemon: Daemon,
    _lan: Lan,
}

impl Lone {
    fn new(lines: &[&str]) -> Result<Self> {
        Self::with_addresses(&["10.77.0.1/24"], lines, "virtual_ipaddress {\n 10.77.0.100\n }")
    }

    fn with_addresses(own: &[&str], lines: &[&str], addresses: &str) -> Result<Self> {
        let text =
            instance("VI_1", &[&["virtual_router_id 51", "priority 150"], lines, &[addresses]].concat());
        Self::of(own, &text)
    }

    fn of(own: &[&str], text: &str) -> Result<Self> {
        let lan = Lan::new()?;
        let node = lan.node("a", own)?;
        let capture = lan.capture()?;
        let daemon = Daemon::start(&node, Program::under_test(), text)?;
        Ok(Self { capture, node, daemon, _lan: lan })
    }

    fn becomes_master(self) -> Result<Self> {
        expect_master(&self.daemon, vip())?;
        Ok(self)
    }

    /// The priorities it has sent since a moment.
    fn priorities(&self, since: SystemTime) -> Result<Vec<u8>> {
        let trace = self.capture.trace()?;
        Ok(trace.adverts().filter(|timed| timed.at >= since).map(|timed| timed.advert.priority).collect())
    }

    fn wait_for_source(&self, since: SystemTime, source: IpAddr) -> Result<()> {
        let is_it =
            |packet: &keepalived_lab::Packet| packet.advert().is_some_and(|advert| advert.source == source);
        let found = self.capture.wait_for(&format!("an advert from {source}"), since, PATIENCE, is_it);
        found.map(drop).map_err(|error| with_log(error, &self.daemon))
    }
}

#[test]
fn c65_a_virtual_address_deleted_by_hand_costs_one_turn_as_backup() -> Result<()> {
    let lone = Lone::new(&[])?.becomes_master()?;
    let mark = lone.daemon.log().mark();
    let deleted = SystemTime::now();
    lone.node.ip(&["addr", "del", "10.77.0.100/32", "dev", "eth0"])?;
    let backup = lone.daemon.log().wait_for_since(mark, "(VI_1) Entering BACKUP STATE", PATIENCE)?;
    let master = lone.daemon.log().wait_for_since(mark, "(VI_1) Entering MASTER STATE", PATIENCE)?;
    let waited = elapsed(backup.at, master.at);
    let skew = bounds::skew_v2(150);
    assert!(waited + QUANTUM >= skew && waited <= skew + bounds::SLACK, "{waited:?}, not {skew:?}");
    expect_address(&lone.daemon, vip())?;
    let sent = lone.priorities(deleted)?;
    assert_eq!(sent.iter().filter(|priority| **priority == 0).count(), 1, "{sent:?}");
    Ok(())
}

#[test]
fn c66_nothing_happens_when_the_address_is_not_tracked() -> Result<()> {
    let addresses = "virtual_ipaddress {\n 10.77.0.100 no_track\n }";
    let lone = Lone::with_addresses(&["10.77.0.1/24"], &[], addresses)?.becomes_master()?;
    let mark = lone.daemon.log().mark();
    let deleted = SystemTime::now();
    lone.node.ip(&["addr", "del", "10.77.0.100/32", "dev", "eth0"])?;
    std::thread::sleep(INTERVAL * 3);
    assert_eq!(lone.daemon.log().count_since(mark, "Entering"), 0, "{}", lone.daemon.log().text());
    assert!(!lone.node.has_address(vip())?);
    let sent = lone.priorities(deleted)?;
    assert!(sent.len() >= 2 && sent.iter().all(|priority| *priority == 150), "{sent:?}");
    Ok(())
}

#[test]
fn c69_another_address_becomes_the_source_when_the_first_goes() -> Result<()> {
    let lone = Lone::with_addresses(
        &["10.77.0.1/24", "10.78.0.1/24"],
        &[],
        "virtual_ipaddress {\n 10.77.0.100\n }",
    )?;
    let lone = lone.becomes_master()?;
    lone.wait_for_source(SystemTime::UNIX_EPOCH, host(1))?;
    let mark = lone.daemon.log().mark();
    let deleted = SystemTime::now();
    lone.node.ip(&["addr", "del", "10.77.0.1/24", "dev", "eth0"])?;
    lone.wait_for_source(deleted, IpAddr::from([10, 78, 0, 1]))?;
    assert_eq!(lone.daemon.log().count_since(mark, "Entering"), 0, "{}", lone.daemon.log().text());
    assert!(lone.priorities(deleted)?.iter().all(|priority| *priority == 150));
    Ok(())
}

#[test]
fn c70_without_any_address_there_is_a_fault_until_one_comes() -> Result<()> {
    let lone = Lone::new(&[])?.becomes_master()?;
    let mark = lone.daemon.log().mark();
    lone.node.ip(&["addr", "del", "10.77.0.1/24", "dev", "eth0"])?;
    lone.daemon.log().wait_for_since(mark, "(VI_1) Entering FAULT STATE", PATIENCE)?;
    expect_no_address(&lone.daemon, vip())?;
    let mark = lone.daemon.log().mark();
    lone.node.add_address("eth0", "10.77.0.1/24")?;
    let backup = lone.daemon.log().wait_for_since(mark, "(VI_1) Entering BACKUP STATE", PATIENCE)?;
    let master = lone.daemon.log().wait_for_since(mark, "(VI_1) Entering MASTER STATE", PATIENCE)?;
    let waited = elapsed(backup.at, master.at);
    let whole = bounds::master_down_v2(150, INTERVAL);
    assert!(waited + QUANTUM >= whole, "{waited:?}, not {whole:?}");
    Ok(())
}

#[test]
fn c71_a_configured_source_that_is_tracked_and_removed_is_a_fault() -> Result<()> {
    let lines = ["mcast_src_ip 10.77.0.7", "track_src_ip"];
    let own = ["10.77.0.1/24", "10.77.0.7/24"];
    let lone =
        Lone::with_addresses(&own, &lines, "virtual_ipaddress {\n 10.77.0.100\n }")?.becomes_master()?;
    lone.wait_for_source(SystemTime::UNIX_EPOCH, host(7))?;
    let mark = lone.daemon.log().mark();
    lone.node.ip(&["addr", "del", "10.77.0.7/24", "dev", "eth0"])?;
    lone.daemon.log().wait_for_since(mark, "(VI_1) Entering FAULT STATE", PATIENCE)?;
    expect_no_address(&lone.daemon, vip())?;
    lone.node.add_address("eth0", "10.77.0.7/24")?;
    expect_address(&lone.daemon, vip()).map(drop)
}

#[test]
fn c72_an_ipv6_source_that_does_not_exist_is_a_fault_and_never_a_master() -> Result<()> {
    let lines = ["mcast_src_ip fe80::dead:1"];
    let lone = Lone::with_addresses(&["10.77.0.1/24"], &lines, "virtual_ipaddress {\n fe80::77:100\n }")?;
    expect_log(&lone.daemon, "(VI_1) Entering FAULT STATE")?;
    std::thread::sleep(INTERVAL * 5);
    assert!(!lone.daemon.log().contains("MASTER"), "{}", lone.daemon.log().text());
    lone.node.add_address("eth0", "fe80::dead:1/64")?;
    expect_address(&lone.daemon, "fe80::77:100".parse().expect("a literal address")).map(drop)
}

#[test]
fn c74_an_untracked_interface_that_goes_down_is_no_fault() -> Result<()> {
    let lone = Lone::new(&["dont_track_primary"])?.becomes_master()?;
    let mark = lone.daemon.log().mark();
    lone.node.cut_link("eth0")?;
    std::thread::sleep(INTERVAL * 2);
    assert_eq!(lone.daemon.log().count_since(mark, "Entering"), 0, "{}", lone.daemon.log().text());
    assert!(lone.node.has_address(vip())?);
    let restored = SystemTime::now();
    lone.node.restore_link("eth0")?;
    lone.wait_for_source(restored, host(1))
}

#[test]
fn c75_a_flap_shorter_than_the_delay_changes_nothing() -> Result<()> {
    let text = format!(
        "interface_up_down_delays {{\n eth0 0.5 0.5\n}}\n{}",
        instance("VI_1", &["virtual_router_id 51", "priority 150", "virtual_ipaddress {\n 10.77.0.100\n }"])
    );
    let lone = Lone::of(&["10.77.0.1/24"], &text)?.becomes_master()?;
    let mark = lone.daemon.log().mark();
    lone.node.cut_link("eth0")?;
    std::thread::sleep(Duration::from_millis(200));
    lone.node.restore_link("eth0")?;
    std::thread::sleep(INTERVAL * 2);
    assert_eq!(lone.daemon.log().count_since(mark, "Entering"), 0, "{}", lone.daemon.log().text());
    // One that lasts counts, half a second later.
    let cut = SystemTime::now();
    lone.node.cut_link("eth0")?;
    let fault = lone.daemon.log().wait_for_since(mark, "(VI_1) Entering FAULT STATE", PATIENCE)?;
    assert!(elapsed(cut, fault.at) >= Duration::from_millis(450));
    Ok(())
}

/// Addresses in every form that both programs know; each is one line of `virtual_ipaddress`.
const IPV4_FORMS: &[&str] = &[
    "10.77.0.100",
    "10.77.0.101/24",
    "10.77.0.102/24 brd 10.77.0.255 dev eth0 label eth0:one",
    "10.77.1.103/24 brd +",
    "10.77.2.104/24 brd -",
    "10.77.3.105/32 scope link",
    "10.77.4.106/32 scope host",
    "10.77.5.107 peer 10.77.5.108",
    "10.77.6.109/24 noprefixroute",
    "10.77.7.110/24 dev eth1",
    "10.77.8.111/24 dev eth1 label eth1:2 scope global",
];
const IPV4_EXCLUDED: &[&str] =
    &["10.77.9.112/24", "fd78::1", "fd78::2/64 dev eth1", "10.77.10.113/24 brd + label eth0:x"];
const IPV6_FORMS: &[&str] = &[
    "fe80::77:100",
    "fd77::100",
    "fd77::101/64",
    "fd77::102/64 preferred_lft 0",
    "fd77::103/64 preferred_lft forever",
    "fd77::104/128 preferred_lft forever",
    "fd77::105/64 -nodad",
    "fd77::106/64 home",
    "fd77::107/64 noprefixroute",
    "fd77::108/64 mngtmpaddr",
    "fd77::109/64 dev eth1",
    "fd77::10a peer fd77::10b",
];
const IPV6_EXCLUDED: &[&str] = &["fd79::1/64", "10.77.11.114/24 brd 10.77.11.255"];

/// What `ip -d -j addr` says about a node while it is master, without what no two machines share.
fn addresses_under(program: Program, forms: &[&str], excluded: &[&str], sign: IpAddr) -> Result<String> {
    let lan = Lan::new()?;
    let node = lan.node("a", &["10.77.0.1/24", "fd77::1/64"])?;
    node.add_interface("eth1", "br1", &["10.78.0.1/24"])?;
    for (interface, mac) in [("eth0", "02:00:00:00:00:01"), ("eth1", "02:00:00:00:00:02")] {
        node.ip(&["link", "set", interface, "down"])?;
        node.ip(&["link", "set", interface, "address", mac, "up"])?;
    }
    node.add_address("eth0", "fd77::1/64")?;
    let addresses = format!("virtual_ipaddress {{\n {}\n }}", forms.join("\n "));
    let excluded = format!("virtual_ipaddress_excluded {{\n {}\n }}", excluded.join("\n "));
    let text = instance("VI_1", &["virtual_router_id 51", "priority 150", &addresses, &excluded]);
    let daemon = Daemon::start(&node, program, &text)?;
    expect_address(&daemon, sign)?;
    std::thread::sleep(Duration::from_millis(700));
    let listed = node.ip(&["-o", "-d", "addr", "show"])?;
    let mut lines: Vec<String> =
        listed.lines().filter(|line| !line.contains(": lo")).map(without_lifetime_counts).collect();
    lines.sort_unstable();
    Ok(lines.join("\n"))
}

/// `valid_lft 1234sec` counts down.
fn without_lifetime_counts(line: &str) -> String {
    let words = line.split_whitespace();
    words
        .map(|word| if word.ends_with("sec") && word != "0sec" { "SECONDS" } else { word })
        .collect::<Vec<_>>()
        .join(" ")
}

fn both_set_the_same(forms: &'static [&str], excluded: &'static [&str], sign: IpAddr) -> Result<()> {
    let ours = std::thread::spawn(move || addresses_under(Program::under_test(), forms, excluded, sign));
    let original = addresses_under(Program::Debian, forms, excluded, sign)?;
    let ours = ours.join().expect("it does not panic")?;
    assert!(original.lines().count() >= forms.len(), "{original}");
    let only = |one: &str, other: &str| -> String {
        one.lines().filter(|line| !other.lines().any(|known| known == *line)).collect::<Vec<_>>().join("\n")
    };
    let (ours_only, theirs_only) = (only(&ours, &original), only(&original, &ours));
    assert!(
        ours_only.is_empty() && theirs_only.is_empty(),
        "only ours:\n{ours_only}\nonly the original:\n{theirs_only}"
    );
    Ok(())
}

#[test]
fn c77_ipv4_addresses_have_the_options_of_the_original() -> Result<()> {
    both_set_the_same(IPV4_FORMS, IPV4_EXCLUDED, vip())
}

#[test]
fn c76_ipv6_addresses_have_the_options_of_the_original() -> Result<()> {
    both_set_the_same(IPV6_FORMS, IPV6_EXCLUDED, "fd77::109".parse().expect("a literal address"))
}

/// The addresses of a crash are removed at once, and never become the source of adverts.
#[test]
fn c78_leftovers_of_a_crash_are_removed_and_never_a_source() -> Result<()> {
    let left = Ipv4Addr::new(10, 77, 0, 100);
    let text = instance(
        "VI_1",
        &["virtual_router_id 51", "priority 150", "virtual_ipaddress {\n 10.77.0.100/24\n }"],
    );
    let lan = Lan::new()?;
    // The leftover is older than the node's own address.
    let node = lan.node("a", &["10.77.0.100/32", "10.77.0.1/24"])?;
    let capture = lan.capture()?;
    let daemon = Daemon::start(&node, Program::under_test(), &text)?;
    node.wait_for_no_address(left.into(), bounds::SLACK).map_err(|error| with_log(error, &daemon))?;
    expect_address(&daemon, left.into())?;
    std::thread::sleep(INTERVAL * 2);
    let trace = capture.trace()?;
    let sources: Vec<IpAddr> = trace.adverts().map(|timed| timed.advert.source).collect();
    assert!(!sources.is_empty() && sources.iter().all(|source| *source == host(1)), "{sources:?}");
    Ok(())
}

/// Receive buffers as the original sizes them: the shares of the instances on a socket, added up.
#[test]
fn receive_buffers_are_those_of_the_original() -> Result<()> {
    let cases = [
        ("", "kernel_rx_buf_size 50000", "kernel_rx_buf_size 70000"),
        ("", "kernel_rx_buf_size 50000", ""),
        ("vrrp_rx_bufs_policy MTU", "", ""),
        ("vrrp_rx_bufs_policy ADVERT\n vrrp_rx_bufs_multiplier 100", "", ""),
        ("vrrp_rx_bufs_policy 40000\n vrrp_rx_bufs_multiplier 5", "", ""),
        ("", "", ""),
    ];
    let lab = |case: (&'static str, &'static str, &'static str)| -> common::NamedLab<'static> {
        let (global, first, second) = case;
        let test = move || {
            let text = format!(
                "global_defs {{\n {global}\n}}\n{}{}",
                instance(
                    "VI_1",
                    &["virtual_router_id 51", first, "virtual_ipaddress {\n 10.77.0.100\n 10.77.0.101\n }"]
                ),
                instance("VI_2", &["virtual_router_id 52", second, "virtual_ipaddress {\n 10.77.0.102\n }"]),
            );
            let sizes = |program| -> Result<Vec<usize>> {
                let lan = Lan::new()?;
                let node = lan.node("a", &["10.77.0.1/24"])?;
                let daemon = Daemon::start(&node, program, &text)?;
                expect_log(&daemon, "(VI_2) Entering BACKUP STATE")?;
                std::thread::sleep(Duration::from_millis(300));
                keepalived_lab::sockets::receive_buffers(daemon.vrrp_pid()?, 112)
            };
            let (ours, original) = (sizes(Program::under_test())?, sizes(Program::Debian)?);
            assert_eq!(ours.len(), 2, "one pair of sockets for both instances");
            assert_eq!(ours, original);
            Ok(())
        };
        (format!("{case:?}"), Box::new(test))
    };
    common::side_by_side(cases.into_iter().map(lab).collect())
}

/// `promote_secondaries`: the setting is on while the instance runs, and as it was afterwards.
#[test]
fn promote_secondaries_is_switched_on_and_put_back() -> Result<()> {
    let mut lone = Lone::new(&["promote_secondaries"])?;
    expect_log(&lone.daemon, "(VI_1) Entering BACKUP STATE")?;
    let setting = "cat /proc/sys/net/ipv4/conf/eth0/promote_secondaries";
    let value = |node: &Node| node.namespace().exec(&["sh", "-c", setting]);
    assert_eq!(value(&lone.node)?.trim(), "1");
    lone.daemon.stop()?;
    assert_eq!(value(&lone.node)?.trim(), "0");
    Ok(())
}

/// `disable_local_igmp`: the setting of the network namespace is off while the daemon runs, whatever becomes of the VRRP
/// process, and as it was afterwards.
#[test]
fn local_igmp_reports_are_switched_off_and_put_back() -> Result<()> {
    let seen = |program: Program| -> Result<Vec<String>> {
        let lan = Lan::new()?;
        let node = lan.node("a", &["10.77.0.1/24"])?;
        let before = local_igmp_reports(&node)?;
        let mut daemon = without_local_igmp_reports(&node, program)?;
        let running = local_igmp_reports(&node)?;
        let old = daemon.vrrp_pid()?;
        processes::send(old, Signal::Kill)?;
        daemon.wait_for_new_vrrp_pid(old, PATIENCE)?;
        daemon.stop()?;
        Ok(vec![before, running, local_igmp_reports(&node)?])
    };
    assert_eq!(seen(Program::under_test())?, ["1", "0", "1"]);
    // Debian's forgets what there was before when its VRRP process is killed.
    assert_eq!(seen(Program::Debian)?[..2], ["1", "0"]);
    Ok(())
}

/// The supervisor is killed: the VRRP process, which stops then, puts the setting back in its place.
#[test]
fn local_igmp_reports_are_put_back_when_the_supervisor_is_killed() -> Result<()> {
    let lan = Lan::new()?;
    let node = lan.node("a", &["10.77.0.1/24"])?;
    let mut daemon = without_local_igmp_reports(&node, Program::under_test())?;
    assert_eq!(local_igmp_reports(&node)?, "0");
    let children = daemon.descendants();
    daemon.signal(Signal::Kill)?;
    daemon.wait_exit(PATIENCE)?;
    for child in children {
        processes::wait_gone(child, PATIENCE)?;
    }
    assert_eq!(local_igmp_reports(&node)?, "1");
    Ok(())
}

fn without_local_igmp_reports(node: &Node, program: Program) -> Result<Daemon> {
    let block = instance("VI_1", &["virtual_router_id 51", "virtual_ipaddress {\n 10.77.0.100\n }"]);
    let daemon = Daemon::start(node, program, &format!("global_defs {{\n disable_local_igmp\n}}\n{block}"))?;
    expect_log(&daemon, "(VI_1) Entering BACKUP STATE")?;
    Ok(daemon)
}

fn local_igmp_reports(node: &Node) -> Result<String> {
    let value = "/proc/sys/net/ipv4/igmp_link_local_mcast_reports";
    node.namespace().exec(&["cat", value]).map(|text| text.trim().to_owned())
}

/// What netlink says about a polled link does not count: an interface that is dormant has a carrier all the same.
#[test]
fn a_polled_link_decides() -> Result<()> {
    let text = format!(
        "linkbeat_interfaces {{\n eth0 ETHTOOL\n}}\n{}",
        instance("VI_1", &["virtual_router_id 51", "priority 150", "virtual_ipaddress {\n 10.77.0.100\n }"])
    );
    let lone = Lone::of(&["10.77.0.1/24"], &text)?.becomes_master()?;
    let mark = lone.daemon.log().mark();
    lone.node.ip(&["link", "set", "eth0", "state", "dormant"])?;
    std::thread::sleep(INTERVAL * 3);
    assert_eq!(lone.daemon.log().count_since(mark, "Entering"), 0, "{}", lone.daemon.log().text());
    lone.node.cut_link("eth0")?;
    lone.daemon.log().wait_for_since(mark, "(VI_1) Entering FAULT STATE", PATIENCE)?;
    expect_no_address(&lone.daemon, vip())?;
    lone.node.restore_link("eth0")?;
    expect_address(&lone.daemon, vip())?;

    // Without polling the same is a fault.
    let lone = Lone::new(&[])?.becomes_master()?;
    lone.node.ip(&["link", "set", "eth0", "state", "dormant"])?;
    expect_log(&lone.daemon, "(VI_1) Entering FAULT STATE").map(drop)
}

//! Configurations from the field: tracked interfaces, addresses on several interfaces, unicast, configuration ids.

mod common;

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use common::{
    INTERVAL, Pair, address_a, address_b, expect_address, expect_log, expect_no_address, host, instance, vip,
};
use keepalived_lab::{Daemon, Lan, Node, Program, Result, bounds};

fn with_more_interfaces(pair: &Pair) -> Result<()> {
    for (node, number) in [(&pair.a, 1), (&pair.b, 2)] {
        node.add_interface("eth1", "br1", &[&format!("10.78.0.{number}/24")])?;
        node.add_interface("eth2", "br2", &[&format!("10.79.0.{number}/24")])?;
    }
    Ok(())
}

/// Configuration 4: an interface without a weight means FAULT, one with a weight a lower priority.
fn tracked_interfaces_move_the_address(master: Program, backup: Program) -> Result<()> {
    let pair = Pair::new()?;
    with_more_interfaces(&pair)?;
    let text = |state: &str, priority: &str, tracked: &str| {
        instance(
            "VI_1",
            &[state, priority, "virtual_router_id 51", "virtual_ipaddress {\n 10.77.0.100\n }", tracked],
        )
    };
    let tracked = "track_interface {\n eth1\n eth2 weight -50\n }";
    let a = Daemon::start(&pair.a, master, &text("state MASTER", "priority 150", tracked))?;
    expect_address(&a, vip())?;
    let b = Daemon::start(&pair.b, backup, &text("state BACKUP", "priority 120", ""))?;
    expect_log(&b, "(VI_1) Entering BACKUP STATE")?;
    std::thread::sleep(INTERVAL * 2);

    pair.a.cut_link("eth1")?;
    expect_log(&a, "(VI_1) Entering FAULT STATE")?;
    expect_no_address(&a, vip())?;
    expect_address(&b, vip())?;
    pair.a.restore_link("eth1")?;
    expect_address(&a, vip())?;
    expect_no_address(&b, vip())?;

    let cut = SystemTime::now();
    pair.a.cut_link("eth2")?;
    expect_log(&a, "(VI_1) Changing effective priority from 150 to 100")?;
    expect_address(&b, vip())?;
    expect_no_address(&a, vip())?;
    let trace = pair.capture.trace()?;
    let lowered =
        trace.adverts_from(address_a()).find(|timed| timed.at >= cut && timed.advert.priority == 100);
    assert!(lowered.is_some(), "{}", trace.describe(cut));
    pair.a.restore_link("eth2")?;
    expect_address(&a, vip())?;
    expect_no_address(&b, vip()).map(drop)
}

#[test]
fn field_4_tracked_interfaces_move_the_address() -> Result<()> {
    common::for_every_pairing(tracked_interfaces_move_the_address)
}

/// How `ip` shows the addresses that configuration 7 asks for, in the words that matter.
const FORMS: [(&str, &[&str]); 4] = [
    ("192.168.1.100", &["inet 192.168.1.100/32", "dev eth0", "scope global"]),
    ("192.168.1.101", &["inet 192.168.1.101/32", "dev eth0"]),
    ("10.0.0.50", &["inet 10.0.0.50/24", "dev eth1"]),
    ("10.0.1.60", &["inet 10.0.1.60/24", "dev eth1", "brd 10.0.1.255", "eth1:vip"]),
];

/// Configuration 7: addresses in several forms on two interfaces move together.
fn all_addresses_move_together(master: Program, backup: Program) -> Result<()> {
    let pair = Pair::new()?;
    with_more_interfaces(&pair)?;
    let addresses = "virtual_ipaddress {\n 192.168.1.100\n 192.168.1.101\n 10.0.0.50/24 dev eth1\n \
                     10.0.1.60/24 brd 10.0.1.255 dev eth1 label eth1:vip\n }";
    let text =
        |state: &str, priority: &str| instance("VI_1", &[state, priority, "virtual_router_id 51", addresses]);
    let mut a = Daemon::start(&pair.a, master, &text("state MASTER", "priority 150"))?;
    let ips = FORMS.map(|(ip, _)| ip.parse::<IpAddr>().expect("a literal address"));
    for ip in ips {
        expect_address(&a, ip)?;
    }
    let b = Daemon::start(&pair.b, backup, &text("state BACKUP", "priority 100"))?;
    expect_log(&b, "(VI_1) Entering BACKUP STATE")?;
    std::thread::sleep(INTERVAL * 2);
    assert!(FORMS.iter().all(|(ip, _)| !addresses_of(&pair.b).contains(ip)));
    a.stop()?;
    for ip in ips {
        expect_address(&b, ip)?;
        expect_no_address(&a, ip)?;
    }
    let listed = addresses_of(&pair.b);
    for (ip, words) in FORMS {
        let line = listed.lines().find(|line| line.contains(ip)).unwrap_or_default();
        // `ip -o` writes "NUMBER: NAME" where it means "dev NAME".
        let line = line.replacen(": ", ": dev ", 1);
        assert!(words.iter().all(|word| line.contains(word)), "{ip}: {line}");
    }
    Ok(())
}

fn addresses_of(node: &Node) -> String {
    node.ip(&["-o", "-d", "addr", "show"]).expect("ip works")
}

#[test]
fn field_7_all_addresses_move_together() -> Result<()> {
    common::for_every_pairing(all_addresses_move_together)
}

fn unicast(own: u8, peers: [u8; 2], lines: &[&str]) -> String {
    let source = format!("unicast_src_ip 10.77.0.{own}");
    let peers = format!("unicast_peer {{\n 10.77.0.{}\n 10.77.0.{}\n }}", peers[0], peers[1]);
    let all = [&["virtual_router_id 51", &source, &peers], lines].concat();
    instance("VI_1", &all)
}

/// Three routers that speak to each other by name. `third` is the last one to take over.
fn unicast_peers_take_over(programs: [Program; 3], place: &[&str]) -> Result<()> {
    let lan = Lan::new()?;
    let capture = lan.capture()?;
    let mut routers = Vec::new();
    for (number, program) in (1..=3_u8).zip(programs) {
        let node = lan.node(&format!("n{number}"), &[&format!("10.77.0.{number}/24")])?;
        let mut others = (1..=3).filter(|&other| other != number);
        let peers = [others.next().expect("two others"), others.next().expect("two others")];
        let priority = format!("priority {}", 200 - number * 20);
        let lines = [place, &["state BACKUP", &priority]].concat();
        routers.push(Daemon::start(&node, program, &unicast(number, peers, &lines))?);
    }
    for number in 0..3 {
        expect_address(&routers[number], vip())?;
        for other in &routers[number + 1..] {
            assert!(!other.node().has_address(vip())?, "two masters:\n{}", other.log().text());
        }
        std::thread::sleep(INTERVAL * 2);
        common::power_off(&mut routers[number])?;
    }
    let trace = capture.trace()?;
    let multicast: Vec<_> = trace.adverts().filter(|timed| timed.advert.destination.is_multicast()).collect();
    assert!(multicast.is_empty(), "{multicast:?}");
    for (from, to) in [(1, 2), (1, 3), (2, 3)] {
        let heard = trace.adverts_from(host(from)).any(|timed| timed.advert.destination == host(to));
        assert!(heard, "no advert from {from} to {to}: {}", trace.describe(SystemTime::UNIX_EPOCH));
    }
    assert!(trace.adverts().all(|timed| timed.advert.ttl == 255 && timed.advert.traffic_class == 0xc0));
    Ok(())
}

const ON_THE_INTERFACE: &[&str] = &["virtual_ipaddress {\n 10.77.0.100\n }"];
const ANYWHERE: &[&str] = &["no interface", "virtual_ipaddress {\n 10.77.0.100 dev eth0\n }"];

#[test]
fn field_8_unicast_peers_take_over_without_a_multicast() -> Result<()> {
    let ours = Program::under_test();
    common::side_by_side(vec![
        (
            "mixed".to_owned(),
            Box::new(|| unicast_peers_take_over([ours, Program::Debian, ours], ON_THE_INTERFACE)),
        ),
        ("ours, anywhere".to_owned(), Box::new(|| unicast_peers_take_over([ours, ours, ours], ANYWHERE))),
    ])
}

/// `unicast_ttl` is what peers see, and what they may insist on.
#[test]
fn c26_a_peer_insists_on_the_ttl_that_is_sent() -> Result<()> {
    let pair = Pair::new()?;
    let text = |own: u8, peer: &str, priority: &str, ttl: &str| {
        let source = format!("unicast_src_ip 10.77.0.{own}");
        let peer = format!("unicast_peer {{\n {peer}\n }}");
        let addresses = "virtual_ipaddress {\n 10.77.0.100\n }";
        instance("VI_1", &["state BACKUP", "virtual_router_id 51", &source, &peer, priority, ttl, addresses])
    };
    let ours = Program::under_test();
    let a = Daemon::start(&pair.a, ours, &text(1, "10.77.0.2", "priority 150", "unicast_ttl 20"))?;
    expect_address(&a, vip())?;
    let trace = pair.capture.trace()?;
    let mut adverts = trace.adverts_from(address_a());
    assert!(adverts.all(|timed| timed.advert.ttl == 20 && timed.advert.destination == address_b()));
    // Good enough for one peer, and not for another.
    let b = Daemon::start(&pair.b, ours, &text(2, "10.77.0.1 min_ttl 20 max_ttl 20", "priority 100", ""))?;
    expect_log(&b, "(VI_1) Entering BACKUP STATE")?;
    std::thread::sleep(bounds::master_down_v2(100, INTERVAL) + Duration::from_millis(500));
    assert!(!pair.b.has_address(vip())?, "the adverts were refused:\n{}", b.log().text());
    drop(b);
    let b = Daemon::start(&pair.b, ours, &text(2, "10.77.0.1 min_ttl 21", "priority 100", ""))?;
    expect_address(&b, vip()).map(drop)
}

/// Configuration 10: one file for both nodes; `-i` says whose lines hold.
fn each_node_takes_its_lines(master: Program, backup: Program) -> Result<()> {
    let text = "\
global_defs {
    @main   router_id a
    @backup router_id b
}
vrrp_instance VI_1 {
    @main   state MASTER
    @backup state BACKUP
    interface eth0
    virtual_router_id 51
    @main   priority 150
    @^main  priority 100
    virtual_ipaddress {
        10.77.0.100
    }
}
";
    let pair = Pair::new()?;
    let a = Daemon::start_with(&pair.a, master, text, &["-i", "main"])?;
    expect_address(&a, vip())?;
    let b = Daemon::start_with(&pair.b, backup, text, &["-i", "backup"])?;
    expect_log(&b, "(VI_1) Entering BACKUP STATE")?;
    pair.a.cut_link("eth0")?;
    expect_address(&b, vip())?;
    let trace = pair.capture.trace()?;
    assert!(trace.adverts_from(address_a()).all(|timed| timed.advert.priority == 150));
    assert!(trace.adverts_from(address_b()).any(|timed| timed.advert.priority == 100));
    Ok(())
}

#[test]
fn field_10_each_node_takes_its_lines() -> Result<()> {
    common::for_every_pairing(each_node_takes_its_lines)
}

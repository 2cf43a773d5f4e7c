//! Many instances, many addresses, many scripts: what works for one works for a thousand. How fast is the business of
//! `cargo xtask bench vrrp`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant, SystemTime};

use keepalived_lab::processes::times_slept;
use keepalived_lab::{Body, Daemon, Error, Flood, Forged, Lan, Node, Program, Result};

const INTERFACES: usize = 8;
const PER_INTERFACE: usize = 125;
/// Far longer than anything here takes on an idle machine: a bound for what hangs, not for what is slow.
const PATIENCE: Duration = Duration::from_secs(30);
/// The second node's own address on the main segment.
const ADDRESS_OF_B: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 77, 0, 2));

/// Instances with one address each, 10.78.INTERFACE.VRID; `tracked` goes into the first one.
fn instances(interfaces: usize, each: usize, priority: u8, tracked: &str) -> String {
    let mut text = String::new();
    for index in 0..interfaces * each {
        let (interface, vrid) = (index / each, index % each + 1);
        let tracked = if index == 0 { tracked } else { "" };
        // Writing to a String cannot fail.
        let _ok = write!(
            text,
            "vrrp_instance V{index} {{
    state BACKUP
    interface eth{interface}
    virtual_router_id {vrid}
    priority {priority}
    advert_int 1
    {tracked}
    virtual_ipaddress {{
        10.78.{interface}.{vrid}/32 dev eth{interface}
    }}
}}
"
        );
    }
    text
}

/// The lab's daemon writes details to its log; here that would be most of the work.
fn start(node: &Node, configuration: &str) -> Result<Daemon> {
    let program = Program::under_test();
    Daemon::start_binary(node, program, &program.path()?, configuration, &["-n", "-l", "-G"])
}

/// Addresses of a node that begin with these two octets.
fn addresses(node: &Node, first: u8, second: u8) -> Result<BTreeSet<IpAddr>> {
    let ours = |ip: &IpAddr| matches!(ip, IpAddr::V4(v4) if v4.octets()[..2] == [first, second]);
    Ok(node.addresses()?.into_iter().map(|address| address.ip).filter(ours).collect())
}

fn wait_for_count(node: &Node, second: u8, count: usize, daemon: &Daemon) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let present = addresses(node, 10, second)?.len();
        if present == count {
            return Ok(());
        }
        if Instant::now() > deadline {
            let waited_for = format!("node {} having {count} virtual addresses", node.name());
            let seen = format!("{present} of them\n{}", daemon.log().text());
            return Err(Error::TimedOut { waited_for, after: PATIENCE, seen });
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_thousand_instances_become_master_and_hand_over() -> Result<()> {
    let lan = Lan::new()?;
    let (a, b) = (lan.node("a", &["10.77.0.1/24"])?, lan.node("b", &["10.77.0.2/24"])?);
    for index in 1..INTERFACES {
        let (name, segment) = (format!("eth{index}"), format!("br{index}"));
        a.add_interface(&name, &segment, &[&format!("10.77.{index}.1/24")])?;
        b.add_interface(&name, &segment, &[&format!("10.77.{index}.2/24")])?;
    }
    let all = INTERFACES * PER_INTERFACE;
    let mut master = start(&a, &instances(INTERFACES, PER_INTERFACE, 200, ""))?;
    wait_for_count(&a, 78, all, &master)?;
    let backup = start(&b, &instances(INTERFACES, PER_INTERFACE, 100, ""))?;
    // Longer than the backup's patience: it hears every one of them.
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(addresses(&b, 10, 78)?.len(), 0, "{}", backup.log().text());
    assert_eq!(addresses(&a, 10, 78)?.len(), all, "{}", master.log().text());
    master.stop()?;
    assert_eq!(addresses(&a, 10, 78)?.len(), 0, "{}", master.log().text());
    wait_for_count(&b, 78, all, &backup)
}

/// 250 masters that began together speak together. That is no flood: their backup reads them in batches, and loses none.
#[test]
fn masters_that_speak_together_do_not_wake_their_backup_one_by_one() -> Result<()> {
    const MASTERS: usize = 250;
    const LENGTH: Duration = Duration::from_secs(4);
    let lan = Lan::new()?;
    let (a, b) = (lan.node("a", &["10.77.0.1/24"])?, lan.node("b", &["10.77.0.2/24"])?);
    let master = start(&a, &instances(1, MASTERS, 200, ""))?;
    wait_for_count(&a, 78, MASTERS, &master)?;
    let backup = start(&b, &instances(1, MASTERS, 100, ""))?;
    // It has heard all of them, and nothing has changed for a while.
    std::thread::sleep(Duration::from_secs(3));
    let before = times_slept(backup.vrrp_pid()?)?;
    std::thread::sleep(LENGTH);
    let count = times_slept(backup.vrrp_pid()?)? - before;
    println!("woken {count} times in {LENGTH:?}");
    // A batch is read every 50 ms; the other threads hardly do anything.
    let batches = u64::try_from(LENGTH.as_millis() / 50).expect("small");
    assert!(count <= batches * 3 / 2, "woken {count} times for {batches} batches");
    assert_eq!(addresses(&b, 10, 78)?.len(), 0, "{}", backup.log().text());

    // A real flood, and many masters to be heard through it.
    let forger = Ipv4Addr::new(10, 77, 0, 9);
    let third = lan.node("f", &["10.77.0.9/24"])?;
    let forged = Forged { ttl: 254, ..Forged::version_2(1, 255, Ipv4Addr::new(10, 78, 0, 1), "") };
    let flood = Flood::start(&third, forger, vec![forged], 20_000)?;
    std::thread::sleep(LENGTH);
    println!("flooded with {:.0} adverts a second", flood.rate());
    drop(flood);
    assert_eq!(addresses(&b, 10, 78)?.len(), 0, "{}", backup.log().text());
    assert_eq!(addresses(&a, 10, 78)?.len(), MASTERS, "{}", master.log().text());
    // When it is over, adverts are read in batches again.
    std::thread::sleep(Duration::from_secs(3));
    let before = times_slept(backup.vrrp_pid()?)?;
    std::thread::sleep(LENGTH);
    let count = times_slept(backup.vrrp_pid()?)? - before;
    assert!(count <= batches * 3 / 2, "woken {count} times after the flood");
    Ok(())
}

/// Each pair of addresses has sockets of its own, and its adverts go to one peer: 8 pairs with 25 instances each.
#[test]
fn unicast_instances_hand_over_and_speak_to_their_peers_only() -> Result<()> {
    const PAIRS: usize = 8;
    const EACH: usize = 25;
    let lan = Lan::new()?;
    let own = |node: usize| (0..PAIRS).map(|pair| format!("10.77.{pair}.{node}/16")).collect::<Vec<_>>();
    let node = |name: &str, number: usize| {
        let own = own(number);
        lan.node(name, &own.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let (a, b) = (node("a", 1)?, node("b", 2)?);
    let configuration = |from: usize, to: usize, priority: u8| {
        let mut text = instances(1, PAIRS * EACH, priority, "");
        for index in 0..PAIRS * EACH {
            let pair = index / EACH;
            let line = format!("vrrp_instance V{index} {{\n");
            let peers = format!(
                "    unicast_src_ip 10.77.{pair}.{from}\n    unicast_peer {{\n        10.77.{pair}.{to}\n    }}\n"
            );
            text = text.replacen(&line, &format!("{line}{peers}"), 1);
        }
        text
    };
    let capture = a.capture_only("eth0", "ip proto 112")?;
    let mut master = start(&a, &configuration(1, 2, 200))?;
    let backup = start(&b, &configuration(2, 1, 100))?;
    wait_for_count(&a, 78, PAIRS * EACH, &master)?;
    // Longer than the backup's patience.
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(addresses(&b, 10, 78)?.len(), 0, "{}", backup.log().text());
    master.stop()?;
    assert_eq!(addresses(&a, 10, 78)?.len(), 0, "{}", master.log().text());
    wait_for_count(&b, 78, PAIRS * EACH, &backup)?;
    let trace = capture.trace()?;
    let count = trace.adverts().filter(|timed| timed.advert.source == IpAddr::from([10, 77, 7, 1])).count();
    assert!(count >= EACH * 5, "{count} adverts of the last pair");
    let elsewhere = trace
        .adverts()
        .find(|timed| !matches!(timed.advert.destination, IpAddr::V4(ip) if !ip.is_multicast()));
    assert!(elsewhere.is_none(), "{elsewhere:?}");
    Ok(())
}

#[test]
fn a_thousand_addresses_of_one_instance_are_set_announced_and_removed() -> Result<()> {
    let lan = Lan::new()?;
    let node = lan.node("a", &["10.77.0.1/24"])?;
    let capture = node.capture("eth0")?;
    let mut text = String::from(
        "vrrp_instance V {
    state BACKUP
    interface eth0
    virtual_router_id 1
    priority 254
    virtual_ipaddress {
",
    );
    for number in 0..1_000 {
        if number == 200 {
            text.push_str("    }\n    virtual_ipaddress_excluded {\n");
        }
        let _ok = writeln!(text, "        10.79.{}.{}/32 dev eth0", number / 250, number % 250 + 1);
    }
    text.push_str("    }\n}\n");
    let mut daemon = start(&node, &text)?;
    wait_for_count(&node, 79, 1_000, &daemon)?;
    let all = addresses(&node, 10, 79)?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let trace = capture.trace()?;
        let announced = trace.packets().iter().filter_map(|packet| match packet.body {
            Body::GratuitousArp { address, .. } => Some(IpAddr::V4(address)),
            _ => None,
        });
        let announced: BTreeSet<IpAddr> = announced.collect();
        if announced == all {
            break;
        }
        assert!(Instant::now() < deadline, "{} announced\n{}", announced.len(), daemon.log().text());
        std::thread::sleep(Duration::from_millis(200));
    }
    daemon.stop()?;
    assert_eq!(addresses(&node, 10, 79)?.len(), 0, "{}", daemon.log().text());
    Ok(())
}

#[test]
fn scripts_that_start_together_hold_up_no_advert() -> Result<()> {
    const SCRIPTS: usize = 255;
    let lan = Lan::new()?;
    let (a, b) = (lan.node("a", &["10.77.0.1/24"])?, lan.node("b", &["10.77.0.2/24"])?);
    let (mut blocks, mut tracked) = (String::new(), String::from("track_script {\n"));
    for number in 0..SCRIPTS {
        let block = format!("vrrp_script S{number} {{\n script /bin/true\n interval 1\n user root\n}}\n");
        blocks.push_str(&block);
        let _ok = writeln!(tracked, "S{number} weight 1");
    }
    tracked.push('}');
    let of_a = format!("{blocks}{}", instances(1, 20, 200, &tracked));
    let master = start(&a, &of_a)?;
    wait_for_count(&a, 78, 20, &master)?;
    let capture = lan.capture()?;
    let backup = start(&b, &instances(1, 20, 100, ""))?;
    let from = SystemTime::now();
    std::thread::sleep(Duration::from_secs(8));
    let trace = capture.trace()?;
    assert_eq!(
        trace.adverts_from(ADDRESS_OF_B).count(),
        0,
        "{}\n{}",
        trace.describe(from),
        backup.log().text()
    );
    let mut last = [from; 21];
    for timed in trace.adverts() {
        let vrid = usize::from(timed.advert.vrid);
        let gap = keepalived_lab::elapsed(last[vrid], timed.at);
        // Two intervals: the machine may be busy with other tests, but no advert may be left out.
        assert!(gap < Duration::from_secs(2), "VRID {vrid}: {gap:?}\n{}", master.log().text());
        last[vrid] = timed.at;
    }
    let until = SystemTime::now();
    let missing =
        (1..=20).filter(|&vrid| keepalived_lab::elapsed(last[vrid], until) > Duration::from_secs(2));
    assert_eq!(missing.count(), 0, "{}", trace.describe(from));
    Ok(())
}

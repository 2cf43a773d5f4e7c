//! Points 53 to 62, 86 and 87 of the conformance checklist, with a real kernel: what a router sends and when.

mod common;

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, SystemTime};

use common::{
    INTERVAL, PATIENCE, expect_address, expect_log, expect_master, expect_no_address, host, instance, vip,
};
use keepalived_lab::{Capture, Daemon, Forged, Forger, Lan, Node, Program, Result, Signal, bounds, elapsed};

const QUANTUM: Duration = Duration::from_millis(50);
const VIRTUAL_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 100);

/// A LAN with one router and a place for a forger.
struct Scene {
    capture: Capture,
    node: Node,
    lan: Lan,
}

impl Scene {
    fn new() -> Result<Self> {
        let lan = Lan::new()?;
        let node = lan.node("a", &["10.77.0.1/24"])?;
        Ok(Self { capture: lan.capture()?, node, lan })
    }

    fn start(&self, text: &str) -> Result<Daemon> {
        Daemon::start(&self.node, Program::under_test(), text)
    }

    fn sent(&self, since: SystemTime) -> Result<Vec<(SystemTime, u8)>> {
        let trace = self.capture.trace()?;
        Ok(trace
            .adverts_from(host(1))
            .filter(|timed| timed.at >= since)
            .map(|timed| (timed.at, timed.advert.priority))
            .collect())
    }

    fn releases(&self, since: SystemTime) -> Result<usize> {
        Ok(self.sent(since)?.iter().filter(|(_, priority)| *priority == 0).count())
    }
}

fn plain(lines: &[&str]) -> String {
    let base = ["virtual_router_id 51", "priority 150", "virtual_ipaddress {\n 10.77.0.100\n }"];
    instance("VI_1", &[&base[..], lines].concat())
}

#[test]
fn c53_bad_packets_do_not_delay_the_adverts_of_a_master() -> Result<()> {
    let scene = Scene::new()?;
    let a = scene.start(&plain(&[]))?;
    expect_address(&a, vip())?;
    let third = scene.lan.node("f", &["10.77.0.9/24"])?;
    let bad = Forged { ttl: 254, ..Forged::version_2(51, 200, VIRTUAL_ADDRESS, "") };
    let began = SystemTime::now();
    let _forger = Forger::start(&third, Ipv4Addr::new(10, 77, 0, 9), bad, Duration::from_millis(300))?;
    std::thread::sleep(INTERVAL * 5);
    let sent = scene.sent(began)?;
    assert!((4..=6).contains(&sent.len()), "{} adverts in 5 s", sent.len());
    assert!(scene.node.has_address(vip())?);
    Ok(())
}

#[test]
fn c54_a_stopped_master_says_good_bye_once_and_is_gone_in_time() -> Result<()> {
    let scene = Scene::new()?;
    let mut a = scene.start(&plain(&[]))?;
    expect_address(&a, vip())?;
    let stopped = SystemTime::now();
    a.stop()?;
    assert!(elapsed(stopped, SystemTime::now()) <= Duration::from_secs(5));
    assert!(!scene.node.has_address(vip())?);
    assert_eq!(scene.releases(stopped)?, 1);
    Ok(())
}

#[test]
fn c55_a_failing_tracker_makes_a_master_say_good_bye_once() -> Result<()> {
    let scene = Scene::new()?;
    scene.node.add_interface("eth1", "br1", &["10.78.0.1/24"])?;
    let a = scene.start(&plain(&["track_interface {\n eth1\n }"]))?;
    expect_address(&a, vip())?;
    let cut = SystemTime::now();
    scene.node.cut_link("eth1")?;
    expect_no_address(&a, vip())?;
    std::thread::sleep(INTERVAL);
    assert_eq!(scene.releases(cut)?, 1);
    Ok(())
}

#[test]
fn c56_c57_two_causes_hold_a_fault_until_both_are_gone() -> Result<()> {
    let scene = Scene::new()?;
    scene.node.add_interface("eth1", "br1", &[])?;
    scene.node.add_interface("eth2", "br2", &[])?;
    let a = scene.start(&plain(&["track_interface {\n eth1\n eth2\n }"]))?;
    expect_address(&a, vip())?;
    scene.node.cut_link("eth1")?;
    expect_log(&a, "(VI_1) Entering FAULT STATE")?;
    scene.node.cut_link("eth2")?;
    std::thread::sleep(Duration::from_millis(500));
    scene.node.restore_link("eth1")?;
    std::thread::sleep(INTERVAL * 2);
    let mark = a.log().mark();
    assert!(
        !a.log()
            .lines()
            .iter()
            .rev()
            .take_while(|line| !line.message.contains("FAULT STATE"))
            .any(|line| line.message.contains("BACKUP STATE"))
    );
    scene.node.restore_link("eth2")?;
    let backup = a.log().wait_for_since(mark, "(VI_1) Entering BACKUP STATE", PATIENCE)?;
    let master = a.log().wait_for_since(mark, "(VI_1) Entering MASTER STATE", PATIENCE)?;
    let whole = bounds::master_down_v2(150, INTERVAL);
    assert!(elapsed(backup.at, master.at) + QUANTUM >= whole);
    Ok(())
}

#[test]
fn c58_nobody_is_master_before_the_start_up_delay_is_over() -> Result<()> {
    let scene = Scene::new()?;
    let started = SystemTime::now();
    let a = scene.start(&format!("global_defs {{\n vrrp_startup_delay 4\n}}\n{}", plain(&[])))?;
    let bound = Duration::from_secs(4) + bounds::master_down_v2(150, INTERVAL);
    scene.node.wait_for_address(vip(), bound + bounds::SLACK).map_err(|error| common::with_log(error, &a))?;
    let first = scene.sent(started)?.first().map(|(at, _)| elapsed(started, *at)).expect("an advert");
    assert!(first + QUANTUM >= bound, "the first advert came after {first:?}, not {bound:?}");
    Ok(())
}

#[test]
fn c60_a_reload_leaves_a_master_alone() -> Result<()> {
    let scene = Scene::new()?;
    let text = plain(&[]);
    let a = scene.start(&text)?;
    expect_master(&a, vip())?;
    let mark = a.log().mark();
    let began = SystemTime::now();
    a.reload(&text)?;
    std::thread::sleep(INTERVAL * 3);
    assert_eq!(a.log().count_since(mark, "Entering"), 0, "{}", a.log().text());
    let sent = scene.sent(began)?;
    assert!(sent.iter().all(|(_, priority)| *priority == 150), "{sent:?}");
    let gaps = sent.windows(2).map(|pair| elapsed(pair[0].0, pair[1].0));
    assert!(gaps.max().expect("adverts") <= INTERVAL + Duration::from_millis(200));
    Ok(())
}

#[test]
fn c61_only_the_address_that_is_no_longer_configured_goes() -> Result<()> {
    let scene = Scene::new()?;
    let two = plain(&[]).replace("10.77.0.100\n", "10.77.0.100\n 10.77.0.101\n");
    let a = scene.start(&two)?;
    expect_master(&a, vip())?;
    expect_address(&a, host(101))?;
    let index = scene.node.ip(&["-o", "addr", "show", "to", "10.77.0.100"])?;
    let mark = a.log().mark();
    let began = SystemTime::now();
    a.reload(&plain(&[]))?;
    expect_no_address(&a, host(101))?;
    assert_eq!(scene.node.ip(&["-o", "addr", "show", "to", "10.77.0.100"])?, index);
    assert_eq!(a.log().count_since(mark, "Entering"), 0, "{}", a.log().text());
    assert_eq!(scene.releases(began)?, 0);
    Ok(())
}

#[test]
fn c62_an_instance_that_is_no_longer_configured_says_good_bye() -> Result<()> {
    let scene = Scene::new()?;
    let other = instance("VI_2", &["virtual_router_id 52", "virtual_ipaddress {\n 10.77.0.101\n }"]);
    let a = scene.start(&format!("{}{other}", plain(&[])))?;
    expect_address(&a, vip())?;
    expect_address(&a, host(101))?;
    let began = SystemTime::now();
    a.reload(&other)?;
    expect_no_address(&a, vip())?;
    std::thread::sleep(Duration::from_millis(300));
    let trace = scene.capture.trace()?;
    let releases: Vec<u8> = trace
        .adverts()
        .filter(|timed| timed.at >= began && timed.advert.priority == 0)
        .map(|timed| timed.advert.vrid)
        .collect();
    assert_eq!(releases, [51]);
    assert!(scene.node.has_address(host(101))?);
    Ok(())
}

#[test]
fn c64_a_master_that_was_not_scheduled_for_long_gives_way() -> Result<()> {
    let scene = Scene::new()?;
    let other = scene.lan.node("b", &["10.77.0.2/24"])?;
    let text = plain(&["state BACKUP", "nopreempt", "timer_expired_backup"]);
    let a = scene.start(&text)?;
    expect_address(&a, vip())?;
    let b = Daemon::start(&other, Program::under_test(), &text.replace("priority 150", "priority 100"))?;
    expect_log(&b, "(VI_1) Entering BACKUP STATE")?;
    std::thread::sleep(INTERVAL);
    let pid = a.vrrp_pid()?;
    keepalived_lab::processes::send(pid, Signal::Stop)?;
    std::thread::sleep(INTERVAL * 6);
    let mark = a.log().mark();
    keepalived_lab::processes::send(pid, Signal::Cont)?;
    a.log().wait_for_since(mark, "(VI_1) Entering BACKUP STATE", PATIENCE)?;
    expect_no_address(&a, vip())?;
    assert!(other.has_address(vip())?, "{}", b.log().text());
    Ok(())
}

/// When each of these addresses was announced by ARP, in order.
fn announced(scene: &Scene, since: SystemTime) -> Result<Vec<(SystemTime, IpAddr)>> {
    let trace = scene.capture.trace()?;
    let of = |ip| trace.announcements(ip).map(move |packet| (packet.at, ip)).collect::<Vec<_>>();
    let mut all: Vec<_> = [vip(), host(101), host(102)].into_iter().flat_map(of).collect();
    all.retain(|(at, _)| *at >= since);
    all.sort_unstable();
    Ok(all)
}

#[test]
fn c86_announcements_keep_their_interval_and_end_with_the_role() -> Result<()> {
    let scene = Scene::new()?;
    let three = plain(&[]).replace("10.77.0.100\n", "10.77.0.100\n 10.77.0.101\n 10.77.0.102\n");
    let began = SystemTime::now();
    // A real-time priority, because the gaps are measured on the wire and not where they are made.
    let a = scene
        .start(&format!("global_defs {{\n vrrp_rt_priority 50\n vrrp_garp_interval 0.1\n}}\n{three}"))?;
    expect_address(&a, vip())?;
    std::thread::sleep(Duration::from_millis(2500));
    let all = announced(&scene, began)?;
    assert_eq!(all.len(), 15, "{all:?}");
    for pair in all.windows(2) {
        assert!(
            elapsed(pair[0].0, pair[1].0) + Duration::from_millis(15) >= Duration::from_millis(100),
            "{pair:?}"
        );
    }
    let order: Vec<IpAddr> = all.iter().map(|(_, ip)| *ip).collect();
    assert!(order.chunks(3).all(|round| round == [vip(), host(101), host(102)]), "{order:?}");

    // The second burst begins 5 s after the first; it ends in its middle when the role goes.
    let third = scene.lan.node("f", &["10.77.0.9/24"])?;
    let better = Forged::version_2(51, 200, VIRTUAL_ADDRESS, "").with_byte(4, 0);
    std::thread::sleep(Duration::from_millis(2800));
    let _forger = Forger::start(&third, Ipv4Addr::new(10, 77, 0, 9), better, Duration::from_millis(500))?;
    expect_no_address(&a, vip())?;
    let left = SystemTime::now();
    std::thread::sleep(INTERVAL);
    assert_eq!(announced(&scene, left)?, []);
    Ok(())
}

/// `garp_extra_if all`: addresses on interfaces that carry no adverts are announced again and again.
#[test]
fn addresses_elsewhere_are_announced_again_and_again() -> Result<()> {
    let scene = Scene::new()?;
    scene.node.add_interface("eth1", "br1", &["10.78.0.1/24"])?;
    let elsewhere = IpAddr::from([10, 78, 0, 100]);
    let capture = scene.node.capture("eth1")?;
    let text = plain(&["garp_master_delay 1", "garp_extra_if all 1"])
        .replace("10.77.0.100\n", "10.77.0.100\n 10.78.0.100 dev eth1\n");
    let a = scene.start(&text)?;
    let master = expect_log(&a, "(VI_1) Entering MASTER STATE")?.at;
    std::thread::sleep(Duration::from_millis(4600));
    let after: Vec<Duration> =
        capture.trace()?.announcements(elsewhere).map(|packet| elapsed(master, packet.at)).collect();
    // Five at once, five after the delay, then one each second; those on eth0 are not repeated.
    assert!((12..=14).contains(&after.len()), "{after:?}");
    assert_eq!(announced(&scene, master - QUANTUM)?.len(), 10);
    Ok(())
}

#[test]
fn c87_refreshes_begin_a_delay_and_a_period_after_the_role() -> Result<()> {
    let scene = Scene::new()?;
    let a = scene.start(&plain(&["garp_master_delay 1", "garp_master_refresh 2"]))?;
    let master = expect_log(&a, "(VI_1) Entering MASTER STATE")?.at;
    std::thread::sleep(Duration::from_millis(5700));
    let after: Vec<Duration> =
        announced(&scene, master - QUANTUM)?.into_iter().map(|(at, _)| elapsed(master, at)).collect();
    // Five at once, five after the delay, then one each at 3 s and 5 s.
    assert_eq!(after.len(), 12, "{after:?}");
    for (at, wanted) in after[10..].iter().zip([3000, 5000]) {
        let wanted = Duration::from_millis(wanted);
        assert!(at.abs_diff(wanted) <= Duration::from_millis(300), "{at:?}, not {wanted:?}");
    }
    Ok(())
}

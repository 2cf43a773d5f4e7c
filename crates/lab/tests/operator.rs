//! What an operator does to a running pair: switchovers and maintenance with `keepalivedctl`.

mod common;

use std::net::IpAddr;
use std::time::SystemTime;

use common::ctl::{answer, ctl};
use common::{INTERVAL, PATIENCE, Pair, address_a, address_b, expect_log, instance, vip, with_log};
use keepalived_lab::{Classic, Daemon, Program, Result, Signal, processes};

/// The classic pair, with ours on both sides.
fn pair() -> Result<(Pair, Daemon, Daemon)> {
    let pair = Pair::new()?;
    let (a, b) = pair.start(Program::Ours, Program::Ours)?;
    Ok((pair, a, b))
}

/// The other node speaks as MASTER, for some adverts from now on.
fn expect_adverts_of_b(pair: &Pair, count: usize) -> Result<()> {
    for _ in 0..count {
        pair.capture.wait_for("an advert of node b", SystemTime::now(), PATIENCE, |packet| {
            packet.advert().is_some_and(|advert| advert.source == address_b() && advert.priority == 100)
        })?;
    }
    Ok(())
}

#[test]
fn a_master_gives_way_until_it_is_told_to_return() -> Result<()> {
    let (pair, a, b) = pair()?;
    let said = answer(&a, &["switchover", "VI_1"])?;
    assert_eq!(said, "VI_1: 10.77.0.2 is MASTER now, with priority 100.\n");
    pair.b.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &b))?;
    pair.a.wait_for_no_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    expect_adverts_of_b(&pair, 5)?;
    let status = answer(&a, &["status"])?;
    assert!(status.contains("BACKUP") && status.contains("10.77.0.2 (100), given way to"), "{status}");
    let why = answer(&a, &["explain", "VI_1"])?;
    assert!(why.contains("because it gave way, and 10.77.0.2 is master with priority 100"), "{why}");
    assert!(why.contains("switchover --return"), "{why}");

    let refused = ctl(&a, &[], &["switchover", "VI_1"])?;
    assert_eq!(refused.status, Some(1));
    let reason = "VI_1 is not MASTER here: 10.77.0.2 is, with priority 100; run it on that node";
    assert!(refused.err.contains(reason), "{}", refused.err);
    assert_eq!(ctl(&a, &[], &["switchover", "VI_9"])?.status, Some(1));

    answer(&a, &["switchover", "--return"])?;
    pair.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    pair.b.wait_for_no_address(vip(), PATIENCE).map_err(|error| with_log(error, &b))?;
    let nothing = ctl(&a, &[], &["switchover", "--return", "VI_1"])?;
    assert!(nothing.err.contains("VI_1 has not given way"), "{}", nothing.err);
    let history = answer(&a, &["history"])?;
    assert!(
        history.contains("MASTER -> BACKUP, priority 150, because an operator had it give way"),
        "{history}"
    );
    Ok(())
}

/// A crash of the process is no reason to push the other one aside; a restart of the daemon is.
#[test]
fn who_gave_way_stands_back_through_a_crash() -> Result<()> {
    let (pair, mut a, b) = pair()?;
    answer(&a, &["switchover", "VI_1"])?;
    pair.b.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &b))?;
    let killed = SystemTime::now();
    for _ in 0..2 {
        let old = a.vrrp_pid()?;
        processes::send(old, Signal::Kill)?;
        a.wait_for_new_vrrp_pid(old, PATIENCE)?;
    }
    // Longer than its own Master_Down_Interval.
    expect_adverts_of_b(&pair, 6)?;
    let trace = pair.capture.trace()?;
    let ours = trace.adverts_from(address_a()).filter(|timed| timed.at >= killed).count();
    assert_eq!(ours, 0, "it came back by itself:\n{}", a.log().text());
    assert!(answer(&a, &["status"])?.contains("given way to"));
    answer(&a, &["switchover", "--return"])?;
    pair.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    answer(&a, &["switchover", "VI_1"])?;
    assert!(a.stop()?.success());
    drop(a);
    let a = Daemon::start(&pair.a, Program::Ours, &Classic::master().text())?;
    pair.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    Ok(())
}

#[test]
fn a_switchover_to_nobody_is_refused_and_the_role_comes_back() -> Result<()> {
    let pair = Pair::new()?;
    let a = Daemon::start(&pair.a, Program::Ours, &Classic::master().text())?;
    pair.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    let refused = ctl(&a, &[], &["switchover", "VI_1"])?;
    assert_eq!(refused.status, Some(1), "{}", refused.out);
    assert!(refused.err.contains("no peer was heard to take over, VI_1 is MASTER again"), "{}", refused.err);
    pair.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    Ok(())
}

#[test]
fn who_gave_way_takes_over_when_the_other_one_dies() -> Result<()> {
    let (pair, a, mut b) = pair()?;
    answer(&a, &["switchover", "VI_1"])?;
    expect_adverts_of_b(&pair, 1)?;
    common::power_off(&mut b)?;
    pair.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    expect_log(&a, "(VI_1) no longer stands back after a switchover")?;
    Ok(())
}

#[test]
fn a_sync_group_gives_way_as_a_whole() -> Result<()> {
    let other = IpAddr::from([10, 77, 0, 101]);
    let text = |priority: &str| {
        let member = |name: &str, vrid: &str, address: &str| {
            let (vrid, priority) = (format!("virtual_router_id {vrid}"), format!("priority {priority}"));
            instance(name, &[&vrid, &priority, "virtual_ipaddress {", address, "}"])
        };
        let group = "vrrp_sync_group G {\n    group {\n        VI_1\n        VI_2\n    }\n}\n";
        format!("{group}{}{}", member("VI_1", "51", "10.77.0.100"), member("VI_2", "52", "10.77.0.101"))
    };
    let pair = Pair::new()?;
    let a = Daemon::start(&pair.a, Program::Ours, &text("150"))?;
    pair.a.wait_for_address(other, PATIENCE).map_err(|error| with_log(error, &a))?;
    let b = Daemon::start(&pair.b, Program::Ours, &text("100"))?;
    expect_log(&b, "(VI_2) Entering BACKUP STATE")?;
    let said = answer(&a, &["switchover", "VI_2"])?;
    assert!(said.contains("VI_1: 10.77.0.2") && said.contains("VI_2: 10.77.0.2"), "{said}");
    for address in [vip(), other] {
        pair.b.wait_for_address(address, PATIENCE).map_err(|error| with_log(error, &b))?;
        pair.a.wait_for_no_address(address, PATIENCE).map_err(|error| with_log(error, &a))?;
    }
    answer(&a, &["switchover", "--return", "G"])?;
    for address in [vip(), other] {
        pair.a.wait_for_address(address, PATIENCE).map_err(|error| with_log(error, &a))?;
    }
    Ok(())
}

#[test]
fn maintenance_keeps_a_node_out_through_restarts_and_crashes() -> Result<()> {
    let (pair, mut a, mut b) = pair()?;
    let banner = "In maintenance: nothing here becomes MASTER until `keepalivedctl maintenance off`.\n";
    assert_eq!(answer(&a, &["maintenance"])?, "off\n");
    assert_eq!(answer(&a, &["maintenance", "on"])?, banner);
    pair.b.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &b))?;
    pair.a.wait_for_no_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    assert!(answer(&a, &["status"])?.starts_with(banner));
    assert!(answer(&a, &["explain", "VI_1"])?.starts_with(banner));
    let line = "Maintenance: no instance becomes MASTER until keepalivedctl maintenance off";
    expect_log(&a, line)?;

    let old = a.vrrp_pid()?;
    processes::send(old, Signal::Kill)?;
    a.wait_for_new_vrrp_pid(old, PATIENCE)?;
    expect_adverts_of_b(&pair, 2)?;
    assert!(a.stop()?.success());
    drop(a);
    let a = Daemon::start(&pair.a, Program::Ours, &Classic::master().text())?;
    expect_log(&a, line)?;
    expect_log(&a, "(VI_1) Entering BACKUP STATE")?;
    a.reload(&Classic::master().line("garp_master_repeat 3").text())?;
    expect_adverts_of_b(&pair, 5)?;
    assert!(b.stop()?.success());
    pair.b.wait_for_no_address(vip(), PATIENCE)?;
    // Nobody is MASTER now, for longer than a backup would wait.
    std::thread::sleep(INTERVAL * 5);
    assert!(!pair.a.has_address(vip())?, "{}", a.log().text());
    assert_eq!(answer(&a, &["maintenance"])?, "on\n");

    assert_eq!(answer(&a, &["maintenance", "off"])?, "Maintenance is over.\n");
    pair.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    assert!(!pair.a.host_path("/run/keepalived.maintenance")?.exists());
    assert_eq!(ctl(&a, &[], &["maintenance", "sometimes"])?.status, Some(2));
    Ok(())
}

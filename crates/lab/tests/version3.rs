//! VRRP version 3: IPv6 pairs of both programs, and FRR's vrrpd, which speaks nothing else.

mod common;

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use common::{PATIENCE, Pair, address_a, address_b, vip, with_log};
use keepalived_lab::{Daemon, Frr, Program, Result, VirtualRouter, bounds, elapsed};

const INTERVAL: Duration = Duration::from_secs(1);

fn instance(state: &str, priority: u8, addresses: &str) -> String {
    format!(
        "global_defs {{\n    vrrp_version 3\n}}\nvrrp_instance VI_1 {{\n    state {state}\n    interface eth0\n    \
         virtual_router_id 51\n    priority {priority}\n    advert_int 1\n    virtual_ipaddress {{\n{addresses}    }}\n}}\n"
    )
}

fn ipv6_pair_hands_over(master: Program, backup: Program) -> Result<()> {
    let addresses = "        fe80::77:100\n        fd77::100/64\n";
    let virtual_address: IpAddr = "fd77::100".parse().expect("an address");
    let pair = Pair::new()?;
    pair.a.add_address("eth0", "fd77::1/64")?;
    pair.b.add_address("eth0", "fd77::2/64")?;
    let mut a = Daemon::start(&pair.a, master, &instance("MASTER", 150, addresses))?;
    pair.a.wait_for_address(virtual_address, PATIENCE).map_err(|error| with_log(error, &a))?;
    let b = Daemon::start(&pair.b, backup, &instance("BACKUP", 100, addresses))?;
    b.wait_for_log("(VI_1) Entering BACKUP STATE", PATIENCE)?;
    std::thread::sleep(bounds::master_down_v3(100, INTERVAL) + Duration::from_millis(500));
    assert!(!pair.b.has_address(virtual_address)?, "the backup did not hear the master:\n{}", b.log().text());

    let stopped = SystemTime::now();
    a.stop()?;
    pair.b.wait_for_address(virtual_address, PATIENCE).map_err(|error| with_log(error, &b))?;
    let trace = pair.capture.trace()?;
    let adverts: Vec<_> = trace.adverts().filter(|timed| timed.at >= stopped).collect();
    let release = adverts.iter().find(|timed| timed.advert.priority == 0).expect("priority 0");
    let taken =
        adverts.iter().find(|timed| timed.advert.priority == 100).expect("an advert of the new master");
    let waited = elapsed(release.at, taken.at);
    assert!(waited <= bounds::skew_v3(100, INTERVAL) + bounds::SLACK, "taken over after {waited:?}");
    assert_eq!(taken.advert.version, 3);
    assert_eq!(taken.advert.addresses.len(), 2);
    assert_eq!(taken.advert.ttl, 255);
    assert!(
        trace.announcements(virtual_address).any(|packet| packet.at >= taken.at),
        "no neighbour advertisement"
    );
    Ok(())
}

#[test]
fn ipv6_ours_then_ours() -> Result<()> {
    ipv6_pair_hands_over(Program::under_test(), Program::under_test())
}

#[test]
fn ipv6_ours_then_original() -> Result<()> {
    ipv6_pair_hands_over(Program::under_test(), Program::Debian)
}

#[test]
fn ipv6_original_then_ours() -> Result<()> {
    ipv6_pair_hands_over(Program::Debian, Program::under_test())
}

fn frr_router(priority: u8) -> VirtualRouter {
    VirtualRouter { vrid: 51, priority, interval: INTERVAL, address: vip(), prefix: 32 }
}

/// FRR as backup hears ours, takes over when ours stops, and gives way when ours returns.
#[test]
fn frr_backs_up_ours() -> Result<()> {
    let pair = Pair::new()?;
    let configuration = instance("MASTER", 150, "        10.77.0.100\n");
    let mut a = Daemon::start(&pair.a, Program::under_test(), &configuration)?;
    pair.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    let settled = SystemTime::now();
    let frr = Frr::start(&pair.b, &frr_router(100))?;
    frr.log().wait_for("Initialize -> Backup", PATIENCE)?;
    std::thread::sleep(bounds::master_down_v3(100, INTERVAL) + Duration::from_millis(500));
    let trace = pair.capture.trace()?;
    assert_eq!(
        trace.adverts_from(address_b()).count(),
        0,
        "FRR did not hear ours: {}",
        trace.describe(settled)
    );

    let stopped = SystemTime::now();
    a.stop()?;
    let bound = bounds::skew_v3(100, INTERVAL) + bounds::SLACK;
    pair.capture.wait_for("an advert of FRR", stopped, bound, |packet| {
        packet.advert().is_some_and(|advert| advert.source == address_b())
    })?;
    let returned = SystemTime::now();
    let a = Daemon::start(&pair.a, Program::under_test(), &configuration)?;
    pair.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    std::thread::sleep(INTERVAL * 2);
    let trace = pair.capture.trace()?;
    let first = trace.first_advert(address_a(), returned).expect("an advert of ours");
    let grace = first.at + Duration::from_millis(500);
    assert!(
        trace.first_advert(address_b(), grace).is_none(),
        "FRR did not give way: {}",
        trace.describe(returned)
    );
    Ok(())
}

/// Ours as backup hears FRR and takes over within the protocol's time when FRR is killed.
#[test]
fn ours_backs_up_frr() -> Result<()> {
    let pair = Pair::new()?;
    let mut frr = Frr::start(&pair.b, &frr_router(200))?;
    pair.capture
        .wait_for("an advert of FRR", SystemTime::UNIX_EPOCH, PATIENCE, |packet| packet.advert().is_some())?;
    let a = Daemon::start(&pair.a, Program::under_test(), &instance("BACKUP", 100, "        10.77.0.100\n"))?;
    a.wait_for_log("(VI_1) Entering BACKUP STATE", PATIENCE)?;
    std::thread::sleep(bounds::master_down_v3(100, INTERVAL) + Duration::from_millis(500));
    assert!(!pair.a.has_address(vip())?, "ours did not hear FRR:\n{}", a.log().text());

    frr.kill();
    pair.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    let trace = pair.capture.trace()?;
    let last = trace.adverts_from(address_b()).last().expect("adverts of FRR");
    let taken = trace.first_advert(address_a(), last.at).expect("an advert of ours");
    let waited = elapsed(last.at, taken.at);
    assert!(waited <= bounds::master_down_v3(100, INTERVAL) + bounds::SLACK, "taken over after {waited:?}");
    Ok(())
}

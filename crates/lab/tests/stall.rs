//! Stalls and partitions: what a paused machine and a broken switch do to a pair. Guards row 4.3 of the drop-in
//! contract: a stall is no reason to declare the peer dead.

mod common;

use std::time::{Duration, SystemTime};

use common::{INTERVAL, PATIENCE, Pair, address_a, address_b, vip, with_log};
use keepalived_lab::{Program, Result, Signal, bounds, processes};

/// The backup is frozen for longer than its master-down interval. When it thaws, the adverts of the meantime lie in its
/// socket: the master is alive.
#[test]
fn a_stalled_backup_reads_its_adverts_before_it_declares_the_master_dead() -> Result<()> {
    let pair = Pair::new()?;
    let (_a, b) = pair.start(Program::Debian, Program::under_test())?;
    let vrrp = b.vrrp_pid()?;
    for _ in 0..2 {
        let frozen = SystemTime::now();
        processes::send(vrrp, Signal::Stop)?;
        std::thread::sleep(bounds::master_down_v2(100, INTERVAL) + Duration::from_secs(1));
        processes::send(vrrp, Signal::Cont)?;
        std::thread::sleep(INTERVAL * 2);
        let trace = pair.capture.trace()?;
        let count = trace.adverts_from(address_b()).count();
        assert_eq!(count, 0, "a false take-over:\n{}\n{}", trace.describe(frozen), b.log().text());
        assert!(!pair.b.has_address(vip())?);
    }
    Ok(())
}

/// The master is frozen; the backup takes over. Thawed, the old master learns of it and does not fight.
fn a_stalled_master_gives_way_or_takes_back_at_once(master: Program, backup: Program) -> Result<()> {
    let pair = Pair::new()?;
    let (a, b) = pair.start(master, backup)?;
    let vrrp = a.vrrp_pid()?;
    processes::send(vrrp, Signal::Stop)?;
    pair.b.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &b))?;
    let thawed = SystemTime::now();
    processes::send(vrrp, Signal::Cont)?;
    // Of higher priority, it stays or becomes master; two masters may only be there for a moment.
    pair.b.wait_for_no_address(vip(), PATIENCE).map_err(|error| with_log(error, &b))?;
    std::thread::sleep(INTERVAL * 3);
    assert!(pair.a.has_address(vip())?, "{}", a.log().text());
    assert!(!pair.b.has_address(vip())?, "{}", b.log().text());
    let trace = pair.capture.trace()?;
    let settled = thawed + INTERVAL * 2;
    assert!(trace.first_advert(address_b(), settled).is_none(), "{}", trace.describe(thawed));
    Ok(())
}

#[test]
fn a_stalled_master_of_ours() -> Result<()> {
    a_stalled_master_gives_way_or_takes_back_at_once(Program::under_test(), Program::Debian)
}

/// Both sides of a partition have a master; when it heals, the better one remains and announces itself.
fn after_a_partition_the_better_master_remains(better: Program, other: Program) -> Result<()> {
    let pair = Pair::new()?;
    let (a, b) = pair.start(better, other)?;
    pair.lan.partition(&[&pair.b])?;
    pair.b.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &b))?;
    assert!(pair.a.has_address(vip())?, "{}", a.log().text());
    let healed = SystemTime::now();
    pair.lan.heal(&[&pair.b])?;
    pair.b.wait_for_no_address(vip(), INTERVAL * 2 + bounds::SLACK).map_err(|error| with_log(error, &b))?;
    assert!(pair.a.has_address(vip())?, "{}", a.log().text());
    std::thread::sleep(INTERVAL * 2);
    let trace = pair.capture.trace()?;
    let settled = healed + INTERVAL * 2;
    assert!(trace.first_advert(address_b(), settled).is_none(), "{}", trace.describe(healed));
    assert!(trace.first_advert(address_a(), settled).is_some(), "{}", trace.describe(healed));
    Ok(())
}

#[test]
fn a_partition_between_ours_and_the_original() -> Result<()> {
    after_a_partition_the_better_master_remains(Program::under_test(), Program::Debian)
}

#[test]
fn a_partition_between_the_original_and_ours() -> Result<()> {
    after_a_partition_the_better_master_remains(Program::Debian, Program::under_test())
}

//! Crashes: any process is killed with SIGKILL, and nobody outside notices more than the protocol allows. Guards row
//! 4.2 of the drop-in contract: no orphan address, no gap.

mod common;

use std::net::IpAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use common::{INTERVAL, PATIENCE, Pair, address_a, address_b, vip, with_log};
use keepalived_lab::{Classic, Daemon, Error, Program, Result, Signal, bounds, processes};

/// The VRRP process dies: its successor adopts the address; the backup never has a reason to move.
#[test]
fn a_killed_vrrp_process_leaves_no_gap_and_keeps_the_address() -> Result<()> {
    let pair = Pair::new()?;
    let (a, b) = pair.start(Program::under_test(), Program::Debian)?;
    let killed = SystemTime::now();
    let old = a.vrrp_pid()?;
    let before = pair.client.answers().len();
    processes::send(old, Signal::Kill)?;
    let new = a.wait_for_new_vrrp_pid(old, PATIENCE)?;
    assert!(new != a.pid(), "the parent is not the VRRP process");
    a.wait_for_log("VRRP child process", PATIENCE)?;
    let watched = bounds::master_down_v2(100, INTERVAL) + bounds::SLACK;
    let until = killed + watched;
    while SystemTime::now() < until {
        assert!(pair.a.has_address(vip())?, "the address was away:\n{}", a.log().text());
        std::thread::sleep(Duration::from_millis(20));
    }
    let trace = pair.capture.trace()?;
    assert_eq!(trace.adverts_from(address_b()).count(), 0, "the backup took over:\n{}", b.log().text());
    assert!(trace.adverts_from(address_a()).all(|timed| timed.advert.priority == 150), "priority 0 was sent");
    let gap = trace.longest_gap(killed - INTERVAL, SystemTime::now()).expect("adverts");
    assert!(gap < bounds::master_down_v2(100, INTERVAL), "adverts {gap:?} apart");
    assert!(pair.client.answers().len() > before, "the client hears nobody");
    Ok(())
}

/// The process dies when it has the address and the supervisor has not heard yet that it is MASTER, because the thread
/// that tells it is slow: its successor adopts the address all the same.
#[test]
fn a_process_that_is_killed_before_it_could_tell_that_it_is_master_is_adopted() -> Result<()> {
    let pair = Pair::new()?;
    let a = Daemon::start(&pair.a, Program::Ours, &Classic::master().text())?;
    a.wait_for_log("(VI_1) Entering BACKUP STATE", PATIENCE)?;
    let (old, mark) = (a.wait_for_new_vrrp_pid(0, PATIENCE)?, a.log().mark());
    let slow = SlowHelper::of(old)?;
    pair.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    assert_eq!(a.log().count_since(mark, "Entering MASTER"), 0, "it has told: {}", a.log().text());
    processes::send(old, Signal::Kill)?;
    // Its tracer would keep it from ending.
    drop(slow);
    a.wait_for_new_vrrp_pid(old, PATIENCE)?;
    let until = SystemTime::now() + bounds::master_down_v2(100, INTERVAL) + bounds::SLACK;
    while SystemTime::now() < until {
        assert!(pair.a.has_address(vip())?, "the address was away:\n{}", a.log().text());
        std::thread::sleep(Duration::from_millis(20));
    }
    let trace = pair.capture.trace()?;
    assert!(trace.adverts_from(address_a()).all(|timed| timed.advert.priority == 150), "priority 0 was sent");
    Ok(())
}

/// Every write of the second thread of a process takes many seconds.
struct SlowHelper(Child);

impl SlowHelper {
    fn of(pid: u32) -> Result<Self> {
        let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).map_err(Error::io("listing threads"))?;
        let names = tasks.filter_map(|task| task.ok()?.file_name().into_string().ok());
        let helper = names.filter(|name| *name != pid.to_string()).max();
        let helper = helper.ok_or_else(|| Error::Unexpected("there is one thread only".to_owned()))?;
        let writes = "write,writev,sendto,sendmsg";
        let child = Command::new("strace")
            .args(["-q", "-p", &helper, "-e", &format!("trace={writes}")])
            .args(["-e", &format!("inject={writes}:delay_enter=60000000")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(Error::io("starting strace"))?;
        let slow = Self(child);
        let status = format!("/proc/{pid}/task/{helper}/status");
        let deadline = Instant::now() + PATIENCE;
        while !std::fs::read_to_string(&status)
            .unwrap_or_default()
            .contains(&format!("TracerPid:\t{}", slow.0.id()))
        {
            if Instant::now() > deadline {
                return Err(Error::Unexpected("strace does not attach".to_owned()));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(slow)
    }
}

impl Drop for SlowHelper {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The successor of a killed process finds a FIFO that it did not make. It goes at the end all the same.
#[test]
fn a_fifo_that_a_killed_process_made_is_removed_at_the_end() -> Result<()> {
    let pair = Pair::new()?;
    let text = format!(
        "global_defs {{\n script_user root\n notify_fifo /run/made\n vrrp_notify_fifo /run/theirs\n}}\n{}",
        Classic::master().text()
    );
    let [made, theirs] = ["/run/made", "/run/theirs"].map(|path| pair.a.host_path(path));
    let (made, theirs) = (made?, theirs?);
    let status = Command::new("mkfifo").arg(&theirs).status();
    assert!(status.is_ok_and(|status| status.success()));
    let mut a = Daemon::start(&pair.a, Program::under_test(), &text)?;
    a.wait_for_log("(VI_1) Entering MASTER STATE", PATIENCE)?;
    assert!(made.exists());
    let (old, mark) = (a.vrrp_pid()?, a.log().mark());
    processes::send(old, Signal::Kill)?;
    a.wait_for_new_vrrp_pid(old, PATIENCE)?;
    a.log().wait_for_since(mark, "VRRP sockpool", PATIENCE)?;
    assert!(made.exists(), "its successor writes there");
    a.stop()?;
    assert!(!made.exists(), "what the daemon made it removes");
    assert!(theirs.exists(), "it was there before");
    Ok(())
}

/// The parent dies: nobody may run unsupervised, so the children stop in order, with priority 0 and without addresses.
fn a_killed_parent_takes_its_children_along_in_order(program: Program) -> Result<()> {
    let pair = Pair::new()?;
    let (mut a, b) = pair.start(program, Program::Debian)?;
    let children = a.descendants();
    assert!(!children.is_empty());
    let killed = SystemTime::now();
    a.signal(Signal::Kill)?;
    a.wait_exit(PATIENCE)?;
    for &child in &children {
        processes::wait_gone(child, PATIENCE).map_err(|error| with_log(error, &a))?;
    }
    pair.a.wait_for_no_address(vip(), bounds::SLACK).map_err(|error| with_log(error, &a))?;
    pair.b.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &b))?;
    let trace = pair.capture.trace()?;
    let last = trace.adverts_from(address_a()).last().expect("adverts");
    assert_eq!(last.advert.priority, 0, "{}", trace.describe(killed));
    pair.return_of_a(program)?;
    Ok(())
}

#[test]
fn a_killed_parent_of_ours_takes_its_children_along() -> Result<()> {
    a_killed_parent_takes_its_children_along_in_order(Program::under_test())
}

/// Every process dies at once, addresses stay behind, and the next start has a configuration without one of them: all
/// of the leftovers that are configured go at once, and only what is configured comes back.
fn leftovers_of_a_crash_are_cleared(program: Program) -> Result<()> {
    let second = IpAddr::from([10, 77, 0, 101]);
    let pair = Pair::new()?;
    let two = Classic::master().text().replace("10.77.0.100", "10.77.0.100\n        10.77.0.101");
    let mut a = Daemon::start(&pair.a, program, &two)?;
    pair.a.wait_for_address(second, PATIENCE)?;
    a.kill_all()?;
    assert!(pair.a.has_address(vip())? && pair.a.has_address(second)?, "SIGKILL cannot remove addresses");

    let b = Daemon::start(&pair.b, Program::Debian, &two.replace("priority 150", "priority 200"))?;
    pair.b.wait_for_address(vip(), PATIENCE)?;
    // A better router holds the role: the returned node must not keep a single one of the addresses.
    let a = Daemon::start(&pair.a, program, &two)?;
    pair.a.wait_for_no_address(vip(), bounds::SLACK).map_err(|error| with_log(error, &a))?;
    pair.a.wait_for_no_address(second, bounds::SLACK).map_err(|error| with_log(error, &a))?;
    std::thread::sleep(bounds::master_down_v2(150, INTERVAL));
    assert!(!pair.a.has_address(vip())?, "{}", a.log().text());
    assert!(b.is_running());
    Ok(())
}

#[test]
fn leftovers_of_a_crash_of_ours_are_cleared() -> Result<()> {
    leftovers_of_a_crash_are_cleared(Program::under_test())
}

/// An address that was added by hand, and one of an interface's own, outlive start and stop.
#[test]
fn foreign_addresses_are_left_alone() -> Result<()> {
    let foreign = IpAddr::from([10, 77, 0, 55]);
    let pair = Pair::new()?;
    pair.a.add_address("eth0", "10.77.0.55/24")?;
    let mut a = Daemon::start(&pair.a, Program::under_test(), &Classic::master().text())?;
    pair.a.wait_for_address(vip(), PATIENCE)?;
    a.stop()?;
    assert!(!pair.a.has_address(vip())?);
    assert!(pair.a.has_address(foreign)? && pair.a.has_address(address_a())?);
    Ok(())
}

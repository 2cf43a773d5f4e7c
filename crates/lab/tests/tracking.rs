//! Groups and trackers between two nodes: what makes a healthy router give its role up.

mod common;

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use common::{INTERVAL, PATIENCE, Pair, address_a, vip, with_log};
use keepalived_lab::{Classic, Daemon, Program, Result, bounds};

/// The address of the second instance, on the second segment.
fn second_vip() -> IpAddr {
    IpAddr::from([10, 78, 0, 100])
}

/// Two instances on two interfaces in one group.
fn grouped(state: &str, priority: u8) -> String {
    let instance = |name: &str, interface: &str, vrid: u8, address: &str| {
        format!(
            "vrrp_instance {name} {{\n    state {state}\n    interface {interface}\n    virtual_router_id {vrid}\n    \
             priority {priority}\n    advert_int 1\n    virtual_ipaddress {{\n        {address}\n    }}\n}}\n"
        )
    };
    format!(
        "vrrp_sync_group G1 {{\n    group {{\n        VI_1\n        VI_2\n    }}\n}}\n{}{}",
        instance("VI_1", "eth0", 51, "10.77.0.100"),
        instance("VI_2", "eth1", 52, "10.78.0.100")
    )
}

/// One interface of the master fails: both instances move, and both come back.
fn a_group_moves_as_one(master: Program, backup: Program) -> Result<()> {
    let pair = Pair::new()?;
    pair.a.add_interface("eth1", "br1", &["10.78.0.1/24"])?;
    pair.b.add_interface("eth1", "br1", &["10.78.0.2/24"])?;
    let a = Daemon::start(&pair.a, master, &grouped("MASTER", 150))?;
    let on_a = |address| pair.a.wait_for_address(address, PATIENCE).map_err(|error| with_log(error, &a));
    on_a(vip())?;
    on_a(second_vip())?;
    let b = Daemon::start(&pair.b, backup, &grouped("BACKUP", 100))?;
    b.wait_for_log("(VI_2) Entering BACKUP STATE", PATIENCE)?;
    std::thread::sleep(INTERVAL * 2);

    let cut = SystemTime::now();
    pair.a.cut_link("eth1")?;
    for address in [vip(), second_vip()] {
        pair.b.wait_for_address(address, PATIENCE).map_err(|error| with_log(error, &b))?;
        pair.a.wait_for_no_address(address, bounds::SLACK).map_err(|error| with_log(error, &a))?;
    }
    a.wait_for_log("VRRP_Group(G1) Syncing instances to FAULT state", PATIENCE)?;
    let trace = pair.capture.trace()?;
    let release = trace.adverts_from(address_a()).find(|timed| timed.at >= cut && timed.advert.priority == 0);
    assert!(release.is_some(), "the healthy instance gave no notice:\n{}", trace.describe(cut));

    pair.a.restore_link("eth1")?;
    for address in [vip(), second_vip()] {
        on_a(address)?;
        pair.b.wait_for_no_address(address, bounds::SLACK).map_err(|error| with_log(error, &b))?;
    }
    Ok(())
}

/// A check script with a weight fails on the master: its priority falls below the backup's, which takes over; when the
/// check succeeds again, so does the master.
fn a_failing_check_moves_the_address(master: Program, backup: Program) -> Result<()> {
    let pair = Pair::new()?;
    let script = "global_defs {\n    enable_script_security\n    script_user root\n}\nvrrp_script chk {\n    \
                  script \"/usr/bin/test -e /run/healthy\"\n    interval 1\n    weight -60\n    fall 2\n    rise 2\n}\n";
    let master_configuration = Classic::master().line("track_script {").line("    chk").line("}");
    pair.a.write_file("/run/healthy", "")?;
    let a = Daemon::start(&pair.a, master, &format!("{script}{}", master_configuration.text()))?;
    pair.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    let b = Daemon::start(&pair.b, backup, &Classic::backup().text())?;
    b.wait_for_log("(VI_1) Entering BACKUP STATE", PATIENCE)?;
    std::thread::sleep(INTERVAL * 2);

    std::fs::remove_file(pair.a.host_path("/run/healthy")?).expect("it was written above");
    a.wait_for_log("VRRP_Script(chk) failed (exited with status 1)", PATIENCE)?;
    a.wait_for_log("(VI_1) Changing effective priority from 150 to 90", PATIENCE)?;
    pair.b.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &b))?;
    pair.a.wait_for_no_address(vip(), bounds::SLACK).map_err(|error| with_log(error, &a))?;

    pair.a.write_file("/run/healthy", "")?;
    a.wait_for_log("VRRP_Script(chk) succeeded", PATIENCE)?;
    a.wait_for_log("(VI_1) Changing effective priority from 90 to 150", PATIENCE)?;
    pair.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    pair.b.wait_for_no_address(vip(), bounds::SLACK).map_err(|error| with_log(error, &b))?;
    Ok(())
}

/// Notify scripts see each transition once, in order, with the arguments scripts in the field parse.
#[test]
fn notify_scripts_are_told_every_transition_in_order() -> Result<()> {
    let pair = Pair::new()?;
    pair.a.write_file("/etc/keepalived/notify.sh", "#!/bin/sh\necho \"$@\" >> /run/notified\n")?;
    let security = "global_defs {\n    enable_script_security\n    script_user root\n}\n";
    let configuration = Classic::master()
        .line("notify /etc/keepalived/notify.sh")
        .line("notify_stop \"/etc/keepalived/notify.sh stop\"");
    let text = format!("{security}{}", configuration.text());
    let mut a = Daemon::start(&pair.a, Program::under_test(), &text)?;
    pair.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    pair.a.cut_link("eth0")?;
    pair.a.wait_for_no_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    std::thread::sleep(Duration::from_millis(500));
    a.stop()?;
    let told = pair.a.read_file("/run/notified")?;
    let lines: Vec<&str> = told.lines().collect();
    let steps = ["INSTANCE VI_1 BACKUP 150", "INSTANCE VI_1 MASTER 150", "INSTANCE VI_1 FAULT 150"];
    assert_eq!(lines.get(..3), Some(steps.as_slice()), "{told}");
    assert!(lines[3..].contains(&"stop"), "{told}");
    assert!(lines[3..].contains(&"INSTANCE VI_1 STOP 150"), "{told}");
    Ok(())
}

#[test]
fn a_group_of_ours_moves_as_one() -> Result<()> {
    a_group_moves_as_one(Program::under_test(), Program::Debian)
}

#[test]
fn a_group_of_the_original_is_taken_over_by_ours() -> Result<()> {
    a_group_moves_as_one(Program::Debian, Program::under_test())
}

#[test]
fn a_failing_check_of_ours_moves_the_address() -> Result<()> {
    a_failing_check_moves_the_address(Program::under_test(), Program::Debian)
}

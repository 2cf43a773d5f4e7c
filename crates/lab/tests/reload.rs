//! Reloads: a bad configuration changes nothing, however often it comes; a good one is applied without a gap.
//! Guards row 4.1 of the drop-in contract.

mod common;

use std::time::{Duration, SystemTime};

use common::{INTERVAL, PATIENCE, Pair, address_a, address_b, vip, with_log};
use keepalived_lab::{Classic, Daemon, Program, Result, Signal, bounds};

/// Adverts of one sender may be this far apart when nothing is wrong.
const LARGEST_SPACING: Duration = Duration::from_millis(1500);

/// What the log says when a reload is refused; the beginning of the original's words under reload_check_config.
const REFUSED: &str = "New config failed validation";

/// Mistakes with which the original ends at a reload, its address left behind.
fn fatal_configurations() -> Vec<(&'static str, String)> {
    let good = Classic::master().text();
    vec![
        ("a VRID out of range", good.replace("virtual_router_id 51", "virtual_router_id 300")),
        ("a misspelt interface", good.replace("interface eth0", "interface eht0")),
        ("a quote that never ends", good.replace("auth_type PASS", "auth_type \"PASS")),
    ]
}

/// Damaged files: the original takes what it can read of them and gives addresses up.
fn damaged_configurations() -> Vec<(&'static str, String)> {
    let good = Classic::master().text();
    vec![
        ("no brace after virtual_ipaddress", good.replace("virtual_ipaddress {", "virtual_ipaddress")),
        ("no brace at the end", good.trim_end().trim_end_matches('}').to_owned()),
        ("no configuration at all", "this is { not a configuration".to_owned()),
        ("a malformed address", good.replace("10.77.0.100", "10.77.0.300")),
        ("binary rubbish", "\0\u{1}\u{2}\n".repeat(100)),
    ]
}

/// Each kind once, so that a failure names the kind.
#[test]
fn every_kind_of_bad_configuration_is_refused() -> Result<()> {
    let pair = Pair::new()?;
    let mut taken = Vec::new();
    let all = fatal_configurations().into_iter().chain(damaged_configurations());
    for (what, bad) in all {
        let mut a = Daemon::start(&pair.a, Program::under_test(), &Classic::master().text())?;
        // The address alone tells nothing: the last daemon was killed with it in place.
        a.wait_for_log("(VI_1) Entering MASTER STATE", PATIENCE)?;
        pair.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
        let mark = a.log().mark();
        a.reload(&bad)?;
        let refused = a.log().wait_for_since(mark, REFUSED, PATIENCE).is_ok();
        if !(refused && a.is_running() && pair.a.has_address(vip())?) {
            taken.push(what);
        }
        if a.is_running() {
            a.kill_all()?;
        }
    }
    assert!(taken.is_empty(), "taken for good: {}", taken.join(", "));
    Ok(())
}

#[test]
fn a_hundred_bad_reloads_change_nothing() -> Result<()> {
    let pair = Pair::new()?;
    let (a, b) = pair.start(Program::under_test(), Program::Debian)?;
    let vrrp = a.vrrp_pid()?;
    let began = SystemTime::now();
    let bad: Vec<_> = fatal_configurations().into_iter().chain(damaged_configurations()).collect();
    for index in 0..100 {
        let mark = a.log().mark();
        a.reload(&bad[index % bad.len()].1)?;
        a.log().wait_for_since(mark, REFUSED, PATIENCE).map_err(|error| with_log(error, &a))?;
        assert!(a.is_running(), "dead after {index} reloads:\n{}", a.log().text());
        assert!(pair.a.has_address(vip())?, "the address is gone after {index} reloads:\n{}", a.log().text());
    }
    // Three more adverts show that it still lives.
    std::thread::sleep(INTERVAL * 3);
    assert_eq!(a.vrrp_pid()?, vrrp, "the VRRP process was restarted");
    let ended = SystemTime::now();
    let trace = pair.capture.trace()?;
    let gap = trace.longest_gap(began, ended).expect("adverts");
    assert!(gap <= LARGEST_SPACING, "adverts {gap:?} apart");
    assert!(trace.adverts().filter(|timed| timed.at >= began).all(|timed| timed.advert.priority == 150));
    assert_eq!(trace.adverts_from(address_b()).count(), 0, "the backup spoke:\n{}", b.log().text());
    let outage = pair.client.longest_outage(began).expect("answers").length();
    assert!(outage <= LARGEST_SPACING, "the client waited {outage:?}");
    Ok(())
}

/// The log names what is wrong with the new configuration, with file, line and column.
#[test]
fn a_bad_reload_says_why() -> Result<()> {
    let pair = Pair::new()?;
    let a = Daemon::start(&pair.a, Program::under_test(), &Classic::master().text())?;
    a.wait_for_log("(VI_1) Entering BACKUP STATE", PATIENCE)?;
    let mark = a.log().mark();
    a.reload(&Classic::master().text().replace("virtual_router_id 51", "virtual_router_id 300"))?;
    a.log().wait_for_since(mark, "keepalived.conf:4:", PATIENCE).map_err(|error| with_log(error, &a))?;
    a.log().wait_for_since(mark, "300", PATIENCE).map_err(|error| with_log(error, &a))?;
    Ok(())
}

/// After bad ones, a good reload works: a second address comes, the first never goes.
#[test]
fn a_good_reload_after_a_bad_one_is_applied_without_a_gap() -> Result<()> {
    let second = std::net::IpAddr::from([10, 77, 0, 101]);
    let pair = Pair::new()?;
    let (a, b) = pair.start(Program::under_test(), Program::under_test())?;
    let began = SystemTime::now();
    a.reload(&fatal_configurations()[0].1)?;
    a.wait_for_log(REFUSED, PATIENCE).map_err(|error| with_log(error, &a))?;
    a.reload(&Classic::master().text().replace("10.77.0.100", "10.77.0.100\n        10.77.0.101"))?;
    pair.a.wait_for_address(second, PATIENCE).map_err(|error| with_log(error, &a))?;
    a.reload(&Classic::master().text())?;
    pair.a.wait_for_no_address(second, PATIENCE).map_err(|error| with_log(error, &a))?;
    std::thread::sleep(bounds::master_down_v2(100, INTERVAL));
    let trace = pair.capture.trace()?;
    assert_eq!(trace.adverts_from(address_b()).count(), 0, "the backup spoke:\n{}", b.log().text());
    assert!(
        trace
            .adverts_from(address_a())
            .filter(|timed| timed.at >= began)
            .all(|timed| timed.advert.priority == 150)
    );
    let gap = trace.longest_gap(began, SystemTime::now()).expect("adverts");
    assert!(gap <= LARGEST_SPACING, "adverts {gap:?} apart");
    let outage = pair.client.longest_outage(began).expect("answers").length();
    assert!(outage <= LARGEST_SPACING, "the client waited {outage:?}");
    Ok(())
}

/// What is configured for the process holds from the reload on, and what is no longer configured is taken back.
#[test]
fn a_reload_changes_priority_processors_memory_and_name() -> Result<()> {
    // Room enough: with the default of 10 ms a reload on a busy machine is the end of the original.
    let standing = |settings: &str| {
        format!("global_defs {{\nvrrp_rlimit_rttime 2000000\n{settings}\n}}\n{}", Classic::master().text())
    };
    let seen = |program: Program| -> Result<Vec<String>> {
        let pair = Pair::new()?;
        let a = Daemon::start(&pair.a, program, &standing("vrrp_rt_priority 20"))?;
        a.wait_for_log("(VI_1) Entering BACKUP STATE", PATIENCE)?;
        let pid = a.vrrp_pid()?.to_string();
        let look = || -> String {
            let shown =
                std::process::Command::new("ps").args(["-o", "comm=,cls=,rtprio=", "-p", &pid]).output();
            let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            let line =
                |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            let locked = line("VmLck:").trim() != "0 kB";
            let words = String::from_utf8_lossy(&shown.expect("ps").stdout).into_owned();
            let words: Vec<&str> = words.split_whitespace().collect();
            format!("{} locked {locked} on {}", words.join(" "), line("Cpus_allowed_list:").trim())
        };
        let mut all = vec![look()];
        for settings in
            ["vrrp_rt_priority 30\nvrrp_process_name other\nvrrp_no_swap\nvrrp_cpu_affinity 0", ""]
        {
            let mark = a.log().mark();
            a.reload(&standing(settings))?;
            a.log().wait_for_since(mark, "Reload complete", PATIENCE)?;
            all.push(look());
        }
        Ok(all)
    };
    let (ours, original) = (seen(Program::under_test())?, seen(Program::Debian)?);
    // The original keeps the processors it once had.
    let last = ours.last().map(|line| line.split(" on ").next().unwrap_or_default().to_owned());
    assert_eq!(ours[..2], original[..2]);
    assert_eq!(ours[1], "other RR 30 locked true on 0");
    assert_eq!(last.as_deref(), Some("keepalived TS - locked false"), "{ours:?} {original:?}");
    assert_eq!(ours[2].split(" on ").nth(1), ours[0].split(" on ").nth(1));
    Ok(())
}

/// The kernel doubles what is asked for (socket(7)).
#[test]
fn a_reload_sizes_the_netlink_sockets() -> Result<()> {
    let text = Classic::master().text();
    let pair = Pair::new()?;
    let a = Daemon::start(&pair.a, Program::under_test(), &text)?;
    a.wait_for_log("(VI_1) Entering BACKUP STATE", PATIENCE)?;
    let sizes = || keepalived_lab::sockets::netlink_receive_buffers(a.vrrp_pid()?);
    let usual = sizes()?;
    let reload = |settings: &str| -> Result<()> {
        let mark = a.log().mark();
        a.reload(&format!("global_defs {{\n{settings}\n}}\n{text}"))?;
        a.log().wait_for_since(mark, "Reload complete", PATIENCE).map(drop)
    };
    reload(
        "vrrp_netlink_cmd_rcv_bufs 50000\nvrrp_netlink_monitor_rcv_bufs 90000000\n\
         vrrp_netlink_monitor_rcv_bufs_force",
    )?;
    assert_eq!(sizes()?, [100_000, 180_000_000]);
    reload("")?;
    assert_eq!(sizes()?, usual);
    Ok(())
}

/// A priority that has risen by itself goes when `max_auto_priority` does.
#[test]
fn a_reload_takes_a_raised_priority_back() -> Result<()> {
    let automatic = "global_defs {\nmax_auto_priority 50\nmin_auto_priority_delay 1000\n}\n";
    let pair = Pair::new()?;
    let text = Classic::master().text();
    let a = Daemon::start(&pair.a, Program::under_test(), &format!("{automatic}{text}"))?;
    a.wait_for_log("(VI_1) Entering MASTER STATE", PATIENCE)?;
    let pid = a.vrrp_pid()?;
    let class = || -> String {
        let shown = std::process::Command::new("ps").args(["-o", "cls=", "-p", &pid.to_string()]).output();
        String::from_utf8_lossy(&shown.expect("ps").stdout).trim().to_owned()
    };
    keepalived_lab::processes::send(pid, Signal::Stop)?;
    std::thread::sleep(INTERVAL * 2);
    keepalived_lab::processes::send(pid, Signal::Cont)?;
    a.wait_for_log("Set realtime priority", PATIENCE)?;
    assert_eq!(class(), "RR");
    let mark = a.log().mark();
    a.reload(&text)?;
    a.log().wait_for_since(mark, "Reload complete", PATIENCE)?;
    assert_eq!(class(), "TS");
    Ok(())
}

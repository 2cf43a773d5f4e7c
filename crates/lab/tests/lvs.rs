//! Load balancing with real requests over real servers, in a kernel that has IPVS.

#[path = "common/ctl.rs"]
mod ctl;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use keepalived_lab::balanced::{PORT, SERVICE};
use keepalived_lab::second_kernel::{GuestTest, run_tests};
use keepalived_lab::{
    Balanced, Daemon, Error, IpvsRequests, Program, Request, Result, SecondKernel, Signal, processes,
    refusing_together, sends,
};

/// A guest's processes start slowly.
const PATIENCE: Duration = Duration::from_secs(20);

fn main() -> ExitCode {
    let tests = [
        GuestTest::new("a_dead_server_leaves_and_comes_back", a_dead_server_leaves_and_comes_back),
        GuestTest::new("a_killed_checker_process_disturbs_nobody", a_killed_checker_process_disturbs_nobody),
        GuestTest::new("a_reload_changes_what_changed", a_reload_changes_what_changed),
        GuestTest::new("what_somebody_removes_comes_back", what_somebody_removes_comes_back),
        GuestTest::new("servers_that_fail_at_one_moment_leave_in_one_send", one_send),
        GuestTest::new("an_operator_sees_who_is_down_and_since_when", who_is_down),
        GuestTest::new("dash_i_leaves_the_table", dash_i_leaves_the_table),
    ];
    run_tests(&SecondKernel::new().time_limit(Duration::from_secs(600)), &tests)
}

/// The nodes, made once, since a guest starts processes slowly: with an empty table, and all servers alive.
fn balanced() -> Result<MutexGuard<'static, Balanced>> {
    static NODES: LazyLock<Mutex<Balanced>> =
        LazyLock::new(|| Mutex::new(Balanced::new().expect("the guest has all that it takes")));
    let mut balanced = NODES.lock().unwrap_or_else(PoisonError::into_inner);
    for number in 1..=3 {
        balanced.kill(number);
        balanced.revive(number)?;
    }
    balanced.farm.director.namespace().exec(&["ipvsadm", "-C"])?;
    Ok(balanced)
}

fn destinations(table: &[String]) -> usize {
    table.iter().filter(|line| line.starts_with("-a")).count()
}

fn has(table: &[String], words: &str) -> bool {
    table.iter().any(|line| line.contains(words))
}

fn started(balanced: &Balanced, options: &[&str]) -> Result<Daemon> {
    let configuration = balanced.configuration();
    let program = keepalived_lab::Program::under_test();
    let daemon = Daemon::start_with(&balanced.farm.director, program, &configuration, options)?;
    balanced.farm.wait_for_table("three servers", PATIENCE, |table| destinations(table) == 3)?;
    Ok(daemon)
}

/// Everybody who answered since then; an error if a request failed.
fn answers(requests: &[Request]) -> Result<Vec<String>> {
    let answers = requests.iter().map(|request| request.answer.clone());
    let mut names = answers
        .collect::<std::result::Result<Vec<String>, String>>()
        .map_err(|error| Error::Unexpected(format!("a request failed: {error}")))?;
    names.sort();
    names.dedup();
    Ok(names)
}

fn pause(milliseconds: u64) {
    std::thread::sleep(Duration::from_millis(milliseconds));
}

fn a_dead_server_leaves_and_comes_back() -> Result<()> {
    let mut balanced = balanced()?;
    let mut daemon = started(&balanced, &[])?;
    let client = balanced.ask(Duration::from_millis(20))?;
    daemon.wait_for_log("TCP connection to [192.168.200.4]:tcp:80 success.", PATIENCE)?;
    let since = SystemTime::now();
    pause(500);
    assert_eq!(answers(&client.requests_since(since))?, ["rs1", "rs2", "rs3"]);

    balanced.kill(3);
    daemon.wait_for_log("Removing service [192.168.200.4]:tcp:80 from VS [172.16.0.100]:tcp:80", PATIENCE)?;
    balanced.farm.wait_for_table("two servers", PATIENCE, |table| destinations(table) == 2)?;
    let since = SystemTime::now();
    pause(1000);
    assert_eq!(answers(&client.requests_since(since))?, ["rs1", "rs2"], "nobody notices any more");

    balanced.revive(3)?;
    daemon.wait_for_log("Adding service [192.168.200.4]:tcp:80 to VS [172.16.0.100]:tcp:80", PATIENCE)?;
    balanced.farm.wait_for_table("three servers", PATIENCE, |table| destinations(table) == 3)?;
    let since = SystemTime::now();
    pause(500);
    assert_eq!(answers(&client.requests_since(since))?, ["rs1", "rs2", "rs3"]);

    daemon.stop()?;
    assert_eq!(balanced.farm.table()?, [""; 0]);
    Ok(())
}

fn a_killed_checker_process_disturbs_nobody() -> Result<()> {
    let mut balanced = balanced()?;
    let daemon = started(&balanced, &[])?;
    balanced.kill(3);
    balanced.farm.wait_for_table("two servers", PATIENCE, |table| destinations(table) == 2)?;
    // What a successor has to know is told once a second.
    pause(1500);
    let client = balanced.ask(Duration::from_millis(20))?;
    let old = daemon.pid_file("/run/checkers.pid")?;
    processes::send(old, Signal::Kill)?;
    daemon.wait_for_log("Healthcheck child process", PATIENCE)?;
    pause(2500);
    let new = daemon.pid_file("/run/checkers.pid")?;
    assert_ne!(old, new);
    assert_eq!(answers(&client.requests())?, ["rs1", "rs2"], "the dead server was not tried again");
    balanced.revive(3)?;
    balanced.farm.wait_for_table("three servers", PATIENCE, |table| destinations(table) == 3)
}

fn a_reload_changes_what_changed() -> Result<()> {
    let balanced = balanced()?;
    let daemon = started(&balanced, &[])?;
    let client = balanced.ask(Duration::from_millis(20))?;
    let configuration = balanced.configuration();
    daemon.reload(&configuration.replacen("TCP_CHECK", "weight 7\n        TCP_CHECK", 1))?;
    balanced.farm.wait_for_table("weight 7", PATIENCE, |table| has(table, "-w 7"))?;
    daemon.reload(&configuration.replace("lvs_sched rr", "lvs_sched wlc"))?;
    balanced.farm.wait_for_table("wlc", PATIENCE, |table| has(table, "-s wlc") && !has(table, "-w 7"))?;
    assert_eq!(answers(&client.requests())?, ["rs1", "rs2", "rs3"], "no request failed");
    Ok(())
}

fn what_somebody_removes_comes_back() -> Result<()> {
    let balanced = balanced()?;
    let _daemon = started(&balanced, &[])?;
    let foreign = ["ipvsadm", "-A", "-t", "172.16.0.1:99", "-s", "rr"];
    balanced.farm.director.namespace().exec(&foreign)?;
    balanced.farm.director.namespace().exec(&["ipvsadm", "-D", "-t", "172.16.0.100:80"])?;
    balanced.farm.wait_for_table("three servers", PATIENCE, |table| destinations(table) == 3)?;
    assert!(has(&balanced.farm.table()?, "172.16.0.1:99"), "what is foreign stays");
    Ok(())
}

fn dash_i_leaves_the_table() -> Result<()> {
    let balanced = balanced()?;
    let mut daemon = started(&balanced, &["-I"])?;
    daemon.stop()?;
    assert_eq!(destinations(&balanced.farm.table()?), 3);
    Ok(())
}

/// As many as one send holds: of what the machine has told already, nothing is left for a second one.
fn one_send() -> Result<()> {
    let balanced = balanced()?;
    let servers = (1000..2000).map(|port| SocketAddr::from(([192, 168, 200, 2], port)));
    let configuration = refusing_together(SocketAddr::new(SERVICE, PORT), servers);
    let requests = IpvsRequests::record(&balanced.farm.director)?;
    let _daemon = Daemon::start(&balanced.farm.director, Program::Ours, &configuration)?;
    let removals = requests.wait_for("DEL_DEST", 1000, PATIENCE)?;
    assert_eq!((removals.len(), sends(&removals)), (1000, 1), "requests and sends");
    Ok(())
}

fn who_is_down() -> Result<()> {
    let mut balanced = balanced()?;
    let daemon = started(&balanced, &[])?;
    balanced.kill(3);
    balanced.farm.wait_for_table("two servers", PATIENCE, |table| destinations(table) == 2)?;
    // The supervisor is told once a second.
    pause(1500);
    let status = ctl::answer(&daemon, &["status"])?;
    let row = |name: &str| {
        let line = status.lines().find(|line| line.trim_start().starts_with(name));
        line.map(str::to_owned).ok_or_else(|| Error::Unexpected(format!("no {name} in\n{status}")))
    };
    let service = row("[172.16.0.100]:tcp:80")?;
    assert!(
        service.contains(" up ") && service.contains(" s ") && service.contains("2 of 3 real servers up"),
        "{status}"
    );
    let dead = row("[192.168.200.4]:tcp:80")?;
    assert!(dead.contains(" down ") && dead.contains(" s ") && dead.contains("0/1"), "{status}");
    assert!(dead.contains("TCP_CHECK on service [192.168.200.4]:tcp:80 failed"), "{status}");
    assert!(row("[192.168.200.2]:tcp:80")?.contains(" up "), "{status}");
    let why = ctl::answer(&daemon, &["explain", "[172.16.0.100]:tcp:80"])?;
    assert!(why.contains("has had its quorum") && why.contains("2 of 3 real servers are up"), "{why}");
    assert!(why.contains("quorum 1, hysteresis 0: gained at weight 1, lost below 1"), "{why}");
    assert!(why.contains("[192.168.200.4]:tcp:80 has been down for "), "{why}");
    let json: serde_json::Value = serde_json::from_str(&ctl::answer(&daemon, &["status", "--json"])?)
        .map_err(|error| Error::Unexpected(error.to_string()))?;
    assert_eq!(json["snapshot"]["lvs"]["virtual_servers"][0]["quorum"], 1);
    let standings = json["standings"].as_array().cloned().unwrap_or_default();
    let down = standings.iter().find(|standing| standing["real_server"] == "[192.168.200.4]:tcp:80");
    assert!(down.is_some_and(|standing| standing["up"] == false && standing["since"].is_object()), "{json}");
    Ok(())
}

//! Load balancing with real requests over real servers, in a kernel that has IPVS.

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use keepalived_lab::second_kernel::{GuestTest, run_tests};
use keepalived_lab::{Balanced, Daemon, Error, Request, Result, SecondKernel, Signal, processes};

/// A guest's processes start slowly.
const PATIENCE: Duration = Duration::from_secs(20);

fn main() -> ExitCode {
    let tests = [
        GuestTest::new("a_dead_server_leaves_and_comes_back", a_dead_server_leaves_and_comes_back),
        GuestTest::new("a_killed_checker_process_disturbs_nobody", a_killed_checker_process_disturbs_nobody),
        GuestTest::new("a_reload_changes_what_changed", a_reload_changes_what_changed),
        GuestTest::new("what_somebody_removes_comes_back", what_somebody_removes_comes_back),
        GuestTest::new("dash_i_leaves_the_table", dash_i_leaves_the_table),
    ];
    run_tests(&SecondKernel::new().time_limit(Duration::from_secs(600)), &tests)
}

fn destinations(table: &str) -> usize {
    table.lines().filter(|line| line.starts_with("-a")).count()
}

fn started(balanced: &Balanced, options: &[&str]) -> Result<Daemon> {
    let configuration = balanced.configuration();
    let program = keepalived_lab::Program::under_test();
    let daemon = Daemon::start_with(&balanced.director, program, &configuration, options)?;
    balanced.wait_for_table("three servers", PATIENCE, |table| destinations(table) == 3)?;
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
    let mut balanced = Balanced::new()?;
    let mut daemon = started(&balanced, &[])?;
    let client = balanced.ask(Duration::from_millis(20))?;
    daemon.wait_for_log("TCP connection to [10.77.0.4]:tcp:80 success.", PATIENCE)?;
    let since = SystemTime::now();
    pause(500);
    assert_eq!(answers(&client.requests_since(since))?, ["rs2", "rs3", "rs4"]);

    balanced.kill(3)?;
    daemon.wait_for_log("Removing service [10.77.0.3]:tcp:80 from VS [172.16.0.100]:tcp:80", PATIENCE)?;
    balanced.wait_for_table("two servers", PATIENCE, |table| destinations(table) == 2)?;
    let since = SystemTime::now();
    pause(1000);
    assert_eq!(answers(&client.requests_since(since))?, ["rs2", "rs4"], "nobody notices any more");

    balanced.revive(3)?;
    daemon.wait_for_log("Adding service [10.77.0.3]:tcp:80 to VS [172.16.0.100]:tcp:80", PATIENCE)?;
    balanced.wait_for_table("three servers", PATIENCE, |table| destinations(table) == 3)?;
    let since = SystemTime::now();
    pause(500);
    assert_eq!(answers(&client.requests_since(since))?, ["rs2", "rs3", "rs4"]);

    daemon.stop()?;
    assert_eq!(balanced.table()?.trim(), "");
    Ok(())
}

fn a_killed_checker_process_disturbs_nobody() -> Result<()> {
    let mut balanced = Balanced::new()?;
    let daemon = started(&balanced, &[])?;
    balanced.kill(3)?;
    balanced.wait_for_table("two servers", PATIENCE, |table| destinations(table) == 2)?;
    // What a successor has to know is told once a second.
    pause(1500);
    let client = balanced.ask(Duration::from_millis(20))?;
    let old = daemon.pid_file("/run/checkers.pid")?;
    processes::send(old, Signal::Kill)?;
    daemon.wait_for_log("Healthcheck child process", PATIENCE)?;
    pause(4000);
    let new = daemon.pid_file("/run/checkers.pid")?;
    assert_ne!(old, new);
    assert_eq!(answers(&client.requests())?, ["rs2", "rs4"], "the dead server was not tried again");
    balanced.revive(3)?;
    balanced.wait_for_table("three servers", PATIENCE, |table| destinations(table) == 3)
}

fn a_reload_changes_what_changed() -> Result<()> {
    let balanced = Balanced::new()?;
    let daemon = started(&balanced, &[])?;
    let client = balanced.ask(Duration::from_millis(20))?;
    let configuration = balanced.configuration();
    daemon.reload(&configuration.replacen("TCP_CHECK", "weight 7\n        TCP_CHECK", 1))?;
    balanced.wait_for_table("weight 7", PATIENCE, |table| table.contains("-w 7"))?;
    daemon.reload(&configuration.replace("lvs_sched rr", "lvs_sched wlc"))?;
    balanced.wait_for_table("wlc", PATIENCE, |table| table.contains("-s wlc") && !table.contains("-w 7"))?;
    assert_eq!(answers(&client.requests())?, ["rs2", "rs3", "rs4"], "no request failed");
    Ok(())
}

fn what_somebody_removes_comes_back() -> Result<()> {
    let balanced = Balanced::new()?;
    let _daemon = started(&balanced, &[])?;
    let foreign = ["ipvsadm", "-A", "-t", "172.16.0.1:99", "-s", "rr"];
    balanced.director.namespace().exec(&foreign)?;
    balanced.director.namespace().exec(&["ipvsadm", "-D", "-t", "172.16.0.100:80"])?;
    balanced.wait_for_table("three servers", PATIENCE, |table| destinations(table) == 3)?;
    assert!(balanced.table()?.contains("172.16.0.1:99"), "what is foreign stays");
    Ok(())
}

fn dash_i_leaves_the_table() -> Result<()> {
    let balanced = Balanced::new()?;
    let mut daemon = started(&balanced, &["-I"])?;
    daemon.stop()?;
    assert_eq!(destinations(&balanced.table()?), 3);
    Ok(())
}

//! Track scripts and track files: the whole daemon, with real scripts and files, in a namespace of its own.

mod support;

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use support::{Daemon, Sandbox, assert_order, is_running, wait_until};

/// One instance, quick to be MASTER, that tracks `tracks`; before it `blocks`.
fn configuration(blocks: &str, tracks: &str) -> String {
    format!(
        "global_defs {{\n    vrrp_version 3\n    script_user root\n}}\n{blocks}\nvrrp_instance A {{\n    state BACKUP\n    \
         interface eth0\n    virtual_router_id 51\n    priority 100\n    advert_int 0.1\n    virtual_ipaddress {{\n        \
         10.77.0.100/24\n    }}\n    {tracks}\n}}\n"
    )
}

/// A `vrrp_script` block that runs `path` ten times a second.
fn script_block(name: &str, path: &str, more: &str) -> String {
    format!("vrrp_script {name} {{\n    script \"{path}\"\n    interval 0.1\n    timeout 2\n    {more}\n}}\n")
}

/// A sandbox whose script `check` exits with the number in the file `status`, at first `status`.
struct Checked {
    sandbox: Sandbox,
    status: PathBuf,
}

impl Checked {
    fn new(status: &str, more: &str, tracks: &str) -> Self {
        let sandbox = Sandbox::new("");
        let file = sandbox.path("status");
        let script = sandbox.script("check", &format!("#!/bin/sh\nexit $(cat {})\n", file.display()));
        sandbox.configure(&configuration(
            &script_block("chk", &script.display().to_string(), more),
            &format!("track_script {{\n        {tracks}\n    }}"),
        ));
        let checked = Self { sandbox, status: file };
        checked.set(status);
        checked
    }

    /// Replaced by renaming, so that the script never sees an empty file.
    fn set(&self, status: &str) {
        let new = self.status.with_extension("new");
        fs::write(&new, status).expect("written");
        fs::rename(&new, &self.status).expect("renamed");
    }
}

fn wait_for_address(daemon: &Daemon, present: bool) {
    wait_until(
        || daemon.addresses().contains("10.77.0.100/24") == present,
        || format!("the address to be there: {present}\n{}", daemon.text()),
    );
}

/// The process id that a script has written.
fn pid_in(path: &PathBuf) -> i32 {
    let read = || fs::read_to_string(path).ok().and_then(|text| text.trim().parse().ok());
    wait_until(|| read().is_some(), || format!("a process id in {}", path.display()));
    read().expect("it was there")
}

#[test]
fn an_instance_with_an_unweighted_script_becomes_master_after_its_first_success() {
    let checked = Checked::new("0", "", "chk");
    let mut daemon = checked.sandbox.foreground(&[]);
    daemon.expect("(A) Entering MASTER STATE");
    wait_for_address(&daemon, true);
    assert_order(
        &daemon.text(),
        &["VRRP_Script(chk) succeeded", "(A) Entering BACKUP STATE", "(A) Entering MASTER STATE"],
    );
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_script_that_fails_from_the_start_holds_the_instance_in_fault() {
    let checked = Checked::new("1", "", "chk");
    let mut daemon = checked.sandbox.foreground(&[]);
    daemon.expect("(A): entering FAULT state due to script chk");
    daemon.expect("(A) Entering FAULT STATE");
    assert!(!daemon.text().contains("MASTER"), "{}", daemon.text());
    checked.set("0");
    daemon.expect("(A) Entering MASTER STATE");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_failing_script_of_weight_0_is_a_fault_and_its_success_brings_the_master_back() {
    let checked = Checked::new("0", "rise 2\n    fall 2", "chk");
    let mut daemon = checked.sandbox.foreground(&[]);
    daemon.expect("(A) Entering MASTER STATE");
    wait_for_address(&daemon, true);
    checked.set("3");
    daemon.expect("(A) Entering FAULT STATE");
    wait_for_address(&daemon, false);
    checked.set("0");
    daemon.expect_times("(A) Entering MASTER STATE", 2);
    wait_for_address(&daemon, true);
    let story = [
        "VRRP_Script(chk) succeeded",
        "Script `chk` now returning 3",
        "VRRP_Script(chk) failed (exited with status 3)",
        "(A): entering FAULT state due to script chk",
        "(A) Entering FAULT STATE",
        "Script `chk` now returning 0",
        "VRRP_Script(chk) succeeded",
        "(A) Entering BACKUP STATE",
        "(A) Entering MASTER STATE",
    ];
    assert_order(&daemon.text(), &story);
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_weighted_script_changes_the_priority_and_nothing_else() {
    let checked = Checked::new("0", "weight 10", "chk");
    let mut daemon = checked.sandbox.foreground(&[]);
    daemon.expect("(A) Changing effective priority from 100 to 110");
    daemon.expect("(A) Entering MASTER STATE");
    checked.set("1");
    daemon.expect("(A) Changing effective priority from 110 to 100");
    checked.set("0");
    daemon.expect_times("(A) Changing effective priority from 100 to 110", 2);
    assert!(!daemon.text().contains("FAULT"), "{}", daemon.text());
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn c95_a_script_that_takes_too_long_has_failed_and_goes_with_everything_it_started() {
    let sandbox = Sandbox::new("");
    let (leader, child) = (sandbox.path("leader"), sandbox.path("child"));
    // The child does not care about SIGTERM, and nobody waits for it.
    let text = format!(
        "#!/bin/sh\n(trap '' TERM; sh -c 'echo $PPID' >{}; sleep 1000; sleep 1000) &\necho $$ >{}\nwait\n",
        child.display(),
        leader.display()
    );
    let script = sandbox.script("hangs", &text);
    let block = format!(
        "vrrp_script chk {{\n    script \"{}\"\n    interval 30\n    timeout 1\n}}\n",
        script.display()
    );
    sandbox.configure(&configuration(&block, "track_script {\n        chk\n    }"));
    let mut daemon = sandbox.foreground(&[]);
    let (leader, child) = (pid_in(&leader), pid_in(&child));
    assert!(is_running(leader) && is_running(child));
    daemon.expect("VRRP_Script(chk) timed_out");
    daemon.expect("(A): entering FAULT state due to script chk");
    wait_until(|| !is_running(leader) && !is_running(child), || "the group to end".to_owned());
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_turn_is_skipped_while_the_run_before_is_still_going() {
    let sandbox = Sandbox::new("");
    let script = sandbox.script("slow", "#!/bin/sh\nsleep 0.5\n");
    let block = script_block("chk", &script.display().to_string(), "");
    sandbox.configure(&configuration(&block, "track_script {\n        chk\n    }"));
    let mut daemon = sandbox.foreground(&[]);
    daemon.expect_times("Track script chk is already running, expect idle - skipping run", 3);
    daemon.expect("VRRP_Script(chk) succeeded");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn no_script_outlives_the_daemon() {
    let sandbox = Sandbox::new("");
    let pid = sandbox.path("pid");
    let text = format!("#!/bin/sh\ntrap '' TERM\necho $$ >{}\nwhile :; do sleep 0.1; done\n", pid.display());
    let script = sandbox.script("stubborn", &text);
    let block = format!(
        "vrrp_script chk {{\n    script \"{}\"\n    interval 60\n    weight 5\n}}\n",
        script.display()
    );
    sandbox.configure(&configuration(&block, "track_script {\n        chk\n    }"));
    let mut daemon = sandbox.foreground(&[]);
    let pid = pid_in(&pid);
    daemon.expect("(A) Entering MASTER STATE");
    assert_eq!(daemon.stop(), Some(0));
    wait_until(|| !is_running(pid), || "the script to end".to_owned());
}

#[test]
fn a_reload_keeps_results_and_restarts_what_has_changed() {
    let checked = Checked::new("0", "", "chk");
    let mut daemon = checked.sandbox.foreground(&[]);
    daemon.expect("(A) Entering MASTER STATE");
    daemon.signal(libc::SIGHUP);
    daemon.expect("Reload complete");
    daemon.expect("VRRP_Script(chk) considered successful on reload");
    let script = checked.sandbox.path("check").display().to_string();
    let tracks = "track_script {\n        chk\n    }";
    checked.sandbox.configure(&configuration(&script_block("chk", &script, "rise 3"), tracks));
    daemon.signal(libc::SIGHUP);
    daemon.expect_times("Reload complete", 2);
    daemon.expect_times("VRRP_Script(chk) considered successful on reload", 2);
    checked.set("1");
    daemon.expect("(A) Entering FAULT STATE");
    checked.sandbox.configure(&configuration("", ""));
    daemon.signal(libc::SIGHUP);
    daemon.expect_times("Reload complete", 3);
    daemon.expect_times("(A) Entering MASTER STATE", 2);
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_script_that_a_reload_removes_is_ended_and_a_file_is_not_written_again() {
    let sandbox = Sandbox::new("");
    let (pid, file) = (sandbox.path("pid"), sandbox.path("number"));
    let script = sandbox.script("long", &format!("#!/bin/sh\necho $$ >{}\nsleep 1000\n", pid.display()));
    let numbers = format!("track_file f {{\n    file {}\n    init_file 3 overwrite\n}}\n", file.display());
    let long = format!(
        "vrrp_script chk {{\n    script \"{}\"\n    interval 60\n    weight 5\n}}\n",
        script.display()
    );
    let tracks = "track_file {\n        f\n    }";
    let both = format!("{tracks}\n    track_script {{\n        chk\n    }}");
    sandbox.configure(&configuration(&(numbers.clone() + &long), &both));
    let mut daemon = sandbox.foreground(&[]);
    let pid = pid_in(&pid);
    fs::write(&file, "4").expect("written");
    daemon.expect("(A) Changing effective priority from 103 to 104");
    sandbox.configure(&configuration(&numbers, tracks));
    daemon.signal(libc::SIGHUP);
    daemon.expect("Reload complete");
    wait_until(|| !is_running(pid), || "the script to end".to_owned());
    assert_eq!(fs::read_to_string(&file).expect("it exists"), "4");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn the_number_in_a_file_changes_the_priority() {
    let sandbox = Sandbox::new("");
    let file = sandbox.path("number");
    let block = format!("track_file f {{\n    file {}\n    weight 2\n    init_file 3\n}}\n", file.display());
    sandbox.configure(&configuration(&block, "track_file {\n        f\n    }"));
    let mut daemon = sandbox.foreground(&[]);
    daemon.expect("(A) Entering MASTER STATE");
    assert_eq!(fs::read_to_string(&file).expect("it was written"), "3\n");
    assert!(!daemon.text().contains("Changing effective priority"), "it began with the number");
    fs::write(&file, "-0x10").expect("written");
    daemon.expect("(A) Changing effective priority from 106 to 68");
    let other = sandbox.path("other");
    fs::write(&other, "5").expect("written");
    fs::rename(&other, &file).expect("renamed");
    daemon.expect("(A) Changing effective priority from 68 to 110");
    fs::remove_file(&file).expect("removed");
    daemon.expect("(A) Changing effective priority from 110 to 100");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_file_of_weight_0_is_a_fault_unless_it_says_0() {
    let sandbox = Sandbox::new("");
    let file = sandbox.path("number");
    fs::write(&file, "1").expect("written");
    let block = format!("track_file f {{\n    file {}\n    weight 0\n}}\n", file.display());
    sandbox.configure(&configuration(&block, "track_file {\n        f\n    }"));
    let mut daemon = sandbox.foreground(&[]);
    daemon.expect("(A): tracked file f now FAULT state");
    assert!(!daemon.text().contains("BACKUP"), "it began with the number:\n{}", daemon.text());
    fs::write(&file, "0").expect("written");
    daemon.expect("(A): tracked file f leaving FAULT state");
    daemon.expect("(A) Entering MASTER STATE");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn bfd_sessions_that_nobody_watches_yet_keep_no_instance_from_working() {
    let blocks = "bfd_instance b {\n    \
        neighbor_ip 10.77.0.2\n    source_ip 10.77.0.1\n}\n";
    let tracks = "track_bfd {\n        b\n    }";
    let sandbox = Sandbox::new(&configuration(blocks, tracks));
    let started = Instant::now();
    let mut daemon = sandbox.foreground(&[]);
    daemon.expect("(A) Entering MASTER STATE");
    assert!(started.elapsed() < Duration::from_secs(10), "{}", daemon.text());
    daemon.expect("track_bfd has no effect yet");
    assert_eq!(daemon.stop(), Some(0));
}

//! Scripts that hang, fork, print 100 MB, are replaced and deleted; track files that are none; a FIFO that nobody reads.
//! The state stays right, the log says a line about each, adverts are on time, and nothing is left behind.

mod common;

use std::fs::{self, OpenOptions};
use std::io::{Read as _, Write as _};
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use common::{PATIENCE, all_side_by_side, with_log};
use keepalived_lab::{Daemon, Error, Lan, Node, Program, Result};

const INTERVAL: Duration = Duration::from_millis(500);
/// O_NONBLOCK of Linux.
const NON_BLOCKING: i32 = 0o4000;

fn vip() -> IpAddr {
    IpAddr::from([10, 77, 0, 100])
}

fn globals(more: &str) -> String {
    format!(
        "global_defs {{\n    vrrp_version 3\n    script_user root\n    enable_script_security\n    {more}\n}}\n"
    )
}

fn instance(name: &str, vrid: usize, address: &str, more: &str) -> String {
    format!(
        "vrrp_instance {name} {{\n    state BACKUP\n    interface eth0\n    virtual_router_id {vrid}\n    priority 100\n    \
         advert_int 0.5\n    virtual_ipaddress {{\n        {address}\n    }}\n    {more}\n}}\n"
    )
}

fn wait_until(what: &str, daemon: &Daemon, mut condition: impl FnMut() -> bool) -> Result<()> {
    let deadline = Instant::now() + PATIENCE * 2;
    while !condition() {
        if Instant::now() > deadline {
            return Err(with_log(Error::Unexpected(format!("waited in vain for {what}")), daemon));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// How many descriptors a process has when it is not just starting something.
fn descriptors(pid: u32) -> usize {
    let count = |_| {
        std::thread::sleep(Duration::from_millis(20));
        fs::read_dir(format!("/proc/{pid}/fd")).map_or(usize::MAX, Iterator::count)
    };
    (0..25).map(count).min().unwrap_or(usize::MAX)
}

fn replace(node: &Node, path: &str, text: &str) -> Result<()> {
    let new = format!("{path}.new");
    node.write_file(&new, text)?;
    fs::rename(node.host_path(&new)?, node.host_path(path)?).map_err(Error::io("renaming"))
}

/// 250 scripts that start together, beside the bad ones, all weighted, of one instance.
fn scripts() -> Result<()> {
    let lan = Lan::new()?;
    let node = lan.node("n", &["10.77.0.1/24"])?;
    let capture = lan.capture()?;
    let bad = [
        // Neither the script nor its child cares about SIGTERM.
        (
            "hangs",
            "#!/bin/sh\ntrap '' TERM\nsh -c \"trap '' TERM; sleep 1000; :\" &\nwait\nsleep 1000\n",
            "timeout 1",
        ),
        ("forks", "#!/bin/sh\nfor i in 1 2 3 4 5 6 7 8; do sleep 3 & done\nexit 0\n", "weight 1"),
        ("prints", "#!/bin/sh\nhead -c 100000000 /dev/zero\nhead -c 100000000 /dev/zero >&2\n", "timeout 20"),
        ("changes", "#!/bin/sh\nexit 0\n", "weight 3"),
    ];
    let mut text = globals("");
    let mut tracked = String::new();
    for (name, script, more) in bad {
        node.write_file(&format!("/etc/keepalived/{name}.sh"), script)?;
        text.push_str(&format!(
            "vrrp_script {name} {{\n    script /etc/keepalived/{name}.sh\n    interval 1\n    timeout 5\n    {more}\n}}\n"
        ));
        let weight = if more.contains("weight") { "" } else { " weight 2" };
        tracked.push_str(&format!("        {name}{weight}\n"));
    }
    for number in 0..250 {
        text.push_str(&format!(
            "vrrp_script good{number} {{\n    script /usr/bin/true\n    interval 5\n    timeout 5\n    weight 0\n}}\n"
        ));
        tracked.push_str(&format!("        good{number}\n"));
    }
    text.push_str(&instance("VI_1", 51, "10.77.0.100", &format!("track_script {{\n{tracked}    }}")));
    let mut daemon = Daemon::start(&node, Program::under_test(), &text)?;
    node.wait_for_address(vip(), PATIENCE * 2).map_err(|error| with_log(error, &daemon))?;
    let master_since = SystemTime::now();
    let vrrp = daemon.vrrp_pid()?;
    daemon.wait_for_log("VRRP_Script(hangs) timed_out", PATIENCE)?;
    daemon.wait_for_log("VRRP_Script(prints) succeeded", PATIENCE)?;
    // forks 1, prints 2, changes 3: whoever hangs adds nothing.
    let is_106 =
        |packet: &keepalived_lab::Packet| packet.advert().is_some_and(|advert| advert.priority == 106);
    capture.wait_for("an advert with priority 106", master_since, PATIENCE, is_106)?;
    let before = descriptors(vrrp);

    let mark = daemon.log().mark();
    replace(&node, "/etc/keepalived/changes.sh", "#!/bin/sh\nexit 7\n")?;
    daemon.log().wait_for_since(mark, "VRRP_Script(changes) failed (exited with status 7)", PATIENCE)?;
    daemon.log().wait_for_since(mark, "Changing effective priority from 106 to 103", PATIENCE)?;
    fs::remove_file(node.host_path("/etc/keepalived/changes.sh")?).map_err(Error::io("removing"))?;
    daemon.log().wait_for_since(mark, "Script `changes` now returning 126", PATIENCE)?;
    let mark = daemon.log().mark();
    node.write_file("/etc/keepalived/changes.sh", "#!/bin/sh\nexit 0\n")?;
    daemon.log().wait_for_since(mark, "VRRP_Script(changes) succeeded", PATIENCE)?;
    // The second 250 together, too.
    std::thread::sleep(Duration::from_secs(3));

    let gap = capture.trace()?.longest_gap(master_since, SystemTime::now()).unwrap_or_default();
    assert!(gap < INTERVAL * 3, "a backup would have taken over: no advert for {gap:?}");
    assert!(!daemon.log().text().contains("FAULT"), "{}", daemon.log().text());
    let after = descriptors(vrrp);
    assert!(after <= before, "{after} descriptors, {before} before");
    let scripts = daemon.descendants();
    assert_eq!(daemon.stop()?.code(), Some(0));
    wait_until("all scripts to end", &daemon, || {
        scripts.iter().all(|&pid| !keepalived_lab::processes::is_alive(pid))
    })
}

/// A FIFO, a directory, random bytes, a missing directory as track files.
fn files() -> Result<()> {
    let lan = Lan::new()?;
    let node = lan.node("n", &["10.77.0.1/24"])?;
    let capture = lan.capture()?;
    for directory in ["/run/directory", "/run/remade"] {
        node.write_file(&format!("{directory}/x"), "")?;
    }
    let fifo = node.host_path("/run/fifo")?;
    let made = Command::new("mkfifo").arg(&fifo).status();
    assert!(made.is_ok_and(|status| status.success()));
    node.write_file("/run/binary", [0_u8, 255, 1, 254].repeat(100_000))?;
    node.write_file("/run/long", format!("7{}", " 9".repeat(1_000_000)))?;
    std::os::unix::fs::symlink("remade/number", node.host_path("/run/link")?)
        .map_err(Error::io("linking"))?;
    let names =
        [("fifo", 1), ("directory", 1), ("binary", 1), ("long", 1), ("link", 2), ("missing/number", 10)];
    let mut text = globals("");
    let mut tracked = String::new();
    for (name, weight) in names {
        let tracker = name.replace('/', "_");
        text.push_str(&format!("track_file {tracker} {{\n    file /run/{name}\n    weight {weight}\n}}\n"));
        tracked.push_str(&format!("        {tracker}\n"));
    }
    text.push_str(&instance("VI_1", 51, "10.77.0.100", &format!("track_file {{\n{tracked}    }}")));
    let mut daemon = Daemon::start(&node, Program::under_test(), &text)?;
    node.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &daemon))?;
    let master_since = SystemTime::now();
    let priority = |priority: u8, mark: usize| {
        let line = format!("to {priority}");
        daemon.log().wait_for_since(mark, &line, PATIENCE).map(drop)
    };
    // Only the long one has a number: 107 from the start, told by nobody.
    for (path, value, expected) in
        [("/run/remade/number", "4", 115), ("/run/missing/number", "1", 125), ("/run/binary", "3", 128)]
    {
        let mark = daemon.log().mark();
        node.write_file(path, value)?;
        priority(expected, mark).map_err(|error| with_log(error, &daemon))?;
    }
    // Its directory goes, and comes back.
    let mark = daemon.log().mark();
    fs::remove_dir_all(node.host_path("/run/remade")?).map_err(Error::io("removing"))?;
    priority(120, mark)?;
    let mark = daemon.log().mark();
    node.write_file("/run/remade/number", "5")?;
    priority(130, mark)?;
    let mark = daemon.log().mark();
    replace(&node, "/run/remade/number", "6")?;
    priority(132, mark)?;
    // Somebody writes to the FIFO that is no number of ours to wait for.
    let mut writer = OpenOptions::new().read(true).write(true).open(&fifo).map_err(Error::io("opening"))?;
    writer.write_all(b"9\n").map_err(Error::io("writing"))?;
    node.write_file("/run/long", "8")?;
    daemon.log().wait_for_since(mark, "Changing effective priority", PATIENCE)?;
    std::thread::sleep(INTERVAL * 2);
    let gap = capture.trace()?.longest_gap(master_since, SystemTime::now()).unwrap_or_default();
    assert!(gap < INTERVAL * 3, "a backup would have taken over: no advert for {gap:?}");
    assert_eq!(daemon.stop()?.code(), Some(0));
    Ok(())
}

/// A full FIFO with sixty instances that write to it, and a reader who comes late.
fn a_fifo_that_nobody_reads() -> Result<()> {
    let lan = Lan::new()?;
    let node = lan.node("n", &["10.77.0.1/24"])?;
    let capture = lan.capture()?;
    node.write_file("/run/number", "0")?;
    let mut text = globals("notify_fifo /run/fifo\n    vrrp_notify_priority_changes");
    text.push_str("track_file number {\n    file /run/number\n}\n");
    for vrid in 1..=60 {
        let address = format!("10.77.1.{vrid}");
        let more = "track_file {\n        number\n    }";
        text.push_str(&instance(&format!("VI_{vrid}"), vrid, &address, more));
    }
    let mut daemon = Daemon::start(&node, Program::under_test(), &text)?;
    let last = IpAddr::from([10, 77, 1, 60]);
    node.wait_for_address(last, PATIENCE).map_err(|error| with_log(error, &daemon))?;
    let master_since = SystemTime::now();
    let fifo = node.host_path("/run/fifo")?;
    fill(&fifo);
    for number in 1..=30 {
        let mark = daemon.log().mark();
        node.write_file("/run/number", format!("{number}\n"))?;
        daemon.log().wait_for_since(
            mark,
            &format!("(VI_60) Changing effective priority from {} to {}", 99 + number, 100 + number),
            PATIENCE,
        )?;
    }
    daemon.wait_for_log("nobody reads, the oldest lines are lost", PATIENCE)?;
    let mut reader = OpenOptions::new()
        .read(true)
        .custom_flags(NON_BLOCKING)
        .open(&fifo)
        .map_err(Error::io("opening the FIFO"))?;
    let mut read = Vec::new();
    wait_until("the last line", &daemon, || {
        // Ends with "would block".
        drop(reader.read_to_end(&mut read));
        read.ends_with(b"INSTANCE \"VI_60\" MASTER_PRIORITY 130\n")
    })?;
    let text = String::from_utf8_lossy(&read).into_owned();
    assert_eq!(text.matches("MASTER_PRIORITY 130\n").count(), 60, "the news of last state is whole");
    daemon.wait_for_log("lines were lost", PATIENCE)?;
    assert_eq!(daemon.log().count_since(0, "nobody reads"), 1, "{}", daemon.log().text());
    let gap = capture.trace()?.longest_gap(master_since, SystemTime::now()).unwrap_or_default();
    assert!(gap < INTERVAL * 3, "no advert for {gap:?}");
    assert_eq!(daemon.stop()?.code(), Some(0));
    assert!(!fifo.exists());
    Ok(())
}

/// Writes until there is no room.
fn fill(fifo: &Path) {
    let mut options = OpenOptions::new();
    let mut file = options.write(true).read(true).custom_flags(NON_BLOCKING).open(fifo).expect("it is there");
    while file.write(&[b'#'; 4096]).is_ok() {}
    while file.write(b"\n").is_ok() {}
}

#[test]
fn bad_scripts_files_and_readers_change_nothing_else() -> Result<()> {
    all_side_by_side(&[
        ("scripts", scripts),
        ("files", files),
        ("a FIFO that nobody reads", a_fifo_that_nobody_reads),
    ])
}

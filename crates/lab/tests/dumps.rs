//! The files that signals ask for: both programs run one configuration, and exporters find the same in their files.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use keepalived_lab::{Daemon, Error, Lan, Program, Result, Signal};

/// Long enough for the three instances, and for a file.
const PATIENCE: Duration = Duration::from_secs(10);

const CONFIGURATION: &str = "\
global_defs {
    router_id RTR_A
    script_user root
    enable_script_security
}
vrrp_script chk {
    script \"/etc/keepalived/chk.sh one 'two three'\"
    interval 1
    weight -20
}
vrrp_sync_group G1 {
    group {
        VI_1
        VI_2
    }
}
vrrp_instance VI_1 {
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority 100
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass secret12
    }
    virtual_ipaddress {
        10.77.0.100/24 brd + dev eth0 label eth0:v1
        10.77.0.101/32
        10.77.0.102/24 no_track
    }
    virtual_ipaddress_excluded {
        10.77.0.120/24
        fd77::100/64
        fd77::101
    }
    track_interface {
        eth1
    }
    notify_master \"/etc/keepalived/notify.sh master\"
    notify \"/etc/keepalived/notify.sh any\"
    notify_deleted
}
vrrp_instance VI_2 {
    state BACKUP
    interface eth0
    virtual_router_id 52
    priority 100
    version 3
    advert_int 0.5
    nopreempt
    garp_master_refresh 60
    virtual_ipaddress {
        10.77.0.110/24
    }
}
vrrp_instance VI_3 {
    state BACKUP
    interface eth1
    virtual_router_id 53
    priority 120
    advert_int 1
    preempt_delay 7
    track_script {
        chk
    }
    virtual_ipaddress {
        10.78.0.100/24
    }
}
";

/// What the signals left behind.
struct Files {
    stats: String,
    cleared: String,
    json: String,
    json_mode: u32,
}

/// Waits for a file, takes it away, and returns its text and mode. Ours appears as a whole; 2.2.7's JSON does not.
fn take(daemon: &Daemon, signal: Signal, path: &str) -> Result<(String, u32)> {
    let host = daemon.node().host_path(path)?;
    daemon.signal(signal)?;
    let deadline = Instant::now() + PATIENCE;
    let text = loop {
        match std::fs::read_to_string(&host) {
            Ok(text) if text.ends_with('\n') => break text,
            Ok(half) => assert_eq!(daemon.program(), Program::Debian, "half a file was seen: {half}"),
            Err(_) if Instant::now() > deadline => {
                let seen = daemon.log().text();
                return Err(Error::TimedOut { waited_for: path.to_owned(), after: PATIENCE, seen });
            }
            Err(_) => std::thread::sleep(Duration::from_millis(10)),
        }
    };
    let mode = std::fs::metadata(&host).map_err(Error::io(path))?.permissions().mode();
    std::fs::remove_file(&host).map_err(Error::io(path))?;
    Ok((text, mode & 0o777))
}

fn observe(program: Program) -> Result<Files> {
    let lan = Lan::new()?;
    let node = lan.node("n", &["10.77.0.1/24"])?;
    node.add_interface("eth1", "br1", &["10.78.0.1/24"])?;
    for script in ["chk.sh", "notify.sh"] {
        node.write_file(&format!("/etc/keepalived/{script}"), "#!/bin/sh\nexit 0\n")?;
    }
    let mut daemon = Daemon::start(&node, program, CONFIGURATION)?;
    for instance in ["VI_1", "VI_2", "VI_3"] {
        daemon.wait_for_log(&format!("({instance}) Entering MASTER STATE"), PATIENCE)?;
    }
    let (stats, _) = take(&daemon, Signal::Usr2, "/tmp/keepalived.stats")?;
    let (json, json_mode) = take(&daemon, Signal::Json, "/tmp/keepalived.json")?;
    take(&daemon, Signal::StatsClear, "/tmp/keepalived.stats")?;
    let (cleared, _) = take(&daemon, Signal::Usr2, "/tmp/keepalived.stats")?;
    daemon.stop()?;
    Ok(Files { stats, cleared, json, json_mode })
}

/// Without what only later releases have, and without numbers that depend on the moment.
fn comparable(stats: &str) -> Vec<String> {
    let mut in_extension = false;
    let mut lines = Vec::new();
    for line in stats.lines() {
        in_extension =
            line == "  Authentication Extension Errors:" || (in_extension && line.starts_with("    "));
        if !in_extension {
            lines.push(if line.starts_with("    Sent: ") {
                "    Sent: N".to_owned()
            } else {
                line.to_owned()
            });
        }
    }
    lines
}

/// Every key and value in the order of the text.
fn members(json: &str) -> Vec<String> {
    let quoted_key =
        |text: &str| text.find("\":").map(|end| text[..end].rsplit('"').next().unwrap_or("").to_owned());
    let mut keys = Vec::new();
    let mut rest = json;
    while let Some(key) = quoted_key(rest) {
        rest = &rest[rest.find("\":").map_or(rest.len(), |at| at + 2)..];
        if !key.starts_with("auth_ext_") {
            keys.push(key);
        }
    }
    keys
}

/// Values that depend on the moment become their type, those that later releases hide become what they show.
fn values(json: &str) -> Result<serde_json::Value> {
    let mut whole: serde_json::Value =
        serde_json::from_str(json).map_err(|error| Error::Unexpected(format!("{error} in {json}")))?;
    for instance in whole.as_array_mut().into_iter().flatten() {
        for (part, key) in [("data", "last_transition"), ("stats", "advert_sent")] {
            assert!(instance[part][key].is_number(), "{part}.{key} in {json}");
            instance[part][key] = "a number".into();
        }
        if let Some(secret) = instance["data"].get_mut("auth_data") {
            *secret = "********".into();
        }
        if let Some(stats) = instance["stats"].as_object_mut() {
            stats.retain(|key, _| !key.starts_with("auth_ext_"));
        }
    }
    Ok(whole)
}

#[test]
fn exporters_find_the_originals_statistics_and_json() -> Result<()> {
    let original = std::thread::spawn(|| observe(Program::Debian));
    let ours = observe(Program::under_test())?;
    let original = original.join().expect("no panic")?;
    assert_eq!(comparable(&ours.stats), comparable(&original.stats));
    assert_eq!(members(&ours.json), members(&original.json), "{}\n{}", ours.json, original.json);
    assert_eq!(values(&ours.json)?, values(&original.json)?);
    assert!(ours.json.contains(r"\/etc\/keepalived\/notify.sh"), "slashes as the original writes them");
    assert_eq!(ours.json_mode, 0o600);
    assert!(ours.stats.contains("Became master: 1"));
    assert!(!ours.cleared.contains("Became master: 1"), "{}", ours.cleared);
    assert!(ours.cleared.contains("Became master: 0"), "{}", ours.cleared);
    Ok(())
}

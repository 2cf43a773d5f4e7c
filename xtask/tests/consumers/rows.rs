//! Consumers whose own code no registry has: what they rely on, by the rows of the drop-in contract (docs/compatibility.md).

use std::io::{BufRead as _, BufReader};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use keepalived_lab::{Classic, Daemon, Error, Lan, Program, Result, Signal};
use rustix::fs::inotify;

use crate::PATIENCE;

/// Row 2.3 (VyOS, the checkmk extension): they wait for IN_CLOSE_WRITE on the final name; a rename alone does not say that.
#[test]
fn a_watcher_of_the_final_name_hears_that_the_file_is_closed() -> Result<()> {
    let lan = Lan::new()?;
    let node = lan.node("n", &["10.77.0.1/24"])?;
    let daemon = Daemon::start(&node, Program::under_test(), &Classic::master().text())?;
    node.wait_for_address([10, 77, 0, 100].into(), PATIENCE)?;
    let failed = |errno: rustix::io::Errno| Error::Io { what: "watching /tmp".into(), source: errno.into() };
    let watch =
        inotify::init(inotify::CreateFlags::NONBLOCK | inotify::CreateFlags::CLOEXEC).map_err(failed)?;
    let directory = node.host_path("/tmp/x")?;
    let directory = directory.parent().expect("the node's /tmp");
    inotify::add_watch(&watch, directory, inotify::WatchFlags::CLOSE_WRITE).map_err(failed)?;
    for (signal, name) in [(Signal::Json, "keepalived.json"), (Signal::Usr2, "keepalived.stats")] {
        daemon.signal(signal)?;
        let deadline = Instant::now() + PATIENCE;
        while !closed(&watch).iter().any(|closed| closed == name) {
            assert!(Instant::now() < deadline, "nobody closed {name}\n{}", daemon.log().text());
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(!node.read_file(&format!("/tmp/{name}"))?.is_empty(), "{name} is empty");
    }
    Ok(())
}

/// The names of the files that were closed after writing since the last call.
fn closed(watch: &rustix::fd::OwnedFd) -> Vec<String> {
    let mut buffer = [std::mem::MaybeUninit::uninit(); 4096];
    let mut reader = inotify::Reader::new(watch, &mut buffer);
    let mut names = Vec::new();
    // It ends with the error that says that there is nothing more.
    while let Ok(event) = reader.next() {
        names.extend(event.file_name().map(|name| name.to_string_lossy().into_owned()));
    }
    names
}

/// Row 2.5 (redhat-cop's operator): one file for all nodes, lines chosen by `--config-id`, names with a slash.
#[test]
fn a_config_id_chooses_the_lines_and_a_name_may_have_a_slash() -> Result<()> {
    let text = Classic::backup().text().replace("vrrp_instance VI_1", "vrrp_instance ns/group");
    let text = text.replace("    priority 100\n", "@node1 priority 120\n@^node1 priority 110\n");
    for (id, priority) in [("node1", 120), ("node2", 110)] {
        let lan = Lan::new()?;
        let node = lan.node("n", &["10.77.0.1/24"])?;
        let option = format!("--config-id={id}");
        let daemon = Daemon::start_with(&node, Program::under_test(), &text, &[&option])?;
        daemon.wait_for_log("(ns/group) Entering MASTER STATE", PATIENCE)?;
        daemon.signal(Signal::Json)?;
        let deadline = Instant::now() + PATIENCE;
        let json = loop {
            match node.read_file("/tmp/keepalived.json") {
                Ok(json) => break json,
                Err(error) if Instant::now() > deadline => return Err(error),
                Err(_) => std::thread::sleep(Duration::from_millis(20)),
            }
        };
        let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(json[0]["data"]["iname"], "ns/group");
        assert_eq!(json[0]["data"]["base_priority"], priority);
    }
    Ok(())
}

/// Row 2.6 (VyOS): `^\w+ "[\w-]+" \w+ \d+$`.
fn vyos_understands(line: &str) -> bool {
    let is_word =
        |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let mut parts = line.splitn(3, '"');
    let (Some(kind), Some(name), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let Some((state, priority)) = rest.strip_prefix(' ').and_then(|rest| rest.split_once(' ')) else {
        return false;
    };
    kind.strip_suffix(' ').is_some_and(is_word)
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        && is_word(state)
        && !priority.is_empty()
        && priority.chars().all(|c| c.is_ascii_digit())
}

#[test]
fn vyos_understands_every_line_of_the_fifo() -> Result<()> {
    let lan = Lan::new()?;
    let node = lan.node("n", &["10.77.0.1/24"])?;
    let mut text = "global_defs {\n    vrrp_notify_fifo /run/vyos.fifo\n}\n".to_owned();
    text += &Classic::master().text().replace("vrrp_instance VI_1", "vrrp_instance eth0-10");
    text += "vrrp_sync_group MAIN {\n    group {\n        eth0-10\n    }\n}\n";
    let mut daemon = Daemon::start(&node, Program::under_test(), &text)?;
    let path = node.host_path("/run/vyos.fifo")?;
    let deadline = Instant::now() + PATIENCE;
    while !path.exists() {
        assert!(Instant::now() < deadline, "no FIFO\n{}", daemon.log().text());
        std::thread::sleep(Duration::from_millis(10));
    }
    let fifo =
        std::fs::File::open(&path).map_err(|source| Error::Io { what: "opening it".into(), source })?;
    let reader = std::thread::spawn(move || {
        BufReader::new(fifo).lines().map_while(std::result::Result::ok).collect::<Vec<String>>()
    });
    node.wait_for_address(IpAddr::from([10, 77, 0, 100]), PATIENCE)?;
    daemon.stop()?;
    let lines = reader.join().expect("the reader ends with the daemon");
    for wanted in
        ["INSTANCE \"eth0-10\" MASTER 150", "GROUP \"MAIN\" MASTER 0", "INSTANCE \"eth0-10\" STOP 150"]
    {
        assert!(lines.iter().any(|line| line == wanted), "{wanted} is not among {lines:?}");
    }
    for line in &lines {
        assert!(vyos_understands(line), "{line:?} in {lines:?}");
    }
    Ok(())
}

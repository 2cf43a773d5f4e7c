//! File systems that are full or read-only: each file that the daemon would write costs a line in the log and nothing else.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use common::ctl::{answer, ctl};
use common::{INTERVAL, PATIENCE, Pair, address_a, expect_log, vip, with_log};
use keepalived_lab::{Classic, Daemon, Error, Program, Result, Signal};

/// A file system of its own, which can be full or read-only, in place of a directory.
struct Small(PathBuf);

impl Small {
    fn mount(directory: PathBuf) -> Result<Self> {
        run(&["mount", "-t", "tmpfs", "-o", "size=64k,nr_inodes=64", "tmpfs"], &directory)?;
        Ok(Self(directory))
    }

    /// Not a byte is left, but there is room for names.
    fn fill(&self) -> Result<()> {
        let mut taken = 0;
        while std::fs::write(self.0.join(format!("filler{taken}")), [0; 4096]).is_ok() {
            taken += 1;
        }
        if (1..60).contains(&taken) { Ok(()) } else { Err(Error::Unexpected(format!("{taken} blocks"))) }
    }

    /// The names of everything that does not fill it.
    fn others(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter(|name| !name.starts_with("filler")).collect()
    }

    fn make_read_only(&self) -> Result<()> {
        run(&["mount", "-o", "remount,ro"], &self.0)
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _lazily_for_who_still_uses_it = run(&["umount", "--lazy"], &self.0);
    }
}

fn run(words: &[&str], directory: &Path) -> Result<()> {
    let status = Command::new(words[0]).args(&words[1..]).arg(directory).status();
    match status.map_err(Error::io(words[0]))?.success() {
        true => Ok(()),
        false => Err(Error::Unexpected(format!("{words:?} {} failed", directory.display()))),
    }
}

/// The node's directory that a program on it sees under this name.
fn seen_as(pair: &Pair, name: &str) -> Result<PathBuf> {
    let inside = pair.a.host_path(&format!("{name}/x"))?;
    Ok(inside.parent().unwrap_or(Path::new("/")).to_owned())
}

/// Adverts went on as if nothing had been: none is missing since `began`.
fn expect_regular_adverts(pair: &Pair, daemon: &Daemon, began: SystemTime) -> Result<()> {
    for _ in 0..3 {
        pair.capture.wait_for("an advert", SystemTime::now(), PATIENCE, |packet| {
            packet.advert().is_some_and(|advert| advert.source == address_a())
        })?;
    }
    let trace = pair.capture.trace()?;
    let times: Vec<SystemTime> =
        trace.adverts_from(address_a()).filter(|timed| timed.at >= began).map(|timed| timed.at).collect();
    let gaps = times.windows(2).map(|pair| keepalived_lab::elapsed(pair[0], pair[1]));
    let longest = gaps.max().unwrap_or(Duration::MAX);
    assert!(longest < INTERVAL * 3 / 2, "longest gap {longest:?}\n{}", daemon.log().text());
    Ok(())
}

#[test]
fn dumps_that_find_no_room_cost_a_line_each() -> Result<()> {
    let pair = Pair::new()?;
    let small = Small::mount(seen_as(&pair, "/tmp")?)?;
    let a = Daemon::start(&pair.a, Program::Ours, &Classic::master().text())?;
    pair.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    small.fill()?;
    let began = SystemTime::now();
    for (signal, files) in [
        (Signal::Usr1, &["keepalived_parent.data", "keepalived.data"][..]),
        (Signal::Usr2, &["keepalived.stats"]),
        (Signal::Json, &["keepalived.json"]),
    ] {
        let mark = a.log().mark();
        a.signal(signal)?;
        for file in files {
            a.log().wait_for_since(mark, &format!("/{file} (No space left on device"), PATIENCE)?;
        }
    }
    assert_eq!(small.others(), [""; 0], "not even half of a file is left, nor one of another name");
    small.make_read_only()?;
    let mark = a.log().mark();
    a.signal(Signal::Usr2)?;
    a.log().wait_for_since(mark, "Read-only file system", PATIENCE)?;
    expect_regular_adverts(&pair, &a, began)
}

#[test]
fn pid_files_and_maintenance_that_find_no_room_cost_a_line_each() -> Result<()> {
    let pair = Pair::new()?;
    let small = Small::mount(seen_as(&pair, "/run")?)?;
    small.fill()?;
    let mut a = Daemon::start(&pair.a, Program::Ours, &Classic::master().text())?;
    pair.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    assert!(a.log().text().matches("no pid file").count() >= 2, "{}", a.log().text());
    let began = SystemTime::now();
    answer(&a, &["reload"])?;
    expect_regular_adverts(&pair, &a, began)?;
    let said = ctl(&a, &[], &["maintenance", "on"])?;
    assert_eq!(said.status, Some(0), "{}", said.err);
    assert!(said.err.contains("a restart will not know of it"), "{}", said.err);
    assert!(!small.0.join("keepalived.maintenance").exists(), "half a file would count");
    pair.a.wait_for_no_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    answer(&a, &["maintenance", "off"])?;
    pair.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    assert!(a.stop()?.success());
    Ok(())
}

#[test]
fn a_read_only_run_keeps_nobody_from_starting() -> Result<()> {
    let pair = Pair::new()?;
    let small = Small::mount(seen_as(&pair, "/run")?)?;
    for directory in ["netns", "lab"] {
        std::fs::create_dir(small.0.join(directory)).map_err(Error::io("a directory"))?;
    }
    small.make_read_only()?;
    let mut a = Daemon::start(&pair.a, Program::Ours, &Classic::master().text())?;
    pair.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    expect_log(&a, "no pid file, and nothing keeps a second daemon away")?;
    expect_log(&a, "No control socket")?;
    expect_regular_adverts(&pair, &a, SystemTime::now())?;
    assert!(a.stop()?.success());
    Ok(())
}

/// `config_save_dir` and `-g`.
#[test]
fn saved_configurations_and_the_log_file_that_find_no_room_cost_a_line_each() -> Result<()> {
    let pair = Pair::new()?;
    let directory = pair.a.host_path("/run/small/x")?;
    let directory = directory.parent().unwrap_or(Path::new("/")).to_owned();
    std::fs::create_dir_all(&directory).map_err(Error::io("a directory"))?;
    let small = Small::mount(directory)?;
    small.fill()?;
    let text = format!("global_defs {{\n    config_save_dir /run/small\n}}\n{}", Classic::master().text());
    let mut a = Daemon::start_with(&pair.a, Program::Ours, &text, &["-g/run/small/log", "--flush-log-file"])?;
    pair.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    expect_log(&a, "config_save_dir: /run/small/keepalived.conf.")?;
    let told = "/run/small/log: No space left on device (os error 28); lines are missing there";
    expect_log(&a, told)?;
    let began = SystemTime::now();
    let mark = a.log().mark();
    answer(&a, &["reload"])?;
    a.log().wait_for_since(mark, "config_save_dir: /run/small/keepalived.conf.", PATIENCE)?;
    expect_regular_adverts(&pair, &a, began)?;
    let others = small.others();
    assert!(others.iter().all(|name| name.starts_with("log")), "half a file is left: {others:?}");
    // One line for each process and each time that its log file is opened, not one for each line that is lost.
    assert!(a.log().text().matches(told).count() <= 6, "{}", a.log().text());
    assert!(a.stop()?.success());
    Ok(())
}

//! File systems that are full or read-only: each file that the daemon would write costs a line in the log and nothing else.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use common::ctl::{answer, ctl};
use common::{INTERVAL, PATIENCE, Pair, address_a, expect_log, vip, with_log};
use keepalived_lab::{Classic, Daemon, Error, Program, Result, SecondKernel, Signal, run_program};

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

/// A small file system that the programs of node a see as /run/small.
fn small(pair: &Pair) -> Result<Small> {
    let directory = seen_as(pair, "/run/small")?;
    std::fs::create_dir_all(&directory).map_err(Error::io("a directory"))?;
    Small::mount(directory)
}

/// Adverts went on as if nothing had been: none is missing since `began`.
fn expect_regular_adverts(pair: &Pair, daemon: &Daemon, began: SystemTime) -> Result<()> {
    for _ in 0..3 {
        pair.capture.wait_for("an advert", SystemTime::now(), PATIENCE, |packet| {
            packet.advert().is_some_and(|advert| advert.source == address_a())
        })?;
    }
    let trace = pair.capture.trace()?;
    let longest = trace.longest_gap_of(address_a(), began);
    let is_regular = longest.is_some_and(|gap| gap < INTERVAL * 3 / 2);
    assert!(is_regular, "the longest gap is {longest:?}\n{}", daemon.log().text());
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
    let small = small(&pair)?;
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

/// What is wrong with a configuration is not hidden by a disk without room for it.
#[test]
fn a_configuration_test_without_room_for_its_file_says_everything_on_the_console() -> Result<()> {
    let pair = Pair::new()?;
    let small = small(&pair)?;
    small.fill()?;
    pair.a.write_file("/etc/keepalived/keepalived.conf", "no_such_keyword\n")?;
    let test = ["-t/run/small/log", "-f", "/etc/keepalived/keepalived.conf"];
    let said = run_program(&pair.a, Program::Ours, &test)?;
    assert_eq!(said.status, Some(5), "{}", said.stderr);
    let told = "/run/small/log: No space left on device (os error 28); what it should hold:\n";
    assert!(said.stderr.starts_with(told) && said.stderr.contains("'no_such_keyword'"), "{}", said.stderr);
    small.make_read_only()?;
    let test = ["-t/run/small/other", "-f", "/etc/keepalived/keepalived.conf"];
    let said = run_program(&pair.a, Program::Ours, &test)?;
    assert_eq!(said.status, Some(1), "{}", said.stderr);
    let told = "Unable to open config-test log file /run/small/other 30 - Read-only file system";
    assert!(said.stderr.starts_with(told), "{}", said.stderr);
    Ok(())
}

/// `reload_check_config`, `reload_file`, `init_file` and `notify_fifo`.
#[test]
fn files_of_the_configuration_that_find_no_room_cost_a_line_each() -> Result<()> {
    let pair = Pair::new()?;
    let small = small(&pair)?;
    std::fs::write(small.0.join("check"), "what was there\n").map_err(Error::io("a file"))?;
    small.fill()?;
    let files = "\
global_defs {
    notify_fifo /run/small/fifo
    reload_check_config /run/small/check
    reload_file /run/small/reload
}
";
    let number = "track_file number {\n    file /run/small/number\n    init_file 0 overwrite\n}\n";
    let follows = "track_file {\n        number\n    }";
    let plain = format!("{files}{}", Classic::master().text());
    let good = format!("{files}{number}{}", Classic::master().line(follows).text());
    let mut a = Daemon::start(&pair.a, Program::Ours, &good)?;
    pair.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    expect_log(&a, "track_file number: cannot write /run/small/number: No space left on device")?;
    assert!(!small.0.join("number").exists(), "an empty file would be a 0");
    let began = SystemTime::now();
    let bad = format!("{}{good}", "no_such_keyword\n".repeat(200));
    let mark = a.log().mark();
    a.reload(&bad)?;
    a.log().wait_for_since(
        mark,
        "reload_check_config: /run/small/check: No space left on device",
        PATIENCE,
    )?;
    a.log().wait_for_since(mark, "Unknown keyword 'no_such_keyword'", PATIENCE)?;
    let end = "New config failed validation, see the messages before this one for details";
    a.log().wait_for_since(mark, end, PATIENCE)?;
    let kept = std::fs::read_to_string(small.0.join("check")).map_err(Error::io("check"))?;
    assert_eq!(kept, "what was there\n");

    small.make_read_only()?;
    for (text, end) in [(&bad, "New config failed validation"), (&plain, "Reload complete")] {
        let mark = a.log().mark();
        a.reload(text)?;
        for file in ["reload_check_config: /run/small/check", "reload_file: /run/small/reload"] {
            a.log().wait_for_since(mark, &format!("{file}: Read-only file system"), PATIENCE)?;
        }
        a.log().wait_for_since(mark, end, PATIENCE)?;
    }
    expect_regular_adverts(&pair, &a, began)?;
    assert!(a.stop()?.success());
    drop(a);
    let other = plain.replace("/run/small/fifo", "/run/small/other");
    let a = Daemon::start(&pair.a, Program::Ours, &other)?;
    pair.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    expect_log(&a, "notify fifo /run/small/other: cannot be made: Read-only file system")?;
    Ok(())
}

/// The checker process's data, in the kernel that has IPVS.
#[test]
fn checker_data_that_find_no_room_cost_a_line() -> Result<()> {
    let script = format!(
        "mkdir /tmp/small
mount -t tmpfs -o size=64k,nr_inodes=64 tmpfs /tmp/small
export TMPDIR=/tmp/small
ip link set lo up
cat > /tmp/c.conf <<'END'
virtual_server 10.90.0.1 80 {{
    lb_algo rr
    lb_kind NAT
    real_server 127.0.0.2 80 {{
    }}
}}
END
{} -n -l -D -G -f /tmp/c.conf > /tmp/log 2>&1 &
wait_for() {{ for _ in $(seq 300); do \"$@\" && return; sleep 0.1; done; cat /tmp/log >&2; exit 1; }}
wait_for grep -q 'Startup complete' /tmp/log
while head -c 4096 /dev/zero > /tmp/small/filler$((n += 1)); do :; done 2> /dev/null
kill -USR1 $!
wait_for grep -q \"Can't open dump file /tmp/small/keepalived_check.data (No space left\" /tmp/log
wait_for grep -q \"Can't open dump file /tmp/small/keepalived_parent.data (No space left\" /tmp/log
ls /tmp/small | grep -v filler
mount -o remount,ro /tmp/small
kill -USR1 $!
wait_for grep -q \"Can't open dump file /tmp/small/keepalived_check.data (Read-only\" /tmp/log
kill -TERM $!
wait $! && echo stopped",
        Program::Ours.path()?.display()
    );
    let ended = SecondKernel::new().run(&["sh", "-c", &script])?;
    assert_eq!((ended.status, ended.stdout.as_str()), (0, "stopped\n"), "{}", ended.stderr);
    Ok(())
}

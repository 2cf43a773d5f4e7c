//! Command line, pid files, processes: section 1 of the drop-in contract. Each test names the row it guards.

use std::time::Duration;

use keepalived_lab::{Classic, Daemon, Error, Lan, Node, Program, Result, Signal, processes, run_program};

const PATIENCE: Duration = Duration::from_secs(8);

fn lone_node() -> Result<(Lan, Node)> {
    let lan = Lan::new()?;
    let node = lan.node("n", &["10.77.0.1/24"])?;
    Ok((lan, node))
}

/// Row 1.1: exporters read standard error's first line and look for `--enable-json`.
#[test]
fn the_version_goes_to_standard_error() -> Result<()> {
    let (_lan, node) = lone_node()?;
    for option in ["-v", "--version"] {
        let said = run_program(&node, Program::under_test(), &[option])?;
        assert_eq!((said.status, said.stdout.as_str()), (Some(0), ""), "{option}");
        let first = said.stderr.lines().next().unwrap_or_default();
        let number = first.strip_prefix("Keepalived v").and_then(|rest| rest.split_whitespace().next());
        let number = number.unwrap_or_else(|| panic!("{option} says {first:?}"));
        let parts: Vec<u32> = number.split('.').filter_map(|part| part.parse().ok()).collect();
        assert!(parts.as_slice() >= [2, 2, 7].as_slice(), "{number} is older than 2.2.7");
        assert!(said.stderr.contains("--enable-json"), "{}", said.stderr);
    }
    Ok(())
}

/// Row 1.2: numbers on standard output; what is unknown is an error.
#[test]
fn signal_numbers_are_printed() -> Result<()> {
    let (_lan, node) = lone_node()?;
    let numbers = [
        ("STOP", "15"),
        ("RELOAD", "1"),
        ("DATA", "10"),
        ("STATS", "12"),
        ("STATS_CLEAR", "63"),
        ("JSON", "36"),
    ];
    for (name, number) in numbers {
        for arguments in [vec![format!("--signum={name}")], vec!["--signum".to_owned(), name.to_owned()]] {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let said = run_program(&node, Program::under_test(), &arguments)?;
            assert_eq!((said.status, said.stdout.trim_end()), (Some(0), number), "{arguments:?}");
        }
    }
    let unknown = run_program(&node, Program::under_test(), &["--signum=NOSUCH"])?;
    assert_eq!((unknown.status, unknown.stdout.as_str()), (Some(1), ""));
    assert!(!unknown.stderr.is_empty());
    Ok(())
}

/// Row 1.5: an option that does not exist is named, with status 1.
#[test]
fn unknown_options_are_errors() -> Result<()> {
    let (_lan, node) = lone_node()?;
    for option in ["--bogus", "-Z"] {
        let said = run_program(&node, Program::under_test(), &[option])?;
        assert_eq!(said.status, Some(1), "{option}: {said:?}");
        assert!(said.stderr.contains(option), "{said:?}");
    }
    Ok(())
}

/// Rows 1.3 and 1.4: pid files name living processes that show the original arguments and the name keepalived; the
/// parent has the lowest pid.
#[test]
fn pid_files_name_processes_with_the_original_arguments() -> Result<()> {
    let (_lan, node) = lone_node()?;
    let options = [
        "-f",
        "/etc/keepalived/keepalived.conf",
        "-p",
        "/run/x.pid",
        "--vrrp_pid=/run/x-vrrp.pid",
        "-c",
        "/run/x-c.pid",
    ];
    let mut daemon = Daemon::start_with(&node, Program::under_test(), &Classic::master().text(), &options)?;
    daemon.wait_for_log("(VI_1) Entering BACKUP STATE", PATIENCE)?;
    let parent = daemon.pid_file("/run/x.pid")?;
    let vrrp = daemon.pid_file("/run/x-vrrp.pid")?;
    assert_eq!(parent, daemon.pid());
    assert!(processes::descendants(parent).contains(&vrrp));
    let expected = processes::command_line(parent);
    for pid in [parent, vrrp] {
        let words = processes::command_line(pid);
        let name = words.first().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
        assert_eq!(name, "keepalived", "{words:?}");
        assert_eq!(words[1..], expected[1..], "process {pid}");
        assert!(words.ends_with(&options.map(str::to_owned)), "{words:?}");
    }
    assert!(daemon.descendants().iter().all(|&pid| pid > parent), "the parent's pid is not the lowest");
    daemon.stop()?;
    assert!(node.read_file("/run/x.pid").is_err() && node.read_file("/run/x-vrrp.pid").is_err());
    Ok(())
}

/// Row 1.6: `Type=forking`: the command returns with status 0, the pid file names the daemon.
#[test]
fn without_n_it_becomes_a_daemon() -> Result<()> {
    let (_lan, node) = lone_node()?;
    node.write_file("/etc/keepalived/keepalived.conf", Classic::master().text())?;
    let said = run_program(&node, Program::under_test(), &["-D", "-G"])?;
    assert_eq!(said.status, Some(0), "{said:?}");
    node.wait_for_address([10, 77, 0, 100].into(), PATIENCE)?;
    let pid = pid_in(&node, "/run/keepalived.pid")?;
    assert!(processes::is_alive(pid));
    processes::send(pid, Signal::Term)?;
    processes::wait_gone(pid, Duration::from_secs(5))?;
    assert!(!node.has_address([10, 77, 0, 100].into())?);
    assert!(node.read_file("/run/keepalived.pid").is_err(), "the pid file is still there");
    Ok(())
}

/// Row 1.8: SIGTERM and SIGINT end it within 5 s, without addresses.
#[test]
fn term_and_int_stop_within_five_seconds() -> Result<()> {
    let (_lan, node) = lone_node()?;
    for signal in [Signal::Term, Signal::Int] {
        let mut daemon = Daemon::start(&node, Program::under_test(), &Classic::master().text())?;
        node.wait_for_address([10, 77, 0, 100].into(), PATIENCE)?;
        daemon.signal(signal)?;
        let status = daemon.wait_exit(Duration::from_secs(5))?;
        assert_eq!(status.code(), Some(0), "{}", daemon.log().text());
        assert!(!node.has_address([10, 77, 0, 100].into())?);
    }
    Ok(())
}

/// Two at once: the second says so and leaves with status 0; the first does not notice.
#[test]
fn a_second_start_leaves_the_first_alone() -> Result<()> {
    let (_lan, node) = lone_node()?;
    let mut first = Daemon::start(&node, Program::under_test(), &Classic::master().text())?;
    node.wait_for_address([10, 77, 0, 100].into(), PATIENCE)?;
    let mut second = Daemon::start(&node, Program::under_test(), &Classic::master().text())?;
    let status = second.wait_exit(PATIENCE)?;
    assert_eq!(status.code(), Some(0), "{}", second.log().text());
    second.wait_for_log("daemon is already running", PATIENCE)?;
    assert!(first.is_running() && node.has_address([10, 77, 0, 100].into())?);
    first.stop().map(drop)
}

/// Stale pid files of a dead daemon do not keep a new one from starting, also while init has not reaped its processes
/// yet: the original 2.2.7 takes such a zombie for a running daemon.
#[test]
fn a_stale_pid_file_is_no_obstacle() -> Result<()> {
    let (_lan, node) = lone_node()?;
    let mut daemon = Daemon::start(&node, Program::under_test(), &Classic::master().text())?;
    node.wait_for_address([10, 77, 0, 100].into(), PATIENCE)?;
    daemon.kill_all()?;
    assert_eq!(pid_in(&node, "/run/keepalived.pid")?, daemon.pid());
    let daemon = Daemon::start(&node, Program::under_test(), &Classic::master().text())?;
    daemon.wait_for_log("(VI_1) Entering MASTER STATE", PATIENCE)?;
    assert_eq!(pid_in(&node, "/run/keepalived.pid")?, daemon.pid());
    Ok(())
}

fn pid_in(node: &Node, path: &str) -> Result<u32> {
    let text = node.read_file(path)?;
    text.trim().parse().map_err(|_| Error::Unexpected(format!("{path} holds {text:?}")))
}

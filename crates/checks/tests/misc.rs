//! `MISC_CHECK` with real programs.

mod support;

use keepalived_checks::{Ending, Program, Programs, run};
use keepalived_lvs::Outcome;
use keepalived_lvs::config::{MiscCheck, Probe};
use keepalived_types::{Command, Credentials};
use nix::errno::Errno;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use support::*;

const PASSED: Outcome = Outcome::Passed { test: None };

/// The standard library's processes, as the daemon's stand-in.
struct Here;

struct Started {
    child: Child,
    pidfd: OwnedFd,
}

impl Programs for Here {
    fn start(&self, command: &Command) -> io::Result<Box<dyn Program>> {
        let mut program = std::process::Command::new(&command.path);
        program.args(&command.argv[1..]).process_group(0).stdin(Stdio::null()).stdout(Stdio::null());
        let child = program.spawn()?;
        let pid = rustix::process::Pid::from_child(&child);
        let pidfd = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty())?;
        Ok(Box::new(Started { child, pidfd }))
    }
}

impl Started {
    fn signal(&self, signal: rustix::process::Signal) {
        let group = rustix::process::Pid::from_child(&self.child);
        let _gone_already = rustix::process::kill_process_group(group, signal);
    }
}

/// Whatever is to be started ends with status 126.
struct Status126;

impl Programs for Status126 {
    fn start(&self, command: &Command) -> io::Result<Box<dyn Program>> {
        let argv = ["sh", "-c", "exit 126"].map(str::to_owned).to_vec();
        Here.start(&Command { path: "/bin/sh".into(), argv, ..command.clone() })
    }
}

impl Program for Started {
    fn watch(&self) -> io::Result<OwnedFd> {
        self.pidfd.as_fd().try_clone_to_owned()
    }

    fn ending(&mut self) -> io::Result<Option<Ending>> {
        let ended = self.child.try_wait()?;
        Ok(ended.map(|status| match (status.code(), status.signal()) {
            (Some(code), _) => Ending::Exited(u8::try_from(code).expect("eight bits")),
            (None, signal) => Ending::Killed(signal.expect("one or the other")),
        }))
    }

    fn terminate(&mut self) {
        self.signal(rustix::process::Signal::TERM);
    }

    fn kill(&mut self) {
        self.signal(rustix::process::Signal::KILL);
    }
}

fn script(text: &str, timeout: Duration, dynamic: bool) -> Probe {
    let command = Command {
        path: "/bin/sh".into(),
        argv: ["sh", "-c", text].map(str::to_owned).to_vec(),
        run_as: Credentials { uid: 0, gid: 0, groups: None },
        through_shell: false,
    };
    Probe::Misc(MiscCheck { command, timeout, dynamic })
}

fn ran(text: &str, timeout: Duration, dynamic: bool) -> Outcome {
    let probe = script(text, timeout, dynamic);
    let context = context_with(&probe, Box::new(Here));
    block_on(run(&probe, 0, &context)).outcome
}

fn reason_of(outcome: Outcome) -> (bool, String) {
    match outcome {
        Outcome::Failed(failure) => (failure.timed_out, failure.detail.unwrap_or(failure.reason)),
        other => panic!("not a failure: {other:?}"),
    }
}

#[test]
fn c45_a_status_from_2_is_a_weight_when_it_is_dynamic() {
    assert_eq!(ran("exit 0", PATIENT, true), PASSED);
    assert_eq!(reason_of(ran("exit 1", PATIENT, true)), (false, "exited with status 1".to_owned()));
    for status in [2, 42, 255] {
        assert_eq!(ran(&format!("exit {status}"), PATIENT, true), Outcome::Weighed(status));
    }
}

#[test]
fn a_dynamic_program_that_is_gone_fails_instead_of_weighing_124() {
    let Probe::Misc(mut check) = script("exit 126", PATIENT, true) else { panic!("a MISC_CHECK") };
    let attempt = |check: &MiscCheck| {
        let probe = Probe::Misc(check.clone());
        block_on(run(&probe, 0, &context_with(&probe, Box::new(Status126)))).outcome
    };
    assert_eq!(attempt(&check), Outcome::Weighed(126), "its own status");
    check.command.path = "/nonexistent/check".into();
    assert_eq!(reason_of(attempt(&check)), (false, "exited with status 126".to_owned()));
    check.command.path = "/etc/passwd".into();
    assert_eq!(reason_of(attempt(&check)), (false, "exited with status 126".to_owned()));
}

#[test]
fn the_log_says_how_a_program_ended() {
    let Outcome::Failed(failure) = ran("exit 3", PATIENT, false) else { panic!("a failure") };
    assert_eq!(
        (failure.reason.as_str(), failure.detail.as_deref()),
        ("failed", Some("exited with status 3"))
    );
}

#[test]
fn any_status_but_0_fails_otherwise() {
    assert_eq!(ran("exit 0", PATIENT, false), PASSED);
    assert_eq!(reason_of(ran("exit 2", PATIENT, false)), (false, "exited with status 2".to_owned()));
    assert_eq!(reason_of(ran("kill -TERM $$", PATIENT, true)), (false, "due to signal 15".to_owned()));
}

#[test]
fn without_a_timeout_it_may_take_its_time() {
    assert_eq!(ran("sleep 0.4", Duration::ZERO, false), PASSED);
}

#[test]
fn c50_a_script_that_sleeps_too_long_gets_sigterm_with_what_it_started() {
    let begun = Instant::now();
    assert_eq!(
        reason_of(ran("sleep 30 & sleep 30; wait", milliseconds(300), true)),
        (true, "timed out".to_owned())
    );
    assert!(begun.elapsed() < milliseconds(1800), "{:?}", begun.elapsed());
}

#[test]
fn c50_one_that_ignores_sigterm_is_killed_two_seconds_later() {
    let begun = Instant::now();
    let text = "trap '' TERM; while :; do sleep 0.1; done";
    assert_eq!(reason_of(ran(text, milliseconds(300), false)), (true, "timed out".to_owned()));
    let took = begun.elapsed();
    assert!(took >= milliseconds(2300) && took < milliseconds(4500), "{took:?}");
}

#[test]
fn other_checks_go_on_while_a_script_runs() {
    let probe = script("sleep 1", PATIENT, false);
    let context = context_with(&probe, Box::new(Here));
    block_on(async {
        let attempt = tokio::time::timeout(milliseconds(200), run(&probe, 0, &context));
        assert!(attempt.await.is_err(), "the thread was not held up, so time could run out");
    });
}

#[test]
fn a_dropped_attempt_ends_its_script() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("pid");
    let probe = script(&format!("echo $$ > {}; sleep 30", file.display()), PATIENT, false);
    let context = context_with(&probe, Box::new(Here));
    block_on(async {
        let attempt = tokio::time::timeout(milliseconds(500), run(&probe, 0, &context));
        assert!(attempt.await.is_err());
    });
    let pid: i32 = std::fs::read_to_string(&file).expect("it ran").trim().parse().expect("a number");
    let pid = rustix::process::Pid::from_raw(pid).expect("not zero");
    let status = rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::empty());
    let signal = status.expect("a child of ours").map(|(_, status)| status.terminating_signal());
    assert_eq!(signal, Some(Some(9)));
}

#[test]
fn a_program_that_cannot_be_started_says_nothing_about_the_server() {
    let Probe::Misc(check) = script("", PATIENT, false) else { unreachable!("made as MISC_CHECK") };
    let command = Command { path: "/no/such/program".into(), ..check.command.clone() };
    let probe = Probe::Misc(MiscCheck { command, ..check });
    let context = context_with(&probe, Box::new(Here));
    let Outcome::CannotRun { reason } = block_on(run(&probe, 0, &context)).outcome else { panic!("it ran") };
    assert_eq!(reason, format!("Checker can't start /no/such/program: {}", Errno::ENOENT.desc()));
}

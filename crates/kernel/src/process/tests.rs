//! Children that are started, signalled and reaped.

use super::*;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::process::Stdio;

fn shell(script: &str) -> Spawned {
    spawn(Command::new("/bin/sh").args(["-c", script]).stdin(Stdio::null())).expect("a shell")
}

fn ended(child: &Spawned) -> Ending {
    let limit = Timespec { tv_sec: 5, tv_nsec: 0 };
    assert_eq!(poll(&mut [PollFd::new(child, PollFlags::IN)], Some(&limit)), Ok(1), "the child ends in time");
    wait(child.pid).expect("our child").expect("it has ended")
}

#[test]
fn a_childs_end_is_seen_and_told() {
    assert_eq!(ended(&shell("exit 0")), Ending::Exited(0));
    let child = shell("exit 3");
    assert_eq!(ended(&child), Ending::Exited(3));
    assert!(wait(child.pid).is_err(), "it has been reaped");
}

#[test]
fn a_running_child_can_be_signalled() {
    let child = shell("sleep 60");
    assert_eq!(wait(child.pid).expect("our child"), None);
    assert!(is_alive(child.pid));
    kill(child.pid, libc::SIGTERM).expect("our child");
    assert_eq!(ended(&child), Ending::Killed { signal: libc::SIGTERM, core_dumped: false });
    assert!(!is_alive(child.pid));
}

#[test]
fn a_group_is_signalled_as_a_whole() {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "sleep 60 & wait"]).stdin(Stdio::null()).process_group(0);
    let leader = spawn(&mut command).expect("a shell");
    kill_group(leader.pid, libc::SIGKILL).expect("our group");
    assert!(matches!(ended(&leader), Ending::Killed { signal: libc::SIGKILL, .. }));
}

#[test]
fn a_missing_program_is_an_error() {
    let error = spawn(&mut Command::new("/no/such/program")).expect_err("it is not there");
    assert_eq!(error.errno(), Some(libc::ENOENT));
    assert_eq!(error.to_string(), "start /no/such/program: No such file or directory (os error 2)");
}

#[test]
fn a_socket_pair_keeps_messages_apart_and_shows_the_end() {
    let (one, other) = socket_pair().expect("descriptors");
    rustix::io::write(&one, b"first").expect("sent");
    rustix::io::write(&one, b"second").expect("sent");
    let mut buffer = [0; 64];
    assert_eq!(rustix::io::read(&other, &mut buffer), Ok(5));
    assert_eq!(rustix::io::read(&other, &mut buffer), Ok(6));
    let reader = Command::new("/bin/sh")
        .args(["-c", &format!("test -e /proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&other))])
        .status();
    assert!(!reader.expect("a shell").success(), "closed on exec");
    drop(one);
    assert_eq!(rustix::io::read(&other, &mut buffer), Ok(0));
}

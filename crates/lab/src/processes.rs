//! Processes as /proc shows them, and signals to them by pid.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, kill_process};

use crate::command::run;
use crate::{Error, Result};

/// The signals a daemon is sent in tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Reload.
    Hup,
    /// Stop.
    Term,
    /// Stop, from a keyboard.
    Int,
    /// Die without a chance to clean up.
    Kill,
    /// Freeze, as a paused machine would.
    Stop,
    /// Thaw.
    Cont,
    /// Write the data dump.
    Usr1,
    /// Write the statistics.
    Usr2,
    /// Write the JSON dump: SIGRTMIN+2, which is 36.
    Json,
    /// Write the statistics and clear them: SIGRTMAX-1, which is 63.
    StatsClear,
}

/// Sends a signal.
///
/// # Errors
/// When the process is gone.
pub fn send(pid: u32, signal: Signal) -> Result<()> {
    use rustix::process::Signal as Named;
    let named = match signal {
        Signal::Hup => Named::HUP,
        Signal::Term => Named::TERM,
        Signal::Int => Named::INT,
        Signal::Kill => Named::KILL,
        Signal::Stop => Named::STOP,
        Signal::Cont => Named::CONT,
        Signal::Usr1 => Named::USR1,
        Signal::Usr2 => Named::USR2,
        // Real-time signals have no safe constructor; the shell's built-in kill knows them by number.
        Signal::Json => return send_number(pid, 36),
        Signal::StatsClear => return send_number(pid, 63),
    };
    let process = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let process = process.ok_or_else(|| Error::Unexpected(format!("{pid} is not a pid")))?;
    kill_process(process, named)
        .map_err(|errno| Error::Io { what: format!("sending {signal:?} to {pid}"), source: errno.into() })
}

fn send_number(pid: u32, number: u8) -> Result<()> {
    run(&["sh", "-c", &format!("kill -{number} {pid}")]).map(drop)
}

/// Sends SIGKILL and does not mind when the process is gone already.
pub(crate) fn kill(pid: u32) {
    let _gone_already = send(pid, Signal::Kill);
}

/// Is there such a process, zombies not counted?
#[must_use]
pub fn is_alive(pid: u32) -> bool {
    status_fields(pid).is_some_and(|(state, _)| state != 'Z' && state != 'X')
}

/// Waits until a process is gone.
///
/// # Errors
/// [`Error::TimedOut`] when it is still there.
pub fn wait_gone(pid: u32, timeout: Duration) -> Result<()> {
    let deadline = Instant::now() + timeout;
    while is_alive(pid) {
        if Instant::now() > deadline {
            let waited_for = format!("the end of process {pid}");
            return Err(Error::TimedOut { waited_for, after: timeout, seen: command_line(pid).join(" ") });
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// The living children of a process, lowest pid first.
#[must_use]
pub fn children(parent: u32) -> Vec<u32> {
    let mut found: Vec<u32> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|&pid| matches!(status_fields(pid), Some((state, ppid)) if ppid == parent && state != 'Z'))
        .collect();
    found.sort_unstable();
    found
}

/// Children, their children, and so on; parents before children.
#[must_use]
pub fn descendants(ancestor: u32) -> Vec<u32> {
    let mut found = children(ancestor);
    let mut next = 0;
    while let Some(&pid) = found.get(next) {
        found.extend(children(pid));
        next += 1;
    }
    found
}

/// The arguments a process was started with; empty when it is gone.
#[must_use]
pub fn command_line(pid: u32) -> Vec<String> {
    let bytes = fs::read(proc_file(pid, "cmdline")).unwrap_or_default();
    let mut words: Vec<String> =
        bytes.split(|&byte| byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect();
    // Each word ends with a NUL, so that the last piece is always empty.
    words.pop();
    words
}

/// How many descriptors a process has open.
///
/// # Errors
/// When the process is gone.
pub fn open_descriptors(pid: u32) -> Result<usize> {
    let what = format!("listing the descriptors of process {pid}");
    Ok(fs::read_dir(proc_file(pid, "fd")).map_err(Error::io(what))?.count())
}

/// The memory of a process that is in RAM, in KiB.
///
/// # Errors
/// When the process is gone.
pub fn resident_kib(pid: u32) -> Result<u64> {
    number_of(&proc_file(pid, "status"), "VmRSS:")
}

/// How often the threads of a process went to sleep, and so were woken (`voluntary_ctxt_switches` in proc(5)).
///
/// # Errors
/// When the process is gone.
pub fn times_slept(pid: u32) -> Result<u64> {
    let what = format!("listing the threads of process {pid}");
    let threads = fs::read_dir(proc_file(pid, "task")).map_err(Error::io(what))?;
    threads.flatten().map(|thread| number_of(&thread.path().join("status"), "voluntary_ctxt_switches:")).sum()
}

/// The number on the line of a status file (proc(5)) that begins with this label.
fn number_of(status: &Path, label: &str) -> Result<u64> {
    let what = format!("reading {label} in {}", status.display());
    let text = fs::read_to_string(status).map_err(Error::io(what.clone()))?;
    let line = text.lines().find_map(|line| line.strip_prefix(label));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.ok_or(Error::Unexpected(what))
}

/// State letter and parent from /proc/PID/stat.
fn status_fields(pid: u32) -> Option<(char, u32)> {
    let stat = fs::read_to_string(proc_file(pid, "stat")).ok()?;
    // The second field is the name in parentheses and may hold anything, a closing parenthesis included.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((state, fields.next()?.parse().ok()?))
}

fn proc_file(pid: u32, name: &str) -> std::path::PathBuf {
    Path::new("/proc").join(pid.to_string()).join(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_alive_and_a_child_is_found() {
        let mut child = std::process::Command::new("sleep").arg("10").spawn().expect("sleep exists");
        assert!(is_alive(std::process::id()));
        assert!(children(std::process::id()).contains(&child.id()));
        assert!(descendants(std::process::id()).contains(&child.id()));
        assert_eq!(command_line(child.id()), ["sleep", "10"]);
        kill(child.id());
        child.wait().expect("it was killed");
        assert!(!is_alive(child.id()));
    }
}

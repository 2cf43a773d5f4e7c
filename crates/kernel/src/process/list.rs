//! Processes as /proc shows them. Everything here reads files and may take its time.

use crate::error::{Doing, Result};
use std::fs::{self, File};
use std::io::Read as _;

/// More of a command line is not read, in bytes: the kernel allows 128 KiB for one argument.
const LONGEST_COMMAND: u64 = 256 * 1024;
/// More than `/proc/PID/stat` ever has up to the fields that are used.
const STAT: u64 = 512;

/// A process as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// `/proc/PID/comm`, at most 15 bytes.
    pub name: Vec<u8>,
    /// It has ended and its parent has not asked for its status yet.
    pub is_zombie: bool,
}

/// The numbers of all processes.
///
/// # Errors
/// When `/proc` cannot be read.
pub fn ids() -> Result<Vec<u32>> {
    let entries = fs::read_dir("/proc").doing("list the processes")?;
    Ok(entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect())
}

/// A process; `None` when it is gone.
#[must_use]
pub fn look_at(pid: u32) -> Option<Seen> {
    parse_stat(&beginning(pid, "stat", STAT)?)
}

/// The arguments of a process, its name (`argv[0]`) first; `None` when it is gone. Kernel threads and zombies have none.
#[must_use]
pub fn arguments(pid: u32) -> Option<Vec<Vec<u8>>> {
    let text = beginning(pid, "cmdline", LONGEST_COMMAND)?;
    // Every argument ends in NUL; a process that has written over them may have left out the last one.
    let text = text.strip_suffix(b"\0").unwrap_or(&text);
    if text.is_empty() {
        return Some(Vec::new());
    }
    Some(text.split(|&byte| byte == 0).map(<[u8]>::to_vec).collect())
}

fn beginning(pid: u32, what: &str, most: u64) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    File::open(format!("/proc/{pid}/{what}")).ok()?.take(most).read_to_end(&mut text).ok()?;
    Some(text)
}

/// `PID (NAME) STATE ...`: the name may hold anything, closing parentheses and line ends included.
fn parse_stat(text: &[u8]) -> Option<Seen> {
    let begin = text.iter().position(|&byte| byte == b'(')?;
    let end = text.iter().rposition(|&byte| byte == b')')?;
    let name = text.get(begin + 1..end)?.to_vec();
    let state = *text.get(end + 2)?;
    Some(Seen { name, is_zombie: matches!(state, b'Z' | b'X' | b'x') })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_name_may_hold_anything() {
        let seen = parse_stat(b"7 (a) S 1 (b) S) Z 1 2 3\n").expect("it has a name");
        assert_eq!(seen, Seen { name: b"a) S 1 (b) S".to_vec(), is_zombie: true });
        assert!(!parse_stat(b"7 (x) R 1").expect("it has a name").is_zombie);
        for text in [&b""[..], b"7", b"7 (x", b"7 (x)", b")("] {
            assert_eq!(parse_stat(text), None);
        }
    }

    #[test]
    fn a_child_is_seen_with_its_arguments_until_it_is_a_zombie() {
        let mut child = Command::new("/bin/sleep")
            .args(["100", ""])
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("sleep exists");
        let pid = child.id();
        assert!(ids().expect("procfs").contains(&pid));
        // sleep refuses an empty argument, which is as good a way to end as any.
        let zombie = (0..500).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(5));
            look_at(pid).is_some_and(|seen| seen.is_zombie && seen.name == b"sleep")
        });
        assert!(zombie);
        child.wait().expect("ours");
        assert_eq!(look_at(pid), None);
        let own = arguments(std::process::id()).expect("alive");
        assert_eq!(own.len(), std::env::args_os().count());
    }
}

//! `-g`: a file of our own.

use super::FileSettings;
use super::calendar::{Calendar, asctime_nanos};
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

/// Without `--flush-log-file`, lines are collected up to this many bytes ...
const COLLECTED: usize = 4096;
/// ... or until the oldest of them is this old when the next comes.
const OLDEST: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(super) struct LogFile {
    flush: bool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    file: Option<File>,
    collected: Vec<u8>,
    since: Option<SystemTime>,
}

impl LogFile {
    /// Appends to the file; a symbolic link is refused, since the default directory is everybody's.
    pub(super) fn open(settings: &FileSettings) -> Self {
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o666)
            .custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC | libc::O_NONBLOCK)
            .open(&settings.path)
            .ok();
        let state = State { file, collected: Vec::new(), since: None };
        Self { flush: settings.flush, state: Mutex::new(state) }
    }

    pub(super) fn write(&self, now: SystemTime, message: &str) {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        state.collected.extend_from_slice(asctime_nanos(Calendar::local(now)).as_bytes());
        state.collected.extend_from_slice(b": ");
        state.collected.extend_from_slice(message.as_bytes());
        state.collected.push(b'\n');
        let since = *state.since.get_or_insert(now);
        let old = now.duration_since(since).map_or(true, |age| age >= OLDEST);
        if self.flush || old || state.collected.len() >= COLLECTED {
            state.write_out();
        }
    }
}

impl LogFile {
    /// Writes what was collected: before a fork, or both processes would.
    pub(super) fn flush(&self) {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner).write_out();
    }
}

impl State {
    fn write_out(&mut self) {
        self.since = None;
        let lines = std::mem::take(&mut self.collected);
        if let Some(file) = self.file.as_mut().filter(|_| !lines.is_empty()) {
            // A full disk must not stop the daemon; the lines are lost.
            drop(file.write_all(&lines));
        }
    }
}

impl Drop for LogFile {
    fn drop(&mut self) {
        self.state.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner).write_out();
    }
}

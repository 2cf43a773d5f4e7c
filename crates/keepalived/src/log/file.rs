//! `-g`: a file of our own.

use super::FileSettings;
use super::calendar::{Calendar, asctime_nanos};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
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
    path: PathBuf,
    file: Option<File>,
    /// The last attempt to write failed, and this has been told.
    is_failing: bool,
    collected: Vec<u8>,
    since: Option<SystemTime>,
}

impl LogFile {
    /// Appends to the file. One that cannot be opened now is tried again when there is something to write.
    pub(super) fn open(settings: &FileSettings) -> Self {
        let (path, file) = (settings.path.clone(), open(&settings.path).ok());
        let state = State { path, file, is_failing: false, collected: Vec::new(), since: None };
        Self { flush: settings.flush, state: Mutex::new(state) }
    }

    /// Takes a line. Returns what went wrong with it or with lines before it, if it is the first time in a row.
    pub(super) fn write(&self, now: SystemTime, message: &str) -> Option<String> {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        state.collected.extend_from_slice(asctime_nanos(Calendar::local(now)).as_bytes());
        state.collected.extend_from_slice(b": ");
        state.collected.extend_from_slice(message.as_bytes());
        state.collected.push(b'\n');
        let since = *state.since.get_or_insert(now);
        let old = now.duration_since(since).map_or(true, |age| age >= OLDEST);
        if self.flush || old || state.collected.len() >= COLLECTED { state.write_out() } else { None }
    }

    /// Writes what was collected: before a fork, or both processes would. Returns what went wrong, as
    /// [`LogFile::write`] does.
    pub(super) fn flush(&self) -> Option<String> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner).write_out()
    }
}

/// A symbolic link is refused, since the default directory is everybody's.
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o666)
        .custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC | libc::O_NONBLOCK)
        .open(path)
}

impl State {
    /// Returns the first of several failures in a row. A full disk must not stop the daemon; the lines are lost.
    #[must_use]
    fn write_out(&mut self) -> Option<String> {
        self.since = None;
        let lines = std::mem::take(&mut self.collected);
        if lines.is_empty() {
            return None;
        }
        let written = self.append(&lines);
        let was_failing = std::mem::replace(&mut self.is_failing, written.is_err());
        let error = written.err().filter(|_| !was_failing)?;
        Some(format!("Log file {}: {error}; lines are missing there from now on", self.path.display()))
    }

    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(open(&self.path)?),
        };
        file.write_all(lines)
    }
}

impl Drop for LogFile {
    fn drop(&mut self) {
        // Nobody is left who could be told.
        drop(self.state.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner).write_out());
    }
}

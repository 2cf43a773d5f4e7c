//! Console output of a program, each line stamped when it arrived.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::{Error, Result};

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When it was read from the pipe.
    pub at: SystemTime,
    /// The line without the console's time stamp.
    pub message: String,
}

/// Lines of a running program; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Log(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    lines: Mutex<Vec<LogLine>>,
    arrived: Condvar,
}

impl Log {
    /// Reads a pipe to its end in a thread of its own.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(crate) fn follow(&self, pipe: impl Read + Send + 'static) -> Result<()> {
        let log = self.clone();
        let read_all = move || {
            let mut reader = BufReader::new(pipe);
            let mut bytes = Vec::new();
            while matches!(reader.read_until(b'\n', &mut bytes), Ok(count) if count > 0) {
                log.push(String::from_utf8_lossy(&bytes).trim_end_matches('\n'));
                bytes.clear();
            }
        };
        let builder = std::thread::Builder::new().name("lab-log".into());
        builder.spawn(read_all).map(drop).map_err(Error::io("starting a thread"))
    }

    fn push(&self, line: &str) {
        let message = without_stamp(line).to_owned();
        self.lock().push(LogLine { at: SystemTime::now(), message });
        self.0.arrived.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Vec<LogLine>> {
        // A reader that panicked leaves whole lines behind.
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything so far.
    #[must_use]
    pub fn lines(&self) -> Vec<LogLine> {
        self.lock().clone()
    }

    /// Everything so far as one text.
    #[must_use]
    pub fn text(&self) -> String {
        let lines: Vec<String> = self.lock().iter().map(|line| line.message.clone()).collect();
        lines.join("\n")
    }

    /// How many lines there are: a mark for [`Log::wait_for_since`].
    #[must_use]
    pub fn mark(&self) -> usize {
        self.lock().len()
    }

    /// Has any line this text in it?
    #[must_use]
    pub fn contains(&self, text: &str) -> bool {
        self.lock().iter().any(|line| line.message.contains(text))
    }

    /// How many lines since a mark have this text in them.
    #[must_use]
    pub fn count_since(&self, mark: usize, text: &str) -> usize {
        self.lock().iter().skip(mark).filter(|line| line.message.contains(text)).count()
    }

    /// Waits for a line, past ones included.
    ///
    /// # Errors
    /// [`Error::TimedOut`] with the whole log.
    pub fn wait_for(&self, text: &str, timeout: Duration) -> Result<LogLine> {
        self.wait_for_since(0, text, timeout)
    }

    /// Waits for a line after a mark.
    ///
    /// # Errors
    /// [`Error::TimedOut`] with the whole log.
    pub fn wait_for_since(&self, mark: usize, text: &str, timeout: Duration) -> Result<LogLine> {
        let deadline = Instant::now() + timeout;
        // Each line is looked at once, however many arrive.
        let mut seen = mark;
        let mut lines = self.lock();
        loop {
            if let Some(line) = lines.iter().skip(seen).find(|line| line.message.contains(text)) {
                return Ok(line.clone());
            }
            seen = seen.max(lines.len());
            let Some(left) = deadline.checked_duration_since(Instant::now()) else {
                drop(lines);
                let waited_for = format!("the log line `{text}`");
                return Err(Error::TimedOut { waited_for, after: timeout, seen: self.text() });
            };
            let waited = self.0.arrived.wait_timeout(lines, left);
            lines = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// The console form is `<strftime %c>: message`; %c of the C locale has 24 characters.
fn without_stamp(line: &str) -> &str {
    const STAMP: usize = "Fri Nov 20 12:39:40 2026".len();
    match line.get(STAMP..STAMP + 2) {
        Some(": ") => &line[STAMP + 2..],
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stamp_is_cut_off() {
        assert_eq!(
            without_stamp("Fri Nov 20 12:39:40 2026: (VI_1) Entering MASTER STATE"),
            "(VI_1) Entering MASTER STATE"
        );
        assert_eq!(without_stamp("plain"), "plain");
        assert_eq!(
            without_stamp("é a line that is long enough to have a stamp"),
            "é a line that is long enough to have a stamp"
        );
    }

    #[test]
    fn waiting_finds_past_and_future_lines() {
        let log = Log::default();
        log.push("one");
        assert!(log.wait_for("one", Duration::ZERO).is_ok());
        let mark = log.mark();
        assert!(log.wait_for_since(mark, "one", Duration::from_millis(1)).is_err());
        let later = log.clone();
        let pusher = std::thread::spawn(move || later.push("two"));
        assert!(log.wait_for_since(mark, "two", Duration::from_secs(5)).is_ok());
        pusher.join().expect("it does not panic");
        assert_eq!(log.count_since(0, "o"), 2);
    }
}

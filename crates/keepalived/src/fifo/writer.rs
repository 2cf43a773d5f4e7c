//! One FIFO: made if need be, written without ever waiting, removed if we made it.

use keepalived_types::{Credentials, Instant};
use rustix::fs::{CWD, FileType, Mode};
use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Lines that may wait for a reader, beside those in the pipe itself (64 KiB). The oldest of more is lost: the last one
/// tells how things are.
const LONGEST: usize = 1024;
/// How often a full pipe is tried again.
const AGAIN: Duration = Duration::from_millis(100);
/// Permissions before the umask.
const MODE: Mode = Mode::from_raw_mode(0o644);

/// An open FIFO.
#[derive(Debug)]
pub(super) struct Writer {
    path: PathBuf,
    file: File,
    /// We made it, so we remove it.
    is_ours: bool,
    waiting: VecDeque<Vec<u8>>,
    again_at: Instant,
    /// Lines that were lost since the reader last kept up, and ever.
    losing: u64,
    lost: u64,
}

impl Writer {
    /// Opens the FIFO, or makes it for `owner`. An existing one is used as it is when it belongs to us or to `owner`.
    ///
    /// # Errors
    /// Why it is not used, in words for the log.
    pub(super) fn open(path: &Path, owner: Option<&Credentials>) -> Result<Self, String> {
        let is_ours = match rustix::fs::mknodat(CWD, path, FileType::Fifo, MODE, 0) {
            Ok(()) => true,
            Err(rustix::io::Errno::EXIST) => false,
            Err(error) => return Err(format!("cannot be made: {}", io::Error::from(error))),
        };
        // Reading, too: so it opens without a reader, keeps lines for one that comes later, and never breaks.
        let mut options = OpenOptions::new();
        options.read(true).write(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
        let file = options.open(path).map_err(|error| format!("cannot be opened: {error}"))?;
        let metadata = file.metadata().map_err(|error| error.to_string())?;
        let own = rustix::process::geteuid().as_raw();
        let is_trusted = [Some(own), owner.map(|owner| owner.uid)].contains(&Some(metadata.uid()));
        if !metadata.file_type().is_fifo() || !is_trusted {
            return Err("is not a fifo we own - not using".to_owned());
        }
        if let Some(owner) = owner.filter(|_| is_ours)
            && let Err(error) = std::os::unix::fs::fchown(&file, Some(owner.uid), Some(owner.gid))
        {
            drop(fs::remove_file(path));
            return Err(format!("cannot be given to user {}: {error}", owner.uid));
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            is_ours,
            waiting: VecDeque::new(),
            again_at: Instant::ORIGIN,
            losing: 0,
            lost: 0,
        })
    }

    /// The path still leads to this FIFO.
    pub(super) fn is_in_place(&self) -> bool {
        let same = |there: &fs::Metadata, open: &fs::Metadata| {
            (there.dev(), there.ino()) == (open.dev(), open.ino())
        };
        let (there, open) = (fs::metadata(&self.path), self.file.metadata());
        there.is_ok_and(|there| open.is_ok_and(|open| same(&there, &open)))
    }

    /// Writes a line, or keeps it. Returns what the log says when lines begin to be lost.
    pub(super) fn write(&mut self, line: &str, now: Instant) -> Option<String> {
        self.waiting.push_back(line.as_bytes().to_vec());
        self.flush(now);
        if self.waiting.len() <= LONGEST {
            return None;
        }
        self.waiting.pop_front();
        self.losing += 1;
        self.lost += 1;
        (self.losing == 1).then(|| "nobody reads, the oldest lines are lost".to_owned())
    }

    /// Writes what waits, if it is time. Returns what the log says when the reader has caught up.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> Option<String> {
        if self.waiting.is_empty() || now < self.again_at {
            return None;
        }
        self.flush(now);
        let losing = if self.waiting.is_empty() { std::mem::take(&mut self.losing) } else { 0 };
        (losing > 0).then(|| format!("read again, {losing} lines were lost"))
    }

    /// When to call [`Writer::handle_timeout`].
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        (!self.waiting.is_empty()).then_some(self.again_at)
    }

    /// Closes it, and removes it if we made it. Returns how many lines nobody got, those in the pipe not counted.
    pub(super) fn close(mut self) -> u64 {
        self.flush(Instant::ORIGIN);
        if self.is_ours && self.is_in_place() {
            // What cannot be removed stays, and is used again.
            drop(fs::remove_file(&self.path));
        }
        self.lost + u64::try_from(self.waiting.len()).unwrap_or(u64::MAX)
    }

    fn flush(&mut self, now: Instant) {
        while let Some(line) = self.waiting.front_mut() {
            match self.file.write(line) {
                // Lines of up to 4,096 bytes are written whole or not at all (pipe(7)).
                Ok(count) if count < line.len() => drop(line.drain(..count)),
                Ok(_) => drop(self.waiting.pop_front()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        self.again_at = now + AGAIN;
    }
}

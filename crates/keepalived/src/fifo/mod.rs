//! Notification FIFOs and the scripts that read them (runtime reference 12.3). For every process that has something to
//! tell; on a thread that may block, though nothing here waits for a reader.

mod writer;

use keepalived_kernel::process::{self, Ending, Pid};
use keepalived_kernel::{Result, signals};
use keepalived_types::{Command, Credentials, Instant};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;
use writer::Writer;

/// From the end of the lines, which a reader sees as the end of the file, to SIGTERM for a reader that is still there.
const READER_PATIENCE: Duration = Duration::from_millis(300);

/// One FIFO as configured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FifoSetup {
    /// What the log calls it: `notify fifo`, `vrrp notify fifo`.
    pub label: String,
    /// The file.
    pub path: PathBuf,
    /// Who owns it; `None` is ourselves.
    pub owner: Option<Credentials>,
    /// Started with the path as one more argument.
    pub reader: Option<Command>,
}

/// Starts a script with these further arguments.
pub type Launch<'a> = &'a mut dyn FnMut(&Command, &[String]) -> Result<Pid>;

/// The FIFOs of a process.
#[derive(Debug, Default)]
pub struct Fifos {
    fifos: Vec<Fifo>,
    /// Readers whose FIFO is no longer ours and that have not ended, and when they get SIGTERM.
    leaving: Vec<(Pid, Option<Instant>)>,
}

#[derive(Debug)]
struct Fifo {
    setup: FifoSetup,
    /// `None` when the file cannot be used.
    writer: Option<Writer>,
    reader: Option<Pid>,
}

impl Fifos {
    /// From now on these. One that has not changed and is still in place goes on, its reader, too; a reader that has
    /// ended is started again. Returns lines for the log.
    pub fn configure(&mut self, setups: &[FifoSetup], launch: Launch<'_>, now: Instant) -> Vec<String> {
        let mut lines = Vec::new();
        let mut old = std::mem::take(&mut self.fifos);
        let is_kept = |fifo: &Fifo| {
            setups.contains(&fifo.setup) && fifo.writer.as_ref().is_some_and(Writer::is_in_place)
        };
        // The old ones first: a new one may have the same path.
        for fifo in old.extract_if(.., |fifo| !is_kept(fifo)) {
            lines.extend(self.retire(fifo, now));
        }
        for setup in setups {
            let same = old.iter().position(|fifo| fifo.setup == *setup);
            let mut fifo = same.map_or_else(|| Fifo::open(setup, &mut lines), |at| old.swap_remove(at));
            fifo.start_reader(launch, &mut lines);
            self.fifos.push(fifo);
        }
        lines
    }

    /// Writes a line, which ends in a line feed, to every FIFO. Never waits: what a reader has no room for is kept, up to
    /// a bound, and lost beyond. Returns lines for the log.
    pub fn write(&mut self, line: &str, now: Instant) -> Vec<String> {
        let each = self.fifos.iter_mut().filter_map(|fifo| {
            let line = fifo.writer.as_mut()?.write(line, now)?;
            Some(format!("{} {}: {line}", fifo.setup.label, fifo.setup.path.display()))
        });
        each.collect()
    }

    /// Does what is due. Returns lines for the log.
    pub fn handle_timeout(&mut self, now: Instant) -> Vec<String> {
        for (pid, due) in &mut self.leaving {
            if due.is_some_and(|at| at <= now) {
                // It may have ended a moment ago.
                drop(process::kill_group(*pid, signals::TERM));
                *due = None;
            }
        }
        let each = self.fifos.iter_mut().filter_map(|fifo| {
            let line = fifo.writer.as_mut()?.handle_timeout(now)?;
            Some(format!("{} {}: {line}", fifo.setup.label, fifo.setup.path.display()))
        });
        each.collect()
    }

    /// When to call [`Fifos::handle_timeout`].
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        let writers = self.fifos.iter().filter_map(|fifo| fifo.writer.as_ref()?.next_deadline());
        writers.chain(self.leaving.iter().filter_map(|(_, due)| *due)).min()
    }

    /// A child has ended. `None` when it is no reader of these; else what the log says, if anything.
    pub fn ended(&mut self, pid: Pid, ending: Ending) -> Option<Option<String>> {
        if let Some(at) = self.leaving.iter().position(|(leaving, _)| *leaving == pid) {
            self.leaving.swap_remove(at);
            return Some(None);
        }
        let fifo = self.fifos.iter_mut().find(|fifo| fifo.reader == Some(pid))?;
        fifo.reader = None;
        let how = match ending {
            Ending::Exited(0) => String::new(),
            Ending::Exited(status) => format!(" (exited with status {status})"),
            Ending::Killed { signal, .. } => format!(" (due to signal {signal})"),
        };
        Some(Some(format!("{} script terminated{how}", fifo.setup.label)))
    }

    /// No more lines: closes the FIFOs, removes those that we made, and lets the readers go. Returns lines for the log.
    pub fn close(&mut self, now: Instant) -> Vec<String> {
        let fifos = std::mem::take(&mut self.fifos);
        fifos.into_iter().filter_map(|fifo| self.retire(fifo, now)).collect()
    }

    /// Readers that have not ended.
    pub fn readers(&self) -> impl Iterator<Item = Pid> {
        let leaving = self.leaving.iter().map(|(pid, _)| *pid);
        leaving.chain(self.fifos.iter().filter_map(|fifo| fifo.reader))
    }

    fn retire(&mut self, fifo: Fifo, now: Instant) -> Option<String> {
        self.leaving.extend(fifo.reader.map(|pid| (pid, Some(now + READER_PATIENCE))));
        let lost = fifo.writer.map_or(0, Writer::close);
        let name = fifo.setup.path.display();
        (lost > 0).then(|| format!("{} {name}: {lost} lines were never read", fifo.setup.label))
    }
}

impl Fifo {
    fn open(setup: &FifoSetup, lines: &mut Vec<String>) -> Self {
        let writer = match Writer::open(&setup.path, setup.owner.as_ref()) {
            Ok(writer) => Some(writer),
            Err(why) => {
                lines.push(format!("{} {}: {why}", setup.label, setup.path.display()));
                None
            }
        };
        Self { setup: setup.clone(), writer, reader: None }
    }

    fn start_reader(&mut self, launch: Launch<'_>, lines: &mut Vec<String>) {
        let Some(command) =
            self.setup.reader.as_ref().filter(|_| self.writer.is_some() && self.reader.is_none())
        else {
            return;
        };
        match launch(command, &[self.setup.path.to_string_lossy().into_owned()]) {
            Ok(pid) => self.reader = Some(pid),
            Err(error) => lines.push(format!("{} script cannot be started: {error}", self.setup.label)),
        }
    }
}

#[cfg(test)]
mod tests;

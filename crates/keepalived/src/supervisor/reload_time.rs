//! `reload_time_file`: a file that says when to reload. Its directory is watched, and a wall clock that is set is
//! noticed within a minute.

mod moment;

use super::Supervisor;
use crate::log::{Calendar, Logger};
use keepalived_config::model::Reload;
use keepalived_kernel::inotify::{Event, Inotify};
use keepalived_kernel::reactor::{Interest, Reactor};
use keepalived_types::Instant;
use moment::Moment;
use std::ffi::OsStr;
use std::fs;
use std::io::Read as _;
use std::os::fd::AsFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The reactor's token of the watch on the directory: below those of the control socket.
pub(super) const TOKEN: u64 = (1 << 32) - 1;
/// The wall clock may be set: it is asked again at least so often.
const CLOCK_CHECK: Duration = Duration::from_secs(60);
/// No moment is longer.
const LONGEST: u64 = 64;

/// The file that is watched, and what it says.
#[derive(Debug, Default)]
pub(super) struct ReloadTime {
    file: Option<PathBuf>,
    repeat: bool,
    directory: Option<Inotify>,
    next: Option<Moment>,
    /// When the clock is looked at again.
    check_at: Option<Instant>,
}

impl ReloadTime {
    /// Follows the configuration: another file, or the same one in a directory that is there by now.
    pub(super) fn configure(&mut self, config: &Reload, reactor: &Reactor, logger: &Logger, now: Instant) {
        if let Some(inotify) = self.directory.take() {
            // It is closed with this; the failure would say that it was not watched.
            drop(reactor.deregister(inotify.as_fd()));
        }
        if self.file != config.time_file {
            self.cancel(logger);
        }
        self.file.clone_from(&config.time_file);
        self.repeat = config.repeat;
        let Some(file) = self.file.clone() else { return };
        match watch(&file, reactor) {
            Ok(inotify) => self.directory = Some(inotify),
            Err(error) => logger.info(format_args!("reload_time_file {}: {error}", file.display())),
        }
        self.look(logger, now);
    }

    /// Something happened in the directory.
    pub(super) fn directory_changed(&mut self, logger: &Logger, now: Instant) {
        let mut events = Vec::new();
        if let Some(inotify) = &self.directory
            && let Err(error) = inotify.read(&mut events)
        {
            logger.error(format_args!("{error}"));
        }
        let own = self.file.as_deref().and_then(Path::file_name);
        let concerns = |event: &Event| match event {
            Event::Written { name, .. } | Event::Gone { name, .. } => own == Some(OsStr::new(name)),
            Event::Ended(_) | Event::Overrun => true,
        };
        if events.iter().any(concerns) {
            self.look(logger, now);
        }
    }

    /// Reads the file and schedules what it says.
    fn look(&mut self, logger: &Logger, now: Instant) {
        let Some(text) = self.file.as_deref().and_then(first_line) else {
            return self.cancel(logger);
        };
        match Moment::read(&text, SystemTime::now(), Calendar::local) {
            Ok(moment) => self.schedule(moment, logger, now),
            Err(refusal) => {
                refusal.lines(&text).into_iter().for_each(|line| logger.info(line));
                self.cancel(logger);
            }
        }
    }

    /// When the next reload comes, in words.
    pub(super) fn scheduled(&self) -> Option<String> {
        Some(self.next.as_ref()?.shown(Calendar::local).to_string())
    }

    fn schedule(&mut self, moment: Moment, logger: &Logger, now: Instant) {
        let shown = moment.shown(Calendar::local);
        match self.next.replace(moment) {
            None => logger.info(format_args!("Scheduling reload for {shown}")),
            Some(before) if before.at != moment.at => {
                let before = before.shown(Calendar::local);
                logger.info(format_args!("Reload time updated from {before} to {shown}"));
            }
            Some(_) => {}
        }
        self.check_at = Some(now + until(moment));
    }

    fn cancel(&mut self, logger: &Logger) {
        self.check_at = None;
        if let Some(moment) = self.next.take() {
            let shown = moment.shown(Calendar::local);
            logger.info(format_args!("Cancelling reload scheduled for {shown}"));
        }
    }

    /// When [`ReloadTime::is_due`] has to be asked.
    pub(super) const fn deadline(&self) -> Option<Instant> {
        self.check_at
    }

    /// Has the moment come? Then it is over, and the file is gone unless it counts for the next day as well.
    pub(super) fn is_due(&mut self, logger: &Logger, now: Instant) -> bool {
        let (Some(moment), Some(check_at)) = (self.next, self.check_at) else { return false };
        if check_at > now {
            return false;
        }
        if moment.at > SystemTime::now() {
            self.check_at = Some(now + until(moment));
            return false;
        }
        self.next = None;
        self.check_at = None;
        if self.repeat && !moment.has_date {
            self.look(logger, now);
        } else if let Some(file) = &self.file
            && let Err(error) = fs::remove_file(file)
        {
            logger.info(format_args!("{}: {error}", file.display()));
        }
        true
    }
}

impl Supervisor {
    /// `reload_time_file` as the configuration has it now.
    pub(super) fn configure_reload_time(&mut self, now: Instant) {
        let Self { reload_time, config, reactor, launch, .. } = self;
        reload_time.configure(&config.global().reload, reactor, &launch.logger, now);
    }
}

fn watch(file: &Path, reactor: &Reactor) -> keepalived_kernel::Result<Inotify> {
    let inotify = Inotify::new()?;
    inotify.watch_directory(file.parent().unwrap_or(Path::new("/")))?;
    reactor.register(inotify.as_fd(), TOKEN, Interest::Read)?;
    Ok(inotify)
}

/// How long to wait before the clock is asked again.
fn until(moment: Moment) -> Duration {
    moment.at.duration_since(SystemTime::now()).unwrap_or_default().min(CLOCK_CHECK)
}

/// `None` when there is no such file, or none that can be read without waiting.
fn first_line(path: &Path) -> Option<String> {
    let file = fs::OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path).ok()?;
    let mut bytes = Vec::new();
    file.take(LONGEST).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    Some(text.split('\n').next().unwrap_or_default().to_owned())
}

//! `track_file`: the numbers in files, read again whenever their directory tells of them (vrrp reference 3.5).
//!
//! What the kernel reports is only a hint to read; the number is always the one in the file now. A directory that cannot
//! be watched, because it is missing or the user has no watches left, is looked at every second instead.

use super::number::{LONGEST, leading_number};
use crate::file_in_place;
use keepalived_kernel::Result;
use keepalived_kernel::inotify::{Event, Inotify, Watch};
use keepalived_types::Instant;
use keepalived_vrrp::config::{FileTracker, InitFile};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often a directory that is not watched is looked at.
const POLL: Duration = Duration::from_secs(1);

/// Links to links that are followed; the kernel's own figure (path_resolution(7)).
const MOST_LINKS: usize = 40;

/// What has changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    /// Trackers with a new number.
    pub(crate) values: Vec<(String, i32)>,
    /// Lines for the log.
    pub(crate) lines: Vec<String>,
}

#[derive(Debug)]
struct Tracked {
    name: String,
    /// As configured.
    path: PathBuf,
    directory: PathBuf,
    file_name: OsString,
    /// The number that was told last.
    value: Option<i32>,
    /// What was last told to be no number.
    refused: Option<String>,
}

/// The files, and the watches on their directories.
#[derive(Debug)]
pub(crate) struct Files {
    inotify: Inotify,
    files: Vec<Tracked>,
    /// `None`: not watched, and the log says so.
    directories: BTreeMap<PathBuf, Option<Watch>>,
    poll_at: Option<Instant>,
}

impl Files {
    /// No files yet.
    ///
    /// # Errors
    /// When the process is out of descriptors.
    pub(crate) fn new() -> Result<Self> {
        let inotify = Inotify::new()?;
        Ok(Self { inotify, files: Vec::new(), directories: BTreeMap::new(), poll_at: None })
    }

    /// From now on these; numbers that are known already are not told again.
    pub(crate) fn configure(&mut self, files: &[FileTracker], now: Instant) -> News {
        let mut old = std::mem::take(&mut self.files);
        for file in files {
            let same = old.iter().position(|old| old.name == file.name && old.path == file.path);
            let kept = same.map(|same| old.swap_remove(same));
            self.files.push(kept.unwrap_or_else(|| Tracked::new(file)));
        }
        let wanted: BTreeSet<&PathBuf> = self.files.iter().map(|file| &file.directory).collect();
        self.directories.retain(|directory, watch| {
            let keep = wanted.contains(directory);
            if let Some(watch) = watch.filter(|_| !keep) {
                self.inotify.forget(watch);
            }
            keep
        });
        let mut news = News::default();
        let is_watched = |directory: &PathBuf| matches!(self.directories.get(directory), Some(Some(_)));
        let new: Vec<PathBuf> = wanted.into_iter().filter(|one| !is_watched(one)).cloned().collect();
        for directory in new {
            self.watch(directory, &mut news);
        }
        self.read(|_| true, &mut news);
        self.set_poll(now);
        news
    }

    /// The kernel has something to tell.
    pub(crate) fn handle_events(&mut self, now: Instant) -> News {
        let mut news = News::default();
        let mut events = Vec::new();
        if let Err(error) = self.inotify.read(&mut events) {
            news.lines.push(format!("tracked files: {error}"));
        }
        let mut touched: BTreeSet<(PathBuf, OsString)> = BTreeSet::new();
        let mut all = false;
        for event in events {
            match event {
                Event::Written { watch, name } | Event::Gone { watch, name } => {
                    touched.extend(self.directory_of(watch).map(|directory| (directory, name)));
                }
                Event::Ended(watch) => {
                    // After the first of several such events nobody knows the watch any more.
                    if let Some(directory) = self.directory_of(watch) {
                        self.inotify.forget(watch);
                        self.directories.remove(&directory);
                        self.watch(directory, &mut news);
                        all = true;
                    }
                }
                Event::Overrun => all = true,
            }
        }
        let is_touched = |file: &Tracked| {
            touched.iter().any(|(directory, name)| *directory == file.directory && *name == file.file_name)
        };
        self.read(|file| all || is_touched(file), &mut news);
        self.set_poll(now);
        news
    }

    /// Looks at directories that are not watched.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> News {
        let mut news = News::default();
        if self.poll_at.is_none_or(|at| now < at) {
            return news;
        }
        let unwatched: Vec<PathBuf> = self.unwatched().cloned().collect();
        for directory in &unwatched {
            self.watch(directory.clone(), &mut news);
        }
        self.read(|file| unwatched.contains(&file.directory), &mut news);
        self.poll_at = None;
        self.set_poll(now);
        news
    }

    /// When to call [`Files::handle_timeout`].
    pub(crate) const fn next_deadline(&self) -> Option<Instant> {
        self.poll_at
    }

    fn unwatched(&self) -> impl Iterator<Item = &PathBuf> {
        self.directories.iter().filter(|(_, watch)| watch.is_none()).map(|(directory, _)| directory)
    }

    fn set_poll(&mut self, now: Instant) {
        let needed = self.unwatched().next().is_some();
        self.poll_at = needed.then(|| self.poll_at.unwrap_or(now + POLL));
    }

    fn directory_of(&self, watch: Watch) -> Option<PathBuf> {
        let mut all = self.directories.iter();
        all.find(|(_, known)| **known == Some(watch)).map(|(directory, _)| directory.clone())
    }

    /// Watches a directory; the log tells when that begins to fail, and when it works again.
    fn watch(&mut self, directory: PathBuf, news: &mut News) {
        let watch = self.inotify.watch_directory(&directory);
        let failed_before = matches!(self.directories.get(&directory), Some(None));
        match &watch {
            Ok(_) if failed_before => news
                .lines
                .push(format!("tracked files: directory {} is there now and watched", directory.display())),
            Err(error) if !failed_before => {
                news.lines.push(format!("tracked files: {error}; it is looked at every second instead"));
            }
            _ => {}
        }
        self.directories.insert(directory, watch.ok());
    }

    fn read(&mut self, which: impl Fn(&Tracked) -> bool, news: &mut News) {
        for file in self.files.iter_mut().filter(|file| which(file)) {
            let value = match file.read() {
                Ok(value) => {
                    file.refused = None;
                    value
                }
                Err(text) => {
                    if file.refused.as_ref() != Some(&text) {
                        let path = file.path.display();
                        news.lines.push(format!("Invalid number {text} read from {path} - ignoring"));
                        file.refused = Some(text);
                    }
                    file.value.unwrap_or(0)
                }
            };
            if file.value.replace(value) != Some(value) {
                news.values.push((file.name.clone(), value));
            }
        }
    }
}

impl AsFd for Files {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }
}

impl Tracked {
    fn new(file: &FileTracker) -> Self {
        let path = resolved(&file.path);
        let directory = path.parent().unwrap_or(Path::new("/")).to_owned();
        let file_name = path.file_name().unwrap_or_default().to_owned();
        Self {
            name: file.name.clone(),
            path: file.path.clone(),
            directory,
            file_name,
            value: None,
            refused: None,
        }
    }

    /// The number in the file now; 0 when it is missing or cannot be read.
    ///
    /// # Errors
    /// The word that should be a number and is too large to be one.
    fn read(&self) -> std::result::Result<i32, String> {
        let text = beginning(&self.directory.join(&self.file_name)).unwrap_or_default();
        leading_number(&text).ok_or_else(|| {
            let text = String::from_utf8_lossy(&text);
            text.split_whitespace().next().unwrap_or_default().to_owned()
        })
    }
}

/// Without links, so that the directory that is watched is the one that changes. What does not exist yet stays as it is.
fn resolved(path: &Path) -> PathBuf {
    let mut path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for _ in 0..MOST_LINKS {
        if let Ok(real) = fs::canonicalize(&path) {
            return real;
        }
        let directory = path.parent().and_then(|directory| fs::canonicalize(directory).ok());
        let (Some(directory), Some(name)) = (directory, path.file_name()) else {
            return path;
        };
        path = directory.join(name);
        // A link to what does not exist yet.
        let Ok(target) = fs::read_link(&path) else { break };
        path = directory.join(target);
    }
    path
}

/// The first bytes of a file. Does not wait, whatever kind of file it is.
fn beginning(path: &Path) -> io::Result<Vec<u8>> {
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)?;
    let mut text = Vec::with_capacity(LONGEST);
    let limit = u64::try_from(LONGEST).unwrap_or(u64::MAX);
    file.take(limit).read_to_end(&mut text)?;
    Ok(text)
}

/// `init_file`: writes the number, at start. Returns lines for the log.
pub(super) fn initialise(files: &[FileTracker]) -> Vec<String> {
    let attempt = |file: &FileTracker| {
        let path = resolved(&file.path);
        let error = write_initial(&path, file.init?).err()?;
        Some(format!("track_file {}: cannot write {}: {error}", file.name, path.display()))
    };
    files.iter().filter_map(attempt).collect()
}

/// Where there is no room for it, the number that was there stays.
fn write_initial(path: &Path, init: InitFile) -> io::Result<()> {
    if !init.overwrite && fs::symlink_metadata(path).is_ok() {
        return Ok(());
    }
    file_in_place::write(path, 0o644, &format!("{}\n", init.value))
}

#[cfg(test)]
mod tests;

//! `vrrp_track_process`: processes are counted as the kernel tells of them, or by looking where it tells nothing (vrrp
//! reference 3.6).
//!
//! | Question | File |
//! |---|---|
//! | Which process matches which tracker? | `table.rs` |
//! | How is it done without the kernel's help? | `poll.rs` |

mod poll;
mod table;

use keepalived_kernel::netlink::ReceiveBuffer;
use keepalived_kernel::process::{self, Seen};
use keepalived_kernel::process_events::{Happening, ProcessEvents};
use keepalived_types::Instant;
use keepalived_vrrp::config::ProcessTracker;
use poll::Poll;
use std::collections::BTreeMap;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::time::Duration;
use table::{Processes, Table};

/// Room for unread events at first, and at most, in bytes.
const ROOM: usize = 1 << 20;
const MOST_ROOM: usize = 1 << 26;
/// How long the kernel may take to say that it will tell us. It does so at once or, in a container, never.
const PATIENCE: Duration = Duration::from_secs(1);
/// From lost events to looking at everything: the storm may not be over.
const AFTER_LOSS: Duration = Duration::from_secs(1);
/// Events that are handled before the helper thread looks at something else.
const MOST_EVENTS: usize = 512;

/// What has changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    /// Trackers with a new count.
    pub(super) counts: Vec<(String, u32)>,
    /// Lines for the log.
    pub(super) lines: Vec<String>,
}

/// /proc.
struct Machine;

impl Processes for Machine {
    fn look_at(&self, pid: u32) -> Option<Seen> {
        process::look_at(pid)
    }

    fn arguments(&self, pid: u32) -> Option<Vec<Vec<u8>>> {
        process::arguments(pid)
    }
}

/// Where news of processes come from.
#[derive(Debug, Default)]
enum Source {
    /// Nobody asks.
    #[default]
    None,
    /// The kernel has been asked and has not answered; until then we look.
    Asked { events: ProcessEvents, until: Instant, poll: Poll },
    /// The kernel tells; after a loss, when everything is looked at.
    Told { events: ProcessEvents, look_at: Option<Instant> },
    /// It does not.
    Looking(Poll),
}

/// The trackers, and where news come from. Its descriptor, while there is one, is readable when processes have changed.
#[derive(Debug, Default)]
pub(super) struct ProcessWatch {
    table: Table,
    source: Source,
    /// Quorums that have turned, since when that counts, and whether they are met. The engine keeps the same time; this
    /// is for the log.
    turning: BTreeMap<String, (Instant, bool)>,
    /// The network namespace that the daemon was started in, when it has left it.
    origin: Option<OwnedFd>,
    /// `process_monitor_rcv_bufs`.
    room: Option<ReceiveBuffer>,
}

impl ProcessWatch {
    /// Nothing is watched yet.
    pub(super) fn new(origin: Option<OwnedFd>) -> Self {
        Self { origin, ..Self::default() }
    }

    /// From now on the kernel's news have this much room. Returns what could not be done.
    pub(super) fn set_room(&mut self, room: ReceiveBuffer) -> Option<String> {
        let before = self.room.replace(room);
        let (Source::Asked { events, .. } | Source::Told { events, .. }) = &mut self.source else {
            return None;
        };
        if before == Some(room) {
            return None;
        }
        events.set_room(room, ROOM).err().map(|error| error.to_string())
    }

    /// From now on these. Counts that are known already are not told again.
    pub(super) fn configure(&mut self, trackers: Vec<ProcessTracker>, now: Instant) -> News {
        if self.table.trackers().eq(&trackers) {
            return News::default();
        }
        let mut lines = Vec::new();
        self.table.configure(trackers);
        if self.table.trackers().next().is_none() {
            self.source = Source::None;
        } else if matches!(self.source, Source::None) {
            self.ask(now, &mut lines);
        }
        let is_tracked = |name: &str| self.table.trackers().any(|tracker| tracker.name == name);
        self.turning.retain(|name, _| is_tracked(name));
        self.look_at_all(&mut lines);
        self.news(lines, now)
    }

    /// The descriptor is readable.
    pub(super) fn handle_events(&mut self, now: Instant) -> News {
        let mut lines = Vec::new();
        let mut happenings = Vec::new();
        let (Source::Asked { events, .. } | Source::Told { events, .. }) = &mut self.source else {
            return News::default();
        };
        // What is left makes the descriptor readable again.
        let outcome = events.read(&mut happenings, MOST_EVENTS);
        for happening in happenings {
            self.handle(happening, now, &mut lines);
        }
        if let Err(error) = outcome {
            self.look_from_now_on(&error.to_string(), now, &mut lines);
        }
        self.news(lines, now)
    }

    /// Does what is due.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> News {
        let mut lines = Vec::new();
        match &mut self.source {
            Source::Asked { until, .. } if *until <= now => {
                self.look_from_now_on("the kernel does not answer", now, &mut lines);
            }
            Source::Asked { poll, .. } | Source::Looking(poll) => {
                poll.handle_timeout(&mut self.table, &Machine, || list(&mut lines), now);
            }
            Source::Told { look_at, .. } if look_at.is_some_and(|at| at <= now) => {
                *look_at = None;
                self.look_at_all(&mut lines);
            }
            Source::Told { .. } | Source::None => {}
        }
        let mut news = self.news(lines, now);
        self.turning.retain(|name, (due, met)| {
            if *due <= now {
                news.lines.push(turned(name, *met));
            }
            *due > now
        });
        news
    }

    /// When to call [`ProcessWatch::handle_timeout`].
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let looks = match &self.source {
            Source::None => None,
            Source::Asked { until, poll, .. } => Some(poll.next_deadline().min(*until)),
            Source::Told { look_at, .. } => *look_at,
            Source::Looking(poll) => Some(poll.next_deadline()),
        };
        self.turning.values().map(|(due, _)| *due).chain(looks).min()
    }

    /// What the kernel tells through, while it does.
    pub(super) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        match &self.source {
            Source::Asked { events, .. } | Source::Told { events, .. } => Some(events.as_fd()),
            Source::None | Source::Looking(_) => None,
        }
    }

    fn ask(&mut self, now: Instant, lines: &mut Vec<String>) {
        match ProcessEvents::open(self.origin.as_ref().map(OwnedFd::as_fd), ROOM) {
            Ok(mut events) => {
                if let Some(room) = self.room {
                    lines.extend(events.set_room(room, ROOM).err().map(|error| error.to_string()));
                }
                self.source = Source::Asked { events, until: now + PATIENCE, poll: Poll::new(now) };
            }
            Err(error) => self.look_from_now_on(&error.to_string(), now, lines),
        }
    }

    fn look_from_now_on(&mut self, why: &str, now: Instant, lines: &mut Vec<String>) {
        lines.push(format!(
            "Tracked processes are looked for every second: there are no process events ({why})"
        ));
        self.source = Source::Looking(Poll::new(now));
    }

    fn handle(&mut self, happening: Happening, now: Instant, lines: &mut Vec<String>) {
        match happening {
            Happening::Forked { parent, child } => self.table.forked(parent, child),
            Happening::Executed(pid) => self.table.look_at(pid, &Machine),
            Happening::Renamed(pid) if self.table.goes_by_name() => self.table.look_at(pid, &Machine),
            Happening::Renamed(_) => {}
            Happening::Exited(pid) => self.table.gone(pid),
            Happening::Accepted => self.accepted(lines),
            // Both of our requests are answered.
            Happening::Refused(_) if self.descriptor().is_none() => {}
            Happening::Refused(errno) => {
                let why = std::io::Error::from_raw_os_error(errno).to_string();
                self.look_from_now_on(&why, now, lines);
            }
            Happening::Overrun => self.overrun(now, lines),
        }
    }

    /// From here on the kernel tells everything. What happened before is looked at once more.
    fn accepted(&mut self, lines: &mut Vec<String>) {
        match std::mem::take(&mut self.source) {
            Source::Asked { events, .. } => {
                self.source = Source::Told { events, look_at: None };
                self.look_at_all(lines);
            }
            // The second request is answered as well.
            source => self.source = source,
        }
    }

    fn overrun(&mut self, now: Instant, lines: &mut Vec<String>) {
        let (Source::Asked { events, .. } | Source::Told { events, .. }) = &mut self.source else { return };
        events.enlarge(MOST_ROOM);
        if let Source::Told { look_at, .. } = &mut self.source
            && look_at.is_none()
        {
            *look_at = Some(now + AFTER_LOSS);
            lines.push("Process events were lost; all processes are looked at again in a second".to_owned());
        }
    }

    fn look_at_all(&mut self, lines: &mut Vec<String>) {
        if self.table.trackers().next().is_none() {
            return;
        }
        let mut pids = list(lines);
        pids.sort_unstable();
        self.table.retain(|pid| pids.binary_search(&pid).is_ok());
        pids.into_iter().for_each(|pid| self.table.look_at(pid, &Machine));
    }

    fn news(&mut self, lines: Vec<String>, now: Instant) -> News {
        let mut news = News { counts: Vec::new(), lines };
        for count in self.table.news() {
            // One that turns back in time has not turned.
            if let Some(met) = count.turn.filter(|_| self.turning.remove(&count.name).is_none()) {
                if count.delay.is_zero() {
                    news.lines.push(turned(&count.name, met));
                } else {
                    self.turning.insert(count.name.clone(), (now + count.delay, met));
                }
            }
            news.counts.push((count.name, count.count));
        }
        news
    }
}

fn turned(name: &str, met: bool) -> String {
    let verb = if met { "gained" } else { "lost" };
    format!("Quorum {verb} for tracked process {name}")
}

fn list(lines: &mut Vec<String>) -> Vec<u32> {
    process::ids().unwrap_or_else(|error| {
        lines.push(format!("tracked processes: {error}"));
        Vec::new()
    })
}

#[cfg(test)]
mod tests;

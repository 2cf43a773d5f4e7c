//! What the two threads of the VRRP process say to each other: messages only, no shared state.
//!
//! The queues never block the thread that runs the engine. State changes are never dropped; lines of the detailed
//! log are, once so many wait that the log cannot keep up, and the loss is told.

use super::dumps::{Dump, Saved};
use crate::ipc::Order;
use keepalived_config::model::{AutoPriority, NetlinkBuffers, ProcessSettings};
use keepalived_events::Event;
use keepalived_kernel::waker::Waker;
use keepalived_vrrp as vrrp;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

/// Messages that may wait before lines of the log are dropped.
const LOG_LIMIT: u64 = 20_000;

/// From the engine's thread to the helper thread.
#[derive(Debug)]
pub(super) enum ToHelper {
    /// Something happened: log it, run its scripts, tell the supervisor.
    Event(Box<Event>),
    /// A line for the log.
    Log {
        /// Only with `-D`.
        detail: bool,
        /// The text.
        text: String,
    },
    /// The instances run.
    Started,
    /// A new configuration is in force.
    Reloaded,
    /// What became of an operator's order.
    Operated {
        /// The order's.
        ticket: u64,
        /// Why it was not obeyed.
        outcome: Result<(), vrrp::NotDone>,
    },
    /// What the supervisor asked for.
    Snapshot(Box<keepalived_events::Snapshot>),
    /// A signal asked for a file.
    Dump(Box<Dump>),
    /// SIGHUP came to this process.
    ReloadRequested,
    /// Everything has been taken back; end the scripts and then the thread.
    Stop,
}

/// What a reload may change about the process.
#[derive(Debug)]
pub(super) struct Settings {
    /// Priority, memory locking, processors.
    pub(super) process: ProcessSettings,
    /// How far the priority may rise by itself.
    pub(super) auto_priority: AutoPriority,
    /// Its name in process listings.
    pub(super) name: Option<String>,
    /// Receive buffers of the netlink sockets.
    pub(super) netlink: NetlinkBuffers,
}

/// From the helper thread to the engine's thread.
#[derive(Debug)]
pub(super) enum ToEngine {
    /// How the process is to be scheduled from now on.
    Settings(Box<Settings>),
    /// A new configuration.
    Reload(Box<vrrp::config::Config>),
    /// Answer with [`ToHelper::Snapshot`].
    Snapshot,
    /// Answer with [`ToHelper::Operated`].
    Operate {
        /// Comes back with the answer.
        ticket: u64,
        /// What an operator wants.
        order: Order,
    },
    /// Collect the data for a file of `config_save_dir`.
    Dump(Saved),
    /// A script has run, or the number in a file has changed.
    Tracker {
        /// The tracker's name.
        name: String,
        /// The result, or the number.
        reading: vrrp::Reading,
    },
}

/// The sending end of a queue; wakes the other thread's reactor.
#[derive(Debug)]
pub(super) struct Outbox<M> {
    sender: Sender<M>,
    waker: Waker,
    waiting: Arc<AtomicU64>,
    dropped: u64,
}

/// The receiving end of a queue.
#[derive(Debug)]
pub(super) struct Inbox<M> {
    receiver: Receiver<M>,
    waker: Waker,
    waiting: Arc<AtomicU64>,
}

/// Makes a queue.
///
/// # Errors
/// When the process is out of descriptors.
pub(super) fn queue<M>() -> keepalived_kernel::Result<(Outbox<M>, Inbox<M>)> {
    let (sender, receiver) = channel();
    let waker = Waker::new()?;
    let waiting = Arc::new(AtomicU64::new(0));
    let outbox = Outbox { sender, waker: waker.clone(), waiting: Arc::clone(&waiting), dropped: 0 };
    Ok((outbox, Inbox { receiver, waker, waiting }))
}

impl<M> Outbox<M> {
    /// Sends a message that must not be lost. The other end is woken with [`Outbox::wake`].
    pub(super) fn put(&mut self, message: M) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        // The other thread is gone only when the process ends.
        drop(self.sender.send(message));
    }

    /// Sends a message that may be lost when too many wait.
    pub(super) fn put_if_room(&mut self, message: impl FnOnce() -> M) {
        if self.waiting.load(Ordering::Relaxed) < LOG_LIMIT {
            self.put(message());
        } else {
            self.dropped += 1;
        }
    }

    /// How many messages were dropped since the last call.
    pub(super) fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }

    /// Lets the other thread look; once per turn is enough.
    pub(super) fn wake(&self) {
        if self.waiting.load(Ordering::Relaxed) > 0 {
            self.waker.wake();
        }
    }
}

impl<M> Inbox<M> {
    /// The descriptor that is readable when messages wait.
    #[must_use]
    pub(super) const fn waker(&self) -> &Waker {
        &self.waker
    }

    /// Takes the next message.
    pub(super) fn take(&mut self) -> Option<M> {
        let message = self.receiver.try_recv().ok()?;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        Some(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_lines_are_dropped_and_counted_when_nobody_reads() {
        let (mut outbox, mut inbox) = queue::<u64>().expect("descriptors");
        for number in 0..LOG_LIMIT + 5 {
            outbox.put_if_room(|| number);
        }
        outbox.put(u64::MAX);
        assert_eq!(outbox.take_dropped(), 5);
        assert_eq!(outbox.take_dropped(), 0);
        let mut last = None;
        while let Some(number) = inbox.take() {
            last = Some(number);
        }
        assert_eq!(last, Some(u64::MAX), "what must not be lost is not");
        outbox.put_if_room(|| 1);
        assert_eq!(inbox.take(), Some(1));
    }
}

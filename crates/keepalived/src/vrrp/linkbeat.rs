//! Polling the link of interfaces whose netlink messages cannot be trusted (vrrp reference 2.9, `linkbeat_interfaces`).
//!
//! A driver may take milliseconds to answer, so a thread of its own asks, once a second, and tells the engine's thread
//! what has changed. It is started by the first configuration that names such an interface.

use super::messages::{self, Inbox, Outbox};
use keepalived_kernel::linkbeat::Questions;
use keepalived_types::InterfaceName;
use keepalived_vrrp::config::Linkbeat as Method;
use std::collections::HashMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// The original's period.
const PERIOD: Duration = Duration::from_secs(1);

/// What is polled, and how.
type Polled = Vec<(InterfaceName, Method)>;

/// An interface and whether it has a link.
pub(super) type Beat = (InterfaceName, bool);

/// The driver's end.
#[derive(Debug)]
pub(super) struct Linkbeat {
    /// Ends the thread when it is dropped.
    wishes: Sender<Polled>,
    /// What has changed.
    pub(super) inbox: Inbox<Beat>,
}

impl Linkbeat {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the process is out of descriptors or threads.
    pub(super) fn start() -> keepalived_kernel::Result<Self> {
        let questions = Questions::open()?;
        let (outbox, inbox) = messages::queue()?;
        let (wishes, wanted) = channel();
        let builder = std::thread::Builder::new().name("keepalived".to_owned());
        builder
            .spawn(move || poll_until_dropped(&questions, &wanted, outbox))
            .map_err(|error| keepalived_kernel::Error::new("start the thread that polls links", error))?;
        Ok(Self { wishes, inbox })
    }

    /// From now on exactly these are polled; the first answers come at once.
    pub(super) fn poll(&self, polled: Polled) {
        // The thread ends before us only when it panics.
        drop(self.wishes.send(polled));
    }
}

fn poll_until_dropped(questions: &Questions, wanted: &Receiver<Polled>, mut outbox: Outbox<Beat>) {
    let mut polled = Polled::new();
    let mut known: HashMap<InterfaceName, bool> = HashMap::new();
    loop {
        for (name, method) in &polled {
            // An interface that is gone is netlink's business.
            let Some(up) = ask(questions, name, *method) else {
                known.remove(name);
                continue;
            };
            if known.insert(name.clone(), up) != Some(up) {
                outbox.put((name.clone(), up));
            }
        }
        outbox.wake();
        match wanted.recv_timeout(PERIOD) {
            Ok(new) => {
                // Everything is told anew: the driver has forgotten what it was told for the old list.
                known.clear();
                polled = new;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// What the configured question says; where the driver does not know it, the next one.
fn ask(questions: &Questions, name: &InterfaceName, method: Method) -> Option<bool> {
    let flags = || questions.flags(name).ok();
    let ethtool = || questions.ethtool(name).ok();
    let mii = || questions.mii(name).ok();
    match method {
        Method::Automatic => mii().or_else(ethtool).or_else(flags),
        Method::Mii => mii().or_else(flags),
        Method::Ethtool => ethtool().or_else(flags),
        Method::Ioctl => flags(),
    }
}

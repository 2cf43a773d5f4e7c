//! A client that asks an address every few milliseconds who it is, and measures for how long nobody answers.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::node::Node;
use crate::trace::elapsed;
use crate::worker::Worker;
use crate::{Error, Result};

/// Where responders listen.
const PORT: u16 = 7;
/// How long a receive call may hold a thread that was asked to stop.
const PATIENCE: Duration = Duration::from_millis(50);

/// Answers probes on a node with the node's name, whatever address they were sent to.
#[derive(Debug)]
pub struct Responder(Worker);

impl Responder {
    /// Listens on UDP port 7 of every address, also of those that come later.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn start(node: &Node) -> Result<Self> {
        let name = node.name().to_owned();
        Worker::start(
            node,
            || listening("[::]:7"),
            move |socket, stop| {
                let mut probe = [0; 64];
                while !stop.load(Ordering::Relaxed) {
                    if let Ok((length, from)) = socket.recv_from(&mut probe) {
                        let mut answer = probe[..length].to_vec();
                        answer.extend(name.as_bytes());
                        let _client_counts_the_loss = socket.send_to(&answer, from);
                    }
                }
            },
        )
        .map(Self)
    }

    /// Stops answering.
    pub fn stop(self) {
        drop(self.0);
    }
}

/// One answered probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// When the probe was sent.
    pub sent: SystemTime,
    /// When the answer came.
    pub received: SystemTime,
    /// Who answered.
    pub node: String,
}

/// A time without answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outage {
    /// The last answer before it.
    pub from: Answer,
    /// The first answer after it.
    pub to: Answer,
}

impl Outage {
    /// From the last answer to the next.
    #[must_use]
    pub fn length(&self) -> Duration {
        elapsed(self.from.received, self.to.received)
    }
}

/// The probing client.
#[derive(Debug)]
pub struct Client {
    answers: Arc<Mutex<Vec<Answer>>>,
    worker: Worker,
}

impl Client {
    /// Starts to probe an address from a node, one probe each `every`.
    ///
    /// # Errors
    /// When no socket can be opened.
    pub fn start(node: &Node, target: IpAddr, every: Duration) -> Result<Self> {
        let answers = Arc::default();
        let sink = Arc::clone(&answers);
        let bind = if target.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let worker = Worker::start(
            node,
            || listening(bind),
            move |socket, stop| {
                probe_until_stopped(&socket, SocketAddr::new(target, PORT), every, &stop, &sink);
            },
        )?;
        Ok(Self { answers, worker })
    }

    /// All answers so far.
    #[must_use]
    pub fn answers(&self) -> Vec<Answer> {
        lock(&self.answers).clone()
    }

    /// Waits for the first answer since a moment.
    ///
    /// # Errors
    /// [`Error::TimedOut`].
    pub fn wait_for_answer(&self, since: SystemTime, timeout: Duration) -> Result<Answer> {
        let deadline = Instant::now() + timeout;
        loop {
            if let Some(answer) = lock(&self.answers).iter().find(|answer| answer.received >= since) {
                return Ok(answer.clone());
            }
            if Instant::now() > deadline {
                let waited_for = "an answer to the client".to_owned();
                return Err(Error::TimedOut { waited_for, after: timeout, seen: "no answer".into() });
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The longest time without answers that ended at or after `since`. None with fewer than two answers.
    #[must_use]
    pub fn longest_outage(&self, since: SystemTime) -> Option<Outage> {
        let answers = lock(&self.answers);
        let outage = |pair: &[Answer]| Outage { from: pair[0].clone(), to: pair[1].clone() };
        answers.windows(2).map(outage).filter(|outage| outage.to.received >= since).max_by_key(Outage::length)
    }

    /// The first time since `since` that an answer came from `node` after one from somebody else.
    #[must_use]
    pub fn hand_over_to(&self, node: &str, since: SystemTime) -> Option<Outage> {
        let answers = lock(&self.answers);
        let mut pairs = answers.windows(2).filter(|pair| pair[1].received >= since);
        let changed = pairs.find(|pair| pair[1].node == node && pair[0].node != node)?;
        Some(Outage { from: changed[0].clone(), to: changed[1].clone() })
    }

    /// Stops probing.
    pub fn stop(self) -> Vec<Answer> {
        drop(self.worker);
        lock(&self.answers).clone()
    }
}

fn lock(answers: &Mutex<Vec<Answer>>) -> MutexGuard<'_, Vec<Answer>> {
    // Answers are pushed whole.
    answers.lock().unwrap_or_else(PoisonError::into_inner)
}

fn listening(bind: &str) -> Result<UdpSocket> {
    let what = format!("binding {bind}");
    let socket = UdpSocket::bind(bind).map_err(Error::io(what.clone()))?;
    socket.set_read_timeout(Some(PATIENCE)).map_err(Error::io(what))?;
    Ok(socket)
}

/// A probe is its sending time in nanoseconds; the answer repeats it and adds the responder's name.
fn probe_until_stopped(
    socket: &UdpSocket,
    target: SocketAddr,
    every: Duration,
    stop: &AtomicBool,
    sink: &Mutex<Vec<Answer>>,
) {
    let start = Instant::now();
    let epoch = SystemTime::now();
    let mut due = start;
    let mut buffer = [0; 128];
    while !stop.load(Ordering::Relaxed) {
        let now = Instant::now();
        if now >= due {
            let nanos = u64::try_from((now - start).as_nanos()).unwrap_or(u64::MAX);
            // No route, no neighbour: that is the outage being measured.
            let _counted_as_lost = socket.send_to(&nanos.to_be_bytes(), target);
            due = now + every;
        }
        // A receive time-out of zero would mean for ever.
        let wait = due.saturating_duration_since(Instant::now()).max(Duration::from_micros(100));
        if socket.set_read_timeout(Some(wait.min(PATIENCE))).is_err() {
            return;
        }
        let Ok((length, _)) = socket.recv_from(&mut buffer) else {
            continue;
        };
        let Some((stamp, name)) = buffer[..length].split_first_chunk::<8>() else {
            continue;
        };
        let sent = epoch + Duration::from_nanos(u64::from_be_bytes(*stamp));
        let node = String::from_utf8_lossy(name).into_owned();
        lock(sink).push(Answer { sent, received: SystemTime::now(), node });
    }
}

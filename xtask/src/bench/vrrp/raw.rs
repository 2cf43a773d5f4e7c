//! The machine's own limits, and the load of the backup rows: raw sockets that send prepared adverts when they are
//! due, and raw sockets that only take them.

use std::net::SocketAddrV4;
use std::os::fd::OwnedFd;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use keepalived_lab::Node;
use rustix::event::epoll;
use rustix::net::{
    AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with,
    sockopt,
};

use super::rig::{address, interfaces_for};
use super::setting::{GROUP, Setting, count, place};
use super::usage::cpu_of_thread;
use crate::{Error, Result};

/// IANA's protocol number.
const VRRP: u32 = 112;
/// The longest sleep of a thread that may have been asked to stop.
const LONGEST_SLEEP: Duration = Duration::from_millis(100);
/// A paced sender wakes up this often at most, and sends what is due.
const TICK: Duration = Duration::from_millis(1);

/// When the adverts of an interval leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// All at once: as from a daemon whose instances became MASTER together.
    Together,
    /// Evenly over the interval, in slots of a millisecond: as from many masters that know nothing of each other.
    Spread,
}

/// What a raw thread did, and which one it is.
#[derive(Debug, Default)]
struct Meter {
    adverts: AtomicUsize,
    thread: AtomicI32,
}

/// A thread that sends or receives until it is dropped.
pub(super) struct Raw {
    meter: Arc<Meter>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<keepalived_lab::Result<Result<()>>>>,
}

impl Raw {
    /// Sends the adverts of all instances from node `a`.
    pub(super) fn send(node: &Node, setting: Setting, priority: u8, phase: Phase) -> Result<Self> {
        Self::start(node, move |meter, stop| send_until(stop, meter, setting, priority, phase))
    }

    /// Takes the adverts that arrive at node `b` and does nothing with them.
    pub(super) fn receive(node: &Node, setting: Setting) -> Result<Self> {
        Self::start(node, move |meter, stop| receive_until(stop, meter, setting))
    }

    fn start(
        node: &Node,
        work: impl FnOnce(&Meter, &AtomicBool) -> Result<()> + Send + 'static,
    ) -> Result<Self> {
        let (meter, stop) = (Arc::<Meter>::default(), Arc::<AtomicBool>::default());
        let (its_meter, its_stop) = (Arc::clone(&meter), Arc::clone(&stop));
        let thread = node.namespace().thread(move || {
            its_meter.thread.store(rustix::thread::gettid().as_raw_pid(), Ordering::Relaxed);
            work(&its_meter, &its_stop)
        })?;
        Ok(Self { meter, stop, thread: Some(thread) })
    }

    /// Has it run under SCHED_RR at this priority.
    pub(super) fn become_real_time(&self, priority: u8) -> Result<()> {
        let thread = self.meter.thread.load(Ordering::Relaxed).to_string();
        let status = Command::new("chrt").args(["--rr", "--pid", &priority.to_string(), &thread]).status();
        match status.map_err(Error::io("starting chrt"))?.success() {
            true => Ok(()),
            false => Err(Error::Failed("chrt could not set the priority of the raw sender".into())),
        }
    }

    /// CPU microseconds per advert over a while.
    pub(super) fn cost(&self, window: Duration) -> Result<f64> {
        let read = || {
            let cpu = cpu_of_thread(self.meter.thread.load(Ordering::Relaxed));
            (self.meter.adverts.load(Ordering::Relaxed), cpu)
        };
        let before = read();
        std::thread::sleep(window);
        let after = read();
        let adverts = count(after.0.saturating_sub(before.0));
        if adverts == 0.0 {
            return Err(Error::Failed("the raw socket carried nothing".into()));
        }
        Ok(after.1.saturating_sub(before.1).as_secs_f64() * 1e6 / adverts)
    }

    /// Ends the thread and says what went wrong in it.
    pub(super) fn finish(mut self) -> Result<()> {
        self.join()
    }

    fn join(&mut self) -> Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        match self.thread.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(outcome)) => outcome?,
            Some(Err(_)) => Err(Error::Failed("a raw socket's thread panicked".into())),
        }
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // Whoever wants to know calls `finish`.
        drop(self.join());
    }
}

fn send_until(stop: &AtomicBool, meter: &Meter, setting: Setting, priority: u8, phase: Phase) -> Result<()> {
    let cables = 0..interfaces_for(setting.instances);
    let sockets = cables.map(sending).collect::<rustix::io::Result<Vec<OwnedFd>>>();
    let sockets = sockets.map_err(|errno| Error::io("opening a raw socket")(errno.into()))?;
    let adverts: Vec<(usize, Vec<u8>)> =
        (0..setting.instances).map(|index| (place(index).0, setting.advert(index, priority))).collect();
    let target = SocketAddrV4::new(GROUP, 0);
    let mut next = 0;
    let mut round = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        let now = Instant::now();
        let due = match phase {
            Phase::Together => adverts.len(),
            Phase::Spread => due_by(now.duration_since(round), setting.interval, adverts.len()),
        };
        for (socket, pdu) in &adverts[next..due.max(next)] {
            sendto(&sockets[*socket], pdu, SendFlags::DONTROUTE, &target)
                .map_err(|errno| Error::io("sending an advert")(errno.into()))?;
        }
        meter.adverts.fetch_add(due.saturating_sub(next), Ordering::Relaxed);
        next = next.max(due);
        if next == adverts.len() {
            next = 0;
            round += setting.interval;
        }
        let wake = match phase {
            Phase::Spread if next > 0 => now + TICK,
            _ => round,
        };
        sleep_until(wake, stop);
    }
    Ok(())
}

/// How many of an interval's adverts are due after this part of it.
fn due_by(elapsed: Duration, interval: Duration, adverts: usize) -> usize {
    let all = u128::try_from(adverts).unwrap_or(0);
    let due = elapsed.as_nanos() * all / interval.as_nanos().max(1) + 1;
    usize::try_from(due.min(all)).unwrap_or(adverts)
}

fn sleep_until(wake: Instant, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let left = wake.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        std::thread::sleep(left.min(LONGEST_SLEEP));
    }
}

/// Waits with epoll, as whoever has timers and other sockets must, and takes one datagram at a time.
fn receive_until(stop: &AtomicBool, meter: &Meter, setting: Setting) -> Result<()> {
    let failed = |what: &'static str| move |errno: rustix::io::Errno| Error::io(what)(errno.into());
    let socket = listening(setting).map_err(failed("opening a raw socket"))?;
    let waiting =
        epoll::create(epoll::CreateFlags::CLOEXEC).map_err(failed("creating an epoll descriptor"))?;
    epoll::add(&waiting, &socket, epoll::EventData::new_u64(0), epoll::EventFlags::IN)
        .map_err(failed("watching a socket"))?;
    let patience = rustix::event::Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
    let mut events = Vec::with_capacity(1);
    let mut buffer = [0_u8; 2_048];
    while !stop.load(Ordering::Relaxed) {
        events.clear();
        epoll::wait(&waiting, rustix::buffer::spare_capacity(&mut events), Some(&patience))
            .map_err(failed("waiting for adverts"))?;
        if !events.is_empty() && recv(&socket, &mut buffer, RecvFlags::DONTWAIT).is_ok() {
            meter.adverts.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(())
}

fn raw_socket() -> rustix::io::Result<OwnedFd> {
    let protocol = std::num::NonZeroU32::new(VRRP).map(Protocol::from_raw);
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    socket_with(AddressFamily::INET, SocketType::RAW, flags, protocol)
}

/// Hears the group on every cable of node `b`.
fn listening(setting: Setting) -> rustix::io::Result<OwnedFd> {
    let socket = raw_socket()?;
    for cable in 0..interfaces_for(setting.instances) {
        sockopt::set_ip_add_membership(&socket, &GROUP, &address(cable, 2))?;
    }
    sockopt::set_socket_recv_buffer_size(&socket, 1 << 20)?;
    rustix::net::bind(&socket, &SocketAddrV4::new(GROUP, 0))?;
    Ok(socket)
}

/// Sends to the group on one cable of node `a`.
fn sending(cable: usize) -> rustix::io::Result<OwnedFd> {
    let socket = raw_socket()?;
    sockopt::set_ip_multicast_if(&socket, &address(cable, 1))?;
    sockopt::set_ip_multicast_ttl(&socket, 255)?;
    sockopt::set_socket_recv_buffer_size(&socket, 0)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adverts_are_spread_over_their_interval() {
        let second = Duration::from_secs(1);
        assert_eq!(due_by(Duration::ZERO, second, 100), 1);
        assert_eq!(due_by(second / 2, second, 100), 51);
        assert_eq!(due_by(second * 3, second, 100), 100);
    }
}

//! Gratuitous ARP and unsolicited neighbour advertisements, sent in turns.
//!
//! A thousand addresses five times over are five thousand frames; a turn sends a bounded number of them, so that no
//! advert waits for the rest.

use keepalived_kernel::packet_socket::PacketSocket;
use keepalived_kernel::sysctl;
use keepalived_types::{IfIndex, Instant};
use keepalived_vrrp::{Announcement, InstanceId};
use keepalived_wire::ethernet::MacAddr;
use keepalived_wire::{arp, ndisc};
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Frames sent before timers get their turn again; about a microsecond each.
const FRAMES_PER_TURN: usize = 512;
/// How long the Router flag of an interface is believed; the original's figure.
const ROUTER_FLAG_LIFETIME: Duration = Duration::from_secs(5);

/// A set of announcements on its way.
#[derive(Debug)]
struct Burst {
    instance: InstanceId,
    announcements: Arc<[Announcement]>,
    /// The next frame, counted over all rounds.
    next: usize,
    /// Frames in all rounds together.
    total: usize,
}

/// A frame that went out, for the detailed log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    /// Through which interface.
    pub(super) index: IfIndex,
    /// About which address.
    pub(super) address: IpAddr,
}

/// The queue of announcements and the socket they leave by.
#[derive(Debug)]
pub(super) struct Announcer {
    socket: PacketSocket,
    bursts: VecDeque<Burst>,
    router_flags: HashMap<IfIndex, (bool, Instant)>,
    failures: u64,
}

impl Announcer {
    /// Takes over the socket that all instances share.
    #[must_use]
    pub(super) fn new(socket: PacketSocket) -> Self {
        Self { socket, bursts: VecDeque::new(), router_flags: HashMap::new(), failures: 0 }
    }

    /// Queues `rounds` rounds over `announcements`, behind what is queued already.
    pub(super) fn queue(&mut self, instance: InstanceId, announcements: Arc<[Announcement]>, rounds: u32) {
        let rounds = usize::try_from(rounds).unwrap_or(usize::MAX);
        let total = announcements.len().saturating_mul(rounds);
        if total > 0 {
            self.bursts.push_back(Burst { instance, announcements, next: 0, total });
        }
    }

    /// The instance is no longer MASTER: whatever it still had to say would be a lie.
    pub(super) fn forget(&mut self, instance: InstanceId) {
        self.bursts.retain(|burst| burst.instance != instance);
    }

    /// The interface is gone; its number may come again.
    pub(super) fn forget_link(&mut self, index: IfIndex) {
        self.router_flags.remove(&index);
    }

    /// Frames are waiting.
    #[must_use]
    pub(super) fn has_work(&self) -> bool {
        !self.bursts.is_empty()
    }

    /// Frames that the kernel did not take.
    #[must_use]
    pub(super) const fn failures(&self) -> u64 {
        self.failures
    }

    /// Sends the next frames. `name_of` tells an interface's name; every frame is told to `sent`.
    pub(super) fn turn(
        &mut self,
        now: Instant,
        name_of: impl Fn(IfIndex) -> Option<String>,
        mut sent: impl FnMut(Sent),
    ) {
        for _ in 0..FRAMES_PER_TURN {
            let Some(burst) = self.bursts.front_mut() else {
                return;
            };
            let announcement = burst.announcements[burst.next % burst.announcements.len()];
            burst.next += 1;
            if burst.next == burst.total {
                self.bursts.pop_front();
                if self.bursts.is_empty() {
                    // There were thousands, perhaps.
                    self.bursts = VecDeque::new();
                }
            }
            let mac = MacAddr(announcement.mac);
            let frame = match announcement.address {
                IpAddr::V4(address) => arp::gratuitous_frame(mac, address),
                IpAddr::V6(address) => {
                    let router = self.is_router(announcement.index, now, &name_of);
                    ndisc::unsolicited_frame(mac, address, router)
                }
            };
            match self.socket.send(announcement.index, &frame) {
                Ok(()) => sent(Sent { index: announcement.index, address: announcement.address }),
                Err(_) => self.failures += 1,
            }
        }
    }

    /// `net.ipv6.conf.IF.forwarding`: the Router flag of neighbour advertisements.
    fn is_router(
        &mut self,
        index: IfIndex,
        now: Instant,
        name_of: impl Fn(IfIndex) -> Option<String>,
    ) -> bool {
        if let Some((flag, until)) = self.router_flags.get(&index)
            && now < *until
        {
            return *flag;
        }
        let flag = name_of(index).is_some_and(|name| {
            sysctl::read_number(&format!("net/ipv6/conf/{name}/forwarding")).is_ok_and(|value| value != 0)
        });
        self.router_flags.insert(index, (flag, now + ROUTER_FLAG_LIFETIME));
        flag
    }
}

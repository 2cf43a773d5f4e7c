//! The thread that runs the engine: sockets, timers, netlink, and nothing that can block.
//!
//! A turn: sleep until something is due; hand received adverts, kernel reports and messages to the engine; then, and
//! only then, let timers run out (after a stall, what was received meanwhile is read first); perform what the engine
//! wants, adverts first, then addresses in batches, then announcements.

mod acting;
mod ending;
mod receiving;
mod routing;
mod settings;
mod told;
mod topology;

use super::announcer::Announcer;
use super::auto_priority::AutoPriority;
use super::channels::{Channels, Reported};
use super::linkbeat::Linkbeat;
use super::messages::{Inbox, Outbox, ToEngine, ToHelper};
use super::network::Network;
use super::redump::Redump;
use super::roles::Roles;
use super::secondaries::Secondaries;
use crate::aftermath::Aftermath;
use crate::ipc::VrrpSetup;
use crate::process_settings::InForce;
use keepalived_kernel::packet_socket::PacketSocket;
use keepalived_kernel::reactor::{Interest, Reactor, Ready};
use keepalived_kernel::signals::Signals;
use keepalived_kernel::{Result, clock, memory};
use keepalived_types::Instant;
use keepalived_vrrp::config::Config;
use keepalived_vrrp::{Engine, Start};
use std::collections::HashSet;
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::time::Duration;

const SIGNALS: u64 = 0;
const MONITOR: u64 = 1;
const REQUESTS: u64 = 2;
const MESSAGES: u64 = 3;
const LINKBEAT: u64 = 4;

/// Timers due within the same slot share one wake-up.
const QUANTUM: Duration = Duration::from_micros(500);
/// With short intervals the slot is this part of one.
const SLOTS_PER_INTERVAL: u32 = 64;
/// Being this late is worth telling; half of this late is worth reading all sockets first.
const STALL: Duration = Duration::from_millis(200);
/// How long a real-time thread may be awake before it has to sleep for a moment (RLIMIT_RTTIME counts from there).
const LONGEST_AWAKE: Duration = Duration::from_millis(2);
/// That moment.
const NAP: Duration = Duration::from_micros(50);
/// Returning memory takes a millisecond or a few; with so long until anything is due it makes nothing late.
const ENOUGH_TIME: Duration = Duration::from_millis(50);

/// The engine and everything it acts through.
pub(super) struct Driver {
    engine: Engine,
    reactor: Reactor,
    quantum: Duration,
    signals: Signals,
    process: InForce,
    auto_priority: AutoPriority,
    channels: Channels,
    network: Network,
    announcer: Announcer,
    secondaries: Secondaries,
    linkbeat: Option<Linkbeat>,
    redump: Redump,
    /// The same for routes and rules.
    routing_redump: Redump,
    /// An address has come: routes that were refused are tried again.
    has_new_address: bool,
    /// Instances have come to other places since receive buffers and the like were looked at.
    options_outdated: bool,
    roles: Roles,
    to_helper: Outbox<ToHelper>,
    from_helper: Inbox<ToEngine>,
    events: u64,
    aftermath: Aftermath,
    detail: bool,
    address_monitoring: bool,
    /// `-V`: nothing is taken back at the end.
    keep_at_stop: bool,
    muted: bool,
    stopping: bool,
    is_real_time: bool,
}

impl Driver {
    /// Opens what the instances share. Nothing is sent or changed yet.
    ///
    /// # Errors
    /// When the kernel refuses a socket: without them nothing can run.
    pub(super) fn new(
        setup: &VrrpSetup,
        roles: Roles,
        signals: Signals,
        to_helper: Outbox<ToHelper>,
        from_helper: Inbox<ToEngine>,
    ) -> Result<Self> {
        let reactor = Reactor::new()?;
        let network = Network::open(setup.netlink)?;
        if setup.log.detail == 0 && !setup.address_monitoring {
            network.leave_out_own_additions()?;
        }
        let announcer = Announcer::new(PacketSocket::open()?);
        reactor.register(signals.as_fd(), SIGNALS, Interest::Read)?;
        reactor.register(network.monitor.as_fd(), MONITOR, Interest::Read)?;
        reactor.register(network.requests.as_fd(), REQUESTS, Interest::Read)?;
        reactor.register(from_helper.waker().as_fd(), MESSAGES, Interest::Read)?;
        let start = Start { now: clock::now(), uptime: clock::uptime() };
        let mut engine = Engine::new(setup.vrrp.clone(), start);
        let adopted: Vec<String> = setup.adopt.iter().map(|adoption| adoption.instance.clone()).collect();
        engine.adopt(&adopted, start.now);
        engine.stand_back(&setup.given_way);
        engine.set_maintenance(setup.maintenance, start.now);
        Ok(Self {
            engine,
            reactor,
            quantum: quantum_of(&setup.vrrp),
            signals,
            process: InForce::new("VRRP"),
            auto_priority: AutoPriority::default(),
            channels: Channels::default(),
            network,
            announcer,
            secondaries: Secondaries::default(),
            linkbeat: None,
            redump: Redump::default(),
            routing_redump: Redump::default(),
            has_new_address: false,
            options_outdated: true,
            roles,
            to_helper,
            from_helper,
            events: 0,
            aftermath: Aftermath::default(),
            detail: setup.log.detail > 0,
            address_monitoring: setup.address_monitoring,
            keep_at_stop: setup.keep_at_stop,
            muted: false,
            stopping: false,
            is_real_time: false,
        })
    }

    /// Runs until a signal ends it.
    ///
    /// # Errors
    /// When a socket that everything needs is beyond use.
    pub(super) fn run(mut self) -> Result<()> {
        let mut ready = Vec::new();
        let mut awake_since = clock::now();
        while !self.stopping {
            let deadline = self.next_deadline();
            let asked = clock::now();
            self.return_memory(deadline, asked);
            let now = self.reactor.wait(deadline, self.quantum, &mut ready)?;
            if now.since(asked) >= NAP {
                awake_since = now;
            } else if self.is_real_time && now.since(awake_since) >= LONGEST_AWAKE {
                // A flood must not look like a thread that has run away, nor keep everybody else from this processor.
                std::thread::sleep(NAP);
                awake_since = clock::now();
            }
            self.turn(&ready, deadline, now)?;
        }
        self.finish()
    }

    /// Learns what there is and starts the instances, which have been configured so.
    ///
    /// # Errors
    /// When a socket that everything needs is beyond use.
    pub(super) fn begin(&mut self, configured: &Config) -> Result<()> {
        self.log_detail(|| "Registering Kernel netlink reflector".to_owned());
        self.log_detail(|| "Registering Kernel netlink command channel".to_owned());
        self.log_detail(|| "Registering gratuitous ARP shared channel".to_owned());
        for change in self.network.dump()? {
            self.handle_change(change, clock::now());
        }
        // The numbers in tracked files: instances must not begin without them.
        self.handle_messages(clock::now())?;
        self.learn_routing(configured)?;
        self.engine.handle_topology_complete(clock::now());
        self.perform_effects();
        self.clear_routing_leftovers();
        let addresses = configured_addresses(configured);
        let leftovers = self.network.reconciler.leftovers(&addresses);
        self.network.perform(leftovers);
        self.advance_requests()?;
        self.poll_links(configured, clock::now())?;
        self.refresh_options();
        self.to_helper.put(ToHelper::Started);
        self.to_helper.wake();
        Ok(())
    }

    /// Returns what a burst left behind, when there is time for it.
    fn return_memory(&mut self, deadline: Option<Instant>, now: Instant) {
        if deadline.is_none_or(|deadline| deadline.since(now) >= ENOUGH_TIME) && self.aftermath.is_due(now) {
            memory::return_free_pages();
        }
    }

    fn next_deadline(&self) -> Option<Instant> {
        if self.network.has_work() || self.announcer.has_work() {
            return Some(Instant::ORIGIN);
        }
        let deadlines = [
            self.engine.next_deadline(),
            self.channels.next_batch(),
            self.redump.deadline(),
            self.routing_redump.deadline(),
        ];
        deadlines.into_iter().flatten().min()
    }

    fn turn(&mut self, ready: &[Ready], deadline: Option<Instant>, now: Instant) -> Result<()> {
        let late = match deadline {
            Some(deadline) if deadline > Instant::ORIGIN => now.since(deadline),
            _ => Duration::ZERO,
        };
        if late > STALL {
            self.engine.handle_stall(late, now);
        }
        if let Some(priority) = self.auto_priority.raise_after(late) {
            self.raise_priority(priority);
        }
        for ready in ready {
            self.handle_ready(*ready, now)?;
        }
        if late > STALL / 2 {
            // What arrived while we were not running comes before any timer is believed.
            self.read_changes(now)?;
            self.receive_all(now);
        }
        self.read_batches(now);
        if !self.stopping {
            self.engine.handle_timeout(now);
        }
        self.perform_effects();
        self.tell_losses(now);
        self.start_over_if_due(now)?;
        self.relist_routing_if_due(now)?;
        self.retry_routes_if_due();
        self.refresh_options();
        self.advance_requests()?;
        self.advance_announcements();
        let dropped = self.to_helper.take_dropped();
        if dropped > 0 {
            let text = format!("{dropped} lines of the detailed log were dropped: the log cannot keep up");
            self.to_helper.put(ToHelper::Log { detail: false, text });
        }
        self.to_helper.wake();
        Ok(())
    }

    fn handle_ready(&mut self, ready: Ready, now: Instant) -> Result<()> {
        match ready.token {
            SIGNALS => self.handle_signals(now),
            MONITOR => self.read_changes(now)?,
            // The answers are read with the other work on requests, at the end of the turn.
            REQUESTS => {}
            MESSAGES => self.handle_messages(now)?,
            LINKBEAT => self.handle_beats(now),
            token => match Channels::of_token(token) {
                Some(Reported::Adverts(id)) => self.receive(id, false, now),
                Some(Reported::Bell(id)) => {
                    self.channels.hush(id);
                    self.receive(id, true, now);
                }
                None => {}
            },
        }
        Ok(())
    }
}

/// The slot within which timers share a wake-up: half a millisecond, less when an interval is short.
fn quantum_of(config: &Config) -> Duration {
    let shortest =
        config.instances.iter().map(|instance| instance.advert_interval / SLOTS_PER_INTERVAL).min();
    shortest.map_or(QUANTUM, |shortest| shortest.min(QUANTUM))
}

/// Every virtual address of the configuration: present at start, they are leftovers.
fn configured_addresses(config: &Config) -> HashSet<IpAddr> {
    let instances = config.instances.iter();
    instances
        .flat_map(|instance| instance.virtual_addresses.iter().chain(&instance.excluded_addresses))
        .map(|address| address.prefix.address())
        .collect()
}

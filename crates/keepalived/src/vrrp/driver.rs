//! The thread that runs the engine: sockets, timers, netlink, and nothing that can block.
//!
//! A turn: sleep until something is due; hand received adverts, kernel reports and messages to the engine; then, and
//! only then, let timers run out (after a stall, what was received meanwhile is read first); perform what the engine
//! wants, adverts first, then addresses in batches, then announcements.

mod routing;
mod topology;

use super::announcer::Announcer;
use super::auto_priority::AutoPriority;
use super::channels::{Channels, Reported};
use super::dumps::{Dump, Wanted};
use super::linkbeat::Linkbeat;
use super::messages::{Inbox, Outbox, Settings, ToEngine, ToHelper};
use super::network::{Deferred, Network};
use super::reconcile::Holder;
use super::redump::Redump;
use super::routing::refusal;
use super::secondaries::Secondaries;
use crate::aftermath::Aftermath;
use crate::ipc::{Order, VrrpSetup};
use crate::process_settings::{InForce, realtime_limit};
use keepalived_config::model::{self, ProcessSettings};
use keepalived_events::{Event, Snapshot, What};
use keepalived_kernel::packet_socket::PacketSocket;
use keepalived_kernel::reactor::{Interest, Reactor, Ready};
use keepalived_kernel::sched;
use keepalived_kernel::signals::{self, Signals};
use keepalived_kernel::{Result, clock, memory};
use keepalived_types::Instant;
use keepalived_vrrp::config::Config;
use keepalived_vrrp::{Effect, Engine, EventKind, NotDone, Received, Start};
use std::collections::{HashMap, HashSet};
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
/// The longest the last requests may take at the end.
const PATIENCE_AT_STOP: Duration = Duration::from_secs(3);

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

    /// Takes the priority, processors, memory and name that are configured, at the start, when nothing else has been
    /// started by this thread that must not have them, and at a reload. Returns complaints.
    pub(super) fn take_settings(
        &mut self,
        process: &ProcessSettings,
        auto_priority: model::AutoPriority,
        name: Option<&str>,
    ) -> Vec<String> {
        let starts_anew = self.process.settings() != process || !self.auto_priority.is(auto_priority);
        let given_up =
            if starts_anew && self.is_real_time { self.process.give_up_priority() } else { Ok(()) };
        let mut complaints = self.process.change(process, name);
        complaints.extend(given_up.err().map(|error| error.to_string()));
        if starts_anew {
            self.auto_priority = AutoPriority::new(auto_priority, process);
            self.is_real_time = process.rt_priority.is_some();
        }
        if !self.is_real_time {
            // A courtesy of newer kernels; without it things are as they always were.
            drop(sched::set_slice(sched::SHORTEST_SLICE));
        }
        complaints
    }

    /// `max_auto_priority`.
    fn raise_priority(&mut self, priority: u8) {
        let limit = realtime_limit(self.process.settings());
        let taken = sched::set_realtime(priority.into())
            .and_then(|priority| sched::limit_realtime(Some(limit)).map(|()| priority));
        let text = match taken {
            Ok(priority) => {
                self.is_real_time = true;
                format!("Set realtime priority {priority}")
            }
            Err(error) => {
                self.auto_priority.give_up();
                format!("The priority stays as it is: {error}")
            }
        };
        self.to_helper.put(ToHelper::Log { detail: false, text });
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

    fn receive(&mut self, id: keepalived_vrrp::ChannelId, drain: bool, now: Instant) {
        let engine = &mut self.engine;
        let before = self.channels.malformed();
        self.channels.receive(id, drain, now, |received, at| engine.handle_advertisement(id, received, at));
        self.tell_malformed(before);
    }

    /// Everything that waits anywhere.
    fn receive_all(&mut self, now: Instant) {
        for id in self.channels.ids() {
            self.receive(id, true, now);
        }
    }

    /// Channels that are read in batches: those whose time has come, or all before a master is believed to be down.
    fn read_batches(&mut self, now: Instant) {
        let someone_is_silent = self.engine.next_master_down().is_some_and(|at| at <= now);
        let engine = &mut self.engine;
        let before = self.channels.malformed();
        let handle = |id, received: &Received<'_>, at| engine.handle_advertisement(id, received, at);
        self.channels.read_batches(someone_is_silent, &self.reactor, now, handle);
        self.tell_malformed(before);
    }

    fn tell_malformed(&mut self, before: u64) {
        if before == 0 && self.channels.malformed() > 0 {
            let text = "received a datagram that is no VRRP packet; further ones are only counted".to_owned();
            self.to_helper.put(ToHelper::Log { detail: false, text });
        }
    }

    fn handle_signals(&mut self, now: Instant) {
        while let Some(signal) = self.signals.read() {
            if signal.number == signals::TERM {
                self.stopping = true;
            } else if signal.number == signals::RELOAD {
                self.to_helper.put(ToHelper::ReloadRequested);
            } else if signal.number == signals::CPU_TIME {
                let text =
                    "VRRP process has used too much CPU time, vrrp_rlimit_rttime may need to be increased";
                self.to_helper.put(ToHelper::Log { detail: false, text: text.to_owned() });
            } else if let Some(wanted) = Wanted::by_signal(signal.number) {
                self.dump(wanted, now);
            } else {
                let text = format!("signal {} is not expected", signal.number);
                self.to_helper.put(ToHelper::Log { detail: false, text });
            }
        }
        if self.stopping {
            self.muted = self.keep_at_stop;
            self.engine.stop(now);
        }
    }

    /// Collects what a file shows; the helper thread writes it.
    fn dump(&mut self, wanted: Wanted, now: Instant) {
        self.receive_all(now);
        let clear = wanted == Wanted::StatsAndClear;
        let sockets = if wanted.shows_sockets() { self.dumped_sockets() } else { HashMap::new() };
        self.to_helper.put(ToHelper::Dump(Box::new(Dump::take(wanted, &self.engine, sockets, now))));
        if clear {
            self.engine.reset_counters();
        }
    }

    fn handle_messages(&mut self, now: Instant) -> Result<()> {
        self.from_helper.waker().drain();
        while let Some(message) = self.from_helper.take() {
            match message {
                ToEngine::Settings(settings) => {
                    let Settings { process, auto_priority, name, netlink } = *settings;
                    let mut complaints = self.take_settings(&process, auto_priority, name.as_deref());
                    complaints.extend(
                        self.network.set_receive_buffers(netlink).err().map(|error| error.to_string()),
                    );
                    for text in complaints {
                        self.to_helper.put(ToHelper::Log { detail: false, text });
                    }
                }
                ToEngine::Reload(config) => {
                    self.quantum = quantum_of(&config);
                    if let Err(error) = self.poll_links(&config, now) {
                        let text = format!("links are not polled: {error}");
                        self.to_helper.put(ToHelper::Log { detail: false, text });
                    }
                    self.prepare_routing(&config, now)?;
                    self.engine.reconfigure(*config, now);
                    self.options_outdated = true;
                    self.to_helper.put(ToHelper::Reloaded);
                }
                ToEngine::Dump(saved) => self.dump(Wanted::Data(Some(saved)), now),
                ToEngine::Tracker { name, reading } => self.engine.handle_tracker(&name, reading, now),
                ToEngine::Operate { ticket, order } => {
                    let outcome = operate(&mut self.engine, order, now);
                    self.to_helper.put(ToHelper::Operated { ticket, outcome });
                }
                ToEngine::Snapshot => {
                    self.receive_all(now);
                    let snapshot = Snapshot { vrrp: self.engine.snapshot(now), ..Snapshot::default() };
                    self.to_helper.put(ToHelper::Snapshot(Box::new(snapshot)));
                }
            }
        }
        Ok(())
    }

    fn perform_effects(&mut self) {
        while let Some(effect) = self.engine.poll_effect() {
            self.perform(effect);
        }
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::OpenChannel { id, channel } => self.open_channel(id, &channel),
            Effect::CloseChannel(id) => self.channels.close(id, &self.reactor),
            Effect::Listen { channel, attention } => {
                if let Err(error) = self.channels.listen(channel, attention, &self.reactor, clock::now()) {
                    let text = format!("adverts are read one by one: {error}");
                    self.to_helper.put(ToHelper::Log { detail: false, text });
                }
            }
            Effect::SendAdvert { channel, advert, identification, .. } if !self.muted => {
                if let Err(error) = self.channels.send(channel, &advert, identification) {
                    self.log_detail(|| format!("could not send an advert: {error}"));
                }
            }
            Effect::Want { instance, network } if !self.muted => {
                if network.addresses.is_empty() {
                    self.announcer.forget(instance);
                    self.network.forget_announcements(instance);
                }
                let operations = self.network.reconciler.want(Holder::Instance(instance), network);
                self.network.perform(operations);
            }
            Effect::WantStatic(network) if !self.muted => {
                let operations = self.network.reconciler.want(Holder::Static, network);
                self.network.perform(operations);
            }
            Effect::Announce { instance, announcements, rounds } if !self.muted => {
                self.network.announce(Deferred { instance, announcements, rounds });
            }
            Effect::SendAdvert { .. }
            | Effect::Want { .. }
            | Effect::WantStatic(_)
            | Effect::Announce { .. } => {}
            // Thousands of them come at once, and nothing but a line of the detailed log becomes of them.
            Effect::Event(event) if !self.detail && matches!(event.kind, EventKind::Announcing { .. }) => {}
            Effect::Event(event) => {
                self.events += 1;
                self.aftermath.note(1, clock::now());
                let event = Event {
                    sequence: self.events,
                    wall: std::time::SystemTime::now(),
                    at: clock::now(),
                    what: What::Vrrp(*event),
                };
                self.to_helper.put(ToHelper::Event(Box::new(event)));
            }
        }
    }

    fn open_channel(&mut self, id: keepalived_vrrp::ChannelId, channel: &keepalived_vrrp::Channel) {
        match self.channels.open(id, channel, &self.reactor) {
            Ok(()) => {
                self.options_outdated = true;
                let line = sockpool_line(channel);
                self.log_detail(|| line);
            }
            Err(error) => self.engine.handle_channel_failed(id, error.to_string(), clock::now()),
        }
    }

    fn advance_requests(&mut self) -> Result<()> {
        if self.network.is_idle() {
            return Ok(());
        }
        let progress = self.network.turn()?;
        for (operation, error) in progress.refused {
            let text = refusal(&operation, &error, |index| self.interface_text(index));
            self.to_helper.put(ToHelper::Log { detail: false, text });
        }
        for ready in progress.announce {
            self.announcer.queue(ready.instance, ready.announcements, ready.rounds);
        }
        if !progress.added.is_empty() {
            let now = clock::now();
            progress.added.into_iter().for_each(|address| self.engine.handle_address(address, now));
            self.perform_effects();
        }
        Ok(())
    }

    fn advance_announcements(&mut self) {
        if !self.announcer.has_work() {
            return;
        }
        let (network, to_helper, detail) = (&self.network, &mut self.to_helper, self.detail);
        let name_of = |index| network.name(index).map(ToString::to_string);
        self.announcer.turn(clock::now(), name_of, |sent| {
            if detail {
                to_helper.put_if_room(|| ToHelper::Log {
                    detail: true,
                    text: announcement_line(sent.address, name_of(sent.index)),
                });
            }
        });
    }

    fn log_detail(&mut self, text: impl FnOnce() -> String) {
        if self.detail {
            self.to_helper.put_if_room(|| ToHelper::Log { detail: true, text: text() });
        }
    }

    /// Sends the last adverts and waits until the addresses are gone.
    fn finish(mut self) -> Result<()> {
        self.perform_effects();
        let deadline = clock::now() + PATIENCE_AT_STOP;
        self.advance_requests()?;
        let mut ready = Vec::new();
        while self.network.is_busy() && clock::now() < deadline {
            let due = if self.network.has_work() { Instant::ORIGIN } else { deadline };
            self.reactor.wait(Some(due), Duration::ZERO, &mut ready)?;
            self.advance_requests()?;
        }
        for text in self.secondaries.want(&HashMap::new()) {
            self.to_helper.put(ToHelper::Log { detail: false, text });
        }
        self.log_drops();
        self.to_helper.put(ToHelper::Stop);
        self.to_helper.wake();
        Ok(())
    }

    /// What was dropped before the engine could count it.
    fn log_drops(&mut self) {
        let counts = [
            (self.channels.malformed(), "datagrams were no VRRP packets"),
            (self.announcer.failures(), "gratuitous ARP or neighbour advertisements could not be sent"),
            (self.redump.overruns(), "times the kernel's reports about interfaces and addresses were lost"),
        ];
        for (count, what) in counts {
            if count > 0 {
                self.to_helper.put(ToHelper::Log { detail: false, text: format!("{count} {what}") });
            }
        }
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

fn sockpool_line(channel: &keepalived_vrrp::Channel) -> String {
    use keepalived_vrrp::ChannelAddress;
    let index = channel.interface.as_ref().map_or(0, |(index, _)| index.get());
    let (kind, address) = match channel.address {
        ChannelAddress::Group(group) => ("multicast", group),
        ChannelAddress::Local(source) => ("unicast", source),
    };
    let family = channel.family;
    format!("VRRP sockpool: [ifindex({index:3}), family({family}), proto(112), {kind}, address({address})]")
}

fn announcement_line(address: IpAddr, interface: Option<String>) -> String {
    let interface = interface.unwrap_or_default();
    match address {
        IpAddr::V4(_) => format!("Sending gratuitous ARP on {interface} for {address}"),
        IpAddr::V6(_) => format!("Sending unsolicited Neighbour Advert on {interface} for {address}"),
    }
}

/// Does what an operator wants.
fn operate(engine: &mut Engine, order: Order, now: Instant) -> std::result::Result<(), NotDone> {
    match order {
        Order::SwitchOver(name) => engine.switch_over(&name, now),
        Order::TakeBack(name) => engine.take_back(name.as_deref(), now),
        Order::Maintenance(on) => {
            engine.set_maintenance(on, now);
            Ok(())
        }
    }
}

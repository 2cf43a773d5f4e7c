//! The engine seen from outside: a bench with one engine, one machine, one clock, and forged adverts of others.
//!
//! A test whose name begins with `c` and a number is that point of the checklist in the vrrp reference (6.1). "A" is the
//! engine under test, "B" a forged sender. Points that are not here, and whose they are:
//!
//! - the configuration's: 23, 42, 101, the reports of 14 and 17 (`crates/config/tests`);
//! - the driver's and the kernel's: 67, 68, 76 to 78, 95, 98, 100 (`crates/lab/tests`, `crates/keepalived`);
//! - open, for nobody has built it yet: 79 to 83 (virtual MACs), 84 and 85 (`no_accept`), 102 to 106 (BFD);
//! - open, for the engine does not speak them yet: 4 to 6 (`auth_type AH`) and 18 to 21 (`auth_hmac`).
//!
//! `docs/checklist-vrrp.md` has all points with their tests.

mod announcing;
mod forged;
mod groups;
mod links;
mod listening;
mod machine;
mod operator;
mod owners;
mod random;
mod receiving;
mod reload;
mod routing;
mod wire;

use crate::config::{AddressConfig, Config, InstanceConfig};
use crate::{
    Announcement, Cause, ChannelId, Counters, Effect, EncodedAdvert, Engine, EventKind, Fault, InstanceId,
    Link, LinkAddress, Start, State, Subject, TrackerKind, WantedNetwork,
};
pub(crate) use forged::Forged;
use keepalived_types::{Family, IfIndex, Instant, InterfaceName, Prefix, Priority, Vrid};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().expect("a literal address")
}

/// The fault that something tracked with weight 0 causes.
pub(crate) fn failed(kind: TrackerKind, name: &str) -> Fault {
    Fault::Tracker { kind, name: name.to_owned() }
}

pub(crate) fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub(crate) fn name(text: &str) -> InterfaceName {
    InterfaceName::new(text).expect("a literal name")
}

pub(crate) fn vip(address: &str) -> AddressConfig {
    AddressConfig::plain(Prefix::host(ip(address)))
}

/// Version 2, VRID 51, 10.1.0.100 and .101: the instance of the captures.
pub(crate) fn ipv4(priority: u8) -> InstanceConfig {
    let mut config = InstanceConfig::new("VI_1", name("eth0"), Vrid::new(51).expect("not 0"), Family::V4);
    config.priority = Priority(priority);
    config.virtual_addresses = vec![vip("10.1.0.100"), vip("10.1.0.101")];
    config
}

/// The same with version 3.
pub(crate) fn ipv4_v3(priority: u8) -> InstanceConfig {
    InstanceConfig { version: keepalived_types::Version::V3, ..ipv4(priority) }
}

/// Version 3, VRID 51, fe80::100 and fd00:1::100.
pub(crate) fn ipv6(priority: u8) -> InstanceConfig {
    let mut config = InstanceConfig::new("VI_1", name("eth0"), Vrid::new(51).expect("not 0"), Family::V6);
    config.priority = Priority(priority);
    config.virtual_addresses = vec![vip("fe80::100"), vip("fd00:1::100")];
    config
}

pub(crate) fn one(instance: InstanceConfig) -> Config {
    Config { instances: vec![instance], ..Config::default() }
}

pub(crate) fn link(index: u32, text: &str) -> Link {
    Link {
        index: IfIndex::new(index).expect("not 0"),
        name: name(text),
        is_up: true,
        is_running: true,
        has_multicast: true,
        has_arp: true,
        mtu: 1500,
        mac: Some([2, 0, 0, 0, 0x0a, 1]),
        base: None,
        vrf_table: None,
    }
}

pub(crate) fn address(index: u32, text: &str, length: u8) -> LinkAddress {
    LinkAddress {
        index: IfIndex::new(index).expect("not 0"),
        prefix: Prefix::new(ip(text), length).expect("a literal length"),
        tentative: false,
    }
}

/// One engine and everything it ever asked for, with the time.
pub(crate) struct Bench {
    pub(crate) engine: Engine,
    pub(crate) now: Instant,
    pub(crate) log: Vec<(Duration, Effect)>,
    /// What `log` held when [`Bench::forget`] was called.
    from: usize,
}

impl Bench {
    /// An engine that knows nothing of the machine yet. The clock starts at 1000 s.
    pub(crate) fn new(config: Config) -> Self {
        let now = Instant::ORIGIN + Duration::from_secs(1000);
        let start = Start { now, uptime: Duration::from_secs(1000) };
        Self { engine: Engine::new(config, start), now, log: Vec::new(), from: 0 }
    }

    /// An engine on a machine with eth0, 10.1.0.1/24 and fe80::ff:fe00:a01, and begun.
    pub(crate) fn begun(config: Config) -> Self {
        let mut bench = Self::new(config);
        bench.tell(|engine, now| engine.handle_link(link(2, "eth0"), now));
        bench.tell(|engine, now| engine.handle_address(address(2, "10.1.0.1", 24), now));
        bench.tell(|engine, now| engine.handle_address(address(2, "fe80::ff:fe00:a01", 64), now));
        bench.tell(|engine, now| engine.handle_topology_complete(now));
        bench
    }

    /// A begun engine that has become MASTER by silence.
    pub(crate) fn master(instance: InstanceConfig) -> Self {
        let mut bench = Self::begun(one(instance));
        bench.run(Duration::from_secs(4));
        assert_eq!(bench.state(), State::Master);
        bench.forget();
        bench
    }

    /// One input, and all that follows from it.
    pub(crate) fn tell(&mut self, input: impl FnOnce(&mut Engine, Instant)) {
        input(&mut self.engine, self.now);
        self.drain();
    }

    fn drain(&mut self) {
        let at = self.now.since(Instant::ORIGIN + Duration::from_secs(1000));
        while let Some(effect) = self.engine.poll_effect() {
            self.log.push((at, effect));
        }
    }

    /// Lets time pass, waking the engine exactly when it asks.
    pub(crate) fn run(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(deadline) = self.engine.next_deadline().filter(|deadline| *deadline <= end) {
            self.now = self.now.max(deadline);
            self.tell(Engine::handle_timeout);
        }
        self.now = end;
    }

    /// The advert arrives now.
    pub(crate) fn hear(&mut self, forged: &Forged) {
        let channel = self.channel();
        let bytes = forged.payload();
        self.tell(|engine, now| engine.handle_advertisement(channel, &forged.received(&bytes), now));
    }

    /// The advert arrives now and every `period` until `span` is over.
    pub(crate) fn hear_for(&mut self, forged: &Forged, period: Duration, span: Duration) {
        let end = self.now + span;
        while self.now < end {
            self.hear(forged);
            self.run(period);
        }
    }

    /// From here on only what happens later is looked at.
    pub(crate) fn forget(&mut self) {
        self.from = self.log.len();
    }

    /// Effects since [`Bench::forget`].
    pub(crate) fn effects(&self) -> impl Iterator<Item = &(Duration, Effect)> {
        self.log[self.from..].iter()
    }

    /// The channel that was opened last.
    pub(crate) fn channel(&self) -> ChannelId {
        let opened = self.log.iter().rev().find_map(|(_, effect)| match effect {
            Effect::OpenChannel { id, .. } => Some(*id),
            _ => None,
        });
        opened.expect("a channel was opened")
    }

    /// When adverts were sent, with their priority.
    pub(crate) fn sent(&self) -> Vec<(u128, u8)> {
        let priority = |advert: &EncodedAdvert| {
            let (_, packet) = &advert.packets[0];
            packet[if advert.source.is_ipv4() { 22 } else { 2 }]
        };
        let adverts = self.effects().filter_map(|(at, effect)| match effect {
            Effect::SendAdvert { advert, .. } => Some((at.as_micros(), priority(advert))),
            _ => None,
        });
        adverts.collect()
    }

    /// How often priority 0 was sent.
    pub(crate) fn releases(&self) -> usize {
        self.sent().iter().filter(|(_, priority)| *priority == 0).count()
    }

    /// The last advert sent.
    pub(crate) fn advert(&self) -> Arc<EncodedAdvert> {
        let adverts = self.effects().filter_map(|(_, effect)| match effect {
            Effect::SendAdvert { advert, .. } => Some(advert.clone()),
            _ => None,
        });
        adverts.last().expect("an advert was sent")
    }

    /// Events about anybody.
    pub(crate) fn events(&self) -> Vec<&EventKind> {
        let events = self.effects().filter_map(|(_, effect)| match effect {
            Effect::Event(event) => Some(&event.kind),
            _ => None,
        });
        events.collect()
    }

    /// States that the instance or group of this name entered.
    pub(crate) fn entered_by(&self, who: &str) -> Vec<State> {
        let entered = self.effects().filter_map(|(_, effect)| match effect {
            Effect::Event(event) => match (&event.subject, &event.kind) {
                (Subject::Instance(name) | Subject::Group(name), EventKind::Entered { state, .. })
                    if name == who =>
                {
                    Some(*state)
                }
                _ => None,
            },
            _ => None,
        });
        entered.collect()
    }

    /// States that `VI_1` entered.
    pub(crate) fn entered(&self) -> Vec<State> {
        self.entered_by("VI_1")
    }

    /// When `VI_1` last entered this state, in microseconds since the bench began.
    pub(crate) fn entered_at(&self, wanted: State) -> Option<u128> {
        let entered = self.effects().filter_map(|(at, effect)| match effect {
            Effect::Event(event) => match event.kind {
                EventKind::Entered { state, .. } if state == wanted => Some(at.as_micros()),
                _ => None,
            },
            _ => None,
        });
        entered.last()
    }

    /// Why `VI_1` is where it is.
    pub(crate) fn cause(&self) -> Cause {
        self.engine.snapshot(self.now).instances[0].cause.clone().expect("a state was entered")
    }

    /// The state of the first instance.
    pub(crate) fn state(&self) -> State {
        self.engine.snapshot(self.now).instances[0].state
    }

    /// The state of the instance of this name.
    pub(crate) fn state_of(&self, name: &str) -> State {
        let snapshot = self.engine.snapshot(self.now);
        snapshot.instances.iter().find(|instance| instance.name == name).expect("a configured name").state
    }

    /// Effective priority of the first instance.
    pub(crate) fn priority(&self) -> u8 {
        self.engine.snapshot(self.now).instances[0].effective_priority.get()
    }

    /// Faults of the first instance.
    pub(crate) fn faults(&self) -> Vec<Fault> {
        self.engine.snapshot(self.now).instances[0].faults.clone()
    }

    /// Counters of the first instance.
    pub(crate) fn counters(&self) -> Counters {
        self.engine.snapshot(self.now).instances[0].counters
    }

    /// When the first instance's master is given up, in microseconds from now.
    pub(crate) fn silence_until_master(&mut self) -> u128 {
        let start = self.now;
        while self.state() != State::Master {
            let deadline = self.engine.next_deadline().expect("a backup waits for something");
            self.now = self.now.max(deadline);
            self.tell(Engine::handle_timeout);
        }
        self.now.since(start).as_micros()
    }

    /// What was wanted for each instance last.
    pub(crate) fn wanted(&self, id: u32) -> Vec<IpAddr> {
        let wanted = self.log.iter().rev().find_map(|(_, effect)| match effect {
            Effect::Want { instance, network } if *instance == InstanceId(id) => Some(network.clone()),
            _ => None,
        });
        let wanted: Arc<WantedNetwork> = wanted.unwrap_or_default();
        wanted.addresses.iter().map(|(_, address)| address.prefix.address()).collect()
    }

    /// Announcements with their number of rounds.
    pub(crate) fn announced(&self) -> Vec<(u128, Vec<Announcement>, u32)> {
        let announced = self.effects().filter_map(|(at, effect)| match effect {
            Effect::Announce { announcements, rounds, .. } => {
                Some((at.as_millis(), announcements.to_vec(), *rounds))
            }
            _ => None,
        });
        announced.collect()
    }
}

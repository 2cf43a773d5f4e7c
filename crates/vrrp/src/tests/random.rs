//! A thousand lives of one engine under random inputs, with what must always hold.
//!
//! The simulator (crate `sim`) lets several engines meet; here one engine is told anything at all, in any order, with
//! sync groups, trackers and reloads, and only its own words are held against each other.

use super::*;
use crate::Reading;
use crate::config::{
    GarpConfig, NotifyScripts, PriorityNotices, SyncGroupConfig, Track, Trackers, Transport,
};
use keepalived_types::PriorityWeight;
use std::collections::{BTreeMap, BTreeSet};

/// xorshift64*: enough to wander about, the same everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }

    fn small(&mut self, limit: u64) -> u8 {
        u8::try_from(self.below(limit)).expect("limits are below 256")
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 0
    }
}

/// A configuration of up to five instances on two interfaces, some of them in a group.
fn config(dice: &mut Dice) -> Config {
    let mut config = Config::default();
    for n in 0..=dice.small(5) {
        let mut instance = match dice.below(3) {
            0 => ipv6(1 + dice.small(254)),
            1 => ipv4_v3(1 + dice.small(255)),
            _ => ipv4(1 + dice.small(255)),
        };
        instance.name = format!("VI_{n}");
        instance.vrid = Vrid::new(50 + n).expect("not 0");
        instance.interface = Some(name(if dice.coin() { "eth0" } else { "eth1" }));
        instance.start_state =
            if dice.coin() { crate::config::StartState::Master } else { crate::config::StartState::Backup };
        instance.preempt = dice.coin();
        instance.preempt_delay = ms(dice.below(3) * 1000);
        instance.dont_track_primary = dice.below(4) == 0;
        instance.notify_deleted = dice.coin();
        instance.garp = GarpConfig { refresh: ms(dice.below(2) * 3000), ..GarpConfig::default() }.into();
        if dice.coin() {
            instance.virtual_addresses.truncate(1);
        }
        let weight = PriorityWeight::new(i16::from(dice.small(60)) - 30).expect("in range");
        instance.trackers.interfaces = vec![(name("eth2"), Track { weight, reverse: dice.coin() })];
        instance.trackers.bfd = vec![("bfd".to_owned(), Track { weight, reverse: dice.coin() })];
        config.instances.push(instance);
    }
    config.bfd = vec![crate::config::TrackedBfd {
        name: "bfd".to_owned(),
        track: Track { weight: PriorityWeight::FAULT, reverse: false },
    }];
    if dice.coin() {
        config.sync_groups.push(SyncGroupConfig {
            name: "G".to_owned(),
            members: config.instances.iter().take(3).map(|instance| instance.name.clone()).collect(),
            trackers: Trackers::default(),
            tracking_weight: true,
            notify: NotifyScripts::default(),
            priority_notices: PriorityNotices::default(),
            smtp_alert: false,
        });
    }
    config.engine.garp_interval = ms(dice.below(2) * 20);
    config
}

/// What the engine has said so far.
#[derive(Default)]
struct Record {
    states: BTreeMap<String, State>,
    open: BTreeSet<ChannelId>,
    ever_opened: BTreeSet<ChannelId>,
    holders: BTreeSet<InstanceId>,
}

impl Record {
    fn follow(&mut self, effect: &Effect) {
        match effect {
            Effect::OpenChannel { id, .. } => {
                assert!(self.ever_opened.insert(*id), "a number is never used again");
                self.open.insert(*id);
            }
            Effect::CloseChannel(id) => assert!(self.open.remove(id), "only what is open is closed"),
            Effect::Listen { channel, .. } => {
                assert!(self.open.contains(channel), "only what is open is heard")
            }
            Effect::SendAdvert { channel, advert, .. } => {
                assert!(self.open.contains(channel), "sent where it can be sent");
                assert!(!advert.packets.is_empty());
            }
            Effect::Want { instance, network } => {
                if network.addresses.is_empty() {
                    self.holders.remove(instance);
                } else {
                    self.holders.insert(*instance);
                }
            }
            Effect::Announce { instance, rounds, announcements } => {
                assert!(*rounds >= 1 && !announcements.is_empty());
                let is_source = announcements.len() == 1;
                assert!(self.holders.contains(instance) || is_source, "only a holder announces");
            }
            Effect::WantStatic(_) => {}
            Effect::Event(event) => self.follow_event(&event.subject, &event.kind),
        }
    }

    fn follow_event(&mut self, subject: &Subject, kind: &EventKind) {
        let EventKind::Entered { state, from, .. } = kind else { return };
        let who = match subject {
            Subject::Instance(name) => format!("instance {name}"),
            Subject::Group(name) => format!("group {name}"),
            Subject::Process => panic!("a process has no state"),
        };
        let before = self.states.insert(who.clone(), *state).unwrap_or(State::Initialize);
        if who.starts_with("instance") {
            assert_eq!(before, *from, "{who} goes on from where it was");
            assert!(from != state || is_removed(kind), "{who} entered what it was in");
        }
        if is_removed(kind) {
            self.states.remove(&who);
        }
    }
}

fn is_removed(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Entered { cause: Cause::Removed, .. })
}

/// Lets the dice choose an input.
fn input(dice: &mut Dice, bench: &mut Bench, open: &mut BTreeSet<ChannelId>) {
    let interface = [(2, "eth0"), (3, "eth1"), (4, "eth2")][usize::from(dice.small(3))];
    let (index, text) = interface;
    let own = address(index, ["10.1.0.1", "10.1.0.9", "fe80::1"][usize::from(dice.small(3))], 24);
    match dice.below(12) {
        0 | 1 => {
            let link =
                Link { is_up: dice.coin(), mtu: if dice.coin() { 1500 } else { 58 }, ..link(index, text) };
            bench.tell(|engine, now| engine.handle_link(link, now));
        }
        2 => bench.tell(|engine, now| engine.handle_link(link(index, text), now)),
        3 => bench.tell(|engine, now| engine.handle_link_removed(IfIndex::new(index).expect("not 0"), now)),
        4 | 5 => bench.tell(|engine, now| engine.handle_address(own, now)),
        6 => bench.tell(|engine, now| engine.handle_address_removed(own, now)),
        7 => {
            let config = config(dice);
            bench.tell(|engine, now| engine.reconfigure(config, now));
        }
        8 => {
            let id = InstanceId(u32::from(dice.small(8)));
            bench.tell(|engine, now| engine.handle_network_lost(id, ip("10.1.0.100"), now));
        }
        9 => {
            let up = dice.coin();
            bench.tell(|engine, now| engine.handle_tracker("bfd", Reading::Bfd { up }, now));
        }
        10 if dice.below(4) == 0 => {
            // The driver closes what broke, the engine does not.
            if let Some(channel) = open.pop_first() {
                bench.tell(|engine, now| engine.handle_channel_failed(channel, "pulled".to_owned(), now));
            }
        }
        _ => {
            let forged = match dice.below(3) {
                0 => Forged::ipv6(dice.small(255)),
                1 => Forged::v3(dice.small(255)),
                _ => Forged::v2(dice.small(255)),
            };
            let forged = Forged { vrid: 50 + dice.small(5), ..forged };
            for channel in open.iter() {
                let bytes = forged.payload();
                bench
                    .tell(|engine, now| engine.handle_advertisement(*channel, &forged.received(&bytes), now));
            }
        }
    }
}

/// What a snapshot must show at any time.
fn check(bench: &Bench, record: &Record) {
    let snapshot = bench.engine.snapshot(bench.now);
    let transport_is_multicast = |id: InstanceId| {
        matches!(
            bench.engine.instance(id).map(|view| &view.config.transport),
            Some(Transport::Multicast { .. })
        )
    };
    for (id, instance) in bench.engine.instance_ids().into_iter().zip(&snapshot.instances) {
        assert!(transport_is_multicast(id));
        assert_eq!(instance.state == State::Fault, !instance.faults.is_empty(), "{instance:?}");
        assert_eq!(instance.state == State::Master, record.holders.contains(&id), "{instance:?}");
        let priority = instance.effective_priority.get();
        assert!(priority >= 1 && (priority < 255 || instance.base_priority.is_owner()));
        if matches!(instance.state, State::Backup | State::Master) {
            assert!(bench.engine.next_deadline().is_some(), "somebody waits for something");
        }
        let who = format!("instance {}", instance.name);
        assert_eq!(record.states.get(&who).copied().unwrap_or(State::Initialize), instance.state, "{who}");
    }
}

/// Says which life failed.
struct Named(u64);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("in life {}", self.0);
        }
    }
}

fn live(seed: u64) {
    let _named = Named(seed);
    let mut dice = Dice(seed.wrapping_mul(2).wrapping_add(0x9e37_79b9_7f4a_7c15));
    let mut bench = Bench::new(config(&mut dice));
    let mut record = Record::default();
    let mut seen = 0;
    for step in 0..120 {
        if step == 5 {
            bench.tell(Engine::handle_topology_complete);
        } else {
            input(&mut dice, &mut bench, &mut record.open);
        }
        bench.run(ms(dice.below(1500)));
        for (_, effect) in &bench.log[seen..] {
            record.follow(effect);
        }
        seen = bench.log.len();
        check(&bench, &record);
    }
    bench.tell(Engine::stop);
    bench.log[seen..].iter().for_each(|(_, effect)| record.follow(effect));
    assert!(record.holders.is_empty(), "nothing is left behind");
    assert_eq!(bench.engine.next_deadline(), None);
}

#[test]
fn a_thousand_random_lives_stay_consistent() {
    // VRRP_LIVES asks for more of them.
    let lives = std::env::var("VRRP_LIVES").ok().and_then(|lives| lives.parse().ok());
    (0..lives.unwrap_or(1000)).for_each(live);
}

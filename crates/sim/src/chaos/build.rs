//! Makes a LAN from a seed: segments, virtual routers, nodes and their configurations.

use super::Chaos;
use crate::lan::{Lan, instance, virtual_address};
use crate::machine::Machine;
use crate::random::{Random, Seed};
use crate::segment::{SegmentId, Weather};
use keepalived_types::{Family, Priority, Version, Vrid};
use keepalived_vrrp::config::{
    Authentication, ChecksumCompat, Config, InstanceConfig, StartState, Transport, UnicastPeer,
};
use std::net::IpAddr;
use std::time::Duration;

/// The largest LAN, and how often LANs are of which size: in a thousand, up to so many nodes.
const SIZES: [(u64, usize); 4] = [(700, 5), (250, 9), (30, 20), (20, 50)];

/// What the nodes of a virtual router have in common, besides the template itself.
struct Temper {
    mixed_intervals: bool,
    /// The node that owns the addresses, if any.
    owner: Option<usize>,
    unicast: bool,
}

/// Builds the LAN. All nodes are switched off yet.
pub(super) fn build(seed: Seed, record_story: bool) -> Chaos {
    // Another stream than the one of the LAN itself.
    let mut random = Random::new(Seed(!seed.0));
    let mut lan = Lan::new(seed);
    if record_story {
        lan.record_story();
    }
    lan.set_kernel_delay(random.span(Duration::ZERO, Duration::from_millis(5)));
    let mut segments = vec![SegmentId(0)];
    lan.set_weather(SegmentId(0), weather(&mut random));
    if random.permille(300) {
        segments.push(lan.add_segment(weather(&mut random)));
    }
    let node_count = node_count(&mut random);
    let mut hosts: Vec<u8> = (1..=200).collect();
    random.shuffle(&mut hosts);
    hosts.truncate(node_count);
    let is_grouped = segments.len() > 1 && random.permille(400);
    let router_count = if is_grouped { 2 + random.below(2) } else { 1 + random.below(3) };
    let mut grouped = Vec::new();
    let priorities: Vec<Priority> = (0..node_count).map(|_| priority(&mut random)).collect();
    let mut templates = Vec::new();
    let mut configs = vec![Config::default(); node_count];
    for number in 0..router_count {
        let vrid = Vrid::new(u8::try_from(10 + number).unwrap_or(u8::MAX)).expect("at least 10");
        let joins = is_grouped && number < 2;
        let segment = random.pick(&segments).unwrap_or(SegmentId(0));
        let segment = if joins { segments[usize::from(number == 1)] } else { segment };
        let mut template = template(&mut random, segment, vrid);
        let mut temper = temper(&mut random, &template, node_count);
        if joins {
            // Routers that move together, but disagree who is best, need not ever agree.
            (temper.owner, temper.unicast, template.preempt_delay) = (None, false, Duration::ZERO);
            grouped.push(vrid);
        }
        for (node, config) in configs.iter_mut().enumerate() {
            if joins || random.permille(900) {
                let mut member = template.clone();
                personalise(&mut random, &mut member, &temper, node);
                if joins {
                    member.priority = priorities[node];
                }
                if temper.unicast {
                    speak_to_peers(&mut member, segment, &hosts, node);
                } else {
                    name_source(&mut random, &mut member, segment, hosts[node]);
                }
                config.instances.push(member);
            }
        }
        templates.push(template);
    }
    let mut chaos = Chaos { lan, random, templates, segments, grouped };
    for (host, mut config) in hosts.into_iter().zip(configs) {
        chaos.group(&mut config);
        chaos.add_trackers(&mut config);
        if chaos.random.permille(200) {
            config.engine.garp_interval = Duration::from_millis(10);
        }
        if chaos.random.permille(100) {
            config.engine.startup_delay = chaos.random.span(Duration::from_millis(1), Duration::from_secs(3));
        }
        let segments = chaos.segments.clone();
        for segment in &segments {
            if chaos.random.permille(250) {
                config.interface_delays.push(chaos.link_delay(*segment));
            }
        }
        let node = chaos.lan.add_node(host, &segments, config);
        for segment in segments {
            chaos.lan.add_second_addresses(node, segment, host);
        }
    }
    chaos
}

fn node_count(random: &mut Random) -> usize {
    let mut dice = random.below(1000);
    let mut least = 2;
    for (odds, most) in SIZES {
        if dice < odds {
            return least + random.index(most - least + 1);
        }
        dice -= odds;
        least = most + 1;
    }
    2
}

/// Never bad enough to lose adverts: that is an accident.
fn weather(random: &mut Random) -> Weather {
    let odds = random.pick(&[0, 0, 10, 100]).unwrap_or(0);
    Weather {
        delay: random.span(Duration::from_micros(20), Duration::from_millis(2)),
        jitter: random.span(Duration::ZERO, Duration::from_millis(5)),
        loss_permille: 0,
        duplicate_permille: odds,
    }
}

/// What all instances of a virtual router start from.
fn template(random: &mut Random, segment: SegmentId, vrid: Vrid) -> InstanceConfig {
    let family = if random.permille(300) { Family::V6 } else { Family::V4 };
    let mut config = instance(segment, vrid, family);
    if random.permille(500) {
        config.version = Version::V3;
    }
    config.advert_interval = interval(random, config.version);
    for nth in 1..=random.below(3) {
        let nth = u8::try_from(nth).unwrap_or(1);
        config.virtual_addresses.push(virtual_address(segment, vrid, family, nth));
    }
    if random.permille(200) {
        config.excluded_addresses.push(virtual_address(segment, vrid, Family::V4, 50));
    }
    if config.version == Version::V2 && family == Family::V4 && random.permille(300) {
        config.authentication = Authentication::Password(*b"password");
    }
    if random.permille(250) {
        config.preempt = false;
        config.timer_expired_backup = random.permille(500).then_some(Priority(254));
    } else if random.permille(250) {
        config.preempt_delay = random.span(Duration::from_millis(100), Duration::from_secs(3));
    }
    config.garp.refresh = random.pick(&[Duration::ZERO, Duration::from_secs(7)]).unwrap_or_default();
    config.garp.delay = random.pick(&[Duration::from_secs(5), Duration::ZERO]).unwrap_or_default();
    config.down_timer_adverts = random.pick(&[3, 3, 3, 2, 4]).unwrap_or(3);
    config
}

fn interval(random: &mut Random, version: Version) -> Duration {
    let millis = match version {
        Version::V2 => random.pick(&[1000, 1000, 2000]),
        Version::V3 => random.pick(&[1000, 1000, 500, 200, 100, 1370]),
    };
    Duration::from_millis(millis.unwrap_or(1000))
}

fn temper(random: &mut Random, template: &InstanceConfig, node_count: usize) -> Temper {
    Temper {
        mixed_intervals: template.version == Version::V3 && random.permille(300),
        owner: random.permille(200).then(|| random.index(node_count)),
        unicast: template.family == Family::V4 && random.permille(200),
    }
}

/// What each node has for itself.
fn personalise(random: &mut Random, member: &mut InstanceConfig, temper: &Temper, node: usize) {
    member.priority = priority(random);
    if temper.owner == Some(node) {
        member.priority = Priority::OWNER;
        member.preempt = true;
        member.preempt_delay = Duration::ZERO;
        member.timer_expired_backup = None;
        member.start_state = StartState::Master;
        member.owner_ignores_adverts = random.permille(300);
    } else if random.permille(200) {
        member.start_state = StartState::Master;
    }
    if temper.mixed_intervals {
        member.advert_interval = interval(random, member.version);
    }
    member.lower_priority_no_advert = random.permille(150);
    member.higher_priority_send_advert = random.permille(150);
    member.skip_check_advert_addresses = random.permille(200);
    member.dont_track_primary = random.permille(150);
    member.virtual_addresses.iter_mut().for_each(|line| line.no_track = random.permille(150));
    member.v3_checksum_as_v2 = member.version == Version::V3 && random.permille(200);
}

/// Often close together or equal: that is where elections are hard.
fn priority(random: &mut Random) -> Priority {
    let number = match random.below(3) {
        0 => 100 + random.below(3),
        1 => 1 + random.below(254),
        _ => 50 * (1 + random.below(5)),
    };
    Priority(u8::try_from(number).unwrap_or(100))
}

/// Some speak from an address that they name, the first or the second of their interface.
fn name_source(random: &mut Random, member: &mut InstanceConfig, segment: SegmentId, host: u8) {
    if !random.permille(200) {
        return;
    }
    let mut machine = Machine::default();
    machine.plug(segment, host);
    machine.add_second_addresses(segment, host);
    let addresses = machine.addresses().into_iter().map(|one| one.prefix.address());
    let suitable: Vec<IpAddr> = addresses.filter(|one| Family::of(*one) == member.family).collect();
    if let Transport::Multicast { source, .. } = &mut member.transport {
        *source = random.pick(&suitable);
        member.track_source_address = random.permille(700);
    }
}

/// Every other node is a peer.
fn speak_to_peers(member: &mut InstanceConfig, segment: SegmentId, hosts: &[u8], node: usize) {
    let address = |host: u8| -> Option<IpAddr> {
        let mut machine = Machine::default();
        machine.plug(segment, host);
        let addresses = machine.addresses().into_iter().map(|one| one.prefix.address());
        addresses.into_iter().find(IpAddr::is_ipv4)
    };
    let others = hosts.iter().enumerate().filter(|(other, _)| *other != node);
    let peers = others
        .filter_map(|(_, host)| Some(UnicastPeer { address: address(*host)?, min_ttl: 0, max_ttl: 255 }));
    member.transport = Transport::Unicast {
        source: hosts.get(node).and_then(|host| address(*host)),
        peers: peers.collect(),
        check_source: false,
        ttl: None,
        checksum: ChecksumCompat::Automatic,
    };
}

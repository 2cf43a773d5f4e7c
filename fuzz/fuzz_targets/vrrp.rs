//! Hands arbitrary bytes to an engine as adverts, with time passing between them: nothing may panic, and
//! what a packet brings about is bounded.

#![no_main]

use keepalived_types::{Family, IfIndex, Instant, InterfaceName, Prefix, Priority, Version, Vrid};
use keepalived_vrrp::config::{AddressConfig, Config, InstanceConfig};
use keepalived_vrrp::{ChannelId, Effect, Engine, Link, LinkAddress, Received, Start};
use libfuzzer_sys::fuzz_target;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// No single input makes an engine of one instance want more than this.
const MOST_EFFECTS: usize = 1000;

fn instance(family: Family, version: Version, priority: u8) -> InstanceConfig {
    let name = InterfaceName::new("eth0").expect("a literal name");
    let mut config = InstanceConfig::new("VI_1", name, Vrid::new(51).expect("51 is not 0"), family);
    config.version = version;
    config.priority = Priority(priority.max(1));
    let address = match family {
        Family::V4 => IpAddr::V4(Ipv4Addr::new(10, 1, 0, 100)),
        Family::V6 => IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x100)),
    };
    config.virtual_addresses = vec![AddressConfig::plain(Prefix::host(address))];
    config
}

/// Performs everything by forgetting it; tells the channel that was opened.
fn drain(engine: &mut Engine, channel: &mut Option<ChannelId>) {
    for _ in 0..MOST_EFFECTS {
        match engine.poll_effect() {
            Some(Effect::OpenChannel { id, .. }) => *channel = Some(id),
            Some(_) => {}
            None => return,
        }
    }
    panic!("one input has more than {MOST_EFFECTS} effects");
}

/// The Internet checksum (RFC 1071) at its place in the message, so that the checks behind it are reached.
fn with_checksum(payload: &mut [u8]) {
    if payload.len() < 8 {
        return;
    }
    payload[6..8].fill(0);
    let sum: u32 = payload
        .chunks(2)
        .map(|pair| u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0)))
        .sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let folded = (folded & 0xffff) + (folded >> 16);
    let checksum = !u16::try_from(folded & 0xffff).expect("16 bits");
    payload[6..8].copy_from_slice(&checksum.to_be_bytes());
}

fuzz_target!(|bytes: &[u8]| {
    let [kind, priority, rest @ ..] = bytes else { return };
    let mut rest = rest;
    let (family, version) = match kind % 3 {
        0 => (Family::V4, Version::V2),
        1 => (Family::V4, Version::V3),
        _ => (Family::V6, Version::V3),
    };
    let index = IfIndex::new(2).expect("2 is not 0");
    let mut now = Instant::from_nanos(1_000_000_000);
    let config = Config { instances: vec![instance(family, version, *priority)], ..Config::default() };
    let mut engine = Engine::new(config, Start { now, uptime: Duration::from_secs(1000) });
    let mut channel = None;
    engine.handle_link(
        Link {
            index,
            name: InterfaceName::new("eth0").expect("a literal name"),
            is_up: true,
            is_running: true,
            has_multicast: true,
            has_arp: true,
            mtu: 1500,
            mac: Some([2, 0, 0, 0, 0, 1]),
            base: None,
        },
        now,
    );
    let (own, other, all): (IpAddr, IpAddr, IpAddr) = match family {
        Family::V4 => (
            Ipv4Addr::new(10, 1, 0, 1).into(),
            Ipv4Addr::new(10, 1, 0, 2).into(),
            Ipv4Addr::new(224, 0, 0, 18).into(),
        ),
        Family::V6 => (
            Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1).into(),
            Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 2).into(),
            Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12).into(),
        ),
    };
    let prefix = Prefix::new(own, 24).expect("a literal length");
    engine.handle_address(LinkAddress { index, prefix, tentative: false }, now);
    engine.handle_topology_complete(now);
    drain(&mut engine, &mut channel);
    while let [length, flags, wait, tail @ ..] = rest {
        let (payload, next) = tail.split_at(usize::from(*length).min(tail.len()));
        rest = next;
        let mut payload = payload.to_vec();
        if flags & 1 == 0 {
            with_checksum(&mut payload);
        }
        now = now + Duration::from_millis(u64::from(*wait) * 20);
        engine.handle_timeout(now);
        drain(&mut engine, &mut channel);
        let Some(channel_id) = channel else { return };
        let received = Received {
            payload: &payload,
            claimed_length: (family == Family::V4).then_some(payload.len() + usize::from(flags >> 6)),
            source: if flags & 2 == 0 { other } else { own },
            destination: all,
            ttl: (flags & 4 == 0).then_some(if flags & 8 == 0 { 255 } else { 64 }),
            has_authentication_header: flags & 16 != 0,
        };
        engine.handle_advertisement(channel_id, &received, now);
        drain(&mut engine, &mut channel);
    }
    let _ = engine.snapshot(now);
    engine.stop(now);
    drain(&mut engine, &mut channel);
});

//! Announcements: checklist points 86, 87.

use super::*;
use crate::config::{GarpConfig, GarpGroup};

#[test]
fn a_new_master_announces_now_and_after_the_delay() {
    let mut bench = Bench::begun(one(ipv4(150)));
    bench.run(ms(30_000));
    let announced: Vec<_> =
        bench.announced().iter().map(|(at, list, rounds)| (*at, list.len(), *rounds)).collect();
    assert_eq!(announced, [(3414, 2, 5), (8414, 2, 5)]);
    let announcement = bench.announced()[0].1[0];
    assert_eq!(announcement.mac, [2, 0, 0, 0, 0x0a, 1]);
    assert_eq!(announcement.address, ip("10.1.0.100"));
}

#[test]
fn c86_paced_announcements_are_round_robin_and_end_with_the_role() {
    let mut instance = ipv4(150);
    instance.virtual_addresses.push(vip("10.1.0.102"));
    instance.garp = GarpConfig { delay: Duration::ZERO, ..GarpConfig::default() }.into();
    let mut config = one(instance);
    config.engine.garp_interval = ms(100);
    let mut bench = Bench::begun(config.clone());
    bench.run(ms(10_000));
    let announced = bench.announced();
    assert_eq!(announced.len(), 15);
    assert!(announced.iter().all(|(_, list, rounds)| list.len() == 1 && *rounds == 1));
    assert!(announced.windows(2).all(|pair| pair[1].0 - pair[0].0 >= 100));
    let order: Vec<_> = announced.iter().take(4).map(|(_, list, _)| list[0].address).collect();
    assert_eq!(order, ["10.1.0.100", "10.1.0.101", "10.1.0.102", "10.1.0.100"].map(ip));

    let mut bench = Bench::begun(config);
    bench.run(ms(3650));
    assert_eq!(bench.announced().len(), 3);
    bench.hear(&Forged::v2(200));
    bench.run(ms(2000));
    assert_eq!(bench.announced().len(), 3);
}

#[test]
fn a_garp_group_shares_one_interval_among_its_interfaces() {
    let mut instance = ipv4(150);
    instance.excluded_addresses = vec![AddressConfig { interface: Some(name("eth1")), ..vip("10.2.0.100") }];
    instance.garp = GarpConfig { repeat: 1, delay: Duration::ZERO, ..GarpConfig::default() }.into();
    let mut config = one(instance);
    let interfaces = vec![name("eth0"), name("eth1")];
    config.garp_groups = vec![GarpGroup { garp_interval: Some(ms(100)), gna_interval: None, interfaces }];
    let mut bench = Bench::begun(config);
    bench.tell(|engine, now| engine.handle_link(link(3, "eth1"), now));
    bench.run(ms(10_000));
    let times: Vec<_> = bench.announced().iter().map(|(at, ..)| *at).collect();
    assert_eq!(times, [3414, 3514, 3614]);
}

#[test]
fn c87_the_first_refresh_comes_after_delay_and_period() {
    let mut instance = ipv4(150);
    instance.garp = GarpConfig { refresh: ms(10_000), ..GarpConfig::default() }.into();
    let mut bench = Bench::begun(one(instance));
    bench.run(ms(40_000));
    let announced: Vec<_> = bench.announced().iter().map(|(at, _, rounds)| (*at, *rounds)).collect();
    assert_eq!(announced, [(3414, 5), (8414, 5), (18_414, 1), (28_414, 1), (38_414, 1)]);
}

#[test]
fn nothing_is_announced_where_there_is_no_arp() {
    let mut bench = Bench::begun(one(ipv4(150)));
    bench.tell(|engine, now| engine.handle_link(Link { has_arp: false, ..link(2, "eth0") }, now));
    bench.run(ms(10_000));
    assert_eq!(bench.announced(), []);
}

#[test]
fn without_a_delay_there_is_one_burst_only() {
    let mut instance = ipv4(150);
    instance.garp = GarpConfig { delay: Duration::ZERO, repeat: 0, ..GarpConfig::default() }.into();
    let mut bench = Bench::begun(one(instance));
    bench.run(ms(60_000));
    let rounds: Vec<_> = bench.announced().iter().map(|(_, _, rounds)| *rounds).collect();
    assert_eq!(rounds, [1], "0 rounds are 1");
}

#[test]
fn refreshes_have_as_many_rounds_as_told() {
    let mut instance = ipv4(150);
    instance.garp =
        GarpConfig { delay: Duration::ZERO, refresh: ms(10_000), refresh_repeat: 3, ..GarpConfig::default() }
            .into();
    let mut bench = Bench::begun(one(instance));
    bench.run(ms(24_000));
    let announced: Vec<_> = bench.announced().iter().map(|(at, _, rounds)| (*at, *rounds)).collect();
    assert_eq!(announced, [(3414, 5), (13_414, 3), (23_414, 3)]);
}

#[test]
fn a_lower_priority_is_answered_with_announcements_now_and_after_its_delay() {
    let mut instance = ipv4(150);
    instance.garp = GarpConfig {
        delay: Duration::ZERO,
        lower_priority_repeat: 2,
        lower_priority_delay: ms(3000),
        ..GarpConfig::default()
    }
    .into();
    let mut bench = Bench::master(instance.clone());
    bench.hear(&Forged::v2(100));
    bench.run(ms(60_000));
    let announced: Vec<_> = bench.announced().iter().map(|(at, _, rounds)| (*at, *rounds)).collect();
    assert_eq!(announced, [(4000, 2), (7000, 2)]);
    instance.garp.lower_priority_repeat = 0;
    let mut bench = Bench::master(instance);
    bench.hear(&Forged::v2(100));
    bench.run(ms(60_000));
    assert_eq!(bench.announced(), []);
}

#[test]
fn extra_interfaces_are_announced_on_periodically() {
    use crate::config::ExtraInterfaceAnnouncements;
    let mut instance = ipv4(150);
    instance.excluded_addresses = vec![AddressConfig { interface: Some(name("eth1")), ..vip("10.2.0.100") }];
    let extra = Some(ExtraInterfaceAnnouncements { all: true, interval: ms(20_000) });
    instance.garp = GarpConfig { extra, ..GarpConfig::default() }.into();
    let mut bench = Bench::begun(one(instance));
    bench.tell(|engine, now| engine.handle_link(link(3, "eth1"), now));
    bench.run(ms(49_000));
    let extra: Vec<_> =
        bench.announced().iter().skip(2).map(|(at, list, rounds)| (*at, list.len(), *rounds)).collect();
    assert_eq!(extra, [(28_414, 1, 1), (48_414, 1, 1)], "first after the delay and a period");
}

#[test]
fn a_removed_instance_announces_nothing_more() {
    let mut instance = ipv4(150);
    instance.garp = GarpConfig { delay: Duration::ZERO, ..GarpConfig::default() }.into();
    let mut config = one(instance);
    config.engine.garp_interval = ms(1000);
    let mut bench = Bench::begun(config.clone());
    bench.run(ms(4000));
    config.instances.clear();
    bench.tell(|engine, now| engine.reconfigure(config, now));
    bench.forget();
    bench.run(ms(60_000));
    assert_eq!(bench.announced(), []);
}

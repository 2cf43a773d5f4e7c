//! Reload: checklist points 60 to 62.

use super::*;
use crate::config::GarpConfig;

#[test]
fn c60_a_reload_that_changes_nothing_does_nothing() {
    let mut bench = Bench::master(ipv4(150));
    let counters = bench.counters();
    bench.run(ms(300));
    bench.forget();
    bench.tell(|engine, now| engine.reconfigure(one(ipv4(150)), now));
    assert_eq!(bench.effects().count(), 0);
    assert_eq!(bench.counters(), counters);
    bench.run(ms(1000));
    assert_eq!(bench.sent(), [(4_414_062, 150)], "the next advert comes when it would have come");
}

#[test]
fn c60_other_instances_do_not_concern_this_one() {
    let mut bench = Bench::master(ipv4(150));
    let other = InstanceConfig {
        name: "VI_2".to_owned(),
        vrid: Vrid::new(52).expect("not 0"),
        virtual_addresses: vec![vip("10.1.0.200")],
        ..ipv4(100)
    };
    let both = Config { instances: vec![other, ipv4(150)], ..Config::default() };
    bench.tell(|engine, now| engine.reconfigure(both, now));
    assert_eq!(bench.sent(), []);
    assert_eq!(bench.entered(), []);
    assert_eq!(bench.entered_by("VI_2"), [State::Backup]);
    assert_eq!(bench.state_of("VI_1"), State::Master);
}

#[test]
fn c61_a_removed_address_goes_and_nothing_else() {
    let mut bench = Bench::master(ipv4(150));
    let mut instance = ipv4(150);
    instance.virtual_addresses.pop();
    bench.tell(|engine, now| engine.reconfigure(one(instance), now));
    assert_eq!(bench.wanted(0), [ip("10.1.0.100")]);
    assert_eq!(bench.entered(), []);
    assert_eq!(bench.releases(), 0);
    assert_eq!(bench.advert().packets[0].1[23], 1, "and the advert says so at once");
    assert_eq!(bench.announced(), []);
}

#[test]
fn an_added_address_is_wanted_and_all_are_announced_now_and_later() {
    let mut bench = Bench::master(ipv4(150));
    bench.run(ms(10_000));
    bench.forget();
    let mut instance = ipv4(150);
    instance.virtual_addresses.push(vip("10.1.0.102"));
    bench.tell(|engine, now| engine.reconfigure(one(instance), now));
    assert_eq!(bench.wanted(0).len(), 3);
    bench.run(ms(10_000));
    let announced: Vec<_> = bench.announced().iter().map(|(at, list, _)| (*at, list.len())).collect();
    assert_eq!(announced, [(14_000, 3), (19_000, 3)]);
}

#[test]
fn c62_a_removed_instance_releases_and_is_gone() {
    for (notify_deleted, state) in [(true, State::Deleted), (false, State::Fault)] {
        let mut bench = Bench::master(InstanceConfig { notify_deleted, ..ipv4(150) });
        let channel = bench.channel();
        bench.tell(|engine, now| engine.reconfigure(Config::default(), now));
        assert_eq!(bench.releases(), 1);
        assert_eq!(bench.wanted(0), [] as [IpAddr; 0]);
        assert_eq!(bench.entered(), [state]);
        assert_eq!(bench.log.last().map(|(_, effect)| effect), Some(&Effect::CloseChannel(channel)));
        assert!(bench.engine.instance(InstanceId(0)).is_none());
        bench.forget();
        bench.run(ms(60_000));
        assert_eq!(bench.effects().count(), 0);
    }
}

#[test]
fn a_renamed_instance_keeps_its_state() {
    let mut bench = Bench::master(ipv4(150));
    let renamed = InstanceConfig { name: "VI_new".to_owned(), ..ipv4(150) };
    bench.tell(|engine, now| engine.reconfigure(one(renamed), now));
    assert_eq!(bench.effects().count(), 0);
    assert_eq!(bench.state_of("VI_new"), State::Master);
}

#[test]
fn a_changed_priority_keeps_the_role_and_is_said_at_once() {
    let mut bench = Bench::master(ipv4(150));
    bench.tell(|engine, now| engine.reconfigure(one(ipv4(120)), now));
    assert_eq!(bench.sent(), [(4_000_000, 120)]);
    assert_eq!(bench.entered(), []);
    assert!(bench.events().contains(&&EventKind::PriorityChanged { from: Priority(150), to: Priority(120) }));
}

#[test]
fn a_backups_deadline_moves_with_its_wait() {
    let mut bench = Bench::begun(one(ipv4(150)));
    bench.run(ms(1000));
    bench.tell(|engine, now| engine.reconfigure(one(ipv4(100)), now));
    assert_eq!(bench.silence_until_master(), 2_609_375);
    let mut bench = Bench::begun(one(ipv4(150)));
    bench.run(ms(1000));
    let slower = InstanceConfig { advert_interval: ms(2000), ..ipv4(150) };
    bench.tell(|engine, now| engine.reconfigure(one(slower), now));
    assert_eq!(bench.silence_until_master(), 5_414_062);
}

#[test]
fn a_changed_interval_counts_from_now() {
    let mut bench = Bench::master(ipv4(150));
    bench.tell(|engine, now| {
        engine.reconfigure(one(InstanceConfig { advert_interval: ms(3000), ..ipv4(150) }), now)
    });
    bench.run(ms(4000));
    assert_eq!(bench.sent(), [(4_000_000, 150), (7_000_000, 150)]);
}

#[test]
fn another_vrid_is_another_instance() {
    let mut bench = Bench::master(ipv4(150));
    let other = InstanceConfig { vrid: Vrid::new(52).expect("not 0"), ..ipv4(150) };
    bench.tell(|engine, now| engine.reconfigure(one(other), now));
    assert_eq!(bench.entered(), [State::Fault, State::Backup], "the old one is gone, the new one begins");
    assert_eq!(bench.releases(), 1);
}

#[test]
fn changed_announcements_are_no_reason_to_send_an_advert() {
    let mut bench = Bench::master(ipv4(150));
    let garp = GarpConfig { refresh: ms(1000), delay: Duration::ZERO, ..GarpConfig::default() };
    bench.tell(|engine, now| engine.reconfigure(one(InstanceConfig { garp: garp.into(), ..ipv4(150) }), now));
    assert_eq!(bench.sent(), []);
    bench.run(ms(1000));
    assert_eq!(bench.announced().len(), 1);
}

#[test]
fn a_reload_that_changes_the_group_moves_the_instance_to_other_sockets() {
    let mut bench = Bench::begun(one(ipv4(150)));
    let first = bench.channel();
    let transport =
        crate::config::Transport::Multicast { group: ip("224.0.0.18"), source: Some(ip("10.1.0.1")) };
    bench.tell(|engine, now| engine.reconfigure(one(InstanceConfig { transport, ..ipv4(150) }), now));
    assert_eq!(bench.channel(), first, "another source is not another socket");
    let transport = crate::config::Transport::Multicast { group: ip("224.0.0.99"), source: None };
    bench.tell(|engine, now| engine.reconfigure(one(InstanceConfig { transport, ..ipv4(150) }), now));
    assert_ne!(bench.channel(), first);
}

#[test]
fn a_shortened_start_delay_ends_sooner() {
    let mut config = one(ipv4(150));
    config.engine.startup_delay = ms(10_000);
    let mut bench = Bench::begun(config.clone());
    bench.run(ms(1000));
    config.engine.startup_delay = ms(2000);
    bench.tell(|engine, now| engine.reconfigure(config, now));
    bench.run(ms(10_000));
    assert_eq!(bench.entered_at(State::Master), Some(5_414_062));
}

/// Found by the simulator (seed 1402): the reconciler needs a moment to remove what a removed instance had.
#[test]
fn an_address_that_is_about_to_be_removed_becomes_nobody_s_source() {
    let second = InstanceConfig {
        name: "VI_2".to_owned(),
        vrid: Vrid::new(52).expect("not 0"),
        virtual_addresses: vec![vip("10.1.0.200")],
        ..ipv4(100)
    };
    let mut config = Config { instances: vec![ipv4(100), second], ..Config::default() };
    let mut bench = Bench::begun(config.clone());
    bench.tell(|engine, now| engine.handle_address(address(2, "10.1.0.200", 32), now));
    bench.tell(|engine, now| engine.handle_address_removed(address(2, "10.1.0.1", 24), now));
    assert_eq!(bench.state(), State::Fault);
    config.instances.pop();
    bench.tell(|engine, now| engine.reconfigure(config, now));
    assert_eq!(bench.state(), State::Fault);
    bench.tell(|engine, now| engine.handle_address_removed(address(2, "10.1.0.200", 32), now));
    bench.tell(|engine, now| engine.handle_address(address(2, "10.1.0.200", 32), now));
    assert_eq!(bench.state(), State::Backup, "now it is an address like any other");
}

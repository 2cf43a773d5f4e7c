//! The state machine: checklist points 38 to 55, 58, 63, 64.

use super::*;

#[test]
fn c38_backup_takes_over_after_three_intervals_and_skew() {
    let mut bench = Bench::begun(one(ipv4(150)));
    assert_eq!(bench.silence_until_master(), 3_414_062);
    assert_eq!(bench.cause(), Cause::MasterDown { last_master: None });
}

#[test]
fn c39_v3_at_half_a_second_takes_over_after_1_805_ms() {
    let mut bench = Bench::begun(one(InstanceConfig { advert_interval: ms(500), ..ipv4_v3(100) }));
    assert_eq!(bench.silence_until_master(), 1_804_687);
}

#[test]
fn c40_state_master_below_255_is_only_a_hint() {
    let instance = InstanceConfig { start_state: crate::config::StartState::Master, ..ipv4(150) };
    let mut bench = Bench::begun(one(instance));
    assert_eq!(bench.entered(), [State::Backup]);
    assert_eq!(bench.silence_until_master(), 3_414_062);
}

#[test]
fn becoming_master_sends_then_wants_then_tells_then_announces() {
    let mut bench = Bench::begun(one(ipv4(150)));
    bench.run(ms(3000));
    bench.forget();
    bench.run(ms(500));
    let kind = |effect: &Effect| match effect {
        Effect::SendAdvert { .. } => "advert",
        Effect::Want { .. } => "want",
        Effect::Announce { .. } => "announce",
        Effect::Event(event) if matches!(event.kind, EventKind::Announcing { .. }) => "announcing",
        Effect::Event(event) if matches!(event.kind, EventKind::Entered { .. }) => "entered",
        Effect::Event(_) => "event",
        _ => "other",
    };
    let order: Vec<_> = bench.effects().map(|(_, effect)| kind(effect)).collect();
    let expected = ["advert", "want", "event", "entered", "event", "announce", "announcing", "announcing"];
    assert_eq!(order, expected);
}

#[test]
fn c43_a_release_is_followed_after_skew_time_also_with_nopreempt() {
    for preempt in [true, false] {
        let mut bench = Bench::begun(one(InstanceConfig { preempt, ..ipv4(150) }));
        bench.hear(&Forged::v2(200));
        bench.run(ms(500));
        bench.hear(&Forged::v2(0));
        assert_eq!(bench.silence_until_master(), 414_062);
        assert_eq!(bench.cause(), Cause::MasterReleased { last_master: ip("10.1.0.2") });
        assert_eq!(bench.counters().releases_received, 1);
    }
}

#[test]
fn c44_a_lower_priority_does_not_move_the_deadline() {
    let mut bench = Bench::begun(one(ipv4(150)));
    bench.run(ms(1000));
    bench.hear(&Forged::v2(100));
    bench.run(ms(1000));
    bench.hear(&Forged::v2(100));
    assert_eq!(bench.silence_until_master(), 1_414_062);
}

#[test]
fn c45_nopreempt_accepts_any_priority_for_ever() {
    let mut bench = Bench::begun(one(InstanceConfig { preempt: false, ..ipv4(150) }));
    bench.hear_for(&Forged::v2(100), ms(1000), ms(60_000));
    assert_eq!(bench.entered(), [State::Backup]);
    assert_eq!(bench.silence_until_master(), 2_414_062, "silence counts from the last advert, a second ago");
}

#[test]
fn c46_preempt_delay_accepts_a_lower_priority_for_so_long() {
    let mut bench = Bench::begun(one(InstanceConfig { preempt_delay: ms(5000), ..ipv4(150) }));
    bench.hear_for(&Forged::v2(100), ms(1000), ms(12_000));
    assert_eq!(bench.entered_at(State::Master), Some(8_414_062));
    assert!(bench.events().contains(&&EventKind::PreemptDelayStarted(ms(5000))));
}

#[test]
fn c47_a_better_advert_lets_the_preempt_delay_start_anew() {
    let mut bench = Bench::begun(one(InstanceConfig { preempt_delay: ms(5000), ..ipv4(150) }));
    bench.hear_for(&Forged::v2(100), ms(1000), ms(4000));
    bench.hear(&Forged::v2(200).from("10.1.0.3"));
    bench.run(ms(1000));
    bench.hear_for(&Forged::v2(100), ms(1000), ms(12_000));
    assert_eq!(
        bench.entered_at(State::Master),
        Some(13_414_062),
        "5 s from the advert at 5 s, then a down timer"
    );
}

#[test]
fn c48_a_master_yields_to_a_higher_priority_without_a_release() {
    let mut bench = Bench::master(ipv4(150));
    bench.hear(&Forged::v2(200));
    assert_eq!(bench.entered(), [State::Backup]);
    assert_eq!(bench.wanted(0), [] as [IpAddr; 0]);
    assert_eq!(bench.sent(), []);
    let (from, priority, ours) = (ip("10.1.0.2"), Priority(200), Priority(150));
    assert_eq!(bench.cause(), Cause::BetterAdvert { from, priority, ours, by_address: false });
    assert_eq!(bench.silence_until_master(), 3_414_062);
}

#[test]
fn higher_prio_send_advert_speaks_once_more() {
    let mut bench = Bench::master(InstanceConfig { higher_priority_send_advert: true, ..ipv4(150) });
    bench.hear(&Forged::v2(200));
    assert_eq!(bench.sent(), [(4_000_000, 150)]);
    assert_eq!(bench.state(), State::Backup);
}

#[test]
fn c49_equal_priorities_are_decided_by_address() {
    for (higher, lower, master, forged) in [
        ("10.1.0.2", "10.1.0.0", ipv4(150), Forged::v2(150)),
        ("fe80::1:0:0:0", "fe80::1", ipv6(150), Forged::ipv6(150)),
    ] {
        let mut bench = Bench::master(master.clone());
        bench.hear(&forged.clone().from(lower));
        assert_eq!(bench.state(), State::Master);
        bench.hear(&forged.from(higher));
        assert_eq!(bench.state(), State::Backup);
    }
}

#[test]
fn c50_a_master_answers_a_lower_priority_at_once_and_announces() {
    let mut bench = Bench::master(ipv4(150));
    bench.run(ms(300));
    bench.forget();
    bench.hear(&Forged::v2(100));
    assert_eq!(bench.sent(), [(4_300_000, 150)]);
    let announced = bench.announced();
    assert_eq!(announced.len(), 1);
    assert_eq!((announced[0].1.len(), announced[0].2), (2, 5), "five rounds over both addresses");
}

#[test]
fn c51_a_strict_master_answers_too_unless_told_not_to() {
    let mut bench = Bench::master(InstanceConfig { strict: true, ..ipv4(150) });
    bench.hear(&Forged::v2(100));
    assert_eq!(bench.sent().len(), 1);
    let mut bench = Bench::master(InstanceConfig { lower_priority_no_advert: true, ..ipv4(150) });
    bench.hear(&Forged::v2(100));
    assert_eq!(bench.sent(), []);
    assert_eq!(bench.state(), State::Master);
}

#[test]
fn c52_a_master_answers_a_release_at_once() {
    let mut bench = Bench::master(ipv4(150));
    bench.run(ms(300));
    bench.forget();
    bench.hear(&Forged::v2(0));
    assert_eq!(bench.sent(), [(4_300_000, 150)]);
    bench.run(ms(1000));
    assert_eq!(
        bench.sent(),
        [(4_300_000, 150), (5_300_000, 150)],
        "the timer starts anew with what was sent"
    );
}

#[test]
fn c53_bad_packets_do_not_silence_a_master() {
    let mut bench = Bench::master(InstanceConfig { lower_priority_no_advert: true, ..ipv4(150) });
    let bad = [Forged { seconds: 2, ..Forged::v2(100) }, Forged::v2(100)];
    for forged in bad {
        bench.forget();
        bench.hear_for(&forged, ms(300), ms(6000));
        assert_eq!(bench.sent().len(), 6);
    }
}

#[test]
fn adverts_keep_their_schedule_although_the_driver_wakes_late() {
    let mut bench = Bench::master(ipv4(150));
    let mut sent = Vec::new();
    for _ in 0..5 {
        let deadline = bench.engine.next_deadline().expect("a master sends");
        bench.now = deadline + ms(7);
        bench.forget();
        bench.tell(Engine::handle_timeout);
        sent.extend(bench.sent());
    }
    let times: Vec<_> = sent.iter().map(|(at, _)| at - 4_421_062).collect();
    assert_eq!(
        times,
        [0, 1_000_000, 2_000_000, 3_000_000, 4_000_000],
        "late each time, but not later and later"
    );
}

#[test]
fn a_long_sleep_is_not_made_up_for_with_a_burst_of_adverts() {
    let mut bench = Bench::master(ipv4(150));
    bench.now += ms(10_500);
    bench.tell(Engine::handle_timeout);
    assert_eq!(bench.sent().len(), 1);
    bench.run(ms(1000));
    assert_eq!(bench.sent().len(), 2);
}

#[test]
fn c54_a_stopped_master_releases_once_and_leaves_nothing() {
    let mut bench = Bench::master(ipv4(150));
    bench.tell(Engine::stop);
    assert_eq!(bench.releases(), 1);
    assert_eq!(bench.wanted(0), [] as [IpAddr; 0]);
    assert_eq!(bench.entered(), [State::Stop]);
    assert_eq!(bench.engine.next_deadline(), None);
    bench.forget();
    bench.tell(Engine::stop);
    bench.hear(&Forged::v2(0));
    bench.run(ms(60_000));
    assert_eq!(bench.effects().count(), 0, "and nothing happens any more");
}

#[test]
fn c58_no_master_before_the_start_delay_and_a_down_timer() {
    let mut config = one(ipv4(150));
    config.engine.startup_delay = ms(4000);
    let mut bench = Bench::begun(config);
    bench.run(ms(1000));
    bench.hear(&Forged::v2(200));
    assert_eq!(bench.counters().adverts_received, 0, "adverts are read and thrown away");
    bench.run(ms(10_000));
    assert_eq!(bench.entered_at(State::Master), Some(7_414_062));
    assert_eq!(bench.sent()[0], (7_414_062, 150));
}

#[test]
fn c58_a_delay_after_boot_counts_from_boot() {
    let mut config = one(ipv4(150));
    config.engine.delay_after_boot = Duration::from_secs(1002);
    let mut bench = Bench::begun(config);
    bench.run(ms(10_000));
    assert_eq!(bench.entered_at(State::Master), Some(5_414_062), "the machine was up for 1000 s at start");
}

#[test]
fn c63_a_learnt_interval_is_forgotten_on_becoming_master() {
    let mut bench = Bench::begun(one(ipv4_v3(150)));
    bench.hear(&Forged { centis: 300, ..Forged::v3(200) });
    bench.run(ms(11_000));
    assert_eq!(bench.state(), State::Master);
    bench.tell(|engine, now| engine.handle_link(Link { is_running: false, ..link(2, "eth0") }, now));
    bench.tell(|engine, now| engine.handle_link(link(2, "eth0"), now));
    assert_eq!(bench.state(), State::Backup);
    assert_eq!(bench.silence_until_master(), 3_414_062);
}

#[test]
fn a_v3_master_that_yields_waits_as_its_masters_interval_asks() {
    let mut bench = Bench::master(ipv4_v3(150));
    bench.hear(&Forged { centis: 300, ..Forged::v3(200) });
    assert_eq!(bench.silence_until_master(), 10_242_187);
}

#[test]
fn c64_a_master_that_slept_too_long_steps_back_when_told_to() {
    let sleeper = InstanceConfig { preempt: false, timer_expired_backup: Some(Priority(254)), ..ipv4(150) };
    for (slept, state) in [(2300, State::Master), (6000, State::Backup)] {
        let mut bench = Bench::master(sleeper.clone());
        bench.now += ms(slept);
        bench.tell(|engine, now| engine.handle_stall(ms(slept), now));
        bench.tell(Engine::handle_timeout);
        assert_eq!(bench.state(), state, "after {slept} ms");
        assert_eq!(bench.releases(), 0);
    }
    let mut bench = Bench::master(ipv4(150));
    bench.now += ms(6000);
    bench.tell(|engine, now| engine.handle_stall(ms(6000), now));
    assert_eq!(bench.state(), State::Master, "not without the option");
}

#[test]
fn down_timer_adverts_changes_the_patience() {
    let mut bench = Bench::begun(one(InstanceConfig { down_timer_adverts: 5, ..ipv4(150) }));
    assert_eq!(bench.silence_until_master(), 5_414_062);
}

#[test]
fn every_state_change_is_told_once_with_its_cause() {
    let mut bench = Bench::begun(one(ipv4(150)));
    bench.run(ms(4000));
    bench.hear(&Forged::v2(200));
    bench.run(ms(4000));
    bench.tell(Engine::stop);
    let expected = [State::Backup, State::Master, State::Backup, State::Master, State::Stop];
    assert_eq!(bench.entered(), expected);
    let counters = bench.counters();
    assert_eq!((counters.became_master, counters.released_master), (2, 2));
}

#[test]
fn adopted_instances_go_on_at_once_and_listen_in_spite_of_a_start_delay() {
    let mut config = one(ipv4(150));
    config.engine.startup_delay = ms(10_000);
    let mut bench = Bench::new(config);
    bench.tell(|engine, now| engine.handle_link(link(2, "eth0"), now));
    bench.tell(|engine, now| engine.handle_address(address(2, "10.1.0.100", 32), now));
    bench.tell(|engine, now| engine.handle_address(address(2, "10.1.0.1", 24), now));
    bench.tell(|engine, now| engine.adopt(&["VI_1".to_owned()], now));
    bench.tell(|engine, now| engine.handle_topology_complete(now));
    assert_eq!(bench.cause(), Cause::Adopted);
    assert_eq!(bench.sent(), [(0, 150)]);
    let wants = bench.effects().filter(|(_, effect)| matches!(effect, Effect::Want { .. })).count();
    assert_eq!(wants, 1, "the addresses are not taken away in between");
    assert_eq!(bench.wanted(0).len(), 2);
    assert_eq!(bench.advert().source, ip("10.1.0.1"), "a virtual address is never the source");
    bench.hear(&Forged::v2(200));
    assert_eq!(bench.state(), State::Backup);
}

#[test]
fn counters_can_be_set_to_0_and_nothing_else_changes() {
    let mut bench = Bench::master(ipv4(150));
    bench.hear(&Forged { vrid: 9, ..Forged::v2(100) });
    bench.tell(|engine, _| engine.reset_counters());
    assert_eq!(bench.counters(), Counters::default());
    assert_eq!(bench.engine.snapshot(bench.now).unclaimed_adverts, 0);
    bench.run(ms(1000));
    assert_eq!(bench.counters(), Counters { adverts_sent: 1, ..Counters::default() });
}

/// B is the master and slow; C is fast, yields to B and says so with a last advert.
#[test]
fn a_lesser_router_cannot_shorten_the_wait_for_a_better_one() {
    let instance = InstanceConfig { preempt: false, ..ipv4_v3(100) };
    let slow = Forged { centis: 300, ..Forged::v3(200) };
    let farewell = Forged { centis: 20, ..Forged::v3(150) }.from("10.1.0.3");
    let mut bench = Bench::begun(one(instance.clone()));
    bench.hear(&slow);
    bench.hear(&farewell);
    assert_eq!(bench.silence_until_master(), 10_828_125, "B's interval counts");
    assert_eq!(bench.cause(), Cause::MasterDown { last_master: Some(ip("10.1.0.2")) });

    let mut bench = Bench::begun(one(instance));
    bench.hear(&slow);
    bench.hear_for(&farewell, ms(200), ms(20_000));
    assert_eq!(bench.entered(), [State::Backup], "when B is gone, C is master");
    assert_eq!(bench.engine.snapshot(bench.now).instances[0].master, Some((ip("10.1.0.3"), Priority(150))));
    assert_eq!(bench.silence_until_master(), 721_875 - 200_000, "and its interval counts");
}

#[test]
fn after_a_release_anybody_can_be_master_at_once() {
    let mut bench = Bench::begun(one(ipv4_v3(100)));
    bench.hear(&Forged { centis: 300, ..Forged::v3(200) });
    bench.hear(&Forged { centis: 300, ..Forged::v3(0) });
    bench.hear(&Forged { centis: 20, ..Forged::v3(150) }.from("10.1.0.3"));
    assert_eq!(bench.silence_until_master(), 721_875);
}

//! Switchovers and maintenance.

use super::groups::pair;
use super::*;
use crate::NotDone;
use crate::config::Transport;

fn switch_over(bench: &mut Bench, who: &str) -> Result<(), NotDone> {
    let mut outcome = Ok(());
    bench.tell(|engine, now| outcome = engine.switch_over(who, now));
    outcome
}

fn take_back(bench: &mut Bench, who: Option<&str>) -> Result<(), NotDone> {
    let mut outcome = Ok(());
    bench.tell(|engine, now| outcome = engine.take_back(who, now));
    outcome
}

fn maintenance(bench: &mut Bench, on: bool) {
    bench.tell(|engine, now| engine.set_maintenance(on, now));
}

fn is_back(bench: &Bench) -> bool {
    bench.engine.snapshot(bench.now).instances[0].stands_back
}

/// A master that has given way to another router of priority 100, which has spoken.
fn given_way() -> Bench {
    let mut bench = Bench::master(ipv4(150));
    assert_eq!(switch_over(&mut bench, "VI_1"), Ok(()));
    bench.run(ms(600));
    bench.hear(&Forged::v2(100));
    bench
}

#[test]
fn a_switchover_is_a_release_and_a_backup_that_does_not_push_others_aside() {
    let mut bench = Bench::master(ipv4(150));
    assert_eq!(switch_over(&mut bench, "VI_1"), Ok(()));
    assert_eq!(bench.releases(), 1);
    assert_eq!(bench.entered(), [State::Backup]);
    assert_eq!(bench.cause(), Cause::Switchover);
    assert_eq!(bench.wanted(0), [] as [IpAddr; 0]);
    bench.run(ms(600));
    bench.hear_for(&Forged::v2(100), ms(1000), ms(60_000));
    assert_eq!(bench.entered(), [State::Backup], "a lower priority is its master");
    assert!(is_back(&bench));
}

#[test]
fn a_switchover_to_nobody_ends_where_it_began() {
    let mut bench = Bench::master(ipv4(150));
    assert_eq!(switch_over(&mut bench, "VI_1"), Ok(()));
    assert_eq!(bench.silence_until_master(), 2_414_062, "two intervals and a skew");
    assert!(!is_back(&bench));
    assert!(bench.events().contains(&&EventKind::SwitchoverOver));
}

#[test]
fn who_gave_way_takes_over_when_nobody_else_is_master_any_more() {
    let mut bench = given_way();
    assert_eq!(bench.silence_until_master(), 3_414_062, "the other one died");
    assert!(!is_back(&bench));
    // And one that resigns leaves time to the others.
    let mut bench = given_way();
    bench.hear(&Forged::v2(0));
    assert_eq!(bench.silence_until_master(), 2_414_062);
}

#[test]
fn a_return_pushes_a_lesser_master_aside_after_skew_time() {
    let mut bench = given_way();
    assert_eq!(take_back(&mut bench, Some("VI_1")), Ok(()));
    assert!(!is_back(&bench));
    assert_eq!(bench.silence_until_master(), 414_062);
    assert_eq!(take_back(&mut bench, None), Err(NotDone::NothingToReturn(None)));
}

#[test]
fn a_return_leaves_a_better_master_and_nopreempt_alone() {
    let mut bench = given_way();
    bench.hear(&Forged::v2(200).from("10.1.0.3"));
    assert_eq!(take_back(&mut bench, None), Ok(()));
    bench.hear_for(&Forged::v2(200).from("10.1.0.3"), ms(1000), ms(10_000));
    assert_eq!(bench.state(), State::Backup);
    let mut bench = Bench::master(InstanceConfig { preempt: false, ..ipv4(150) });
    assert_eq!(switch_over(&mut bench, "VI_1"), Ok(()));
    bench.hear(&Forged::v2(100));
    assert_eq!(take_back(&mut bench, None), Ok(()));
    bench.hear_for(&Forged::v2(100), ms(1000), ms(10_000));
    assert_eq!(bench.state(), State::Backup);
}

#[test]
fn a_group_gives_way_and_returns_as_a_whole() {
    let mut bench = Bench::begun(pair(150, 150));
    bench.run(ms(4000));
    assert_eq!(bench.entered_by("G").last(), Some(&State::Master));
    bench.forget();
    assert_eq!(switch_over(&mut bench, "VI_2"), Ok(()));
    assert_eq!([bench.state_of("VI_1"), bench.state_of("VI_2")], [State::Backup; 2]);
    assert_eq!((bench.entered_by("G"), bench.releases()), (vec![State::Backup], 2));
    let second = Forged { vrid: 52, addresses: vec![vip("10.1.0.200")], ..Forged::v2(100) };
    for _ in 0..10 {
        bench.hear(&Forged::v2(100));
        bench.hear(&second);
        bench.run(ms(1000));
    }
    assert_eq!([bench.state_of("VI_1"), bench.state_of("VI_2")], [State::Backup; 2]);
    assert_eq!(take_back(&mut bench, Some("G")), Ok(()));
    bench.run(ms(500));
    assert_eq!([bench.state_of("VI_1"), bench.state_of("VI_2")], [State::Master; 2]);
}

#[test]
fn a_switchover_is_refused_with_the_reason() {
    let mut bench = given_way();
    assert_eq!(switch_over(&mut bench, "VI_9"), Err(NotDone::Unknown("VI_9".to_owned())));
    let refused = switch_over(&mut bench, "VI_1").expect_err("a backup");
    let text = "VI_1 is not MASTER here: 10.1.0.2 is, with priority 100; run it on that node";
    assert_eq!(refused.to_string(), text);
    let lonely = Transport::Unicast {
        source: None,
        peers: Vec::new(),
        check_source: false,
        ttl: None,
        checksum: crate::config::ChecksumCompat::Automatic,
    };
    let mut bench = Bench::master(InstanceConfig { transport: lonely, ..ipv4(150) });
    let refused = switch_over(&mut bench, "VI_1").expect_err("no peer");
    assert_eq!(refused.to_string(), "VI_1 has no unicast peer that could take over");
    assert_eq!(bench.state(), State::Master);
}

#[test]
fn maintenance_gives_everything_up_and_takes_nothing_whoever_is_there() {
    let mut bench = Bench::master(ipv4(150));
    maintenance(&mut bench, true);
    assert_eq!((bench.entered(), bench.releases()), (vec![State::Backup], 1));
    assert_eq!(bench.cause(), Cause::Maintenance);
    bench.run(ms(60_000));
    bench.hear_for(&Forged::v2(50), ms(1000), ms(10_000));
    bench.hear(&Forged::v2(0));
    bench.run(ms(60_000));
    assert_eq!(bench.state(), State::Backup);
    assert!(bench.engine.snapshot(bench.now).maintenance);
    maintenance(&mut bench, false);
    assert!(bench.silence_until_master() <= 414_062);
}

#[test]
fn a_node_that_starts_in_maintenance_stays_out_although_it_is_an_owner_or_is_to_adopt() {
    for priority in [150, 255] {
        let start_state = crate::config::StartState::Master;
        let mut bench = Bench::new(one(InstanceConfig { start_state, ..ipv4(priority) }));
        bench.tell(|engine, now| engine.adopt(&["VI_1".to_owned()], now));
        maintenance(&mut bench, true);
        bench.tell(|engine, now| engine.handle_link(link(2, "eth0"), now));
        bench.tell(|engine, now| engine.handle_address(address(2, "10.1.0.1", 24), now));
        bench.tell(|engine, now| engine.handle_topology_complete(now));
        bench.run(ms(30_000));
        assert_eq!(bench.entered(), [State::Backup]);
        assert_eq!(bench.sent(), []);
        maintenance(&mut bench, false);
        bench.run(ms(4000));
        assert_eq!(bench.state(), State::Master);
    }
}

#[test]
fn a_reload_changes_neither() {
    let mut bench = given_way();
    let mut changed = ipv4(160);
    changed.garp.repeat = 9;
    bench.tell(|engine, now| engine.reconfigure(one(changed), now));
    bench.hear_for(&Forged::v2(100), ms(1000), ms(10_000));
    assert_eq!((bench.state(), is_back(&bench)), (State::Backup, true));
    maintenance(&mut bench, true);
    bench.tell(|engine, now| engine.reconfigure(one(ipv4(170)), now));
    bench.run(ms(20_000));
    assert_eq!(bench.state(), State::Backup);
}

/// Neither `state MASTER` nor an address of our own makes it push the others aside.
#[test]
fn who_gave_way_in_a_process_that_was_killed_still_stands_back() {
    for priority in [150, 255] {
        let start_state = crate::config::StartState::Master;
        let mut bench = Bench::new(one(InstanceConfig { start_state, ..ipv4(priority) }));
        bench.tell(|engine, _| engine.stand_back(&["VI_1".to_owned(), "VI_9".to_owned()]));
        bench.tell(|engine, now| engine.handle_link(link(2, "eth0"), now));
        bench.tell(|engine, now| engine.handle_address(address(2, "10.1.0.1", 24), now));
        bench.tell(|engine, now| engine.handle_topology_complete(now));
        bench.hear_for(&Forged::v2(100), ms(1000), ms(30_000));
        assert_eq!(bench.entered(), [State::Backup]);
        assert_eq!(bench.sent(), []);
        assert!(is_back(&bench));
        assert_eq!(take_back(&mut bench, None), Ok(()));
        bench.run(ms(4000));
        assert_eq!(bench.state(), State::Master);
    }
}

#[test]
fn a_group_still_stands_back_as_a_whole() {
    let mut bench = Bench::new(pair(150, 150));
    bench.tell(|engine, _| engine.stand_back(&["VI_2".to_owned()]));
    let standing = bench.engine.snapshot(bench.now).instances;
    assert!(standing.iter().all(|instance| instance.stands_back));
}

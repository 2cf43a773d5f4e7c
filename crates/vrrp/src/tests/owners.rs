//! Address owners: checklist points 41, 59, 101.

use super::*;
use crate::config::StartState;

fn owner(instance: InstanceConfig) -> InstanceConfig {
    InstanceConfig { priority: Priority::OWNER, start_state: StartState::Master, ..instance }
}

#[test]
fn c41_an_owner_is_master_at_once_and_advertises_first() {
    let bench = Bench::begun(one(owner(ipv4(255))));
    assert_eq!(bench.entered(), [State::Master]);
    assert_eq!(bench.cause(), Cause::AddressOwner);
    assert_eq!(bench.sent(), [(0, 255)]);
    let position = |wanted: fn(&Effect) -> bool| bench.effects().position(|(_, effect)| wanted(effect));
    let advert = position(|effect| matches!(effect, Effect::SendAdvert { .. }));
    let announce = position(|effect| matches!(effect, Effect::Announce { .. }));
    assert!(advert < announce);
}

#[test]
fn an_owner_with_state_backup_waits_with_the_skew_of_255() {
    let mut bench = Bench::begun(one(InstanceConfig { priority: Priority::OWNER, ..ipv4(255) }));
    assert_eq!(bench.silence_until_master(), 3_003_906);
}

#[test]
fn c59_of_two_owners_the_one_with_the_higher_address_stays() {
    let mut bench = Bench::begun(one(owner(ipv4(255))));
    bench.hear(&Forged::v2(255).from("10.1.0.0"));
    assert_eq!(bench.state(), State::Master);
    assert!(bench.events().contains(&&EventKind::OwnerConflict { from: ip("10.1.0.0") }));
    bench.hear(&Forged::v2(255).from("10.1.0.2"));
    assert_eq!(bench.state(), State::Backup);
    assert_eq!(bench.priority(), 255);
}

#[test]
fn c59_an_owner_that_is_not_heeded_gives_in_and_comes_back_with_255() {
    let mut bench = Bench::begun(one(owner(ipv4(255))));
    let stubborn = Forged::v2(255).from("10.1.0.0");
    bench.hear_for(&stubborn, ms(1000), ms(4000));
    assert_eq!(bench.state(), State::Backup);
    assert_eq!(bench.priority(), 254);
    assert_eq!(bench.sent().iter().filter(|(_, priority)| *priority != 255).count(), 0);
    bench.hear_for(&stubborn, ms(1000), ms(10_000));
    assert_eq!(bench.state(), State::Backup, "one MASTER remains");
    assert_eq!(
        bench.silence_until_master(),
        2_003_906,
        "an owner's patience, a second after the last advert"
    );
    assert_eq!(bench.priority(), 255);
    assert_eq!(bench.sent().last().map(|(_, priority)| *priority), Some(255));
}

#[test]
fn c59_255_is_taken_back_when_the_other_is_no_owner_any_more() {
    let mut bench = Bench::begun(one(owner(ipv4(255))));
    bench.hear_for(&Forged::v2(255).from("10.1.0.0"), ms(1000), ms(4000));
    assert_eq!(bench.priority(), 254);
    bench.hear(&Forged::v2(254).from("10.1.0.0"));
    assert_eq!(bench.priority(), 255);
}

#[test]
fn an_owner_told_to_ignore_adverts_ignores_them() {
    let mut bench = Bench::begun(one(InstanceConfig { owner_ignores_adverts: true, ..owner(ipv4(255)) }));
    bench.hear(&Forged::v2(255).from("10.1.0.2"));
    assert_eq!(bench.state(), State::Master);
    assert_eq!(bench.counters().owner_ignored, 1);
}

#[test]
fn an_owner_comes_back_from_fault_after_one_interval_and_the_least_skew() {
    let mut bench = Bench::begun(one(owner(ipv4(255))));
    bench.tell(|engine, now| engine.handle_link(Link { is_up: false, ..link(2, "eth0") }, now));
    bench.tell(|engine, now| engine.handle_link(link(2, "eth0"), now));
    assert_eq!(bench.state(), State::Backup);
    assert_eq!(bench.silence_until_master(), 1_003_906);
}

#[test]
fn an_owner_waits_for_the_end_of_the_start_delay_and_no_longer() {
    let mut config = one(owner(ipv4(255)));
    config.engine.startup_delay = ms(4000);
    let mut bench = Bench::begun(config);
    bench.run(ms(5000));
    assert_eq!(bench.entered_at(State::Master), Some(4_000_000));
}

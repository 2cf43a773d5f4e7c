//! How soon channels are listened to.

use super::*;
use crate::Attention;

/// Backups with VRIDs from 1 on, one name each.
fn many(number: u8, template: &InstanceConfig) -> Config {
    let vrids = (1..=number).filter_map(Vrid::new);
    let instances =
        vrids.map(|vrid| InstanceConfig { name: format!("VI_{vrid}"), vrid, ..template.clone() }).collect();
    Config { instances, ..Config::default() }
}

fn attentions(bench: &Bench) -> Vec<Attention> {
    let attentions = bench.effects().filter_map(|(_, effect)| match effect {
        Effect::Listen { attention, .. } => Some(attention.clone()),
        _ => None,
    });
    attentions.collect()
}

fn batches(milliseconds: u64, burst: usize, at_once: &[u8]) -> Attention {
    let at_once = at_once.iter().copied().filter_map(Vrid::new).collect();
    Attention::InBatches { every: ms(milliseconds), burst, at_once }
}

#[test]
fn many_backups_are_read_in_batches_once_they_have_settled() {
    let mut bench = Bench::begun(many(100, &ipv4(150)));
    bench.run(ms(499));
    assert_eq!(attentions(&bench), []);
    bench.run(ms(1));
    assert_eq!(attentions(&bench), [batches(50, 100, &[])]);
    bench.run(ms(1000));
    assert_eq!(attentions(&bench).len(), 1, "said once");
}

#[test]
fn short_intervals_have_short_batches() {
    let fast = InstanceConfig { advert_interval: ms(200), ..ipv4_v3(150) };
    let mut bench = Bench::begun(many(30, &fast));
    bench.run(ms(500));
    assert_eq!(attentions(&bench), [batches(20, 30, &[])]);
}

#[test]
fn the_shortest_intervals_have_four_batches_each() {
    // So patient that nobody becomes MASTER before they have settled.
    let fastest = InstanceConfig { advert_interval: ms(20), down_timer_adverts: 100, ..ipv4_v3(150) };
    let every = |config| {
        let mut bench = Bench::begun(many(100, &config));
        bench.run(ms(500));
        match attentions(&bench).as_slice() {
            [Attention::InBatches { every, .. }] => *every,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(every(fastest.clone()), Duration::from_micros(2_500));
    assert_eq!(every(InstanceConfig { advert_interval: ms(10), ..fastest }), Duration::from_micros(2_500));
}

#[test]
fn few_backups_are_listened_to_as_adverts_come() {
    for number in [1, 19, 39] {
        let mut bench = Bench::begun(many(number, &ipv4(150)));
        bench.run(ms(2000));
        assert_eq!(attentions(&bench), [], "{number}");
    }
}

#[test]
fn a_change_of_state_ends_batches_and_a_master_is_left_out_of_the_next() {
    let mut bench = Bench::begun(many(100, &ipv4(150)));
    bench.run(ms(600));
    bench.forget();
    bench.hear(&Forged { vrid: 7, ..Forged::v2(0) });
    assert_eq!(attentions(&bench), [], "it waits for its skew time");
    bench.run(ms(420));
    assert_eq!(bench.state_of("VI_7"), State::Master);
    assert_eq!(attentions(&bench), [Attention::AtOnce]);
    bench.forget();
    bench.run(ms(500));
    assert_eq!(attentions(&bench), [batches(50, 99, &[7])]);
}

#[test]
fn adverts_of_a_batch_count_from_when_they_came_in() {
    let mut bench = Bench::begun(many(100, &ipv4(150)));
    bench.run(ms(600));
    let heard = bench.now - ms(40);
    let channel = bench.channel();
    let forged = Forged { vrid: 7, ..Forged::v2(200) };
    let bytes = forged.payload();
    bench.tell(|engine, _| engine.handle_advertisement(channel, &forged.received(&bytes), heard));
    bench.run(ms(2900));
    assert_eq!(bench.state_of("VI_8"), State::Master, "it has heard nothing since it began");
    assert_eq!(bench.state_of("VI_7"), State::Backup);
    let down = heard + Duration::from_micros(3_414_062);
    bench.run(down.since(bench.now) - ms(1));
    assert_eq!(bench.state_of("VI_7"), State::Backup);
    bench.run(ms(1));
    assert_eq!(bench.state_of("VI_7"), State::Master);
}

#[test]
fn no_master_is_given_up_before_the_time_that_was_told() {
    let mut bench = Bench::begun(many(3, &ipv4(150)));
    assert_eq!(bench.engine.next_master_down(), Some(bench.now + Duration::from_micros(3_414_062)));
    bench.run(ms(1000));
    for vrid in 1..=3 {
        bench.hear(&Forged { vrid, ..Forged::v2(200) });
    }
    let told = bench.engine.next_master_down().expect("backups wait");
    assert!(told <= bench.now + Duration::from_micros(3_414_062), "before or at the time");
    bench.run(ms(3_000));
    assert_eq!(bench.engine.next_master_down(), Some(bench.now + Duration::from_micros(414_062)));
}

#[test]
fn a_channel_that_is_closed_leaves_no_deadline_behind() {
    let mut bench = Bench::begun(many(100, &ipv4(150)));
    bench.tell(|engine, now| engine.reconfigure(Config::default(), now));
    assert_eq!(bench.engine.deadline_counts().0, 0);
    bench.run(ms(4000));
    assert_eq!(bench.engine.deadline_counts(), (0, 0));
    assert_eq!(attentions(&bench), []);
}

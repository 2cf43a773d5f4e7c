//! What operators rely on, one test each. The watch looks on in all of them.

use keepalived_sim::{Lan, NodeId, Seed, SegmentId, Transition, Weather};
use keepalived_types::{Instant, Priority, Version};
use keepalived_vrrp::config::InstanceConfig;
use keepalived_vrrp::{Cause, State};
use std::time::Duration;

const ETH0: SegmentId = SegmentId(0);

/// One packet's way through [`Weather::FAIR`].
const DELAY: Duration = Weather::FAIR.delay;

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const fn micros(micros: u64) -> Duration {
    Duration::from_micros(micros)
}

/// Skew_Time at one second, in either version (RFC 9568 §6.1).
fn skew(priority: u8) -> Duration {
    micros((256 - u64::from(priority)) * 1_000_000 / 256)
}

/// Master_Down_Interval at one second.
fn down(priority: u8) -> Duration {
    millis(3000) + skew(priority)
}

fn only(transitions: Vec<Transition>) -> Transition {
    let [transition] = transitions.try_into().expect("exactly one transition");
    transition
}

fn became_master(lan: &Lan, node: NodeId, since: Instant) -> Transition {
    let transition = only(lan.transitions(node, since..));
    assert_eq!(transition.to, State::Master);
    transition
}

fn settled<const N: usize>(priorities: [u8; N], change: impl Fn(&mut InstanceConfig)) -> (Lan, [NodeId; N]) {
    let mut lan = Lan::new(Seed(7));
    let nodes = lan.routers_with(priorities, change);
    lan.settle();
    (lan, nodes)
}

fn v3(config: &mut InstanceConfig) {
    config.version = Version::V3;
}

mod election {
    use super::*;

    #[test]
    fn best_backup_replaces_a_dead_master_after_three_intervals_and_skew() {
        for version in [Version::V2, Version::V3] {
            let (mut lan, [a, b, c]) = settled([150, 120, 100], |config| config.version = version);
            assert_eq!(lan.masters(), [a]);
            let cut = lan.power_off(a);
            let heard = lan.last_heard(b).expect("a master was there");
            lan.run_for(millis(5000));
            let takeover = became_master(&lan, b, cut);
            assert_eq!(takeover.at, heard + down(120), "{version}");
            assert!(matches!(takeover.cause, Cause::MasterDown { last_master: Some(_) }));
            assert_eq!(lan.transitions(c, cut..), []);
        }
    }

    #[test]
    fn a_better_router_takes_over_when_it_comes_back() {
        let (mut lan, [a, b]) = settled([150, 100], v3);
        lan.power_off(a);
        lan.settle();
        assert_eq!(lan.masters(), [b]);
        lan.power_on(a);
        let back = lan.now();
        lan.settle();
        assert_eq!(lan.masters(), [a]);
        let states: Vec<State> = lan.transitions(a, back..).iter().map(|one| one.to).collect();
        assert_eq!(states, [State::Backup, State::Master]);
        let last = lan.transitions(a, back..).pop().expect("two");
        assert_eq!(last.at, back + down(150), "a lower priority does not hold it up");
    }

    #[test]
    fn without_preemption_the_lower_priority_stays() {
        let (mut lan, [a, b]) = settled([150, 100], |config| config.preempt = false);
        lan.power_off(a);
        lan.settle();
        lan.power_on(a);
        lan.settle();
        lan.run_for(millis(60_000));
        assert_eq!(lan.masters(), [b]);
    }

    #[test]
    fn without_preemption_silence_is_still_answered() {
        let (mut lan, [a, b, c]) = settled([150, 120, 100], |config| config.preempt = false);
        let first = lan.masters();
        assert_eq!(first, [a], "all started together, the best timed out first");
        let cut = lan.power_off(a);
        lan.settle();
        assert_eq!(lan.masters(), [b]);
        assert_eq!(lan.transitions(c, cut..), []);
    }

    #[test]
    fn a_preempt_delay_lets_the_lower_master_be_for_a_while() {
        let (mut lan, [a, b]) = settled([150, 100], |config| {
            if config.priority.get() == 150 {
                config.preempt_delay = millis(5000);
            }
        });
        lan.power_off(a);
        lan.settle();
        assert_eq!(lan.masters(), [b]);
        lan.power_on(a);
        let back = lan.now();
        lan.settle();
        assert_eq!(lan.masters(), [a]);
        let waited =
            lan.transitions(a, back..).pop().map(|one| one.at.since(back)).expect("it became MASTER");
        assert!(waited > millis(5000) + down(150) - millis(1000), "{waited:?}");
        assert!(waited < millis(6000) + down(150), "{waited:?}");
    }

    #[test]
    fn between_equals_the_higher_address_wins_when_two_masters_meet() {
        let (mut lan, [a, b]) = settled([100, 100], v3);
        lan.partition(&[&[a], &[b]]);
        lan.settle();
        assert_eq!(lan.masters(), [a, b]);
        let healed = lan.now();
        lan.heal(ETH0);
        lan.settle();
        assert_eq!(lan.masters(), [b], "its address is the higher one");
        let yielded = only(lan.transitions(a, healed..));
        assert!(matches!(yielded.cause, Cause::BetterAdvert { by_address: true, .. }));
    }

    #[test]
    fn an_owner_is_master_at_once_and_takes_over_when_it_returns() {
        let mut lan = Lan::new(Seed(7));
        let [a, b] = lan.routers_with([255, 200], |config| {
            if config.priority.is_owner() {
                config.start_state = keepalived_vrrp::config::StartState::Master;
            }
        });
        assert_eq!(lan.masters(), [a]);
        lan.settle();
        assert_eq!(lan.masters(), [a]);
        lan.power_off(a);
        lan.settle();
        assert_eq!(lan.masters(), [b]);
        lan.power_on(a);
        lan.run_for(millis(10));
        assert_eq!(lan.masters(), [a]);
    }

    #[test]
    fn two_to_five_nodes_agree_on_one_master() {
        fn agree<const N: usize>(priorities: [u8; N]) {
            let mut lan = Lan::new(Seed(9));
            let nodes = lan.routers(priorities);
            for best in nodes {
                lan.settle();
                assert_eq!(lan.masters(), [best], "the best that is left, and the last one carries on alone");
                lan.power_off(best);
            }
            lan.settle();
            assert_eq!(lan.masters(), []);
        }
        agree([200, 100]);
        agree([200, 150, 100]);
        agree([254, 253, 2, 1]);
        agree([103, 102, 101, 100, 99]);
    }

    #[test]
    fn ipv6_routers_elect_like_ipv4_ones() {
        let mut lan = Lan::new(Seed(7));
        let [a, b, c] = lan.routers_ipv6([150, 120, 100]);
        lan.settle();
        assert_eq!(lan.masters(), [a]);
        assert!(lan.virtual_addresses(a).iter().all(std::net::IpAddr::is_ipv6));
        let cut = lan.power_off(a);
        let heard = lan.last_heard(b).expect("a master was there");
        lan.run_for(millis(5000));
        assert_eq!(became_master(&lan, b, cut).at, heard + down(120));
        assert_eq!(lan.transitions(c, cut..), []);
    }

    #[test]
    fn a_version_3_backup_waits_at_the_masters_pace() {
        let (mut lan, [a, b]) = settled([150, 100], |config| {
            v3(config);
            let is_slow = config.priority.get() == 150;
            config.advert_interval = millis(if is_slow { 3000 } else { 1000 });
        });
        assert_eq!(lan.masters(), [a]);
        let cut = lan.power_off(a);
        let heard = lan.last_heard(b).expect("a master was there");
        lan.run_for(millis(15_000));
        let patience = millis(9000) + micros((256 - 100) * 300 * 625 / 16);
        assert_eq!(became_master(&lan, b, cut).at, heard + patience);
    }

    #[test]
    fn a_master_that_leaves_is_replaced_after_skew() {
        let (mut lan, [a, b, c]) = settled([150, 120, 100], v3);
        let left = lan.now();
        lan.stop(a);
        lan.run_for(millis(2000));
        let takeover = became_master(&lan, b, left);
        assert_eq!(takeover.at, left + DELAY + skew(120));
        assert!(matches!(takeover.cause, Cause::MasterReleased { .. }));
        assert_eq!(lan.transitions(c, left..), []);
    }
}

mod network {
    use super::*;

    #[test]
    fn a_healed_partition_has_one_master_again() {
        let (mut lan, [a, b, c, d]) = settled([150, 120, 100, 80], v3);
        let cut = lan.now();
        lan.partition(&[&[a, b], &[c, d]]);
        lan.settle();
        assert_eq!(lan.masters(), [a, c]);
        lan.heal(ETH0);
        lan.settle();
        assert_eq!(lan.masters(), [a]);
        assert_eq!(lan.transitions(a, cut..), [], "the best never noticed");
        assert_eq!(lan.transitions(b, cut..), []);
        assert_eq!(lan.transitions(d, cut..), []);
    }

    #[test]
    fn a_backup_that_hears_nobody_becomes_master_and_gives_way_when_it_hears() {
        let (mut lan, [a, b]) = settled([150, 100], v3);
        lan.deafen(ETH0, a, b);
        lan.run_for(millis(10_000));
        assert_eq!(lan.masters(), [a, b]);
        lan.heal(ETH0);
        lan.settle();
        assert_eq!(lan.masters(), [a]);
    }

    #[test]
    fn late_doubled_and_overtaking_adverts_change_nothing() {
        let (mut lan, [a, b, c]) = settled([150, 120, 100], v3);
        lan.set_weather(
            ETH0,
            Weather { delay: millis(1), jitter: millis(1500), loss_permille: 0, duplicate_permille: 500 },
        );
        let since = lan.now();
        lan.run_for(millis(300_000));
        for node in [a, b, c] {
            assert_eq!(lan.transitions(node, since..), []);
        }
    }

    #[test]
    fn two_lost_adverts_in_a_row_are_survived() {
        let (mut lan, [a, b]) = settled([150, 100], v3);
        let since = lan.now();
        for _ in 0..10 {
            let heard = lan.last_heard(b).expect("a master is there");
            lan.deafen(ETH0, a, b);
            lan.run_for((heard + millis(2500)).since(lan.now()));
            lan.heal(ETH0);
            lan.run_for(millis(1200));
        }
        assert_eq!(lan.transitions(b, since..), []);
    }

    #[test]
    fn unicast_peers_elect_and_hear_only_each_other() {
        use keepalived_vrrp::config::{ChecksumCompat, Transport, UnicastPeer};
        let address = |last: u8| std::net::IpAddr::from([10, 0, 0, last]);
        let peer = |last| UnicastPeer { address: address(last), min_ttl: 0, max_ttl: 255 };
        let (mut lan, [a, b]) = settled([150, 100], |config| {
            v3(config);
            let (ours, theirs) = if config.priority.get() == 150 { (11, 12) } else { (12, 11) };
            config.transport = Transport::Unicast {
                source: Some(address(ours)),
                peers: vec![peer(theirs)],
                check_source: true,
                ttl: None,
                checksum: ChecksumCompat::Never,
            };
        });
        assert_eq!(lan.masters(), [a]);
        let cut = lan.power_off(a);
        let heard = lan.last_heard(b).expect("a master was there");
        lan.run_for(millis(5000));
        assert_eq!(became_master(&lan, b, cut).at, heard + down(100));
    }

    #[test]
    fn forged_adverts_are_counted_and_change_nothing() {
        let (mut lan, [a, b]) = settled([150, 100], v3);
        let key = keepalived_sim::RouterKey::of(&lan.config(a).instances[0]).expect("on a segment");
        let since = lan.now();
        let forgeries: [fn(&mut Vec<u8>); 5] = [
            |message| message.truncate(9),
            |message| message[0] = 0x21,
            |message| message[0] = 0x32,
            |message| message[4..6].fill(0),
            |message| message[7] ^= 1,
        ];
        for change in forgeries {
            lan.forge(b, key, 255, change);
            lan.run_for(millis(300));
        }
        lan.forge(b, key, 254, |_| {});
        lan.run_for(millis(5000));
        assert_eq!(lan.transitions(a, since..), []);
        assert_eq!(lan.transitions(b, since..), []);
        let counters = lan.first_instance(a).expect("it runs").counters;
        assert_eq!(
            (counters.length_errors, counters.version_errors, counters.type_errors, counters.ttl_errors),
            (1, 1, 1, 1)
        );
        assert_eq!(counters.interval_errors + counters.checksum_errors, 2);
    }
}

mod accidents {
    use super::*;

    #[test]
    fn a_stall_of_the_master_shorter_than_master_down_loses_nothing() {
        let (mut lan, [a, b]) = settled([150, 100], v3);
        let since = lan.now();
        for _ in 0..20 {
            lan.stall(a, millis(2500));
            lan.run_for(millis(5000));
        }
        assert_eq!(lan.transitions(a, since..), []);
        assert_eq!(lan.transitions(b, since..), []);
    }

    #[test]
    fn a_master_that_was_away_too_long_is_replaced_and_comes_back() {
        let (mut lan, [a, b]) = settled([150, 100], v3);
        lan.stall(a, millis(10_000));
        lan.run_for(millis(9000));
        assert_eq!(lan.masters(), [a, b], "nobody can tell a stopped process that it is not MASTER any more");
        lan.run_for(millis(1001));
        assert_eq!(lan.masters(), [a], "it answers the first lower advert it finds");
        lan.settle();
        assert_eq!(lan.masters(), [a]);
    }

    #[test]
    fn a_backup_that_was_away_reads_its_mail_before_it_believes_its_timer() {
        let (mut lan, [a, b]) = settled([150, 100], v3);
        let since = lan.now();
        lan.stall(b, millis(30_000));
        lan.run_for(millis(40_000));
        assert_eq!(lan.masters(), [a]);
        assert_eq!(lan.transitions(b, since..), []);
    }

    #[test]
    fn timer_expired_backup_steps_back_after_a_stall() {
        let (mut lan, [a, b]) = settled([150, 100], |config| {
            config.preempt = false;
            config.timer_expired_backup = Some(Priority(254));
        });
        assert_eq!(lan.masters(), [a]);
        let stalled = lan.now();
        lan.stall(a, millis(6000));
        lan.run_for(millis(20_000));
        assert_eq!(lan.masters(), [b]);
        assert_eq!(only(lan.transitions(a, stalled..)).to, State::Backup);
    }

    #[test]
    fn a_killed_process_is_succeeded_without_anybody_noticing() {
        let (mut lan, [a, b]) = settled([150, 100], v3);
        let since = lan.now();
        lan.kill(a, millis(200));
        for _ in 0..1000 {
            lan.run_for(millis(10));
            assert_eq!(lan.virtual_addresses(a).len(), 1, "the address never goes");
        }
        assert_eq!(only(lan.transitions(a, since..)).cause, Cause::Adopted);
        assert_eq!(lan.transitions(b, since..), []);
    }

    #[test]
    fn a_process_that_returns_too_late_finds_its_addresses_removed() {
        let (mut lan, [a, b]) = settled([150, 100], v3);
        lan.kill(a, millis(8000));
        lan.run_for(millis(7000));
        assert_eq!(lan.masters(), [b]);
        assert!(lan.virtual_addresses(a).is_empty());
        lan.run_for(millis(1001));
        assert_eq!(lan.state(a), Some(State::Backup));
        lan.settle();
        assert_eq!(lan.masters(), [a]);
    }

    /// Seed 29389.
    #[test]
    fn a_process_killed_while_it_yields_leaves_nothing_behind() {
        let (mut lan, [a, b]) = settled([150, 100], v3);
        lan.power_off(a);
        lan.settle();
        assert_eq!(lan.virtual_addresses(b).len(), 1);
        lan.set_kernel_delay(millis(500));
        lan.power_on(a);
        while lan.state(b) == Some(State::Master) {
            lan.run_for(millis(1));
        }
        lan.kill(b, millis(60_000));
        lan.run_for(millis(10));
        assert!(lan.virtual_addresses(b).is_empty());
        lan.settle();
        assert_eq!(lan.masters(), [a]);
    }

    #[test]
    fn a_cut_cable_is_a_fault_until_it_is_mended() {
        let (mut lan, [a, b]) = settled([150, 100], v3);
        lan.link_down(a);
        lan.settle();
        assert_eq!((lan.state(a), lan.masters()), (Some(State::Fault), vec![b]));
        assert!(lan.virtual_addresses(a).is_empty());
        lan.link_up(a);
        let mended = lan.now();
        lan.settle();
        assert_eq!(lan.masters(), [a]);
        let states: Vec<State> = lan.transitions(a, mended..).iter().map(|one| one.to).collect();
        assert_eq!(states, [State::Backup, State::Master]);
    }

    #[test]
    fn a_virtual_address_removed_by_hand_is_back_after_skew() {
        let (mut lan, [a, b]) = settled([150, 100], v3);
        let prefix = lan.config(a).instances[0].virtual_addresses[0].prefix;
        let removed = lan.now();
        assert!(lan.remove_address(a, prefix));
        assert!(!lan.remove_address(b, prefix), "it is not there");
        lan.run_for(millis(1000));
        let states: Vec<(State, Instant)> =
            lan.transitions(a, removed..).iter().map(|one| (one.to, one.at)).collect();
        assert_eq!(states, [(State::Backup, removed), (State::Master, removed + skew(150))]);
        assert_eq!(lan.virtual_addresses(a), [prefix.address()]);
        assert_eq!(lan.transitions(b, removed..), [], "its own skew is longer");
    }
}

mod reload {
    use super::*;
    use keepalived_sim::{instance, virtual_address};
    use keepalived_types::{Family, Vrid};

    #[test]
    fn an_unchanged_configuration_has_no_effect_at_any_moment() {
        let (mut lan, [a, b]) = settled([150, 100], v3);
        let since = lan.now();
        let before = lan.first_instance(a).expect("it runs").counters;
        for _ in 0..200 {
            for node in [a, b] {
                let config = lan.config(node).clone();
                assert!(lan.reload(node, config));
            }
            lan.run_for(millis(37));
        }
        let after = lan.first_instance(a).expect("it runs").counters;
        let seconds = lan.now().since(since).as_secs();
        assert!(
            (seconds..=seconds + 1).contains(&(after.adverts_sent - before.adverts_sent)),
            "not one advert more"
        );
        assert_eq!(lan.transitions(a, since..), []);
        assert_eq!(lan.transitions(b, since..), []);
    }

    #[test]
    fn instances_beside_the_changed_one_do_not_notice() {
        let (mut lan, [a, b]) = settled([150, 100], v3);
        let since = lan.now();
        let more = instance(ETH0, Vrid::new(52).expect("not 0"), Family::V4);
        for node in [a, b] {
            let mut config = lan.config(node).clone();
            config.instances.insert(0, more.clone());
            assert!(lan.reload(node, config));
        }
        lan.settle();
        let notices =
            |lan: &Lan, node| lan.transitions(node, since..).iter().any(|one| one.instance == "VI_51");
        assert!(!notices(&lan, a) && !notices(&lan, b));
        let mut config = lan.config(b).clone();
        config.instances.remove(0);
        assert!(lan.reload(b, config));
        lan.settle();
        assert!(!notices(&lan, a) && !notices(&lan, b));
    }

    #[test]
    fn a_raised_priority_preempts_and_a_lowered_one_gives_way() {
        let (mut lan, [a, b]) = settled([150, 100], v3);
        let mut config = lan.config(b).clone();
        config.instances[0].priority = Priority(200);
        lan.reload(b, config);
        lan.settle();
        assert_eq!(lan.masters(), [b]);
        let mut config = lan.config(b).clone();
        config.instances[0].priority = Priority(50);
        lan.reload(b, config);
        lan.settle();
        assert_eq!(lan.masters(), [a]);
    }

    #[test]
    fn an_address_added_on_one_node_only_does_not_split_the_routers() {
        let (mut lan, [a, b]) = settled([150, 100], v3);
        let since = lan.now();
        let mut config = lan.config(a).clone();
        let vrid = config.instances[0].vrid;
        config.instances[0].virtual_addresses.push(virtual_address(ETH0, vrid, Family::V4, 9));
        lan.reload(a, config);
        lan.settle();
        assert_eq!(lan.virtual_addresses(a).len(), 2);
        assert_eq!(lan.transitions(a, since..), []);
        assert_eq!(lan.transitions(b, since..), []);
        let mut config = lan.config(a).clone();
        config.instances[0].virtual_addresses.pop();
        lan.reload(a, config);
        lan.settle();
        assert_eq!(lan.virtual_addresses(a).len(), 1);
        assert_eq!(lan.transitions(a, since..), []);
    }

    #[test]
    fn a_removed_instance_hands_over_and_leaves_nothing_behind() {
        let (mut lan, [a, b]) = settled([150, 100], v3);
        let removed = lan.now();
        let mut config = lan.config(a).clone();
        config.instances.clear();
        lan.reload(a, config);
        lan.run_for(millis(1000));
        assert_eq!(became_master(&lan, b, removed).at, removed + DELAY + skew(100));
        assert!(lan.virtual_addresses(a).is_empty());
    }
}

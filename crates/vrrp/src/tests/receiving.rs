//! What A believes: checklist points 3, 9, 22, 24 to 34, 36, 37.

use super::*;
use crate::Rejection;
use crate::config::{Authentication, ChecksumCompat, Transport, UnicastPeer};
use keepalived_wire::vrrp::v3::ChecksumStyle;

fn unicast(instance: InstanceConfig, check_source: bool, min_ttl: u8) -> InstanceConfig {
    let peers = vec![UnicastPeer { address: ip("10.1.0.2"), min_ttl, max_ttl: 255 }];
    let checksum = ChecksumCompat::Automatic;
    let transport = Transport::Unicast { source: None, peers, check_source, ttl: None, checksum };
    InstanceConfig { transport, ..instance }
}

fn to_us(forged: Forged) -> Forged {
    Forged { to: ip("10.1.0.1"), ..forged }
}

/// A hears this one advert: the reason for refusing it, and the counters.
fn verdict(instance: InstanceConfig, forged: &Forged) -> (Option<Rejection>, Counters) {
    let mut bench = Bench::begun(one(instance));
    bench.run(ms(1000));
    let deadline = bench.engine.next_deadline();
    bench.hear(forged);
    let reason = bench.events().iter().find_map(|event| match event {
        EventKind::Rejected { reason, .. } => Some(reason.clone()),
        _ => None,
    });
    if reason.is_some() {
        assert_eq!(bench.engine.next_deadline(), deadline, "a refused advert moves no deadline");
        assert_eq!(bench.counters().adverts_received, 0);
        bench.run(Duration::from_secs(3));
        assert_eq!(bench.state(), State::Master);
    }
    (reason, bench.counters())
}

#[test]
fn a_plain_advert_is_believed() {
    for (instance, forged) in
        [(ipv4(100), Forged::v2(150)), (ipv4_v3(100), Forged::v3(150)), (ipv6(100), Forged::ipv6(150))]
    {
        let (reason, counters) = verdict(instance, &forged);
        assert_eq!(reason, None);
        assert_eq!(counters, Counters { adverts_received: 1, ..Counters::default() });
    }
}

/// Two adverts have come each time A wakes: both count, and none of them keeps its own timer from running out.
#[test]
fn c34_adverts_that_wait_together_are_all_taken_and_starve_no_timer() {
    let mut bench = Bench::begun(one(ipv4(150)));
    for _ in 0..50 {
        bench.hear(&Forged::v2(100));
        bench.hear(&Forged::v2(100));
        bench.run(ms(100));
    }
    assert_eq!(bench.counters().adverts_received, 100);
    assert_eq!(bench.state(), State::Master);
}

#[test]
fn c03_a_wrong_password_is_refused_and_counted() {
    let instance = InstanceConfig { authentication: Authentication::Password(*b"secret12"), ..ipv4(100) };
    let right = Forged { auth_type: 1, auth_data: *b"secret12", ..Forged::v2(150) };
    assert_eq!(verdict(instance.clone(), &right).0, None);
    let wrong = Forged { auth_data: *b"secret13", ..right };
    let (reason, counters) = verdict(instance.clone(), &wrong);
    assert_eq!(reason, Some(Rejection::WrongPassword));
    assert_eq!(counters.authentication_failures, 1);
    let (reason, counters) = verdict(instance.clone(), &Forged::v2(150));
    assert_eq!(reason, Some(Rejection::AuthenticationMismatch { expected: 1, received: 0 }));
    assert_eq!(counters.authentication_mismatch, 1);
    let (reason, counters) = verdict(instance, &Forged { auth_type: 9, ..wrong });
    assert_eq!(reason, Some(Rejection::InvalidAuthenticationType(9)));
    assert_eq!(counters.invalid_authentication_type, 1);
}

#[test]
fn c09_a_checksum_that_is_wrong_in_every_form_is_refused() {
    for as_v2 in [false, true] {
        let instance = InstanceConfig { v3_checksum_as_v2: as_v2, ..ipv4_v3(100) };
        let wrong = Forged { patches: vec![(6, 0x12), (7, 0x34)], ..Forged::v3(150) };
        let (reason, counters) = verdict(instance.clone(), &wrong);
        assert_eq!(reason, Some(Rejection::Checksum));
        assert_eq!(counters.checksum_errors, 1);
        for style in [ChecksumStyle::PseudoHeader, ChecksumStyle::PduOnly] {
            let right = Forged { style, ..Forged::v3(150) };
            assert_eq!(verdict(instance.clone(), &right).0, None, "{style:?}, as v2: {as_v2}");
        }
    }
}

#[test]
fn c22_a_trailer_that_nobody_asked_for_is_excess_length() {
    let mut bench = Bench::begun(one(ipv4(100)));
    let forged = Forged::v2(150);
    let mut bytes = forged.payload();
    bytes.extend([1; 28]);
    let channel = bench.channel();
    bench.tell(|engine, now| engine.handle_advertisement(channel, &forged.received(&bytes), now));
    assert_eq!(bench.counters().length_errors, 1);
    assert_eq!(bench.counters().adverts_received, 0);
}

#[test]
fn c24_a_ttl_below_255_is_refused() {
    for (instance, forged) in [(ipv4(100), Forged::v2(150)), (ipv6(100), Forged::ipv6(150))] {
        let (reason, counters) = verdict(instance.clone(), &Forged { ttl: Some(254), ..forged.clone() });
        assert_eq!(reason, Some(Rejection::Ttl(254)));
        assert_eq!(counters.ttl_errors, 1);
        assert_eq!(verdict(instance, &Forged { ttl: None, ..forged }).0, None, "unknown is not wrong");
    }
}

#[test]
fn c25_unicast_believes_any_source_and_ttl_unless_told_to_check() {
    let forged = to_us(Forged { ttl: Some(10), ..Forged::v2(150).from("10.1.0.77") });
    assert_eq!(verdict(unicast(ipv4(100), false, 0), &forged).0, None);
}

#[test]
fn c26_check_unicast_src_wants_a_peer_and_its_ttl() {
    let stranger = to_us(Forged::v2(150).from("10.1.0.77"));
    assert_eq!(verdict(unicast(ipv4(100), true, 250), &stranger).0, Some(Rejection::NotAPeer));
    let far = to_us(Forged { ttl: Some(249), ..Forged::v2(150) });
    let (reason, counters) = verdict(unicast(ipv4(100), true, 250), &far);
    assert_eq!(reason, Some(Rejection::PeerTtl { received: 249, min: 250, max: 255 }));
    assert_eq!(counters.ttl_errors, 1);
    let near = to_us(Forged { ttl: Some(250), ..Forged::v2(150) });
    assert_eq!(verdict(unicast(ipv4(100), true, 250), &near).0, None);
}

#[test]
fn multicast_and_unicast_do_not_listen_to_each_other() {
    let (reason, counters) = verdict(ipv4(100), &to_us(Forged::v2(150)));
    assert_eq!(reason, Some(Rejection::WrongDestination(ip("10.1.0.1"))));
    assert_eq!(counters.destination_errors, 1);
    let (reason, _) = verdict(unicast(ipv4(100), false, 0), &Forged::v2(150));
    assert_eq!(reason, Some(Rejection::WrongDestination(ip("224.0.0.18"))));
}

#[test]
fn c27_v2_intervals_have_to_agree() {
    let (reason, counters) = verdict(ipv4(100), &Forged { seconds: 2, ..Forged::v2(150) });
    assert_eq!(reason, Some(Rejection::Interval { expected: 1, received: 2 }));
    assert_eq!(counters.interval_errors, 1);
}

#[test]
fn c28_a_v3_backup_adopts_its_masters_interval() {
    let mut bench = Bench::begun(one(ipv4_v3(150)));
    bench.hear(&Forged { centis: 300, ..Forged::v3(200) });
    let differs = EventKind::IntervalDiffers { from: ip("10.1.0.2"), ours: ms(1000), received: ms(3000) };
    assert!(bench.events().contains(&&differs));
    assert_eq!(bench.silence_until_master(), 10_242_187);
}

#[test]
fn c29_interval_0_is_discarded() {
    let (reason, counters) = verdict(ipv4_v3(100), &Forged::v3(150).patched(5, 0));
    assert_eq!(reason, Some(Rejection::ZeroInterval));
    assert_eq!(counters.interval_errors, 1);
}

#[test]
fn c30_an_advert_without_addresses_is_discarded() {
    let (reason, counters) = verdict(ipv4(100), &Forged { addresses: Vec::new(), ..Forged::v2(150) });
    assert_eq!(reason, Some(Rejection::NoAddresses));
    assert_eq!(counters.empty_lists, 1);
}

#[test]
fn routers_without_any_address_understand_each_other() {
    let instance = InstanceConfig { virtual_addresses: Vec::new(), ..ipv4(100) };
    assert_eq!(verdict(instance, &Forged { addresses: Vec::new(), ..Forged::v2(150) }).0, None);
}

#[test]
fn c31_another_address_list_is_logged_once_counted_and_used() {
    let mut bench = Bench::begun(one(ipv4(100)));
    for addresses in [vec![vip("10.1.0.100")], vec![vip("10.1.0.100"), vip("10.1.0.7")]] {
        let forged = Forged { addresses, ..Forged::v2(150) };
        bench.hear_for(&forged, ms(1000), ms(5000));
    }
    assert_eq!(bench.entered(), [State::Backup]);
    assert_eq!(bench.counters().address_list_errors, 10);
    assert_eq!(bench.counters().adverts_received, 10);
    let differ = |event: &&&EventKind| matches!(event, EventKind::AddressListDiffers { .. });
    assert_eq!(bench.events().iter().filter(differ).count(), 1);
}

#[test]
fn the_order_of_addresses_does_not_matter() {
    let addresses = vec![vip("10.1.0.101"), vip("10.1.0.100")];
    let (reason, counters) = verdict(ipv4(100), &Forged { addresses, ..Forged::v2(150) });
    assert_eq!((reason, counters.address_list_errors), (None, 0));
}

#[test]
fn c32_another_version_is_refused() {
    let (reason, counters) = verdict(ipv4(100), &Forged::v3(150));
    assert_eq!(reason, Some(Rejection::Version { expected: 2, received: 3 }));
    assert_eq!(counters.version_errors, 1);
    assert_eq!(
        verdict(ipv4_v3(100), &Forged::v2(150)).0,
        Some(Rejection::Version { expected: 3, received: 2 })
    );
}

#[test]
fn c33_another_message_type_is_refused() {
    let (reason, counters) = verdict(ipv4(100), &Forged::v2(150).patched(0, 0x22));
    assert_eq!(reason, Some(Rejection::Type(2)));
    assert_eq!(counters.type_errors, 1);
}

#[test]
fn c35_the_same_fault_is_logged_once_until_the_state_changes() {
    let mut bench = Bench::begun(one(ipv4(100)));
    let bad = Forged { seconds: 2, ..Forged::v2(50) };
    let logged = |bench: &Bench| {
        bench.events().iter().filter(|event| matches!(event, EventKind::Rejected { .. })).count()
    };
    (0..10).for_each(|_| bench.hear(&bad));
    assert_eq!(logged(&bench), 1);
    assert_eq!(bench.counters().interval_errors, 10);
    bench.run(ms(4000));
    (0..10).for_each(|_| bench.hear(&bad));
    assert_eq!(logged(&bench), 2);
}

#[test]
fn c36_nothing_is_heard_in_fault() {
    let mut bench = Bench::begun(one(ipv4(100)));
    bench.tell(|engine, now| engine.handle_link(Link { is_running: false, ..link(2, "eth0") }, now));
    bench.forget();
    bench.hear(&Forged::v2(0));
    bench.hear(&Forged::v2(200));
    bench.run(ms(10_000));
    assert_eq!(bench.effects().count(), 0);
    assert_eq!(bench.counters().not_listening, 2);
}

#[test]
fn c37_no_length_is_believed_but_the_right_one() {
    let forged = Forged::v2(150);
    let whole = forged.payload();
    for length in 0..whole.len() {
        let mut bench = Bench::begun(one(ipv4(100)));
        let channel = bench.channel();
        let received = Received { claimed_length: Some(length), ..forged.received(&whole[..length]) };
        bench.tell(|engine, now| engine.handle_advertisement(channel, &received, now));
        assert_eq!(bench.counters().adverts_received, 0, "{length} bytes");
        assert_eq!(bench.counters().length_errors, u64::from(length >= 8), "{length} bytes");
    }
}

#[test]
fn c37_ethernet_padding_is_accepted() {
    let forged = Forged { addresses: vec![vip("10.1.0.100")], ..Forged::v3(150) };
    let mut padded = forged.payload();
    let length = padded.len();
    padded.resize(26, 0);
    let mut bench =
        Bench::begun(one(InstanceConfig { virtual_addresses: vec![vip("10.1.0.100")], ..ipv4_v3(100) }));
    let channel = bench.channel();
    let received = Received { claimed_length: Some(length), ..forged.received(&padded) };
    bench.tell(|engine, now| engine.handle_advertisement(channel, &received, now));
    assert_eq!(bench.counters().adverts_received, 1);
}

#[test]
fn noise_is_never_believed_and_never_panics() {
    let mut seed = 7_u64;
    for instance in [ipv4(100), ipv4_v3(100), ipv6(100)] {
        let mut bench = Bench::begun(one(instance));
        let channel = bench.channel();
        for _ in 0..2000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let length = usize::try_from(seed >> 58).expect("six bits");
            let mut bytes: Vec<u8> = (0..length).map(|n| (seed >> (n % 50)).to_le_bytes()[0]).collect();
            if let Some(vrid) = bytes.get_mut(1) {
                *vrid = 51;
            }
            let mut received = Forged::v2(1).received(&bytes);
            received.has_authentication_header = seed & 64 == 0;
            bench.tell(|engine, now| engine.handle_advertisement(channel, &received, now));
        }
        assert_eq!(bench.counters().adverts_received, 0);
    }
}

#[test]
fn unknown_vrids_are_reported_once_when_asked_for() {
    let mut config = one(ipv4(100));
    config.engine.log_unknown_vrids = true;
    let mut bench = Bench::begun(config);
    (0..3).for_each(|_| bench.hear(&Forged { vrid: 9, ..Forged::v2(150) }));
    let unknown = EventKind::UnknownVrid { vrid: 9, interface: Some("eth0".to_owned()) };
    assert_eq!(bench.events().iter().filter(|event| ***event == unknown).count(), 1);
    assert_eq!(bench.engine.snapshot(bench.now).unclaimed_adverts, 3);
}

use crate::Received;

#[test]
fn unicast_instances_may_share_a_vrid_when_their_peers_differ() {
    let first = unicast(ipv4(100), true, 0);
    let peers = vec![UnicastPeer { address: ip("10.1.0.9"), min_ttl: 0, max_ttl: 255 }];
    let checksum = ChecksumCompat::Automatic;
    let transport = Transport::Unicast { source: None, peers, check_source: true, ttl: None, checksum };
    let second = InstanceConfig { name: "VI_2".to_owned(), transport, ..ipv4(100) };
    let mut bench = Bench::begun(Config { instances: vec![first, second], ..Config::default() });
    bench.hear(&to_us(Forged::v2(200)));
    bench.hear(&to_us(Forged::v2(200).from("10.1.0.9")));
    bench.hear(&to_us(Forged::v2(200).from("10.1.0.8")));
    let snapshot = bench.engine.snapshot(bench.now);
    let known = |n: usize| snapshot.instances[n].master.map(|(address, _)| address);
    assert_eq!([known(0), known(1)], [Some(ip("10.1.0.2")), Some(ip("10.1.0.9"))]);
    let counts = |n: usize| snapshot.instances[n].counters.adverts_received;
    assert_eq!([counts(0), counts(1)], [1, 1]);
    assert_eq!(snapshot.instances[0].counters.peer_errors, 1, "a stranger is the first one's business");
}

#[test]
fn unicast_without_a_peer_stays_in_fault_when_told_so() {
    let disabled = Some("no unicast peer".to_owned());
    let mut bench =
        Bench::begun(one(InstanceConfig { disabled: disabled.map(String::into_boxed_str), ..ipv4(150) }));
    bench.run(ms(60_000));
    assert_eq!(bench.faults(), [Fault::Configuration("no unicast peer".to_owned())]);
    assert_eq!(bench.sent(), []);
}

#[test]
fn skip_check_adv_addr_skips_what_the_known_master_lists() {
    let instance = InstanceConfig { skip_check_advert_addresses: true, ..ipv4(100) };
    let mut bench = Bench::begun(one(instance));
    let other = Forged { addresses: vec![vip("10.1.0.77")], ..Forged::v2(200) };
    bench.hear(&other);
    assert_eq!(bench.counters().address_list_errors, 1, "its first advert is looked at");
    bench.hear(&other);
    assert_eq!(bench.counters().address_list_errors, 1);
    bench.hear(&other.clone().from("10.1.0.3"));
    assert_eq!(bench.counters().address_list_errors, 2, "and so is anybody else's");
    assert_eq!(bench.counters().adverts_received, 3);
}

#[test]
fn max_ttl_is_a_limit_too() {
    let peers = vec![UnicastPeer { address: ip("10.1.0.2"), min_ttl: 0, max_ttl: 64 }];
    let checksum = ChecksumCompat::Automatic;
    let transport = Transport::Unicast { source: None, peers, check_source: true, ttl: None, checksum };
    let instance = InstanceConfig { transport, ..ipv4(100) };
    assert_eq!(verdict(instance.clone(), &to_us(Forged { ttl: Some(64), ..Forged::v2(150) })).0, None);
    let (reason, counters) = verdict(instance, &to_us(Forged { ttl: Some(65), ..Forged::v2(150) }));
    assert_eq!(reason, Some(Rejection::PeerTtl { received: 65, min: 0, max: 64 }));
    assert_eq!(counters.ttl_errors, 1);
}

#[test]
fn an_advert_from_our_own_address_is_told_once_and_changes_nothing() {
    let mut bench = Bench::master(ipv4(150));
    let deadline = bench.engine.next_deadline();
    for _ in 0..3 {
        bench.hear(&Forged::v2(150).from("10.1.0.1"));
    }
    let told = EventKind::OwnAddressHeard { from: ip("10.1.0.1") };
    assert_eq!(bench.events(), [&told]);
    assert_eq!(bench.sent(), []);
    assert_eq!(bench.engine.next_deadline(), deadline);
}

/// Each reason to refuse an advert moves one counter, and that one only.
#[test]
fn every_check_has_a_counter_and_moves_no_other() {
    type Read = fn(&Counters) -> u64;
    let password = Authentication::Password(*b"secret12");
    let with_password = InstanceConfig { authentication: password, ..ipv4(100) };
    let owner = InstanceConfig {
        start_state: crate::config::StartState::Master,
        owner_ignores_adverts: true,
        ..ipv4(255)
    };
    let table: Vec<(InstanceConfig, Forged, Read)> = vec![
        (ipv4(100), to_us(Forged::v2(150)), |c| c.destination_errors),
        (ipv4(100), Forged { ttl: Some(254), ..Forged::v2(150) }, |c| c.ttl_errors),
        (ipv4(100), Forged::v3(150), |c| c.version_errors),
        (ipv4(100), Forged::v2(150).patched(3, 9), |c| c.length_errors),
        (ipv4(100), Forged { auth_type: 7, ..Forged::v2(150) }, |c| c.invalid_authentication_type),
        (ipv4(100), Forged { auth_type: 1, ..Forged::v2(150) }, |c| c.authentication_mismatch),
        (with_password, Forged { auth_type: 1, ..Forged::v2(150) }, |c| c.authentication_failures),
        (ipv4(100), Forged { seconds: 9, ..Forged::v2(150) }, |c| c.interval_errors),
        (ipv4(100), Forged::v2(150).patched(0, 0x22), |c| c.type_errors),
        (ipv4_v3(100), Forged::v3(150).patched(5, 0), |c| c.interval_errors),
        (ipv4(100), Forged { addresses: vec![], ..Forged::v2(150) }, |c| c.empty_lists),
        (ipv4(100), Forged { patches: vec![(6, 1)], ..Forged::v2(150) }, |c| c.checksum_errors),
        (owner, Forged::v2(150), |c| c.owner_ignored),
        (unicast(ipv4(100), true, 0), to_us(Forged::v2(150).from("10.1.0.9")), |c| c.peer_errors),
        (unicast(ipv4(100), true, 250), to_us(Forged { ttl: Some(249), ..Forged::v2(150) }), |c| {
            c.ttl_errors
        }),
    ];
    for (instance, forged, read) in table {
        let mut bench = Bench::begun(one(instance));
        let before = bench.counters();
        bench.hear(&forged);
        let mut after = bench.counters();
        assert_eq!(read(&after), 1, "{forged:?}");
        after.adverts_sent = before.adverts_sent;
        let total = [
            after.adverts_received,
            after.length_errors,
            after.ttl_errors,
            after.type_errors,
            after.interval_errors,
            after.address_list_errors,
            after.invalid_authentication_type,
            after.authentication_mismatch,
            after.authentication_failures,
            after.checksum_errors,
            after.version_errors,
            after.not_listening,
            after.destination_errors,
            after.peer_errors,
            after.owner_ignored,
            after.empty_lists,
            after.owner_conflicts,
        ];
        assert_eq!(total.iter().sum::<u64>(), 1, "{forged:?}");
    }
}

#[test]
fn the_kind_of_checksum_that_the_master_uses_can_be_asked_for() {
    use crate::ChecksumKind;
    let kind = |forged: &Forged| {
        let mut bench = Bench::begun(one(ipv4_v3(100)));
        bench.hear(forged);
        bench.engine.snapshot(bench.now).instances[0].peer_checksum
    };
    assert_eq!(kind(&Forged::v3(150)), Some(ChecksumKind::PseudoHeader));
    let plain = Forged { style: ChecksumStyle::PduOnly, ..Forged::v3(150) };
    assert_eq!(kind(&plain), Some(ChecksumKind::MessageOnly));
}

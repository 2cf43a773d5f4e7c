//! From keepalived.conf to the values the engine is told.

use keepalived_config::host::FakeHost;
use keepalived_config::load::{LoadOptions, Loaded, load};
use keepalived_config::model::Config;
use keepalived_config::{render, status};
use keepalived_types::{Family, Priority, PriorityWeight, Version};
use keepalived_vrrp::config::{
    Authentication, Broadcast, ChecksumCompat, InstanceConfig, Lifetime, NextHops, RuleAction, StartState,
    Transport,
};
use std::time::{Duration, Instant};

fn read(text: &str) -> Loaded {
    let host = FakeHost::new().with_file("/test.conf", text).with_script("/bin/true");
    let options = LoadOptions { config_id: "node".to_owned(), all_includes_checked: false, test_mode: true };
    load("/test.conf", &options, &host)
}

fn config(text: &str) -> Config {
    read(text).config.expect("the file exists")
}

/// An instance with VRID 51 on eth0 and the given lines.
fn instance(lines: &str) -> InstanceConfig {
    let text = format!("vrrp_instance VI_1 {{\ninterface eth0\nvirtual_router_id 51\n{lines}\n}}\n");
    config(&text).vrrp.instances.into_iter().next().expect("the instance is complete")
}

fn vrrp(loaded: &Loaded) -> &keepalived_vrrp::config::Config {
    &loaded.config.as_ref().expect("the file exists").vrrp
}

fn messages(text: &str) -> Vec<String> {
    let loaded = read(text);
    render::plain(&loaded.report, &loaded.sources).lines().map(str::to_owned).collect()
}

#[test]
fn a_classic_instance_becomes_what_it_says() {
    let instance = instance(
        "state MASTER\npriority 150\nadvert_int 2\nauthentication {\nauth_type PASS\nauth_pass secret\n}\n\
         virtual_ipaddress {\n192.0.2.10/24 dev eth1 label eth1:0 brd +\n192.0.2.11\n}",
    );
    assert_eq!(instance.name, "VI_1");
    assert_eq!(instance.vrid.get(), 51);
    assert_eq!(instance.priority, Priority(150));
    assert_eq!(instance.start_state, StartState::Master);
    assert_eq!(instance.advert_interval, Duration::from_secs(2));
    assert_eq!(instance.version, Version::V2);
    assert_eq!(instance.authentication, Authentication::Password(*b"secret\0\0"));
    let [first, second] = instance.virtual_addresses.as_slice() else { panic!("two addresses") };
    assert_eq!(first.prefix.to_string(), "192.0.2.10/24");
    assert_eq!(first.interface.as_deref(), Some("eth1"));
    assert_eq!(first.options.label.as_deref(), Some("eth1:0"));
    assert_eq!(first.options.broadcast, Some(Broadcast::HostBitsSet));
    assert_eq!(second.prefix.to_string(), "192.0.2.11/32");
}

#[test]
fn without_priority_the_state_decides() {
    assert_eq!(instance("virtual_ipaddress { 192.0.2.1 }\nstate MASTER").priority, Priority(255));
    assert_eq!(instance("virtual_ipaddress { 192.0.2.1 }").priority, Priority(100));
    assert_eq!(instance("virtual_ipaddress { 192.0.2.1 }\npriority 300").priority, Priority(100));
    assert_eq!(instance("virtual_ipaddress { 192.0.2.1 }\npriority 255").start_state, StartState::Master);
}

#[test]
fn the_first_address_fixes_family_and_version() {
    let six = instance("virtual_ipaddress {\nfe80::1/64\n192.0.2.1\n}");
    assert_eq!((six.family, six.version), (Family::V6, Version::V3));
    assert_eq!(six.virtual_addresses.len(), 1);
    let four = instance("virtual_ipaddress_excluded {\nfe80::1\n}\nvirtual_ipaddress { 192.0.2.1 }");
    assert_eq!(four.family, Family::V4);
    assert_eq!(four.excluded_addresses.len(), 1);
}

#[test]
fn advert_intervals_are_fitted_to_the_version() {
    let of = |lines: &str| instance(&format!("virtual_ipaddress {{ 192.0.2.1 }}\n{lines}")).advert_interval;
    assert_eq!(of("advert_int 0.4"), Duration::from_secs(1));
    assert_eq!(of("advert_int 1.5"), Duration::from_secs(2));
    assert_eq!(of("version 3\nadvert_int 0.255"), Duration::from_millis(260));
    assert_eq!(of("version 3\nadvert_int 100"), Duration::from_millis(40_950));
}

#[test]
fn globals_hold_for_instances_above_them() {
    let config = config(
        "vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress { 192.0.2.1 }\n}\n\
         global_defs {\nvrrp_garp_master_repeat 3\nvrrp_garp_master_delay 7\nvrrp_version 3\n\
         vrrp_mcast_group4 224.0.0.20\nvrrp_down_timer_adverts 4\n}\n",
    );
    let instance = config.vrrp.instances.first().expect("one instance");
    assert_eq!(instance.garp.repeat, 3);
    assert_eq!(instance.garp.lower_priority_repeat, 3, "follows the global value");
    assert_eq!(instance.garp.lower_priority_delay, Duration::from_secs(7));
    assert_eq!(instance.version, Version::V3);
    assert_eq!(instance.down_timer_adverts, 4);
    let group = "224.0.0.20".parse().expect("literal");
    assert_eq!(instance.transport, Transport::Multicast { group, source: None });
}

#[test]
fn the_lower_priority_announcements_ignore_the_instances_own_values() {
    let instance = instance("virtual_ipaddress { 192.0.2.1 }\ngarp_master_repeat 2\ngarp_master_delay 1");
    assert_eq!((instance.garp.repeat, instance.garp.lower_priority_repeat), (2, 5));
    assert_eq!(instance.garp.lower_priority_delay, Duration::from_secs(5));
}

#[test]
fn strict_mode_sets_what_the_protocol_asks_for() {
    let instance = instance(
        "strict_mode\nstate MASTER\npriority 100\ndown_timer_adverts 5\npreempt_delay 3\n\
         virtual_ipaddress { 192.0.2.1 }\nauthentication {\nauth_type PASS\nauth_pass x\n}",
    );
    assert!(instance.strict && !instance.accept && instance.lower_priority_no_advert);
    assert_eq!(instance.start_state, StartState::Backup);
    assert_eq!(instance.down_timer_adverts, 3);
    assert_eq!(instance.preempt_delay, Duration::ZERO);
    assert_eq!(instance.authentication, Authentication::None);
    assert_eq!(
        (instance.garp.lower_priority_repeat, instance.garp.lower_priority_delay),
        (0, Duration::ZERO)
    );
}

#[test]
fn an_owner_may_listen_to_others_unless_strict() {
    let owner = |lines: &str| instance(&format!("priority 255\nvirtual_ipaddress {{ 192.0.2.1 }}\n{lines}"));
    assert!(!owner("owner_ignore_adverts off").owner_ignores_adverts);
    assert!(owner("owner_ignore_adverts").owner_ignores_adverts);
    assert!(owner("strict_mode").owner_ignores_adverts);
}

#[test]
fn unicast_needs_peers() {
    let instance = instance(
        "virtual_ipaddress { 192.0.2.1 }\nunicast_src_ip 192.0.2.5\nunicast_ttl 9\n\
         unicast_peer {\n192.0.2.6 min_ttl 3\n192.0.2.7\n}",
    );
    let Transport::Unicast { source, peers, check_source, ttl, checksum } = instance.transport else {
        panic!("unicast")
    };
    assert_eq!(source, Some("192.0.2.5".parse().expect("literal")));
    assert_eq!(
        peers.iter().map(|peer| (peer.min_ttl, peer.max_ttl)).collect::<Vec<_>>(),
        [(3, 255), (0, 255)]
    );
    assert!(check_source, "min_ttl switches it on");
    assert_eq!((ttl, checksum), (Some(9), ChecksumCompat::Automatic));
    let fallback = self::instance("virtual_ipaddress { 192.0.2.1 }\nunicast_src_ip 192.0.2.5");
    assert!(matches!(fallback.transport, Transport::Multicast { .. }));
    let fault = self::instance("virtual_ipaddress { 192.0.2.1 }\nunicast_fault_no_peer\nunicast_peer {\n}");
    assert!(fault.disabled.is_some());
}

#[test]
fn addresses_beyond_the_limit_are_excluded() {
    let mut lines = String::from("virtual_ipaddress {\n");
    for last in 1..=254 {
        lines.push_str(&format!("192.0.2.{last}\n192.0.3.{last}\n"));
    }
    let instance = instance(&(lines + "}"));
    assert_eq!(instance.virtual_addresses.len(), 255);
    assert_eq!(instance.excluded_addresses.len(), 508 - 255);
}

#[test]
fn lifetimes_and_flags_of_an_address_are_kept() {
    let instance = instance(
        "virtual_ipaddress {\nfe80::1/64 -nodad home mngtmpaddr noprefixroute autojoin preferred_lft 9 no_track\n}",
    );
    let address = instance.virtual_addresses.first().expect("one address");
    assert_eq!(address.options.preferred_lifetime, Some(Lifetime::Seconds(9)));
    let flags = address.options.flags;
    assert!(
        flags.duplicate_detection && flags.home && flags.mngtmpaddr && flags.noprefixroute && flags.autojoin
    );
    assert!(address.no_track);
}

#[test]
fn routes_and_rules_are_read() {
    let instance = instance(
        "virtual_ipaddress { 192.0.2.1 }\nvirtual_routes {\n\
         unreachable 198.51.100.0/24 no_track\n\
         default via 192.0.2.254 dev eth0 table 9 metric 7 mtu lock 1400 rtt 5s\n\
         203.0.113.0/24 nexthop via 192.0.2.2 weight 2 nexthop dev eth1 onlink\n}\n\
         virtual_rules {\nfrom 192.0.2.0/24 fwmark 0x1/0xff table 9 priority 77\nnot to fe80::/64 goto 9 order 8\n}",
    );
    let [unreachable, default, shared] = instance.virtual_routes.as_slice() else { panic!("three routes") };
    assert_eq!((unreachable.kind, unreachable.no_track), (7, true));
    assert_eq!(
        (default.destination.to_string().as_str(), default.table, default.metric),
        ("0.0.0.0/0", Some(9), Some(7))
    );
    assert!(default.options.mtu.is_some_and(|mtu| mtu.locked && mtu.value == 1400));
    assert_eq!(default.options.rtt.map(|rtt| rtt.value), Some(Duration::from_secs(5)));
    let NextHops::Multipath(hops) = &shared.next_hops else { panic!("several ways") };
    assert_eq!(hops.iter().map(|hop| hop.weight).collect::<Vec<_>>(), [2, 1]);
    let [from, to] = instance.virtual_rules.as_slice() else { panic!("two rules") };
    assert_eq!((from.action, from.preference), (RuleAction::Table(9), 77));
    assert_eq!(from.selector.fwmark, Some((1, 255)));
    assert!(to.inverted && to.family == Family::V6 && to.action == RuleAction::Goto(9));
}

#[test]
fn inet6_before_a_default_route_is_honoured() {
    let route = |line: &str| {
        config(&format!("static_routes {{\n{line}\n}}\n")).vrrp.static_routes.pop().expect("a route")
    };
    assert_eq!(route("inet6 default via fe80::1 dev eth0").destination.to_string(), "::/0");
    assert_eq!(route("default via fe80::1 dev eth0").destination.to_string(), "::/0");
    assert_eq!(route("default6 dev eth0").destination.to_string(), "::/0");
}

#[test]
fn trackers_inherit_weights() {
    let config = config(
        "global_defs {\nenable_script_security\nscript_user root\n}\n\
         vrrp_script chk {\nscript /bin/true\nweight -20 reverse\ninterval 2.5\nfall 3\n}\n\
         vrrp_script unused {\nscript /bin/true\n}\n\
         vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress { 192.0.2.1 }\n\
         track_script {\nchk\n}\ntrack_interface {\neth1 weight 10\neth0\n}\n}\n\
         vrrp_instance B {\ninterface eth0\nvirtual_router_id 2\nvirtual_ipaddress { 192.0.2.2 }\n\
         track_script {\nchk weight 7 noreverse\n}\n}\n",
    );
    let [a, b] = config.vrrp.instances.as_slice() else { panic!("two instances") };
    let tracked = |instance: &InstanceConfig| {
        instance.trackers.scripts.first().map(|(_, track)| (track.weight.get(), track.reverse))
    };
    assert_eq!(tracked(a), Some((-20, true)));
    assert_eq!(tracked(b), Some((7, false)));
    assert_eq!(a.trackers.interfaces.len(), 1, "its own interface is tracked anyway");
    let [script] = config.vrrp.scripts.as_slice() else { panic!("the unused script is not run") };
    assert_eq!(
        (script.interval, script.timeout, script.fall),
        (Duration::from_millis(2500), Duration::from_millis(2500), 3)
    );
}

#[test]
fn members_of_a_sync_group_lose_their_weights() {
    let text = |extra: &str| {
        format!(
            "vrrp_sync_group G {{\ngroup {{\nA B\nnobody\n}}\n{extra}\n}}\n\
             vrrp_instance A {{\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {{ 192.0.2.1 }}\n\
             track_interface {{\neth1 weight 10\n}}\n}}\n\
             vrrp_instance B {{\ninterface eth0\nvirtual_router_id 2\nvirtual_ipaddress {{ 192.0.2.2 }}\n}}\n"
        )
    };
    let weight = |text: &str| {
        let config = config(text);
        assert_eq!(config.vrrp.sync_groups.first().expect("one group").members, ["A", "B"]);
        let instance = config.vrrp.instances.first().expect("two instances");
        instance.trackers.interfaces.first().map(|(_, track)| track.weight)
    };
    assert_eq!(weight(&text("")), Some(PriorityWeight::FAULT));
    assert_eq!(weight(&text("sync_group_tracking_weight")), PriorityWeight::new(10));
}

/// Recorded from keepalived 2.2.7 with `-t`.
#[test]
fn weights_that_members_lose_are_reported_unless_the_group_lets_them_keep_them() {
    let text = |extra: &str| {
        format!(
            "track_file F {{\nfile /run/f\n}}\ntrack_file W {{\nfile /run/f\nweight 3\n}}\n\
             vrrp_sync_group G {{\ngroup {{\nA\nB\n}}\n{extra}\n}}\n\
             vrrp_instance A {{\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {{ 192.0.2.1 }}\n\
             track_interface {{\neth1 weight 10\n}}\ntrack_file {{\nF\nW\n}}\n}}\n\
             vrrp_instance B {{\ninterface eth0\nvirtual_router_id 2\nvirtual_ipaddress {{ 192.0.2.2 }}\n}}\n"
        )
    };
    assert_eq!(
        messages(&text("")),
        [
            "(A) ignoring eth1 tracked interface weight due to SYNC group",
            "(A) ignoring weight from tracked file F due to SYNC group. specify weight 0",
            "(A) ignoring tracked file W with weight 3 due to SYNC group",
        ]
    );
    assert_eq!(messages(&text("sync_group_tracking_weight")), [""; 0]);
    let deprecated = [
        "(/test.conf: Line 13) (G) global_tracking is deprecated. Use track_interface/script/file on the sync group",
    ];
    assert_eq!(messages(&text("global_tracking")), deprecated);
    let pending = |extra: &str| read(&text(extra)).pending.len();
    assert_eq!([pending("sync_group_tracking_weight"), pending("global_tracking")], [0, 0]);
}

#[test]
fn one_virtual_router_twice_on_a_link_stops_the_daemon() {
    let twice = |second: &str| {
        format!(
            "vrrp_instance A {{\ninterface eth0\nvirtual_router_id 7\nvirtual_ipaddress {{ 192.0.2.1 }}\n}}\n\
             vrrp_instance B {{\n{second}\n}}\n"
        )
    };
    let same = twice("interface eth0\nvirtual_router_id 7\nvirtual_ipaddress { 192.0.2.2 }");
    let loaded = read(&same);
    assert_eq!(loaded.report.stops(), Some(2));
    assert_eq!(messages(&same), ["A and B both use VRID 7 with IPv4 on interface eth0"]);
    for other in [
        "interface eth1\nvirtual_router_id 7\nvirtual_ipaddress { 192.0.2.2 }",
        "interface eth0\nvirtual_router_id 7\nvirtual_ipaddress { fe80::1 }",
        "interface eth0\nvirtual_router_id 7\nvirtual_ipaddress { 192.0.2.2 }\nunicast_peer { 192.0.2.9 }",
    ] {
        assert_eq!(read(&twice(other)).report.stops(), None, "{other}");
    }
}

#[test]
fn what_cannot_run_stops_the_daemon() {
    for (text, status) in [
        ("vrrp_instance A {\ninterface eth0\n}\n", 2),
        ("vrrp_instance A {\nvirtual_router_id 1\n}\n", 2),
        ("vrrp_instance A {\ninterface nowhere\nvirtual_router_id 1\n}\n", 2),
        ("vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nversion 3\n}\n", 2),
        ("vrrp_instance A {\ninterface\n}\n", 2),
        ("static_ipaddress {\n192.0.2.1 dev nowhere\n}\n", 2),
    ] {
        assert_eq!(read(text).report.stops(), Some(status), "{text}");
    }
    let dynamic = "global_defs {\ndynamic_interfaces\n}\nvrrp_instance A {\ninterface nowhere\nvirtual_router_id 1\n\
                   virtual_ipaddress { 192.0.2.1 dev later }\n}\n";
    assert_eq!(read(dynamic).report.stops(), None);
    assert_eq!(status::of_test(&read(dynamic).report), 0);
}

#[test]
fn ten_thousand_instances_in_groups_take_no_quadratic_time() {
    let mut text = String::new();
    for number in 0..10_000_u32 {
        let (high, low) = (number / 250, number % 250 + 1);
        text.push_str(&format!(
            "vrrp_instance V{number} {{\ninterface eth0\nvirtual_router_id {low}\nmcast_dst_ip 224.0.{high}.{low}\n\
             priority 100\nvirtual_ipaddress {{\n10.0.{high}.{low}/32\n}}\n}}\n"
        ));
    }
    for number in 0..5_000_u32 {
        text.push_str(&format!(
            "vrrp_sync_group G{number} {{\ngroup {{\nV{}\nV{}\n}}\n}}\n",
            2 * number,
            2 * number + 1
        ));
    }
    let start = Instant::now();
    let config = config(&text);
    assert_eq!((config.vrrp.instances.len(), config.vrrp.sync_groups.len()), (10_000, 5_000));
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn an_address_that_is_written_twice_is_advertised_twice_and_passes_the_test() {
    let text = |lines: &str| {
        format!(
            "vrrp_instance A {{\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {{\n{lines}\n}}\n}}\n"
        )
    };
    let loaded = read(&text("192.0.2.1 label eth0:1\n192.0.2.2\n192.0.2.1 label eth0:2"));
    assert_eq!(status::of_test(&loaded.report), 0);
    let [note] = loaded.report.diagnostics() else { panic!("one remark: {:?}", loaded.report) };
    assert_eq!(note.message, "(A) 192.0.2.1 is written twice, so adverts list it twice");
    let [first, _, second] = &vrrp(&loaded).instances[0].virtual_addresses[..] else { panic!("three") };
    assert_eq!(first, second, "one address of the machine, so its options are those of the first line");

    let other_length = read(&text("192.0.2.1\n192.0.2.1/24"));
    assert!(other_length.report.diagnostics().is_empty());
    assert_eq!(vrrp(&other_length).instances[0].virtual_addresses.len(), 2);

    let excluded = read(&text("192.0.2.1\n}\nvirtual_ipaddress_excluded {\n192.0.2.1"));
    assert_eq!(status::of_test(&excluded.report), 0);
    assert!(vrrp(&excluded).instances[0].excluded_addresses.is_empty());
}

#[test]
fn with_ah_only_an_address_owner_begins_as_master() {
    let state = |priority: u8| {
        let text = format!(
            "vrrp_instance A {{\ninterface eth0\nvirtual_router_id 1\nstate MASTER\npriority {priority}\n\
             authentication {{\nauth_type AH\nauth_pass x\n}}\nvirtual_ipaddress {{\n192.0.2.1\n}}\n}}\n"
        );
        let loaded = read(&text);
        assert!(loaded.pending.iter().any(|(name, _)| *name == "auth_type AH"), "named as not acted on");
        vrrp(&loaded).instances[0].start_state
    };
    assert_eq!(state(254), StartState::Backup);
    assert_eq!(state(255), StartState::Master);
}

/// Interfaces that are polled, with how.
fn polled(text: &str) -> Vec<String> {
    let linkbeat = config(text).vrrp.linkbeat;
    linkbeat.into_iter().map(|(name, how)| format!("{name} {how:?}")).collect()
}

#[test]
fn polling_everything_means_every_interface_of_vrrp_and_listed_ones_keep_their_way() {
    let instances = "vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 51\ntrack_interface {\neth1\n}\n\
                     virtual_ipaddress {\n192.0.2.10\n}\n}\n";
    let listed = "linkbeat_interfaces {\neth0 ETHTOOL\n}\n";
    assert!(polled(instances).is_empty());
    assert_eq!(polled(&format!("{listed}{instances}")), ["eth0 Ethtool"]);
    let everywhere = format!("linkbeat_use_polling\n{listed}{instances}");
    assert_eq!(polled(&everywhere), ["eth0 Ethtool", "eth1 Automatic"]);
    let one = instances.replace("virtual_router_id", "linkbeat_use_polling\nvirtual_router_id");
    assert_eq!(polled(&one), ["eth0 Automatic"]);
}

//! Data compared with what the original writes for the same configuration.

use super::*;
use keepalived_config::host::FakeHost;
use keepalived_config::load::{LoadOptions, load};
use keepalived_types::IfIndex;
use keepalived_types::{InterfaceName, Prefix};
use keepalived_vrrp::{Engine, Link, LinkAddress, Start};
use std::time::{Duration, SystemTime};

fn parse(text: &str) -> Config {
    let host = FakeHost::new()
        .with_file("/test.conf", text)
        .with_ethernet("eth0", &[("10.77.0.1".parse().expect("a literal address"), 24)])
        .with_ethernet("eth1", &[])
        .with_script("/etc/keepalived/chk.sh");
    let options = LoadOptions { config_id: "n".to_owned(), all_includes_checked: false, test_mode: false };
    load("/test.conf", &options, &host).config.expect("a readable configuration").vrrp
}

/// An engine that has run with this configuration long enough to be MASTER.
fn master(config: Config) -> (Engine, Instant) {
    let start = Instant::from_nanos(1_000_000_000);
    let mut engine = Engine::new(config, Start { now: start, uptime: Duration::from_secs(100) });
    let index = IfIndex::new(2).expect("not 0");
    let link = Link {
        index,
        name: InterfaceName::new("eth0").expect("a literal name"),
        is_up: true,
        is_running: true,
        has_multicast: true,
        has_arp: true,
        mtu: 1500,
        mac: Some([0x02, 0, 0, 0, 0, 0x01]),
        base: None,
        vrf_table: None,
    };
    engine.handle_link(link, start);
    let prefix = Prefix::new("10.77.0.1".parse().expect("a literal address"), 24).expect("a literal length");
    engine.handle_address(LinkAddress { index, prefix, tentative: false }, start);
    engine.handle_topology_complete(start);
    let now = start + Duration::from_secs(4);
    engine.handle_timeout(now);
    while engine.poll_effect().is_some() {}
    (engine, now + Duration::from_millis(250))
}

fn dump(engine: &Engine, now: Instant) -> String {
    let survey = engine.survey(now);
    let sockets = survey.instances.iter().filter_map(|one| Some(one.channel.as_ref()?.0));
    let sockets = sockets.map(|id| (id, DumpedSockets { fd_in: 11, fd_out: 12, room: 0 })).collect();
    let scripts = HashMap::new();
    let data = VrrpData {
        config: &survey.config,
        instances: survey
            .instances
            .iter()
            .map(|one| DataInstance { config: &one.config, live: Some(one) })
            .collect(),
        running: Some(Running { survey: &survey, at: now, sockets: &sockets, scripts: &scripts }),
        interfaces: &[],
        moment: moment(),
    };
    vrrp_data(&data)
}

fn moment() -> Moment {
    let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_175_860);
    Moment { wall, local: |_| "then".to_owned() }
}

const PAIR: &str = "\
global_defs {
    script_user root
}
vrrp_script chk {
    script \"/etc/keepalived/chk.sh one 'two three'\"
    interval 1
    timeout 2
    weight -20
    rise 2
    fall 2
}
vrrp_sync_group G1 {
    group {
        VI_1
    }
    sync_group_tracking_weight
}
vrrp_instance VI_1 {
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority 120
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass secret12
    }
    virtual_ipaddress {
        10.77.0.100/24 dev eth0 label eth0:v1
    }
    track_script {
        chk
    }
}
";

#[test]
fn a_master_is_shown_as_the_original_shows_it_but_for_its_password() {
    let (engine, now) = master(parse(PAIR));
    let text = dump(&engine, now);
    let expected = "\
------< VRRP Topology >------
 VRRP Instance = VI_1
   VRRP Version = 2
   Sync group = G1
   State = MASTER
   Flags: none
   Wantstate = MASTER
   Number of config faults = 0
   Number of interface and track script faults = 0
   Number of track scripts init = 0
   Last transition = 1795175859.750000 (then)
   Read timeout = 1795175860.750000 (then)
   Master down timer = 3531250 usecs
   Interface = eth0
   Using src_ip = 10.77.0.1
   Multicast address 224.0.0.18
   Gratuitous ARP delay = 5
   Gratuitous ARP repeat = 5
   Gratuitous ARP refresh = 0
   Gratuitous ARP refresh repeat = 1
   Gratuitous ARP lower priority delay = 5
   Gratuitous ARP lower priority repeat = 5
   Down timer adverts = 3
   Send advert after receive lower priority advert = true
   Send advert after receive higher priority advert = false
   Virtual Router ID = 51
   Priority = 120
   Effective priority = 120
   Total priority = 120
   Advert interval = 1 sec
   Accept = enabled
   Preempt = enabled
   Promote_secondaries = disabled
   Authentication type = SIMPLE_PASSWORD
   Password = ********
   Virtual IP (1):
     10.77.0.100/24 dev eth0 scope global label eth0:v1 set
   fd_in 11, fd_out 12
   Tracked scripts :
     chk weight -20
   Using smtp notification = no
   Notify deleted = Fault
   Notify priority changes = false
------< VRRP Sockpool >------
 fd_in 11 fd_out = 12
   Interface = eth0
   Family = IPv4
   Protocol = VRRP
   Type = Multicast
   Rx buf size = 0
   VRRP instances
     VI_1 vrid 51
------< VRRP Sync groups >------
 VRRP Sync Group = G1, MASTER
   Num member fault 0, num member init 0
   VRRP member instances :
     VI_1
   sync group tracking weight set
   Using smtp notification = no
------< VRRP Scripts >------
 VRRP Script = chk
   Command = '/etc/keepalived/chk.sh' 'one' 'two three'
   Interval = 1 sec
   Timeout = 2 sec
   Weight = -20
   Rise = 2
   Fall = 2
   Result = 0
   Insecure = no
   Init state = INIT
   Status = BAD
   Script uid:gid = 0:0
   VRRP instances :
   Tracking instances :
     VI_1, weight -20
   State = idle
";
    assert_eq!(text, expected);
}

#[test]
fn a_configuration_is_shown_without_what_only_a_process_knows() {
    let config = parse(PAIR);
    let data = VrrpData {
        config: &config,
        instances: config.instances.iter().map(|config| DataInstance { config, live: None }).collect(),
        running: None,
        interfaces: &[],
        moment: moment(),
    };
    let text = vrrp_data(&data);
    for absent in
        ["   State = MASTER", "Read timeout", "Effective priority", "Sockpool", "eth0:v1 set\n", "secret12"]
    {
        assert!(!text.contains(absent), "{absent} in {text}");
    }
    for present in ["   Wantstate = BACKUP\n", "   No sockets allocated\n", "Sync Group = G1, BACKUP\n"] {
        assert!(text.contains(present), "{present} not in {text}");
    }
}

/// As the original prints these lines.
#[test]
fn routes_and_rules_are_shown_with_all_their_options() {
    let config = parse(
        "static_routes {
    192.168.100.0/24 via 10.77.0.254 dev eth0 metric 55 table 200 tos 0x4 scope link
    192.168.103.0/24 nexthop via 10.77.0.253 dev eth0 weight 3 nexthop via 10.78.0.253 dev eth1 weight 4 onlink
    blackhole 192.168.102.0/24 no_track
    192.168.107.0/24 encap ip id 10 dst 10.1.1.1 ttl 3 tos 4 via 10.77.0.254 dev eth0
    fd80::/64 via fd77::9 dev eth0 metric 66 pref high expires 600
    192.168.101.0/24 via 10.77.0.254 dev eth0 mtu lock 1400 advmss 1300 rtt 300ms quickack 1 realms 1/2
}
static_rules {
    from 192.168.28.0/24 to 192.168.29.0/26 table 198 preference 100 fwmark 0x10/0xff iif eth0 oif eth1
    not from 1.2.3.5 blackhole preference 105
    from fd77::/64 table 201 preference 106 uidrange 1000-2000 ipproto udp sport 10-20 dport 80-81
    from 1.2.3.6 goto 110 preference 107
}
",
    );
    let routes: Vec<String> = config.static_routes.iter().map(route::line).collect();
    assert_eq!(
        routes,
        [
            "prepend 192.168.100.0/24 tos 4 via inet 10.77.0.254 dev eth0 table 200 proto 18 scope 253 metric 55",
            "prepend 192.168.103.0/24 proto 18 nexthop via inet 10.77.0.253 dev eth0 weight 3 nexthop via inet \
             10.78.0.253 dev eth1 weight 4 onlink no_track",
            "add blackhole 192.168.102.0/24 proto 18 no_track",
            "prepend 192.168.107.0/24 encap ip id 10 dst 10.1.1.1 tos 4 ttl 3 via inet 10.77.0.254 dev eth0 proto 18",
            "prepend fd80::/64 via inet6 fd77::9 dev eth0 proto 18 metric 66 expires 600sec pref high",
            "prepend 192.168.101.0/24 via inet 10.77.0.254 dev eth0 proto 18 realms 1/2 rtt 300ms mtu lock 1400 \
             advmss 1300 quickack 1",
        ]
    );
    let rules: Vec<String> = config.static_rules.iter().map(rule::line).collect();
    assert_eq!(
        rules,
        [
            "from 192.168.28.0/24 to 192.168.29.0/26 priority 100 tos 0x0 fwmark 0x10/0xff iif eth0 oif eth1 \
             protocol 18 lookup 198",
            "not from 1.2.3.5 priority 105 tos 0x0 protocol 18 type blackhole",
            "from fd77::/64 priority 106 tos 0x0 uidrange 1000-2000 protocol 18 ipproto 17 sport 10-20 dport 80-81 \
             lookup 201",
            "from 1.2.3.6 priority 107 tos 0x0 protocol 18 goto 110",
        ]
    );
}

/// As 2.2.7 prints this section: groups are numbered from 0, and an interface without one is a group 0 of its own.
#[test]
fn limits_of_announcements_say_when_the_next_may_leave() {
    const LIMITS: &str = "\
global_defs {
    vrrp_garp_interval 0.1
}
garp_group {
    gna_interval 0.25
    interface eth1
}
garp_group {
    garp_interval 0.5
    interface eth0
}
";
    // The first announcement left a quarter of a second ago, and the next one waits for the rest of its interval.
    let (engine, now) = master(parse(&format!("{LIMITS}{PAIR}")));
    let survey = engine.survey(now);
    let interface = |name: &str| DumpedInterface { name: name.to_owned(), ..DumpedInterface::default() };
    let (interfaces, scripts, sockets) =
        ([interface("eth0"), interface("eth1")], HashMap::new(), HashMap::new());
    let mut data = VrrpData {
        config: &survey.config,
        instances: survey
            .instances
            .iter()
            .map(|one| DataInstance { config: &one.config, live: Some(one) })
            .collect(),
        running: Some(Running { survey: &survey, at: now, sockets: &sockets, scripts: &scripts }),
        interfaces: &interfaces,
        moment: Moment { local: |_| "Fri Nov 20 11:57:39.621223 2026".to_owned(), ..moment() },
    };
    let expected = "\
------< Gratuitous ARP delays >------
------< GARP delay group 0 >------
 GNA interval = 0.25
 GNA next time 0.000000 (Fri Nov 20 11:57:39.621223)
 Interfaces
  eth1
------< GARP delay group 1 >------
 GARP interval = 0.5
 GARP next time 1795175860.250000 (Fri Nov 20 11:57:39.621223)
 Interfaces
  eth0
------< VRRP Topology >------
";
    let text = vrrp_data(&data);
    assert!(text.starts_with(expected), "{text}");
    assert_eq!(text.matches("Gratuitous ARP aggregation group 1\n").count(), 1, "{text}");
    let alone = Config { garp_groups: Vec::new(), ..survey.config.clone() };
    data.config = &alone;
    let text = vrrp_data(&data);
    assert_eq!(
        text.matches("------< GARP delay group 0 >------\n GARP interval = 0.1\n").count(),
        1,
        "{text}"
    );
}

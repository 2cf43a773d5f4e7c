//! Real connections through every forwarding method and scheduler, and what the counters say about them.

use crate::PASSED;
use crate::operations::SCHEDULERS;
use crate::support::{
    SERVERS, SERVERS_V6, directors_ipvs, done, farm, mark, persistent, server, service, tcp,
};
use keepalived_lab::{Result, Way};
use keepalived_types::ipvs::{ClientMask, ServiceKey, Statistics, TableOperation as Op, VirtualService};
use keepalived_types::{Family, Forwarding, Tunnel, TunnelChecksum};
use std::time::{Duration, Instant};

/// A service with both servers.
fn both(service: VirtualService, forwarding: Forwarding) -> Vec<Op> {
    let key = service.key;
    let servers = if key.family() == Family::V4 { SERVERS } else { SERVERS_V6 };
    let mut operations = vec![Op::AddService(service)];
    operations.extend(servers.map(|address| Op::AddDestination(key, server(address, 80, forwarding, 1))));
    operations
}

/// How many of the answers came from each of the servers.
fn shares(answers: &[String]) -> [usize; 2] {
    ["rs1", "rs2"].map(|name| answers.iter().filter(|answer| *answer == name).count())
}

/// The counters of a service after `connections` connections that were answered, and of its servers. The kernel brings
/// them up to date every two seconds.
fn check_counters(key: &ServiceKey, connections: u64, both_ways: bool) {
    let mut ipvs = directors_ipvs();
    let deadline = Instant::now() + Duration::from_secs(6);
    let (service, servers) = loop {
        let service = ipvs.service(key).expect("an answer").expect("it is there").statistics;
        let servers = ipvs.destinations(key).expect("a list");
        let sum = servers.iter().map(|report| report.statistics.bytes_in).sum::<u64>();
        if (service.connections == connections && sum == service.bytes_in) || Instant::now() > deadline {
            break (service, servers);
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    assert_eq!(service.connections, connections);
    assert!(
        service.packets_in >= connections * 4 && service.bytes_in > service.packets_in * 40,
        "{service:?}"
    );
    let sum =
        |pick: fn(&Statistics) -> u64| servers.iter().map(|report| pick(&report.statistics)).sum::<u64>();
    assert_eq!(sum(|statistics| statistics.connections), connections);
    assert_eq!(sum(|statistics| statistics.packets_in), service.packets_in);
    assert_eq!(sum(|statistics| statistics.bytes_in), service.bytes_in);
    // Only NAT sees the answers.
    assert_eq!(service.packets_out > 0, both_ways, "{service:?}");
    assert_eq!(sum(|statistics| statistics.packets_out), service.packets_out);
    let known: u32 =
        servers.iter().map(|report| report.active_connections + report.inactive_connections).sum();
    assert_eq!(u64::from(known), connections, "{servers:?}");
}

pub(crate) fn methods() -> Result<()> {
    let farm = farm();
    let mut ipvs = directors_ipvs();
    let tunnel = Forwarding::Tunnel(Tunnel::Ipip, TunnelChecksum::None);
    let cases = [
        ("10.10.10.1", Way::Far, Forwarding::Nat, true),
        ("10.10.10.2", Way::Near, Forwarding::DirectRouting, false),
        ("10.10.10.3", Way::Near, tunnel, false),
    ];
    for (address, ..) in &cases[1..] {
        farm.let_servers_answer_for(address)?;
    }
    for (address, way, forwarding, both_ways) in cases {
        farm.add_virtual_address(address)?;
        farm.add_route(address, way)?;
        let key = tcp(address, 80);
        done(&mut ipvs, &both(service(key, "rr"), forwarding));
        let before = ipvs.service(&key).expect("an answer").expect("it is there").statistics;
        assert_eq!(before.connections, 0);
        let answers = farm.connect(address, 80, 10)?;
        assert_eq!(shares(&answers), [5, 5], "{forwarding}: {answers:?}");
        check_counters(&key, 10, both_ways);
        ipvs.reset_statistics(Some(&key)).expect("it is there");
        let after = ipvs.service(&key).expect("an answer").expect("it is there").statistics;
        assert_eq!((after.connections, after.bytes_in), (0, 0));
        // Weight 0 takes no new connections, and a removed server neither.
        done(&mut ipvs, &[Op::EditDestination(key, server(SERVERS[0], 80, forwarding, 0))]);
        assert_eq!(shares(&farm.connect(address, 80, 2)?), [0, 2]);
        done(&mut ipvs, &[Op::EditDestination(key, server(SERVERS[0], 80, forwarding, 1))]);
        done(&mut ipvs, &[Op::RemoveDestination(key, server(SERVERS[1], 80, forwarding, 1).key)]);
        assert_eq!(shares(&farm.connect(address, 80, 2)?), [2, 0]);
    }
    PASSED
}

pub(crate) fn schedulers() -> Result<()> {
    let farm = farm();
    let mut ipvs = directors_ipvs();
    farm.add_virtual_address("10.10.10.5")?;
    farm.add_route("10.10.10.5", Way::Far)?;
    let key = tcp("10.10.10.5", 80);
    done(&mut ipvs, &both(service(key, "rr"), Forwarding::Nat));
    done(&mut ipvs, &[Op::EditDestination(key, server(SERVERS[0], 80, Forwarding::Nat, 2))]);
    for scheduler in SCHEDULERS {
        done(&mut ipvs, &[Op::EditService(service(key, scheduler))]);
        let answers = farm.connect("10.10.10.5", 80, 6)?;
        let [first, second] = shares(&answers);
        assert_eq!(first + second, 6, "{scheduler}: {answers:?}");
        match scheduler {
            "rr" => assert_eq!((first, second), (3, 3)),
            "wrr" => assert_eq!((first, second), (4, 2)),
            // One client, one destination: whichever it is, it stays.
            "sh" | "dh" | "lblc" | "lblcr" | "mh" => {
                assert!(first == 6 || second == 6, "{scheduler}: {answers:?}")
            }
            "fo" => assert_eq!((first, second), (6, 0), "the heaviest takes all"),
            // The others look at how many connections are open, which depends on the moment.
            _ => {}
        }
    }
    PASSED
}

pub(crate) fn persistence() -> Result<()> {
    let farm = farm();
    let mut ipvs = directors_ipvs();
    farm.add_virtual_address("10.10.10.6")?;
    farm.add_route("10.10.10.6", Way::Far)?;
    let key = tcp("10.10.10.6", 80);
    let service = persistent(key, "rr", 60, ClientMask::single(Family::V4));
    done(&mut ipvs, &both(service, Forwarding::Nat));
    let answers = farm.connect("10.10.10.6", 80, 6)?;
    assert!(shares(&answers).contains(&6), "{answers:?}");
    let servers = ipvs.destinations(&key).expect("a list");
    assert_eq!(servers.iter().map(|report| report.persistent_connections).sum::<u32>(), 1, "{servers:?}");
    PASSED
}

pub(crate) fn marks() -> Result<()> {
    let farm = farm();
    let mut ipvs = directors_ipvs();
    farm.add_virtual_address("10.10.10.4")?;
    farm.add_route("10.10.10.4", Way::Far)?;
    let key = mark(5, Family::V4);
    done(&mut ipvs, &both(service(key, "rr"), Forwarding::Nat));
    assert!(
        farm.connect("10.10.10.4", 80, 1).is_err(),
        "nothing marks yet, and the director does not listen"
    );
    // The guest's kernel is built without nftables for IP, so that the traffic control marks.
    let director = farm.director.namespace();
    director.exec(&["tc", "qdisc", "add", "dev", "eth0", "clsact"])?;
    let filter =
        "tc filter add dev eth0 ingress protocol ip u32 match ip dst 10.10.10.4/32 action skbedit mark 5";
    director.exec(&filter.split(' ').collect::<Vec<_>>())?;
    assert_eq!(shares(&farm.connect("10.10.10.4", 80, 4)?), [2, 2]);
    check_counters(&key, 4, true);
    PASSED
}

pub(crate) fn ipv6() -> Result<()> {
    let farm = farm();
    let mut ipvs = directors_ipvs();
    farm.add_virtual_address("fd00:10::1")?;
    farm.add_route("fd00:10::1", Way::Far)?;
    let key = tcp("fd00:10::1", 80);
    done(&mut ipvs, &both(service(key, "rr"), Forwarding::Nat));
    assert_eq!(shares(&farm.connect("fd00:10::1", 80, 6)?), [3, 3]);
    check_counters(&key, 6, true);
    PASSED
}

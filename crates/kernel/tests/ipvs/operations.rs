//! Every operation, with `ipvsadm` as the judge.

use crate::PASSED;
use crate::support::{done, fresh, key, mark, outcomes, persistent, run, saved, server, service, tcp};
use keepalived_kernel::ipvs::{Ipvs, Place};
use keepalived_lab::{Namespace, Result};
use keepalived_types::ipvs::{
    ClientMask, ConnectionTimeouts, Protocol, ServicePersistence, TableOperation as Op, VirtualService,
};
use keepalived_types::{Family, Forwarding, Tunnel, TunnelChecksum};
use std::net::Ipv4Addr;
use std::time::Duration;

pub(crate) fn services() -> Result<()> {
    let mut ipvs = fresh();
    assert_eq!(ipvs.information().version, (1, 2, 1));
    assert!(ipvs.information().connection_table_size >= 256);
    let sip = ServicePersistence {
        timeout: Duration::from_secs(30),
        mask: ClientMask::single(Family::V4),
        engine: Some("sip".to_owned()),
    };
    let services = [
        service(tcp("10.0.0.1", 80), "rr"),
        VirtualService { flags: 0x18, ..service(tcp("10.0.0.1", 81), "mh") },
        persistent(tcp("10.0.0.1", 0), "wlc", 360, ClientMask::single(Family::V4)),
        persistent(tcp("10.0.0.1", 82), "rr", 50, ClientMask::V4(Ipv4Addr::new(255, 0, 255, 0))),
        VirtualService { flags: 0x4, ..service(key(Protocol::Udp, "10.0.0.1", 53), "rr") },
        VirtualService { persistence: Some(sip), ..service(key(Protocol::Udp, "10.0.0.1", 5060), "rr") },
        service(key(Protocol::Sctp, "10.0.0.1", 90), "lc"),
        service(tcp("fd00::1", 80), "rr"),
        persistent(tcp("fd00::1", 81), "rr", 60, ClientMask::V6(64)),
        service(mark(5, Family::V4), "rr"),
        service(mark(5, Family::V6), "wrr"),
    ];
    done(&mut ipvs, &services.clone().map(Op::AddService));
    let wanted = [
        "-A --sctp-service 10.0.0.1:90 -s lc",
        "-A -f 5 -6 -s wrr",
        "-A -f 5 -s rr",
        "-A -t 10.0.0.1:0 -s wlc -p 360",
        "-A -t 10.0.0.1:80 -s rr",
        "-A -t 10.0.0.1:81 -s mh -b mh-fallback,mh-port",
        "-A -t 10.0.0.1:82 -s rr -p 50 -M 255.0.255.0",
        "-A -t [fd00::1]:80 -s rr",
        "-A -t [fd00::1]:81 -s rr -p 60 -M 64",
        "-A -u 10.0.0.1:5060 -s rr -p 30 --pe sip",
        "-A -u 10.0.0.1:53 -s rr -o",
    ];
    assert_eq!(saved(), wanted);
    let mut listed = ipvs.services().expect("a list");
    listed.sort_by_key(|report| report.service.key);
    let mut expected = services.to_vec();
    expected.sort_by_key(|service| service.key);
    assert_eq!(listed.into_iter().map(|report| report.service).collect::<Vec<_>>(), expected);

    let edited = persistent(tcp("10.0.0.1", 80), "wlc", 70, ClientMask::single(Family::V4));
    done(&mut ipvs, &[Op::EditService(edited.clone())]);
    assert!(saved().contains(&"-A -t 10.0.0.1:80 -s wlc -p 70".to_owned()));
    let report = ipvs.service(&edited.key).expect("an answer").expect("it is there");
    assert_eq!(report.service, edited);
    assert_eq!(ipvs.service(&tcp("10.9.9.9", 80)).expect("an answer"), None);
    done(&mut ipvs, &services.map(|service| Op::RemoveService(service.key)));
    assert!(saved().is_empty());
    PASSED
}

pub(crate) fn destinations() -> Result<()> {
    let mut ipvs = fresh();
    let web = tcp("10.0.0.1", 80);
    let six = tcp("fd00::1", 80);
    let tunnel = |tunnel, checksum| Forwarding::Tunnel(tunnel, checksum);
    let mut limited = server("10.0.0.3", 80, Forwarding::DirectRouting, 2);
    (limited.upper_threshold, limited.lower_threshold) = (100, 50);
    let four = [
        server("10.0.0.2", 8080, Forwarding::Nat, 1),
        limited,
        server("10.0.0.4", 80, tunnel(Tunnel::Ipip, TunnelChecksum::None), 0),
        server("10.0.0.5", 80, tunnel(Tunnel::Gue(6080), TunnelChecksum::Checksum), i32::MAX.unsigned_abs()),
        server("10.0.0.6", 80, tunnel(Tunnel::Gue(6081), TunnelChecksum::Remote), 1),
        server("10.0.0.7", 80, tunnel(Tunnel::Gre, TunnelChecksum::Checksum), 1),
        server("fd00::2", 80, tunnel(Tunnel::Ipip, TunnelChecksum::None), 4),
    ];
    let in_six = [
        server("10.0.0.2", 80, tunnel(Tunnel::Ipip, TunnelChecksum::None), 4),
        server("fd00::2", 80, Forwarding::Nat, 3),
    ];
    done(&mut ipvs, &[Op::AddService(service(web, "rr")), Op::AddService(service(six, "rr"))]);
    done(&mut ipvs, &four.map(|server| Op::AddDestination(web, server)));
    done(&mut ipvs, &in_six.map(|server| Op::AddDestination(six, server)));
    let wanted = [
        "-A -t 10.0.0.1:80 -s rr",
        "-A -t [fd00::1]:80 -s rr",
        "-a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m -w 1",
        "-a -t 10.0.0.1:80 -r 10.0.0.3:80 -g -w 2",
        "-a -t 10.0.0.1:80 -r 10.0.0.4:80 -i -w 0 --tun-type ipip",
        "-a -t 10.0.0.1:80 -r 10.0.0.5:80 -i -w 2147483647 --tun-type gue --tun-port 6080 --tun-csum",
        "-a -t 10.0.0.1:80 -r 10.0.0.6:80 -i -w 1 --tun-type gue --tun-port 6081 --tun-remcsum",
        "-a -t 10.0.0.1:80 -r 10.0.0.7:80 -i -w 1 --tun-type gre --tun-csum",
        "-a -t 10.0.0.1:80 -r [fd00::2]:80 -i -w 4 --tun-type ipip",
        "-a -t [fd00::1]:80 -r 10.0.0.2:80 -i -w 4 --tun-type ipip",
        "-a -t [fd00::1]:80 -r [fd00::2]:80 -m -w 3",
    ];
    assert_eq!(saved(), wanted);
    // What is saved lacks the thresholds.
    let thresholds = run("ipvsadm -L -n --thresholds");
    let limits = thresholds.lines().find(|line| line.contains("10.0.0.3:80")).expect("it is listed");
    assert!(limits.split_whitespace().skip(2).take(2).eq(["100", "50"]), "{limits}");
    for (key, servers) in [(web, &four[..]), (six, &in_six)] {
        let mut listed = ipvs.destinations(&key).expect("a list");
        listed.sort_by_key(|report| report.destination.key);
        assert_eq!(listed.iter().map(|report| report.destination).collect::<Vec<_>>(), servers);
    }
    // The forwarding method, the tunnel, weight and thresholds can all be changed in place.
    let changed = server("10.0.0.2", 8080, tunnel(Tunnel::Gre, TunnelChecksum::None), 9);
    done(&mut ipvs, &[Op::EditDestination(web, changed)]);
    let saved_now = saved();
    let wanted = "-a -t 10.0.0.1:80 -r 10.0.0.2:8080 -i -w 9 --tun-type gre --tun-nocsum".to_owned();
    assert!(saved_now.contains(&wanted), "{saved_now:?}");
    done(&mut ipvs, &four.map(|server| Op::RemoveDestination(web, server.key)));
    done(&mut ipvs, &in_six.map(|server| Op::RemoveDestination(six, server.key)));
    assert_eq!(saved(), ["-A -t 10.0.0.1:80 -s rr", "-A -t [fd00::1]:80 -s rr"]);
    done(&mut ipvs, &[Op::AddDestination(web, four[0]), Op::Flush]);
    assert!(saved().is_empty(), "a flush takes everything");
    PASSED
}

/// Every scheduler name that keepalived.conf takes. Debian's guest kernel is built without `twos`.
pub(crate) const SCHEDULERS: [&str; 13] =
    ["rr", "wrr", "lc", "wlc", "lblc", "lblcr", "sh", "mh", "dh", "fo", "ovf", "sed", "nq"];

pub(crate) fn schedulers() -> Result<()> {
    let mut ipvs = fresh();
    for (at, scheduler) in SCHEDULERS.iter().enumerate() {
        let port = u16::try_from(at).expect("few") + 8000;
        let service = service(tcp("10.0.0.1", port), scheduler);
        done(&mut ipvs, &[Op::AddService(service.clone())]);
        let report = ipvs.service(&service.key).expect("an answer").expect("it is there");
        assert_eq!(report.service, service);
    }
    assert_eq!(saved().len(), SCHEDULERS.len());
    let twos = outcomes(&mut ipvs, &[Op::AddService(service(tcp("10.0.0.1", 80), "twos"))]);
    match &twos[0] {
        Ok(()) => assert!(saved().contains(&"-A -t 10.0.0.1:80 -s twos".to_owned())),
        Err(error) => assert_eq!(error.errno, 2, "the kernel lacks it, and says so"),
    }
    PASSED
}

pub(crate) fn foreign_hands() -> Result<()> {
    let mut ipvs = fresh();
    run("ipvsadm -A -t 10.0.0.1:80 -s sh -b sh-port,sh-fallback -p 44 -M 255.255.0.0");
    run("ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.2:80 -i --tun-type gue --tun-port 77 -w 8 -x 9 -y 3");
    run("ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.3 -g");
    let listed = ipvs.services().expect("a list");
    let mut wanted = persistent(tcp("10.0.0.1", 80), "sh", 44, ClientMask::V4(Ipv4Addr::new(255, 255, 0, 0)));
    wanted.flags = 0x18;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].service, wanted);
    let mut tunnelled = server("10.0.0.2", 80, Forwarding::Tunnel(Tunnel::Gue(77), TunnelChecksum::None), 8);
    (tunnelled.upper_threshold, tunnelled.lower_threshold) = (9, 3);
    let direct = server("10.0.0.3", 80, Forwarding::DirectRouting, 1);
    let mut listed = ipvs.destinations(&wanted.key).expect("a list");
    listed.sort_by_key(|report| report.destination.key);
    assert_eq!(listed.iter().map(|report| report.destination).collect::<Vec<_>>(), [tunnelled, direct]);
    assert!(ipvs.destinations(&tcp("10.9.9.9", 80)).expect("an empty list").is_empty());
    PASSED
}

pub(crate) fn timeouts_and_reset() -> Result<()> {
    let mut ipvs = fresh();
    let seconds = Duration::from_secs;
    let before = ipvs.timeouts().expect("an answer");
    let wanted = ConnectionTimeouts { tcp: seconds(1000), tcp_fin: seconds(60), udp: Duration::ZERO };
    done(&mut ipvs, &[Op::SetTimeouts(wanted)]);
    let now = ipvs.timeouts().expect("an answer");
    assert_eq!(now, ConnectionTimeouts { udp: before.udp, ..wanted }, "0 leaves the kernel's");
    let shown = run("ipvsadm -L -n --timeout");
    assert!(shown.contains("1000 60 300"), "{shown}");
    done(&mut ipvs, &[Op::SetTimeouts(before)]);
    assert_eq!(ipvs.timeouts().expect("an answer"), before);
    let key = tcp("10.0.0.1", 80);
    done(&mut ipvs, &[Op::AddService(service(key, "rr"))]);
    ipvs.reset_statistics(Some(&key)).expect("one service");
    ipvs.reset_statistics(None).expect("all of them");
    let error = ipvs.reset_statistics(Some(&tcp("10.9.9.9", 1))).expect_err("no such service");
    assert_eq!(error.errno(), Some(3));
    PASSED
}

pub(crate) fn background() -> Result<()> {
    let mut ipvs = fresh();
    let web = tcp("10.0.0.1", 80);
    let servers = (0..1000_u32)
        .map(|number| Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 1, 0, 1)) + number).to_string())
        .map(|address| server(&address, 80, Forwarding::Nat, 1));
    let mut operations = vec![Op::AddService(service(web, "rr"))];
    operations.extend(servers.map(|server| Op::AddDestination(web, server)));
    operations.push(operations[500].clone());
    let first = ipvs.start(operations);
    let second = ipvs.start(vec![Op::RemoveService(web)]);
    let mut finished = Vec::new();
    let mut turns = 0;
    while ipvs.has_work() {
        finished.extend(ipvs.poll().expect("a socket"));
        turns += 1;
    }
    assert!(turns <= 8, "a few hundred operations a turn, not {turns} turns");
    assert_eq!(finished.iter().map(|batch| batch.ticket).collect::<Vec<_>>(), [first, second]);
    let refused: Vec<_> =
        finished[0].outcomes.iter().enumerate().filter(|(_, outcome)| outcome.is_err()).collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].0, 1001, "matched by sequence number");
    assert_eq!(refused[0].1.as_ref().expect_err("it is there already").errno, 17);
    assert!(finished[1].outcomes[0].is_ok() && saved().is_empty());
    PASSED
}

pub(crate) fn namespaces() -> Result<()> {
    let mut here = fresh();
    let other = Namespace::create("table")?;
    let mut there = Ipvs::open(&Place::Named(other.name().to_owned())).expect("the guest has IPVS");
    done(&mut there, &[Op::AddService(service(tcp("10.0.0.1", 80), "rr"))]);
    assert!(saved().is_empty());
    assert!(here.services().expect("a list").is_empty());
    assert_eq!(other.exec(&["ipvsadm", "-S", "-n"])?.trim(), "-A -t 10.0.0.1:80 -s rr");
    let path = format!("/run/netns/{}", other.name());
    let mut by_file = Ipvs::open(&Place::File(path.into())).expect("the same namespace");
    assert_eq!(by_file.services().expect("a list").len(), 1);
    PASSED
}

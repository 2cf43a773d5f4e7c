//! Synchronisation daemons: started, listed, stopped, and connections that arrive at the other director.

use crate::PASSED;
use crate::support::{SERVERS, directors_ipvs, done, farm, fresh, run, server, service, tcp};
use keepalived_kernel::ipvs::{Ipvs, Place};
use keepalived_lab::{Error, Result, Way};
use keepalived_types::ipvs::{SyncDaemon, SyncRole, TableOperation as Op};
use keepalived_types::{Forwarding, InterfaceName};
use std::time::{Duration, Instant};

fn daemon(role: SyncRole, interface: &str) -> SyncDaemon {
    let interface = InterfaceName::new(interface).expect("a name");
    SyncDaemon { role, interface, id: 7, max_length: None, group: None, port: None, ttl: None }
}

pub(crate) fn daemons() -> Result<()> {
    let mut ipvs = fresh();
    assert!(ipvs.sync_daemons().expect("a list").is_empty());
    run("ip link add wire type dummy");
    run("ip link set wire up");
    run("ip addr add 10.77.0.1/24 dev wire");
    let whole = SyncDaemon {
        max_length: Some(1000),
        group: Some("224.0.0.99".parse().expect("literal")),
        port: Some(8900),
        ttl: Some(3),
        ..daemon(SyncRole::Master, "wire")
    };
    done(&mut ipvs, &[Op::StartSync(whole.clone()), Op::StartSync(daemon(SyncRole::Backup, "wire"))]);
    let listed = ipvs.sync_daemons().expect("a list");
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[0], whole);
    assert_eq!((listed[1].role, listed[1].id, listed[1].interface.as_str()), (SyncRole::Backup, 7, "wire"));
    assert!(listed[1].group.is_some() && listed[1].port == Some(8848), "the kernel tells its own choices");
    let shown = run("ipvsadm -L -n --daemon");
    for part in [
        "master sync daemon (mcast=wire",
        "syncid=7",
        "maxlen=1000",
        "224.0.0.99",
        "8900",
        "ttl=3",
        "backup sync daemon",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let started = Instant::now();
    done(&mut ipvs, &[Op::StopSync(SyncRole::Master, 7), Op::StopSync(SyncRole::Backup, 7)]);
    println!("    both stopped after {:.1?}", started.elapsed());
    assert!(ipvs.sync_daemons().expect("a list").is_empty());
    run("ip link del wire");
    PASSED
}

pub(crate) fn connections() -> Result<()> {
    let farm = farm();
    let standby = farm.lan.node("standby", &["192.168.200.253/24"])?;
    let mut active = directors_ipvs();
    let mut passive = Ipvs::open(&Place::Named(standby.namespace().name().to_owned())).expect("IPVS");
    // Tell of a connection with its first packet.
    farm.director.namespace().set_sysctl("ipv4/vs/sync_threshold", "1 5")?;
    farm.add_virtual_address("10.10.10.7")?;
    farm.add_route("10.10.10.7", Way::Far)?;
    let key = tcp("10.10.10.7", 80);
    let table = [
        Op::AddService(service(key, "rr")),
        Op::AddDestination(key, server(SERVERS[0], 80, Forwarding::Nat, 1)),
    ];
    done(&mut active, &table);
    done(&mut passive, &table);
    done(&mut active, &[Op::StartSync(daemon(SyncRole::Master, "eth0"))]);
    done(&mut passive, &[Op::StartSync(daemon(SyncRole::Backup, "eth0"))]);
    farm.connect("10.10.10.7", 80, 3)?;
    let limit = Duration::from_secs(15);
    let deadline = Instant::now() + limit;
    loop {
        let seen = standby.namespace().exec(&["ipvsadm", "-L", "-n", "-c"])?;
        if seen.matches("172.16.0.2:").count() >= 3 {
            break;
        }
        if Instant::now() > deadline {
            let waited_for = "the connections at the other director".into();
            return Err(Error::TimedOut { waited_for, after: limit, seen });
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    done(&mut active, &[Op::StopSync(SyncRole::Master, 7)]);
    done(&mut passive, &[Op::StopSync(SyncRole::Backup, 7)]);
    PASSED
}

//! What the kernel refuses, and how it says so: the rows of lvs.md 3.6.

use crate::PASSED;
use crate::support::{done, fresh, key, mark, outcomes, persistent, run, server, service, tcp};
use keepalived_kernel::ipvs::{Ipvs, NetlinkError, Place, Refusal};
use keepalived_lab::Result;
use keepalived_types::ipvs::{
    ClientMask, ConnectionTimeouts, Protocol, ServicePersistence, SyncDaemon, SyncRole, TableOperation as Op,
    VirtualService,
};
use keepalived_types::{Family, Forwarding, InterfaceName, Tunnel, TunnelChecksum};
use std::net::Ipv4Addr;
use std::time::Duration;

const EEXIST: i32 = 17;
const ENOENT: i32 = 2;
const ESRCH: i32 = 3;
const EINVAL: i32 = 22;
const ERANGE: i32 = 34;
const ENODEV: i32 = 19;

pub(crate) fn all() -> Result<()> {
    let mut ipvs = fresh();
    services(&mut ipvs);
    destinations(&mut ipvs);
    daemons(&mut ipvs);
    config(&mut ipvs);
    PASSED
}

/// The operation is refused with this errno, or taken (0); the log line says what it must.
fn expect(ipvs: &mut Ipvs, operation: Op, errno: i32, text: &str) {
    let outcome = outcomes(ipvs, std::slice::from_ref(&operation)).remove(0);
    let got = outcome.as_ref().err().map_or(0, |error: &NetlinkError| error.errno);
    assert_eq!(got, errno, "{operation:?}");
    if let Err(error) = &outcome {
        let line = Refusal { operation: &operation, error }.to_string();
        assert!(line.contains(text), "{line}");
    }
}

fn services(ipvs: &mut Ipvs) {
    let web = tcp("10.0.0.1", 80);
    let add = |service: VirtualService| Op::AddService(service);
    expect(ipvs, add(service(web, "rr")), 0, "");
    expect(
        ipvs,
        add(service(web, "rr")),
        EEXIST,
        "(1154) error: Service already exists(17) (10.0.0.1:tcp:80)",
    );
    let other = tcp("10.0.0.1", 81);
    let not_found = "Scheduler or persistence engine not found(2)";
    expect(ipvs, add(service(other, "nosuch")), ENOENT, not_found);
    expect(ipvs, Op::EditService(service(web, "nosuch")), ENOENT, not_found);
    let engine = Some("nosuch".to_owned());
    let mask = ClientMask::single(Family::V4);
    let persistence = ServicePersistence { timeout: Duration::from_secs(5), mask, engine };
    let odd = VirtualService { persistence: Some(persistence), ..service(other, "rr") };
    expect(ipvs, add(odd), ENOENT, not_found);
    expect(ipvs, add(service(other, "a-name-that-is-too-long")), EINVAL, "Invalid operation.  Possibly");
    for length in [0, 129] {
        let bad = persistent(tcp("fd00::1", 80), "rr", 5, ClientMask::V6(length));
        expect(ipvs, add(bad), EINVAL, "([fd00::1]:tcp:80)");
    }
    expect(ipvs, add(service(tcp("10.0.0.1", 0), "rr")), 0, "");
    let holes = ClientMask::V4(Ipv4Addr::new(255, 0, 255, 0));
    expect(ipvs, add(persistent(other, "rr", 5, holes)), 0, "");
    let missing = tcp("10.9.9.9", 80);
    expect(ipvs, Op::EditService(service(missing, "rr")), ESRCH, "(1155) error: No such service(3)");
    expect(ipvs, Op::RemoveService(missing), ESRCH, "(1156) error: No such service(3) (10.9.9.9:tcp:80)");
    expect(ipvs, Op::RemoveService(mark(77, Family::V6)), ESRCH, "(Fwm 77 inet6)");
}

fn destinations(ipvs: &mut Ipvs) {
    let web = tcp("10.0.0.1", 80);
    let missing = key(Protocol::Udp, "10.9.9.9", 80);
    let one = server("10.0.0.2", 80, Forwarding::Nat, 1);
    let add = |server| Op::AddDestination(web, server);
    expect(ipvs, add(one), 0, "");
    expect(
        ipvs,
        add(one),
        EEXIST,
        "(1159) error: Destination already exists(17) (10.0.0.1:tcp:80 -> 10.0.0.2:80)",
    );
    expect(
        ipvs,
        Op::AddDestination(missing, one),
        ESRCH,
        "No such service(3) (10.9.9.9:udp:80 -> 10.0.0.2:80)",
    );
    expect(ipvs, Op::EditDestination(missing, one), ESRCH, "(1161) error: No such service(3)");
    expect(ipvs, Op::RemoveDestination(missing, one.key), ESRCH, "(1160) error: No such service(3)");
    let absent = server("10.0.0.3", 80, Forwarding::Nat, 1);
    expect(ipvs, Op::EditDestination(web, absent), ENOENT, "(1161) error: No such destination(2)");
    expect(ipvs, Op::RemoveDestination(web, absent.key), ENOENT, "(1160) error: No such destination(2)");
    let mut odd = absent;
    odd.weight = u32::MAX;
    expect(ipvs, add(odd), ERANGE, "Numerical result out of range(34)");
    (odd.weight, odd.upper_threshold, odd.lower_threshold) = (1, 5, 6);
    expect(ipvs, add(odd), ERANGE, "Numerical result out of range(34)");
    let mut odd = one;
    odd.weight = u32::MAX;
    expect(ipvs, Op::EditDestination(web, odd), ERANGE, "Numerical result out of range(34)");
    let six = |forwarding| server("fd00::2", 80, forwarding, 1);
    expect(ipvs, add(six(Forwarding::Nat)), EINVAL, "-> [fd00::2]:80)");
    expect(ipvs, add(six(Forwarding::DirectRouting)), EINVAL, "Invalid operation");
    expect(ipvs, add(server("224.0.0.5", 80, Forwarding::Nat, 1)), EINVAL, "Invalid operation");
    let gue = |port| Forwarding::Tunnel(Tunnel::Gue(port), TunnelChecksum::None);
    expect(ipvs, add(server("10.0.0.4", 80, gue(0), 1)), EINVAL, "Invalid operation");
    expect(ipvs, add(server("10.0.0.4", 80, gue(6080), 1)), 0, "");
    // A direct server with another port than its service is nonsense that the kernel takes.
    expect(ipvs, add(server("10.0.0.5", 81, Forwarding::DirectRouting, 1)), 0, "");
}

fn daemon(role: SyncRole, interface: &str) -> SyncDaemon {
    let interface = InterfaceName::new(interface).expect("a name");
    SyncDaemon { role, interface, id: 7, max_length: None, group: None, port: None, ttl: None }
}

fn daemons(ipvs: &mut Ipvs) {
    let web = tcp("10.0.0.1", 80);
    let tunnel = Forwarding::Tunnel(Tunnel::Ipip, TunnelChecksum::None);
    let mixed = server("fd00::2", 80, tunnel, 1);
    let start = |interface: &str| Op::StartSync(daemon(SyncRole::Master, interface));
    done(ipvs, &[Op::AddDestination(web, mixed)]);
    expect(ipvs, start("lo"), EINVAL, "(1163) error: Invalid operation");
    done(ipvs, &[Op::RemoveDestination(web, mixed.key)]);
    expect(ipvs, start("nowhere0"), ENODEV, "(1163) error: No such device(19)");
    expect(ipvs, start("lo"), 0, "");
    expect(ipvs, start("lo"), EEXIST, "(1163) error: Daemon has already run(17)");
    expect(ipvs, Op::AddDestination(web, mixed), EINVAL, "Invalid operation");
    // The id is not compared.
    expect(ipvs, Op::StopSync(SyncRole::Master, 99), 0, "");
    expect(ipvs, Op::StopSync(SyncRole::Master, 7), ESRCH, "(1164) error: No daemon is running(3)");
}

fn config(ipvs: &mut Ipvs) {
    let before = ipvs.timeouts().expect("an answer");
    let absurd =
        ConnectionTimeouts { tcp: Duration::from_secs(u64::from(i32::MAX.unsigned_abs())), ..before };
    expect(ipvs, Op::SetTimeouts(absurd), EINVAL, "(1162) error: Invalid operation");
    expect(ipvs, Op::SetTimeouts(ConnectionTimeouts::default()), 0, "");
    assert_eq!(ipvs.timeouts().expect("an answer"), before);
    expect(ipvs, Op::Flush, 0, "");
    expect(ipvs, Op::Flush, 0, "");
}

pub(crate) fn module() -> Result<()> {
    let loaded = || run("lsmod").lines().any(|line| line.starts_with("ip_vs "));
    drop(fresh());
    assert!(loaded());
    let modules = run("lsmod");
    let users: Vec<&str> = modules
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| name.starts_with("ip_vs_"))
        .collect();
    run(&format!("rmmod {} ip_vs", users.join(" ")));
    assert!(!loaded());
    let mut ipvs = Ipvs::open(&Place::Here).expect("it is loaded again");
    assert!(loaded());
    // The scheduler's module comes with the service that wants it.
    done(&mut ipvs, &[Op::AddService(service(tcp("10.0.0.1", 80), "sed"))]);
    assert!(run("lsmod").contains("ip_vs_sed"));
    drop(fresh());
    // A program that cannot load it: the reason is told.
    let modules = run("lsmod");
    let users = modules.lines().filter_map(|line| line.split_whitespace().next());
    let users: Vec<&str> = users.filter(|name| name.starts_with("ip_vs_")).collect();
    run(&format!("rmmod {} ip_vs", users.join(" ")));
    let program = std::fs::read_to_string("/proc/sys/kernel/modprobe").expect("procfs");
    std::fs::write("/proc/sys/kernel/modprobe", "/nowhere/modprobe").expect("root");
    let error = Ipvs::open(&Place::Here).expect_err("nothing loads it").to_string();
    std::fs::write("/proc/sys/kernel/modprobe", program).expect("root");
    assert!(error.starts_with("initialize ipvs: this kernel has no IPVS, and its module ip_vs"), "{error}");
    assert!(error.contains("/nowhere/modprobe"), "{error}");
    drop(fresh());
    PASSED
}

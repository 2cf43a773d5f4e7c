//! What the tests share: short ways to write services and servers, and `ipvsadm`.

use keepalived_kernel::ipvs::{Ipvs, NetlinkError, Place};
use keepalived_lab::{Farm, WebServers};
use keepalived_types::ipvs::{
    ClientMask, Destination, DestinationKey, Protocol, ServiceKey, ServicePersistence, TableOperation,
    VirtualService,
};
use keepalived_types::{Family, Forwarding};
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

/// The one farm of all tests, with web servers on port 80. Each test brings a virtual address of its own. Made once: a guest
/// takes its time to start the many processes that this needs.
pub(crate) fn farm() -> &'static Farm {
    static FARM: LazyLock<(Farm, WebServers)> = LazyLock::new(|| {
        let farm = Farm::new(2).expect("the guest has all that it takes");
        let servers = WebServers::start(&farm, 80, 2).expect("a free port");
        (farm, servers)
    });
    &FARM.0
}

/// The director's table.
pub(crate) fn directors_ipvs() -> Ipvs {
    let name = farm().director.namespace().name().to_owned();
    Ipvs::open(&Place::Named(name)).expect("the guest has IPVS")
}

/// The servers of the farm.
pub(crate) const SERVERS: [&str; 2] = ["192.168.200.2", "192.168.200.3"];
/// The same by IPv6.
pub(crate) const SERVERS_V6: [&str; 2] = ["fd00:200::2", "fd00:200::3"];

/// A socket, and an empty table.
pub(crate) fn fresh() -> Ipvs {
    let mut ipvs = Ipvs::open(&Place::Here).expect("the guest has IPVS");
    done(&mut ipvs, &[TableOperation::Flush]);
    ipvs
}

/// Performs operations that must all succeed.
pub(crate) fn done(ipvs: &mut Ipvs, operations: &[TableOperation]) {
    for (operation, outcome) in operations.iter().zip(outcomes(ipvs, operations)) {
        if let Err(error) = outcome {
            panic!("{operation:?}: {error}");
        }
    }
}

pub(crate) fn outcomes(ipvs: &mut Ipvs, operations: &[TableOperation]) -> Vec<Result<(), NetlinkError>> {
    let outcomes = ipvs.execute(operations).expect("a socket");
    assert_eq!(outcomes.len(), operations.len());
    outcomes.into_iter().map(|outcome| outcome.map(drop)).collect()
}

pub(crate) fn key(protocol: Protocol, address: &str, port: u16) -> ServiceKey {
    ServiceKey::Address { protocol, address: address.parse().expect("literal"), port }
}

pub(crate) fn tcp(address: &str, port: u16) -> ServiceKey {
    key(Protocol::Tcp, address, port)
}

pub(crate) fn mark(mark: u32, family: Family) -> ServiceKey {
    ServiceKey::Mark { mark, family }
}

pub(crate) fn service(key: ServiceKey, scheduler: &str) -> VirtualService {
    VirtualService { key, scheduler: scheduler.to_owned(), flags: 0, persistence: None }
}

pub(crate) fn persistent(key: ServiceKey, scheduler: &str, seconds: u64, mask: ClientMask) -> VirtualService {
    let persistence = ServicePersistence { timeout: Duration::from_secs(seconds), mask, engine: None };
    VirtualService { persistence: Some(persistence), ..service(key, scheduler) }
}

pub(crate) fn server(address: &str, port: u16, forwarding: Forwarding, weight: u32) -> Destination {
    let key = DestinationKey { address: address.parse().expect("literal"), port };
    Destination { key, forwarding, weight, upper_threshold: 0, lower_threshold: 0 }
}

/// Runs a command that must succeed, words separated by blanks.
pub(crate) fn run(command: &str) -> String {
    let mut words = command.split_whitespace();
    let program = words.next().expect("a command");
    let output = Command::new(program).args(words).output().expect("it is installed");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command}: {complaint}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The table as `ipvsadm -Sn` has it, sorted.
pub(crate) fn saved() -> Vec<String> {
    let mut lines: Vec<String> =
        run("ipvsadm -S -n").lines().map(|line| line.trim_end().to_owned()).collect();
    lines.sort();
    lines
}

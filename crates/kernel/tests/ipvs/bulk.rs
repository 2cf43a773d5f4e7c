//! Many entries: what a batch saves, and how long reading takes.

use crate::PASSED;
use crate::support::{done, fresh, outcomes, run, server, service, tcp};
use keepalived_kernel::ipvs::{Place, TableReader};
use keepalived_lab::Result;
use keepalived_types::Forwarding;
use keepalived_types::ipvs::{TableOperation as Op, VirtualService};
use std::collections::HashSet;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

/// 100 services of 100 servers.
const SERVICES: u32 = 100;
const SERVERS: u32 = 100;

fn services() -> Vec<VirtualService> {
    (0..SERVICES)
        .map(|number| Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 0, 0, 1)) + number))
        .map(|address| service(tcp(&address.to_string(), 80), "rr"))
        .collect()
}

fn additions(services: &[VirtualService]) -> Vec<Op> {
    let mut operations = Vec::new();
    for (at, service) in (0_u32..).zip(services) {
        for number in 0..SERVERS {
            let address = Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 1, 0, 1)) + at * SERVERS + number);
            let server = server(&address.to_string(), 80, Forwarding::Nat, 1 + number);
            operations.push(Op::AddDestination(service.key, server));
        }
    }
    operations
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    let value = work();
    let took = started.elapsed();
    println!("    {what}: {took:.1?}");
    (value, took)
}

pub(crate) fn ten_thousand() -> Result<()> {
    let mut ipvs = fresh();
    let services = services();
    let additions = additions(&services);
    assert_eq!(additions.len(), 10_000);
    let add_services: Vec<Op> = services.iter().cloned().map(Op::AddService).collect();
    let removals: Vec<Op> = services.iter().map(|service| Op::RemoveService(service.key)).collect();
    done(&mut ipvs, &add_services);
    let (_, together) = timed("10,000 destinations added in one batch", || done(&mut ipvs, &additions));
    assert_eq!(run("ipvsadm -S -n").lines().filter(|line| line.starts_with("-a")).count(), 10_000);

    let (again, _) = timed("10,000 of them refused", || outcomes(&mut ipvs, &additions));
    assert!(
        again.iter().all(|outcome| outcome.as_ref().is_err_and(|error| error.errno == 17)),
        "none is lost"
    );

    let (dumped, _) = timed("listed with statistics, service by service", || {
        let keys = services.iter().map(|service| service.key);
        keys.map(|key| ipvs.destinations(&key).expect("a list").len()).sum::<usize>()
    });
    assert_eq!(dumped, 10_000);
    let mut reader = TableReader::open(&Place::Here).expect("the guest has IPVS");
    let ours: HashSet<_> = services.iter().map(|service| service.key).collect();
    let (table, _) = timed("the whole table read", || reader.read(ours.clone()).expect("a table"));
    assert_eq!(table.ours.iter().map(|entry| entry.destinations.len()).sum::<usize>(), 10_000);
    assert!(table.foreign.is_empty());
    reader.begin(ours).expect("a reading");
    let (mut polls, mut longest) = (0, Duration::ZERO);
    loop {
        let started = Instant::now();
        let complete = reader.poll().expect("an answer").is_some();
        longest = longest.max(started.elapsed());
        polls += 1;
        if complete {
            break;
        }
    }
    println!("    read in {polls} polls, the longest {longest:.1?}");
    assert!(polls > 5, "in steps: {polls}");

    timed("100 services removed with their destinations", || done(&mut ipvs, &removals));
    done(&mut ipvs, &add_services);
    let (_, apart) = timed("10,000 destinations added one by one", || {
        for addition in &additions {
            done(&mut ipvs, std::slice::from_ref(addition));
        }
    });
    done(&mut ipvs, &[Op::Flush]);
    // Only told, not asserted: what else the machine does decides more than that.
    println!("    one by one takes {:.1} times as long", apart.as_secs_f64() / together.as_secs_f64());

    // All in one service, where the kernel looks through a list for each of them.
    let web = service(tcp("10.0.0.1", 80), "rr");
    let mut all = vec![Op::AddService(web.clone())];
    all.extend(additions.iter().map(|operation| match operation {
        Op::AddDestination(_, server) => Op::AddDestination(web.key, *server),
        other => other.clone(),
    }));
    timed("10,000 destinations of one service in one batch", || done(&mut ipvs, &all));
    let (table, _) = timed("read", || reader.read(HashSet::from([web.key])).expect("a table"));
    assert_eq!(table.ours[0].destinations.len(), 10_000);
    timed("flushed", || done(&mut ipvs, &[Op::Flush]));
    PASSED
}

pub(crate) fn many_services() -> Result<()> {
    let mut ipvs = fresh();
    let key = |number: u32| {
        let address = Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 2, 0, 0)) + number / 100);
        tcp(&address.to_string(), 1 + u16::try_from(number % 100).expect("small"))
    };
    let keys: Vec<_> = (0..3_000).map(key).collect();
    let one = server("10.0.0.2", 80, Forwarding::Nat, 1);
    let operations: Vec<Op> = keys
        .iter()
        .flat_map(|&key| [Op::AddService(service(key, "rr")), Op::AddDestination(key, one)])
        .collect();
    timed("3,000 services with a destination each, in one batch", || done(&mut ipvs, &operations));
    let mut reader = TableReader::open(&Place::Here).expect("the guest has IPVS");
    let ours: HashSet<_> = keys.iter().copied().collect();
    let (table, _) = timed("read", || reader.read(ours).expect("a table"));
    assert_eq!(table.ours.len(), 3_000);
    assert!(table.ours.iter().all(|entry| entry.destinations == [one]));
    let few: HashSet<_> = keys.iter().copied().take(10).collect();
    let (table, _) = timed("ten of them read, the others foreign", || reader.read(few).expect("a table"));
    assert_eq!((table.ours.len(), table.foreign.len()), (10, 2_990));
    timed("flushed", || done(&mut ipvs, &[Op::Flush]));
    PASSED
}

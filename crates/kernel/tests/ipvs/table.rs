//! The table as it is: what a reconciler has to see.

use crate::PASSED;
use crate::support::{done, fresh, run, saved, server, service, tcp};
use keepalived_kernel::ipvs::{Place, TableReader};
use keepalived_lab::Result;
use keepalived_types::Forwarding;
use keepalived_types::ipvs::{ObservedService, ServiceKey, TableOperation as Op};
use std::collections::HashSet;

fn reader() -> TableReader {
    TableReader::open(&Place::Here).expect("the guest has IPVS")
}

/// Two services of three servers each; what our side wants.
fn wanted() -> Vec<ObservedService> {
    [80, 81]
        .map(|port| ObservedService {
            service: service(tcp("10.0.0.1", port), "rr"),
            destinations: (2..5)
                .map(|host| server(&format!("10.0.0.{host}"), 80, Forwarding::Nat, 1))
                .collect(),
            inexpressible: Vec::new(),
        })
        .to_vec()
}

fn keys(wanted: &[ObservedService]) -> HashSet<ServiceKey> {
    wanted.iter().map(|entry| entry.service.key).collect()
}

/// What is missing or different, as a reconciler would put it right.
fn repairs(wanted: &[ObservedService], reader: &mut TableReader) -> Vec<Op> {
    let table = reader.read(keys(wanted)).expect("a table");
    let mut operations = Vec::new();
    for entry in wanted {
        let key = entry.service.key;
        let found = table.ours.iter().find(|observed| observed.service.key == key);
        match found {
            None => operations.push(Op::AddService(entry.service.clone())),
            Some(is) if is.service != entry.service => {
                operations.push(Op::EditService(entry.service.clone()));
            }
            Some(_) => {}
        }
        let present = found.map(|observed| observed.destinations.as_slice()).unwrap_or_default();
        for server in &entry.destinations {
            match present.iter().find(|observed| observed.key == server.key) {
                None => operations.push(Op::AddDestination(key, *server)),
                Some(is) if is != server => operations.push(Op::EditDestination(key, *server)),
                Some(_) => {}
            }
        }
    }
    operations
}

pub(crate) fn edited() -> Result<()> {
    let mut ipvs = fresh();
    let mut reader = reader();
    let wanted = wanted();
    let all = repairs(&wanted, &mut reader);
    assert_eq!(all.len(), 8, "everything is missing");
    done(&mut ipvs, &all);
    let before = saved();
    assert!(repairs(&wanted, &mut reader).is_empty(), "what we wrote is what we read");

    run("ipvsadm -D -t 10.0.0.1:80");
    run("ipvsadm -d -t 10.0.0.1:81 -r 10.0.0.3:80");
    run("ipvsadm -e -t 10.0.0.1:81 -r 10.0.0.4:80 -m -w 77");
    run("ipvsadm -E -t 10.0.0.1:81 -s wlc");
    let needed = repairs(&wanted, &mut reader);
    assert_eq!(needed.len(), 4 + 3, "{needed:?}");
    done(&mut ipvs, &needed);
    assert_eq!(saved(), before);

    run("ipvsadm -C");
    done(&mut ipvs, &repairs(&wanted, &mut reader));
    assert_eq!(saved(), before);
    assert!(repairs(&wanted, &mut reader).is_empty());
    PASSED
}

pub(crate) fn foreign() -> Result<()> {
    let mut ipvs = fresh();
    let wanted = wanted();
    let mut reader = reader();
    done(&mut ipvs, &repairs(&wanted, &mut reader));
    run("ipvsadm -A -t 10.0.0.9:80 -s wlc");
    run("ipvsadm -a -t 10.0.0.9:80 -r 10.0.0.2:80 -g");
    run("ipvsadm -A -f 9 -s rr");
    run("ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.200:80 -g");
    let table = reader.read(keys(&wanted)).expect("a table");
    let mut foreign: Vec<_> = table.foreign.iter().map(|service| service.key.to_string()).collect();
    foreign.sort();
    assert_eq!(foreign, ["10.0.0.9:tcp:80", "Fwm 9"]);
    assert_eq!(table.inexpressible, 0);
    let web = table.ours.iter().find(|entry| entry.service.key == wanted[0].service.key).expect("ours");
    let stranger = server("10.0.0.200", 80, Forwarding::DirectRouting, 1);
    assert_eq!(web.destinations.len(), 4);
    assert!(web.destinations.contains(&stranger), "a foreign server in our service is seen as it is");
    assert!(repairs(&wanted, &mut reader).is_empty(), "and nothing needs to be done about any of them");
    PASSED
}

pub(crate) fn given_up() -> Result<()> {
    let mut ipvs = fresh();
    let wanted = wanted();
    let mut reader = reader();
    assert!(!reader.is_reading());
    assert_eq!(reader.poll().expect("nothing to do"), None);
    done(&mut ipvs, &repairs(&wanted, &mut reader));
    // Enough that the list is not over after the first datagram.
    let strangers: Vec<Op> =
        (1..=2000).map(|port| Op::AddService(service(tcp("10.0.0.7", port), "rr"))).collect();
    done(&mut ipvs, &strangers);
    for _ in 0..3 {
        reader.begin(keys(&wanted)).expect("a reading");
        assert_eq!(reader.poll().expect("an answer"), None);
        assert!(reader.is_reading());
    }
    let table = reader.read(keys(&wanted)).expect("a table");
    assert_eq!((table.ours.len(), table.foreign.len()), (2, 2000));
    assert!(!reader.is_reading());
    PASSED
}

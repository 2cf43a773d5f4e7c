//! What the table has to be when nothing has happened for long, reckoned from the configuration and from what servers are
//! like, by arithmetic of its own.

use super::servers::Servers;
use super::table::Table;
use keepalived_lvs::config::{Checker, Config, FileCheck, GroupEntry, RealServer, Service, VirtualServer};
use keepalived_lvs::{Snapshot, VirtualServerSnapshot};
use keepalived_types::ipvs::{DestinationKey, Protocol, ServiceKey};
use keepalived_types::{Family, Forwarding};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

/// A place in the table, and what may be there: these weights, or nothing.
type Places = BTreeMap<DestinationKey, (Vec<u32>, bool)>;

/// What is not as it should be.
pub(super) fn complaints(
    config: &Config,
    snapshot: &Snapshot,
    servers: &Servers,
    table: &Table,
) -> Vec<String> {
    let mut complaints = Vec::new();
    for (server, seen) in config.virtual_servers.iter().zip(&snapshot.virtual_servers) {
        // Whoever is suspended knows what it knew.
        if !seen.suspended {
            of_server(config, server, seen, servers, table, &mut complaints);
        }
    }
    complaints
}

fn of_server(
    config: &Config,
    server: &VirtualServer,
    seen: &VirtualServerSnapshot,
    servers: &Servers,
    table: &Table,
    complaints: &mut Vec<String>,
) {
    let states: Vec<(&RealServer, bool, u32)> = server
        .real_servers
        .iter()
        .map(|real| {
            let (alive, weight) = state(real, servers);
            (real, alive, weight)
        })
        .collect();
    let sum: u64 =
        states.iter().filter(|(_, alive, _)| *alive).map(|(_, _, weight)| u64::from(*weight)).sum();
    let quorum = &server.quorum;
    let enough = sum >= u64::from(quorum.weight + quorum.hysteresis) && sum > 0;
    let too_little = sum == 0 || sum < u64::from(quorum.weight - quorum.hysteresis);
    if (enough && !seen.quorum_up) || (too_little && seen.quorum_up) || seen.weight != sum {
        let (up, weight) = (seen.quorum_up, seen.weight);
        complaints.push(format!("{}: quorum is up: {up}, weight {weight}, but there is {sum}", seen.name));
    }
    let stands_in = !seen.quorum_up && server.sorry_server.is_some();
    for key in services(config, server) {
        let mut places = Places::new();
        for (real, alive, weight) in &states {
            let place = place(key, real.address, real.port, real.forwarding);
            let allowed = match (alive, stands_in, real.inhibit_on_failure) {
                (true, false, _) => (vec![*weight], false),
                (false, _, true) | (true, true, true) => (vec![0], false),
                (true, true, false) | (false, _, false) => (Vec::new(), true),
            };
            places.insert(place, allowed);
        }
        if let Some(sorry) = &server.sorry_server {
            let place = place(key, sorry.address, sorry.port, sorry.forwarding);
            let weight = u32::from(stands_in);
            let allowed = if stands_in || sorry.inhibit { (vec![weight], false) } else { (Vec::new(), true) };
            if sorry.is_real_server {
                // Two owners, one place.
                places.remove(&place);
            } else {
                places.insert(place, allowed);
            }
        }
        compare(&seen.name, key, &places, table, complaints);
    }
}

fn compare(name: &str, key: ServiceKey, places: &Places, table: &Table, complaints: &mut Vec<String>) {
    let Some(entry) = table.0.get(&key) else {
        complaints.push(format!("{name}: {key} is missing"));
        return;
    };
    for (place, (weights, may_be_absent)) in places {
        let there = entry.servers.get(place).map(|server| server.weight);
        if !there.map_or(*may_be_absent, |weight| weights.contains(&weight)) {
            complaints.push(format!(
                "{name}: {place} in {key} is {there:?}, allowed are {weights:?}, and absent: {may_be_absent}"
            ));
        }
    }
}

/// Whether a server is in service, and with what weight.
fn state(real: &RealServer, servers: &Servers) -> (bool, u32) {
    let mut alive = true;
    let configured = i64::from(real.weight.get());
    let mut weight = configured;
    for checker in &real.checkers {
        match checker {
            Checker::Active(check) => {
                let (passes, own) = servers.judge(check);
                alive &= passes;
                weight += own.map_or(0, |own| i64::from(own) - configured);
            }
            Checker::File(check) => match contribution(check, servers.number(&check.file)) {
                None => alive = false,
                Some(contribution) => weight += contribution,
            },
            Checker::Bfd(_) => {}
        }
    }
    (alive, u32::try_from(weight.clamp(0, i64::from(i32::MAX))).unwrap_or(0))
}

/// What a file adds; `None` when it takes the server out.
fn contribution(check: &FileCheck, number: i64) -> Option<i64> {
    if check.weight == 0 {
        return ((number == 0) != check.reverse).then_some(0);
    }
    let product = number * i64::from(check.weight) * if check.reverse { -1 } else { 1 };
    (product > i64::from(i32::MIN)).then(|| product.min(i64::from(i32::MAX)))
}

fn services(config: &Config, server: &VirtualServer) -> Vec<ServiceKey> {
    let by_address = |address, port| ServiceKey::Address { protocol: Protocol::Tcp, address, port };
    let by_mark = |mark| ServiceKey::Mark { mark, family: Family::V4 };
    match &server.service {
        Service::Address(address, port) => vec![by_address(*address, *port)],
        Service::Mark(mark) => vec![by_mark(*mark)],
        Service::Group { name, .. } => {
            let group = config.groups.iter().find(|group| group.name == *name);
            let mut keys = Vec::new();
            for entry in group.into_iter().flat_map(|group| &group.entries) {
                match entry {
                    GroupEntry::Mark { mark, .. } => keys.push(by_mark(*mark)),
                    GroupEntry::Addresses { range, port } => {
                        if let (IpAddr::V4(first), IpAddr::V4(last)) = (range.first(), range.last()) {
                            let numbers = u32::from(first)..=u32::from(last);
                            keys.extend(numbers.map(|n| by_address(IpAddr::V4(Ipv4Addr::from(n)), *port)));
                        }
                    }
                }
            }
            keys
        }
    }
}

/// Only NAT reaches another port than the service's.
fn place(key: ServiceKey, address: IpAddr, port: u16, forwarding: Forwarding) -> DestinationKey {
    let port = match (forwarding, key) {
        (Forwarding::Nat, _) => port,
        (_, ServiceKey::Address { port, .. }) => port,
        (_, ServiceKey::Mark { .. }) => 0,
    };
    DestinationKey { address, port }
}

//! The table that should be against the table that is.

use crate::wanted::Wanted;
use keepalived_types::ipvs::{
    Destination, DestinationKey, ObservedService, ServiceKey, TableOperation, VirtualService,
};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What has to be done so that everything wanted is there as it is wanted. What nobody wants is foreign and stays.
pub(crate) fn repair(wanted: &Wanted, observed: &[ObservedService]) -> Vec<TableOperation> {
    let present: HashMap<ServiceKey, &ObservedService> =
        observed.iter().map(|entry| (entry.service.key, entry)).collect();
    let mut operations = Vec::new();
    for entry in wanted.services().into_iter().filter(|entry| !entry.refused) {
        let is = present.get(&entry.service.key).copied();
        compare(&entry.service, &entry.destinations(), is, &mut operations);
    }
    operations
}

fn compare(
    service: &VirtualService,
    destinations: &[Destination],
    observed: Option<&ObservedService>,
    operations: &mut Vec<TableOperation>,
) {
    let key = service.key;
    let Some(observed) = observed else {
        operations.push(TableOperation::AddService(service.clone()));
        let servers = destinations.iter().map(|server| TableOperation::AddDestination(key, *server));
        operations.extend(servers);
        return;
    };
    if observed.service != *service {
        operations.push(TableOperation::EditService(service.clone()));
    }
    let present: HashMap<DestinationKey, &Destination> =
        observed.destinations.iter().map(|server| (server.key, server)).collect();
    for server in destinations {
        match present.get(&server.key) {
            None if observed.inexpressible.contains(&server.key) => {
                operations.push(TableOperation::EditDestination(key, *server));
            }
            None => operations.push(TableOperation::AddDestination(key, *server)),
            Some(is) if *is != server => operations.push(TableOperation::EditDestination(key, *server)),
            Some(_) => {}
        }
    }
}

/// What is in the table from an earlier process (`placed`: what it put there, or may have), and is not wanted.
pub(crate) fn leftovers(
    wanted: &Wanted,
    observed: &[ObservedService],
    placed: &[(ServiceKey, Vec<DestinationKey>)],
) -> Vec<TableOperation> {
    let present: HashMap<ServiceKey, &ObservedService> =
        observed.iter().map(|entry| (entry.service.key, entry)).collect();
    let mut left: BTreeMap<ServiceKey, HashSet<DestinationKey>> = BTreeMap::new();
    for (key, servers) in placed.iter().filter(|(key, _)| present.contains_key(key)) {
        left.entry(*key).or_default().extend(servers);
    }
    let mut operations = Vec::new();
    for (key, servers) in left {
        let wanted = wanted.service(key);
        let is_needless = |place: &DestinationKey| {
            servers.contains(place) && wanted.is_none_or(|entry| entry.destination(*place).is_none())
        };
        let present = present.get(&key).into_iter().flat_map(|is| &is.destinations).map(|server| server.key);
        let needless = present.filter(is_needless);
        operations.extend(needless.map(|place| TableOperation::RemoveDestination(key, place)));
        if wanted.is_none() {
            operations.push(TableOperation::RemoveService(key));
        }
    }
    operations
}

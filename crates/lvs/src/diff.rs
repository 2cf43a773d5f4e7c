//! The table that should be against the table that is.

use crate::wanted::Wanted;
use keepalived_types::ipvs::{
    Destination, DestinationKey, ObservedService, ServiceKey, TableOperation, VirtualService,
};
use std::collections::HashMap;

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

/// What of an earlier process's entries is in the table and not wanted any more.
pub(crate) fn leftovers(
    wanted: &Wanted,
    observed: &[ObservedService],
    placed: &[(ServiceKey, Vec<DestinationKey>)],
) -> Vec<TableOperation> {
    let present: HashMap<ServiceKey, &ObservedService> =
        observed.iter().map(|entry| (entry.service.key, entry)).collect();
    let mut operations = Vec::new();
    for (key, servers) in placed {
        let Some(is) = present.get(key) else { continue };
        let wanted = wanted.service(*key);
        for place in servers {
            let needed = wanted.is_some_and(|entry| entry.destination(*place).is_some());
            if !needed && is.destinations.iter().any(|server| server.key == *place) {
                operations.push(TableOperation::RemoveDestination(*key, *place));
            }
        }
        if wanted.is_none() {
            operations.push(TableOperation::RemoveService(*key));
        }
    }
    operations
}

/// What is in the table although it is ours by name and must not be there: servers that are out of service.
pub(crate) fn strays(
    wanted: &Wanted,
    observed: &[ObservedService],
    out: &[(ServiceKey, DestinationKey)],
) -> Vec<TableOperation> {
    if out.is_empty() {
        return Vec::new();
    }
    let present: HashMap<ServiceKey, &ObservedService> =
        observed.iter().map(|entry| (entry.service.key, entry)).collect();
    let is_stray = |(key, place): &(ServiceKey, DestinationKey)| {
        let needed = wanted.service(*key).is_none_or(|entry| entry.destination(*place).is_some());
        let is = present.get(key).is_some_and(|is| is.destinations.iter().any(|server| server.key == *place));
        is && !needed
    };
    let strays = out.iter().filter(|entry| is_stray(entry));
    strays.map(|(key, place)| TableOperation::RemoveDestination(*key, *place)).collect()
}

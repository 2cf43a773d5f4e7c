//! The table that should be: services with those who use them, and the servers in them.

use keepalived_types::Forwarding;
use keepalived_types::ipvs::{Destination, DestinationKey, ServiceKey, TableOperation, VirtualService};
use std::collections::HashMap;

/// A service that is wanted.
#[derive(Clone, Debug)]
pub(crate) struct WantedService {
    /// What it should be.
    pub(crate) service: VirtualService,
    /// How many virtual servers stand behind it; it goes with the last one.
    users: u32,
    /// The kernel refused it, so that nothing can be in it.
    pub(crate) refused: bool,
    /// When it was wanted first, for the order of a repair.
    order: u64,
    /// Its servers, by their place.
    destinations: HashMap<DestinationKey, WantedDestination>,
}

/// A server, but for its place.
#[derive(Clone, Copy, Debug)]
struct WantedDestination {
    forwarding: Forwarding,
    weight: u32,
    upper_threshold: u32,
    lower_threshold: u32,
    /// The kernel refused it; only a change of ours tries it again.
    refused: bool,
    /// How many servers of virtual servers it stands for; it goes with the last one.
    users: u32,
    order: u64,
}

/// The table that should be.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    services: HashMap<ServiceKey, WantedService>,
    next: u64,
}

impl Wanted {
    /// Takes the change in, and says what the kernel has to be told: nothing when others need the entry too, or when
    /// it is so already.
    pub(crate) fn apply(&mut self, operation: TableOperation) -> Option<TableOperation> {
        match operation {
            TableOperation::AddService(service) => self.add_service(service),
            TableOperation::EditService(service) => {
                let entry = self.services.get_mut(&service.key)?;
                if entry.service == service {
                    return None;
                }
                entry.service = service.clone();
                Some(TableOperation::EditService(service))
            }
            TableOperation::RemoveService(key) => {
                let entry = self.services.get_mut(&key)?;
                entry.users = entry.users.saturating_sub(1);
                if entry.users > 0 {
                    return None;
                }
                self.services.remove(&key);
                Some(TableOperation::RemoveService(key))
            }
            TableOperation::AddDestination(key, destination) => self.add_destination(key, destination),
            TableOperation::EditDestination(key, destination) => self.edit_destination(key, destination),
            TableOperation::RemoveDestination(key, place) => {
                let entry = self.services.get_mut(&key)?;
                let wanted = entry.destinations.get_mut(&place)?;
                wanted.users = wanted.users.saturating_sub(1);
                if wanted.users > 0 {
                    return None;
                }
                entry.destinations.remove(&place);
                Some(TableOperation::RemoveDestination(key, place))
            }
            other => Some(other),
        }
    }

    fn add_service(&mut self, service: VirtualService) -> Option<TableOperation> {
        self.next += 1;
        if let Some(entry) = self.services.get_mut(&service.key) {
            entry.users += 1;
            return None;
        }
        let entry = WantedService {
            service: service.clone(),
            users: 1,
            refused: false,
            order: self.next,
            destinations: HashMap::new(),
        };
        self.services.insert(service.key, entry);
        Some(TableOperation::AddService(service))
    }

    fn add_destination(&mut self, key: ServiceKey, destination: Destination) -> Option<TableOperation> {
        self.next += 1;
        let entry = self.services.get_mut(&key)?;
        if let Some(wanted) = entry.destinations.get_mut(&destination.key) {
            wanted.users += 1;
            return wanted.replace(destination).then_some(TableOperation::EditDestination(key, destination));
        }
        entry.destinations.insert(destination.key, WantedDestination::new(destination, self.next));
        Some(TableOperation::AddDestination(key, destination))
    }

    fn edit_destination(&mut self, key: ServiceKey, destination: Destination) -> Option<TableOperation> {
        let entry = self.services.get_mut(&key)?;
        let Some(wanted) = entry.destinations.get_mut(&destination.key) else {
            return self.add_destination(key, destination);
        };
        wanted.replace(destination).then_some(TableOperation::EditDestination(key, destination))
    }

    /// The kernel refused this for good: asking again would give the same answer.
    pub(crate) fn refuse(&mut self, operation: &TableOperation) {
        match operation {
            TableOperation::AddService(service) | TableOperation::EditService(service) => {
                if let Some(entry) = self.services.get_mut(&service.key) {
                    entry.refused = true;
                }
            }
            TableOperation::AddDestination(key, server) | TableOperation::EditDestination(key, server) => {
                let entry = self.services.get_mut(key);
                if let Some(wanted) = entry.and_then(|entry| entry.destinations.get_mut(&server.key)) {
                    wanted.refused = true;
                }
            }
            _ => {}
        }
    }

    /// A wanted service.
    pub(crate) fn service(&self, key: ServiceKey) -> Option<&WantedService> {
        self.services.get(&key)
    }

    /// All services in the order in which they were wanted.
    pub(crate) fn services(&self) -> Vec<&WantedService> {
        let mut services: Vec<&WantedService> = self.services.values().collect();
        services.sort_unstable_by_key(|entry| entry.order);
        services
    }
}

impl WantedService {
    /// Its servers in the order in which they were wanted, without those that the kernel refused.
    pub(crate) fn destinations(&self) -> Vec<Destination> {
        let mut destinations: Vec<(&DestinationKey, &WantedDestination)> =
            self.destinations.iter().filter(|(_, wanted)| !wanted.refused).collect();
        destinations.sort_unstable_by_key(|(_, wanted)| wanted.order);
        destinations.into_iter().map(|(key, wanted)| wanted.at(*key)).collect()
    }

    /// The server at this place.
    pub(crate) fn destination(&self, key: DestinationKey) -> Option<Destination> {
        self.destinations.get(&key).map(|wanted| wanted.at(key))
    }
}

impl WantedDestination {
    const fn new(destination: Destination, order: u64) -> Self {
        let Destination { key: _, forwarding, weight, upper_threshold, lower_threshold } = destination;
        Self { forwarding, weight, upper_threshold, lower_threshold, refused: false, users: 1, order }
    }

    /// As it belongs at its place.
    const fn at(&self, key: DestinationKey) -> Destination {
        let Self { forwarding, weight, upper_threshold, lower_threshold, .. } = *self;
        Destination { key, forwarding, weight, upper_threshold, lower_threshold }
    }

    /// From now on it should be so; false when it should already.
    fn replace(&mut self, destination: Destination) -> bool {
        if self.at(destination.key) == destination {
            return false;
        }
        *self = Self { users: self.users, ..Self::new(destination, self.order) };
        true
    }
}

#[cfg(test)]
mod tests;

//! The kernel's table as the kernel keeps it: strict about what is there and what is not.

use keepalived_types::ipvs::{
    Destination, DestinationKey, ObservedService, ServiceKey, TableOperation, VirtualService,
};
use std::collections::BTreeMap;

/// errno values of the kernel's answers.
pub(super) const EEXIST: i32 = 17;
pub(super) const ESRCH: i32 = 3;
pub(super) const ENOENT: i32 = 2;

/// A service with its servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) service: VirtualService,
    pub(super) servers: BTreeMap<DestinationKey, Destination>,
}

/// All services.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Table(pub(super) BTreeMap<ServiceKey, Entry>);

impl Table {
    /// Does as it is told.
    ///
    /// # Errors
    /// What the kernel would say.
    pub(super) fn apply(&mut self, operation: &TableOperation) -> Result<(), i32> {
        match operation {
            TableOperation::AddService(service) => {
                if self.0.contains_key(&service.key) {
                    return Err(EEXIST);
                }
                let entry = Entry { service: service.clone(), servers: BTreeMap::new() };
                self.0.insert(service.key, entry);
            }
            TableOperation::EditService(service) => {
                self.0.get_mut(&service.key).ok_or(ESRCH)?.service = service.clone();
            }
            TableOperation::RemoveService(key) => drop(self.0.remove(key).ok_or(ESRCH)?),
            TableOperation::AddDestination(key, server) => {
                let entry = self.0.get_mut(key).ok_or(ESRCH)?;
                if entry.servers.contains_key(&server.key) {
                    return Err(EEXIST);
                }
                entry.servers.insert(server.key, *server);
            }
            TableOperation::EditDestination(key, server) => {
                let entry = self.0.get_mut(key).ok_or(ESRCH)?;
                *entry.servers.get_mut(&server.key).ok_or(ENOENT)? = *server;
            }
            TableOperation::RemoveDestination(key, place) => {
                let entry = self.0.get_mut(key).ok_or(ESRCH)?;
                entry.servers.remove(place).ok_or(ENOENT)?;
            }
            TableOperation::Flush => self.0.clear(),
            TableOperation::StartSync(_) | TableOperation::StopSync(..) | TableOperation::SetTimeouts(_) => {}
        }
        Ok(())
    }

    /// What a reading of these services finds.
    pub(super) fn observed(&self, ours: impl Fn(&ServiceKey) -> bool) -> Vec<ObservedService> {
        let of = |entry: &Entry| ObservedService {
            service: entry.service.clone(),
            destinations: entry.servers.values().copied().collect(),
            inexpressible: Vec::new(),
        };
        self.0.values().filter(|entry| ours(&entry.service.key)).map(of).collect()
    }

    /// The same from what an engine wants.
    pub(super) fn wanted(services: Vec<ObservedService>) -> Self {
        let entry = |wanted: ObservedService| {
            let servers = wanted.destinations.into_iter().map(|server| (server.key, server)).collect();
            (wanted.service.key, Entry { service: wanted.service, servers })
        };
        Self(services.into_iter().map(entry).collect())
    }

    /// One line for each thing, for a comparison that can be read.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (key, entry) in &self.0 {
            let persistent = entry.service.persistence.is_some();
            lines.push(format!("{key} {} persistent: {persistent}", entry.service.scheduler));
            let servers = entry.servers.values();
            lines.extend(servers.map(|server| {
                format!("{key} -> {} {:?} weight {}", server.key, server.forwarding, server.weight)
            }));
        }
        lines
    }
}

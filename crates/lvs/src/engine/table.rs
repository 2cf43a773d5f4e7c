//! The kernel's table: what belongs in it, what it refused, what is in it.

use super::Engine;
use crate::diff;
use crate::effect::Effect;
use crate::event::EventKind;
use crate::servers::VirtualServer;
use keepalived_types::Instant;
use keepalived_types::ipvs::{ObservedService, ServiceKey, TableOperation};
use std::collections::HashSet;

impl Engine {
    /// The kernel refused an operation.
    pub fn handle_refusal(&mut self, operation: TableOperation, errno: i32, _now: Instant) {
        const EEXIST: i32 = 17;
        const ESRCH: i32 = 3;
        let key = service_of(&operation);
        // Somebody else added it, or removed the service: the next reading of the table puts that right.
        if !matches!(errno, EEXIST | ESRCH) {
            self.world.wanted.refuse(&operation);
        }
        // A service that is not there refuses everything else; that was said once.
        let is_follow_up =
            !matches!(operation, TableOperation::AddService(_) | TableOperation::EditService(_))
                && key.and_then(|key| self.world.wanted.service(key)).is_some_and(|service| service.refused);
        // Whether a sync daemon ran before is not known, and no matter.
        let is_expected = matches!(operation, TableOperation::StopSync(..));
        if !is_follow_up && !is_expected {
            let kind = EventKind::OperationRefused { operation: Box::new(operation), errno };
            self.world.report("", None, kind);
        }
    }

    /// This is the kernel's table now: what is wanted and not there, or otherwise there, is put right. A table that
    /// the kernel has taken all operations of so far needs nothing.
    pub fn handle_table(&mut self, observed: &[ObservedService]) {
        if !self.is_running {
            return;
        }
        let mut operations = diff::repair(&self.world.wanted, observed);
        let out: Vec<_> = self.virtual_servers.iter().flat_map(VirtualServer::out_of_service).collect();
        operations.extend(diff::strays(&self.world.wanted, observed, &out));
        if operations.is_empty() {
            return;
        }
        self.world.report("", None, EventKind::TableRepaired { operations: operations.len() });
        operations.into_iter().for_each(|operation| self.world.command(operation));
    }

    /// How many of the things to be done change the kernel's table.
    #[must_use]
    pub fn table_changes(&self) -> usize {
        self.world.effects.iter().filter(|effect| matches!(effect, Effect::Table(_))).count()
    }

    /// The services that the configuration stands for, whether they are in the table or not.
    #[must_use]
    pub fn services(&self) -> HashSet<ServiceKey> {
        self.virtual_servers.iter().flat_map(|server| &server.targets).map(|target| target.key).collect()
    }

    /// Everything that should be in the kernel's table.
    #[must_use]
    pub fn wanted_table(&self) -> Vec<ObservedService> {
        let services = self.world.wanted.services().into_iter();
        services
            .map(|entry| ObservedService {
                service: entry.service.clone(),
                destinations: entry.destinations(),
                inexpressible: Vec::new(),
            })
            .collect()
    }
}

fn service_of(operation: &TableOperation) -> Option<ServiceKey> {
    match operation {
        TableOperation::AddService(service) | TableOperation::EditService(service) => Some(service.key),
        TableOperation::RemoveService(key)
        | TableOperation::AddDestination(key, _)
        | TableOperation::EditDestination(key, _)
        | TableOperation::RemoveDestination(key, _) => Some(*key),
        TableOperation::Flush
        | TableOperation::StartSync(_)
        | TableOperation::StopSync(..)
        | TableOperation::SetTimeouts(_) => None,
    }
}

//! The kernel's table: operations in batches, and what is really there.

use keepalived_config::model::IpvsNamespace;
use keepalived_kernel::Result;
use keepalived_kernel::ipvs::{Ipvs, Place, Refusal, TableReader};
use keepalived_types::ipvs::{ConnectionTimeouts, ObservedService, ServiceKey, TableOperation};
use std::collections::HashSet;

/// The way to the kernel's table.
#[derive(Debug)]
pub(super) struct Table {
    place: Place,
    ipvs: Ipvs,
    reader: TableReader,
}

/// An operation that the kernel refused, and its error.
pub(super) type Refused = (TableOperation, i32);

impl Table {
    /// Opens the sockets, and loads the kernel's module if it is not there. Waits.
    ///
    /// # Errors
    /// When the kernel has no IPVS, the namespace does not exist, or we may not.
    pub(super) fn open(namespace: &IpvsNamespace) -> Result<Self> {
        let place = match namespace {
            IpvsNamespace::Same | IpvsNamespace::Initial => Place::Here,
            IpvsNamespace::Named(name) => Place::Named(name.clone()),
        };
        let ipvs = Ipvs::open(&place)?;
        let reader = TableReader::open(&place)?;
        Ok(Self { place, ipvs, reader })
    }

    /// Closes the sockets and opens them anew.
    ///
    /// # Errors
    /// As [`Table::open`].
    pub(super) fn reopen(&mut self) -> Result<()> {
        self.ipvs = Ipvs::open(&self.place)?;
        self.reader = TableReader::open(&self.place)?;
        Ok(())
    }

    /// Performs operations in order, each whatever became of those before, and returns the refused ones.
    ///
    /// # Errors
    /// When the socket is beyond use.
    pub(super) fn execute(&mut self, operations: Vec<TableOperation>) -> Result<Vec<Refused>> {
        if operations.is_empty() {
            return Ok(Vec::new());
        }
        let outcomes = self.ipvs.execute(&operations)?;
        let mut refused = Vec::new();
        let mut additions = Vec::new();
        for (operation, outcome) in operations.into_iter().zip(outcomes) {
            let Err(error) = outcome else { continue };
            let wants_addition = Refusal { operation: &operation, error: &error }.wants_addition();
            match operation {
                // Somebody else removed it meanwhile.
                TableOperation::EditDestination(key, server) if wants_addition => {
                    additions.push(TableOperation::AddDestination(key, server));
                }
                operation => refused.push((operation, error.errno)),
            }
        }
        refused.extend(self.execute(additions)?);
        Ok(refused)
    }

    /// What is there of these services.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub(super) fn read(&mut self, ours: HashSet<ServiceKey>) -> Result<Vec<ObservedService>> {
        self.reader.read(ours).map(|table| table.ours)
    }

    /// The time-outs of connections.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub(super) fn timeouts(&mut self) -> Result<ConnectionTimeouts> {
        self.ipvs.timeouts()
    }
}

//! The kernel's table: operations in batches, and what is really there.

use crate::ipvs_place;
use keepalived_config::model::{IpvsNamespace, SocketBuffer};
use keepalived_kernel::Result;
use keepalived_kernel::ipvs::{Ipvs, Place, Refusal, TableReader};
use keepalived_kernel::netlink::ReceiveBuffer;
use keepalived_types::ipvs::{ConnectionTimeouts, ObservedService, ServiceKey, TableOperation};
use std::collections::HashSet;
use std::os::fd::OwnedFd;

/// A reading during which we changed the table is of no use. After so many of those the next one is done in one go.
const SPOILT_READINGS: u32 = 3;

/// The way to the kernel's table.
#[derive(Debug)]
pub(super) struct Table {
    place: Place,
    room: ReceiveBuffer,
    ipvs: Ipvs,
    reader: TableReader,
    /// Of our services, those that the reading under way is about; none when there is none.
    reading: Option<HashSet<ServiceKey>>,
    /// Readings that had to begin anew since the last complete one.
    spoilt: u32,
    /// What `place` may lead through: the network namespace that the daemon was started in.
    _origin: Option<OwnedFd>,
}

/// An operation that the kernel refused, and its error.
pub(super) type Refused = (TableOperation, i32);

impl Table {
    /// Opens the sockets, and loads the kernel's module if it is not there. Waits.
    ///
    /// # Errors
    /// When the kernel has no IPVS, the namespace does not exist, or we may not.
    pub(super) fn open(namespace: &IpvsNamespace, buffer: SocketBuffer) -> Result<Self> {
        let origin = ipvs_place::origin();
        let place = ipvs_place::place(namespace, origin.as_ref());
        let room = ipvs_place::room(buffer);
        let ipvs = Ipvs::with_receive_buffer(&place, room)?;
        let reader = TableReader::open(&place)?;
        Ok(Self { place, room, ipvs, reader, reading: None, spoilt: 0, _origin: origin })
    }

    /// The network namespace of the table. It can be reached as long as this table is kept.
    pub(super) fn place(&self) -> Place {
        self.place.clone()
    }

    /// Closes the sockets and opens them anew.
    ///
    /// # Errors
    /// As [`Table::open`].
    pub(super) fn reopen(&mut self) -> Result<()> {
        self.ipvs = Ipvs::with_receive_buffer(&self.place, self.room)?;
        self.reader = TableReader::open(&self.place)?;
        self.reading = None;
        Ok(())
    }

    /// From now on the socket for operations has this much room for unread answers.
    ///
    /// # Errors
    /// When the kernel refuses, which it has no reason for.
    pub(super) fn set_receive_buffer(&mut self, buffer: SocketBuffer) -> Result<()> {
        let room = ipvs_place::room(buffer);
        if std::mem::replace(&mut self.room, room) == room {
            return Ok(());
        }
        self.ipvs.set_receive_buffer(room)
    }

    /// Performs operations in order, each whatever became of those before, and returns the refused ones.
    ///
    /// # Errors
    /// When the socket is beyond use.
    pub(super) fn execute(&mut self, operations: Vec<TableOperation>) -> Result<Vec<Refused>> {
        if operations.is_empty() {
            return Ok(Vec::new());
        }
        self.spoil_reading()?;
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

    /// What is there of these services. Waits.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub(super) fn read(&mut self, ours: HashSet<ServiceKey>) -> Result<Vec<ObservedService>> {
        (self.reading, self.spoilt) = (None, 0);
        self.reader.read(ours).map(|table| table.ours)
    }

    /// Begins to read, for [`Table::read_on`].
    ///
    /// # Errors
    /// When the kernel refuses.
    pub(super) fn begin_reading(&mut self, ours: HashSet<ServiceKey>) -> Result<()> {
        self.reader.begin(ours.clone())?;
        self.reading = Some(ours);
        Ok(())
    }

    /// A reading is under way: [`Table::read_on`] has to be called again soon.
    pub(super) const fn is_reading(&self) -> bool {
        self.reading.is_some()
    }

    /// Reads on, a thousand servers far, so that no check waits for ten thousand. Returns what is there when that is
    /// known.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub(super) fn read_on(&mut self) -> Result<Option<Vec<ObservedService>>> {
        if self.reading.is_none() {
            return Ok(None);
        }
        let found = self.reader.poll();
        if !matches!(found, Ok(None)) {
            (self.reading, self.spoilt) = (None, 0);
        }
        found.map(|found| found.map(|table| table.ours))
    }

    /// What was read so far may no longer be so: the reading begins anew.
    fn spoil_reading(&mut self) -> Result<()> {
        let Some(ours) = self.reading.take() else { return Ok(()) };
        self.spoilt += 1;
        self.begin_reading(ours)
    }

    /// Something changes all the time: only [`Table::read`] will come to an end.
    pub(super) const fn is_restless(&self) -> bool {
        self.spoilt > SPOILT_READINGS
    }

    /// The time-outs of connections.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub(super) fn timeouts(&mut self) -> Result<ConnectionTimeouts> {
        self.ipvs.timeouts()
    }
}

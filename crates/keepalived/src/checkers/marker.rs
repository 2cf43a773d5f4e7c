//! The nftables table that marks packets of groups (`nftables_ipvs`): written when it changes, and looked at now and then.

use keepalived_kernel::Result;
use keepalived_kernel::ipvs::Place;
use keepalived_kernel::nftables::{Nftables, Traces};
use keepalived_types::Marking;

/// The way to the table.
#[derive(Debug)]
pub(super) struct Marker {
    /// Where packets for IPVS come in.
    place: Place,
    socket: Option<Nftables>,
    wanted: Option<Marking>,
    /// As we left it; none when it could not be written.
    traces: Option<Traces>,
    /// What was said last about an attempt that failed, so that it is said once.
    complaint: Option<String>,
}

impl Marker {
    /// Nothing is marked yet, and nothing is opened.
    pub(super) const fn new(place: Place) -> Self {
        Self { place, socket: None, wanted: None, traces: None, complaint: None }
    }

    /// Writes the table, or removes it when nothing is to be marked. Waits. Returns what the log should say.
    pub(super) fn set(&mut self, marking: Marking) -> Option<String> {
        if marking.ranges.is_empty() {
            if self.wanted.as_ref().is_some_and(|wanted| wanted.table == marking.table) {
                (self.wanted, self.traces) = (None, None);
            }
            let removed = self.socket().and_then(|socket| socket.write(&marking));
            return removed.err().map(|error| error.to_string());
        }
        self.wanted = Some(marking);
        self.complaint = None;
        self.write()
    }

    /// Writes the table anew when somebody else changed or removed it, as a flush of all rules does, or when it could not
    /// be written before. Waits. Returns what the log should say.
    pub(super) fn look(&mut self) -> Option<String> {
        let table = self.wanted.as_ref()?.table.clone();
        let found = self.socket().and_then(|socket| socket.traces(&table));
        let before = self.traces;
        if before.is_some() && found.as_ref().ok() == before.as_ref() {
            return None;
        }
        let changed = format!("Somebody else changed the nftables table {table}. It is put back");
        self.write().or_else(|| before.map(|_| changed))
    }

    fn write(&mut self) -> Option<String> {
        let written = self.try_to_write();
        let complaint = match written {
            Ok(traces) => {
                self.traces = traces;
                None
            }
            Err(error) => {
                (self.traces, self.socket) = (None, None);
                Some(format!("Packets for virtual server groups are not marked: {error}"))
            }
        };
        let news = complaint.clone().filter(|_| complaint != self.complaint);
        self.complaint = complaint;
        news
    }

    fn try_to_write(&mut self) -> Result<Option<Traces>> {
        let Some(wanted) = self.wanted.clone() else { return Ok(None) };
        let socket = self.socket()?;
        socket.write(&wanted)?;
        socket.traces(&wanted.table).map(Some)
    }

    fn socket(&mut self) -> Result<&mut Nftables> {
        match self.socket {
            Some(ref mut socket) => Ok(socket),
            ref mut none => Ok(none.insert(Nftables::open(&self.place)?)),
        }
    }
}

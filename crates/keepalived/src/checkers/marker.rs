//! The nftables table that marks packets of groups (`nftables_ipvs`): written when it changes, and looked at now and then.

use keepalived_kernel::Result;
use keepalived_kernel::ipvs::Place;
use keepalived_kernel::nftables::{Nftables, Traces};
use keepalived_types::Marking;

/// Where tables are written.
pub(super) trait Tables {
    /// What tells whether a table is as it was left.
    type Traces;
    /// Writes the table in place of what is there; without ranges it goes.
    fn write(&mut self, marking: &Marking) -> Result<()>;
    /// The table of this name as it is now.
    fn traces(&mut self, table: &str) -> Result<Self::Traces>;
    /// Nobody has changed or removed the table since.
    fn is_untouched(&mut self, left: &mut Self::Traces) -> Result<bool>;
}

/// What is to be marked, and what became of it.
#[derive(Debug)]
pub(super) struct Marker<T: Tables = Machine> {
    tables: T,
    wanted: Option<Marking>,
    /// As we left it; none when it could not be written.
    traces: Option<T::Traces>,
    /// What was said last about an attempt that failed, so that it is said once.
    complaint: Option<String>,
}

impl<T: Tables> Marker<T> {
    /// Nothing is marked yet, and nothing is opened.
    pub(super) const fn new(tables: T) -> Self {
        Self { tables, wanted: None, traces: None, complaint: None }
    }

    /// Writes the table, or removes it when nothing is to be marked. Waits. Returns what the log should say.
    pub(super) fn set(&mut self, marking: Marking) -> Option<String> {
        if marking.ranges.is_empty() {
            if self.wanted.as_ref().is_some_and(|wanted| wanted.table == marking.table) {
                (self.wanted, self.traces) = (None, None);
            }
            return self.tables.write(&marking).err().map(|error| error.to_string());
        }
        self.wanted = Some(marking);
        self.complaint = None;
        self.write()
    }

    /// Writes the table anew when somebody else changed or removed it, as a flush of all rules does, or when it could not
    /// be written before. Waits. Returns what the log should say.
    pub(super) fn look(&mut self) -> Option<String> {
        let table = &self.wanted.as_ref()?.table;
        let Some(traces) = &mut self.traces else { return self.write() };
        let changed = match self.tables.is_untouched(traces) {
            Ok(true) => return None,
            Ok(false) => Some(format!("Somebody else changed the nftables table {table}. It is put back")),
            Err(_) => None,
        };
        self.write().or(changed)
    }

    fn write(&mut self) -> Option<String> {
        let complaint = match self.try_to_write() {
            Ok(traces) => {
                self.traces = traces;
                None
            }
            Err(error) => {
                self.traces = None;
                Some(format!("Packets for virtual server groups are not marked: {error}"))
            }
        };
        let news = complaint.clone().filter(|_| complaint != self.complaint);
        self.complaint = complaint;
        news
    }

    fn try_to_write(&mut self) -> Result<Option<T::Traces>> {
        let Some(wanted) = &self.wanted else { return Ok(None) };
        self.tables.write(wanted)?;
        self.tables.traces(&wanted.table).map(Some)
    }
}

/// The tables of this machine. The way to them is opened when it is needed, and anew after it failed.
#[derive(Debug)]
pub(super) struct Machine {
    place: Place,
    nftables: Option<Nftables>,
}

impl Machine {
    /// Those where packets for IPVS come in.
    pub(super) const fn new(place: Place) -> Self {
        Self { place, nftables: None }
    }

    fn ask<A>(&mut self, question: impl FnOnce(&mut Nftables) -> Result<A>) -> Result<A> {
        let nftables = match self.nftables {
            Some(ref mut nftables) => nftables,
            ref mut none => none.insert(Nftables::open(&self.place)?),
        };
        let answer = question(nftables);
        if answer.is_err() {
            self.nftables = None;
        }
        answer
    }
}

impl Tables for Machine {
    type Traces = Traces;

    fn write(&mut self, marking: &Marking) -> Result<()> {
        self.ask(|nftables| nftables.write(marking))
    }

    fn traces(&mut self, table: &str) -> Result<Traces> {
        self.ask(|nftables| nftables.traces(table))
    }

    fn is_untouched(&mut self, left: &mut Traces) -> Result<bool> {
        self.ask(|nftables| nftables.is_untouched(left))
    }
}

#[cfg(test)]
mod tests;

//! The table as the kernel has it, read in small steps: what a reconciler compares with what it wants.

use super::attribute::command;
use super::decode::{self, AnyDestination};
use super::encode::Request;
use super::{Place, family, question};
use crate::error::{Doing, Result};
use crate::netlink::ReceiveBuffer;
use crate::netlink::decode::Message;
use crate::netlink::exchange::{Answers, Exchange, Heard, Question};
use keepalived_types::ipvs::{ObservedService, ObservedTable, ServiceKey, ServiceReport};
use std::collections::HashSet;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

/// Datagrams read in one [`TableReader::poll`]; some 60 destinations each, so about a thousand destinations.
const DATAGRAMS_PER_POLL: usize = 16;

const READ: &str = "read the IPVS table";

/// A socket that reads the table.
///
/// The kernel tells nobody when its table changes, so whoever wants to know has to read it again. [`TableReader::begin`]
/// starts, [`TableReader::poll`] goes on a little each time it is called, and [`TableReader::read`] does both for
/// callers who may wait. Only the destinations of our own services are read; how many others there are costs little.
///
/// Reading is not one moment: what changes meanwhile may be missed, and is found by the next reading.
#[derive(Debug)]
pub struct TableReader {
    exchange: Exchange<Request>,
    family: u16,
    /// The list that the kernel is giving us. It has to be read to its end before it gives another.
    question: Option<Question>,
    reading: Option<Reading>,
}

/// A reading under way.
#[derive(Debug)]
struct Reading {
    ours: HashSet<ServiceKey>,
    table: ObservedTable,
    /// How many of our services were asked for their destinations; the last one may still be answering. Before the
    /// first, the services themselves are listed.
    asked: usize,
}

/// How far a poll came.
enum Step {
    Complete(ObservedTable),
    More,
    Starved,
}

impl TableReader {
    /// Opens a socket of its own, so that readings and batches do not meet. Waits.
    ///
    /// # Errors
    /// As [`super::Ipvs::open`].
    pub fn open(place: &Place) -> Result<Self> {
        let mut exchange = family::open(place, ReceiveBuffer::Usual)?;
        let (family, _) = family::find(&mut exchange)?;
        Ok(Self { exchange, family, question: None, reading: None })
    }

    /// Starts a reading; one that is under way is given up for it.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn begin(&mut self, ours: HashSet<ServiceKey>) -> Result<()> {
        self.reading = None;
        self.read_to_the_end().doing(READ)?;
        let ask = question(self.family, command::GET_SERVICE, None);
        self.question = Some(self.exchange.put(Answers::All, ask).doing(READ)?);
        let table = ObservedTable::default();
        self.reading = Some(Reading { ours, table, asked: 0 });
        Ok(())
    }

    /// A reading is under way: call [`TableReader::poll`] again.
    #[must_use]
    pub const fn is_reading(&self) -> bool {
        self.reading.is_some()
    }

    /// Reads on, about a thousand destinations far. Returns the table when it is complete.
    ///
    /// # Errors
    /// When the kernel refuses or answers what cannot be read: this reading is over, and another may be begun.
    pub fn poll(&mut self) -> Result<Option<ObservedTable>> {
        Ok(match self.step()? {
            Step::Complete(table) => Some(table),
            Step::More | Step::Starved => None,
        })
    }

    /// The whole table. Waits.
    ///
    /// # Errors
    /// As [`TableReader::begin`] and [`TableReader::poll`].
    pub fn read(&mut self, ours: HashSet<ServiceKey>) -> Result<ObservedTable> {
        self.begin(ours)?;
        loop {
            match self.step()? {
                Step::Complete(table) => return Ok(table),
                Step::More => {}
                Step::Starved => self.exchange.wait().doing(READ)?,
            }
        }
    }

    fn step(&mut self) -> Result<Step> {
        let Some(mut reading) = self.reading.take() else {
            return Ok(Step::Starved);
        };
        for _ in 0..DATAGRAMS_PER_POLL {
            if self.question.is_none() {
                let Some(next) = reading.table.ours.get(reading.asked) else {
                    return Ok(Step::Complete(reading.table));
                };
                reading.asked += 1;
                let ask = question(self.family, command::GET_DEST, Some(&next.service.key));
                self.question = Some(self.exchange.put(Answers::All, ask).doing(READ)?);
            }
            if self.hear(&mut reading).doing(READ)? == Heard::Nothing {
                self.reading = Some(reading);
                return Ok(Step::Starved);
            }
        }
        self.reading = Some(reading);
        Ok(Step::More)
    }

    /// Reads a datagram of the list under way into the table.
    fn hear(&mut self, reading: &mut Reading) -> io::Result<Heard> {
        let Some(entry) = reading.asked.checked_sub(1).and_then(|at| reading.table.ours.get_mut(at)) else {
            let mut found = Vec::new();
            let heard = self.hear_as(decode::service, &mut found)?;
            for service in found {
                reading.take_service(service?);
            }
            return Ok(heard);
        };
        let family = entry.service.key.family();
        let mut found = Vec::new();
        let heard = self.hear_as(|message| decode::destination(message, family), &mut found)?;
        for destination in found {
            match destination? {
                AnyDestination::Known(report) => entry.destinations.push(report.destination),
                AnyDestination::Odd(key) => entry.inexpressible.push(key),
            }
        }
        Ok(heard)
    }

    fn hear_as<T>(
        &mut self,
        decode: impl Fn(Message<'_>) -> Option<T>,
        found: &mut Vec<T>,
    ) -> io::Result<Heard> {
        let Some(question) = &mut self.question else {
            return Ok(Heard::Everything);
        };
        let heard = self.exchange.hear(question, decode, found);
        if matches!(heard, Ok(Heard::Everything) | Err(_)) {
            self.question = None;
        }
        heard
    }

    /// Reads what is left of a list that nobody wants any more.
    fn read_to_the_end(&mut self) -> io::Result<()> {
        while self.question.is_some() {
            let nothing = |_: Message<'_>| -> Option<()> { None };
            if self.hear_as(nothing, &mut Vec::new())? == Heard::Nothing {
                self.exchange.wait()?;
            }
        }
        Ok(())
    }
}

impl Reading {
    fn take_service(&mut self, report: Option<ServiceReport>) {
        match report.map(|report| report.service) {
            None => self.table.inexpressible += 1,
            Some(service) if self.ours.contains(&service.key) => {
                let (destinations, inexpressible) = (Vec::new(), Vec::new());
                self.table.ours.push(ObservedService { service, destinations, inexpressible });
            }
            Some(service) => self.table.foreign.push(service),
        }
    }
}

impl AsFd for TableReader {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.exchange.as_fd()
    }
}

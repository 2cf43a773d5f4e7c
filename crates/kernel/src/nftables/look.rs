//! Whether a table is as it was left: everything in it is listed and summed up in one number.
//!
//! The kernel counts the changes of its whole ruleset (NFT_MSG_GETGEN). As long as that number is what it was there is
//! nothing to list, so that looking costs one question, however much is in the table.

use super::attribute::{LIST_ELEMENT, chain, element, generation, message, rule, set, table};
use super::encode::{CHAIN, family_of, message_type};
use super::{is_absence, put_text};
use crate::error::{Doing, Result};
use crate::ipvs::{Place, open_in};
use crate::netlink::batch::{Done, Operation};
use crate::netlink::decode::{Attributes, Message};
use crate::netlink::encode::Encoder;
use crate::netlink::exchange::{Answers, Exchange};
use crate::netlink::{NetlinkError, ReceiveBuffer};
use keepalived_types::Family;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;

/// Where the ruleset changes all the time, what was listed last is taken as it is.
const ATTEMPTS: usize = 3;

/// The tables of one name for both families, as they were left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traces {
    table: String,
    /// The number of the ruleset's last change before the tables were listed.
    generation: u32,
    /// What is in the table for each family, summed up; none where there is none.
    sums: [Option<u64>; 2],
}

/// A socket that lists tables, and never changes anything.
#[derive(Debug)]
pub(super) struct Viewer(Exchange<Nothing>);

/// What a socket that only asks has to do.
#[derive(Debug)]
enum Nothing {}

impl Operation for Nothing {
    const CHUNK: usize = 1;

    fn encode(&self, _sequence: u32, _to: &mut Encoder) {
        match *self {}
    }

    fn outcome(&self, _errno: i32, _message: Option<String>) -> std::result::Result<Done, NetlinkError> {
        match *self {}
    }
}

impl Viewer {
    pub(super) fn open(place: &Place) -> Result<Self> {
        let open = || {
            Exchange::with_receive_buffer(libc::NETLINK_NETFILTER, "look at nftables", ReceiveBuffer::Usual)
        };
        open_in(place, open).map(Self)
    }

    /// See [`super::Nftables::traces`].
    pub(super) fn traces(&mut self, name: &str) -> Result<Traces> {
        self.list_in_peace(name).doing(doing(name)).map(|(traces, _)| traces)
    }

    /// See [`super::Nftables::is_untouched`].
    pub(super) fn is_untouched(&mut self, left: &mut Traces) -> Result<bool> {
        let generation = self.generation().doing(doing(&left.table))?;
        if generation == left.generation {
            return Ok(true);
        }
        let (found, in_peace) = self.list_in_peace(&left.table).doing(doing(&left.table))?;
        let same = found.sums == left.sums;
        if same {
            left.generation = found.generation;
        }
        // What was listed while the ruleset changed proves nothing: the next look will tell.
        Ok(same || !in_peace)
    }

    /// Lists the tables while nobody changes the ruleset, if there is such a moment; whether there was is told.
    fn list_in_peace(&mut self, name: &str) -> io::Result<(Traces, bool)> {
        let mut generation = self.generation()?;
        let mut attempts = 1;
        loop {
            let sums = [self.sum(Family::V4, name)?, self.sum(Family::V6, name)?];
            let traces = Traces { table: name.to_owned(), generation, sums };
            let now = self.generation()?;
            if now == generation || attempts == ATTEMPTS {
                return Ok((traces, now == generation));
            }
            (generation, attempts) = (now, attempts + 1);
        }
    }

    fn generation(&mut self) -> io::Result<u32> {
        let ask = |flags, sequence, to: &mut Encoder| {
            to.begin(message_type(message::GET_GENERATION), flags, sequence, &[0; 4]);
        };
        let found = self.0.ask(Answers::One, ask, generation_of)?;
        found.into_iter().next().ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// Everything in a table but its counters; none when there is no table.
    fn sum(&mut self, family: Family, name: &str) -> io::Result<Option<u64>> {
        let table = self.list(Answers::One, family, message::GET_TABLE, &[(table::NAME, name)], part_of)?;
        if table.is_empty() {
            return Ok(None);
        }
        let chain = [(chain::TABLE, name), (chain::NAME, CHAIN)];
        let mut parts = table;
        parts.extend(self.list(Answers::One, family, message::GET_CHAIN, &chain, part_of)?);
        parts.extend(self.list(Answers::All, family, message::GET_RULE, &[(rule::TABLE, name)], part_of)?);
        parts.extend(self.list(Answers::All, family, message::GET_SET, &[(set::TABLE, name)], part_of)?);
        let sets = self.list(Answers::All, family, message::GET_SET, &[(set::TABLE, name)], set_name_of)?;
        for set in &sets {
            let names = [(element::TABLE, name), (element::SET, set)];
            parts.extend(self.list(Answers::All, family, message::GET_SET_ELEMENT, &names, part_of)?);
        }
        // The order in which the kernel lists means nothing.
        Ok(Some(parts.into_iter().fold(0, u64::wrapping_add)))
    }

    /// Asks for what has these names. What is not there is no error.
    fn list<T>(
        &mut self,
        answers: Answers,
        family: Family,
        kind: u8,
        names: &[(u16, &str)],
        decode: fn(Message<'_>) -> Option<T>,
    ) -> io::Result<Vec<T>> {
        let ask = |flags, sequence, to: &mut Encoder| {
            to.begin(message_type(kind), flags, sequence, &[family_of(family), 0, 0, 0]);
            for (attribute, name) in names {
                put_text(*attribute, name, to);
            }
        };
        match self.0.ask(answers, ask, decode) {
            Err(error) if error.raw_os_error().is_some_and(is_absence) => Ok(Vec::new()),
            found => found,
        }
    }
}

fn doing(table: &str) -> String {
    format!("look at the nftables table {table}")
}

/// The attributes behind the struct nfgenmsg, which has part of the generation in it.
fn attributes_of(message: Message<'_>) -> Option<&[u8]> {
    message.payload.get(4..)
}

/// The number in an answer to NFT_MSG_GETGEN.
pub(crate) fn generation_of(message: Message<'_>) -> Option<u32> {
    if message.kind != message_type(message::NEW_GENERATION) {
        return None;
    }
    let mut attributes = Attributes(attributes_of(message)?);
    let found = attributes.find(|attribute| attribute.kind == generation::ID)?;
    found.value.first_chunk().copied().map(u32::from_be_bytes)
}

fn set_name_of(message: Message<'_>) -> Option<String> {
    Attributes(attributes_of(message)?).find(|attribute| attribute.kind == set::NAME)?.text()
}

/// A number for what a message lists: all of a table, a chain or a set, the handle of a rule (a changed rule has another
/// one, its counters are no change), the sum of elements.
pub(crate) fn part_of(message: Message<'_>) -> Option<u64> {
    let attributes = attributes_of(message)?;
    let value = |kind| Attributes(attributes).find(|attribute| attribute.kind == kind);
    let number = |part: &[u8]| {
        let mut hasher = DefaultHasher::new();
        (message.kind, part).hash(&mut hasher);
        hasher.finish()
    };
    let [subsystem, kind] = message.kind.to_be_bytes();
    if subsystem != super::attribute::NFTABLES {
        return None;
    }
    match kind {
        message::NEW_TABLE | message::NEW_CHAIN | message::NEW_SET => Some(number(attributes)),
        message::NEW_RULE => value(rule::HANDLE).map(|handle| number(handle.value)),
        message::NEW_SET_ELEMENT => {
            let set = value(element::SET)?.value;
            let elements = value(element::ELEMENTS)?.nested().filter(|entry| entry.kind == LIST_ELEMENT);
            Some(elements.fold(0, |sum, entry| sum.wrapping_add(number(&[set, entry.value].concat()))))
        }
        _ => None,
    }
}

//! When the table is written, and what the log hears of it.

use super::*;
use keepalived_kernel::Error;
use keepalived_types::MarkedRange;
use keepalived_types::ipvs::Protocol;
use std::collections::HashMap;
use std::io;
use std::net::Ipv4Addr;

/// Tables in memory.
#[derive(Debug, Default)]
struct Memory {
    /// Each with a number that somebody changes who changes the table.
    tables: HashMap<String, (Marking, u32)>,
    /// How often a table was written or removed.
    writes: u32,
    /// Why nothing can be written.
    refusal: Option<&'static str>,
    /// Nobody answers to questions.
    is_mute: bool,
}

impl Memory {
    fn found(&self, table: &str) -> Option<u32> {
        self.tables.get(table).map(|(_, number)| *number)
    }

    /// Somebody else changes the table.
    fn touch(&mut self, table: &str) {
        self.tables.get_mut(table).expect("the table is there").1 += 1_000;
    }
}

impl Tables for Memory {
    type Traces = (String, Option<u32>);

    fn write(&mut self, marking: &Marking) -> Result<()> {
        if let Some(refusal) = self.refusal {
            return Err(Error::new("write", io::Error::other(refusal)));
        }
        self.writes += 1;
        if marking.ranges.is_empty() {
            self.tables.remove(&marking.table);
        } else {
            self.tables.insert(marking.table.clone(), (marking.clone(), self.writes));
        }
        Ok(())
    }

    fn traces(&mut self, table: &str) -> Result<Self::Traces> {
        Ok((table.to_owned(), self.found(table)))
    }

    fn is_untouched(&mut self, left: &mut Self::Traces) -> Result<bool> {
        if self.is_mute {
            return Err(Error::new("look", io::ErrorKind::TimedOut.into()));
        }
        Ok(self.found(&left.0) == left.1)
    }
}

fn marker() -> Marker<Memory> {
    Marker::new(Memory::default())
}

fn marking(table: &str, mark: u32) -> Marking {
    let address = Ipv4Addr::new(192, 0, 2, 1).into();
    let range = MarkedRange { protocol: Protocol::Tcp, first: address, last: address, port: 80, mark };
    Marking { table: table.to_owned(), priority: -1, ranges: vec![range] }
}

fn nothing(table: &str) -> Marking {
    Marking { ranges: Vec::new(), ..marking(table, 1) }
}

#[test]
fn without_groups_nothing_is_asked() {
    let mut marker = marker();
    marker.tables.is_mute = true;
    assert_eq!(marker.look(), None);
    assert_eq!(marker.tables.writes, 0);
}

#[test]
fn a_table_is_written_once_as_long_as_nobody_changes_it() {
    let mut marker = marker();
    assert_eq!(marker.set(marking("t", 7)), None);
    for _ in 0..3 {
        assert_eq!(marker.look(), None);
    }
    assert_eq!(marker.tables.writes, 1);
    assert_eq!(marker.tables.tables["t"].0, marking("t", 7));
}

#[test]
fn what_somebody_else_changed_is_put_back_and_said_each_time() {
    let changed = "Somebody else changed the nftables table t. It is put back";
    let mut marker = marker();
    marker.set(marking("t", 7));
    for writes in 2..4 {
        marker.tables.touch("t");
        assert_eq!(marker.look().as_deref(), Some(changed));
        assert_eq!(marker.look(), None, "it is as it should be");
        assert_eq!(marker.tables.writes, writes);
    }
    marker.tables.tables.clear();
    assert_eq!(marker.look().as_deref(), Some(changed));
    assert_eq!(marker.tables.tables["t"].0, marking("t", 7));
}

#[test]
fn a_refusal_is_said_once_and_again_when_it_is_another_one() {
    let mut marker = marker();
    marker.tables.refusal = Some("no nftables");
    let complaint =
        |why: &str| Some(format!("Packets for virtual server groups are not marked: write: {why}"));
    assert_eq!(marker.set(marking("t", 7)), complaint("no nftables"));
    assert_eq!(marker.look(), None, "it was said");
    marker.tables.refusal = Some("no memory");
    assert_eq!(marker.look(), complaint("no memory"));
    assert_eq!(marker.look(), None);
    marker.tables.refusal = None;
    assert_eq!(marker.look(), None, "nobody else changed anything");
    assert_eq!(marker.tables.tables["t"].0, marking("t", 7));
    // What was well and is not any more is news, whatever was said before.
    marker.tables.touch("t");
    marker.tables.refusal = Some("no memory");
    assert_eq!(marker.look(), complaint("no memory"));
}

/// After a reload the operator looks for what became of it.
#[test]
fn a_refusal_is_said_again_for_other_marks() {
    let mut marker = marker();
    marker.tables.refusal = Some("no nftables");
    assert!(marker.set(marking("t", 7)).is_some());
    assert!(marker.set(marking("t", 8)).is_some());
}

#[test]
fn when_nobody_answers_the_table_is_written_anew_and_nobody_blamed() {
    let mut marker = marker();
    marker.set(marking("t", 7));
    marker.tables.is_mute = true;
    assert_eq!(marker.look(), None);
    assert_eq!(marker.tables.writes, 2);
}

/// As the engine says it after a reload: the new table first, then the end of the old one.
#[test]
fn a_table_with_another_name_takes_the_place_of_the_old_one() {
    let mut marker = marker();
    marker.set(marking("old", 7));
    assert_eq!(marker.set(marking("new", 7)), None);
    assert_eq!(marker.set(nothing("old")), None);
    assert_eq!(marker.tables.tables.keys().collect::<Vec<_>>(), ["new"]);
    assert_eq!(marker.look(), None);
    marker.tables.touch("new");
    assert!(marker.look().is_some(), "the new one is looked after");
    assert_eq!(marker.tables.found("old"), None);
}

#[test]
fn at_the_end_the_table_is_removed_and_stays_away() {
    let mut marker = marker();
    marker.set(marking("t", 7));
    assert_eq!(marker.set(nothing("t")), None);
    assert!(marker.tables.tables.is_empty());
    assert_eq!(marker.look(), None);
    assert_eq!(marker.tables.writes, 2);
}

#[test]
fn a_table_that_cannot_be_removed_is_told() {
    let mut marker = marker();
    marker.set(marking("t", 7));
    marker.tables.refusal = Some("not permitted");
    assert_eq!(marker.set(nothing("t")).as_deref(), Some("write: not permitted"));
}

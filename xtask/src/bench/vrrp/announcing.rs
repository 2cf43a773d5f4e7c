//! One instance with many addresses: from its first advert as MASTER to the announcement of the last address.

use std::fmt::Write as _;
use std::time::Duration;

use keepalived_lab::Program;

use super::Length;
use super::figures::{median, ms};
use super::raw_addresses;
use super::rig::{self, PROGRAMS, Rig};
use super::sheet::{Aim, Row, Sheet};
use super::sightings::advert_to_last_announcement;
use crate::Result;

const SIZES: [usize; 3] = [1, 200, 1_000];
/// The most addresses that an advert can carry; the others are excluded from it.
const ADVERTISED: usize = 200;
/// Beside what the limit shows.
const FRAMES: &str = "the limit adds the addresses and sends nothing: a thousand announcements, at the limit of an advert sent \
                      each, come on top";
const PATIENCE: Duration = Duration::from_secs(10);

/// All sizes.
pub(super) fn measure(rig: &Rig, length: Length, sheet: &mut Sheet) -> Result<()> {
    sheet.section("first advert to last of N gratuitous ARP, ms");
    for size in SIZES {
        let mut times = [Vec::new(), Vec::new()];
        let mut raw = Vec::new();
        for _ in 0..length.repeats {
            raw.push(ms(raw_addresses::add(&rig.b, size)?));
            for (times, program) in times.iter_mut().zip(PROGRAMS) {
                times.push(one(rig, program, size)?);
            }
        }
        let mut row = Row::new(format!("{size} addresses"), times.map(median)).limit(median(raw));
        if size == 1_000 {
            row = row.aim(Aim::OfLimit(1.5)).because(FRAMES);
        }
        sheet.put(row);
    }
    Ok(())
}

fn one(rig: &Rig, program: Program, size: usize) -> Result<f64> {
    let capture = rig.b.capture("eth0")?;
    let (daemon, _) = rig.start(&rig.b, program, &configuration(size))?;
    let mut found = None;
    rig::wait_until(PATIENCE, || {
        found = advert_to_last_announcement(&capture.trace()?, size);
        Ok(found.is_some())
    })?;
    rig::stop(daemon)?;
    Ok(found.map_or(f64::NAN, ms))
}

fn configuration(size: usize) -> String {
    let mut text = String::from(
        "global_defs {
    vrrp_version 3
}
vrrp_instance V {
    state BACKUP
    interface eth0
    virtual_router_id 1
    priority 254
    advert_int 0.1
    virtual_ipaddress {
",
    );
    for number in 0..size {
        if number == ADVERTISED {
            text.push_str("    }\n    virtual_ipaddress_excluded {\n");
        }
        // Writing to a String cannot fail.
        let _ok = writeln!(text, "        10.79.{}.{}/32 dev eth0", number / 250, number % 250 + 1);
    }
    text.push_str("    }\n}\n");
    text
}

//! `bench vrrp`: the VRRP process beside the original's, in turn on the same nodes, and beside what the machine can do.

mod announcing;
mod load;
mod raw;
mod raw_addresses;
mod reloading;
mod rig;
mod scale;
mod setting;
mod sightings;
mod spacing;

use std::time::Duration;

use super::{figures, sheet, usage};
use rig::Rig;
use setting::Setting;
use sheet::Sheet;

use crate::{Error, Result};

/// Instances, milliseconds between their adverts.
const SETTINGS: [(usize, u64); 6] =
    [(100, 1_000), (1_000, 1_000), (4_000, 1_000), (100, 100), (500, 100), (100, 10)];
const QUICK_SETTINGS: [(usize, u64); 3] = [(100, 1_000), (500, 100), (100, 10)];

/// How much is measured.
#[derive(Clone, Copy, Debug)]
struct Length {
    /// CPU figures are the median of so many windows,
    windows: usize,
    /// of this length.
    window: Duration,
    /// Runs of what is over in an instant.
    repeats: usize,
    /// How long adverts are watched.
    spacing: Duration,
    reload_instances: usize,
}

const WHOLE: Length = Length {
    windows: 5,
    window: Duration::from_secs(1),
    repeats: 5,
    spacing: Duration::from_secs(15),
    reload_instances: 1_000,
};

const QUICK: Length = Length {
    windows: 3,
    window: Duration::from_secs(1),
    repeats: 1,
    spacing: Duration::from_secs(4),
    reload_instances: 100,
};

/// A part of it, by name.
type Part = (&'static str, fn(&mut Rig, bool, Length, &mut Sheet) -> Result<()>);

const PARTS: [Part; 4] = [
    ("scale", |rig, quick, length, sheet| {
        let settings: &[(usize, u64)] = if quick { &QUICK_SETTINGS } else { &SETTINGS };
        settings.iter().try_for_each(|&(instances, interval)| {
            scale::measure(rig, Setting::new(instances, interval), length, sheet)
        })
    }),
    ("announcing", |rig, _, length, sheet| announcing::measure(rig, length, sheet)),
    ("spacing", |rig, _, length, sheet| spacing::measure(rig, length, sheet)),
    ("reloading", |rig, _, length, sheet| reloading::measure(rig, length, sheet)),
];

/// The names of the parts.
pub(super) fn parts() -> impl Iterator<Item = &'static str> {
    PARTS.iter().map(|(name, _)| *name)
}

/// Prints the tables of the parts named, or of all.
pub(super) fn run(quick: bool, wanted: &[String]) -> Result<()> {
    let length = if quick { QUICK } else { WHOLE };
    let loads = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("VRRP, ours and the original in turn; load of the machine before the start: {}", loads.trim());
    let (mut sheet, mut complete) = (Sheet::default(), true);
    for (name, part) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            // A fresh LAN each: what one part leaves behind cannot disturb the next.
            if let Err(error) = part(&mut Rig::new()?, quick, length, &mut sheet) {
                println!("{name} could not be measured to its end: {error}");
                complete = false;
            }
        }
    }
    sheet.finish();
    if complete { Ok(()) } else { Err(Error::Failed("some figures are missing".into())) }
}

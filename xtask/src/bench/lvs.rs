//! `bench lvs`: the checker process beside the original's, in turn, in one boot of a kernel that has IPVS, and beside
//! a bare client, which is the least that a check can cost there.
//!
//! The machines that build this have no IPVS, so all of it runs in the second kernel. A system call costs several times
//! more there than on the host, and its timers tick a hundred times a second: the ratios say something, the absolute
//! figures little.

mod bare;
mod checking;
mod deaths;
mod reloading;
mod rig;
mod service;
mod setting;

use std::time::Duration;

use super::{figures, sheet, usage};
use keepalived_lab::{OURS_VARIABLE, SecondKernel};
use rig::Rig;
use setting::{Kind, Setting};
use sheet::Sheet;

use crate::{Error, Result, paths};

/// What the part inside the second kernel is called on the command line.
pub(super) const INSIDE: &str = "lvs-inside";
/// Ten thousand servers, both programs, and the sockets in TIME_WAIT that a thousand checks a second leave.
const MEMORY_MIB: u32 = 1_536;
const TIME_LIMIT: Duration = Duration::from_secs(3_600);

/// How the servers are checked, how many there are, seconds between the checks of one.
const SETTINGS: [(Kind, usize, u64); 8] = [
    (Kind::Tcp, 100, 1),
    (Kind::Tcp, 1_000, 2),
    (Kind::Tcp, 5_000, 6),
    (Kind::Tcp, 10_000, 12),
    (Kind::Http, 100, 1),
    (Kind::Http, 1_000, 2),
    (Kind::Ssl, 100, 1),
    (Kind::Ssl, 1_000, 6),
];
const QUICK_SETTINGS: [(Kind, usize, u64); 3] =
    [(Kind::Tcp, 1_000, 2), (Kind::Http, 1_000, 2), (Kind::Ssl, 100, 1)];

/// How much is measured.
#[derive(Clone, Copy, Debug)]
struct Length {
    /// CPU figures are the median of so many windows,
    windows: usize,
    /// of this length.
    window: Duration,
    /// Servers that die, one after the other.
    deaths: usize,
    /// Of which half die together.
    mass: usize,
    /// Servers of a reload.
    reload: usize,
}

const WHOLE: Length =
    Length { windows: 5, window: Duration::from_secs(3), deaths: 7, mass: 5_000, reload: 10_000 };
const QUICK: Length =
    Length { windows: 3, window: Duration::from_secs(2), deaths: 3, mass: 500, reload: 1_000 };

/// A part of it, by name.
type Part = (&'static str, fn(&Rig, bool, Length, &mut Sheet) -> Result<()>);

const PARTS: [Part; 4] = [
    ("checking", |rig, quick, length, sheet| {
        let settings: &[(Kind, usize, u64)] = if quick { &QUICK_SETTINGS } else { &SETTINGS };
        settings.iter().try_for_each(|&(kind, servers, seconds)| {
            checking::measure(rig, Setting::new(kind, servers, seconds), length, sheet)
        })
    }),
    ("death", |rig, _, length, sheet| deaths::one_by_one(rig, length, sheet)),
    ("deaths", |rig, _, length, sheet| deaths::together(rig, length, sheet)),
    ("reloading", |rig, _, length, sheet| reloading::measure(rig, length, sheet)),
];

/// The names of the parts.
pub(super) fn parts() -> impl Iterator<Item = &'static str> {
    PARTS.iter().map(|(name, _)| *name)
}

/// On the host: boots the second kernel, measures in it, prints the tables of the parts named, or of all.
pub(super) fn run(quick: bool, wanted: &[String]) -> Result<()> {
    let loads = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("\nLoad balancing in the second kernel, which prints nothing before its end.");
    println!("Load of the machine before the start: {}", loads.trim());
    let program = std::env::current_exe().map_err(Error::io("finding the running executable"))?;
    let program = program.to_str().ok_or_else(|| Error::Failed("a path that is no text".into()))?;
    let mut kernel = SecondKernel::new().memory_mib(MEMORY_MIB).time_limit(TIME_LIMIT);
    if std::env::var_os(OURS_VARIABLE).is_none() {
        let ours = paths::target()?.join("release/keepalived");
        kernel = kernel.environment(OURS_VARIABLE, &ours.to_string_lossy());
    }
    let mut command = vec![program, "bench", INSIDE];
    command.extend(wanted.iter().map(String::as_str));
    if quick {
        command.push("--quick");
    }
    let ended = kernel.run(&command)?;
    print!("{}", ended.stdout);
    eprint!("{}", ended.stderr);
    let minutes = ended.took.as_secs_f64() / 60.0;
    println!("\nThe second kernel ran for {minutes:.1} minutes.");
    if ended.status == 0 { Ok(()) } else { Err(Error::Failed("some figures are missing".into())) }
}

/// In the second kernel.
pub(super) fn play(quick: bool, wanted: &[String]) -> Result<()> {
    let length = if quick { QUICK } else { WHOLE };
    let rig = Rig::new()?;
    let (mut sheet, mut complete) = (Sheet::default(), true);
    for (name, part) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            if let Err(error) = part(&rig, quick, length, &mut sheet) {
                println!("{name} could not be measured to its end: {error}");
                complete = false;
            }
        }
    }
    sheet.finish();
    if complete { Ok(()) } else { Err(Error::Failed("some figures are missing".into())) }
}

//! `bench lvs`: the checker process beside the original's, in turn, and beside a bare client, which is the least that a
//! check can cost.
//!
//! The machines that build this have no IPVS. What checks cost is measured on them all the same, with a stand-in that
//! answers both programs' requests in the kernel's place. What is asked of the kernel is measured in the second kernel,
//! which has IPVS; a system call costs several times more there, and its clock ticks a hundred times a second, so that
//! only ratios say something.

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
const SETTINGS: [(Kind, usize, u64); 10] = [
    (Kind::Tcp, 100, 1),
    (Kind::Tcp, 1_000, 1),
    (Kind::Tcp, 5_000, 2),
    (Kind::Tcp, 10_000, 6),
    (Kind::Http, 100, 1),
    (Kind::Http, 1_000, 1),
    (Kind::Http, 5_000, 3),
    (Kind::Ssl, 100, 1),
    (Kind::Ssl, 1_000, 4),
    (Kind::Ssl, 5_000, 6),
];
const QUICK_SETTINGS: [(Kind, usize, u64); 3] =
    [(Kind::Tcp, 1_000, 1), (Kind::Http, 1_000, 1), (Kind::Ssl, 1_000, 4)];

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
    /// Servers that fail at one moment.
    moment: usize,
    /// Servers of a reload.
    reload: usize,
}

const WHOLE: Length = Length {
    windows: 5,
    window: Duration::from_secs(3),
    deaths: 15,
    mass: 5_000,
    moment: 1_000,
    reload: 10_000,
};
const QUICK: Length =
    Length { windows: 3, window: Duration::from_secs(2), deaths: 3, mass: 500, moment: 250, reload: 1_000 };

/// A part of it, by name.
type Part = (&'static str, fn(&Rig, bool, Length, &mut Sheet) -> Result<()>);

/// With the stand-in.
const HERE: [Part; 3] = [
    ("checking", |rig, quick, length, sheet| {
        let settings: &[(Kind, usize, u64)] = if quick { &QUICK_SETTINGS } else { &SETTINGS };
        settings.iter().try_for_each(|&(kind, servers, seconds)| {
            checking::measure(rig, Setting::new(kind, servers, seconds), length, sheet)
        })
    }),
    ("death", |rig, _, length, sheet| deaths::one_by_one(rig, length, sheet)),
    ("reloading", |rig, _, length, sheet| reloading::times(rig, length, sheet)),
];

/// With a kernel that has IPVS.
const THERE: [Part; 2] = [
    ("deaths", |rig, _, length, sheet| deaths::together(rig, length, sheet)),
    ("table", |rig, _, length, sheet| reloading::table(rig, length, sheet)),
];

/// The names of the parts.
pub(super) fn parts() -> impl Iterator<Item = &'static str> {
    HERE.iter().chain(&THERE).map(|(name, _)| *name)
}

/// On the host: prints the tables of the parts named, or of all.
pub(super) fn run(quick: bool, wanted: &[String]) -> Result<()> {
    let loads = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("\nLoad balancing, ours and the original in turn; load before the start: {}", loads.trim());
    let names = |parts: &[Part]| -> Vec<&'static str> {
        let is_wanted = |name: &&str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
        parts.iter().map(|(name, _)| *name).filter(is_wanted).collect()
    };
    let (here, there) = (names(&HERE), names(&THERE));
    let mut complete = true;
    if !here.is_empty() {
        println!("With a stand-in for the kernel's balancer:");
        complete &= measure(&HERE, &here, quick)?;
    }
    if !there.is_empty() {
        println!("\nIn the second kernel, which prints nothing before the end of a part:");
        for part in there {
            complete &= run_there(part, quick)?;
        }
    }
    if complete { Ok(()) } else { Err(Error::Failed("some figures are missing".into())) }
}

/// Each part has a guest of its own, whose memory is not full of what another left.
fn run_there(part: &str, quick: bool) -> Result<bool> {
    let program = std::env::current_exe().map_err(Error::io("finding the running executable"))?;
    let program = program.to_str().ok_or_else(|| Error::Failed("a path that is no text".into()))?;
    let mut kernel = SecondKernel::new().memory_mib(MEMORY_MIB).time_limit(TIME_LIMIT);
    if std::env::var_os(OURS_VARIABLE).is_none() {
        let ours = paths::target()?.join("release/keepalived");
        kernel = kernel.environment(OURS_VARIABLE, &ours.to_string_lossy());
    }
    let mut command = vec![program, "bench", INSIDE, part];
    if quick {
        command.push("--quick");
    }
    let ended = kernel.run(&command)?;
    print!("{}", ended.stdout);
    eprint!("{}", ended.stderr);
    println!("\nThe second kernel ran for {:.1} minutes.", ended.took.as_secs_f64() / 60.0);
    Ok(ended.status == 0)
}

/// In the second kernel.
pub(super) fn play(quick: bool, wanted: &[String]) -> Result<()> {
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    if measure(&THERE, &wanted, quick)? {
        Ok(())
    } else {
        Err(Error::Failed("some figures are missing".into()))
    }
}

/// Returns whether all figures are there.
fn measure(parts: &[Part], wanted: &[&str], quick: bool) -> Result<bool> {
    let length = if quick { QUICK } else { WHOLE };
    let (rig, mut sheet, mut complete) = (Rig::new()?, Sheet::default(), true);
    for (name, part) in parts.iter().filter(|(name, _)| wanted.contains(name)) {
        if let Err(error) = part(&rig, quick, length, &mut sheet) {
            println!("{name} could not be measured to its end: {error}");
            complete = false;
        }
    }
    sheet.finish();
    Ok(complete)
}

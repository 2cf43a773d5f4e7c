//! Servers that are all well: CPU per check, memory, and the time until checks begin. With the stand-in for IPVS, so that
//! processors are counted as they are.

use std::time::Duration;

use keepalived_lab::{Daemon, Program};

use super::figures::{median, ms};
use super::rig::{self, PROGRAMS, Rig};
use super::setting::{Kind, Setting};
use super::sheet::{Aim, Row, Sheet};
use super::usage::{connections, cpu, pss_kib};
use super::{Length, bare};
use crate::{Error, Result};

/// From this many servers on there is an aim.
const MANY: usize = 1_000;
/// After the first check of each, which a default warm-up spreads over 1 s and an interval.
const SETTLING: Duration = Duration::from_secs(2);

/// What one program did.
#[derive(Clone, Copy, Debug)]
struct Figures {
    check: f64,
    pss: f64,
    start: f64,
}

/// One setting, both programs, and the machine's limit beside them.
pub(super) fn measure(rig: &Rig, setting: Setting, length: Length, sheet: &mut Sheet) -> Result<()> {
    let limit = bare::cost(&rig.director, setting, length.window)?;
    let [ours, original] = PROGRAMS.map(|program| {
        one(rig, program, setting, length).unwrap_or_else(|error| {
            println!("{}, {program}: {error}", setting.name());
            Figures { check: f64::NAN, pss: f64::NAN, start: f64::NAN }
        })
    });
    let both = |figure: fn(&Figures) -> f64| [figure(&ours), figure(&original)];
    sheet.section(&setting.name());
    let mut check = Row::new("CPU us per check", both(|figures| figures.check));
    if let Some(limit) = limit {
        check = check.limit(limit);
    }
    if setting.kind == Kind::Ssl {
        check = check.aim(Aim::OfOriginal(0.5));
    } else if setting.servers >= MANY {
        check = check.aim(Aim::OfOriginal(0.7));
    }
    sheet.put(check);
    sheet.put(Row::new("memory, PSS KiB", both(|figures| figures.pss)).aim(Aim::OfOriginal(1.0)));
    sheet.put(Row::new("start to last service, ms", both(|figures| figures.start)).aim(Aim::OfOriginal(1.0)));
    Ok(())
}

fn one(rig: &Rig, program: Program, setting: Setting, length: Length) -> Result<Figures> {
    let (daemon, begin) = rig.start(program, &setting.configuration(1))?;
    // Its servers have been added before.
    let complete = daemon.wait_for_log(&setting.last_quorum(), rig::PATIENCE)?.at;
    std::thread::sleep(setting.interval + SETTLING);
    let windows: Result<Vec<f64>> = (0..length.windows).map(|_| per_check(rig, &daemon, length)).collect();
    let pss = pss_kib(&daemon)?;
    rig::stop(daemon)?;
    Ok(Figures { check: median(windows?), pss, start: ms(keepalived_lab::elapsed(begin, complete)) })
}

/// CPU microseconds of the daemon per connection that it began in a window.
fn per_check(rig: &Rig, daemon: &Daemon, length: Length) -> Result<f64> {
    let read = || -> Result<(u64, Duration)> { Ok((connections(rig.director.namespace())?, cpu(daemon)?)) };
    let before = read()?;
    std::thread::sleep(length.window);
    let after = read()?;
    let checks = u32::try_from(after.0.saturating_sub(before.0)).unwrap_or(u32::MAX);
    if checks == 0 {
        return Err(Error::Failed(format!("nothing was checked; the log:\n{}", daemon.log().text())));
    }
    Ok(after.1.saturating_sub(before.1).as_secs_f64() * 1e6 / f64::from(checks))
}

//! In the second kernel: a complete table after the start, and reloads of many servers, with nothing and with one of
//! them changed.

use std::time::{Duration, Instant};

use keepalived_lab::{Daemon, IpvsRequests, Program};

use super::figures::ms;
use super::rig::{self, PATIENCE, PROGRAMS, Rig};
use super::setting::{Kind, Setting};
use super::sheet::{Aim, Row, Sheet};
use super::usage::cpu;
use super::{Length, service};
use crate::{Error, Result};

/// So that checks do not disturb: their first ones come within this time, too.
const INTERVAL_SECONDS: u64 = 600;
/// Until what a reload leaves to be done is done.
const SETTLING: Duration = Duration::from_secs(4);

/// What a reload took.
#[derive(Clone, Copy, Debug)]
struct Figures {
    time: f64,
    cpu: f64,
    requests: f64,
}

/// The start and both reloads, for both programs.
pub(super) fn measure(rig: &Rig, length: Length, sheet: &mut Sheet) -> Result<()> {
    let setting = Setting::new(Kind::Tcp, length.reload, INTERVAL_SECONDS);
    let [(our_start, ours), (their_start, original)] =
        [one(rig, PROGRAMS[0], setting)?, one(rig, PROGRAMS[1], setting)?];
    sheet.section(&format!("start and reload, {} servers", setting.servers));
    let row = Row::new("start to complete table, ms", [our_start, their_start]);
    sheet.put(row.aim(Aim::OfOriginal(1.0)));
    for (index, (name, requests)) in [("nothing changed", 0.0), ("one changed", 1.0)].into_iter().enumerate()
    {
        let both = [ours[index], original[index]];
        let row = Row::new(format!("{name}, ms until done"), both.map(|figures| figures.time));
        sheet.put(row.aim(Aim::AtMost(1_000.0)));
        sheet.put(Row::new(format!("{name}, CPU ms"), both.map(|figures| figures.cpu)));
        let row = Row::new(format!("{name}, kernel requests"), both.map(|figures| figures.requests));
        sheet.put(row.aim(Aim::AtMost(requests)));
    }
    Ok(())
}

fn one(rig: &Rig, program: Program, setting: Setting) -> Result<(f64, [Figures; 2])> {
    let (service, servers) = setting.last_service();
    let (begin, (daemon, _)) = (Instant::now(), rig.start(program, &setting.configuration(1))?);
    let complete = service::wait(&rig.director, service, move |there| there.len() == servers)?;
    let start = ms(complete.saturating_duration_since(begin));
    std::thread::sleep(SETTLING);
    let nothing = reload(rig, &daemon, &setting.configuration(1), |_| wait_for_reload(&daemon, 1))?;
    let changed = reload(rig, &daemon, &setting.configuration(7), |_| {
        let is_there = |server: &keepalived_types::ipvs::DestinationReport| server.destination.weight == 7;
        let at = service::wait(&rig.director, service, move |there| there.iter().any(is_there))?;
        wait_for_reload(&daemon, 2)?;
        Ok(at)
    })?;
    rig::stop(daemon)?;
    Ok((start, [nothing, changed]))
}

/// Reloads, waits until `done` says when that was over, and then until it is quiet.
fn reload(
    rig: &Rig,
    daemon: &Daemon,
    text: &str,
    done: impl FnOnce(Instant) -> Result<Instant>,
) -> Result<Figures> {
    let requests = IpvsRequests::record(&rig.director)?;
    let before = cpu(daemon)?;
    let begin = Instant::now();
    daemon.reload(text)?;
    let at = done(begin)?;
    std::thread::sleep(SETTLING);
    let spent = cpu(daemon)?.saturating_sub(before);
    let requests = f64::from(u32::try_from(requests.so_far()?.len()).unwrap_or(u32::MAX));
    Ok(Figures { time: ms(at.saturating_duration_since(begin)), cpu: ms(spent), requests })
}

/// Both programs say that a reload is over; the n-th time.
fn wait_for_reload(daemon: &Daemon, times: usize) -> Result<Instant> {
    let deadline = Instant::now() + PATIENCE;
    while daemon.log().text().matches("Reload complete").count() < times {
        if Instant::now() > deadline {
            return Err(Error::Failed(format!("no end of the reload:\n{}", daemon.log().text())));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(Instant::now())
}

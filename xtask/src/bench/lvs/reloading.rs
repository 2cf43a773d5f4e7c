//! Many servers come, and then the configuration is read again with nothing and with one of them changed. The time it
//! takes is measured on the host; a complete table, and what reloads ask of the kernel, in the second kernel.

use std::time::{Duration, Instant};

use keepalived_lab::{Daemon, IpvsRequests, Program};
use keepalived_types::ipvs::DestinationReport;

use super::figures::ms;
use super::rig::{self, PATIENCE, PROGRAMS, Rig};
use super::setting::{Kind, Setting};
use super::sheet::{Aim, Row, Sheet};
use super::usage::cpu;
use super::{Length, service};
use crate::Result;

/// So that checks do not disturb: their first ones come within this time, too.
const INTERVAL_SECONDS: u64 = 600;
/// Until what a start or a reload leaves to be done is done.
const SETTLING: Duration = Duration::from_secs(4);
/// What both programs say at the end of a reload.
const DONE: &str = "Reload complete";
/// Another weight for the last server.
const OTHER_WEIGHT: u32 = 7;

/// What a reload took, in milliseconds.
#[derive(Clone, Copy, Debug)]
struct Figures {
    time: f64,
    cpu: f64,
}

/// How long reloads take, with the stand-in for IPVS.
pub(super) fn times(rig: &Rig, length: Length, sheet: &mut Sheet) -> Result<()> {
    let setting = Setting::new(Kind::Tcp, length.reload, INTERVAL_SECONDS);
    let [ours, original] = PROGRAMS.map(|program| times_of(rig, program, setting));
    let (ours, original) = (ours?, original?);
    sheet.section(&format!("reload, {} servers", setting.servers));
    for (index, name) in ["nothing changed", "one changed"].into_iter().enumerate() {
        let both = [ours[index], original[index]];
        let row = Row::new(format!("{name}, ms until done"), both.map(|figures| figures.time));
        sheet.put(row.aim(Aim::AtMost(1_000.0)));
        sheet.put(Row::new(format!("{name}, CPU ms"), both.map(|figures| figures.cpu)));
    }
    Ok(())
}

fn times_of(rig: &Rig, program: Program, setting: Setting) -> Result<[Figures; 2]> {
    let (daemon, _) = rig.start(program, &setting.configuration(1))?;
    daemon.wait_for_log(&setting.last_quorum(), PATIENCE)?;
    std::thread::sleep(SETTLING);
    let nothing = reload(&daemon, setting, 1)?;
    let changed = reload(&daemon, setting, OTHER_WEIGHT)?;
    rig::stop(daemon)?;
    Ok([nothing, changed])
}

/// Reloads, waits until the program says that it is done, and then until it is quiet.
fn reload(daemon: &Daemon, setting: Setting, last_weight: u32) -> Result<Figures> {
    let text = setting.configuration(last_weight);
    let (mark, before, begin) = (daemon.log().mark(), cpu(daemon)?, std::time::SystemTime::now());
    daemon.reload(&text)?;
    let done = daemon.log().wait_for_since(mark, DONE, PATIENCE)?.at;
    std::thread::sleep(SETTLING);
    let spent = cpu(daemon)?.saturating_sub(before);
    Ok(Figures { time: ms(keepalived_lab::elapsed(begin, done)), cpu: ms(spent) })
}

/// A complete table after the start, and the requests of reloads, in the second kernel.
pub(super) fn table(rig: &Rig, length: Length, sheet: &mut Sheet) -> Result<()> {
    let setting = Setting::new(Kind::Tcp, length.reload, INTERVAL_SECONDS);
    let [ours, original] = PROGRAMS.map(|program| table_of(rig, program, setting));
    let ((our_start, ours), (their_start, original)) = (ours?, original?);
    sheet.section(&format!("the kernel's table, {} servers", setting.servers));
    let row = Row::new("start to complete table, ms", [our_start, their_start]);
    sheet.put(row.aim(Aim::OfOriginal(1.0)));
    for (index, (name, requests)) in [("nothing changed", 0.0), ("one changed", 1.0)].into_iter().enumerate()
    {
        let row = Row::new(format!("reload, {name}, kernel requests"), [ours[index], original[index]]);
        sheet.put(row.aim(Aim::AtMost(requests)));
    }
    Ok(())
}

fn table_of(rig: &Rig, program: Program, setting: Setting) -> Result<(f64, [f64; 2])> {
    let (service, servers) = setting.last_service();
    let (begin, (daemon, _)) = (Instant::now(), rig.start(program, &setting.configuration(1))?);
    let complete = service::wait(&rig.director, service, move |there| there.len() == servers)?;
    let start = ms(complete.saturating_duration_since(begin));
    std::thread::sleep(SETTLING);
    let nothing = requests_of(rig, || reload(&daemon, setting, 1).map(drop))?;
    let is_changed = |server: &DestinationReport| server.destination.weight == OTHER_WEIGHT;
    let changed = requests_of(rig, || {
        reload(&daemon, setting, OTHER_WEIGHT)?;
        service::wait(&rig.director, service, move |there| there.iter().any(is_changed)).map(drop)
    })?;
    rig::stop(daemon)?;
    Ok((start, [nothing, changed]))
}

/// How many requests that change something the kernel gets meanwhile.
fn requests_of(rig: &Rig, work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let requests = IpvsRequests::record(&rig.director)?;
    work()?;
    Ok(f64::from(u32::try_from(requests.so_far()?.len()).unwrap_or(u32::MAX)))
}

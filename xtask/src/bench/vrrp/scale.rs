//! Many instances: start, CPU per advert in both roles, memory, take-over.

use std::time::{Duration, SystemTime};

use keepalived_lab::{Capture, Daemon, Program};

use super::Length;
use super::figures::{median, ms, percentile};
use super::raw::{Phase, Raw};
use super::rig::{self, PROGRAMS, Rig};
use super::setting::{Setting, count};
use super::sheet::{Aim, Row, Sheet};
use super::sightings::Sightings;
use super::usage::{cpu, packets, pss_kib};
use crate::{Error, Result};

/// Not an owner's, which starts as MASTER without waiting.
const PRIORITY: u8 = 254;
/// Of the raw sender that makes them all BACKUP.
const BETTER: u8 = 255;
/// Until counters and processors are quiet after everybody changed state.
const SETTLING: Duration = Duration::from_secs(1);

/// From the difference between 1,000 and 4,000 instances with one address each, and what heaptrack showed of it.
const MEMORY: &str = "an instance is about 2.9 KiB in all processes together, of which 2.0 are in use in the VRRP process: \
                      its configuration and its state 0.8, what belongs on the machine and what is there 0.5, its adverts, \
                      announcements and timers 0.4, names; the rest are holes that a common take-over leaves in the heap, and \
                      what the parent keeps. The original's is 1.4";

/// Longer than the original takes with 4,000 instances on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// What one program did.
#[derive(Clone, Copy, Debug)]
struct Figures {
    master: f64,
    backup: f64,
    pss: f64,
    start: f64,
    takeover: f64,
    last_takeover: f64,
}

/// One setting, both programs, and the machine's limits beside them.
pub(super) fn measure(rig: &mut Rig, setting: Setting, length: Length, sheet: &mut Sheet) -> Result<()> {
    rig.grow_for(setting.instances)?;
    let send = raw_send(rig, setting, length)?;
    let receive = raw_receive(rig, setting, length)?;
    let [ours, original] = [one(rig, PROGRAMS[0], setting, length)?, one(rig, PROGRAMS[1], setting, length)?];
    let both = |figure: fn(&Figures) -> f64| [figure(&ours), figure(&original)];
    sheet.section(&format!("{} instances", setting.name()));
    sheet.put(
        Row::new("CPU us per advert sent", both(|figures| figures.master))
            .limit(send)
            .aim(Aim::OfOriginal(0.5))
            .aim(Aim::OfLimit(3.0)),
    );
    sheet.put(
        Row::new("CPU us per advert received", both(|figures| figures.backup))
            .limit(receive)
            .aim(Aim::OfOriginal(0.75))
            .aim(Aim::OfLimit(1.5)),
    );
    sheet.put(
        Row::new("memory, PSS KiB", both(|figures| figures.pss)).aim(Aim::OfOriginal(1.0)).because(MEMORY),
    );
    sheet.put(Row::new("start to all MASTER, late by ms", both(|figures| figures.start)));
    sheet.put(Row::new("take-over, late by ms, median", both(|figures| figures.takeover)));
    sheet.put(Row::new("take-over, late by ms, last", both(|figures| figures.last_takeover)));
    Ok(())
}

fn raw_send(rig: &Rig, setting: Setting, length: Length) -> Result<f64> {
    let sender = Raw::send(&rig.a, setting, BETTER, Phase::Together)?;
    std::thread::sleep(SETTLING / 2);
    let costs = windows(length, || sender.cost(length.window))?;
    sender.finish()?;
    Ok(costs)
}

fn raw_receive(rig: &Rig, setting: Setting, length: Length) -> Result<f64> {
    let receiver = Raw::receive(&rig.b, setting)?;
    let sender = Raw::send(&rig.a, setting, BETTER, Phase::Spread)?;
    std::thread::sleep(SETTLING / 2);
    let costs = windows(length, || receiver.cost(length.window))?;
    sender.finish()?;
    receiver.finish()?;
    Ok(costs)
}

/// The median of several windows: another program's burst of work spoils one of them.
fn windows(length: Length, mut one: impl FnMut() -> Result<f64>) -> Result<f64> {
    let costs: Result<Vec<f64>> = (0..length.windows).map(|_| one()).collect();
    Ok(median(costs?))
}

fn one(rig: &Rig, program: Program, setting: Setting, length: Length) -> Result<Figures> {
    let capture = rig.capture_all()?;
    let (daemon, started) = rig.start(&rig.b, program, &setting.configuration(PRIORITY, ""))?;
    let start = all_master(&capture, setting, started)?;
    drop(capture);
    std::thread::sleep(SETTLING);
    let master =
        windows(length, || per_packet(&daemon, length.window, || Ok(packets(rig.b.namespace())?.sent)))?;
    let pss = pss_kib(&daemon)?;
    let sender = Raw::send(&rig.a, setting, BETTER, Phase::Spread)?;
    std::thread::sleep(SETTLING + setting.interval);
    let backup =
        windows(length, || per_packet(&daemon, length.window, || Ok(packets(rig.b.namespace())?.received)))?;
    let takeovers = takeovers(rig, sender, setting)?;
    rig::stop(daemon)?;
    Ok(Figures {
        master,
        backup,
        pss,
        start,
        takeover: median(takeovers.clone()),
        last_takeover: percentile(takeovers, 100),
    })
}

/// Waits until each instance has sent an advert; how much later the last one did than the protocol demands.
fn all_master(capture: &Capture, setting: Setting, started: SystemTime) -> Result<f64> {
    let earliest = setting.master_down_interval(PRIORITY);
    std::thread::sleep(earliest);
    let mut late = f64::NAN;
    rig::wait_until(PATIENCE, || {
        let seen = Sightings::of(&capture.trace()?, 2);
        if seen.routers() < setting.instances {
            return Ok(false);
        }
        let last = seen.firsts().max().unwrap_or(started);
        late = ms(keepalived_lab::elapsed(started, last)) - ms(earliest);
        Ok(true)
    })?;
    Ok(late)
}

/// CPU microseconds of the daemon per packet over a window.
fn per_packet(daemon: &Daemon, window: Duration, counter: impl Fn() -> Result<u64>) -> Result<f64> {
    let (packets_before, cpu_before) = (counter()?, cpu(daemon)?);
    std::thread::sleep(window);
    let (packets_after, cpu_after) = (counter()?, cpu(daemon)?);
    let packets = usize::try_from(packets_after.saturating_sub(packets_before)).unwrap_or(usize::MAX);
    if packets == 0 {
        return Err(Error::Failed("no advert was carried".into()));
    }
    Ok(cpu_after.saturating_sub(cpu_before).as_secs_f64() * 1e6 / count(packets))
}

/// Silences the sender; by how many milliseconds each instance took over later than the protocol demands.
fn takeovers(rig: &Rig, sender: Raw, setting: Setting) -> Result<Vec<f64>> {
    let capture = rig.capture_all()?;
    std::thread::sleep(setting.interval * 2);
    sender.finish()?;
    let due = setting.master_down_interval(PRIORITY);
    std::thread::sleep(due);
    let mut found = Vec::new();
    let complete = rig::wait_until(PATIENCE, || {
        let trace = capture.trace()?;
        found = Sightings::of(&trace, 2).takeovers(&Sightings::of(&trace, 1));
        Ok(found.len() >= setting.instances)
    })?;
    // A figure that leaves some out would flatter.
    let found = if complete { found } else { Vec::new() };
    Ok(found.into_iter().map(|after| ms(after) - ms(due)).collect())
}

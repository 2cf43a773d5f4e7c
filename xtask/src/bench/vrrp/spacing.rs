//! How evenly adverts leave, and whether a backup ever loses patience: alone on the machine, under load, and while
//! 255 scripts start together.

use std::fmt::Write as _;
use std::time::Duration;

use keepalived_lab::{Node, Program, Trace};

use super::Length;
use super::figures::percentile;
use super::load::Load;
use super::raw::{Phase, Raw};
use super::rig::{self, PROGRAMS, Rig};
use super::setting::{Setting, count};
use super::sheet::{Aim, Row, Sheet};
use super::sightings::Sightings;
use crate::Result;

const SETTING: Setting = Setting::new(100, 100);
const MASTER: u8 = 200;
const BACKUP: u8 = 100;
/// Scripts in the last section: as many as the issue names.
const SCRIPTS: usize = 255;

/// Both programs run under SCHED_RR; the original's name for it.
const REAL_TIME: &str = "    vrrp_rt_priority 50\n    vrrp_no_swap\n";
const REAL_TIME_PRIORITY: u8 = 50;

/// What the column of the limit shows here.
const SCHEDULER: &str = "the limit is a loop on the same machine that sleeps until all are due and sends them: what it \
                         misses its time by is the scheduler's, for it has nothing else to do";

#[derive(Clone, Copy, Debug)]
struct Figures {
    p50: f64,
    p99: f64,
    max: f64,
    false_takeovers: f64,
}

/// Every combination of load and scheduling.
pub(super) fn measure(rig: &Rig, length: Length, sheet: &mut Sheet) -> Result<()> {
    for (heading, globals, loaded) in [
        ("idle machine", "", false),
        ("both cores loaded and the disk busy", "", true),
        ("the same, real-time priority", REAL_TIME, true),
    ] {
        let configuration = |priority| SETTING.configuration(priority, globals);
        let [ours, original] = both(|program| one(rig, program, &configuration, loaded, length))?;
        let limit = bare_loop(rig, globals == REAL_TIME, loaded, length)?;
        sheet.section(&format!("advert spacing, {}, {heading}", SETTING.name()));
        let figures = |figure: fn(&Figures) -> f64| [figure(&ours), figure(&original)];
        let aims = if loaded { vec![Aim::OfOriginal(0.1)] } else { Vec::new() };
        sheet.put(Row::new("off its interval by ms, p50", figures(|all| all.p50)).limit(limit.p50));
        let p99 = Row::new("off its interval by ms, p99", figures(|all| all.p99)).limit(limit.p99);
        sheet.put(Row { aims, ..p99.because(SCHEDULER) });
        sheet.put(Row::new("off its interval by ms, max", figures(|all| all.max)).limit(limit.max));
        sheet.put(Row::new("false take-overs", figures(|all| all.false_takeovers)).aim(Aim::AtMost(0.0)));
    }
    scripts(rig, length, sheet)
}

/// 255 scripts, all due in the same moment, once a second.
fn scripts(rig: &Rig, length: Length, sheet: &mut Sheet) -> Result<()> {
    let mut blocks = String::new();
    for number in 0..SCRIPTS {
        // Writing to a String cannot fail.
        let _ok = write!(
            blocks,
            "vrrp_script S{number} {{\n    script \"/bin/true\"\n    interval 1\n    user root\n}}\n"
        );
    }
    let configuration = |priority| {
        let mut text = blocks.clone();
        text.push_str(&SETTING.configuration(priority, "    enable_script_security\n"));
        // All of them are tracked, or they would not be run.
        let tracked: String = (0..SCRIPTS).fold(String::from("track_script {\n"), |mut all, number| {
            let _ok = writeln!(all, "    S{number} weight 1");
            all
        });
        text.replacen("    virtual_ipaddress", &format!("    {tracked}    }}\n    virtual_ipaddress"), 1)
    };
    let [ours, original] = both(|program| one(rig, program, &configuration, false, length))?;
    sheet.section(&format!("advert spacing, {}, {SCRIPTS} scripts started together", SETTING.name()));
    let figures = |figure: fn(&Figures) -> f64| [figure(&ours), figure(&original)];
    sheet.put(Row::new("off its interval by ms, p50", figures(|all| all.p50)));
    sheet.put(Row::new("off its interval by ms, p99", figures(|all| all.p99)));
    sheet.put(Row::new("off its interval by ms, max", figures(|all| all.max)));
    sheet.put(Row::new("false take-overs", figures(|all| all.false_takeovers)).aim(Aim::AtMost(0.0)));
    Ok(())
}

fn both(mut one: impl FnMut(Program) -> Result<Figures>) -> Result<[Figures; 2]> {
    Ok([one(PROGRAMS[0])?, one(PROGRAMS[1])?])
}

/// A master on node `a` and a backup of the same kind on node `b`.
fn one(
    rig: &Rig,
    program: Program,
    configuration: &dyn Fn(u8) -> String,
    loaded: bool,
    length: Length,
) -> Result<Figures> {
    let start = |node: &Node, priority| rig.start(node, program, &configuration(priority));
    let (master, _) = start(&rig.a, MASTER)?;
    std::thread::sleep(SETTING.master_down_interval(MASTER) + Duration::from_secs(1));
    let (backup, _) = start(&rig.b, BACKUP)?;
    std::thread::sleep(Duration::from_secs(1));
    let trace = captured(rig, loaded, length)?;
    rig::stop(backup)?;
    rig::stop(master)?;
    Ok(figures(&trace))
}

/// The same adverts from a loop that does nothing else.
fn bare_loop(rig: &Rig, real_time: bool, loaded: bool, length: Length) -> Result<Figures> {
    let sender = Raw::send(&rig.a, SETTING, MASTER, Phase::Together)?;
    std::thread::sleep(Duration::from_secs(1));
    if real_time {
        sender.become_real_time(REAL_TIME_PRIORITY)?;
    }
    let trace = captured(rig, loaded, length)?;
    sender.finish()?;
    Ok(figures(&trace))
}

/// What is on the wire for so long, with the machine under load or without.
fn captured(rig: &Rig, loaded: bool, length: Length) -> Result<Trace> {
    let _load = if loaded { Some(Load::start(&rig.a.host_path("/tmp/")?)?) } else { None };
    let capture = rig.lan.capture()?;
    std::thread::sleep(length.spacing);
    Ok(capture.trace()?)
}

fn figures(trace: &Trace) -> Figures {
    // None at all is possible: the original does not send while it starts 255 scripts.
    let deviations = Sightings::of(trace, 1).deviations_ms(SETTING.interval);
    Figures {
        p50: percentile(deviations.clone(), 50),
        p99: percentile(deviations.clone(), 99),
        max: percentile(deviations, 100),
        false_takeovers: count(Sightings::of(trace, 2).beginnings(SETTING.interval)),
    }
}

//! Reloads of many instances: with nothing, one, or all of them changed; how long no advert of an instance was heard.

use std::time::Duration;

use keepalived_lab::{Daemon, Program, Signal};

use super::Length;
use super::figures::ms;
use super::rig::{self, PROGRAMS, Rig};
use super::setting::Setting;
use super::sheet::{Row, Sheet};
use super::sightings::Sightings;
use super::usage::cpu;
use crate::Result;

/// What changes, what the table calls it.
const CHANGES: [(&str, Change); 3] = [
    ("nothing changed", |_| {}),
    ("one changed", |text| *text = text.replacen("priority 254", "priority 253", 1)),
    ("all changed", |text| *text = text.replace("priority 254", "priority 252")),
];

type Change = fn(&mut String);

/// CPU milliseconds of a reload and the largest spacing of adverts during it.
#[derive(Clone, Copy, Debug)]
struct Figures {
    cpu: f64,
    gap: f64,
}

/// All three, for both programs.
pub(super) fn measure(rig: &mut Rig, length: Length, sheet: &mut Sheet) -> Result<()> {
    let setting = Setting::new(length.reload_instances, 1_000);
    rig.grow_for(setting.instances)?;
    let [ours, original] = [one(rig, PROGRAMS[0], setting)?, one(rig, PROGRAMS[1], setting)?];
    sheet.section(&format!("reload, {} instances", setting.name()));
    for (index, (name, _)) in CHANGES.iter().enumerate() {
        let both = [ours[index], original[index]];
        sheet.put(Row::new(format!("{name}, CPU ms"), both.map(|figures| figures.cpu)));
        sheet.put(Row::new(format!("{name}, largest gap, ms"), both.map(|figures| figures.gap)));
    }
    Ok(())
}

fn one(rig: &Rig, program: Program, setting: Setting) -> Result<Vec<Figures>> {
    let text = setting.configuration(254, "");
    let (daemon, _) = rig.start(&rig.b, program, &text)?;
    std::thread::sleep(setting.master_down_interval(254) + Duration::from_secs(2));
    let mut figures = Vec::new();
    for (_, change) in CHANGES {
        let mut changed = text.clone();
        change(&mut changed);
        figures.push(reload(rig, &daemon, &changed, setting)?);
    }
    rig::stop(daemon)?;
    Ok(figures)
}

/// The adverts' own cost is in the CPU time, too: it is the same before and after, and taken off.
fn reload(rig: &Rig, daemon: &Daemon, text: &str, setting: Setting) -> Result<Figures> {
    let window = setting.interval * 3;
    let spent = |wait: Duration| -> Result<Duration> {
        let before = cpu(daemon)?;
        std::thread::sleep(wait);
        Ok(cpu(daemon)?.saturating_sub(before))
    };
    let usual = spent(window)?;
    let capture = rig.capture_all()?;
    std::thread::sleep(setting.interval);
    rig.b.write_file("/etc/keepalived/keepalived.conf", text)?;
    daemon.signal(Signal::Hup)?;
    let with_reload = spent(window)?;
    let seen = Sightings::of(&capture.trace()?, 2);
    let gap = seen.longest_gap().filter(|_| seen.routers() == setting.instances);
    Ok(Figures { cpu: ms(with_reload.saturating_sub(usual)), gap: gap.map_or(f64::NAN, ms) })
}

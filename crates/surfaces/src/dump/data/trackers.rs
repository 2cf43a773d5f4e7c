//! Sections about what instances follow: scripts, files, processes, BFD sessions.

use super::follow::{Followers, Kind, Weight};
use super::{ScriptRun, VrrpData};
use crate::dump::quoted;
use crate::dump::text::{Text, seconds};
use keepalived_vrrp::config::{ParameterMatch, ProcessTracker, ScriptTracker};
use std::time::Duration;

pub(super) fn scripts(text: &mut Text, data: &VrrpData<'_>, followers: &Followers) {
    let used = |script: &&ScriptTracker| !followers.of(Kind::Script, &script.name).is_empty();
    let mut title = Some("VRRP Scripts");
    for script in data.config.scripts.iter().filter(used) {
        title.take().into_iter().for_each(|title| text.banner(0, title));
        script_lines(text, data, script);
        text.line(3, format_args!("VRRP instances :"));
        tracking(text, followers, Kind::Script, &script.name, true);
        let run = data.running.and_then(|running| running.scripts.get(&script.name));
        let state = match run {
            None => "idle",
            Some(ScriptRun::Running) => "running",
            Some(ScriptRun::Terminating) => "requested termination",
            Some(ScriptRun::Killing) => "forcing termination",
        };
        text.line(3, format_args!("State = {state}"));
    }
}

fn script_lines(text: &mut Text, data: &VrrpData<'_>, script: &ScriptTracker) {
    text.line(1, format_args!("VRRP Script = {}", script.name));
    text.line(3, format_args!("Command = {}", quoted(&script.command)));
    text.line(3, format_args!("Interval = {} sec", seconds(script.interval)));
    // The original's word for a script that may take as long as its interval.
    let timeout = if script.timeout == script.interval { Duration::ZERO } else { script.timeout };
    text.line(3, format_args!("Timeout = {} sec", seconds(timeout)));
    text.line(3, format_args!("Weight = {}", Weight(script.track)));
    text.line(3, format_args!("Rise = {}", script.rise));
    text.line(3, format_args!("Fall = {}", script.fall));
    let standing = data.running.and_then(|running| running.survey.scripts.get(&script.name));
    let result = standing.and_then(|standing| standing.counter).unwrap_or(0);
    text.line(3, format_args!("Result = {result}"));
    text.line(3, format_args!("Insecure = no"));
    let init = match standing {
        Some(standing) if !standing.has_no_result => "unknown",
        _ if script.init_fail => "INIT/FAILED",
        _ => "INIT",
    };
    text.line(3, format_args!("Init state = {init}"));
    let is_good = standing.is_some_and(|standing| standing.is_up == Some(true));
    text.line(3, format_args!("Status = {}", if is_good { "GOOD" } else { "BAD" }));
    let user = &script.command.run_as;
    text.line(3, format_args!("Script uid:gid = {}:{}", user.uid, user.gid));
}

/// `Tracking instances :` and who they are.
pub(super) fn tracking(text: &mut Text, followers: &Followers, kind: Kind, thing: &str, even_without: bool) {
    let followers = followers.of(kind, thing);
    if even_without || !followers.is_empty() {
        text.line(3, format_args!("Tracking instances :"));
    }
    for (instance, track) in followers {
        text.line(5, format_args!("{instance}, weight {}", Weight(*track)));
    }
}

pub(super) fn files(text: &mut Text, data: &VrrpData<'_>, followers: &Followers) {
    let files = &data.config.files;
    if !files.is_empty() {
        text.banner(0, "VRRP Track files");
    }
    for file in files {
        text.line(1, format_args!("Track file = {}", file.name));
        text.line(3, format_args!("File = {}", file.path.display()));
        let value = data.running.and_then(|running| running.survey.files.get(&file.name));
        text.line(3, format_args!("Status = {}", value.copied().unwrap_or(0)));
        text.line(3, format_args!("Weight = {}", Weight(file.track)));
        tracking(text, followers, Kind::File, &file.name, false);
    }
}

pub(super) fn processes(text: &mut Text, data: &VrrpData<'_>, followers: &Followers) {
    let processes = &data.config.processes;
    if !processes.is_empty() {
        text.banner(0, "VRRP Track processes");
    }
    for process in processes {
        what_is_counted(text, process);
        let standing = data.running.and_then(|running| running.survey.processes.get(&process.name));
        let count = standing.and_then(|standing| standing.count).unwrap_or(0);
        text.line(3, format_args!("Current processes = {count}"));
        text.truth(3, "Have quorum", standing.is_some_and(|standing| standing.is_met));
        text.line(3, format_args!("Weight = {}", Weight(process.track)));
        let delays = [("Terminate", process.terminate_delay), ("Fork", process.fork_delay)];
        for (what, delay) in delays {
            text.line(3, format_args!("{what} delay = {:.6}s", delay.as_secs_f64()));
        }
        if let Some(standing) = standing {
            // One timer serves both: which of them it is follows from what it waits for.
            let runs = |met: bool| standing.change_due.is_some() && standing.is_met != met;
            for (what, running) in [("Fork", runs(true)), ("Terminate", runs(false))] {
                let not = if running { "" } else { "not " };
                text.line(3, format_args!("{what} delay timer {not}running"));
            }
        }
        text.truth(3, "Full command", process.full_command);
        tracking(text, followers, Kind::Process, &process.name, false);
    }
}

fn what_is_counted(text: &mut Text, process: &ProcessTracker) {
    text.line(1, format_args!("VRRP Track process = {}", process.name));
    let (name, parameters) = process.process.split_first().map_or(("", &[][..]), |(name, rest)| (name, rest));
    text.line(3, format_args!("Process = {name}"));
    if !parameters.is_empty() {
        text.line(3, format_args!("Parameters = {}", parameters.join(" ")));
    }
    match process.parameters {
        // The whole command line is compared, whatever follows the name: nothing was said about parameters.
        ParameterMatch::Partial if parameters.is_empty() => {}
        ParameterMatch::Exact if !process.full_command => {}
        ParameterMatch::Exact => text.line(3, format_args!("Param match")),
        ParameterMatch::Partial => text.line(3, format_args!("Param match = partial")),
        ParameterMatch::Initial => text.line(3, format_args!("Param match = initial")),
    }
    text.line(3, format_args!("Min processes = {}", process.quorum));
    if let Some(most) = process.quorum_max {
        text.line(3, format_args!("Max processes = {most}"));
    }
}

pub(super) fn bfd(text: &mut Text, data: &VrrpData<'_>, followers: &Followers) {
    let sessions = &data.config.bfd;
    if !sessions.is_empty() {
        text.banner(0, "VRRP Track BFDs");
    }
    for session in sessions {
        text.line(1, format_args!("VRRP Track BFD = {}", session.name));
        text.line(3, format_args!("Weight = {}", Weight(session.track)));
        let up = data.running.and_then(|running| running.survey.bfd.get(&session.name)) == Some(&true);
        text.line(3, format_args!("Bfd is {}", if up { "up" } else { "down" }));
        text.line(3, format_args!("Tracking VRRP instances :"));
        tracking(text, followers, Kind::Bfd, &session.name, false);
    }
}

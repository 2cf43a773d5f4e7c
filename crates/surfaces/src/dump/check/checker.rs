//! The `Health checkers` section, and the files that checkers follow.

use super::{probe, real_servers};
use crate::dump::text::{Text, yes_no};
use keepalived_lvs::config::{ActiveCheck, Checker, Config, Probe, VirtualServer};
use keepalived_lvs::{CheckerSnapshot, RealServerSnapshot, VirtualServerSnapshot};
use std::collections::HashMap;
use std::time::Duration;

type Pair<'a> = (&'a VirtualServer, &'a VirtualServerSnapshot);

/// A checker of a real server of a virtual server.
#[derive(Clone, Copy)]
struct Placed<'a> {
    server: &'a VirtualServerSnapshot,
    real: &'a RealServerSnapshot,
    checker: &'a Checker,
    live: &'a CheckerSnapshot,
}

fn all<'a>(pairs: &'a [Pair<'a>]) -> impl Iterator<Item = Placed<'a>> {
    pairs.iter().flat_map(|&(config, server)| {
        real_servers(config, server).flat_map(move |(real_config, real)| {
            let checkers = real_config.checkers.iter().zip(&real.checkers);
            checkers.map(move |(checker, live)| Placed { server, real, checker, live })
        })
    })
}

/// Those that ask somebody first, then those that follow something.
pub(super) fn checkers(text: &mut Text, pairs: &[Pair<'_>]) {
    let mut title = Some("Health checkers");
    let is_active = |placed: &Placed<'_>| matches!(placed.checker, Checker::Active(_));
    let active = all(pairs).filter(is_active);
    for placed in active.chain(all(pairs).filter(|placed| !is_active(placed))) {
        title.take().into_iter().for_each(|title| text.banner(0, title));
        checker(text, placed);
    }
}

fn checker(text: &mut Text, placed: Placed<'_>) {
    let Placed { server, real, checker, live } = placed;
    text.line(1, format_args!("{} -> {}", server.name, real.name));
    // `ha_suspend` stops those that ask somebody.
    let is_enabled = !server.suspended || !matches!(checker, Checker::Active(_));
    text.line(3, format_args!("Enabled = {}", yes_no(is_enabled)));
    text.line(3, format_args!("Up = {}", yes_no(live.up)));
    text.line(3, format_args!("Has run = {}", yes_no(live.has_run)));
    text.line(3, format_args!("Current weight = {}", live.contribution));
    match checker {
        Checker::Active(check) => active(text, check, live),
        Checker::File(check) => {
            text.line(3, format_args!("Log all failures = no"));
            text.line(3, format_args!("Keepalive method = FILE_CHECK"));
            text.line(5, format_args!("Tracked file = {}", check.file));
            text.line(5, format_args!("Reloaded = No"));
        }
        Checker::Bfd(check) => {
            text.line(3, format_args!("Alpha = {}", yes_no(check.alpha)));
            text.line(3, format_args!("Log all failures = no"));
            text.line(3, format_args!("Keepalive method = BFD_CHECK"));
            text.line(3, format_args!("Name = {}", check.session));
        }
    }
}

fn active(text: &mut Text, check: &ActiveCheck, live: &CheckerSnapshot) {
    let schedule = &check.schedule;
    text.line(3, format_args!("Alpha = {}", yes_no(schedule.alpha)));
    text.line(3, format_args!("Delay loop = {} us", schedule.delay_loop.as_micros()));
    text.line(3, format_args!("Warmup = {} us", schedule.warmup.as_micros()));
    text.line(3, format_args!("Retries = {}", schedule.retry));
    if schedule.retry > 0 {
        text.line(3, format_args!("Delay before retry = {} us", schedule.delay_before_retry.as_micros()));
        // Before the first result one failure is enough: the original counts the others as made.
        let counts_all = live.has_run || matches!(check.probe, Probe::Smtp(_));
        let made = if counts_all { live.failures } else { schedule.retry };
        text.line(3, format_args!("Retries iterations = {made}"));
    }
    let default = usual_delay(&check.probe).as_micros();
    text.line(3, format_args!("Default delay before retry = {default} us"));
    text.line(3, format_args!("Log all failures = {}", yes_no(schedule.log_all_failures)));
    probe::lines(text, &check.probe, live);
}

/// `delay_before_retry` where nobody sets it.
const fn usual_delay(probe: &Probe) -> Duration {
    match probe {
        Probe::Http(_) | Probe::Ssl(_) => Duration::from_secs(3),
        Probe::Dns(_) => Duration::ZERO,
        _ => Duration::from_secs(1),
    }
}

/// Files that `FILE_CHECK`s follow, and who they are.
pub(super) fn track_files(
    text: &mut Text,
    config: &Config,
    pairs: &[Pair<'_>],
    values: &HashMap<String, i64>,
) {
    if !config.files.is_empty() {
        text.banner(0, "Checker track files");
    }
    for file in &config.files {
        text.line(1, format_args!("Track file = {}", file.name));
        text.line(3, format_args!("File = {}", file.path.display()));
        text.line(3, format_args!("Status = {}", values.get(&file.name).copied().unwrap_or(0)));
        text.line(3, format_args!("Tracking instances :"));
        for placed in all(pairs) {
            if let Checker::File(check) = placed.checker
                && check.file == file.name
            {
                let (server, real) = (&placed.server.name, &placed.real.name);
                let reverse = if check.reverse { " reverse" } else { "" };
                text.line(5, format_args!("{server} -> {real}, weight {}{reverse}", check.weight));
            }
        }
    }
}

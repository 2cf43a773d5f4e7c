//! Sections about groups: of announcements, of static items, and sync groups.

use super::VrrpData;
use super::follow::{Followers, Kind, Weight};
use super::instance::{lines, scripts};
use crate::dump::text::{Text, yes_no};
use keepalived_types::{Family, InterfaceName};
use keepalived_vrrp::config::{Config, SyncGroupConfig};
use keepalived_vrrp::{Sharing, State};
use std::collections::HashSet;
use std::time::Duration;

/// `garp_group` blocks are numbered from 0; after them, each interface that has only `vrrp_garp_interval` and its kin is a
/// group of its own, numbered 0.
pub(super) fn garp_groups(text: &mut Text, data: &VrrpData<'_>) {
    let config = data.config;
    let common = [config.engine.garp_interval, config.engine.gna_interval];
    let common = common.map(|interval| Some(interval).filter(|one| *one > Duration::ZERO));
    let alone = if common == [None, None] { Vec::new() } else { without_group(data) };
    if alone.is_empty() && config.garp_groups.is_empty() {
        return;
    }
    text.banner(0, "Gratuitous ARP delays");
    for (number, group) in config.garp_groups.iter().enumerate() {
        let there = data.interfaces.iter().map(|interface| interface.name.as_str());
        let members: Vec<&str> =
            there.filter(|name| group.interfaces.iter().any(|member| **member == **name)).collect();
        let intervals = [group.garp_interval, group.gna_interval];
        garp_group(text, data, number, intervals, &Sharing::Group(number), &members);
    }
    for interface in alone {
        garp_group(text, data, 0, common, &Sharing::Interface(interface.clone()), &[interface]);
    }
}

/// Interfaces of instances that are in no `garp_group`, each once.
fn without_group<'a>(data: &VrrpData<'a>) -> Vec<&'a InterfaceName> {
    let grouped: HashSet<_> = data.config.garp_groups.iter().flat_map(|group| &group.interfaces).collect();
    let mut seen = HashSet::new();
    let used = data.instances.iter().filter_map(|instance| instance.config.interface.as_ref());
    used.filter(|name| !grouped.contains(name) && seen.insert(*name)).collect()
}

fn garp_group(
    text: &mut Text,
    data: &VrrpData<'_>,
    number: usize,
    intervals: [Option<Duration>; 2],
    sharing: &Sharing,
    members: &[&str],
) {
    text.banner(0, &format!("GARP delay group {number}"));
    for ((what, family), interval) in [("GARP", Family::V4), ("GNA", Family::V6)].into_iter().zip(intervals) {
        if let Some(interval) = interval {
            text.line(1, format_args!("{what} interval = {}", fraction(interval)));
            text.line(1, format_args!("{what} next time {}", next_time(data, sharing, family)));
        }
    }
    text.line(1, format_args!("Interfaces"));
    members.iter().for_each(|name| text.line(2, format_args!("{name}")));
}

/// When the next announcement may leave. The original leaves the year out, and shows 1970 before the first one.
fn next_time(data: &VrrpData<'_>, sharing: &Sharing, family: Family) -> String {
    let next = data.running.and_then(|running| {
        let at = *running.survey.pacing.get(&(sharing.clone(), family))?;
        Some(if at >= running.at {
            data.moment.ahead(at.since(running.at))
        } else {
            data.moment.ago(running.at.since(at))
        })
    });
    let time = next.unwrap_or_else(|| data.moment.never());
    match time.rsplit_once(' ') {
        Some((without_year, year)) if year.len() == "2026)".len() => format!("{without_year})"),
        _ => time,
    }
}

/// Seconds with as many decimals as there are.
fn fraction(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

pub(super) fn track_groups(text: &mut Text, config: &Config) {
    if config.track_groups.is_empty() {
        return;
    }
    text.banner(0, "Static Track groups");
    for group in &config.track_groups {
        text.line(1, format_args!("Static Track Group = {}", group.name));
        text.line(3, format_args!("VRRP member instances :"));
        group.instances.iter().for_each(|name| text.line(5, format_args!("{name}")));
    }
}

pub(super) fn sync_groups(text: &mut Text, data: &VrrpData<'_>, followers: &Followers) {
    if data.config.sync_groups.is_empty() {
        return;
    }
    text.banner(0, "VRRP Sync groups");
    for group in &data.config.sync_groups {
        sync_group(text, data, followers, group);
    }
}

fn sync_group(text: &mut Text, data: &VrrpData<'_>, followers: &Followers, group: &SyncGroupConfig) {
    let groups = data.running.map_or(&[][..], |running| running.survey.groups.as_slice());
    let state = groups.iter().find(|one| one.name == group.name).map_or(State::Backup, |one| one.state);
    text.line(1, format_args!("VRRP Sync Group = {}, {}", group.name, state.name()));
    let members = || data.instances.iter().filter(|instance| group.members.contains(&instance.config.name));
    let in_state =
        |state| members().filter(|one| one.live.is_some_and(|live| live.snapshot.state == state)).count();
    let (fault, init) = (in_state(State::Fault), in_state(State::Initialize));
    text.line(3, format_args!("Num member fault {fault}, num member init {init}"));
    text.line(3, format_args!("VRRP member instances :"));
    group.members.iter().for_each(|name| text.line(5, format_args!("{name}")));
    if group.tracking_weight {
        text.line(3, format_args!("sync group tracking weight set"));
    }
    text.line(3, format_args!("Using smtp notification = {}", yes_no(group.smtp_alert)));
    for (title, kind, separator) in TRACKED {
        let tracked = followers.of_group(group, kind).into_iter();
        lines(
            text,
            title,
            tracked.map(|(name, track)| format!("{name}{separator} weight {}", Weight(track))),
        );
    }
    scripts(text, &group.notify);
}

/// How a sync group lists what it follows: nearly as an instance does.
const TRACKED: [(&str, Kind, &str); 5] = [
    ("Tracked interfaces :", Kind::Interface, ""),
    ("Tracked scripts :", Kind::Script, ""),
    ("Tracked files :", Kind::File, ","),
    ("Tracked process :", Kind::Process, ","),
    ("Tracked BFDs :", Kind::Bfd, ":"),
];

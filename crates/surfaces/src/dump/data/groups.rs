//! Sections about groups: of announcements, of static items, and sync groups.

use super::VrrpData;
use super::follow::{Followers, Kind, Weight};
use super::instance::{lines, scripts};
use crate::dump::text::{Text, yes_no};
use keepalived_vrrp::State;
use keepalived_vrrp::config::{Config, SyncGroupConfig};
use std::collections::HashSet;
use std::time::Duration;

/// `vrrp_garp_interval` and its kin are group 0, `garp_group` blocks are numbered from 1. When the next announcement of a
/// group may leave is not shown.
pub(super) fn garp_groups(text: &mut Text, data: &VrrpData<'_>) {
    let config = data.config;
    let engine = &config.engine;
    let common = [engine.garp_interval, engine.gna_interval];
    let has_common = common.iter().any(|interval| *interval > Duration::ZERO);
    if !has_common && config.garp_groups.is_empty() {
        return;
    }
    text.banner(0, "Gratuitous ARP delays");
    if has_common {
        let used: HashSet<&str> =
            data.instances.iter().filter_map(|instance| instance.config.interface.as_deref()).collect();
        garp_group(text, data, 0, common.map(Some), &used);
    }
    for (number, group) in config.garp_groups.iter().enumerate() {
        let members = group.interfaces.iter().map(|name| &**name).collect();
        garp_group(text, data, number + 1, [group.garp_interval, group.gna_interval], &members);
    }
}

fn garp_group(
    text: &mut Text,
    data: &VrrpData<'_>,
    number: usize,
    intervals: [Option<Duration>; 2],
    members: &HashSet<&str>,
) {
    text.banner(0, &format!("GARP delay group {number}"));
    for (what, interval) in ["GARP", "GNA"].into_iter().zip(intervals) {
        if let Some(interval) = interval {
            text.line(1, format_args!("{what} interval = {}", fraction(interval)));
        }
    }
    text.line(1, format_args!("Interfaces"));
    for interface in data.interfaces.iter().filter(|interface| members.contains(&*interface.name)) {
        text.line(2, format_args!("{}", interface.name));
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

//! What instances and sync groups track: weights inherited, and those refused that an owner or a group member cannot
//! have (RFC 9568 gives an address owner a fixed priority).

use super::groups::Membership;
use crate::context::Context;
use crate::diagnostic::{Class, Diagnostic};
use crate::draft::{GroupDraft, InstanceDraft, TrackDraft, TracksDraft, VrrpDraft};
use crate::span::Span;
use keepalived_types::{InterfaceName, PriorityWeight};
use keepalived_vrrp::config::{StartState, Track, TrackedBfd, Trackers};
use std::collections::HashMap;

/// Defaults of everything that can be tracked, by name.
pub(super) struct Objects {
    scripts: HashMap<String, Track>,
    files: HashMap<String, Track>,
    processes: HashMap<String, Track>,
    bfd: HashMap<String, Track>,
}

impl Objects {
    pub(super) fn new(vrrp: &VrrpDraft, bfd: &[TrackedBfd]) -> Self {
        Self {
            scripts: vrrp.scripts.iter().map(|(script, _)| (script.name.clone(), script.track)).collect(),
            files: vrrp.files.iter().map(|(file, _)| (file.name.clone(), file.track)).collect(),
            processes: vrrp
                .processes
                .iter()
                .map(|(process, _)| (process.name.clone(), process.track))
                .collect(),
            bfd: bfd.iter().map(|bfd| (bfd.name.clone(), bfd.track)).collect(),
        }
    }
}

/// What a line says, over what the object says itself. An object that could not be used is missing; its trackers go.
fn inherit(lines: &[TrackDraft], objects: &HashMap<String, Track>) -> Vec<(String, Track, Span)> {
    let with_default = |line: &TrackDraft| {
        let default = *objects.get(&line.name)?;
        let weight = line.weight.and_then(PriorityWeight::new).unwrap_or(default.weight);
        let reverse = line.reverse.unwrap_or(default.reverse);
        Some((line.name.clone(), Track { weight, reverse }, line.span))
    };
    lines.iter().filter_map(with_default).collect()
}

/// The lists of one block with all weights known, each with its place.
struct Lists {
    interfaces: Vec<(InterfaceName, Track, Span)>,
    scripts: Vec<(String, Track, Span)>,
    files: Vec<(String, Track, Span)>,
    processes: Vec<(String, Track, Span)>,
    bfd: Vec<(String, Track, Span)>,
}

impl Lists {
    fn new(tracks: &TracksDraft, objects: &Objects) -> Self {
        let interface = |line: &TrackDraft| {
            let weight = line.weight.and_then(PriorityWeight::new).unwrap_or(PriorityWeight::FAULT);
            let track = Track { weight, reverse: line.reverse.unwrap_or(false) };
            Some((InterfaceName::new(&line.name).ok()?, track, line.span))
        };
        Self {
            interfaces: tracks.interfaces.iter().filter_map(interface).collect(),
            scripts: inherit(&tracks.scripts, &objects.scripts),
            files: inherit(&tracks.files, &objects.files),
            processes: inherit(&tracks.processes, &objects.processes),
            bfd: inherit(&tracks.bfd, &objects.bfd),
        }
    }

    fn finish(self) -> Trackers {
        fn bare<N>(list: Vec<(N, Track, Span)>) -> Vec<(N, Track)> {
            list.into_iter().map(|(name, track, _)| (name, track)).collect()
        }
        Trackers {
            interfaces: bare(self.interfaces),
            scripts: bare(self.scripts),
            files: bare(self.files),
            processes: bare(self.processes),
            bfd: bare(self.bfd),
        }
    }
}

/// The base priority as configured: 255 for `state MASTER` without one.
pub(super) fn is_owner(instance: &InstanceDraft) -> bool {
    match instance.election.priority {
        Some(priority) => priority == 255,
        None => instance.election.state == Some(StartState::Master),
    }
}

/// Completes the trackers of every instance.
pub(super) fn complete(
    vrrp: &mut VrrpDraft,
    members: &Membership,
    objects: &Objects,
    context: &mut Context<'_>,
) {
    for (index, instance) in vrrp.instances.iter().enumerate() {
        let mut lists = Lists::new(&instance.tracks, objects);
        if let Some(own) = &instance.interface {
            lists.interfaces.retain(|(name, _, span)| {
                if name == own {
                    let message =
                        format!("({}) Ignoring track_interface {name} since own interface", instance.name);
                    context.push(Diagnostic::after_reading(Class::GeneralError, Some(*span), message));
                }
                name != own
            });
        }
        let group = members.group_of(index).and_then(|group| vrrp.groups.get(group));
        if let Some(group) = group {
            prefer_group(instance, group, &mut lists, context);
        }
        if is_owner(instance) {
            without_weights(instance, &mut lists, Reason::Owner, context);
        } else if group.is_some_and(|group| !group.tracking_weight) {
            without_weights(instance, &mut lists, Reason::Group, context);
        }
        members.set_trackers(index, lists.finish());
    }
}

/// Why an instance cannot have weights.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reason {
    Owner,
    Group,
}

/// Drops weighted trackers, or takes their weight, as the original does for each kind.
fn without_weights(instance: &InstanceDraft, lists: &mut Lists, reason: Reason, context: &mut Context<'_>) {
    let name = &instance.name;
    let why = if reason == Reason::Owner { "address_owner" } else { "SYNC group" };
    let mut say = |span: Span, message: String| {
        let message = format!("({name}) {message}");
        context.push(Diagnostic::after_reading(Class::GeneralError, Some(span), message));
    };
    let weighted = |track: &Track| track.weight != PriorityWeight::FAULT;
    lists.interfaces.retain_mut(|(interface, track, span)| {
        if !weighted(track) {
            return true;
        }
        if reason == Reason::Owner {
            say(*span, format!("ignoring {interface} tracked interface due to address owner"));
            return false;
        }
        say(*span, format!("ignoring {interface} tracked interface weight due to SYNC group"));
        track.weight = PriorityWeight::FAULT;
        true
    });
    lists.scripts.retain(|(script, track, span)| {
        if weighted(track) {
            say(*span, format!("ignoring tracked script {script} with weights due to {why}"));
        }
        !weighted(track)
    });
    lists.files.retain_mut(|(file, track, span)| match track.weight.get() {
        0 => true,
        1 => {
            // 1 is what a file has when nobody chose a weight.
            say(*span, format!("ignoring weight from tracked file {file} due to {why}. specify weight 0"));
            track.weight = PriorityWeight::FAULT;
            true
        }
        weight => {
            say(*span, format!("ignoring tracked file {file} with weight {weight} due to {why}"));
            false
        }
    });
    if reason == Reason::Owner {
        // The original keeps a weight that an owner's fixed priority never shows.
        lists.processes.retain(|(_, track, _)| !weighted(track));
    }
    lists.bfd.retain(|(bfd, track, span)| {
        if weighted(track) {
            say(*span, format!("ignoring tracked bfd {bfd} with weight {} due to {why}", track.weight.get()));
        }
        !weighted(track)
    });
}

/// The same thing tracked by instance and group: the group's weight wins unless the instance's is 0.
fn prefer_group(instance: &InstanceDraft, group: &GroupDraft, lists: &mut Lists, context: &mut Context<'_>) {
    let mut check = |kind: &str, name: &str, span: Span, lines: &[TrackDraft]| {
        let Some(line) = lines.iter().find(|line| line.name == name) else { return };
        let message = format!(
            "({}) {kind} {name} is configured on VRRP instance and sync group. Remove vrrp instance or sync group \
             config",
            instance.name
        );
        let report = Diagnostic::after_reading(Class::GeneralError, Some(span), message);
        context.push(report.related(line.span, "the group tracks it here"));
    };
    for (name, _, span) in &lists.interfaces {
        check("track_interface", name, *span, &group.tracks.interfaces);
    }
    let group_weight = |lines: &[TrackDraft], name: &str| {
        lines.iter().find(|line| line.name == name).and_then(|line| line.weight).and_then(PriorityWeight::new)
    };
    for (name, track, _) in &mut lists.interfaces {
        if track.weight != PriorityWeight::FAULT
            && let Some(weight) = group_weight(&group.tracks.interfaces, name)
        {
            track.weight = weight;
        }
    }
}

/// The trackers of a group: with an owner among the members there are no weights.
pub(super) fn of_group(
    group: &GroupDraft,
    has_owner: bool,
    objects: &Objects,
    context: &mut Context<'_>,
) -> Trackers {
    let mut lists = Lists::new(&group.tracks, objects);
    if has_owner {
        let name = &group.name;
        let mut clear = |kind: &str, what: &str, track: &mut Track, span: Span, ending: &str| {
            if track.weight == PriorityWeight::FAULT {
                return;
            }
            track.weight = PriorityWeight::FAULT;
            let message = format!(
                "({name}) Cannot have weighted track {kind} '{what}' with member having priority 255 - {ending}"
            );
            context.push(Diagnostic::after_reading(Class::GeneralError, Some(span), message));
        };
        for (what, track, span) in &mut lists.scripts {
            clear("script", what, track, *span, "clearing weight");
        }
        for (what, track, span) in &mut lists.files {
            clear("file", what, track, *span, "setting weight 0");
        }
        for (what, track, span) in &mut lists.processes {
            clear("process", what, track, *span, "setting weight 0");
        }
        for (what, track, span) in &mut lists.bfd {
            clear("bfd", what, track, *span, "setting weight 0");
        }
        for (what, track, span) in &mut lists.interfaces {
            clear("interface", what, track, *span, "clearing weight");
        }
    }
    lists.finish()
}

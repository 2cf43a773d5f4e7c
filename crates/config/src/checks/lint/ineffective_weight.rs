//! Weights that cannot change who becomes MASTER.

use super::{Places, note};
use crate::context::Context;
use keepalived_vrrp::config::{InstanceConfig, Track};

/// Remarks weights that priority arithmetic cannot show: the effective priority stays within 1 to 254, so a bonus
/// for 254, or a penalty for 1, changes nothing.
pub(super) fn check(instance: &InstanceConfig, places: &Places<'_>, context: &mut Context<'_>) {
    if instance.priority.is_owner() {
        return;
    }
    let priority = i32::from(instance.priority.get());
    let trackers = &instance.trackers;
    let named = |(name, track): &(String, Track)| (name.clone(), *track);
    // A tracked file multiplies its weight by the number it holds, so nothing can be said about it here.
    let all: Vec<(String, Track)> = trackers
        .interfaces
        .iter()
        .map(|(name, track)| (name.to_string(), *track))
        .chain(trackers.scripts.iter().map(named))
        .chain(trackers.processes.iter().map(named))
        .chain(trackers.bfd.iter().map(named))
        .collect();
    // What the others add or take may make room for it.
    let [lowest, highest] = [-1, 1].map(|sign| {
        let total: i32 =
            all.iter().map(|(_, track)| contribution(*track)).filter(|weight| weight * sign > 0).sum();
        priority + total
    });
    for (name, track) in &all {
        let weight = contribution(*track);
        let useless = match weight {
            1.. => priority >= 254 && lowest >= 254,
            0 => false,
            _ => priority <= 1 && highest <= 1,
        };
        if !useless {
            continue;
        }
        let message = format!(
            "({}) weight {} of {name} can never change the priority, which stays within 1 to 254",
            instance.name,
            track.weight.get()
        );
        let remark = note(span(name, instance, places), message)
            .label("no effect")
            .help("a positive weight is added while the tracked object is up: leave room above `priority`");
        context.push(remark);
    }
}

/// What is added in the case that changes anything.
fn contribution(track: Track) -> i32 {
    let weight = i32::from(track.weight.get());
    if track.reverse { -weight } else { weight }
}

/// Where the instance names the tracked object.
fn span(name: &str, instance: &InstanceConfig, places: &Places<'_>) -> Option<crate::span::Span> {
    let tracks = &places.draft(instance)?.tracks;
    [&tracks.interfaces, &tracks.scripts, &tracks.processes, &tracks.bfd]
        .into_iter()
        .flatten()
        .find(|line| line.name == name)
        .map(|line| line.span)
}

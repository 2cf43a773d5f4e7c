//! Sync groups and track groups: who belongs where.

use super::trackers::{self, Objects};
use crate::context::Context;
use crate::diagnostic::{Class, Diagnostic};
use crate::draft::{GlobalDraft, VrrpDraft};
use crate::model::Global;
use crate::span::Span;
use keepalived_vrrp::config::{InstanceConfig, PriorityNotices, SyncGroupConfig, TrackGroup, Trackers};
use std::cell::RefCell;
use std::collections::HashMap;

/// Which instance belongs to which sync group, both by position.
pub(super) struct Membership {
    group_of: Vec<Option<usize>>,
    members: Vec<Vec<usize>>,
    trackers: RefCell<Vec<Trackers>>,
}

impl Membership {
    /// The group of an instance.
    pub(super) fn group_of(&self, instance: usize) -> Option<usize> {
        self.group_of.get(instance).copied().flatten()
    }

    /// Keeps the finished trackers of an instance.
    pub(super) fn set_trackers(&self, instance: usize, trackers: Trackers) {
        if let Some(place) = self.trackers.borrow_mut().get_mut(instance) {
            *place = trackers;
        }
    }

    /// Takes them out again.
    pub(super) fn trackers_of(&self, instance: usize) -> Trackers {
        self.trackers.borrow_mut().get_mut(instance).map(std::mem::take).unwrap_or_default()
    }
}

/// Positions of the instances by name.
fn positions(vrrp: &VrrpDraft) -> HashMap<&str, usize> {
    vrrp.instances.iter().enumerate().map(|(index, instance)| (instance.name.as_str(), index)).collect()
}

fn say(span: Option<Span>, message: String, context: &mut Context<'_>) {
    context.push(Diagnostic::after_reading(Class::GeneralError, span, message));
}

/// Resolves the members of all sync groups, each instance into the first group that names it.
pub(super) fn members(vrrp: &mut VrrpDraft, context: &mut Context<'_>) -> Membership {
    let known = positions(vrrp);
    let mut group_of: Vec<Option<usize>> = vec![None; vrrp.instances.len()];
    let mut members = Vec::with_capacity(vrrp.groups.len());
    for (index, group) in vrrp.groups.iter().enumerate() {
        let mut found = Vec::new();
        for (name, span) in &group.members {
            let Some(&instance) = known.get(name.as_str()) else {
                let message = format!(
                    "Virtual router {name} specified in sync group {} doesn't exist - ignoring",
                    group.name
                );
                say(Some(*span), message, context);
                continue;
            };
            let Some(place) = group_of.get_mut(instance) else { continue };
            if place.is_some() {
                let message = format!(
                    "Virtual router {name} cannot exist in more than one sync group; ignoring {}",
                    group.name
                );
                say(Some(*span), message, context);
                continue;
            }
            *place = Some(index);
            found.push(instance);
        }
        if group.members.is_empty() {
            let message = format!("Sync group {} has no virtual router(s). removing", group.name);
            say(Some(group.span), message, context);
        } else if found.is_empty() {
            let message = format!(
                "Sync group {}, no matching virtual router found in group declaration - removing",
                group.name
            );
            say(Some(group.span), message, context);
        } else if found.len() == 1 {
            let message = format!(
                "Sync group {} has only 1 virtual router(s) - this probably isn't what you want",
                group.name
            );
            say(Some(group.span), message, context);
        }
        members.push(found);
    }
    let trackers = RefCell::new(vec![Trackers::default(); group_of.len()]);
    Membership { group_of, members, trackers }
}

/// The groups that have members.
pub(super) fn complete(
    vrrp: &VrrpDraft,
    membership: &Membership,
    objects: &Objects,
    global: &GlobalDraft,
    context: &mut Context<'_>,
) -> Vec<SyncGroupConfig> {
    let mut complete = Vec::with_capacity(vrrp.groups.len());
    for (group, members) in vrrp.groups.iter().zip(&membership.members) {
        if members.is_empty() {
            continue;
        }
        let instances = || members.iter().filter_map(|index| vrrp.instances.get(*index));
        let owners = instances().filter(|instance| trackers::is_owner(instance)).count();
        if owners > 0 && owners < members.len() {
            let message =
                format!("({}) sync group has some address owners and some not address owners", group.name);
            context.push(Diagnostic::after_reading(Class::LogOnly, Some(group.span), message));
        }
        complete.push(SyncGroupConfig {
            name: group.name.clone(),
            members: instances().map(|instance| instance.name.clone()).collect(),
            trackers: trackers::of_group(group, owners > 0, objects, context),
            tracking_weight: group.tracking_weight,
            notify: group.notify.clone(),
            priority_notices: PriorityNotices(
                group.priority_notices.unwrap_or(global.settings.instance_defaults.priority_notices),
            ),
            smtp_alert: group
                .smtp_alert
                .or(global.settings.mail.alert_vrrp)
                .or(global.settings.mail.alert)
                .unwrap_or(false),
        });
    }
    complete
}

/// `notify_priority_changes` of an instance that has none: the group's, else the global one.
pub(super) fn inherit_notices(
    instances: &mut [InstanceConfig],
    vrrp: &VrrpDraft,
    membership: &Membership,
    global: &Global,
) {
    let known = positions(vrrp);
    for instance in instances {
        let Some(&index) = known.get(instance.name.as_str()) else { continue };
        let own = vrrp.instances.get(index).and_then(|draft| draft.notices.priority_notices);
        let group = membership.group_of(index).and_then(|group| vrrp.groups.get(group));
        let group = group.and_then(|group| group.priority_notices);
        let on = own.or(group).unwrap_or(global.instance_defaults.priority_notices);
        instance.priority_notices = PriorityNotices(on);
    }
}

/// The track groups that have members.
pub(super) fn track_groups(vrrp: &VrrpDraft, context: &mut Context<'_>) -> Vec<TrackGroup> {
    let known = positions(vrrp);
    let mut complete = Vec::new();
    for group in &vrrp.track_groups {
        let mut instances: Vec<String> = Vec::new();
        for (name, span) in &group.members {
            if !known.contains_key(name.as_str()) {
                let message = format!(
                    "Virtual router {name} specified in track group {} doesn't exist - ignoring",
                    group.name
                );
                context.push(Diagnostic::after_reading(Class::LogOnly, Some(*span), message));
            } else if !instances.contains(name) {
                instances.push(name.clone());
            }
        }
        if instances.is_empty() {
            let message = format!("track group {} has no virtual router(s) - removing", group.name);
            context.push(Diagnostic::after_reading(Class::LogOnly, Some(group.span), message));
            continue;
        }
        complete.push(TrackGroup { name: group.name.clone(), instances });
    }
    complete
}

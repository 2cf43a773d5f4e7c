//! The address family of a service.

use super::Known;
use crate::context::Context;
use crate::diagnostic::{Class, Diagnostic};
use crate::tables::lvs::draft::{ServiceDraft, VirtualServerDraft};
use keepalived_lvs::config::{GroupEntry, ServerGroup};
use keepalived_types::Family;

/// The family, or `Some(None)` for a group with both. `None` when group and servers do not go together: the virtual
/// server is dropped, which the original says in its log only.
pub(super) fn settle(
    draft: &VirtualServerDraft,
    ordinal: u32,
    known: &Known<'_>,
    context: &mut Context<'_>,
) -> Option<Option<Family>> {
    let ServiceDraft::Group(name) = &draft.service else {
        return Some(Some(draft.family.unwrap_or_else(|| common(draft).unwrap_or(Family::V4))));
    };
    let families = known.groups.get(name).map(families).unwrap_or_default();
    let complaint = match (families, draft.family) {
        ((true, true), None) => return Some(None),
        ((false, false), family) => {
            return Some(Some(family.or_else(|| common(draft)).unwrap_or(Family::V4)));
        }
        ((true, false), None | Some(Family::V4)) => return Some(Some(Family::V4)),
        ((false, true), None | Some(Family::V6)) => return Some(Some(Family::V6)),
        ((true, true), Some(_)) => "virtual server group with IPv4 & IPv6 doesn't match",
        ((true, false) | (false, true), Some(_)) => "address family doesn't match",
    };
    let message = format!("{name}: {complaint} virtual server {} - ignoring", draft.name(ordinal));
    context.push(Diagnostic::after_reading(Class::LogOnly, Some(draft.span), message));
    None
}

/// Does the group hold IPv4, and IPv6?
fn families(group: &ServerGroup) -> (bool, bool) {
    let mut found = (false, false);
    for entry in &group.entries {
        let family = match entry {
            GroupEntry::Addresses { range, .. } => Some(range.family()),
            GroupEntry::Mark { family, .. } => *family,
        };
        match family {
            Some(Family::V4) => found.0 = true,
            Some(Family::V6) => found.1 = true,
            None => {}
        }
    }
    found
}

/// The family that all servers have.
fn common(draft: &VirtualServerDraft) -> Option<Family> {
    let mut families = draft
        .real_servers
        .iter()
        .map(|server| server.address)
        .chain(draft.sorry_server.as_ref().map(|sorry| sorry.address))
        .map(Family::of);
    let first = families.next()?;
    families.all(|family| family == first).then_some(first)
}

//! Base priority and weights make the effective priority (vrrp reference 3.2).

use super::{Followed, Watched, interface};
use crate::event::TrackerKind;
use crate::instance::Instance;
use crate::snapshot::Contribution;
use crate::world::World;
use keepalived_types::{Priority, PriorityWeight};

/// The effective priority now: base plus contributions, 1 to 254. An address owner's is 255, whatever it follows; 254
/// while it has given in to another owner.
///
/// The sum is not clamped on the way, so that it comes back exactly when a contribution goes.
pub(crate) fn effective(instance: &Instance, world: &World) -> Priority {
    if instance.is_address_owner() {
        return if instance.has_lowered_itself { Priority(254) } else { Priority::OWNER };
    }
    let contributions = instance.followed.iter().map(|followed| contribution(followed, world));
    let sum: i64 = i64::from(instance.config.priority.get()) + contributions.sum::<i64>();
    Priority(u8::try_from(sum.clamp(1, 254)).expect("clamped into the range of a u8"))
}

/// What one tracker adds.
fn contribution(followed: &Followed, world: &World) -> i64 {
    let weight = i64::from(followed.track.weight.get());
    let plain = match &followed.watched {
        Watched::File(name) => file(world.observed.file_value(name), weight),
        Watched::Interface(name) => up_or_down(Some(interface::is_up(name, &world.links)), weight),
        other => up_or_down(world.observed.is_up(other), weight),
    };
    if followed.track.reverse { -plain } else { plain }
}

/// What each tracker adds, for people.
pub(crate) fn contributions(instance: &Instance, world: &World) -> Vec<Contribution> {
    let observed = |followed: &Followed| world.observed.is_up(&followed.watched);
    let describe = |followed: &Followed| {
        let (kind, name, is_up) = match &followed.watched {
            Watched::Interface(name) => {
                (TrackerKind::Interface, name.to_string(), Some(interface::is_up(name, &world.links)))
            }
            Watched::File(name) => (TrackerKind::File, name.clone(), None),
            Watched::Script(name) => (TrackerKind::Script, name.clone(), observed(followed)),
            Watched::Process(name) => (TrackerKind::Process, name.clone(), observed(followed)),
            Watched::Bfd(name) => (TrackerKind::Bfd, name.clone(), observed(followed)),
        };
        let adds = if instance.is_address_owner() { 0 } else { contribution(followed, world) };
        let is_fault_only = followed.track.weight == PriorityWeight::FAULT;
        Contribution { kind, name, is_up, adds, is_fault_only }
    };
    instance.followed.iter().map(describe).collect()
}

/// A positive weight is a bonus while up, a negative one a malus while down. Nothing is known: nothing is added.
fn up_or_down(is_up: Option<bool>, weight: i64) -> i64 {
    match is_up {
        Some(true) => weight.max(0),
        Some(false) => weight.min(0),
        None => 0,
    }
}

/// The number in a file times its weight, at most 253 in its effect.
fn file(value: i64, weight: i64) -> i64 {
    value.saturating_mul(weight).clamp(-253, 253)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bonus_needs_success_and_a_malus_failure() {
        assert_eq!(up_or_down(Some(true), 10), 10);
        assert_eq!(up_or_down(Some(false), 10), 0);
        assert_eq!(up_or_down(Some(true), -10), 0);
        assert_eq!(up_or_down(Some(false), -10), -10);
        assert_eq!(up_or_down(None, -10), 0);
    }

    #[test]
    fn a_file_counts_at_most_253() {
        assert_eq!(file(500, 1), 253);
        assert_eq!(file(-20, 2), -40);
        assert_eq!(file(i64::MAX, 254), 253);
    }
}

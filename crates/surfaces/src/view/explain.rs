//! `keepalivedctl explain`: why an instance is in its state, and what would change that.

use super::words;
use keepalived_vrrp::{Contribution, InstanceSnapshot, State};

/// Several lines: the state and its reason, how the priority comes about, what would change the state. In `maintenance`
/// nothing becomes MASTER.
#[must_use]
pub fn explain(instance: &InstanceSnapshot, maintenance: bool) -> String {
    let mut lines = vec![format!(
        "{} has been {} for {}, because {}.",
        instance.name,
        instance.state.name(),
        words::span(instance.in_state_for),
        reason(instance, maintenance)
    )];
    if let Some(cause) = &instance.cause {
        lines.push(format!("It entered this state because {}.", words::cause(cause)));
    }
    lines.push(format!("Its priority is {}.", priority(instance)));
    lines.extend(instance.contributions.iter().filter_map(standing));
    if instance.wanted != instance.state {
        lines.push(format!("By itself it would be {}.", instance.wanted.name()));
    }
    if let Some(group) = &instance.group {
        lines.push(format!("It moves together with the other members of sync group {group}."));
    }
    lines.push(outlook(instance, maintenance));
    lines.join("\n") + "\n"
}

/// The present reason, in terms of what is true now.
fn reason(instance: &InstanceSnapshot, maintenance: bool) -> String {
    let ours = instance.effective_priority;
    match (instance.state, instance.master) {
        (State::Fault, _) if instance.faults.is_empty() => "its track scripts have not run yet".to_owned(),
        (State::Fault, _) => instance.faults.iter().map(words::fault).collect::<Vec<_>>().join(", and "),
        (State::Backup, Some((address, theirs))) if instance.stands_back => {
            format!("it gave way, and {address} is master with priority {theirs}")
        }
        (State::Backup, Some((address, theirs))) if theirs > ours => {
            format!("{address} advertises priority {theirs} and ours is {ours}")
        }
        (State::Backup, Some((address, theirs))) if theirs == ours => {
            format!("{address} was first, and its priority {theirs} is the same as ours")
        }
        (State::Backup, Some((address, theirs))) if !instance.preempts => {
            format!("{address} is master with priority {theirs}, and `nopreempt` forbids to push it aside")
        }
        (State::Backup, Some((address, theirs))) => {
            format!(
                "{address} was master with priority {theirs}; ours is {ours}, and it will be pushed aside"
            )
        }
        (State::Backup, None) if maintenance => "this node is in maintenance".to_owned(),
        (State::Backup, None) => "it has not waited long enough for a master to be heard".to_owned(),
        (State::Master, _) => format!("nobody with a better priority than {ours} is heard"),
        (State::Initialize, _) => "it is starting".to_owned(),
        (State::Stop | State::Deleted, _) => "it has ended".to_owned(),
    }
}

/// `110 = 100 + 10 (script chk_haproxy)`, also when the sum is clamped.
fn priority(instance: &InstanceSnapshot) -> String {
    let base = instance.base_priority;
    let effective = instance.effective_priority;
    let adding: Vec<&Contribution> = instance.contributions.iter().filter(|one| one.adds != 0).collect();
    if adding.is_empty() {
        return if base == effective {
            format!("{effective}, as configured")
        } else {
            format!("{effective}; {base} is configured")
        };
    }
    let sum: i64 = i64::from(base.get()) + adding.iter().map(|one| one.adds).sum::<i64>();
    let terms: String = adding
        .iter()
        .map(|one| {
            let sign = if one.adds < 0 { '-' } else { '+' };
            format!(" {sign} {} ({} {})", one.adds.unsigned_abs(), words::tracker(one.kind), one.name)
        })
        .collect();
    let clamped =
        if sum == i64::from(effective.get()) { String::new() } else { format!(" = {sum}, bounded") };
    format!("{effective} = {base}{terms}{clamped}")
}

/// What a tracker that adds nothing stands at.
fn standing(contribution: &Contribution) -> Option<String> {
    let is = match contribution.is_up {
        _ if contribution.adds != 0 => return None,
        Some(true) => "is up",
        Some(false) => "is down",
        None if matches!(contribution.kind, keepalived_vrrp::TrackerKind::File) => "adds nothing",
        None => "has not been looked at yet",
    };
    let role = if contribution.is_fault_only { ", and would be a fault if it failed" } else { "" };
    let role = if contribution.is_up == Some(true) { role } else { "" };
    Some(format!("The {} {} {is}{role}.", words::tracker(contribution.kind), contribution.name))
}

fn outlook(instance: &InstanceSnapshot, maintenance: bool) -> String {
    let wait = words::span(instance.master_down_interval);
    match instance.state {
        State::Master => {
            "It stays MASTER until a better advert arrives or something it follows fails.".to_owned()
        }
        State::Backup if maintenance => {
            "It becomes MASTER after `keepalivedctl maintenance off` at the earliest.".to_owned()
        }
        State::Backup if instance.stands_back => {
            "It becomes MASTER when nobody else is, or after `keepalivedctl switchover --return`.".to_owned()
        }
        State::Backup => match instance.master {
            Some((address, _)) => format!("It becomes MASTER when {address} is silent for {wait}."),
            None => format!("It becomes MASTER when nobody is heard for {wait}."),
        },
        State::Fault => "It becomes BACKUP when all of that is gone.".to_owned(),
        State::Initialize | State::Stop | State::Deleted => "Nothing changes that from outside.".to_owned(),
    }
}

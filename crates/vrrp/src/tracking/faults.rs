//! Every reason that keeps an instance from taking part, found anew each time (vrrp reference 2.1).
//!
//! A list, not a bit per kind: with two tracked interfaces down, the return of one changes nothing (D7).

use super::{Followed, Watched, interface};
use crate::config::{Authentication, InstanceConfig, Transport};
use crate::event::{Fault, TrackerKind};
use crate::instance::Instance;
use crate::links::Links;
use crate::network;
use crate::place::Place;
use crate::state::Role;
use crate::world::World;
use keepalived_types::{InterfaceName, PriorityWeight};

/// All own reasons of an instance that would be at `place`.
pub(crate) fn find(instance: &Instance, place: &Place, world: &World) -> Vec<Fault> {
    let mut faults: Vec<Fault> = configuration(&instance.config).into_iter().collect();
    own_interface(instance, place, &world.links, &mut faults);
    named_interfaces(&instance.config, &world.links, &mut faults);
    if place.source.is_none() && (place.link.is_some() || instance.config.interface.is_none()) {
        let configured = instance.config.configured_source().is_some();
        faults.push(Fault::NoSourceAddress { configured });
    }
    if let Some(reason) = &instance.channel_failure {
        faults.push(Fault::Channel(reason.clone()));
    }
    if let Some(channel) = instance.channel {
        let listeners = world.channels.listeners(channel, instance.config.vrid);
        let is_second = listeners.first().is_some_and(|first| *first != instance.id);
        if is_second && matches!(instance.config.transport, Transport::Multicast { .. }) {
            faults.push(Fault::DuplicateVrid);
        }
    }
    faults.extend(instance.followed.iter().filter_map(|followed| tracker(followed, world)));
    if matches!(instance.role, Role::Fault) {
        // Who runs is not stopped by a script that a reload has added; who does not waits for it.
        faults.extend(world.observed.awaited(&instance.followed).map(Fault::AwaitsScript));
    }
    deduplicated(faults)
}

/// What only a reload can cure. Speaking without the authentication that was asked for would make two masters.
fn configuration(config: &InstanceConfig) -> Option<Fault> {
    let reason = match (&config.disabled, config.authentication, &config.auth_hmac) {
        (Some(reason), _, _) => reason.to_string(),
        (None, Authentication::Header(_), _) => "auth_type AH is not supported".to_owned(),
        (None, _, Some(_)) => "auth_hmac is not supported".to_owned(),
        (None, _, None) => return None,
    };
    Some(Fault::Configuration(reason))
}

fn own_interface(instance: &Instance, place: &Place, links: &Links, faults: &mut Vec<Fault>) {
    let Some(name) = &instance.config.interface else {
        return;
    };
    let Some(index) = place.link else {
        faults.push(Fault::InterfaceMissing(name.to_string()));
        return;
    };
    if !instance.config.dont_track_primary
        && let Some(layer) = links.unusable_layer(index)
    {
        let layer = links.get(layer).map_or_else(|| name.to_string(), |link| link.name.to_string());
        faults.push(Fault::InterfaceDown(layer));
    }
    let is_multicast = matches!(instance.config.transport, Transport::Multicast { .. });
    if is_multicast && links.get(index).is_some_and(|link| !link.has_multicast) {
        faults.push(Fault::Configuration(format!("interface {name} does not multicast")));
    }
}

/// An address that names another interface makes the instance depend on that one; routes and rules do, too.
fn named_interfaces(config: &InstanceConfig, links: &Links, faults: &mut Vec<Fault>) {
    for name in network::named_interfaces(config) {
        let is_own = config.interface.as_ref() == Some(name);
        if !is_own && !interface::is_up(name, links) {
            faults.push(interface_fault(name, links));
        }
    }
}

/// A tracker of weight 0 that has failed, or with `reverse` has not.
fn tracker(followed: &Followed, world: &World) -> Option<Fault> {
    let is_fault_only = followed.track.weight == PriorityWeight::FAULT;
    let failed = match &followed.watched {
        Watched::Interface(name) => {
            is_fault_only && interface::is_up(name, &world.links) == followed.track.reverse
        }
        Watched::File(name) => file_fails(world.observed.file_value(name), followed),
        other => is_fault_only && world.observed.is_up(other) == Some(followed.track.reverse),
    };
    failed.then(|| match &followed.watched {
        Watched::Interface(name) if !followed.track.reverse => interface_fault(name, &world.links),
        Watched::Interface(name) => Fault::Tracker { kind: TrackerKind::Interface, name: name.to_string() },
        Watched::Script(name) => Fault::Tracker { kind: TrackerKind::Script, name: name.clone() },
        Watched::File(name) => Fault::Tracker { kind: TrackerKind::File, name: name.clone() },
        Watched::Process(name) => Fault::Tracker { kind: TrackerKind::Process, name: name.clone() },
        Watched::Bfd(name) => Fault::Tracker { kind: TrackerKind::Bfd, name: name.clone() },
    })
}

/// Weight 0: anything but 0 fails, reversed 0 does. Weighted: -254 and below does.
fn file_fails(value: i64, followed: &Followed) -> bool {
    let weight = i64::from(followed.track.weight.get());
    let sign = if followed.track.reverse { -1 } else { 1 };
    match weight {
        0 => (value != 0) != followed.track.reverse,
        _ => value.saturating_mul(weight).saturating_mul(sign) <= -254,
    }
}

fn interface_fault(name: &InterfaceName, links: &Links) -> Fault {
    match links.index(name) {
        Some(_) => Fault::InterfaceDown(name.to_string()),
        None => Fault::InterfaceMissing(name.to_string()),
    }
}

fn deduplicated(faults: Vec<Fault>) -> Vec<Fault> {
    let mut unique = Vec::with_capacity(faults.len());
    for fault in faults {
        if !unique.contains(&fault) {
            unique.push(fault);
        }
    }
    unique
}

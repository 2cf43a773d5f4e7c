//! No two instances may be the same virtual router on one link.

use crate::context::Context;
use crate::diagnostic::{Class, Diagnostic};
use crate::draft::InstanceDraft;
use crate::span::Span;
use keepalived_types::{Family, Vrid};
use keepalived_vrrp::config::{InstanceConfig, Transport};
use std::collections::HashMap;
use std::net::IpAddr;

/// Interface, VRID, family and group of a multicast instance.
type Multicast<'a> = (&'a str, Vrid, Family, IpAddr);

/// Interface (without a source), source, VRID, family and one peer of a unicast instance.
type Unicast<'a> = (Option<&'a str>, Option<IpAddr>, Vrid, Family, IpAddr);

/// Reports every pair that clashes, in time proportional to the number of instances and peers.
pub(super) fn check(instances: &[InstanceConfig], drafts: &[InstanceDraft], context: &mut Context<'_>) {
    let places: HashMap<&str, Span> =
        drafts.iter().map(|draft| (draft.name.as_str(), draft.span_of("virtual_router_id"))).collect();
    let mut multicast: HashMap<Multicast<'_>, &str> = HashMap::new();
    let mut unicast: HashMap<Unicast<'_>, &str> = HashMap::new();
    for instance in instances {
        let interface = instance.interface.as_ref().map(|name| name.as_str());
        let (vrid, family) = (instance.vrid, instance.family);
        let clash = match &instance.transport {
            Transport::Multicast { group, .. } => interface.and_then(|interface| {
                multicast.insert((interface, vrid, family, *group), &instance.name).map(|first| {
                    let name = &instance.name;
                    (
                        first,
                        format!(
                            "{first} and {name} both use VRID {vrid} with {family} on interface {interface}"
                        ),
                    )
                })
            }),
            Transport::Unicast { peers, source, .. } => {
                // One interface is one local address when none is written; with a source that address counts.
                let link = if source.is_some() { None } else { interface };
                let others: Vec<_> = peers
                    .iter()
                    .filter_map(|peer| {
                        unicast.insert((link, *source, vrid, family, peer.address), &instance.name)
                    })
                    .collect();
                others.first().map(|first| {
                    let name = &instance.name;
                    (*first, format!("({first}) duplicate VRID conflict with {name} VRID {vrid}"))
                })
            }
        };
        let Some((first, message)) = clash else { continue };
        let place = places.get(instance.name.as_str()).copied();
        let mut report = Diagnostic::after_reading(Class::GeneralError, place, message).stopping(2);
        if let Some(earlier) = places.get(first) {
            report = report.related(*earlier, "used here first");
        }
        context.push(report);
    }
}

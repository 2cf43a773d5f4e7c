//! One VRID used twice on a link is legal when family or group differ, but both get the same virtual MAC address.

use super::{Places, note};
use crate::context::Context;
use crate::model::Config;
use keepalived_types::{Family, Vrid};
use keepalived_vrrp::config::Transport;
use std::collections::HashMap;

/// Remarks multicast instances that share interface, VRID and family but not the group: routers that know only the
/// standard group see one virtual router, and VMACs of both would be equal.
pub(super) fn check(config: &Config, places: &Places<'_>, context: &mut Context<'_>) {
    let mut first: HashMap<(&str, Vrid, Family), usize> = HashMap::new();
    for (index, instance) in config.vrrp.instances.iter().enumerate() {
        let (Some(interface), Transport::Multicast { group, .. }) =
            (&instance.interface, &instance.transport)
        else {
            continue;
        };
        let Some(earlier) = first.insert((interface.as_str(), instance.vrid, instance.family), index) else {
            continue;
        };
        let Some(other) = config.vrrp.instances.get(earlier) else { continue };
        let same_group =
            matches!(&other.transport, Transport::Multicast { group: theirs, .. } if theirs == group);
        if same_group {
            continue;
        }
        let message = format!(
            "({}) VRID {} is also used by {} on {interface}, with another group: both have the same virtual MAC address",
            instance.name, instance.vrid, other.name
        );
        let mut remark = note(places.of(instance, "virtual_router_id"), message)
            .label("this VRID is taken")
            .help("take another `virtual_router_id`; there are 255 on each link");
        if let Some(span) = places.of(other, "virtual_router_id") {
            remark = remark.related(span, "used here first");
        }
        context.push(remark);
    }
}

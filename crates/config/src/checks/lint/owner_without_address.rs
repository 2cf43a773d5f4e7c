//! Priority 255 is the address owner's: the router that has the virtual address as its own (RFC 9568 §5.2.4).

use super::{Places, note};
use crate::context::Context;
use keepalived_vrrp::config::InstanceConfig;

/// Remarks an owner without any of its virtual addresses configured on the interface.
pub(super) fn check(instance: &InstanceConfig, places: &Places<'_>, context: &mut Context<'_>) {
    if !instance.priority.is_owner() || instance.virtual_addresses.is_empty() {
        return;
    }
    let Some(interface) = instance.interface.as_ref().and_then(|name| context.host.interface(name)) else {
        return;
    };
    let owns = |address| interface.addresses.iter().any(|(own, _)| *own == address);
    if instance.virtual_addresses.iter().any(|address| owns(address.prefix.address())) {
        return;
    }
    let written = places.draft(instance).is_some_and(|draft| draft.election.priority.is_some());
    let (keyword, why) =
        if written { ("priority", "") } else { ("state", " (`state MASTER` without a priority)") };
    let message = format!(
        "({}) priority is 255{why}, but none of the virtual addresses is configured on the interface",
        instance.name
    );
    let remark = note(places.of(instance, keyword), message)
        .label("this is an address owner's priority")
        .help("255 is for the router that owns the address (RFC 9568 5.2.4): it ignores trackers and preempts always")
        .help("write a priority of 254 or less");
    context.push(remark);
}

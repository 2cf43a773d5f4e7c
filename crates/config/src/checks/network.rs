//! Interfaces of an instance's own, and whether its addresses are reachable.

use super::election::Facts;
use super::instance::complain;
use crate::context::Context;
use crate::draft::InstanceDraft;
use crate::model::Global;
use keepalived_types::{Family, Priority, Version};
use keepalived_vrrp::config::{IpvlanConfig, Transport, VmacConfig};

/// `accept`: on, but in strict mode only for an owner unless it is asked for; never for version 2 in strict mode.
pub(super) fn accept(
    draft: &InstanceDraft,
    facts: &Facts,
    version: Version,
    priority: Priority,
    context: &mut Context<'_>,
) -> bool {
    if priority.is_owner() {
        return true;
    }
    if !facts.strict {
        return draft.network.accept.unwrap_or(true);
    }
    if draft.network.accept == Some(true) && version == Version::V2 {
        let message = "warning - accept mode for VRRP version 2 does not comply with RFC3768 - resetting";
        complain(draft, "accept", message, context);
        return false;
    }
    draft.network.accept.unwrap_or(false)
}

/// What comes out.
pub(super) struct Links {
    pub vmac: Option<VmacConfig>,
    pub ipvlan: Option<IpvlanConfig>,
    pub promote_secondaries: bool,
}

/// VMAC and ipvlan.
pub(super) fn links(
    draft: &InstanceDraft,
    facts: &Facts,
    global: &Global,
    family: Family,
    transport: &Transport,
    disabled: &mut Option<String>,
    context: &mut Context<'_>,
) -> Links {
    let mut on_base = draft.links.transmit_on_base;
    if on_base && draft.links.vmac.is_none() {
        complain(draft, "vmac_xmit_base", "vmac_xmit_base is only valid with a vmac", context);
        on_base = false;
    } else if on_base && facts.strict {
        complain(draft, "vmac_xmit_base", "xmit_base is incompatible with strict mode - resetting", context);
        on_base = false;
    }
    let vmac = draft.links.vmac.clone().map(|mut vmac| {
        if facts.strict && vmac.mac.take().is_some() {
            let message = format!("({}): cannot specify MAC address with strict mode - clearing", draft.name);
            let place = Some(draft.span_of("use_vmac"));
            context.push(crate::diagnostic::Diagnostic::after_reading(
                crate::diagnostic::Class::GeneralError,
                place,
                message,
            ));
        }
        vmac.transmit_on_base = on_base || matches!(transport, Transport::Unicast { .. });
        vmac.name_prefix = global.vrrp.vmac_prefix.clone().unwrap_or_else(|| "vrrp".to_owned());
        vmac
    });
    let ethernet = draft.interface.as_ref().and_then(|name| context.host.interface(name));
    if vmac.is_some() && ethernet.is_some_and(|interface| !interface.ethernet) {
        complain(
            draft,
            "use_vmac",
            "vmacs are only supported on Ethernet interfaces - disabling instance",
            context,
        );
        *disabled = Some("the interface is not Ethernet, so it cannot have a VMAC".to_owned());
    }
    let ipvlan = draft.links.ipvlan.clone();
    if family == Family::V4 && ipvlan.as_ref().is_some_and(|ipvlan| ipvlan.address.is_none()) {
        let message =
            "IPv4 ipvlan requires a source ip address to be configured. setting instance to fault state";
        complain(draft, "use_ipvlan", message, context);
        *disabled = Some("an IPv4 ipvlan needs an address".to_owned());
    }
    let mut promote_secondaries = draft.network.promote_secondaries;
    if promote_secondaries && vmac.is_some() {
        let message = "promote_secondaries is automatically set for vmacs - ignoring";
        complain(draft, "promote_secondaries", message, context);
        promote_secondaries = false;
    }
    Links { vmac, ipvlan, promote_secondaries }
}

//! Strict mode drops packets for virtual addresses that the router does not own (Accept_Mode, RFC 9568 §6.1).

use super::{Places, note};
use crate::context::Context;
use keepalived_vrrp::config::InstanceConfig;

/// Remarks strict instances whose addresses will not answer, unless `no_accept` was asked for.
pub(super) fn check(instance: &InstanceConfig, places: &Places<'_>, context: &mut Context<'_>) {
    let Some(draft) = places.draft(instance) else { return };
    let addresses = instance.virtual_addresses.len() + instance.excluded_addresses.len();
    if !instance.strict || instance.accept || addresses == 0 || draft.network.accept == Some(false) {
        return;
    }
    let message = format!(
        "({}) strict mode: the virtual addresses will not answer, not even to ping, since this router does not own them",
        instance.name
    );
    let remark = note(places.of(instance, "strict_mode"), message)
        .label("packets to its addresses are dropped")
        .help("`accept` in the instance makes them answer (version 3 only), or leave strict mode off")
        .help("`no_accept` says that it is meant so");
    context.push(remark);
}

//! Which interfaces are polled: those of `linkbeat_interfaces`, and with `linkbeat_use_polling` those of VRRP.

use crate::draft::InstanceDraft;
use keepalived_types::InterfaceName;
use keepalived_vrrp::config::{InstanceConfig, Linkbeat};

/// Completes the list. `everywhere`: `linkbeat_use_polling` stands at the top level.
pub(super) fn complete(
    mut polled: Vec<(InterfaceName, Linkbeat)>,
    everywhere: bool,
    drafts: &[InstanceDraft],
    instances: &[InstanceConfig],
) -> Vec<(InterfaceName, Linkbeat)> {
    let asks = |instance: &&InstanceConfig| {
        everywhere || drafts.iter().any(|draft| draft.links.linkbeat && draft.name == instance.name)
    };
    let any = everywhere || drafts.iter().any(|draft| draft.links.linkbeat);
    for instance in instances.iter().filter(|_| any).filter(asks) {
        let tracked = instance.trackers.interfaces.iter().map(|(name, _)| name).filter(|_| everywhere);
        for name in instance.interface.iter().chain(tracked) {
            if !polled.iter().any(|(known, _)| known == name) {
                polled.push((name.clone(), Linkbeat::Automatic));
            }
        }
    }
    polled
}

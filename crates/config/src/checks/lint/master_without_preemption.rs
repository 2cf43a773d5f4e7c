//! `nopreempt` needs `state BACKUP`: it is cleared otherwise.

use super::{Places, note};
use crate::context::Context;
use keepalived_vrrp::config::{InstanceConfig, StartState};

/// Remarks an instance whose `nopreempt` was cleared because of its state.
pub(super) fn check(instance: &InstanceConfig, places: &Places<'_>, context: &mut Context<'_>) {
    let Some(draft) = places.draft(instance) else { return };
    if !draft.election.no_preempt || draft.election.state != Some(StartState::Master) {
        return;
    }
    let message = format!(
        "({}) nopreempt has no effect with state MASTER: this router takes over again",
        instance.name
    );
    let mut remark = note(places.of(instance, "nopreempt"), message)
        .label("this needs `state BACKUP`")
        .help("write `state BACKUP` on every router; the highest priority still becomes MASTER first");
    if let Some(state) = places.of(instance, "state") {
        remark = remark.related(state, "because of this");
    }
    context.push(remark);
}

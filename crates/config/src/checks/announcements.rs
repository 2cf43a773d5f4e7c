//! Gratuitous ARP and neighbour advertisements of an instance, and the answers strict mode asks for.

use super::election::Facts;
use super::instance::complain;
use crate::context::Context;
use crate::draft::InstanceDraft;
use keepalived_vrrp::config::GarpConfig;
use std::time::Duration;

/// The instance's values over the global ones. The defaults for lower priority adverts follow the global values,
/// not the instance's own, as in the original.
pub(super) fn complete(draft: &InstanceDraft, facts: &Facts, context: &mut Context<'_>) -> GarpConfig {
    let (own, default) = (&draft.garp, draft.defaults.garp);
    let mut garp = GarpConfig {
        repeat: own.repeat.unwrap_or(default.repeat),
        delay: own.delay.unwrap_or(default.delay),
        refresh: own.refresh.unwrap_or(default.refresh),
        refresh_repeat: own.refresh_repeat.unwrap_or(default.refresh_repeat).max(1),
        lower_priority_repeat: own.lower_priority_repeat.unwrap_or(default.lower_priority_repeat),
        lower_priority_delay: own.lower_priority_delay.unwrap_or(default.lower_priority_delay),
        extra: own.extra.unwrap_or(default.extra),
    };
    if facts.strict {
        strict(draft, &mut garp, context);
    }
    garp
}

/// Strict mode announces and answers nothing after an advert of lower priority.
fn strict(draft: &InstanceDraft, garp: &mut GarpConfig, context: &mut Context<'_>) {
    if draft.garp.lower_priority_repeat.is_some_and(|number| number > 0) {
        let message = "Strict mode requires no repeat garps. resetting";
        complain(draft, "garp_lower_prio_repeat", message, context);
    }
    if draft.garp.lower_priority_delay.is_some_and(|delay| !delay.is_zero()) {
        let message = "Strict mode requires no repeat garp delay. resetting";
        complain(draft, "garp_lower_prio_delay", message, context);
    }
    garp.lower_priority_repeat = 0;
    garp.lower_priority_delay = Duration::ZERO;
    if draft.election.lower_priority_no_advert == Some(false) {
        let message = "Strict mode requires no lower priority advert. resetting";
        complain(draft, "lower_prio_no_advert", message, context);
    }
    if draft.election.higher_priority_send_advert == Some(true) {
        let message = "strict mode requires higher_prio_send_advert to be clear. resetting";
        complain(draft, "higher_prio_send_advert", message, context);
    }
}

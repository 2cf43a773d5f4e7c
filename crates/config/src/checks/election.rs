//! Version, state, priority, preemption and timers of an instance.

use super::instance::{complain, complaint};
use crate::context::Context;
use crate::draft::InstanceDraft;
use keepalived_types::{Family, Priority, Version};
use keepalived_vrrp::config::{Authentication, StartState};
use std::time::Duration;

/// What many checks of an instance look at.
pub(super) struct Facts {
    /// `strict_mode`, or the global default.
    pub strict: bool,
    /// The family of the virtual addresses.
    pub family: Family,
    /// Unicast peers are listed.
    pub has_peers: bool,
}

/// Collects them.
pub(super) fn facts(draft: &InstanceDraft, family: Family, strict: bool) -> Facts {
    Facts { strict, family, has_peers: !draft.transport.peers.is_empty() }
}

/// The version: as written, else 3 for IPv6 and the global default for IPv4.
pub(super) fn version(draft: &InstanceDraft, facts: &Facts, context: &mut Context<'_>) -> Version {
    let default = match facts.family {
        Family::V6 => Version::V3,
        Family::V4 if draft.defaults.version == 3 => Version::V3,
        Family::V4 => Version::V2,
    };
    let version = draft.version.unwrap_or(default);
    if facts.family == Family::V6 && version == Version::V2 && facts.strict {
        complain(draft, "version", "cannot use IPv6 with VRRP version 2; setting version 3", context);
        return Version::V3;
    }
    version
}

/// What the election needs, contradictions resolved.
pub(super) struct Election {
    pub state: StartState,
    pub priority: Priority,
    pub preempt: bool,
    pub preempt_delay: Duration,
    pub down_timer_adverts: u8,
    pub lower_priority_no_advert: bool,
    pub higher_priority_send_advert: bool,
}

/// Where an instance begins.
#[derive(Clone, Copy)]
pub(super) struct Start {
    pub state: StartState,
    pub priority: Priority,
}

/// State and priority as written, or one from the other.
pub(super) fn start(draft: &InstanceDraft, facts: &Facts, context: &mut Context<'_>) -> Start {
    let priority = match (draft.election.priority, draft.election.state) {
        (Some(priority), _) => Priority(priority),
        (None, Some(StartState::Master)) => Priority::OWNER,
        (None, _) => Priority::DEFAULT,
    };
    let natural = if priority.is_owner() { StartState::Master } else { StartState::Backup };
    let mut state = draft.election.state.unwrap_or(natural);
    if facts.strict && state != natural {
        complain(draft, "state", "State MASTER must match being address owner", context);
        state = natural;
    }
    Start { state, priority }
}

impl Start {
    /// With AH, only an address owner begins as MASTER: any other router has to learn the master's sequence number.
    pub(super) fn fit_to_header(
        &mut self,
        authentication: &Authentication,
        draft: &InstanceDraft,
        context: &mut Context<'_>,
    ) {
        let is_header = matches!(authentication, Authentication::Header(_));
        if is_header && self.state == StartState::Master && !self.priority.is_owner() {
            let message = "Initial state master is incompatible with AH authentication - clearing";
            let report = complaint(draft, "state", message);
            context
                .push(report.help("write `state BACKUP`: the highest priority becomes master all the same"));
            self.state = StartState::Backup;
        }
    }
}

/// Preemption and timers, in the order of the original's reports.
pub(super) fn complete(
    draft: &InstanceDraft,
    facts: &Facts,
    start: Start,
    context: &mut Context<'_>,
) -> Election {
    let Start { state, priority } = start;
    let mut preempt = !draft.election.no_preempt;
    let mut preempt_delay = draft.election.preempt_delay.unwrap_or(Duration::ZERO);
    preemption(draft, state, priority, &mut preempt, &mut preempt_delay, facts, context);
    let adverts = draft.election.down_timer_adverts.unwrap_or(draft.defaults.down_timer_adverts);
    if facts.strict && adverts != 3 {
        complain(
            draft,
            "down_timer_adverts",
            "down_timer_adverts is incompatible with strict mode - resetting",
            context,
        );
    }
    Election {
        state,
        priority,
        preempt,
        preempt_delay,
        down_timer_adverts: if facts.strict { 3 } else { adverts },
        lower_priority_no_advert: draft
            .election
            .lower_priority_no_advert
            .unwrap_or(facts.strict || draft.defaults.lower_priority_no_advert)
            || facts.strict,
        higher_priority_send_advert: !facts.strict
            && draft
                .election
                .higher_priority_send_advert
                .unwrap_or(draft.defaults.higher_priority_send_advert),
    }
}

/// `nopreempt` and `preempt_delay` against state, priority, strict mode and each other.
fn preemption(
    draft: &InstanceDraft,
    state: StartState,
    priority: Priority,
    preempt: &mut bool,
    delay: &mut Duration,
    facts: &Facts,
    context: &mut Context<'_>,
) {
    if !*preempt && priority.is_owner() {
        let message = "nopreempt is incompatible with priority 255. resetting nopreempt";
        complain(draft, "nopreempt", message, context);
        *preempt = true;
    }
    if facts.strict && !delay.is_zero() {
        let message = "preempt_delay is incompatible with strict mode - resetting";
        complain(draft, "preempt_delay", message, context);
        if !*preempt {
            let message = "preempt_delay is incompatible with nopreempt mode - resetting";
            complain(draft, "preempt_delay", message, context);
        }
        *delay = Duration::ZERO;
    }
    if state == StartState::Master {
        if !*preempt {
            let message = "Warning - nopreempt will not work with initial state MASTER - clearing";
            complain(draft, "nopreempt", message, context);
            *preempt = true;
        }
        if !delay.is_zero() {
            let message = "Warning - preempt delay will not work with initial state MASTER - clearing";
            complain(draft, "preempt_delay", message, context);
            *delay = Duration::ZERO;
        }
    }
    if !*preempt && !delay.is_zero() {
        let message = "preempt_delay is incompatible with nopreempt mode - resetting";
        complain(draft, "preempt_delay", message, context);
        *delay = Duration::ZERO;
    }
}

/// `advert_int` fitted to the version: whole seconds, or steps of 10 ms up to 40.95 s (RFC 9568 5.2.7).
pub(super) fn advert_interval(
    draft: &InstanceDraft,
    version: Version,
    context: &mut Context<'_>,
) -> Duration {
    let wanted = draft.advert_interval.unwrap_or(Duration::from_secs(1));
    match version {
        Version::V2 => {
            if wanted.subsec_micros() == 0 {
                return wanted;
            }
            let message = format!(
                "VRRPv2 advertisement interval {}.{:06}s must be an integer. rounding",
                wanted.as_secs(),
                wanted.subsec_micros()
            );
            complain(draft, "advert_int", &message, context);
            let up = u64::from(wanted.subsec_micros() >= 500_000);
            Duration::from_secs((wanted.as_secs() + up).clamp(1, 255))
        }
        Version::V3 => {
            let most = Duration::from_millis(40_950);
            let micros = wanted.as_micros();
            let rounded = if micros.is_multiple_of(10_000) {
                wanted
            } else {
                let message = format!(
                    "VRRPv3 advertisement interval {}.{:06}s must be in units of 10ms - rounding",
                    wanted.as_secs(),
                    wanted.subsec_micros()
                );
                complain(draft, "advert_int", &message, context);
                Duration::from_millis(u64::try_from((micros + 5_000) / 10_000 * 10).unwrap_or(u64::MAX))
            };
            if rounded > most {
                let message = format!(
                    "VRRPv3 advertisement interval {}.{:02}s is out of range. Must be less than 40.96s. Setting to 40.95s",
                    rounded.as_secs(),
                    rounded.subsec_millis() / 10
                );
                complain(draft, "advert_int", &message, context);
            }
            rounded.clamp(Duration::from_millis(10), most)
        }
    }
}

/// `owner_ignore_adverts`: only an owner can. Without strict mode a written `off` is honoured; the original overrides it.
pub(super) fn owner_ignores(
    draft: &InstanceDraft,
    facts: &Facts,
    priority: Priority,
    context: &mut Context<'_>,
) -> bool {
    if !priority.is_owner() {
        return false;
    }
    if facts.strict && draft.election.owner_ignores_adverts == Some(false) {
        let message = "strict mode requires owner_ignore_adverts to be set. setting";
        complain(draft, "owner_ignore_adverts", message, context);
    }
    facts.strict || draft.election.owner_ignores_adverts.unwrap_or(draft.defaults.owner_ignores_adverts)
}

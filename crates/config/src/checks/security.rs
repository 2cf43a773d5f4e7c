//! `authentication` and `auth_hmac` of an instance.

use super::election::Facts;
use super::instance::complain;
use crate::context::Context;
use crate::draft::{AuthenticationKind, InstanceDraft};
use keepalived_types::{Family, Version};
use keepalived_vrrp::config::{AntiReplay, AuthHmac, Authentication, HmacMode};
use std::time::Duration;

/// VRRPv2 only, not in strict mode, and AH only with IPv4.
pub(super) fn authentication(
    draft: &InstanceDraft,
    facts: &Facts,
    version: Version,
    context: &mut Context<'_>,
) -> Authentication {
    let Some(written) = &draft.security.authentication else { return Authentication::None };
    let Some(kind) = written.kind else { return Authentication::None };
    let refusal = if facts.strict {
        Some("Strict mode does not support authentication. Ignoring.")
    } else if version == Version::V3 {
        Some("VRRP version 3 does not support authentication. Ignoring.")
    } else if written.password.is_none() {
        Some("Authentication specified but no password given. Ignoring")
    } else if kind == AuthenticationKind::Header && facts.family == Family::V6 {
        Some("Cannot use AH authentication with IPv6. ignoring")
    } else if draft.security.hmac.is_some() {
        Some("authentication is not used with auth_hmac. Ignoring.")
    } else {
        None
    };
    if let Some(refusal) = refusal {
        complain(draft, "authentication", refusal, context);
        return Authentication::None;
    }
    let password = written.password.unwrap_or_default();
    match kind {
        AuthenticationKind::Password => Authentication::Password(password),
        AuthenticationKind::Header => {
            context.pending.note("auth_type AH", draft.span_of("authentication"));
            Authentication::Header(password)
        }
    }
}

/// Needs an active key that exists.
pub(super) fn hmac(
    draft: &InstanceDraft,
    facts: &Facts,
    advert_interval: Duration,
    context: &mut Context<'_>,
) -> Option<AuthHmac> {
    let written = draft.security.hmac.as_ref()?;
    let active = written.active_key.filter(|id| written.keys.iter().any(|key| key.id == *id));
    let Some(active_key) = active else {
        complain(draft, "auth_hmac", "auth_hmac active_key is not defined - disabling auth_hmac", context);
        return None;
    };
    let mut mode = written.mode.unwrap_or(HmacMode::Enforce);
    if facts.strict && mode != HmacMode::Enforce {
        complain(draft, "auth_hmac", "Strict mode requires auth_hmac mode enforce. resetting", context);
        mode = HmacMode::Enforce;
    }
    let default_window = Duration::from_secs((3 * advert_interval.as_secs()).clamp(5, 300));
    Some(AuthHmac {
        keys: written.keys.clone(),
        active_key,
        anti_replay: written.anti_replay.unwrap_or(AntiReplay::Time),
        time_window: written.time_window.unwrap_or(default_window),
        mode,
    })
}

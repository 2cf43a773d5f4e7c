//! Real servers: duplicates, and what they take over from their virtual server.

use super::{Known, say};
use crate::context::Context;
use crate::diagnostic::{Class, Diagnostic};
use crate::span::Span;
use crate::tables::lvs::check::CheckerDraft;
use crate::tables::lvs::draft::{RealServerDraft, ServiceName, endpoint};
use keepalived_lvs::config::{CheckDefaults, Forwarding, Inherited, Presentation, Protocol, RealServer};
use keepalived_types::ServerWeight;
use std::collections::HashSet;

/// What a virtual server hands down.
pub(super) struct Parent<'a> {
    /// As messages write it.
    pub name: ServiceName<'a>,
    pub span: Span,
    pub protocol: Option<Protocol>,
    pub forwarding: Forwarding,
    pub defaults: CheckDefaults,
    pub inherited: Inherited,
    pub virtualhost: Option<&'a str>,
}

impl Parent<'_> {
    /// A real server as messages write it.
    pub(super) fn endpoint(&self, server: &RealServer) -> String {
        endpoint(server.address, server.port, self.protocol)
    }
}

/// Completes the servers; their checkers are handed back, in the same order, because they depend on the final ports.
pub(super) fn complete(
    drafts: Vec<RealServerDraft>,
    parent: &Parent<'_>,
    known: &Known<'_>,
    context: &mut Context<'_>,
) -> (Vec<RealServer>, Vec<Vec<CheckerDraft>>) {
    let alone = drafts.len() < 2;
    let mut seen = HashSet::new();
    let mut servers = Vec::with_capacity(drafts.len());
    let mut checkers = Vec::with_capacity(drafts.len());
    for mut draft in drafts {
        if !alone && !seen.insert((draft.address, draft.port)) {
            let server = endpoint(draft.address, draft.port, parent.protocol);
            let message =
                format!("VS {}: real server {server} is duplicated - removing second rs", parent.name);
            say(context, draft.span, message);
            continue;
        }
        checkers.push(std::mem::take(&mut draft.checkers));
        servers.push(inherit(draft, parent, known));
    }
    (servers, checkers)
}

/// Two servers that a corrected port has made the same: the original keeps both, and IPVS cannot.
pub(super) fn drop_twins(
    servers: &mut Vec<RealServer>,
    checkers: &mut Vec<Vec<CheckerDraft>>,
    parent: &Parent<'_>,
    context: &mut Context<'_>,
) {
    if servers.len() < 2 {
        return;
    }
    let mut seen = HashSet::with_capacity(servers.len());
    let fresh: Vec<bool> = servers.iter().map(|server| seen.insert((server.address, server.port))).collect();
    if !fresh.contains(&false) {
        return;
    }
    for (server, _) in servers.iter().zip(&fresh).filter(|(_, fresh)| !**fresh) {
        let name = parent.endpoint(server);
        let message =
            format!("VS {}: real server {name} is the same as another one by now - removing it", parent.name);
        context.push(Diagnostic::after_reading(Class::Note, Some(parent.span), message));
    }
    let mut keep = fresh.iter();
    servers.retain(|_| keep.next().copied().unwrap_or(true));
    let mut keep = fresh.iter();
    checkers.retain(|_| keep.next().copied().unwrap_or(true));
}

fn inherit(draft: RealServerDraft, parent: &Parent<'_>, known: &Known<'_>) -> RealServer {
    RealServer {
        address: draft.address,
        port: draft.port,
        weight: draft.weight.and_then(ServerWeight::new).unwrap_or(parent.inherited.weight),
        forwarding: draft.forwarding.unwrap_or(parent.forwarding),
        upper_threshold: draft.upper_threshold,
        lower_threshold: draft.lower_threshold,
        inhibit_on_failure: draft.inhibit_on_failure.unwrap_or(parent.inherited.inhibit_on_failure),
        alpha: draft.alpha.unwrap_or(parent.inherited.alpha),
        defaults: draft.checks.or(parent.defaults).into(),
        presentation: Presentation {
            smtp_alert: draft.presentation.smtp_alert.or(known.globals.alert()).unwrap_or(true),
            virtualhost: draft.presentation.virtualhost.or_else(|| parent.virtualhost.map(str::to_owned)),
            snmp_name: draft.presentation.snmp_name,
        }
        .into(),
        notify_up: draft.notify_up,
        notify_down: draft.notify_down,
        checkers: Vec::new(),
    }
}

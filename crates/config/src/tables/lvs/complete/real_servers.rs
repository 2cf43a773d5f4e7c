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
use std::net::IpAddr;

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
    let mut seen = Places::with_capacity(drafts.len());
    let mut servers = Vec::with_capacity(drafts.len());
    let mut checkers = Vec::with_capacity(drafts.len());
    for mut draft in drafts {
        if !alone && !seen.insert(draft.address, draft.port) {
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
    let mut seen = Places::with_capacity(servers.len());
    let fresh: Vec<bool> = servers.iter().map(|server| seen.insert(server.address, server.port)).collect();
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

/// Addresses and ports that have come already. Most virtual servers have a few: those are compared one by one, which
/// costs less than hashing them.
struct Places {
    few: Vec<(IpAddr, u16)>,
    /// All of them, once they are more than a few.
    many: HashSet<(IpAddr, u16)>,
}

impl Places {
    const FEW: usize = 16;

    fn with_capacity(count: usize) -> Self {
        Self { few: Vec::with_capacity(count.min(Self::FEW)), many: HashSet::new() }
    }

    /// False when it has come already.
    fn insert(&mut self, address: IpAddr, port: u16) -> bool {
        let place = (address, port);
        if self.many.is_empty() {
            if self.few.contains(&place) {
                return false;
            }
            if self.few.len() < Self::FEW {
                self.few.push(place);
                return true;
            }
            self.many.extend(self.few.drain(..));
        }
        self.many.insert(place)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_is_new_once_however_many_there_are() {
        let mut places = Places::with_capacity(100);
        let address = IpAddr::from([10, 0, 0, 1]);
        for port in 1..=100 {
            assert!(places.insert(address, port));
            assert!((1..=port).all(|port| !places.insert(address, port)), "after {port}");
        }
        assert!(places.insert(IpAddr::from([10, 0, 0, 2]), 1));
    }
}

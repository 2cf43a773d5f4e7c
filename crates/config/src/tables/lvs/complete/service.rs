//! One virtual server: protocol, scheduler, persistence, quorum.

use super::{Known, family, ports, real_servers, say};
use crate::context::Context;
use crate::tables::lvs::draft::{
    CheckDefaultsDraft, QuorumDraft, ServiceDraft, ServiceName, SorryServerDraft, VirtualServerDraft,
};
use keepalived_lvs::config::{
    CheckDefaults, Forwarding, GroupEntry, Inherited, Persistence, Presentation, Protocol, Quorum,
    RealServer, Scheduler, Service, SorryServer, VirtualServer,
};
use keepalived_types::ServerWeight;

/// What kinds of entries a service has.
#[derive(Clone, Copy, Default)]
struct Entries {
    addresses: bool,
    marks: bool,
    /// An address stands for every port.
    without_port: bool,
}

/// Completes one virtual server; `None` when it has to be dropped, which has been reported.
pub(super) fn complete(
    mut draft: VirtualServerDraft,
    ordinal: u32,
    known: &Known<'_>,
    context: &mut Context<'_>,
) -> Option<VirtualServer> {
    let family = family::settle(&draft, ordinal, known, context)?;
    let entries = entries(&draft, known);
    settle_protocol(&mut draft, entries, ordinal, context);
    if draft.scheduler.is_none() {
        let message =
            format!("Virtual server {}: no scheduler set, setting default 'wlc'", draft.name(ordinal));
        say(context, draft.span, message);
    }
    let forwarding = settle_forwarding(&draft, ordinal, context);
    let defaults = draft.checks.or(CheckDefaults::default());
    let inherited = Inherited {
        weight: ServerWeight::new(draft.weight).unwrap_or(ServerWeight::DEFAULT),
        inhibit_on_failure: draft.inhibit_on_failure,
        alpha: draft.alpha,
    };
    let presentation = Presentation {
        smtp_alert: draft.presentation.smtp_alert.or(known.globals.alert()).unwrap_or(false),
        virtualhost: draft.presentation.virtualhost.take(),
        snmp_name: draft.presentation.snmp_name.take(),
    };
    // A look at single fields, because others are taken out meanwhile.
    let name = ServiceName::of(&draft.service, draft.protocol, ordinal);
    let parent = real_servers::Parent {
        name,
        span: draft.span,
        protocol: draft.protocol,
        forwarding,
        defaults,
        inherited,
        virtualhost: presentation.virtualhost.as_deref(),
    };
    let drafts = std::mem::take(&mut draft.real_servers);
    let (mut real_servers, mut checkers) = real_servers::complete(drafts, &parent, known, context);
    let mut sorry_server = draft.sorry_server.take().map(|sorry| settle_sorry(sorry, forwarding));
    if let Some(sorry) = &mut sorry_server {
        match_sorry(sorry, &real_servers, &parent, context);
    }
    let quorum = settle_quorum(draft.quorum, &real_servers, &parent, context);
    ports::settle(&draft.service, &parent, &mut real_servers, sorry_server.as_mut(), known, context);
    real_servers::drop_twins(&mut real_servers, &mut checkers, &parent, context);
    for (server, drafts) in real_servers.iter_mut().zip(&mut checkers) {
        super::checks::complete(server, std::mem::take(drafts), &parent, known);
    }
    Some(VirtualServer {
        service: match draft.service {
            ServiceDraft::Address(address, port) => Service::Address(address, port),
            ServiceDraft::Mark(mark) => Service::Mark(mark),
            ServiceDraft::Group(name) => Service::Group { name, ordinal },
        },
        family,
        protocol: draft.protocol,
        scheduler: draft.scheduler.unwrap_or(Scheduler::WeightedLeastConnections),
        flags: draft.flags,
        persistence: settle_persistence(draft.persistence),
        forwarding,
        quorum,
        defaults,
        inherited,
        omega: draft.omega,
        ha_suspend: draft.ha_suspend,
        presentation,
        sorry_server,
        real_servers,
    })
}

impl super::Globals {
    /// Whether servers mail where they do not say so themselves.
    pub(super) fn alert(&self) -> Option<bool> {
        self.smtp_alert_checker.or(self.smtp_alert)
    }
}

impl CheckDefaultsDraft {
    /// What is not given is taken from `parent`.
    pub(super) fn or(self, parent: CheckDefaults) -> CheckDefaults {
        CheckDefaults {
            delay_loop: self.delay_loop.unwrap_or(parent.delay_loop),
            connect_timeout: self.connect_timeout.unwrap_or(parent.connect_timeout),
            retry: self.retry.or(parent.retry),
            delay_before_retry: self.delay_before_retry.or(parent.delay_before_retry),
            warmup: self.warmup.or(parent.warmup),
        }
    }
}

fn entries(draft: &VirtualServerDraft, known: &Known<'_>) -> Entries {
    match &draft.service {
        ServiceDraft::Address(_, port) => Entries { addresses: true, marks: false, without_port: *port == 0 },
        ServiceDraft::Mark(_) => Entries { marks: true, ..Entries::default() },
        ServiceDraft::Group(name) => {
            let mut found = Entries::default();
            for entry in known.groups.get(name).into_iter().flat_map(|group| &group.entries) {
                match entry {
                    GroupEntry::Addresses { port, .. } => {
                        found.addresses = true;
                        found.without_port |= *port == 0;
                    }
                    GroupEntry::Mark { .. } => found.marks = true,
                }
            }
            found
        }
    }
}

fn settle_protocol(
    draft: &mut VirtualServerDraft,
    entries: Entries,
    ordinal: u32,
    context: &mut Context<'_>,
) {
    let span = draft.span;
    if draft.ha_suspend && entries.marks {
        let name = draft.name(ordinal);
        say(
            context,
            span,
            format!("Virtual server {name}: cannot use ha_suspend with fwmarks - clearing ha_suspend"),
        );
        draft.ha_suspend = false;
    }
    if !entries.addresses {
        if draft.protocol.take().is_some() {
            let name = draft.name(ordinal);
            let message = format!(
                "Warning: Virtual server {name}: protocol specified for fwmark - protocol will be ignored"
            );
            say(context, span, message);
        }
        return;
    }
    if draft.protocol.is_none() {
        let name = draft.name(ordinal);
        say(context, span, format!("Virtual server {name}: no protocol set - defaulting to UDP"));
        draft.protocol = Some(Protocol::Udp);
    }
    if draft.flags.one_packet && draft.protocol != Some(Protocol::Udp) {
        let name = draft.name(ordinal);
        say(context, span, format!("Virtual server {name}: one packet scheduling requires UDP - resetting"));
        draft.flags.one_packet = false;
    }
    let persistent = draft.persistence.timeout.is_some() || draft.persistence.granularity.is_some();
    if entries.without_port && !persistent {
        let name = draft.name(ordinal);
        let message =
            format!("Virtual server {name}: zero port only valid for persistent services - setting");
        say(context, span, message);
        draft.persistence.timeout = Some(Persistence::DEFAULT_TIMEOUT);
    }
}

/// Reports a missing method when some server would need it.
fn settle_forwarding(draft: &VirtualServerDraft, ordinal: u32, context: &mut Context<'_>) -> Forwarding {
    let needed = draft.real_servers.iter().any(|server| server.forwarding.is_none())
        || draft.sorry_server.as_ref().is_some_and(|sorry| sorry.forwarding.is_none());
    if draft.forwarding.is_none() && needed {
        let name = draft.name(ordinal);
        say(
            context,
            draft.span,
            format!("Virtual server {name}: no forwarding method set, setting default NAT"),
        );
    }
    draft.forwarding.unwrap_or_default()
}

fn settle_persistence(draft: crate::tables::lvs::draft::PersistenceDraft) -> Option<Persistence> {
    if draft.timeout.is_none() && draft.granularity.is_none() {
        return None;
    }
    Some(Persistence {
        timeout: draft.timeout.unwrap_or(Persistence::DEFAULT_TIMEOUT),
        granularity: draft.granularity,
        engine: draft.engine,
    })
}

fn settle_sorry(draft: SorryServerDraft, forwarding: Forwarding) -> SorryServer {
    SorryServer {
        address: draft.address,
        port: draft.port,
        forwarding: draft.forwarding.unwrap_or(forwarding),
        inhibit: draft.inhibit,
        is_real_server: false,
    }
}

/// A sorry server that is also a real server is inhibited exactly when that one is.
fn match_sorry(
    sorry: &mut SorryServer,
    real_servers: &[RealServer],
    parent: &real_servers::Parent<'_>,
    context: &mut Context<'_>,
) {
    let twin =
        real_servers.iter().find(|server| server.address == sorry.address && server.port == sorry.port);
    let Some(twin) = twin else { return };
    sorry.is_real_server = true;
    if twin.inhibit_on_failure != sorry.inhibit {
        let what = if twin.inhibit_on_failure { "setting" } else { "clearing" };
        let message = format!(
            "Virtual server {}: real server {} matches sorry server, but inhibit setting differs, {what} on sorry server",
            parent.name,
            parent.endpoint(twin)
        );
        say(context, parent.span, message);
        sorry.inhibit = twin.inhibit_on_failure;
    }
}

fn settle_quorum(
    draft: QuorumDraft,
    real_servers: &[RealServer],
    parent: &real_servers::Parent<'_>,
    context: &mut Context<'_>,
) -> Quorum {
    let name = parent.name;
    let mut weight = draft.weight;
    let total: u64 = real_servers.iter().map(|server| u64::from(server.weight.get())).sum();
    if u64::from(weight) > total {
        let message = format!(
            "Warning - quorum {weight} for {name} exceeds total weight of real servers {total}, reducing quorum to {total}"
        );
        say(context, parent.span, message);
        weight = u32::try_from(total).unwrap_or(u32::MAX);
    }
    let mut hysteresis = draft.hysteresis;
    if hysteresis > 0 && hysteresis >= weight {
        // The original goes below zero when all weights are 0.
        let smaller = weight.saturating_sub(1);
        let message = format!(
            "Virtual server {name}: hysteresis {hysteresis} >= quorum {weight}; setting hysteresis to {smaller}"
        );
        say(context, parent.span, message);
        hysteresis = smaller;
    }
    Quorum { weight, hysteresis, up: draft.up, down: draft.down }
}

//! One `vrrp_instance`: from what was written to what the engine is told.

use super::groups::Membership;
use super::{addresses, announcements, election, network, security, transport};
use crate::context::Context;
use crate::diagnostic::{Class, Diagnostic};
use crate::draft::{GlobalDraft, InstanceDraft, VrrpDraft};
use crate::model::BufferPolicy;
use keepalived_types::Version;
use keepalived_vrrp::config::{InstanceConfig, PriorityNotices, ReceiveBuffer, Trackers};

/// Reports something about the instance as a whole, found after reading, at the line of `keyword` or at the block.
pub(super) fn complain(instance: &InstanceDraft, keyword: &str, message: &str, context: &mut Context<'_>) {
    context.push(complaint(instance, keyword, message));
}

/// The same, for more to be said.
pub(super) fn complaint(instance: &InstanceDraft, keyword: &str, message: &str) -> Diagnostic {
    let message = format!("({}) {message}", instance.name);
    Diagnostic::after_reading(Class::GeneralError, Some(instance.span_of(keyword)), message)
}

/// All instances that can exist. One without VRID or interface cannot; that stops the daemon.
pub(super) fn complete_all(
    vrrp: &mut VrrpDraft,
    global: &GlobalDraft,
    members: &Membership,
    context: &mut Context<'_>,
) -> Vec<InstanceConfig> {
    let mut drafts = std::mem::take(&mut vrrp.instances);
    let mut complete = Vec::with_capacity(drafts.len());
    for (index, draft) in drafts.iter_mut().enumerate() {
        let trackers = members.trackers_of(index);
        complete.extend(one(draft, global, trackers, context));
    }
    vrrp.instances = drafts;
    complete
}

/// One instance.
fn one(
    draft: &mut InstanceDraft,
    global: &GlobalDraft,
    trackers: Trackers,
    context: &mut Context<'_>,
) -> Option<InstanceConfig> {
    let vrid = draft.vrid.or_else(|| {
        let report = complaint(draft, "virtual_router_id", "the virtual router id must be set")
            .stopping(2)
            .help("every router of the virtual router needs the same `virtual_router_id`, 1 to 255");
        context.push(report);
        None
    });
    let has_interface = transport::check_interface(draft, context);
    let vrid = vrid.filter(|_| has_interface)?;
    let family = draft.family.unwrap_or(keepalived_types::Family::V4);
    let strict = draft.election.strict.unwrap_or(draft.defaults.strict);
    let facts = election::facts(draft, family, strict);
    let version = election::version(draft, &facts, context);
    let mut start = election::start(draft, &facts, context);
    let authentication = security::authentication(draft, &facts, version, context);
    start.fit_to_header(&authentication, draft, context);
    let election = election::complete(draft, &facts, start, context);
    let mut disabled = None;
    let accept = network::accept(draft, &facts, version, election.priority, context);
    let advert_interval = election::advert_interval(draft, version, context);
    let auth_hmac = security::hmac(draft, &facts, advert_interval, context);
    let garp = announcements::complete(draft, &facts, context);
    let owner_ignores = election::owner_ignores(draft, &facts, election.priority, context);
    let transport = transport::complete(draft, &facts, family, &mut disabled, context);
    let links = network::links(draft, &facts, &global.settings, family, &transport, &mut disabled, context);
    addresses::fit(draft, &facts, family, version, context);
    Some(InstanceConfig {
        name: draft.name.clone(),
        interface: draft.interface.clone(),
        vrf: draft.vrf.clone(),
        vrid,
        family,
        version,
        start_state: election.state,
        priority: election.priority,
        advert_interval,
        down_timer_adverts: election.down_timer_adverts,
        transport,
        virtual_addresses: draft
            .network
            .virtual_addresses
            .iter()
            .map(|(address, _)| address.clone())
            .collect(),
        excluded_addresses: draft
            .network
            .excluded_addresses
            .iter()
            .map(|(address, _)| address.clone())
            .collect(),
        virtual_routes: draft.network.routes.clone(),
        virtual_rules: draft.network.rules.clone(),
        authentication,
        auth_hmac: auth_hmac.map(Box::new),
        preempt: election.preempt,
        preempt_delay: election.preempt_delay,
        strict,
        accept,
        dont_track_primary: draft.election.dont_track_primary,
        track_source_address: draft.transport.track_source,
        skip_check_advert_addresses: draft
            .election
            .skip_check_advert_addresses
            .unwrap_or(draft.defaults.skip_check_advert_addresses),
        lower_priority_no_advert: election.lower_priority_no_advert,
        higher_priority_send_advert: election.higher_priority_send_advert,
        owner_ignores_adverts: owner_ignores,
        timer_expired_backup: draft.election.timer_expired_backup.map(keepalived_types::Priority),
        v3_checksum_as_v2: version == Version::V3
            && draft.transport.v3_checksum_as_v2.unwrap_or(draft.defaults.v3_checksum_as_v2),
        promote_secondaries: links.promote_secondaries,
        garp: garp.into(),
        vmac: links.vmac.map(Box::new),
        vmac_for_other_interfaces: draft.links.vmac_for_addresses,
        ipvlan: links.ipvlan.map(Box::new),
        receive_buffer: receive_buffer(draft, global),
        trackers: trackers.into(),
        notify: draft.notices.scripts.clone().into(),
        notify_deleted: draft.notices.deleted,
        priority_notices: PriorityNotices(draft.notices.priority_notices.unwrap_or(false)),
        smtp_alert: draft
            .notices
            .smtp_alert
            .or(global.settings.mail.alert_vrrp)
            .or(global.settings.mail.alert)
            .unwrap_or(false),
        disabled: disabled.map(String::into_boxed_str),
        debug: draft.election.debug,
    })
}

/// `kernel_rx_buf_size`, else the global policy.
fn receive_buffer(draft: &InstanceDraft, global: &GlobalDraft) -> ReceiveBuffer {
    if let Some(bytes) = draft.transport.receive_buffer {
        return ReceiveBuffer::Bytes(bytes);
    }
    let times = global.settings.vrrp.receive_buffer_multiplier.unwrap_or(3);
    match global.settings.vrrp.receive_buffer_policy {
        BufferPolicy::System => ReceiveBuffer::System,
        BufferPolicy::Mtu => ReceiveBuffer::Mtus(times),
        BufferPolicy::Advert => ReceiveBuffer::Adverts(times),
        BufferPolicy::Bytes(bytes) => ReceiveBuffer::Bytes(bytes),
    }
}

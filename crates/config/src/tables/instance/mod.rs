//! `vrrp_instance`.

mod election;
mod garp;
mod links;
mod network;
mod notices;
mod security;
mod transport;

use crate::args::Args;
use crate::context::{Context, Symbol};
use crate::diagnostic::{Class, Diagnostic};
use crate::draft::{ConfigDraft, InstanceDraft, Interfaces};
use crate::keyword::{Keyword, Section, Status};
use crate::tables::item::track;
use crate::tables::row::block;
use crate::tables::scalar::lacking;

pub(super) const ROW: Keyword<ConfigDraft> = block(
    Status::Acted,
    "vrrp_instance",
    "<name> { ... }",
    "A virtual router. A second block of the same name is skipped.",
    &BLOCK,
);

static BLOCK: Section<ConfigDraft, InstanceDraft> = Section { keywords: TABLE, open, close };

static TABLE: &[Keyword<InstanceDraft>] = &[
    transport::INTERFACE,
    transport::VRF,
    transport::VIRTUAL_ROUTER_ID,
    election::STATE,
    election::PRIORITY,
    election::VERSION,
    election::ADVERT_INT,
    election::DOWN_TIMER_ADVERTS,
    election::PREEMPT,
    election::NOPREEMPT,
    election::PREEMPT_DELAY,
    election::STRICT_MODE,
    election::LOWER_PRIO_NO_ADVERT,
    election::HIGHER_PRIO_SEND_ADVERT,
    election::OWNER_IGNORE_ADVERTS,
    election::SKIP_CHECK_ADV_ADDR,
    election::DONT_TRACK_PRIMARY,
    election::TIMER_EXPIRED_BACKUP,
    election::THREAD_TIMER_EXPIRED,
    election::DEBUG,
    network::VIRTUAL_IPADDRESS,
    network::VIRTUAL_IPADDRESS_EXCLUDED,
    network::VIRTUAL_ROUTES,
    network::VIRTUAL_RULES,
    network::NO_VIRTUAL_IPADDRESS,
    network::PROMOTE_SECONDARIES,
    network::ACCEPT,
    network::NO_ACCEPT,
    transport::MCAST_SRC_IP,
    transport::UNICAST_SRC_IP,
    transport::MCAST_DST_IP,
    transport::TRACK_SRC_IP,
    transport::UNICAST_PEER,
    transport::UNICAST_FAULT_NO_PEER,
    transport::CHECK_UNICAST_SRC,
    transport::UNICAST_TTL,
    transport::OLD_UNICAST_CHECKSUM,
    transport::V3_CHECKSUM_AS_V2,
    transport::NATIVE_IPV6,
    transport::KERNEL_RX_BUF_SIZE,
    security::AUTHENTICATION,
    security::AUTH_HMAC,
    garp::DELAY,
    garp::REPEAT,
    garp::REFRESH,
    garp::REFRESH_REPEAT,
    garp::LOWER_PRIO_DELAY,
    garp::LOWER_PRIO_REPEAT,
    garp::EXTRA_IF,
    garp::VMAC_GARP_INTVL,
    links::USE_VMAC,
    links::USE_VMAC_ADDR,
    links::VMAC_XMIT_BASE,
    links::USE_IPVLAN,
    links::LINKBEAT_USE_POLLING,
    track::interface_row(),
    track::script_row(),
    track::file_row(),
    track::process_row(),
    track::bfd_row(),
    notices::NOTIFY_BACKUP,
    notices::NOTIFY_MASTER,
    notices::NOTIFY_FAULT,
    notices::NOTIFY_STOP,
    notices::NOTIFY_DELETED,
    notices::NOTIFY,
    notices::NOTIFY_MASTER_RX_LOWER_PRI,
    notices::SMTP_ALERT,
    notices::NOTIFY_PRIORITY_CHANGES,
    transport::LVS_SYNC_DAEMON_INTERFACE,
];

/// A new instance with what `global_defs` says.
fn open(config: &mut ConfigDraft, args: &mut Args<'_>, context: &mut Context<'_>) -> Option<InstanceDraft> {
    let (Some(name), 0) = (args.next_word(), args.remaining()) else {
        lacking(args, context, "vrrp_instance must have a name");
        return None;
    };
    if let Err(earlier) =
        context.symbols.define(Symbol::Instance, name.text, name.span, config.vrrp.instances.len())
    {
        let message = format!("vrrp instance {} already defined", name.text);
        let report =
            Diagnostic::at(Class::GeneralError, name.span, message).related(earlier, "first defined here");
        context.push(report);
        return None;
    }
    Some(InstanceDraft {
        name: name.text.to_owned(),
        span: name.span,
        defaults: config.global.settings.instance_defaults,
        interface: None,
        vrf: None,
        vrid: None,
        family: None,
        version: None,
        advert_interval: None,
        network: Default::default(),
        transport: Default::default(),
        election: Default::default(),
        security: Default::default(),
        garp: Default::default(),
        links: Default::default(),
        tracks: Default::default(),
        notices: Default::default(),
        interfaces: Interfaces { dynamic: config.global.engine.dynamic_interfaces, missing: Vec::new() },
        next_preference: config.vrrp.next_preference,
        lines: Default::default(),
    })
}

/// Files the draft; it is completed when the whole file is known.
fn close(config: &mut ConfigDraft, mut instance: InstanceDraft, _: &mut Context<'_>) {
    config.vrrp.interfaces.absorb(std::mem::take(&mut instance.interfaces));
    config.vrrp.next_preference = instance.next_preference;
    config.vrrp.instances.push(instance);
}

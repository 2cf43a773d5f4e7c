//! What a virtual server is and how it is called: family, protocol, names.

use crate::args::Args;
use crate::context::Context;
use crate::tables::lvs::draft::VirtualServerDraft;
use crate::tables::lvs::values;
use crate::tables::scalar::{mistaken, switch};
use keepalived_lvs::config::Protocol;
use keepalived_types::Family;

pub(super) fn ip_family(server: &mut VirtualServerDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let Some(word) = args.required(context) else { return };
    let family = match word.text {
        "inet" => Family::V4,
        "inet6" => Family::V6,
        other => return mistaken(word, context, format!("unknown address family {other}")),
    };
    if *server.family.get_or_insert(family) != family {
        let message = format!("Virtual server specified family {} conflicts with server family", word.text);
        mistaken(word, context, message);
    }
}

pub(super) fn protocol(server: &mut VirtualServerDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let Some(word) = args.required(context) else { return };
    server.protocol = match word.text.to_ascii_uppercase().as_str() {
        "TCP" => Some(Protocol::Tcp),
        "UDP" => Some(Protocol::Udp),
        "SCTP" => Some(Protocol::Sctp),
        _ => return mistaken(word, context, format!("Unknown protocol {} - ignoring", word.text)),
    };
}

pub(super) fn smtp_alert(server: &mut VirtualServerDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let complain = |text: &str| format!("Invalid virtual_server smtp_alert parameter {text}");
    if let Some(alert) = switch(args, context, complain) {
        server.presentation.smtp_alert = Some(alert);
    }
}

pub(super) fn virtualhost(server: &mut VirtualServerDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    if let Some(host) = values::text(args, context, "virtual server virtualhost missing") {
        server.presentation.virtualhost = Some(host);
    }
}

pub(super) fn snmp_name(server: &mut VirtualServerDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let complaint = "virtual server snmp_name missing or extra parameters";
    if let Some(name) = values::only_word(args, context, complaint) {
        server.presentation.snmp_name = Some(name);
    }
}

//! `real_server ADDRESS [PORT] { ... }`.

use super::check;
use super::defaults::Speaker;
use super::draft::{RealServerDraft, VirtualServerDraft};
use super::{forwarding, scripts, values};
use crate::args::Args;
use crate::context::Context;
use crate::diagnostic::Class;
use crate::keyword::{Keyword, Section, Status};
use crate::tables::row::{acted, block, pending};
use crate::tables::scalar::switch;
use keepalived_types::Family;

/// Most virtual servers have no more than this many.
const FEW: usize = 4;

/// The row inside `virtual_server`.
pub(super) const REAL_SERVER: Keyword<VirtualServerDraft> = block(
    Status::Acted,
    "real_server",
    "<IP> [<port 1..65535>] { ... }",
    "A server behind the service. Without a checker it is always up; without a port it has that of the service. \
     The second one with the same address and port is dropped.",
    &SECTION,
);

static SECTION: Section<VirtualServerDraft, RealServerDraft> = Section {
    keywords: &[
        acted(
            "weight",
            "<int 0..2147483647>",
            "that of the virtual server",
            "Its share of the connections; 0 takes no new ones.",
            weight,
        ),
        acted(
            "lvs_method",
            forwarding::USAGE,
            "that of the virtual server",
            "How packets reach this server.",
            |r, a, c| forwarding::read(&mut r.forwarding, a, c, "real server"),
        ),
        acted(
            "uthreshold",
            "<int 0..4294967295>",
            "0",
            "No new connections above so many; 0 for no limit.",
            uthreshold,
        ),
        acted("lthreshold", "<int 0..4294967295>", "0", "New connections again below so many.", lthreshold),
        acted(
            "inhibit_on_failure",
            "[on|true|yes|off|false|no]",
            "that of the virtual server",
            "Weight 0 instead of removal when it fails.",
            inhibit_on_failure,
        ),
        acted(
            "notify_up",
            "<script> [<user> [[:]<group>]]",
            "none",
            "Run when the server comes up. The first one wins.",
            notify_up,
        ),
        acted(
            "notify_down",
            "<script> [<user> [[:]<group>]]",
            "none",
            "Run when the server goes down. The first one wins.",
            notify_down,
        ),
        acted(
            "alpha",
            "[on|true|yes|off|false|no]",
            "that of the virtual server",
            "Down until a check has passed.",
            alpha,
        ),
        acted(
            "retry",
            "<int 1..4294967295>",
            "that of the virtual server",
            "Attempts after a failed check; default of its checkers.",
            |r, a, c| r.checks.read_retry(a, c),
        ),
        acted(
            "delay_before_retry",
            "<sec 0..>",
            "that of the virtual server",
            "Pause before such an attempt; default of its checkers.",
            |r, a, c| r.checks.read_delay_before_retry(a, c, WHO),
        ),
        acted(
            "warmup",
            "<sec 0..>",
            "that of the virtual server",
            "Its first check is put off at random by up to this much.",
            |r, a, c| r.checks.read_warmup(a, c, WHO),
        ),
        acted(
            "connect_timeout",
            "<sec 0.000001..4294.967295>",
            "that of the virtual server",
            "How long a connection may take; default of its checkers.",
            |r, a, c| r.checks.read_connect_timeout(a, c, WHO),
        ),
        acted(
            "delay_loop",
            "<sec 0.000001..>",
            "that of the virtual server",
            "Time from the end of a check to the next one; default of its checkers.",
            |r, a, c| r.checks.read_delay_loop(a, c, WHO),
        ),
        acted(
            "smtp_alert",
            "[on|true|yes|off|false|no]",
            "smtp_alert_checker, else smtp_alert, else on",
            "Mail when it goes up or down.",
            smtp_alert,
        ),
        acted(
            "virtualhost",
            "<string>",
            "that of the virtual server",
            "Host of HTTP_GET and SSL_GET requests.",
            virtualhost,
        ),
        pending("snmp_name", "<string>", "none", "A label in SNMP tables.", snmp_name),
        check::MISC_CHECK,
        check::SMTP_CHECK,
        check::TCP_CHECK,
        check::PING_CHECK,
        check::UDP_CHECK,
        check::HTTP_GET,
        check::SSL_GET,
        check::DNS_CHECK,
        check::FILE_CHECK,
        check::BFD_CHECK,
    ],
    open,
    close,
};

const WHO: Speaker = Speaker::RealServer;

fn open(
    parent: &mut VirtualServerDraft,
    args: &mut Args<'_>,
    context: &mut Context<'_>,
) -> Option<RealServerDraft> {
    let word = args.required(context)?;
    let port_word = args.next_word();
    let address = values::cut_address(word, context);
    let port = values::optional_port(port_word, context);
    let (Some(address), Ok(port)) = (address, port) else {
        let message = match port_word {
            Some(port) => {
                format!("Invalid real server ip address/port {}/{} - skipping", word.text, port.text)
            }
            None => format!("Invalid real server ip address {} - skipping", word.text),
        };
        context.report(Class::GeneralError, word.span, message);
        return None;
    };
    Some(RealServerDraft::new(word, address, port, parent))
}

/// A server that is no tunnel shares the family of its virtual server, or gives it one. What counts is what is known
/// at this point of the file, as in the original.
fn close(parent: &mut VirtualServerDraft, server: RealServerDraft, context: &mut Context<'_>) {
    let tunnel = server.forwarding.or(parent.forwarding).is_some_and(|method| method.is_tunnel());
    let family = Family::of(server.address);
    if !tunnel && *parent.family.get_or_insert(family) != family {
        let message = format!(
            "Address family of virtual server and real server {} don't match - skipping real server.",
            server.address
        );
        context.report(Class::GeneralError, server.span, message);
        return;
    }
    if parent.real_servers.len() < FEW {
        // Otherwise the second one would make room for four.
        parent.real_servers.reserve_exact(1);
    }
    parent.real_servers.push(server);
}

fn weight(server: &mut RealServerDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let complain = |text: &str| format!("Real server weight {text} is outside range 0-2147483647");
    if let Some(weight) = values::unsigned(args, 0..=2_147_483_647, context, complain) {
        server.weight = Some(weight);
    }
}

fn uthreshold(server: &mut RealServerDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let complain = |text: &str| format!("Invalid real_server uthreshold '{text}' - ignoring");
    if let Some(limit) = values::unsigned(args, 0..=u32::MAX, context, complain) {
        server.upper_threshold = limit;
    }
}

fn lthreshold(server: &mut RealServerDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let complain = |text: &str| format!("Invalid real_server lthreshold '{text}' - ignoring");
    if let Some(limit) = values::unsigned(args, 0..=u32::MAX, context, complain) {
        server.lower_threshold = limit;
    }
}

fn inhibit_on_failure(server: &mut RealServerDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let complain = |text: &str| format!("Invalid inhibit_on_failure parameter {text}");
    if let Some(inhibit) = switch(args, context, complain) {
        server.inhibit_on_failure = Some(inhibit);
    }
}

fn notify_up(server: &mut RealServerDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let name = server.name();
    scripts::read(&mut server.notify_up, args, context, &name);
}

fn notify_down(server: &mut RealServerDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let name = server.name();
    scripts::read(&mut server.notify_down, args, context, &name);
}

fn alpha(server: &mut RealServerDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    if let Some(alpha) = switch(args, context, |text| format!("Invalid alpha parameter {text}")) {
        server.alpha = Some(alpha);
    }
}

fn smtp_alert(server: &mut RealServerDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let complain = |text: &str| format!("Invalid real_server smtp_alert parameter {text}");
    if let Some(alert) = switch(args, context, complain) {
        server.presentation.smtp_alert = Some(alert);
    }
}

fn virtualhost(server: &mut RealServerDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let Some(word) = args.next_word() else {
        let span = args.span();
        return context.report(Class::GeneralError, span, "real server virtualhost missing");
    };
    server.presentation.virtualhost = Some(word.text.to_owned());
}

fn snmp_name(server: &mut RealServerDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let complaint = "real server snmp_name missing or extra parameters";
    if let Some(name) = values::only_word(args, context, complaint) {
        server.presentation.snmp_name = Some(name);
    }
}

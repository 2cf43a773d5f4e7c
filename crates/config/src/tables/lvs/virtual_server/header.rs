//! The line that opens a virtual server, and the checks when its block closes.

use crate::args::Args;
use crate::context::Context;
use crate::diagnostic::{Class, Diagnostic};
use crate::draft::ConfigDraft;
use crate::tables::lvs::check::CheckerDraft;
use crate::tables::lvs::draft::{ServiceDraft, SorryServerDraft, VirtualServerDraft, endpoint};
use crate::tables::lvs::values;
use keepalived_types::Family;

pub(super) fn open(
    _: &mut ConfigDraft,
    args: &mut Args<'_>,
    context: &mut Context<'_>,
) -> Option<VirtualServerDraft> {
    let span = args.span();
    let word = args.required(context)?;
    let service = match word.text {
        "group" => ServiceDraft::Group(args.required(context)?.text.to_owned()),
        "fwmark" => ServiceDraft::Mark(values::unsigned(args, 0..=u32::MAX, context, |text| {
            format!("virtual server fwmark '{text}' must be in [0, 4294967295] - ignoring")
        })?),
        text => {
            let port_word = args.next_word();
            let address = values::cut_address(word, context);
            let port = values::optional_port(port_word, context);
            let (Some(address), Ok(port)) = (address, port) else {
                let message = match port_word {
                    Some(port) => {
                        format!("Invalid virtual server IP address/port {text}/{} - skipping", port.text)
                    }
                    None => format!("Invalid virtual server IP address {text} - skipping"),
                };
                context.report(Class::GeneralError, word.span, message);
                return None;
            };
            ServiceDraft::Address(address, port)
        }
    };
    Some(VirtualServerDraft::new(span, service))
}

pub(super) fn close(draft: &mut ConfigDraft, mut server: VirtualServerDraft, context: &mut Context<'_>) {
    if server.real_servers.is_empty() {
        let message = format!("Virtual server {} has no real servers - ignoring", server.name(0));
        context.push(Diagnostic::at(Class::GeneralError, server.span, message));
        return;
    }
    let tunnel = |sorry: &SorryServerDraft| {
        sorry.forwarding.or(server.forwarding).is_some_and(|method| method.is_tunnel())
    };
    if let Some(sorry) = server.sorry_server.as_ref().filter(|sorry| !tunnel(sorry)) {
        let family = Family::of(sorry.address);
        if *server.family.get_or_insert(family) != family {
            let message = format!(
                "Address family of virtual server and sorry server {} don't match - skipping sorry server.",
                sorry.address
            );
            context.report(Class::GeneralError, sorry.span, message);
            server.sorry_server = None;
        }
    }
    drop_unknown_sessions(draft, &mut server, context);
    draft.lvs.virtual_servers.push(Box::new(server));
}

/// `BFD_CHECK` follows a session that stands earlier in the file and tells the checkers.
fn drop_unknown_sessions(draft: &ConfigDraft, server: &mut VirtualServerDraft, context: &mut Context<'_>) {
    for real_server in &mut server.real_servers {
        let (address, port, protocol) = (real_server.address, real_server.port, real_server.protocol);
        real_server.checkers.retain(|checker| {
            let CheckerDraft::Bfd { session, span, .. } = checker else { return true };
            let known = draft.bfd.tells_checkers(session);
            if !known {
                let name = endpoint(address, port, protocol);
                let message = format!("({name}) BFD_CHECK - BFD {session} not configured");
                context.report(Class::GeneralError, *span, message);
            }
            known
        });
    }
}

//! How many servers are enough, and what happens when they are not: `quorum*`, `weight`, `sorry_server*`.

use crate::args::Args;
use crate::context::Context;
use crate::diagnostic::Class;
use crate::tables::lvs::draft::{SorryServerDraft, VirtualServerDraft};
use crate::tables::lvs::{forwarding, scripts, values};
use crate::tables::scalar::mistaken;

pub(super) fn quorum_up(server: &mut VirtualServerDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let name = server.name(0).to_string();
    scripts::read(&mut server.quorum.up, args, context, &name);
}

pub(super) fn quorum_down(server: &mut VirtualServerDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let name = server.name(0).to_string();
    scripts::read(&mut server.quorum.down, args, context, &name);
}

pub(super) fn quorum(server: &mut VirtualServerDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let complain = |text: &str| format!("Quorum {text} must be in [1, 4294967295]. Setting to 1.");
    server.quorum.weight = values::unsigned(args, 1..=u32::MAX, context, complain).unwrap_or(1);
}

pub(super) fn hysteresis(server: &mut VirtualServerDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let complain = |text: &str| format!("Hysteresis {text} must be in [0, 4294967295] - ignoring");
    if let Some(weight) = values::unsigned(args, 0..=u32::MAX, context, complain) {
        server.quorum.hysteresis = weight;
    }
}

pub(super) fn weight(server: &mut VirtualServerDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let complain = |text: &str| format!("Virtual server weight {text} is outside range 1-2147483647");
    if let Some(weight) = values::unsigned(args, 1..=2_147_483_647, context, complain) {
        server.weight = weight;
    }
}

pub(super) fn sorry_server(server: &mut VirtualServerDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let Some(word) = args.required(context) else { return };
    let address = values::cut_address(word, context);
    let port_word = args.next_word();
    let port = values::optional_port(port_word, context);
    let (Some(address), Ok(port)) = (address, port) else {
        return mistaken(word, context, format!("Invalid sorry server IP address {} - skipping", word.text));
    };
    let forwarding = server.forwarding;
    server.sorry_server =
        Some(SorryServerDraft { span: args.span(), address, port, forwarding, inhibit: false });
}

pub(super) fn sorry_server_inhibit(
    server: &mut VirtualServerDraft,
    args: &mut Args<'_>,
    context: &mut Context<'_>,
) {
    match &mut server.sorry_server {
        Some(sorry) => sorry.inhibit = true,
        None => {
            let message = "Ignoring sorry_server inhibit used before or without sorry_server";
            context.report(Class::GeneralError, args.span(), message);
        }
    }
}

pub(super) fn sorry_server_method(
    server: &mut VirtualServerDraft,
    args: &mut Args<'_>,
    context: &mut Context<'_>,
) {
    match &mut server.sorry_server {
        Some(sorry) => forwarding::read(&mut sorry.forwarding, args, context, "sorry server"),
        None => {
            let message = "sorry_server forwarding used without sorry_server";
            context.report(Class::GeneralError, args.span(), message);
        }
    }
}

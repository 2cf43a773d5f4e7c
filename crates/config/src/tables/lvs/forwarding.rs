//! `lvs_method`: `NAT`, `DR`, or `TUN` with its tunnel.

use super::values;
use crate::args::Args;
use crate::context::Context;
use crate::diagnostic::Class;
use keepalived_lvs::config::{Forwarding, Tunnel, TunnelChecksum};

/// The notation for the manual.
pub(super) const USAGE: &str = "NAT|DR|TUN [type ipip|gue|gre] [port <1..65535>] [nocsum|csum|remcsum]";

/// The options of a tunnel as far as they were read.
#[derive(Default)]
struct Options {
    kind: TunnelKind,
    port: Option<u16>,
    checksum: TunnelChecksum,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum TunnelKind {
    #[default]
    Ipip,
    Gue,
    Gre,
}

/// Reads the words after the keyword into `method`. The method itself holds even when the tunnel's options are bad:
/// then the options read before stay (lvs reference 1.9). `whose` is `virtual server` and the like.
pub(super) fn read(
    method: &mut Option<Forwarding>,
    args: &mut Args<'_>,
    context: &mut Context<'_>,
    whose: &str,
) {
    let Some(word) = args.required(context) else { return };
    let before = *method;
    *method = Some(match word.text {
        "NAT" => Forwarding::Nat,
        "DR" => Forwarding::DirectRouting,
        "TUN" => match before {
            Some(tunnel @ Forwarding::Tunnel(..)) => tunnel,
            _ => Forwarding::Tunnel(Tunnel::default(), TunnelChecksum::default()),
        },
        other => {
            let message = format!("PARSER : unknown [{other}] routing method for {whose}.");
            context.report(Class::GeneralError, word.span, message);
            return;
        }
    });
    let Some(options) = options(args, context, whose) else { return };
    let Some(tunnel) = tunnel(&options, args, context) else { return };
    if word.text == "TUN" {
        *method = Some(tunnel);
    }
}

fn options(args: &mut Args<'_>, context: &mut Context<'_>, whose: &str) -> Option<Options> {
    let mut options = Options::default();
    while let Some(word) = args.next_word() {
        match word.text {
            "type" => options.kind = kind(args, context, whose)?,
            "port" => options.port = Some(port(args, context, whose)?),
            "nocsum" => options.checksum = TunnelChecksum::None,
            "csum" => options.checksum = TunnelChecksum::Checksum,
            "remcsum" => options.checksum = TunnelChecksum::Remote,
            other => {
                let message = format!("Invalid tunnel option {other} for {whose}.");
                context.report(Class::GeneralError, word.span, message);
                return None;
            }
        }
    }
    Some(options)
}

fn kind(args: &mut Args<'_>, context: &mut Context<'_>, whose: &str) -> Option<TunnelKind> {
    let Some(word) = args.next_word() else {
        context.report(Class::GeneralError, args.span(), format!("Missing tunnel type for {whose}."));
        return None;
    };
    match word.text {
        "ipip" => Some(TunnelKind::Ipip),
        "gue" => Some(TunnelKind::Gue),
        "gre" => Some(TunnelKind::Gre),
        other => {
            let message = format!("Unknown tunnel type {other} for {whose}.");
            context.report(Class::GeneralError, word.span, message);
            None
        }
    }
}

fn port(args: &mut Args<'_>, context: &mut Context<'_>, whose: &str) -> Option<u16> {
    if args.peek().is_none() {
        let message = format!("Missing port for {whose} gue tunnel.");
        context.report(Class::GeneralError, args.span(), message);
        return None;
    }
    let complain = |text: &str| format!("Invalid gue tunnel port {text} for {whose}.");
    values::exact(args, 1..=65_535, context, complain).and_then(|port| u16::try_from(port).ok())
}

/// Do the options go together?
fn tunnel(options: &Options, args: &Args<'_>, context: &mut Context<'_>) -> Option<Forwarding> {
    let complaint = match (options.kind, options.port, options.checksum) {
        (TunnelKind::Gue, Some(port), checksum) => {
            return Some(Forwarding::Tunnel(Tunnel::Gue(port), checksum));
        }
        (TunnelKind::Ipip, None, TunnelChecksum::None) => {
            return Some(Forwarding::Tunnel(Tunnel::Ipip, TunnelChecksum::None));
        }
        (TunnelKind::Gre, None, checksum) if checksum != TunnelChecksum::Remote => {
            return Some(Forwarding::Tunnel(Tunnel::Gre, checksum));
        }
        (TunnelKind::Gue, None, _) | (_, Some(_), _) => {
            "gue tunnels require port, otherwise cannot have port."
        }
        (TunnelKind::Ipip, None, _) => "ipip tunnels do not support checksum option.",
        (TunnelKind::Gre, None, _) => "gre tunnels do not support remote checksum option.",
    };
    context.report(Class::GeneralError, args.span(), complaint);
    None
}

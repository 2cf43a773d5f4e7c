//! Which server a connection goes to: `lvs_sched`, its flags, `persistence_*`.

use crate::args::Args;
use crate::context::Context;
use crate::diagnostic::{Class, Diagnostic};
use crate::tables::lvs::draft::VirtualServerDraft;
use crate::tables::lvs::values;
use crate::tables::scalar::mistaken;
use keepalived_lvs::config::{Granularity, Persistence, Scheduler};
use keepalived_types::Family;
use std::net::Ipv4Addr;
use std::time::Duration;

pub(super) fn lvs_sched(server: &mut VirtualServerDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let Some(word) = args.required(context) else { return };
    match Scheduler::by_name(word.text) {
        Some(scheduler) => server.scheduler = Some(scheduler),
        None => mistaken(word, context, format!("Invalid lvs_scheduler '{}' - ignoring", word.text)),
    }
}

/// Does the scheduler, as far as it is known here, have the flag named by this line?
fn flag_applies(
    server: &VirtualServerDraft,
    args: &Args<'_>,
    context: &mut Context<'_>,
    of: Scheduler,
) -> bool {
    match server.scheduler {
        Some(scheduler) if scheduler == of => true,
        Some(Scheduler::SourceHashing | Scheduler::MaglevHashing) => false,
        _ => {
            let message = format!("{} only applies to {of} scheduler - ignoring", args.keyword());
            context.report(Class::GeneralError, args.span(), message);
            false
        }
    }
}

pub(super) fn hashed(server: &mut VirtualServerDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    flag_applies(server, args, context, Scheduler::SourceHashing);
}

pub(super) fn port_flag(
    server: &mut VirtualServerDraft,
    args: &mut Args<'_>,
    context: &mut Context<'_>,
    of: Scheduler,
) {
    server.flags.flag_2 |= flag_applies(server, args, context, of);
}

pub(super) fn fallback_flag(
    server: &mut VirtualServerDraft,
    args: &mut Args<'_>,
    context: &mut Context<'_>,
    of: Scheduler,
) {
    server.flags.flag_1 |= flag_applies(server, args, context, of);
}

pub(super) fn persistence_engine(
    server: &mut VirtualServerDraft,
    args: &mut Args<'_>,
    context: &mut Context<'_>,
) {
    let Some(word) = args.required(context) else { return };
    // The kernel's field holds 15 bytes and a NUL; the original complains one byte later.
    if word.text.len() > 16 {
        mistaken(word, context, format!("persistence_name too long, truncating - {}", word.text));
    }
    let fitting = (0..=15).rev().find(|end| word.text.is_char_boundary(*end)).unwrap_or(0);
    server.persistence.engine = word.text.get(..fitting.min(word.text.len())).map(str::to_owned);
}

pub(super) fn persistence_timeout(
    server: &mut VirtualServerDraft,
    args: &mut Args<'_>,
    context: &mut Context<'_>,
) {
    if args.remaining() == 0 {
        server.persistence.timeout = Some(Persistence::DEFAULT_TIMEOUT);
        return;
    }
    let complain = |_: &str| "persistence_timeout invalid".to_owned();
    if let Some(seconds) = values::exact(args, 1..=2_678_400, context, complain) {
        server.persistence.timeout = Some(Duration::from_secs(seconds.into()));
    }
}

pub(super) fn persistence_granularity(
    server: &mut VirtualServerDraft,
    args: &mut Args<'_>,
    context: &mut Context<'_>,
) {
    let Some(word) = args.peek() else {
        args.required(context);
        return;
    };
    let family = server.family.unwrap_or(if word.text.contains('.') { Family::V4 } else { Family::V6 });
    server.persistence.granularity = match family {
        Family::V4 => {
            let Some(mask) = netmask(word.text) else {
                let message = format!("Invalid IPv4 persistence_granularity specified - {}", word.text);
                return mistaken(word, context, message);
            };
            if !word.text.contains('.') {
                let message = format!("persistence_granularity {} is the netmask {mask}", word.text);
                context.push(
                    Diagnostic::at(Class::Note, word.span, message)
                        .help("IPv4 takes a netmask such as 255.255.255.0, not a prefix length."),
                );
            }
            Some(Granularity::V4(mask))
        }
        Family::V6 => {
            let complain = |text: &str| format!("Invalid IPv6 persistence_granularity specified - {text}");
            let Some(length) = values::unsigned(args, 1..=128, context, complain) else { return };
            u8::try_from(length).ok().map(Granularity::V6)
        }
    };
    server.family = Some(family);
}

/// A netmask as inet_aton(3) reads it; holes are accepted.
fn netmask(text: &str) -> Option<Ipv4Addr> {
    text.parse().ok().or_else(|| text.parse().ok().map(Ipv4Addr::from_bits))
}

//! Keywords that most checkers share: where to connect, and when to check.

use super::draft::{ConnectionDraft, ScheduleDraft};
use crate::args::Args;
use crate::context::Context;
use crate::diagnostic::Class;
use crate::keyword::Keyword;
use crate::tables::lvs::draft::RealServerDraft;
use crate::tables::lvs::values::{self, LONGEST_PAUSE, LONGEST_TIMEOUT, MICROSECOND};
use crate::tables::row::acted;
use crate::tables::scalar::{mistaken, switch};
use keepalived_types::{Family, InterfaceName};
use std::net::IpAddr;

/// A draft with a schedule.
pub(super) trait Scheduled {
    fn schedule(&mut self) -> &mut ScheduleDraft;
}

/// A draft with a connection.
pub(super) trait Connected {
    fn connection(&mut self) -> &mut ConnectionDraft;
}

/// A checker that connects: what all of them say, and what its kind says besides.
pub(super) struct Network<P> {
    pub connection: ConnectionDraft,
    pub schedule: ScheduleDraft,
    pub probe: P,
}

impl<P: Default> Network<P> {
    /// What a checker block of `server` begins with.
    pub(super) fn of(server: &RealServerDraft, args: &Args<'_>) -> Self {
        Self {
            connection: ConnectionDraft::to(server, args.span()),
            schedule: ScheduleDraft::default(),
            probe: P::default(),
        }
    }
}

impl<P> Scheduled for Network<P> {
    fn schedule(&mut self) -> &mut ScheduleDraft {
        &mut self.schedule
    }
}

impl<P> Connected for Network<P> {
    fn connection(&mut self) -> &mut ConnectionDraft {
        &mut self.connection
    }
}

/// A table of a checker that connects: the shared rows with these defaults, then its own.
macro_rules! network_table {
    ($retry:expr, $delay:expr; $($row:expr),* $(,)?) => {
        &[
            $crate::tables::lvs::check::common::connect_ip(),
            $crate::tables::lvs::check::common::connect_port(),
            $crate::tables::lvs::check::common::bindto(),
            $crate::tables::lvs::check::common::bind_port(),
            $crate::tables::lvs::check::common::bind_if(),
            $crate::tables::lvs::check::common::connect_timeout(),
            $crate::tables::lvs::check::common::fwmark(),
            $crate::tables::lvs::check::common::retry($retry),
            $crate::tables::lvs::check::common::delay_before_retry($delay),
            $crate::tables::lvs::check::common::warmup(),
            $crate::tables::lvs::check::common::delay_loop(),
            $crate::tables::lvs::check::common::alpha(),
            $crate::tables::lvs::check::common::log_all_failures(),
            $($row),*
        ]
    };
}
pub(super) use network_table;

/// May this connection be used? A link-local target needs an interface, and both ends one family.
pub(super) fn usable(connection: &mut ConnectionDraft, context: &mut Context<'_>) -> bool {
    let link_local = matches!(connection.address, IpAddr::V6(address) if address.is_unicast_link_local());
    if link_local && connection.interface.is_none() {
        let message = format!("Checker link local address {} requires a bind_if", connection.address);
        context.report(Class::GeneralError, connection.span, message);
        return false;
    }
    let family = Family::of(connection.address);
    if let Some((source, span)) = connection.bind_to.filter(|(source, _)| Family::of(*source) != family) {
        report_family(source, span, context);
        connection.bind_to = None;
    }
    true
}

fn report_family(source: IpAddr, span: crate::span::Span, context: &mut Context<'_>) {
    let message = format!("bindto address {source} does not match address family of connect_ip - skipping");
    context.report(Class::GeneralError, span, message);
}

pub(super) const fn connect_ip<D: Connected>() -> Keyword<D> {
    acted(
        "connect_ip",
        "<IP>",
        "the real server's address",
        "Where to connect to.",
        |draft, args, context| {
            let connection = draft.connection();
            connection.given = true;
            let Some(word) = args.required(context) else { return };
            match values::cut_address(word, context) {
                Some(address) => connection.address = address,
                None => {
                    mistaken(word, context, format!("Invalid connect_ip address {} - ignoring", word.text))
                }
            }
        },
    )
}

pub(super) const fn connect_port<D: Connected>() -> Keyword<D> {
    acted(
        "connect_port",
        "<int 1..65535>",
        "the real server's port",
        "The port to connect to.",
        |draft, args, context| {
            let connection = draft.connection();
            connection.given = true;
            if let Some(port) =
                values::port(args, context, |text| format!("Invalid checker connect_port '{text}'"))
            {
                connection.port = Some(port);
            }
        },
    )
}

pub(super) const fn bindto<D: Connected>() -> Keyword<D> {
    acted(
        "bindto",
        "<IP>",
        "the kernel's choice",
        "Where to connect from; of the family of connect_ip, which has to stand before it.",
        |draft, args, context| {
            let connection = draft.connection();
            connection.given = true;
            let Some(word) = args.required(context) else { return };
            let Some(source) = values::cut_address(word, context) else {
                return mistaken(word, context, format!("Invalid bindto address {} - ignoring", word.text));
            };
            if Family::of(source) == Family::of(connection.address) {
                connection.bind_to = Some((source, word.span));
            } else {
                report_family(source, word.span, context);
            }
        },
    )
}

pub(super) const fn bind_port<D: Connected>() -> Keyword<D> {
    acted(
        "bind_port",
        "<int 1..65535>",
        "any",
        "The port to connect from; has an effect only together with bindto.",
        |draft, args, context| {
            let connection = draft.connection();
            connection.given = true;
            if let Some(port) =
                values::port(args, context, |text| format!("Invalid checker bind_port '{text}'"))
            {
                connection.bind_port = Some(port);
            }
        },
    )
}

pub(super) const fn bind_if<D: Connected>() -> Keyword<D> {
    acted(
        "bind_if",
        "<interface>",
        "none",
        "The interface to connect through; a link-local target needs one.",
        |draft, args, context| {
            let connection = draft.connection();
            connection.given = true;
            let Some(word) = args.required(context) else { return };
            match InterfaceName::new(word.text) {
                Ok(name) => connection.interface = Some(name),
                Err(_) => {
                    let message = format!("Interface name {} is too long - ignoring", word.text);
                    mistaken(word, context, message);
                }
            }
        },
    )
}

pub(super) const fn connect_timeout<D: Connected>() -> Keyword<D> {
    acted(
        "connect_timeout",
        "<sec 0.000001..4294.967295>",
        "that of the real server",
        "How long a connection, and each later step, may take.",
        |draft, args, context| {
            let connection = draft.connection();
            connection.given = true;
            let complain = |text: &str| format!("connect_timeout {text} invalid - ignoring");
            if let Some(timeout) = values::seconds(args, MICROSECOND..=LONGEST_TIMEOUT, context, complain) {
                connection.timeout = Some(timeout);
            }
        },
    )
}

pub(super) const fn fwmark<D: Connected>() -> Keyword<D> {
    acted(
        "fwmark",
        "<int 0..4294967295>",
        "0",
        "Firewall mark of the checker's packets; 0 for none.",
        |draft, args, context| {
            let connection = draft.connection();
            connection.given = true;
            let complain = |text: &str| format!("Invalid fwmark connection value '{text}'");
            if let Some(mark) = values::unsigned(args, 0..=u32::MAX, context, complain) {
                connection.mark = mark;
            }
        },
    )
}

pub(super) const fn retry<D: Scheduled>(default: &'static str) -> Keyword<D> {
    acted(
        "retry",
        "<int 0..4294967295>",
        default,
        "Attempts after a failed one until the server counts as down.",
        |draft, args, context| {
            let complain = |text: &str| format!("Invalid retry connection value '{text}'");
            if let Some(retry) = values::unsigned(args, 0..=u32::MAX, context, complain) {
                draft.schedule().retry = Some(retry);
            }
        },
    )
}

pub(super) const fn delay_before_retry<D: Scheduled>(default: &'static str) -> Keyword<D> {
    acted(
        "delay_before_retry",
        "<sec 0..>",
        default,
        "Pause before such an attempt.",
        |draft, args, context| {
            let complain = |text: &str| format!("Invalid delay_before_retry connection value '{text}'");
            if let Some(delay) = values::pause(args, context, complain) {
                draft.schedule().delay_before_retry = Some(delay);
            }
        },
    )
}

pub(super) const fn warmup<D: Scheduled>() -> Keyword<D> {
    acted(
        "warmup",
        "<sec 0..>",
        "that of the real server, else delay_loop",
        "The first check is put off at random by up to this much, so that checks spread out.",
        |draft, args, context| {
            let complain = |text: &str| format!("Invalid warmup connection value '{text}'");
            if let Some(warmup) = values::pause(args, context, complain) {
                draft.schedule().warmup = Some(warmup);
            }
        },
    )
}

pub(super) const fn delay_loop<D: Scheduled>() -> Keyword<D> {
    acted(
        "delay_loop",
        "<sec 0.000001..>",
        "that of the real server",
        "Time from the end of a check to the next one.",
        |draft, args, context| {
            let complain = |text: &str| format!("delay_loop '{text}' is invalid - ignoring");
            if let Some(delay) = values::seconds(args, MICROSECOND..=LONGEST_PAUSE, context, complain) {
                draft.schedule().delay_loop = Some(delay);
            }
        },
    )
}

pub(super) const fn alpha<D: Scheduled>() -> Keyword<D> {
    acted(
        "alpha",
        "[on|true|yes|off|false|no]",
        "that of the real server",
        "Down until it has passed.",
        |draft, args, context| {
            if let Some(alpha) = switch(args, context, |text| format!("Invalid alpha parameter {text}")) {
                draft.schedule().alpha = Some(alpha);
            }
        },
    )
}

pub(super) const fn log_all_failures<D: Scheduled>() -> Keyword<D> {
    acted(
        "log_all_failures",
        "[on|true|yes|off|false|no]",
        "checker_log_all_failures",
        "Each failed attempt is logged, not just the one that counts.",
        |draft, args, context| {
            let complain = |text: &str| format!("Invalid log_all_failures parameter {text}");
            if let Some(all) = switch(args, context, complain) {
                draft.schedule().log_all_failures = all;
            }
        },
    )
}

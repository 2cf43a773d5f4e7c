//! What the master adds to the machine: addresses, routes, rules.

use crate::args::Args;
use crate::context::Context;
use crate::diagnostic::{Class, Diagnostic};
use crate::draft::{AddressLine, InstanceDraft};
use crate::keyword::{Keyword, Status};
use crate::line::Word;
use crate::tables::item::address::{self, List};
use crate::tables::item::{ItemLine, route, rule};
use crate::tables::row::{acted, list, pending};
use keepalived_vrrp::config::AddressConfig;
use std::collections::hash_map::Entry;

type Row = Keyword<InstanceDraft>;

pub(super) const VIRTUAL_IPADDRESS: Row = list(
    Status::Acted,
    "virtual_ipaddress",
    "The virtual addresses: they stand in the adverts, in this order. All are of one family.",
    virtual_address,
    address::VIRTUAL_WORDS,
);

pub(super) const VIRTUAL_IPADDRESS_EXCLUDED: Row = list(
    Status::Acted,
    "virtual_ipaddress_excluded",
    "Addresses that come and go with the virtual ones, but are not advertised. Either family.",
    excluded_address,
    address::VIRTUAL_WORDS,
);

/// One line of `virtual_ipaddress`.
fn virtual_address(draft: &mut InstanceDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let Some(first) = args.peek() else { return };
    let Some(address) = read(draft, args, context) else { return };
    if !super::transport::fits_family(draft, address.prefix.address()) {
        let message =
            format!("({}): address family must match VRRP instance [{}] - ignoring", draft.name, first.text);
        let report = Diagnostic::at(Class::GeneralError, first.span, message)
            .help("addresses of the other family belong into virtual_ipaddress_excluded");
        return context.push(report);
    }
    let position = draft.network.virtual_addresses.len();
    let Some(earlier) = earlier_line(draft, &address, first, Some(position)) else {
        return draft.network.virtual_addresses.push((address, first.span));
    };
    // It is advertised once more, as 2.2 does: its routers drop adverts with another number of addresses, and then
    // there would be two masters. On the machine it is one address, so it has to look like the first one.
    let same = earlier.position.and_then(|position| draft.network.virtual_addresses.get(position));
    let address = same.map_or(address, |(same, _)| same.clone());
    let message = format!("({}) {} is written twice, so adverts list it twice", draft.name, first.text);
    let report = Diagnostic::at(Class::Note, first.span, message).related(earlier.span, "first given here");
    let help = "remove the line on all routers of this virtual router at once: they ignore each other's adverts while \
                they disagree about the number of addresses";
    context.push(report.help(help));
    draft.network.virtual_addresses.push((address, first.span));
}

/// One line of `virtual_ipaddress_excluded`.
fn excluded_address(draft: &mut InstanceDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let Some(first) = args.peek() else { return };
    let Some(address) = read(draft, args, context) else { return };
    let Some(earlier) = earlier_line(draft, &address, first, None) else {
        return draft.network.excluded_addresses.push((address, first.span));
    };
    let message = format!("({}) {} is written twice, once is enough", draft.name, first.text);
    context.push(Diagnostic::at(Class::Note, first.span, message).related(earlier.span, "first given here"));
}

fn read(draft: &mut InstanceDraft, args: &mut Args<'_>, context: &mut Context<'_>) -> Option<AddressConfig> {
    address::read(&mut ItemLine { args, context }, List::Virtual, &mut draft.interfaces)
}

/// The earlier line with this address on this interface; without one, this line is remembered as the first. 2.2.7 takes
/// every line and says nothing about it, so the test of a configuration must not fail.
fn earlier_line(
    draft: &mut InstanceDraft,
    address: &AddressConfig,
    first: Word<'_>,
    position: Option<usize>,
) -> Option<AddressLine> {
    match draft.network.seen.entry((address.prefix, address.interface.clone())) {
        Entry::Occupied(earlier) => Some(*earlier.get()),
        Entry::Vacant(free) => {
            free.insert(AddressLine { span: first.span, position });
            None
        }
    }
}

pub(super) const VIRTUAL_ROUTES: Row = list(
    Status::Acted,
    "virtual_routes",
    "Routes of the master, one per line, in the words of `ip route`.",
    |draft, args, context| {
        let mut line = ItemLine { args, context };
        if let Some(route) = route::read(&mut line, route::List::Virtual, &mut draft.interfaces) {
            draft.network.routes.push(route);
        }
    },
    route::VIRTUAL_WORDS,
);

pub(super) const VIRTUAL_RULES: Row = list(
    Status::Acted,
    "virtual_rules",
    "Policy rules of the master, one per line, in the words of `ip rule`.",
    |draft, args, context| {
        let mut line = ItemLine { args, context };
        let read =
            rule::read(&mut line, route::List::Virtual, &mut draft.interfaces, &mut draft.next_preference);
        if let Some(rule) = read {
            draft.network.rules.push(rule);
        }
    },
    rule::VIRTUAL_WORDS,
);

pub(super) const NO_VIRTUAL_IPADDRESS: Row = acted(
    "no_virtual_ipaddress",
    "",
    "off",
    "The instance is meant to have no address. Not in strict mode.",
    |draft, args, _| {
        draft.network.none_wanted = true;
        draft.lines.mark("no_virtual_ipaddress", args.span());
    },
);

pub(super) const PROMOTE_SECONDARIES: Row = acted(
    "promote_secondaries",
    "",
    "off",
    "Set the sysctl of this name on the interface, so that removing a primary address keeps the secondary ones.",
    |draft, args, _| {
        draft.network.promote_secondaries = true;
        draft.lines.mark("promote_secondaries", args.span());
    },
);

pub(super) const ACCEPT: Row = acted(
    "accept",
    "",
    "on unless strict_mode",
    "Take packets for the virtual addresses without owning them (RFC 9568 6.1, Accept_Mode).",
    |draft, args, _| {
        draft.network.accept = Some(true);
        draft.lines.mark("accept", args.span());
    },
);

pub(super) const NO_ACCEPT: Row = pending(
    "no_accept",
    "",
    "",
    "Drop packets for the virtual addresses unless this router owns them.",
    |draft, args, _| {
        draft.network.accept = Some(false);
        draft.lines.mark("accept", args.span());
    },
);

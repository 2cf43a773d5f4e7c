//! What the master adds to the machine: addresses, routes, rules.

use crate::args::Args;
use crate::context::Context;
use crate::diagnostic::{Class, Diagnostic};
use crate::draft::InstanceDraft;
use crate::keyword::{Keyword, Status};
use crate::tables::item::address::{self, List};
use crate::tables::item::{ItemLine, route, rule};
use crate::tables::row::{acted, list, pending};
use keepalived_vrrp::config::AddressConfig;

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
            .help("Addresses of the other family belong into virtual_ipaddress_excluded.");
        return context.push(report);
    }
    if is_new(draft, &address, first, context) {
        draft.network.virtual_addresses.push((address, first.span));
    }
}

/// One line of `virtual_ipaddress_excluded`.
fn excluded_address(draft: &mut InstanceDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let Some(first) = args.peek() else { return };
    let Some(address) = read(draft, args, context) else { return };
    if is_new(draft, &address, first, context) {
        draft.network.excluded_addresses.push((address, first.span));
    }
}

fn read(draft: &mut InstanceDraft, args: &mut Args<'_>, context: &mut Context<'_>) -> Option<AddressConfig> {
    address::read(&mut ItemLine { args, context }, List::Virtual, &mut draft.interfaces)
}

/// Is this the first line with this address on this interface?
fn is_new(
    draft: &mut InstanceDraft,
    address: &AddressConfig,
    first: crate::line::Word<'_>,
    context: &mut Context<'_>,
) -> bool {
    let key = (address.prefix.address(), address.interface.clone());
    let Some(earlier) = draft.network.seen.get(&key).copied() else {
        draft.network.seen.insert(key, first.span);
        return true;
    };
    // 2.2.7 takes both and says nothing, so the test must not fail.
    let message = format!("({}) duplicate VIP {} - ignoring", draft.name, first.text);
    let report = Diagnostic::at(Class::Note, first.span, message).related(earlier, "first given here");
    context.push(report.help(
        "keepalived 2.2 advertises the address twice and refuses adverts with another number of addresses: remove \
         the line on every router of this virtual router",
    ));
    false
}

pub(super) const VIRTUAL_ROUTES: Row = list(
    Status::Pending,
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
    Status::Pending,
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

pub(super) const PROMOTE_SECONDARIES: Row = pending(
    "promote_secondaries",
    "",
    "off",
    "Set the sysctl of this name on the interface, so that removing a primary address keeps the secondary ones.",
    |draft, args, _| {
        draft.network.promote_secondaries = true;
        draft.lines.mark("promote_secondaries", args.span());
    },
);

pub(super) const ACCEPT: Row = pending(
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

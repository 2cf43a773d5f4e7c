//! `static_ipaddress`, `static_routes`, `static_rules`: what is kept as long as the daemon runs.

use crate::args::Args;
use crate::context::Context;
use crate::diagnostic::{Class, Diagnostic};
use crate::draft::ConfigDraft;
use crate::keyword::{Keyword, Status};
use crate::tables::item::{ItemLine, address, route, rule};
use crate::tables::row::list;
use keepalived_types::InterfaceName;

type Row = Keyword<ConfigDraft>;

pub(super) const ADDRESSES: Row = list(
    Status::Acted,
    "static_ipaddress",
    "Addresses that are there as long as the daemon runs, one per line.",
    address_line,
    address::STATIC_WORDS,
);

pub(super) const ROUTES: Row = list(
    Status::Acted,
    "static_routes",
    "Routes that are there as long as the daemon runs, one per line, in the words of `ip route`.",
    |config, args, context| {
        let mut line = ItemLine { args, context };
        config.vrrp.interfaces.dynamic = config.global.engine.dynamic_interfaces;
        if let Some(route) = route::read(&mut line, route::List::Static, &mut config.vrrp.interfaces) {
            config.vrrp.static_routes.push(route);
        }
    },
    route::STATIC_WORDS,
);

pub(super) const RULES: Row = list(
    Status::Acted,
    "static_rules",
    "Policy rules that are there as long as the daemon runs, one per line, in the words of `ip rule`.",
    |config, args, context| {
        let mut line = ItemLine { args, context };
        let vrrp = &mut config.vrrp;
        vrrp.interfaces.dynamic = config.global.engine.dynamic_interfaces;
        let rule =
            rule::read(&mut line, route::List::Static, &mut vrrp.interfaces, &mut vrrp.next_preference);
        if let Some(rule) = rule {
            vrrp.static_rules.push(rule);
        }
    },
    rule::STATIC_WORDS,
);

/// One line of `static_ipaddress`: without `dev` it goes to the default interface.
fn address_line(config: &mut ConfigDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let Some(first) = args.peek() else { return };
    config.vrrp.interfaces.dynamic = config.global.engine.dynamic_interfaces;
    let mut line = ItemLine { args, context };
    let Some(mut address) = address::read(&mut line, address::List::Static, &mut config.vrrp.interfaces)
    else {
        return;
    };
    if address.interface.is_none() {
        let default = config.global.settings.vrrp.default_interface.clone();
        let default = default.or_else(|| InterfaceName::new("eth0").ok());
        let there = default.as_ref().is_some_and(|name| context.host.interface(name).is_some());
        if !there && !config.global.engine.dynamic_interfaces {
            let message = format!(
                "Static address {} requires either an interface or default interface must exist",
                first.text
            );
            context.push(Diagnostic::at(Class::Fatal, first.span, message).stopping(2));
            config
                .vrrp
                .interfaces
                .missing
                .push((default.map_or_else(String::new, |name| name.to_string()), first.span));
            return;
        }
        address.interface = default;
    }
    config.vrrp.static_addresses.push(address);
}

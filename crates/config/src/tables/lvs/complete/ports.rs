//! Ports: only NAT can change them.

use super::real_servers::Parent;
use super::{Known, say};
use crate::context::Context;
use crate::tables::lvs::draft::ServiceDraft;
use keepalived_lvs::config::{AddressRange, Forwarding, GroupEntry, RealServer, ServerGroup, SorryServer};
use std::collections::HashSet;

/// Fills in and corrects ports. With groups there are only messages: the port is that of each entry.
pub(super) fn settle(
    service: &ServiceDraft,
    parent: &Parent<'_>,
    servers: &mut [RealServer],
    sorry: Option<&mut SorryServer>,
    known: &Known<'_>,
    context: &mut Context<'_>,
) {
    match service {
        ServiceDraft::Address(_, port) => {
            for server in &mut *servers {
                follow_port(server, *port, parent, context);
            }
            if let Some(sorry) = sorry {
                sorry_follows_port(sorry, *port, parent, context);
            }
        }
        ServiceDraft::Mark(_) => {
            for server in servers.iter_mut().filter(|server| needs_same_port(server.forwarding)) {
                if server.port != 0 {
                    let message = clash_with_mark(parent, server, "clearing");
                    say(context, parent.span, message);
                    server.port = 0;
                }
            }
            if let Some(sorry) = sorry.filter(|sorry| needs_same_port(sorry.forwarding) && sorry.port != 0) {
                let message = format!(
                    "WARNING - virtual server {}, sorry server has port specified - clearing",
                    parent.name
                );
                say(context, parent.span, message);
                sorry.port = 0;
            }
        }
        ServiceDraft::Group(name) => {
            if let Some(group) = known.groups.get(name) {
                compare_with_group(group, parent, servers, sorry.as_deref(), context);
            }
        }
    }
}

fn needs_same_port(forwarding: Forwarding) -> bool {
    forwarding != Forwarding::Nat
}

fn follow_port(server: &mut RealServer, port: u16, parent: &Parent<'_>, context: &mut Context<'_>) {
    if server.port == port || (server.port != 0 && !needs_same_port(server.forwarding)) {
        return;
    }
    if server.port != 0 {
        let message = format!(
            "WARNING - virtual server {} and real server {} ports don't match - resetting",
            parent.name,
            parent.endpoint(server)
        );
        say(context, parent.span, message);
    }
    server.port = port;
}

fn sorry_follows_port(sorry: &mut SorryServer, port: u16, parent: &Parent<'_>, context: &mut Context<'_>) {
    if sorry.port == port || (sorry.port != 0 && !needs_same_port(sorry.forwarding)) {
        return;
    }
    if sorry.port != 0 {
        let message = format!(
            "WARNING - virtual server {} and sorry server ports don't match - resetting",
            parent.name
        );
        say(context, parent.span, message);
    }
    sorry.port = port;
}

fn clash_with_mark(parent: &Parent<'_>, server: &RealServer, consequence: &str) -> String {
    format!(
        "WARNING - fwmark virtual server {}, real server {} has port specified - {consequence}",
        parent.name,
        parent.endpoint(server)
    )
}

fn compare_with_group(
    group: &ServerGroup,
    parent: &Parent<'_>,
    servers: &[RealServer],
    sorry: Option<&SorryServer>,
    context: &mut Context<'_>,
) {
    let entries = distinct_ports(group);
    let marks = group.has_marks();
    for server in servers.iter().filter(|server| needs_same_port(server.forwarding) && server.port != 0) {
        for (range, port) in entries.iter().filter(|(_, port)| *port != server.port) {
            let message = format!(
                "virtual server {}:[{},{port}] and real server {} ports don't match",
                parent.name,
                written(*range),
                parent.endpoint(server)
            );
            say(context, parent.span, message);
        }
        if marks {
            say(context, parent.span, clash_with_mark(parent, server, "port will be ignored"));
        }
    }
    if sorry.is_some_and(|sorry| needs_same_port(sorry.forwarding) && sorry.port != 0) {
        let kind = if entries.is_empty() { "fwmark " } else { "" };
        let message = format!(
            "WARNING - {kind}virtual server {}, sorry server has port specified - port will be ignored",
            parent.name
        );
        say(context, parent.span, message);
    }
}

fn written(range: AddressRange) -> String {
    if range.first() == range.last() {
        range.first().to_string()
    } else {
        format!("{}-{}", range.first(), range.last())
    }
}

/// One entry for each family and port, so that a long group does not repeat itself.
fn distinct_ports(group: &ServerGroup) -> Vec<(AddressRange, u16)> {
    let mut seen = HashSet::new();
    group
        .entries
        .iter()
        .filter_map(|entry| match entry {
            GroupEntry::Addresses { range, port } => {
                seen.insert((range.family(), *port)).then_some((*range, *port))
            }
            GroupEntry::Mark { .. } => None,
        })
        .collect()
}

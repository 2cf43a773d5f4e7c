//! `nftables_ipvs`: an address cannot belong to two groups.

use crate::context::Context;
use crate::diagnostic::{Class, Diagnostic};
use crate::span::Span;
use keepalived_lvs::config::{Config, Protocol};
use keepalived_lvs::{EntryPlace, Overlap};
use std::collections::HashSet;

/// Remarks entries whose packets go to another group, once for each entry; `lines` has the lines of each group's entries.
/// The original's attempt to add such an entry is refused by nftables, which it logs without a name.
pub(super) fn note(config: &Config, lines: &[Vec<Span>], context: &mut Context<'_>) {
    let span_of = |place: EntryPlace| lines.get(place.group)?.get(place.entry).copied();
    let name_of = |place: EntryPlace| config.groups.get(place.group).map_or("", |group| group.name.as_str());
    let mut told = HashSet::new();
    for overlap in keepalived_lvs::overlaps(config) {
        let Overlap { entry, holder, .. } = overlap;
        if !told.insert(entry) {
            continue;
        }
        let message = format!(
            "virtual_server_group {}: packets to {} go to group {}, which has these addresses, too, and comes first",
            name_of(entry),
            packets(&overlap),
            name_of(holder),
        );
        let mut remark = Diagnostic::after_reading(Class::Note, span_of(entry), message)
            .logged_always()
            .label("in two groups")
            .help("with `nftables_ipvs` an address and port belong to one group: take it out of one of them");
        if let Some(span) = span_of(holder) {
            remark = remark.related(span, "goes to the servers of this group");
        }
        context.push(remark);
    }
}

/// `10.0.0.5-10.0.0.9 port 80 (TCP)`.
fn packets(overlap: &Overlap) -> String {
    let (first, last) = (overlap.range.first(), overlap.range.last());
    let addresses = if first == last { first.to_string() } else { format!("{first}-{last}") };
    let port = if overlap.port == 0 { "any port".to_owned() } else { format!("port {}", overlap.port) };
    let protocol = match overlap.protocol {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
        Protocol::Sctp => "SCTP",
    };
    format!("{addresses} {port} ({protocol})")
}

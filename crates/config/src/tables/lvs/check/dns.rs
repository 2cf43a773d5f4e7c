//! `DNS_CHECK`.

use super::common::{Network, network_table, usable};
use super::draft::{ActiveDraft, CheckerDraft, ProbeDraft};
use crate::args::Args;
use crate::context::Context;
use crate::diagnostic::Class;
use crate::keyword::{Keyword, Section, Status};
use crate::tables::lvs::draft::RealServerDraft;
use crate::tables::row::{acted, block};
use crate::tables::scalar::mistaken;
use keepalived_lvs::config::DnsType;

/// `DNS_CHECK`.
pub(in crate::tables::lvs) const DNS_CHECK: Keyword<RealServerDraft> = block(
    Status::Acted,
    "DNS_CHECK",
    "{ ... }",
    "Passes when a DNS query over UDP is answered without an error. There may be several.",
    &SECTION,
);

/// The longest name (RFC 1035 §2.3.4), counted as it is written.
const LONGEST_NAME: usize = 253;
/// The longest part of a name (RFC 1035 §2.3.4).
const LONGEST_LABEL: usize = 63;

#[derive(Default)]
struct Dns {
    query: DnsType,
    name: Option<String>,
}

static SECTION: Section<RealServerDraft, Network<Dns>> = Section {
    keywords: network_table![
        "that of the real server, else 3", "that of the real server, else delay_loop";
        acted("type", "A|NS|CNAME|SOA|MX|TXT|AAAA|RRSIG|DNSKEY", "SOA", "The type of record asked for, in any case.", kind),
        acted("name", "<domain>", ". (the root)", "The name asked for. The first one wins.", name),
    ],
    open,
    close,
};

fn open(
    server: &mut RealServerDraft,
    args: &mut Args<'_>,
    _context: &mut Context<'_>,
) -> Option<Network<Dns>> {
    Some(Network::of(server, args))
}

fn close(server: &mut RealServerDraft, mut check: Network<Dns>, context: &mut Context<'_>) {
    if !usable(&mut check.connection, context) {
        return;
    }
    let Network { connection, schedule, probe } = check;
    let probe = ProbeDraft::Dns { query: probe.query, name: probe.name.unwrap_or_else(|| ".".to_owned()) };
    server.checkers.push(CheckerDraft::Active(Box::new(ActiveDraft {
        schedule,
        connection: Some(connection),
        probe,
    })));
}

fn kind(check: &mut Network<Dns>, args: &mut Args<'_>, context: &mut Context<'_>) {
    let Some(word) = args.required(context) else { return };
    match DnsType::by_name(word.text) {
        Some(kind) => check.probe.query = kind,
        None => mistaken(word, context, format!("Unknown DNS check type {} - ignoring", word.text)),
    }
}

fn name(check: &mut Network<Dns>, args: &mut Args<'_>, context: &mut Context<'_>) {
    let Some(word) = args.required(context) else { return };
    let text = word.text;
    let labels = text.strip_suffix('.').unwrap_or(text);
    if !labels.is_empty() && labels.split('.').any(str::is_empty) {
        return mistaken(word, context, format!("DNS_CHECK name '{text}' has empty label - ignoring"));
    }
    if labels.len() > LONGEST_NAME || labels.split('.').any(|label| label.len() > LONGEST_LABEL) {
        // The original does not notice and then cannot send its query.
        let message = format!("DNS_CHECK name '{text}' is longer than DNS allows - ignoring");
        return context.report(Class::Note, word.span, message);
    }
    if check.probe.name.is_none() {
        check.probe.name = Some(if labels.is_empty() { ".".to_owned() } else { text.to_owned() });
    }
}

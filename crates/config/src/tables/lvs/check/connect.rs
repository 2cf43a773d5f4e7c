//! `TCP_CHECK` and `PING_CHECK`: nothing but a connection.

use super::common::{Network, network_table, usable};
use super::draft::{ActiveDraft, CheckerDraft, ProbeDraft};
use crate::args::Args;
use crate::context::Context;
use crate::keyword::{Keyword, Section, Status};
use crate::tables::lvs::draft::RealServerDraft;
use crate::tables::row::block;

/// `TCP_CHECK`.
pub(in crate::tables::lvs) const TCP_CHECK: Keyword<RealServerDraft> = block(
    Status::Acted,
    "TCP_CHECK",
    "{ ... }",
    "Passes when a TCP connection can be opened. There may be several.",
    &TCP,
);

/// `PING_CHECK`.
pub(in crate::tables::lvs) const PING_CHECK: Keyword<RealServerDraft> = block(
    Status::Acted,
    "PING_CHECK",
    "{ ... }",
    "Passes when an ICMP echo is answered. There may be several.",
    &PING,
);

static TCP: Section<RealServerDraft, Network<()>> = Section {
    keywords: network_table!["that of the real server, else 1", "that of the real server, else 1";],
    open,
    close: |server, check, context| close(server, check, ProbeDraft::Tcp, context),
};

static PING: Section<RealServerDraft, Network<()>> = Section {
    keywords: network_table!["that of the real server, else 1", "that of the real server, else 1";],
    open,
    close: |server, check, context| close(server, check, ProbeDraft::Ping, context),
};

fn open(
    server: &mut RealServerDraft,
    args: &mut Args<'_>,
    _context: &mut Context<'_>,
) -> Option<Network<()>> {
    Some(Network::of(server, args))
}

fn close(server: &mut RealServerDraft, mut check: Network<()>, probe: ProbeDraft, context: &mut Context<'_>) {
    if usable(&mut check.connection, context) {
        let Network { connection, schedule, probe: () } = check;
        server.checkers.push(CheckerDraft::Active(Box::new(ActiveDraft {
            schedule,
            connection: Some(connection),
            probe,
        })));
    }
}

//! `SMTP_CHECK` with its old `host` blocks.

use super::common::{Connected, Network, Scheduled, network_table, usable};
use super::draft::{ActiveDraft, CheckerDraft, ConnectionDraft, ProbeDraft, ScheduleDraft};
use crate::args::Args;
use crate::context::Context;
use crate::diagnostic::Class;
use crate::keyword::{Keyword, Section, Status};
use crate::tables::lvs::draft::RealServerDraft;
use crate::tables::lvs::values;
use crate::tables::row::{acted, block};

/// The name in HELO without `helo_name`.
const DEFAULT_HELO_NAME: &str = "smtpchecker.keepalived.org";

/// `SMTP_CHECK`.
pub(in crate::tables::lvs) const SMTP_CHECK: Keyword<RealServerDraft> = block(
    Status::Acted,
    "SMTP_CHECK",
    "{ ... }",
    "Passes when a mail server greets and answers HELO. The port is the real server's, not 25. There may be several.",
    &SECTION,
);

#[derive(Default)]
struct Smtp {
    helo_name: Option<String>,
    /// `host` blocks: one checker each.
    hosts: Vec<(ConnectionDraft, ScheduleDraft)>,
}

/// `host` inside `SMTP_CHECK`.
struct Host(Network<()>);

impl Scheduled for Host {
    fn schedule(&mut self) -> &mut ScheduleDraft {
        self.0.schedule()
    }
}

impl Connected for Host {
    fn connection(&mut self) -> &mut ConnectionDraft {
        self.0.connection()
    }
}

static SECTION: Section<RealServerDraft, Network<Smtp>> = Section {
    keywords: network_table![
        "that of the real server, else 1", "that of the real server, else 1";
        acted("helo_name", "<string>", "smtpchecker.keepalived.org", "The name given in HELO. The last one wins.", helo_name),
        block(Status::Acted, "host", "{ ... }", "Old way to check several hosts: each block is a checker. Several SMTP_CHECKs say the same.", &HOST),
    ],
    open,
    close,
};

static HOST: Section<Network<Smtp>, Host> = Section {
    keywords: network_table!["that of the SMTP_CHECK", "that of the SMTP_CHECK";],
    open: open_host,
    close: close_host,
};

fn open(
    server: &mut RealServerDraft,
    args: &mut Args<'_>,
    _context: &mut Context<'_>,
) -> Option<Network<Smtp>> {
    Some(Network::of(server, args))
}

/// Without a connection option of its own, a checker with `host` blocks is just those.
fn close(server: &mut RealServerDraft, check: Network<Smtp>, context: &mut Context<'_>) {
    let Network { connection, schedule, probe } = check;
    let helo_name = probe.helo_name.unwrap_or_else(|| DEFAULT_HELO_NAME.to_owned());
    let mut checks = Vec::with_capacity(1 + probe.hosts.len());
    if probe.hosts.is_empty() || connection.given {
        checks.push((connection, schedule));
    }
    checks.extend(probe.hosts.into_iter().map(|(connection, own)| (connection, own.or(schedule))));
    for (mut connection, schedule) in checks {
        if usable(&mut connection, context) {
            let probe = ProbeDraft::Smtp { helo_name: helo_name.clone() };
            let check = ActiveDraft { schedule, connection: Some(connection), probe };
            server.checkers.push(CheckerDraft::Active(Box::new(check)));
        }
    }
}

impl ScheduleDraft {
    /// What is not given is taken from `other`.
    fn or(self, other: Self) -> Self {
        Self {
            retry: self.retry.or(other.retry),
            delay_before_retry: self.delay_before_retry.or(other.delay_before_retry),
            delay_loop: self.delay_loop.or(other.delay_loop),
            warmup: self.warmup.or(other.warmup),
            alpha: self.alpha.or(other.alpha),
            log_all_failures: self.log_all_failures || other.log_all_failures,
        }
    }
}

fn open_host(check: &mut Network<Smtp>, args: &mut Args<'_>, context: &mut Context<'_>) -> Option<Host> {
    let message = "The SMTP_CHECK host block is deprecated. Please define additional checkers.";
    context.report(Class::LogOnly, args.span(), message);
    let connection = ConnectionDraft { span: args.span(), given: false, ..check.connection.clone() };
    Some(Host(Network { connection, schedule: ScheduleDraft::default(), probe: () }))
}

fn close_host(check: &mut Network<Smtp>, host: Host, _context: &mut Context<'_>) {
    check.probe.hosts.push((host.0.connection, host.0.schedule));
}

fn helo_name(check: &mut Network<Smtp>, args: &mut Args<'_>, context: &mut Context<'_>) {
    let Some(name) = values::text(args, context, "SMTP_CHECK helo name missing") else { return };
    if check.probe.helo_name.replace(name).is_some() {
        context.report(Class::Note, args.span(), "SMTP_CHECK helo_name is given twice: the last one is used");
    }
}

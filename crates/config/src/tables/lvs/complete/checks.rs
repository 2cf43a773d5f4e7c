//! Checkers: what they take over from their real server.

use super::Known;
use super::real_servers::Parent;
use crate::tables::lvs::check::{
    ActiveDraft, CheckerDraft, ConnectionDraft, HttpDraft, ProbeDraft, ScheduleDraft,
};
use keepalived_lvs::config::{
    ActiveCheck, BfdCheck, Checker, Connection, DnsCheck, FileCheck, HttpCheck, MiscCheck, Probe, RealServer,
    Schedule, SmtpCheck, UdpCheck, Url,
};
use std::net::SocketAddr;
use std::time::Duration;

/// Completes the checkers of a server whose own values are final.
pub(super) fn complete(
    server: &mut RealServer,
    drafts: Vec<CheckerDraft>,
    parent: &Parent<'_>,
    known: &Known<'_>,
) {
    let mut checkers = Vec::with_capacity(drafts.len());
    for draft in drafts {
        match draft {
            CheckerDraft::Active(draft) => checkers.push(active(*draft, server, parent, known)),
            CheckerDraft::File { file, weight } => checkers.extend(follow_file(file, weight, known)),
            CheckerDraft::Bfd { session, alpha, .. } => {
                checkers.push(Checker::Bfd(BfdCheck { session, alpha: alpha.unwrap_or(server.alpha) }));
            }
        }
    }
    server.checkers = checkers;
}

fn follow_file(file: String, weight: Option<(i32, bool)>, known: &Known<'_>) -> Option<Checker> {
    let tracker = known.files.get(file.as_str())?;
    let (weight, reverse) = weight.unwrap_or((tracker.track.weight.get().into(), tracker.track.reverse));
    Some(Checker::File(FileCheck { file, weight, reverse }))
}

fn active(draft: ActiveDraft, server: &RealServer, parent: &Parent<'_>, known: &Known<'_>) -> Checker {
    let schedule = schedule(draft.schedule, &draft.probe, server, known);
    let connection = match draft.connection {
        Some(connection) => connect(connection, server),
        None => Connection {
            destination: SocketAddr::new(server.address, server.port),
            source: None,
            interface: None,
            timeout: server.defaults.connect_timeout,
            mark: 0,
        },
    };
    let probe = match draft.probe {
        ProbeDraft::Tcp => Probe::Tcp(connection),
        ProbeDraft::Ping => Probe::Ping(connection),
        ProbeDraft::Udp { payload, reply, min_reply_length, max_reply_length } => {
            Probe::Udp(UdpCheck { connection, payload, reply, min_reply_length, max_reply_length })
        }
        ProbeDraft::Http(web) => Probe::Http(http(*web, connection, server)),
        ProbeDraft::Ssl(web) => Probe::Ssl(http(*web, connection, server)),
        ProbeDraft::Smtp { helo_name } => Probe::Smtp(SmtpCheck { connection, helo_name }),
        ProbeDraft::Dns { query, name } => Probe::Dns(DnsCheck { connection, query, name }),
        ProbeDraft::Misc { command, timeout, dynamic } => Probe::Misc(MiscCheck {
            command: *command,
            // The virtual server's, even when the real server or the checker has its own.
            timeout: timeout.unwrap_or(parent.defaults.delay_loop),
            dynamic,
        }),
    };
    Checker::Active(Box::new(ActiveCheck { schedule, probe }))
}

/// Each kind has defaults of its own where nobody says anything (lvs reference 5.1).
fn schedule(draft: ScheduleDraft, probe: &ProbeDraft, server: &RealServer, known: &Known<'_>) -> Schedule {
    let inherited = &server.defaults;
    let delay_loop = draft.delay_loop.unwrap_or(inherited.delay_loop);
    let retry = match probe {
        ProbeDraft::Misc { .. } => 0,
        ProbeDraft::Dns { .. } => 3,
        _ => 1,
    };
    let pause = match probe {
        ProbeDraft::Http(_) | ProbeDraft::Ssl(_) => Duration::from_secs(3),
        ProbeDraft::Dns { .. } => delay_loop,
        _ => Duration::from_secs(1),
    };
    Schedule {
        retry: draft.retry.or(inherited.retry).unwrap_or(retry),
        delay_before_retry: draft.delay_before_retry.or(inherited.delay_before_retry).unwrap_or(pause),
        delay_loop,
        warmup: draft.warmup.or(inherited.warmup).unwrap_or(delay_loop),
        alpha: draft.alpha.unwrap_or(server.alpha),
        log_all_failures: draft.log_all_failures || known.globals.log_all_failures,
    }
}

fn connect(draft: ConnectionDraft, server: &RealServer) -> Connection {
    Connection {
        destination: SocketAddr::new(draft.address, draft.port.unwrap_or(server.port)),
        source: draft.bind_to.map(|(address, _)| SocketAddr::new(address, draft.bind_port.unwrap_or(0))),
        interface: draft.interface,
        timeout: draft.timeout.unwrap_or(server.defaults.connect_timeout),
        mark: draft.mark,
    }
}

fn http(draft: HttpDraft, connection: Connection, server: &RealServer) -> HttpCheck {
    let compliant = draft.tls_compliant;
    let urls = draft
        .urls
        .into_iter()
        .map(|(url, own)| Url { tls_compliant: own.unwrap_or(compliant), ..url })
        .collect();
    HttpCheck {
        connection,
        urls,
        version: draft.version,
        virtualhost: draft.virtualhost.or_else(|| server.presentation.virtualhost.clone()),
        sni: draft.sni,
        fast_recovery: draft.fast_recovery,
        tls_compliant: compliant,
        verification: draft.verification,
    }
}

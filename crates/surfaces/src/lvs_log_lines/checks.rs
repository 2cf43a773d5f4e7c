//! What checks say about themselves.

use super::{detail, normal};
use crate::log_lines::LogLine;
use keepalived_lvs::{CheckLabel, EventKind, Failure, HttpTest, Remark, Retries};

/// The lines of checks and checkers.
pub(super) fn lines(vs: &str, rs: &str, kind: &EventKind) -> Vec<LogLine> {
    let text = match kind {
        EventKind::CheckerActivated => Some(format!("Activating healthchecker for service {rs} for VS {vs}")),
        EventKind::CheckerDeactivated => {
            Some(format!("Deactivating healthchecker for service {rs} for VS {vs}"))
        }
        EventKind::CheckerSuspended => Some(format!("Suspending healthchecker for service {rs} for VS {vs}")),
        EventKind::CheckPassed(check) => passed(vs, rs, check),
        EventKind::UrlPassed { path, test } => {
            let test = match test {
                HttpTest::Status => "HTTP status code",
                HttpTest::Digest => "MD5 digest",
                HttpTest::Regex => "Regex match",
            };
            Some(format!("{test} success to {rs} url({path})"))
        }
        EventKind::CheckFailed { check, failure, retries } => Some(failed(vs, rs, check, failure, *retries)),
        EventKind::AttemptFailed { check, failure, attempt, allowed } => {
            Some(attempt_failed(vs, rs, check, failure, *attempt, *allowed))
        }
        EventKind::Remarked { remark, .. } => Some(remarked(vs, rs, remark)),
        EventKind::CheckCannotRun { check, reason } => return cannot_run(check, reason),
        _ => None,
    };
    text.map(normal).unwrap_or_default()
}

/// Files and BFD sessions.
pub(super) fn followed(rs: &str, kind: &EventKind) -> Vec<LogLine> {
    match kind {
        EventKind::Followed { check: CheckLabel::File(file), up } => {
            let what = if *up { "leaving" } else { "now" };
            detail(format!("({rs}): tracked file {file} {what} FAULT state"))
        }
        EventKind::Followed { check: CheckLabel::Bfd(session), up } => {
            let state = if *up { "UP" } else { "DOWN" };
            normal(format!("BFD check of [{session}] RS({rs}) is {state}"))
        }
        _ => Vec::new(),
    }
}

fn passed(vs: &str, rs: &str, check: &CheckLabel) -> Option<String> {
    match check {
        CheckLabel::Tcp => Some(format!("TCP connection to {rs} success.")),
        CheckLabel::Udp => Some(format!("UDP connection to {rs} success.")),
        CheckLabel::Ping => Some(format!("ICMP connection to {rs} success.")),
        CheckLabel::Http | CheckLabel::Ssl => Some(format!("Remote Web server {rs} succeed on service.")),
        CheckLabel::Smtp(_) => Some(format!("Remote SMTP server {rs} succeed on service.")),
        CheckLabel::Misc(program) => Some(format!("Misc check for [{rs} VS {vs}] by [{program}] succeeded.")),
        CheckLabel::Dns | CheckLabel::File(_) | CheckLabel::Bfd(_) => None,
    }
}

fn failed(vs: &str, rs: &str, check: &CheckLabel, failure: &Failure, retries: Retries) -> String {
    let Retries { allowed, made } = retries;
    let after = if made { format!(" after {allowed} retries") } else { String::new() };
    match check {
        CheckLabel::Tcp => format!("TCP_CHECK on service {rs} failed{after}."),
        CheckLabel::Udp => format!("UDP_CHECK on service {rs} failed{after}."),
        CheckLabel::Ping if made => format!("ICMP CHECK on service {rs} of {vs} failed{after}."),
        CheckLabel::Ping => format!("ICMP CHECK on service {rs} failed."),
        CheckLabel::Http => format!("HTTP_CHECK on service {rs} failed{after}."),
        CheckLabel::Ssl => format!("SSL_CHECK on service {rs} failed{after}."),
        CheckLabel::Smtp(to) => smtp(failure, to),
        CheckLabel::Dns => format!("DNS_CHECK ({rs}) {}{after}", failure.reason),
        CheckLabel::Misc(program) => {
            let tail = match allowed {
                0 => " with retry disabled".to_owned(),
                1 => " after 1 retry".to_owned(),
                more => format!(" after {more} retries"),
            };
            misc(vs, rs, program, failure, &tail)
        }
        CheckLabel::File(_) | CheckLabel::Bfd(_) => String::new(),
    }
}

fn attempt_failed(
    vs: &str,
    rs: &str,
    check: &CheckLabel,
    failure: &Failure,
    attempt: u32,
    allowed: u32,
) -> String {
    let reason = &failure.reason;
    let how = if failure.timed_out { "timeout" } else { "failed" };
    match check {
        CheckLabel::Tcp => format!("TCP connection to {rs} {how}."),
        CheckLabel::Udp if reason.contains("mismatch") => format!("UDP check to {rs} reply data mismatch."),
        CheckLabel::Udp => format!("UDP connection to {rs} failed."),
        CheckLabel::Ping if failure.timed_out => format!("ICMP connection to address {rs} timeout."),
        CheckLabel::Ping => format!("ICMP connection to {rs} of {vs} failed."),
        CheckLabel::Http | CheckLabel::Ssl => format!("{} server {rs}.", reason.trim_end()),
        CheckLabel::Smtp(to) => smtp(failure, to),
        CheckLabel::Dns => format!("DNS_CHECK ({rs}) {reason}"),
        CheckLabel::Misc(program) => {
            let tail = if attempt <= 1 {
                format!(", will do {allowed} retries")
            } else {
                format!(" on retry {}/{allowed}", attempt - 1)
            };
            misc(vs, rs, program, failure, &tail)
        }
        CheckLabel::File(_) | CheckLabel::Bfd(_) => String::new(),
    }
}

fn smtp(failure: &Failure, to: &std::net::SocketAddr) -> String {
    format!("SMTP_CHECK {} server [{}]:{}", failure.reason, to.ip(), to.port())
}

fn misc(vs: &str, rs: &str, program: &str, failure: &Failure, tail: &str) -> String {
    let head = format!("Misc check for [{rs} VS {vs}] by [{program}]");
    match &failure.detail {
        _ if failure.timed_out => format!("{head} timed out{tail}."),
        Some(how) => format!("{head} failed{tail} ({how})."),
        None => format!("{head} failed{tail}."),
    }
}

fn remarked(vs: &str, rs: &str, remark: &Remark) -> String {
    match remark {
        Remark::ContentLength { path, announced, received } => format!(
            "http_check for RS {rs} VS {vs} url {path}: content_length ({announced}) does not match received bytes ({received})"
        ),
        Remark::NoCloseAlert { error } => format!("SSL_CHECK of {rs}: closed without a close alert: {error}"),
        Remark::NotVerified { error } => format!("SSL_CHECK of {rs}: not verified: {error}"),
        Remark::LineTooLong => format!("SMTP_CHECK of {rs}: line too long - its beginning was thrown away"),
    }
}

fn cannot_run(check: &CheckLabel, reason: &str) -> Vec<LogLine> {
    let name = match check {
        CheckLabel::Tcp => "TCP",
        CheckLabel::Udp => "UDP",
        CheckLabel::Ping => "ICMP",
        CheckLabel::Http | CheckLabel::Ssl => "WEB",
        CheckLabel::Smtp(_) => "SMTP",
        CheckLabel::Dns => "DNS",
        CheckLabel::Misc(_) => return normal(format!("{reason}. Rescheduling.")),
        CheckLabel::File(_) | CheckLabel::Bfd(_) => return Vec::new(),
    };
    let mut lines = normal(reason.to_owned());
    lines.extend(normal(format!("{name} socket bind failed. Rescheduling.")));
    lines
}

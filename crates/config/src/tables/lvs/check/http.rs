//! `HTTP_GET` and `SSL_GET`.

use super::common::{Network, network_table, usable};
use super::draft::{ActiveDraft, CheckerDraft, HttpDraft, ProbeDraft};
use super::url;
use crate::args::Args;
use crate::context::Context;
use crate::diagnostic::Class;
use crate::keyword::{Keyword, Section, Status};
use crate::tables::lvs::draft::RealServerDraft;
use crate::tables::lvs::values;
use crate::tables::row::{acted, block};
use crate::tables::scalar::{mistaken, switch};
use keepalived_lvs::config::{HttpVersion, Sni, Verification};

/// `HTTP_GET`.
pub(in crate::tables::lvs) const HTTP_GET: Keyword<RealServerDraft> = block(
    Status::Acted,
    "HTTP_GET",
    "{ ... }",
    "Asks for pages over HTTP; passes when all of them are as they should be. There may be several.",
    &HTTP,
);

/// `SSL_GET`.
pub(in crate::tables::lvs) const SSL_GET: Keyword<RealServerDraft> = block(
    Status::Acted,
    "SSL_GET",
    "{ ... }",
    "Asks for pages over HTTPS; the server's certificate is not verified unless tls_verify says so. There may be several.",
    &SSL,
);

/// The rows that both have, then one's own.
macro_rules! web_table {
    ($url:expr; $($row:expr),* $(,)?) => {
        network_table![
            "that of the real server, else 1", "that of the real server, else 3";
            acted("nb_get_retry", "<int 0..4294967295>", "", "Deprecated spelling of retry.", nb_get_retry),
            acted("virtualhost", "<string>", "that of the real server", "Host of all requests of this checker.", virtualhost),
            acted("http_protocol", "1.0|1.1|1.0C|1.0c", "1.0", "Version of the request; 1.0C adds `Connection: close`.", http_protocol),
            acted("enable_sni", "[on|true|yes|off|false|no]", "off", "TLS names the virtualhost (Server Name Indication).", enable_sni),
            acted("sni_name", "[<string>]", "the virtualhost", "The name for Server Name Indication; implies enable_sni.", sni_name),
            acted("fast_recovery", "[on|true|yes|off|false|no]", "off", "No delay_loop between urls while recovering.", fast_recovery),
            block(Status::Acted, "url", "{ ... }", "A page to ask for; at least one.", $url),
            $($row),*
        ]
    };
}

static HTTP: Section<RealServerDraft, Network<HttpDraft>> = Section {
    keywords: web_table![&url::HTTP_URL;],
    open,
    close: |server, check, context| close(server, check, ProbeDraft::Http, context),
};

static SSL: Section<RealServerDraft, Network<HttpDraft>> = Section {
    keywords: web_table![
        &url::SSL_URL;
        acted("tls_compliant", "[on|true|yes|off|false|no]", "off", "End a connection with a close alert, as TLS wants it.", tls_compliant),
        acted("tls_verify", "[on|true|yes|off|false|no]", "off", "The server's certificate has to be valid, for the name or address asked for, and signed by an authority this machine trusts. Ours; the original accepts any certificate.", tls_verify),
        acted("tls_ca_file", "<path>", "those of the machine", "The authorities that may have signed the server's certificate, as a PEM file; implies tls_verify. Ours.", tls_ca_file),
    ],
    open,
    close: |server, check, context| close(server, check, ProbeDraft::Ssl, context),
};

fn open(
    server: &mut RealServerDraft,
    args: &mut Args<'_>,
    _context: &mut Context<'_>,
) -> Option<Network<HttpDraft>> {
    Some(Network::of(server, args))
}

fn close(
    server: &mut RealServerDraft,
    mut check: Network<HttpDraft>,
    kind: fn(Box<HttpDraft>) -> ProbeDraft,
    context: &mut Context<'_>,
) {
    if check.probe.urls.is_empty() {
        let message = "HTTP/SSL_GET checker has no urls specified - ignoring";
        return context.report(Class::GeneralError, check.connection.span, message);
    }
    if usable(&mut check.connection, context) {
        let Network { connection, schedule, probe } = check;
        let check = ActiveDraft { schedule, connection: Some(connection), probe: kind(Box::new(probe)) };
        server.checkers.push(CheckerDraft::Active(Box::new(check)));
    }
}

fn nb_get_retry(check: &mut Network<HttpDraft>, args: &mut Args<'_>, context: &mut Context<'_>) {
    let message = "nb_get_retry is deprecated - please use 'retry'";
    context.report(Class::Deprecated, args.span(), message);
    let complain = |text: &str| format!("Invalid nb_get_retry value '{text}'");
    if let Some(retry) = values::unsigned(args, 0..=u32::MAX, context, complain) {
        check.schedule.retry = Some(retry);
    }
}

fn virtualhost(check: &mut Network<HttpDraft>, args: &mut Args<'_>, context: &mut Context<'_>) {
    if let Some(host) = values::text(args, context, "HTTP_GET virtualhost name missing") {
        check.probe.virtualhost = Some(host);
    }
}

fn http_protocol(check: &mut Network<HttpDraft>, args: &mut Args<'_>, context: &mut Context<'_>) {
    let Some(word) = args.next_word() else {
        return context.report(Class::GeneralError, args.span(), "Missing http_protocol version");
    };
    check.probe.version = match word.text {
        "1.0" => HttpVersion::Http10,
        "1.0C" | "1.0c" => HttpVersion::Http10Close,
        "1.1" => HttpVersion::Http11,
        other => return mistaken(word, context, format!("Invalid http_protocol version {other}")),
    };
}

fn enable_sni(check: &mut Network<HttpDraft>, args: &mut Args<'_>, context: &mut Context<'_>) {
    let complain = |text: &str| format!("Invalid enable_sni parameter {text}");
    match switch(args, context, complain) {
        Some(false) => check.probe.sni = Sni::Off,
        Some(true) if check.probe.sni == Sni::Off => check.probe.sni = Sni::VirtualHost,
        Some(true) | None => {}
    }
}

fn sni_name(check: &mut Network<HttpDraft>, args: &mut Args<'_>, _context: &mut Context<'_>) {
    check.probe.sni = match args.next_word() {
        Some(name) => Sni::Name(name.text.to_owned()),
        None => Sni::VirtualHost,
    };
}

fn fast_recovery(check: &mut Network<HttpDraft>, args: &mut Args<'_>, context: &mut Context<'_>) {
    let complain = |text: &str| format!("Invalid fast_recovery parameter {text}");
    if let Some(fast) = switch(args, context, complain) {
        check.probe.fast_recovery = fast;
    }
}

fn tls_compliant(check: &mut Network<HttpDraft>, args: &mut Args<'_>, context: &mut Context<'_>) {
    let complain = |text: &str| format!("Invalid tls_compliant parameter {text}");
    if let Some(compliant) = switch(args, context, complain) {
        check.probe.tls_compliant = compliant;
    }
}

fn tls_verify(check: &mut Network<HttpDraft>, args: &mut Args<'_>, context: &mut Context<'_>) {
    let complain = |text: &str| format!("Invalid tls_verify parameter {text}");
    match switch(args, context, complain) {
        Some(false) => check.probe.verification = Verification::Off,
        Some(true) if check.probe.verification == Verification::Off => {
            check.probe.verification = Verification::System;
        }
        Some(true) | None => {}
    }
}

fn tls_ca_file(check: &mut Network<HttpDraft>, args: &mut Args<'_>, context: &mut Context<'_>) {
    let Some(file) = args.required(context) else { return };
    check.probe.verification = Verification::CaFile(file.text.into());
}

//! `SSL { ... }`: what `SSL_GET` checks show to servers.

use super::values;
use crate::args::Args;
use crate::context::Context;
use crate::diagnostic::Class;
use crate::draft::ConfigDraft;
use crate::keyword::{Keyword, Section, Status};
use crate::tables::row::{acted, block};
use keepalived_lvs::config::TlsMaterial;

/// The row at the top level.
pub(crate) const SSL: Keyword<ConfigDraft> = block(
    Status::Acted,
    "SSL",
    "{ ... }",
    "Certificates and keys of the client side of SSL_GET. Servers are not verified.",
    &SECTION,
);

static SECTION: Section<ConfigDraft, TlsMaterial> = Section {
    keywords: &[
        acted("password", "<string>", "none", "The pass phrase of the key file.", password),
        acted("ca", "<file>", "none", "Certificates of trusted authorities, PEM.", authorities),
        acted("certificate", "<file>", "none", "The client's certificate chain, PEM.", certificate),
        acted("key", "<file>", "none", "The client's private key, PEM.", key),
    ],
    open,
    close,
};

fn open(draft: &mut ConfigDraft, args: &mut Args<'_>, context: &mut Context<'_>) -> Option<TlsMaterial> {
    if draft.lvs.tls.is_some() {
        context.report(Class::GeneralError, args.span(), "SSL context already specified - replacing");
    }
    Some(TlsMaterial::default())
}

fn close(draft: &mut ConfigDraft, tls: TlsMaterial, _context: &mut Context<'_>) {
    draft.lvs.tls = Some(tls);
}

fn password(tls: &mut TlsMaterial, args: &mut Args<'_>, context: &mut Context<'_>) {
    replace(&mut tls.password, args, context, "password");
}

fn authorities(tls: &mut TlsMaterial, args: &mut Args<'_>, context: &mut Context<'_>) {
    replace(&mut tls.ca, args, context, "cafile");
}

fn certificate(tls: &mut TlsMaterial, args: &mut Args<'_>, context: &mut Context<'_>) {
    replace(&mut tls.certificate, args, context, "certfile");
}

fn key(tls: &mut TlsMaterial, args: &mut Args<'_>, context: &mut Context<'_>) {
    replace(&mut tls.key, args, context, "keyfile");
}

fn replace<T: From<String>>(
    slot: &mut Option<T>,
    args: &mut Args<'_>,
    context: &mut Context<'_>,
    what: &str,
) {
    let Some(text) = values::text(args, context, &format!("SSL {what} missing")) else { return };
    if slot.replace(T::from(text)).is_some() {
        let message = format!("SSL {what} already specified - replacing");
        context.report(Class::GeneralError, args.span(), message);
    }
}

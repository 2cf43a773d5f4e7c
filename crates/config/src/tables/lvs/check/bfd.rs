//! `BFD_CHECK`.

use super::draft::CheckerDraft;
use crate::args::Args;
use crate::context::Context;
use crate::diagnostic::Class;
use crate::keyword::{Keyword, Section, Status};
use crate::span::Span;
use crate::tables::lvs::draft::RealServerDraft;
use crate::tables::row::{block, pending};
use crate::tables::scalar::switch;

/// `BFD_CHECK`.
pub(in crate::tables::lvs) const BFD_CHECK: Keyword<RealServerDraft> = block(
    Status::Pending,
    "BFD_CHECK",
    "{ ... }",
    "Follows the state of a BFD session. There may be several.",
    &SECTION,
);

struct Bfd {
    span: Span,
    /// The real server's name, for messages.
    of: String,
    /// Sessions that other checks of the server follow.
    others: Vec<String>,
    session: Option<(String, Span)>,
    /// The name was bad, which has been reported.
    named: bool,
    alpha: Option<bool>,
}

static SECTION: Section<RealServerDraft, Bfd> = Section {
    keywords: &[
        pending(
            "name",
            "<bfd_instance>",
            "required",
            "The session; its block has to stand before this, and a server follows it once.",
            name,
        ),
        pending(
            "alpha",
            "[on|true|yes|off|false|no]",
            "that of the real server",
            "Down until the session is up.",
            alpha,
        ),
    ],
    open,
    close,
};

fn open(server: &mut RealServerDraft, args: &mut Args<'_>, _context: &mut Context<'_>) -> Option<Bfd> {
    let others = server.checkers.iter().filter_map(|checker| match checker {
        CheckerDraft::Bfd { session, .. } => Some(session.clone()),
        CheckerDraft::Active(_) | CheckerDraft::File { .. } => None,
    });
    Some(Bfd {
        span: args.span(),
        of: server.name(),
        others: others.collect(),
        session: None,
        named: false,
        alpha: None,
    })
}

fn close(server: &mut RealServerDraft, check: Bfd, context: &mut Context<'_>) {
    if let Some((session, span)) = check.session {
        server.checkers.push(CheckerDraft::Bfd { session, span, alpha: check.alpha });
    } else if !check.named {
        let message = format!("({}) No name has been specified for BFD_CHECKER - skipping", check.of);
        context.report(Class::GeneralError, check.span, message);
    }
}

fn name(check: &mut Bfd, args: &mut Args<'_>, context: &mut Context<'_>) {
    check.named = true;
    let mut refuse = |message: String| {
        let message = format!("({}) BFD_CHECK - {message}", check.of);
        context.report(Class::GeneralError, args.span(), message);
    };
    if args.remaining() != 1 {
        check.session = None;
        return refuse("No or too many names specified - skipping checker".to_owned());
    }
    let Some(word) = args.peek() else { return };
    if check.others.iter().any(|other| other == word.text) {
        return refuse(format!("RS already monitoring {}", word.text));
    }
    check.session = Some((word.text.to_owned(), word.span));
}

fn alpha(check: &mut Bfd, args: &mut Args<'_>, context: &mut Context<'_>) {
    if let Some(alpha) = switch(args, context, |text| format!("Invalid alpha parameter {text}")) {
        check.alpha = Some(alpha);
    }
}

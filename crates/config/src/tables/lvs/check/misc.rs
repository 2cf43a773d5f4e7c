//! `MISC_CHECK`: a program decides.

use super::common::{self, Scheduled};
use super::draft::{ActiveDraft, CheckerDraft, ProbeDraft, ScheduleDraft};
use crate::args::Args;
use crate::context::Context;
use crate::diagnostic::{Class, Diagnostic};
use crate::keyword::{Keyword, Section, Status};
use crate::script::{ScriptKind, ScriptProblem, ScriptWords, credentials, default_user, resolve};
use crate::span::Span;
use crate::tables::lvs::draft::RealServerDraft;
use crate::tables::lvs::values;
use crate::tables::row::{acted, block};
use crate::tables::scalar::{lacking, mistaken};
use keepalived_types::Credentials;
use std::time::Duration;

/// `MISC_CHECK`.
pub(in crate::tables::lvs) const MISC_CHECK: Keyword<RealServerDraft> = block(
    Status::Acted,
    "MISC_CHECK",
    "{ ... }",
    "Runs a program; exit status 0 passes. There may be several.",
    &SECTION,
);

struct Misc {
    span: Span,
    schedule: ScheduleDraft,
    script: Option<ScriptWords>,
    timeout: Option<Duration>,
    dynamic: bool,
    user: Option<Credentials>,
    /// `user` named somebody who does not exist.
    bad_user: bool,
}

impl Scheduled for Misc {
    fn schedule(&mut self) -> &mut ScheduleDraft {
        &mut self.schedule
    }
}

static SECTION: Section<RealServerDraft, Misc> = Section {
    keywords: &[
        common::retry("that of the real server, else 0"),
        common::delay_before_retry("that of the real server, else 1"),
        common::warmup(),
        common::delay_loop(),
        common::alpha(),
        common::log_all_failures(),
        acted(
            "misc_path",
            "<script>",
            "required",
            "The program and its arguments. The last one wins.",
            misc_path,
        ),
        acted(
            "misc_timeout",
            "<int secs 0..4294>",
            "delay_loop of the virtual server",
            "How long a run may take.",
            misc_timeout,
        ),
        acted(
            "misc_dynamic",
            "",
            "off",
            "Exit status 2 to 255 makes the server's weight the status less 2.",
            |check, _, _| check.dynamic = true,
        ),
        acted("user", "<user> [[:]<group>]", "script_user", "Whom the program runs as.", user),
    ],
    open,
    close,
};

fn open(_: &mut RealServerDraft, args: &mut Args<'_>, _context: &mut Context<'_>) -> Option<Misc> {
    Some(Misc {
        span: args.span(),
        schedule: ScheduleDraft::default(),
        script: None,
        timeout: None,
        dynamic: false,
        user: None,
        bad_user: false,
    })
}

fn close(server: &mut RealServerDraft, check: Misc, context: &mut Context<'_>) {
    if check.bad_user {
        return;
    }
    let Some(words) = check.script else {
        let message = "No script path has been specified for MISC_CHECKER - skipping";
        return context.report(Class::GeneralError, check.span, message);
    };
    let run_as = check.user.or_else(|| default_user(words.span, context));
    let name = words.argv.first().map_or("", String::as_str);
    let Some(run_as) = run_as else {
        let message = format!("Unable to set default user for misc script '{name}' - removing");
        return context.report(Class::GeneralError, words.span, message);
    };
    match resolve(&words, run_as, ScriptKind::Check, context) {
        Ok(command) => {
            let probe = ProbeDraft::Misc {
                command: Box::new(command),
                timeout: check.timeout,
                dynamic: check.dynamic,
            };
            let check = ActiveDraft { schedule: check.schedule, connection: None, probe };
            server.checkers.push(CheckerDraft::Active(Box::new(check)));
        }
        Err(ScriptProblem::NotFoundOrAccessible | ScriptProblem::NotExecutable) => {
            let message = format!("Disabling misc script '{name}' since not found/accessible");
            context.push(Diagnostic::after_reading(Class::LogOnly, Some(words.span), message));
        }
        Err(ScriptProblem::Insecure) => {
            let message = format!("Disabling misc script '{name}' due to insecure");
            context.push(Diagnostic::after_reading(Class::LogOnly, Some(words.span), message));
        }
    }
}

fn misc_path(check: &mut Misc, args: &mut Args<'_>, context: &mut Context<'_>) {
    if let Some(words) = args.script(context) {
        check.script = Some(words);
    }
}

fn misc_timeout(check: &mut Misc, args: &mut Args<'_>, context: &mut Context<'_>) {
    let complain = |text: &str| format!("Invalid misc_timeout value '{text}'");
    if let Some(seconds) = values::unsigned(args, 0..=4294, context, complain) {
        check.timeout = Some(Duration::from_secs(seconds.into()));
    }
}

fn user(check: &mut Misc, args: &mut Args<'_>, context: &mut Context<'_>) {
    let path =
        check.script.as_ref().and_then(|script| script.argv.first()).map_or("", String::as_str).to_owned();
    let Some(word) = args.next_word() else {
        return lacking(args, context, format!("No user specified for misc checker script '{path}'"));
    };
    let group = args.next_word().map(|group| group.text);
    match credentials(word.text, group, word.span, context) {
        Some(user) => check.user = Some(user),
        None => {
            // The original names the script only when `user` stands behind it.
            let quoted = if path.is_empty() { String::new() } else { format!("'{path}'") };
            let message = format!("Failed to set uid/gid for misc checker script {quoted} - removing");
            mistaken(word, context, message);
            check.bad_user = true;
        }
    }
}

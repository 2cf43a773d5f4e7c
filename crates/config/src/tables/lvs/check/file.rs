//! `FILE_CHECK`.

use super::draft::CheckerDraft;
use crate::args::Args;
use crate::context::{Context, Symbol};
use crate::diagnostic::Class;
use crate::keyword::{Keyword, Section, Status};
use crate::span::Span;
use crate::tables::lvs::draft::RealServerDraft;
use crate::tables::row::{acted, block};
use crate::tables::scalar;

/// `FILE_CHECK`.
pub(in crate::tables::lvs) const FILE_CHECK: Keyword<RealServerDraft> = block(
    Status::Acted,
    "FILE_CHECK",
    "{ ... }",
    "The number in a `track_file` changes the weight or takes the server out. There may be several.",
    &SECTION,
);

struct File {
    span: Span,
    file: Option<String>,
    weight: Option<(i32, bool)>,
}

static SECTION: Section<RealServerDraft, File> = Section {
    keywords: &[
        acted(
            "track_file",
            "<name>",
            "required",
            "The `track_file` block to follow; it has to stand before this.",
            track_file,
        ),
        acted(
            "weight",
            "<int -2147483647..2147483647> [reverse|noreverse]",
            "that of the track_file",
            "What the number is multiplied with; with 0, any number but 0 is a failure.",
            weight,
        ),
    ],
    open: |_, args, _| Some(File { span: args.span(), file: None, weight: None }),
    close,
};

fn close(server: &mut RealServerDraft, check: File, context: &mut Context<'_>) {
    match check.file {
        Some(file) => server.checkers.push(CheckerDraft::File { file, weight: check.weight }),
        None => {
            context.report(
                Class::GeneralError,
                check.span,
                "FILE_CHECK has no track_file specified - ignoring",
            );
        }
    }
}

fn track_file(check: &mut File, args: &mut Args<'_>, context: &mut Context<'_>) {
    let Some(word) = args.required(context) else { return };
    if context.symbols.refer(Symbol::File, word.text).is_none() {
        return scalar::mistaken(word, context, format!("track_file {} not found", word.text));
    }
    check.file = Some(word.text.to_owned());
}

fn weight(check: &mut File, args: &mut Args<'_>, context: &mut Context<'_>) {
    let Some(word) = args.next_word() else {
        return scalar::lacking(args, context, "track file weight missing");
    };
    let Some(weight) = scalar::signed::<i32>(word, -2_147_483_647..=2_147_483_647, context) else {
        let message = "weight for track file must be in [-2147483647..2147483647] inclusive. Ignoring...";
        return scalar::mistaken(word, context, message);
    };
    let reverse = match args.next_word() {
        None => false,
        Some(option) => match option.text {
            "reverse" => true,
            "noreverse" => false,
            other => {
                let message = format!("unknown track file weight option {other} - ignoring");
                return scalar::mistaken(option, context, message);
            }
        },
    };
    check.weight = Some((weight, reverse));
}

//! `track_file`, and its former name `vrrp_track_file`.

use crate::args::Args;
use crate::context::{Context, Symbol};
use crate::diagnostic::Class;
use crate::draft::ConfigDraft;
use crate::keyword::{Keyword, Section, Status};
use crate::span::Span;
use crate::tables::row::{acted, block};
use crate::tables::scalar::{lacking, mistaken, signed};
use crate::tables::track_script::UNUSABLE;
use keepalived_types::PriorityWeight;
use keepalived_vrrp::config::{FileTracker, InitFile, Track};
use std::path::PathBuf;

pub(super) const ROW: Keyword<ConfigDraft> = block(
    Status::Acted,
    "track_file",
    "<name> { ... }",
    "A file whose number instances and real servers can track.",
    &BLOCK,
);

pub(super) const FORMER_ROW: Keyword<ConfigDraft> =
    block(Status::Acted, "vrrp_track_file", "<name> { ... }", "Former name of track_file.", &FORMER_BLOCK);

static TABLE: &[Keyword<Draft>] = &[FILE, WEIGHT, INIT_FILE];

static BLOCK: Section<ConfigDraft, Draft> = Section { keywords: TABLE, open, close };

static FORMER_BLOCK: Section<ConfigDraft, Draft> = Section {
    keywords: TABLE,
    open: |config, args, context| {
        let message = "vrrp_track_file is deprecated - please use track_file";
        context.report(Class::LogOnly, args.span(), message);
        open(config, args, context)
    },
    close,
};

/// What the block says.
struct Draft {
    name: String,
    span: Span,
    path: Option<PathBuf>,
    weight: i16,
    reverse: bool,
    init: Option<InitFile>,
}

const FILE: Keyword<Draft> = acted(
    "file",
    "<path>",
    "",
    "The file. The integer at the start of its text counts.",
    |draft, args, context| {
        let Some(word) = args.next_word() else {
            return lacking(args, context, "track file file name missing");
        };
        if draft.path.is_some() {
            let message = format!("File already set for track file {} - ignoring {}", draft.name, word.text);
            return mistaken(word, context, message);
        }
        draft.path = Some(PathBuf::from(word.text));
    },
);

const WEIGHT: Keyword<Draft> = acted(
    "weight",
    "<-254-254> [reverse]",
    "1",
    "The number in the file is multiplied by this and added to the priority.",
    |draft, args, context| {
        let Some(word) = args.next_word() else {
            return lacking(
                args,
                context,
                format!("No weight specified for track file {} - ignoring", draft.name),
            );
        };
        if draft.weight != 1 {
            let message =
                format!("Weight already set for track file {} - ignoring {}", draft.name, word.text);
            return mistaken(word, context, message);
        }
        let Some(weight) = signed(word, -254..=254, context) else {
            let message = format!(
                "Weight ({}) for track_file {} must be between [-254..254] inclusive. Ignoring...",
                word.text, draft.name
            );
            return mistaken(word, context, message);
        };
        match args.next_word() {
            Some(option) if option.text == "reverse" => draft.reverse = true,
            Some(option) => {
                let message = format!("track_file {} unknown weight option {}", draft.name, option.text);
                return mistaken(option, context, message);
            }
            None => {}
        }
        draft.weight = weight;
    },
);

const INIT_FILE: Keyword<Draft> = acted(
    "init_file",
    "[<number>] [overwrite]",
    "0, only if the file is missing",
    "Write the number at start.",
    |draft, args, context| {
        let mut init = InitFile { value: 0, overwrite: false };
        while let Some(word) = args.next_word() {
            if word.text == "overwrite" {
                init.overwrite = true;
            } else if let Ok(value) = word.text.parse() {
                init.value = value;
                if !(-254..=254).contains(&value) {
                    let message = format!(
                        "Track file {} init value {value} is outside sensible range [-254, 254]",
                        draft.name
                    );
                    mistaken(word, context, message);
                }
            } else {
                mistaken(word, context, format!("Unknown track file init option {}", word.text));
            }
        }
        draft.init = Some(init);
    },
);

fn open(_: &mut ConfigDraft, args: &mut Args<'_>, context: &mut Context<'_>) -> Option<Draft> {
    let name = args.required(context)?;
    Some(Draft {
        name: name.text.to_owned(),
        span: name.span,
        path: None,
        weight: 1,
        reverse: false,
        init: None,
    })
}

/// Files the tracker. Of two with one name the first is used, silently, as in the original.
fn close(config: &mut ConfigDraft, draft: Draft, context: &mut Context<'_>) {
    let Some(path) = draft.path else {
        let message = format!("No file set for track_file {} - ignoring", draft.name);
        return context.report(Class::GeneralError, draft.span, message);
    };
    if let Some(why) = context.host.untrackable(&path) {
        let message = format!("track_file {}: {} {why} - ignoring", draft.name, path.display());
        context.report(Class::GeneralError, draft.span, message);
        // Known, so that its users are not told that it does not exist as well.
        let _ = context.symbols.define(Symbol::File, &draft.name, draft.span, UNUSABLE);
        return;
    }
    let index = config.vrrp.files.len();
    if context.symbols.define(Symbol::File, &draft.name, draft.span, index).is_err() {
        return;
    }
    let weight = PriorityWeight::new(draft.weight).unwrap_or(PriorityWeight::FAULT);
    let track = Track { weight, reverse: draft.reverse };
    config.vrrp.files.push((FileTracker { name: draft.name, path, track, init: draft.init }, draft.span));
}

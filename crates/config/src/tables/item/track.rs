//! Lines of `track_interface`, `track_script`, `track_file`, `track_process` and `track_bfd`.

use crate::args::Args;
use crate::context::{Context, Symbol};
use crate::diagnostic::{Class, Diagnostic};
use crate::draft::{GroupDraft, InstanceDraft, Interfaces, TrackDraft, TracksDraft};
use crate::keyword::{ItemWord, Keyword, Status};
use crate::line::Word;
use crate::tables::row::{list, word};
use crate::tables::scalar::{mistaken, signed};
use std::ops::RangeInclusive;

/// A block that can track things: an instance or a sync group.
pub(crate) trait Tracks: Sized + 'static {
    /// Its name, for reports.
    fn name(&self) -> &str;
    /// Its lists.
    fn tracks(&mut self) -> &mut TracksDraft;
    /// The interfaces it names.
    fn interfaces(&mut self) -> &mut Interfaces;
}

impl Tracks for InstanceDraft {
    fn name(&self) -> &str {
        &self.name
    }
    fn tracks(&mut self) -> &mut TracksDraft {
        &mut self.tracks
    }
    fn interfaces(&mut self) -> &mut Interfaces {
        &mut self.interfaces
    }
}

impl Tracks for GroupDraft {
    fn name(&self) -> &str {
        &self.name
    }
    fn tracks(&mut self) -> &mut TracksDraft {
        &mut self.tracks
    }
    fn interfaces(&mut self) -> &mut Interfaces {
        &mut self.interfaces
    }
}

const WEIGHT: &str = "0: failure means FAULT; otherwise the number changes the priority.";

static INTERFACE_WORDS: &[ItemWord] = &[
    word(Status::Acted, "weight", "<-253-253>", "0", WEIGHT),
    word(Status::Acted, "reverse", "", "off", "The contribution is negated."),
];

static WORDS: &[ItemWord] = &[
    word(Status::Acted, "weight", "<-254-254>", "the tracked object's", WEIGHT),
    word(Status::Acted, "reverse", "", "the tracked object's", "The contribution is negated."),
    word(Status::Acted, "noreverse", "", "", "Undoes `reverse` of the tracked object."),
];

/// `track_interface`.
pub(crate) const fn interface_row<D: Tracks>() -> Keyword<D> {
    let help = "More interfaces to watch, one per line. The instance's own is watched anyway.";
    list(Status::Acted, "track_interface", help, interface::<D>, INTERFACE_WORDS)
}

/// `track_script`.
pub(crate) const fn script_row<D: Tracks>() -> Keyword<D> {
    let help = "vrrp_script blocks to watch, one per line. They have to be defined earlier.";
    list(
        Status::Acted,
        "track_script",
        help,
        |draft, args, context| object::<D>(&SCRIPT, draft, args, context),
        WORDS,
    )
}

/// `track_file`.
pub(crate) const fn file_row<D: Tracks>() -> Keyword<D> {
    let help = "track_file blocks to watch, one per line. They have to be defined earlier.";
    list(
        Status::Acted,
        "track_file",
        help,
        |draft, args, context| object::<D>(&FILE, draft, args, context),
        WORDS,
    )
}

/// `track_process`.
pub(crate) const fn process_row<D: Tracks>() -> Keyword<D> {
    let help = "vrrp_track_process blocks to watch, one per line. They have to be defined earlier.";
    list(
        Status::Acted,
        "track_process",
        help,
        |draft, args, context| object::<D>(&PROCESS, draft, args, context),
        WORDS,
    )
}

/// `track_bfd`.
pub(crate) const fn bfd_row<D: Tracks>() -> Keyword<D> {
    let help = "bfd_instance blocks to watch, one per line. They have to be defined earlier.";
    list(
        Status::Pending,
        "track_bfd",
        help,
        |draft, args, context| object::<D>(&BFD, draft, args, context),
        WORDS,
    )
}

/// One line of `track_interface`.
fn interface<D: Tracks>(draft: &mut D, args: &mut Args<'_>, context: &mut Context<'_>) {
    let Some(word) = args.next_word() else { return };
    let owner = draft.name().to_owned();
    let complaint = |missing: &str| format!("({owner}) tracked interface {missing} doesn't exist");
    let Some(interface) = draft.interfaces().take(word, context, complaint) else { return };
    if draft.tracks().interfaces.iter().any(|track| track.name == *interface) {
        return mistaken(
            word,
            context,
            format!("({owner}) duplicate track_interface {interface} - ignoring"),
        );
    }
    let mut track = TrackDraft { name: interface.to_string(), span: word.span, weight: None, reverse: None };
    if let Some(option) = args.next_word() {
        if option.text == "weight" {
            interface_weight(&owner, &mut track, args, context);
        } else {
            let message =
                format!("({owner}) unknown track_interface {interface} option {} - ignoring", option.text);
            mistaken(option, context, message);
        }
    }
    draft.tracks().interfaces.push(track);
}

/// `weight N [reverse]` of an interface.
fn interface_weight(owner: &str, track: &mut TrackDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let name = track.name.clone();
    let Some(value) = args.next_word() else {
        let message =
            format!("({owner}) weight without value specified for track_interface {name} - ignoring");
        return context.report(Class::GeneralError, track.span, message);
    };
    match signed::<i16>(value, -254..=254, context) {
        None => {
            let message = format!(
                "({owner}) weight {} for {name} must be between [-253..253] inclusive. Ignoring...",
                value.text
            );
            mistaken(value, context, message);
        }
        Some(weight) => track.weight = Some(without_254(owner, &name, weight, value, context)),
    }
    match args.next_word() {
        Some(option) if option.text == "reverse" => track.reverse = Some(true),
        Some(option) => {
            let message =
                format!("({owner}) unknown track_interace {name} weight option {} - ignoring", option.text);
            mistaken(option, context, message);
        }
        None => {}
    }
}

/// +/-254 was allowed once.
fn without_254(owner: &str, name: &str, weight: i16, value: Word<'_>, context: &mut Context<'_>) -> i16 {
    if weight.abs() != 254 {
        return weight;
    }
    let message = format!("({owner}) weight for {name} cannot be +/-254. Setting to +/-253");
    context.push(Diagnostic::at(Class::GeneralError, value.span, message));
    weight.signum() * 253
}

/// How the lines of one kind of tracked object are reported.
struct Object {
    symbol: Symbol,
    list: fn(&mut TracksDraft) -> &mut Vec<TrackDraft>,
    /// As in "track script".
    words: &'static str,
    /// As in "track_script".
    keyword: &'static str,
    range: RangeInclusive<i64>,
    /// A word that is unknown after the weight drops the line.
    strict: bool,
    /// Reports name the object where others only name its kind.
    named: bool,
}

static SCRIPT: Object = Object {
    symbol: Symbol::Script,
    list: |tracks| &mut tracks.scripts,
    words: "track script",
    keyword: "track_script",
    range: -254..=254,
    strict: false,
    named: false,
};

static FILE: Object = Object {
    symbol: Symbol::File,
    list: |tracks| &mut tracks.files,
    words: "track file",
    keyword: "track_file",
    range: -254..=254,
    strict: true,
    named: false,
};

static PROCESS: Object = Object {
    symbol: Symbol::Process,
    list: |tracks| &mut tracks.processes,
    words: "track process",
    keyword: "track_process",
    range: -254..=254,
    strict: false,
    named: false,
};

static BFD: Object = Object {
    symbol: Symbol::Bfd,
    list: |tracks| &mut tracks.bfd,
    words: "track bfd",
    keyword: "track_bfd",
    range: -253..=253,
    strict: true,
    named: true,
};

/// One line that names an object defined earlier.
fn object<D: Tracks>(kind: &Object, draft: &mut D, args: &mut Args<'_>, context: &mut Context<'_>) {
    let Some(word) = args.next_word() else { return };
    let owner = draft.name().to_owned();
    if context.symbols.refer(kind.symbol, word.text).is_none() {
        let message = format!("({owner}) {} {} not found, ignoring...", kind.words, word.text);
        let report = Diagnostic::at(Class::GeneralError, word.span, message)
            .help("what is tracked has to be defined earlier in the file");
        return context.push(report);
    }
    if (kind.list)(draft.tracks()).iter().any(|track| track.name == word.text) {
        let message = format!("({owner}) duplicate {} {} - ignoring", kind.keyword, word.text);
        return mistaken(word, context, message);
    }
    let mut track = TrackDraft { name: word.text.to_owned(), span: word.span, weight: None, reverse: None };
    if let Some(option) = args.next_word() {
        if option.text != "weight" {
            let name = if kind.named { format!(" {}", word.text) } else { String::new() };
            let message = format!("({owner}) unknown {}{name} option {} - ignoring", kind.words, option.text);
            mistaken(option, context, message);
            if kind.strict {
                return;
            }
        } else if weight(kind, &owner, &mut track, args, context).is_none() {
            return;
        }
    }
    (kind.list)(draft.tracks()).push(track);
}

/// `weight N [reverse|noreverse]`; `None` drops the line.
fn weight(
    kind: &Object,
    owner: &str,
    track: &mut TrackDraft,
    args: &mut Args<'_>,
    context: &mut Context<'_>,
) -> Option<()> {
    let name = track.name.clone();
    let Some(value) = args.next_word() else {
        let message =
            format!("({owner}) weight without value specified for {} {name} - ignoring", kind.words);
        context.report(Class::GeneralError, track.span, message);
        return Some(());
    };
    match signed::<i16>(value, kind.range.clone(), context) {
        Some(number) if kind.symbol == Symbol::Script => {
            track.weight = Some(without_254(owner, &name, number, value, context));
        }
        Some(number) => track.weight = Some(number),
        None if kind.symbol == Symbol::Script => {
            let message = format!(
                "({owner}) track script {name}: weight must be between [-253..253] inclusive, ignoring..."
            );
            mistaken(value, context, message);
        }
        None => {
            let message = format!(
                "({owner}) weight for {} {name} must be in [{}..{}] inclusive. Ignoring...",
                kind.words,
                kind.range.start(),
                kind.range.end()
            );
            mistaken(value, context, message);
        }
    }
    match args.next_word() {
        None => {}
        Some(option) if option.text == "reverse" => track.reverse = Some(true),
        Some(option) if matches!(option.text, "noreverse" | "no_reverse") => track.reverse = Some(false),
        Some(option) => {
            let words = if kind.strict { kind.words } else { kind.keyword };
            let message =
                format!("({owner}) unknown {words} {name} weight option {} - ignoring", option.text);
            mistaken(option, context, message);
            if kind.strict {
                return None;
            }
        }
    }
    Some(())
}

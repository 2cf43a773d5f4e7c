//! `vrrp_track_process`.

use crate::args::Args;
use crate::context::{Context, Symbol};
use crate::diagnostic::Class;
use crate::draft::ConfigDraft;
use crate::keyword::{Keyword, Section, Status};
use crate::span::Span;
use crate::tables::row::{acted, block};
use crate::tables::scalar::{lacking, mistaken, seconds, signed, unsigned};
use keepalived_types::PriorityWeight;
use keepalived_vrrp::config::{ParameterMatch, ProcessTracker, Track};
use std::time::Duration;

pub(super) const ROW: Keyword<ConfigDraft> = block(
    Status::Acted,
    "vrrp_track_process",
    "<name> { ... }",
    "Processes whose number instances can track.",
    &BLOCK,
);

static BLOCK: Section<ConfigDraft, Draft> = Section {
    keywords: &[
        PROCESS,
        PARAM_MATCH,
        WEIGHT,
        QUORUM,
        QUORUM_MAX,
        DELAY,
        TERMINATE_DELAY,
        FORK_DELAY,
        FULL_COMMAND,
    ],
    open,
    close,
};

/// What the block says.
struct Draft {
    name: String,
    span: Span,
    process: Vec<String>,
    parameters: Option<ParameterMatch>,
    full_command: bool,
    weight: i16,
    reverse: bool,
    quorum: u32,
    quorum_max: Option<u32>,
    fork_delay: Duration,
    terminate_delay: Duration,
}

const PROCESS: Keyword<Draft> = acted(
    "process",
    "<name> [<argument> ...]",
    "",
    "The process to count. With arguments, or with full_command, whole command lines are compared.",
    |draft, args, context| {
        let Some(word) = args.required(context) else { return };
        if !draft.process.is_empty() {
            let message =
                format!("Process already set for track process {} - ignoring {}", draft.name, word.text);
            return mistaken(word, context, message);
        }
        draft.process.push(word.text.to_owned());
        while let Some(argument) = args.next_word() {
            draft.process.push(argument.text.to_owned());
        }
    },
);

const PARAM_MATCH: Keyword<Draft> = acted(
    "param_match",
    "[initial|partial]",
    "all arguments equal",
    "How arguments have to match: `partial`, the first ones are equal; `initial`, the last of them need only begin so.",
    |draft, args, context| {
        draft.parameters = match args.next_word() {
            None => Some(ParameterMatch::Exact),
            Some(word) => match word.text {
                "initial" => Some(ParameterMatch::Initial),
                "partial" => Some(ParameterMatch::Partial),
                other => {
                    return mistaken(word, context, format!("Invalid param_match type {other} - ignoring"));
                }
            },
        };
    },
);

const WEIGHT: Keyword<Draft> = acted(
    "weight",
    "<-254-254> [reverse]",
    "0",
    "What the result does to the priority; 0: failure means FAULT.",
    |draft, args, context| {
        let Some(word) = args.next_word() else {
            let message = format!("No weight specified for track process {} - ignoring", draft.name);
            return lacking(args, context, message);
        };
        if draft.weight != 0 {
            let message =
                format!("Weight already set for track process {} - ignoring {}", draft.name, word.text);
            return mistaken(word, context, message);
        }
        let Some(weight) = signed(word, -254..=254, context) else {
            let message = format!(
                "Weight ({}) for vrrp_track_process {} must be between [-254..254] inclusive. Ignoring...",
                word.text, draft.name
            );
            return mistaken(word, context, message);
        };
        draft.weight = weight;
        match args.next_word() {
            Some(option) if option.text == "reverse" => draft.reverse = true,
            Some(option) => {
                let message =
                    format!("vrrp_track_process {} unknown weight option {}", draft.name, option.text);
                mistaken(option, context, message);
            }
            None => {}
        }
    },
);

const QUORUM: Keyword<Draft> =
    acted("quorum", "<1-65535>", "1", "Least number of processes.", |draft, args, context| {
        let Some(word) = args.required(context) else { return };
        let Some(quorum) = unsigned(word, 1..=65535, context) else {
            let message = format!(
                "Quorum ({}) for vrrp_track_process {} must be between [1..65535] inclusive. Ignoring...",
                word.text, draft.name
            );
            return mistaken(word, context, message);
        };
        if draft.quorum_max.is_some_and(|most| quorum > most) {
            return mistaken(word, context, "Quorum is greater than quorum_max - ignoring");
        }
        draft.quorum = quorum;
    });

const QUORUM_MAX: Keyword<Draft> = acted(
    "quorum_max",
    "<0-65535>",
    "no limit",
    "Most processes; 0: the process must not run.",
    |draft, args, context| {
        let Some(word) = args.required(context) else { return };
        let Some(most) = unsigned(word, 0..=65535, context) else {
            let message = format!(
                "quorum_max ({}) for vrrp_track_process {} must be between [0..65535] inclusive. Ignoring...",
                word.text, draft.name
            );
            return mistaken(word, context, message);
        };
        if most < draft.quorum && !(most == 0 && draft.quorum == 1) {
            return mistaken(word, context, "quorum_max is less than quorum - ignoring");
        }
        draft.quorum_max = Some(most);
    },
);

/// `delay`, `fork_delay`, `terminate_delay`.
fn delay(draft: &Draft, args: &mut Args<'_>, context: &mut Context<'_>) -> Option<Duration> {
    let word = args.required(context)?;
    let delay = seconds(word, Duration::from_micros(1)..=Duration::from_secs(3600), context);
    if delay.is_none() {
        let message = format!(
            "{} ({}) for vrrp_track_process {} must be between [0.000001..3600] inclusive. Ignoring...",
            args.keyword(),
            word.text,
            draft.name
        );
        mistaken(word, context, message);
    }
    delay
}

const DELAY: Keyword<Draft> = acted(
    "delay",
    "<0.000001-3600 seconds>",
    "0",
    "Sets fork_delay and terminate_delay.",
    |draft, args, context| {
        if let Some(delay) = delay(draft, args, context) {
            draft.fork_delay = delay;
            draft.terminate_delay = delay;
        }
    },
);

const TERMINATE_DELAY: Keyword<Draft> = acted(
    "terminate_delay",
    "<0.000001-3600 seconds>",
    "0",
    "How long a quorum that was lost or reached by the end of a process must last to count.",
    |draft, args, context| {
        draft.terminate_delay = delay(draft, args, context).unwrap_or(draft.terminate_delay);
    },
);

const FORK_DELAY: Keyword<Draft> = acted(
    "fork_delay",
    "<0.000001-3600 seconds>",
    "0",
    "How long a quorum that was reached or lost by the start of a process must last to count.",
    |draft, args, context| draft.fork_delay = delay(draft, args, context).unwrap_or(draft.fork_delay),
);

const FULL_COMMAND: Keyword<Draft> = acted(
    "full_command",
    "",
    "off",
    "Compare the command line instead of the process name.",
    |draft, _, _| draft.full_command = true,
);

fn open(_: &mut ConfigDraft, args: &mut Args<'_>, context: &mut Context<'_>) -> Option<Draft> {
    let name = args.required(context)?;
    Some(Draft {
        name: name.text.to_owned(),
        span: name.span,
        process: Vec::new(),
        parameters: None,
        full_command: false,
        weight: 0,
        reverse: false,
        quorum: 1,
        quorum_max: None,
        fork_delay: Duration::ZERO,
        terminate_delay: Duration::ZERO,
    })
}

/// Files the tracker. Of two with one name the first is used, silently, as in the original.
fn close(config: &mut ConfigDraft, draft: Draft, context: &mut Context<'_>) {
    if draft.process.is_empty() {
        let message = format!("track process '{}' process name not specified", draft.name);
        return context.report(Class::GeneralError, draft.span, message);
    }
    let index = config.vrrp.processes.len();
    if context.symbols.define(Symbol::Process, &draft.name, draft.span, index).is_err() {
        return;
    }
    let has_parameters = draft.process.len() > 1;
    let parameters = match draft.parameters {
        // The command line without its parameters was asked for: they do not matter.
        None if !has_parameters => ParameterMatch::Partial,
        // Without parameters, any `param_match` says that there must be none.
        Some(_) if !has_parameters => ParameterMatch::Exact,
        given => given.unwrap_or(ParameterMatch::Exact),
    };
    let full_command = draft.full_command || has_parameters || draft.parameters.is_some();
    let tracker = ProcessTracker {
        name: draft.name,
        process: draft.process,
        parameters,
        full_command,
        track: Track {
            weight: PriorityWeight::new(draft.weight).unwrap_or(PriorityWeight::FAULT),
            reverse: draft.reverse,
        },
        quorum: draft.quorum,
        quorum_max: draft.quorum_max,
        fork_delay: draft.fork_delay,
        terminate_delay: draft.terminate_delay,
    };
    config.vrrp.processes.push((tracker, draft.span));
}

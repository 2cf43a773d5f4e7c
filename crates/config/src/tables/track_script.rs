//! `vrrp_script`.

use crate::args::Args;
use crate::context::{Context, Symbol};
use crate::diagnostic::Class;
use crate::draft::ConfigDraft;
use crate::keyword::{Keyword, Section, Status};
use crate::script::{self, ScriptKind, ScriptWords};
use crate::span::Span;
use crate::tables::row::{acted, block};
use crate::tables::scalar::{POSITIVE_I32, mistaken, signed, unsigned};
use keepalived_types::{Credentials, PriorityWeight};
use keepalived_vrrp::config::{ScriptTracker, Track};
use std::time::Duration;

pub(super) const ROW: Keyword<ConfigDraft> = block(
    Status::Acted,
    "vrrp_script",
    "<name> { ... }",
    "A command that is run again and again, and whose result instances can track.",
    &BLOCK,
);

static BLOCK: Section<ConfigDraft, Draft> =
    Section { keywords: &[SCRIPT, INTERVAL, TIMEOUT, WEIGHT, RISE, FALL, USER, INIT_FAIL], open, close };

/// The index of a script that cannot be run.
pub(super) const UNUSABLE: usize = usize::MAX;

/// What the block says.
struct Draft {
    name: String,
    span: Span,
    words: Option<ScriptWords>,
    interval: Option<Duration>,
    timeout: Option<Duration>,
    weight: i16,
    reverse: bool,
    rise: u32,
    fall: u32,
    user: Option<Credentials>,
    user_unknown: bool,
    init_fail: bool,
}

const SCRIPT: Keyword<Draft> = acted(
    "script",
    "<script>",
    "",
    "What is run. Status 0 is success. `</path` only tests that a file can be opened.",
    |draft, args, context| {
        if args.remaining() > 0 {
            draft.words = args.script(context);
        }
    },
);

/// `interval` and `timeout`: three decimals, 0 becomes 1.
fn period(draft: &Draft, args: &mut Args<'_>, context: &mut Context<'_>) -> Option<Duration> {
    let word = args.required(context)?;
    let range = Duration::ZERO..=Duration::from_secs(4294);
    let name = &draft.name;
    match crate::value::seconds(word, range, 3, context) {
        Some(Duration::ZERO) => {
            let message =
                format!("({name}): vrrp script {} must be greater than 0, setting to 1", args.keyword());
            mistaken(word, context, message);
            Some(Duration::from_secs(1))
        }
        Some(period) => Some(period),
        None => {
            let message = match args.keyword() {
                "interval" => {
                    format!(
                        "({name}): vrrp script interval '{}' must be between 1 and 4294 - ignoring",
                        word.text
                    )
                }
                keyword => format!("({name}): vrrp script {keyword} '{}' invalid - ignoring", word.text),
            };
            mistaken(word, context, message);
            None
        }
    }
}

const INTERVAL: Keyword<Draft> = acted(
    "interval",
    "<seconds>",
    "1",
    "From one start to the next; up to three decimals.",
    |draft, args, context| draft.interval = period(draft, args, context).or(draft.interval),
);

const TIMEOUT: Keyword<Draft> = acted(
    "timeout",
    "<seconds>",
    "interval",
    "How long a run may take until it counts as failed; up to three decimals.",
    |draft, args, context| draft.timeout = period(draft, args, context).or(draft.timeout),
);

const WEIGHT: Keyword<Draft> = acted(
    "weight",
    "<-253-253> [reverse]",
    "0",
    "What the result does to the priority; 0: failure means FAULT.",
    |draft, args, context| {
        let Some(word) = args.required(context) else { return };
        match signed(word, -253..=253, context) {
            Some(weight) => draft.weight = weight,
            None => {
                let message =
                    format!("vrrp_script {} weight {} must be in [-253, 253]", draft.name, word.text);
                mistaken(word, context, message);
            }
        }
        match args.next_word() {
            Some(option) if option.text == "reverse" => draft.reverse = true,
            Some(option) => {
                let message = format!("vrrp_script {} unknown weight option {}", draft.name, option.text);
                mistaken(option, context, message);
            }
            None => draft.reverse = false,
        }
    },
);

/// `rise` and `fall`.
fn count(draft: &Draft, args: &mut Args<'_>, context: &mut Context<'_>) -> u32 {
    let Some(word) = args.required(context) else { return 1 };
    unsigned(word, POSITIVE_I32, context).unwrap_or_else(|| {
        let message = format!(
            "({}): vrrp script {} value '{}' invalid, defaulting to 1",
            draft.name,
            args.keyword(),
            word.text
        );
        mistaken(word, context, message);
        1
    })
}

const RISE: Keyword<Draft> = acted(
    "rise",
    "<1-2147483647>",
    "1",
    "Successes in a row until it counts as up.",
    |draft, args, context| draft.rise = count(draft, args, context),
);

const FALL: Keyword<Draft> = acted(
    "fall",
    "<1-2147483647>",
    "1",
    "Failures in a row until it counts as down.",
    |draft, args, context| draft.fall = count(draft, args, context),
);

const USER: Keyword<Draft> =
    acted("user", "<user> [[:]<group>]", "script_user", "Who the script runs as.", |draft, args, context| {
        if args.remaining() == 0 {
            args.required(context);
            return;
        }
        let span = args.span();
        draft.user = crate::tables::script::credentials(args, context);
        draft.user_unknown = draft.user.is_none();
        if draft.user_unknown {
            report_unknown_user(draft.words.as_ref(), span, context);
        }
    });

fn report_unknown_user(words: Option<&ScriptWords>, line: Span, context: &mut Context<'_>) {
    let script = words.map(|words| words.argv.join(" ")).unwrap_or_default();
    let message = format!("Unable to set uid/gid for script '{script}'");
    context.report(Class::GeneralError, line, message);
}

const INIT_FAIL: Keyword<Draft> =
    acted("init_fail", "", "off", "Down until `rise` successes were seen.", |draft, _, _| {
        draft.init_fail = true
    });

fn open(_: &mut ConfigDraft, args: &mut Args<'_>, context: &mut Context<'_>) -> Option<Draft> {
    let name = args.required(context)?;
    Some(Draft {
        name: name.text.to_owned(),
        span: name.span,
        words: None,
        interval: None,
        timeout: None,
        weight: 0,
        reverse: false,
        rise: 1,
        fall: 1,
        user: None,
        user_unknown: false,
        init_fail: false,
    })
}

/// Files the script. Of two with one name the first is used, silently, as in the original. One that cannot be run
/// keeps its name, so that its trackers are not reported as unknown on top.
fn close(config: &mut ConfigDraft, draft: Draft, context: &mut Context<'_>) {
    let Some(words) = draft.words else {
        let message = format!("No script set for vrrp_script {} - removing", draft.name);
        return context.report(Class::GeneralError, draft.span, message);
    };
    let run_as = match (draft.user, &words.user) {
        (Some(user), _) => Some(user),
        (None, _) if draft.user_unknown => None,
        (None, Some(user)) => script::credentials(user, words.group.as_deref(), words.span, context),
        (None, None) => script::default_user(words.span, context),
    };
    let Some(run_as) = run_as else {
        let _ = context.symbols.define(Symbol::Script, &draft.name, draft.span, UNUSABLE);
        return;
    };
    let command = match script::resolve(&words, run_as, ScriptKind::Track, context) {
        Ok(command) => command,
        Err(problem) => {
            config.vrrp.unusable_scripts.push((draft.name.clone(), problem, words.span));
            let _ = context.symbols.define(Symbol::Script, &draft.name, draft.span, UNUSABLE);
            return;
        }
    };
    let index = config.vrrp.scripts.len();
    if context.symbols.define(Symbol::Script, &draft.name, draft.span, index).is_err() {
        return;
    }
    let interval = draft.interval.unwrap_or(Duration::from_secs(1));
    let tracker = ScriptTracker {
        name: draft.name,
        command,
        interval,
        timeout: draft.timeout.unwrap_or(interval),
        track: Track {
            weight: PriorityWeight::new(draft.weight).unwrap_or(PriorityWeight::FAULT),
            reverse: draft.reverse,
        },
        rise: draft.rise,
        fall: draft.fall,
        init_fail: draft.init_fail,
    };
    config.vrrp.scripts.push((tracker, draft.span));
}

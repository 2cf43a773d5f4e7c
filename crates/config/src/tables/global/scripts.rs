//! Scripts in general, those around start and stop, and FIFOs with their readers.

use super::{Row, flag, named_switch, wanted};
use crate::args::Args;
use crate::context::Context;
use crate::draft::GlobalDraft;
use crate::keyword::{Keyword, Kind, Status};
use crate::model::{Fifo, Fifos};
use crate::tables::row::acted;
use crate::tables::scalar::{lacking, mistaken, unsigned};
use crate::tables::script;
use keepalived_types::{Command, Credentials};
use std::path::PathBuf;
use std::time::Duration;

pub(super) const USE_SYMLINK_PATHS: Row = acted(
    "use_symlink_paths",
    "[on|off]",
    "off",
    "Run scripts by the path that is written, even where it leads over symbolic links.",
    |global, args, context| {
        if let Some(on) = named_switch(args, context) {
            global.settings.scripts.use_symlink_paths = on;
            context.scripts.use_symlink_paths = on;
        }
    },
);

pub(super) const SET_SUPPLEMENTARY_GROUPS: Row = acted(
    "set_supplementary_groups",
    "[on|off]",
    "off",
    "Give scripts all groups of their user.",
    |global, args, context| {
        if let Some(on) = named_switch(args, context) {
            global.settings.scripts.supplementary_groups = on;
            context.scripts.supplementary_groups = on;
            global.settings.scripts.user = crate::script::supplement(context);
        }
    },
);

pub(super) const SCRIPT_USER: Row = acted(
    "script_user",
    "<user> [[:]<group>]",
    "keepalived_script if there is such a user, else our own",
    "Who scripts run as that name no user themselves. `:` before the group, or alone, adds the user's other groups.",
    |global, args, context| {
        if args.remaining() == 0 {
            return lacking(args, context, "No script username specified");
        }
        context.scripts.user_name = args.peek().map(|word| word.text.to_owned());
        let user = script::credentials(args, context);
        context.scripts.user_is_invalid = user.is_none();
        if user.is_none() {
            lacking(args, context, "Error setting global script uid/gid");
        }
        context.scripts.user.clone_from(&user);
        global.settings.scripts.user = user;
    },
);

pub(super) const ENABLE_SCRIPT_SECURITY: Row = flag(
    Status::Acted,
    "enable_script_security",
    "Do not run scripts as root that somebody else could change.",
    |global, _, context| {
        global.settings.scripts.security = true;
        context.scripts.security = true;
    },
);

/// `startup_script` and `shutdown_script`.
fn around(place: &mut Option<Command>, words: &str, args: &mut Args<'_>, context: &mut Context<'_>) {
    if args.remaining() == 0 {
        return lacking(args, context, format!("{words} script missing"));
    }
    if place.is_some() {
        return lacking(args, context, format!("{words} script already specified"));
    }
    *place = args.command(context);
}

/// `startup_script_timeout` and `shutdown_script_timeout`.
fn timeout(args: &mut Args<'_>, context: &mut Context<'_>) -> Option<Duration> {
    let keyword = args.keyword();
    let word = wanted(args, context, &format!("{keyword} requires value"))?;
    let seconds = unsigned(word, 1..=1000, context);
    if seconds.is_none() {
        mistaken(word, context, format!("{keyword} '{}' must be in [1, 1000] - ignoring", word.text));
    }
    seconds.map(Duration::from_secs)
}

pub(super) const STARTUP_SCRIPT: Row = acted(
    "startup_script",
    "<script> [<user> [<group>]]",
    "none",
    "Run once before anything else.",
    |global, args, context| around(&mut global.settings.scripts.startup, "startup", args, context),
);

pub(super) const STARTUP_SCRIPT_TIMEOUT: Row = acted(
    "startup_script_timeout",
    "<1-1000 seconds>",
    "10",
    "How long startup_script may take.",
    |global, args, context| {
        if let Some(timeout) = timeout(args, context) {
            global.settings.scripts.startup_timeout = timeout;
        }
    },
);

pub(super) const SHUTDOWN_SCRIPT: Row = acted(
    "shutdown_script",
    "<script> [<user> [<group>]]",
    "none",
    "Run once after everything else.",
    |global, args, context| around(&mut global.settings.scripts.shutdown, "shutdown", args, context),
);

pub(super) const SHUTDOWN_SCRIPT_TIMEOUT: Row = acted(
    "shutdown_script_timeout",
    "<1-1000 seconds>",
    "10",
    "How long shutdown_script may take.",
    |global, args, context| {
        if let Some(timeout) = timeout(args, context) {
            global.settings.scripts.shutdown_timeout = timeout;
        }
    },
);

/// One of the FIFOs; the first line wins.
fn fifo(
    global: &mut GlobalDraft,
    args: &mut Args<'_>,
    context: &mut Context<'_>,
    place: fn(&mut Fifos) -> &mut Option<Fifo>,
) {
    let keyword = args.keyword();
    let Some(word) = wanted(args, context, &format!("No {keyword} name specified")) else { return };
    if place(&mut global.settings.fifos).is_some() {
        return mistaken(word, context, format!("{keyword} already specified - ignoring {}", word.text));
    }
    let owner =
        if args.remaining() > 0 { script::credentials(args, context) } else { default_owner(context) };
    let path = PathBuf::from(word.text);
    *place(&mut global.settings.fifos) = Some(Fifo { path, owner, script: None });
    match keyword {
        "notify_fifo" => global.lines.mark("notify_fifo", args.span()),
        "vrrp_notify_fifo" => global.lines.mark("vrrp_notify_fifo", args.span()),
        _ => global.lines.mark("lvs_notify_fifo", args.span()),
    }
}

/// The user that scripts have so far. Nothing is said when there is none: then the FIFO is our own.
fn default_owner(context: &Context<'_>) -> Option<Credentials> {
    let named = context.scripts.user.clone();
    named.or_else(|| {
        let user = context.host.user(crate::script::DEFAULT_USER)?;
        Some(Credentials { uid: user.uid, gid: user.gid, groups: None })
    })
}

/// One of their readers; the first line wins.
fn reader(place: &mut Option<Command>, args: &mut Args<'_>, context: &mut Context<'_>) {
    let keyword = args.keyword();
    let Some(word) = args.peek() else {
        return lacking(args, context, format!("No {keyword} specified"));
    };
    if place.is_some() {
        return mistaken(word, context, format!("{keyword} already specified - ignoring {}", word.text));
    }
    *place = args.command(context);
}

const fn fifo_row(
    status: Status,
    name: &'static str,
    help: &'static str,
    apply: crate::tables::row::Apply<GlobalDraft>,
) -> Row {
    let usage = "<path> [<user> [<group>]]";
    Keyword { name, usage, default: "none", help, status, kind: Kind::Line(apply) }
}

const fn reader_row(
    status: Status,
    name: &'static str,
    help: &'static str,
    apply: crate::tables::row::Apply<GlobalDraft>,
) -> Row {
    let usage = "<script> [<user> [<group>]]";
    Keyword { name, usage, default: "none", help, status, kind: Kind::Line(apply) }
}

pub(super) const NOTIFY_FIFO: Row = fifo_row(
    Status::Acted,
    "notify_fifo",
    "A FIFO that gets a line for every change.",
    |global, args, context| {
        fifo(global, args, context, |fifos| &mut fifos.all);
    },
);

pub(super) const VRRP_NOTIFY_FIFO: Row = fifo_row(
    Status::Acted,
    "vrrp_notify_fifo",
    "A FIFO that gets a line for every change of VRRP.",
    |global, args, context| {
        fifo(global, args, context, |fifos| &mut fifos.vrrp);
    },
);

pub(super) const LVS_NOTIFY_FIFO: Row = fifo_row(
    Status::Acted,
    "lvs_notify_fifo",
    "A FIFO that gets a line for every change of a virtual or real server.",
    |global, args, context| fifo(global, args, context, |fifos| &mut fifos.lvs),
);

pub(super) const NOTIFY_FIFO_SCRIPT: Row = reader_row(
    Status::Acted,
    "notify_fifo_script",
    "Started to read notify_fifo, whose path is added as last argument.",
    |global, args, context| reader(&mut global.fifo_scripts.all, args, context),
);

pub(super) const VRRP_NOTIFY_FIFO_SCRIPT: Row = reader_row(
    Status::Acted,
    "vrrp_notify_fifo_script",
    "Started to read vrrp_notify_fifo, whose path is added as last argument.",
    |global, args, context| reader(&mut global.fifo_scripts.vrrp, args, context),
);

pub(super) const LVS_NOTIFY_FIFO_SCRIPT: Row = reader_row(
    Status::Acted,
    "lvs_notify_fifo_script",
    "Started to read lvs_notify_fifo, whose path is added as last argument.",
    |global, args, context| reader(&mut global.fifo_scripts.lvs, args, context),
);

pub(super) const FIFO_WRITE_VRRP_STATES_ON_RELOAD: Row = flag(
    Status::Acted,
    "fifo_write_vrrp_states_on_reload",
    "Write all states to the FIFOs once more after a reload.",
    |global, _, _| global.settings.fifos.vrrp_states_on_reload = true,
);

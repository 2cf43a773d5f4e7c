//! The top level.

use super::{
    bfd, global, group, instance, interfaces, lvs, statics, track_file, track_process, track_script,
};
use crate::args::Args;
use crate::context::Context;
use crate::draft::ConfigDraft;
use crate::keyword::{Keyword, Kind, Section, Status};
use crate::model::{ChildWaitTime, IpvsNamespace};
use crate::tables::row::acted;
use crate::tables::scalar::{ANY_U32, lacking, mistaken, unsigned};
use std::time::Duration;

/// All keywords outside every block, and through them all others.
pub static ROOT: Section<(), ConfigDraft> =
    Section { keywords: TABLE, open: |(), _, _| Some(ConfigDraft::default()), close: |(), _, _| () };

static TABLE: &[Keyword<ConfigDraft>] = &[
    global::ROW,
    instance::ROW,
    group::SYNC_GROUP,
    track_script::ROW,
    track_file::ROW,
    track_file::FORMER_ROW,
    track_process::ROW,
    group::TRACK_GROUP,
    statics::ADDRESSES,
    statics::ROUTES,
    statics::RULES,
    interfaces::GARP_GROUP,
    interfaces::LINKBEAT,
    interfaces::DELAYS,
    bfd::BFD_INSTANCE,
    lvs::VIRTUAL_SERVER_GROUP,
    lvs::VIRTUAL_SERVER,
    lvs::SSL,
    INSTANCE,
    NET_NAMESPACE,
    NET_NAMESPACE_IPVS,
    NAMESPACE_WITH_IPSETS,
    USE_PID_DIR,
    CHILD_WAIT_TIME,
    LINKBEAT_USE_POLLING,
];

/// A switch without argument.
const fn flag(
    status: Status,
    name: &'static str,
    help: &'static str,
    apply: crate::tables::row::Apply<ConfigDraft>,
) -> Keyword<ConfigDraft> {
    Keyword { name, usage: "", default: "off", help, status, kind: Kind::Line(apply) }
}

/// A name whose first line wins.
fn first_name(place: &mut Option<String>, args: &mut Args<'_>, context: &mut Context<'_>) {
    let Some(word) = args.next_word() else {
        return lacking(args, context, format!("{} name missing - ignoring", args.keyword()));
    };
    if place.is_some() {
        let message = format!("Duplicate {} definition {} - ignoring", args.keyword(), word.text);
        return mistaken(word, context, message);
    }
    *place = Some(word.text.to_owned());
}

const INSTANCE: Keyword<ConfigDraft> = acted(
    "instance",
    "<name>",
    "none",
    "Name of this daemon among several; it becomes part of the pid files' names. Implies use_pid_dir.",
    |config, args, context| {
        first_name(&mut config.global.settings.identity.instance, args, context);
        config.global.settings.identity.use_pid_dir = true;
    },
);

const NET_NAMESPACE: Keyword<ConfigDraft> = acted(
    "net_namespace",
    "<name>",
    "the one we are started in",
    "Run in this network namespace. Implies use_pid_dir. Cannot change at a reload.",
    |config, args, context| {
        first_name(&mut config.global.settings.identity.net_namespace, args, context);
        config.global.settings.identity.use_pid_dir = true;
    },
);

const NET_NAMESPACE_IPVS: Keyword<ConfigDraft> = acted(
    "net_namespace_ipvs",
    "[<name>]",
    "the checker process's",
    "Network namespace of the IPVS tables; without a name the one we are started in. Cannot change at a reload.",
    |config, args, context| {
        let place = &mut config.global.settings.identity.ipvs_namespace;
        if *place != IpvsNamespace::Same {
            let name = args.next_word().map_or("", |word| word.text);
            return lacking(
                args,
                context,
                format!("Duplicate net_namespace_ipvs definition {name} - ignoring"),
            );
        }
        *place = match args.next_word() {
            Some(word) => IpvsNamespace::Named(word.text.to_owned()),
            None => IpvsNamespace::Initial,
        };
    },
);

const NAMESPACE_WITH_IPSETS: Keyword<ConfigDraft> = flag(
    Status::Inert,
    "namespace_with_ipsets",
    "Allow ipsets in a namespace on kernels older than 3.13.",
    |config, _, _| config.global.settings.identity.namespace_with_ipsets = true,
);

const USE_PID_DIR: Keyword<ConfigDraft> = flag(
    Status::Acted,
    "use_pid_dir",
    "Put the pid files into the daemon's own run directory.",
    |config, _, _| config.global.settings.identity.use_pid_dir = true,
);

const CHILD_WAIT_TIME: Keyword<ConfigDraft> = acted(
    "child_wait_time",
    "<seconds>",
    "5",
    "How long the parent waits for its children when it stops.",
    |config, args, context| {
        let Some(word) = args.required(context) else { return };
        match unsigned(word, ANY_U32, context) {
            Some(seconds) => {
                config.global.settings.identity.child_wait_time = ChildWaitTime(Duration::from_secs(seconds));
            }
            None => mistaken(word, context, format!("Invalid child_wait_time {}", word.text)),
        }
    },
);

const LINKBEAT_USE_POLLING: Keyword<ConfigDraft> = flag(
    Status::Acted,
    "linkbeat_use_polling",
    "Poll the link of every interface that VRRP uses instead of trusting the kernel's news.",
    |config, _, _| config.global.settings.vrrp.linkbeat_use_polling = true,
);

//! `vrrp_sync_group` and `track_group`.

use crate::args::Args;
use crate::context::{Context, Symbol};
use crate::diagnostic::{Class, Diagnostic};
use crate::draft::{ConfigDraft, GroupDraft, Interfaces, TrackGroupDraft};
use crate::keyword::{Keyword, Kind, Section, Status};
use crate::span::Span;
use crate::tables::item::track;
use crate::tables::row::{acted, block};
use crate::tables::scalar::{lacking, switch};
use keepalived_types::Command;
use keepalived_vrrp::config::NotifyScripts;

pub(super) const SYNC_GROUP: Keyword<ConfigDraft> = block(
    Status::Acted,
    "vrrp_sync_group",
    "<name> { ... }",
    "Instances that change state together.",
    &SYNC_GROUP_BLOCK,
);

static SYNC_GROUP_BLOCK: Section<ConfigDraft, GroupDraft> = Section {
    keywords: SYNC_GROUP_TABLE,
    open: open_sync_group,
    close: |config, mut group, _| {
        config.vrrp.interfaces.absorb(std::mem::take(&mut group.interfaces));
        config.vrrp.groups.push(group);
    },
};

static SYNC_GROUP_TABLE: &[Keyword<GroupDraft>] = &[
    members_row(),
    track::interface_row(),
    track::script_row(),
    track::file_row(),
    track::process_row(),
    track::bfd_row(),
    notify("notify_backup", "Run when the group becomes BACKUP.", |group, args, context| {
        script(group, args, context, |scripts| &mut scripts.backup);
    }),
    notify("notify_master", "Run when the group becomes MASTER.", |group, args, context| {
        script(group, args, context, |scripts| &mut scripts.master);
    }),
    notify("notify_fault", "Run when the group goes to FAULT.", |group, args, context| {
        script(group, args, context, |scripts| &mut scripts.fault);
    }),
    notify("notify_stop", "Run when the daemon stops.", |group, args, context| {
        script(group, args, context, |scripts| &mut scripts.stop);
    }),
    notify(
        "notify",
        "Run at every change with four more arguments: GROUP, name, state, 0.",
        |group, args, context| {
            script(group, args, context, |scripts| &mut scripts.any);
        },
    ),
    acted(
        "smtp_alert",
        "[on|off]",
        "smtp_alert_vrrp, else smtp_alert, else off",
        "Send a mail at each change.",
        |group: &mut GroupDraft, args, context| {
            let complaint = |other: &str| format!("Invalid vrrp_group smtp_alert parameter {other}");
            group.smtp_alert = switch(args, context, complaint).or(group.smtp_alert);
        },
    ),
    acted(
        "notify_priority_changes",
        "[on|off]",
        "vrrp_notify_priority_changes",
        "Write changes of the members' effective priorities to the FIFOs.",
        |group: &mut GroupDraft, args, context| {
            let name = group.name.clone();
            let complaint = |other: &str| {
                format!("({name}) Invalid value '{other}' for sync group notify_priority_changes specified")
            };
            group.priority_notices = switch(args, context, complaint).or(group.priority_notices);
        },
    ),
    acted(
        "sync_group_tracking_weight",
        "",
        "off",
        "Weights of trackers on members stay in force.",
        |group: &mut GroupDraft, _, _| group.tracking_weight = true,
    ),
    acted(
        "global_tracking",
        "",
        "off",
        "Former name of sync_group_tracking_weight; reported.",
        |group: &mut GroupDraft, args, context| {
            let message = format!(
                "({}) global_tracking is deprecated. Use track_interface/script/file on the sync group",
                group.name
            );
            context.report(Class::Deprecated, args.span(), message);
            group.tracking_weight = true;
        },
    ),
];

/// A `notify*` row of a group.
const fn notify(
    name: &'static str,
    help: &'static str,
    apply: crate::tables::row::Apply<GroupDraft>,
) -> Keyword<GroupDraft> {
    acted(name, "<script> [<user> [[:]<group>]]", "none", help, apply)
}

/// One of the group's scripts; the first line wins.
fn script(
    group: &mut GroupDraft,
    args: &mut Args<'_>,
    context: &mut Context<'_>,
    place: fn(&mut NotifyScripts) -> &mut Option<Box<Command>>,
) {
    let owner = format!("vrrp group {}:", group.name);
    crate::tables::script::first_wins(place(&mut group.notify), &owner, args, context);
}

fn open_sync_group(
    config: &mut ConfigDraft,
    args: &mut Args<'_>,
    context: &mut Context<'_>,
) -> Option<GroupDraft> {
    let (Some(name), 0) = (args.next_word(), args.remaining()) else {
        lacking(args, context, "vrrp_sync_group must have a name - skipping");
        return None;
    };
    let index = config.vrrp.groups.len();
    if let Err(earlier) = context.symbols.define(Symbol::SyncGroup, name.text, name.span, index) {
        let message = format!("vrrp sync group {} already defined", name.text);
        let report = Diagnostic::at(Class::GeneralError, name.span, message);
        context.push(report.related(earlier, "first defined here"));
        return None;
    }
    Some(GroupDraft {
        name: name.text.to_owned(),
        span: name.span,
        members: Vec::new(),
        listed: false,
        tracks: Default::default(),
        tracking_weight: false,
        notify: NotifyScripts::default(),
        smtp_alert: None,
        priority_notices: None,
        interfaces: Interfaces { dynamic: config.global.engine.dynamic_interfaces, missing: Vec::new() },
    })
}

pub(super) const TRACK_GROUP: Keyword<ConfigDraft> = block(
    Status::Acted,
    "track_group",
    "<name> { ... }",
    "Instances that are in FAULT while a static address, route or rule of the group is missing.",
    &TRACK_GROUP_BLOCK,
);

static TRACK_GROUP_BLOCK: Section<ConfigDraft, TrackGroupDraft> = Section {
    keywords: &[members_row()],
    open: |config, args, context| {
        let (Some(name), 0) = (args.next_word(), args.remaining()) else {
            lacking(args, context, "track_group must have a name - skipping");
            return None;
        };
        let index = config.vrrp.track_groups.len();
        if let Err(earlier) = context.symbols.define(Symbol::TrackGroup, name.text, name.span, index) {
            let message = format!("track_group {} already defined", name.text);
            let report = Diagnostic::at(Class::GeneralError, name.span, message);
            context.push(report.related(earlier, "first defined here"));
            return None;
        }
        Some(TrackGroupDraft {
            name: name.text.to_owned(),
            span: name.span,
            members: Vec::new(),
            listed: false,
        })
    },
    close: |config, group, _| config.vrrp.track_groups.push(group),
};

/// The member list of a group, whichever kind it is.
struct Members<'a> {
    name: &'a str,
    list: &'a mut Vec<(String, Span)>,
    listed: &'a mut bool,
    kind: &'static str,
    span: Span,
}

/// `group`.
const fn members_row<D: HasMembers>() -> Keyword<D> {
    Keyword {
        name: "group",
        usage: "{ <vrrp_instance> ... }",
        default: "",
        help: "Instances of the group, any number per line. They may be defined later.",
        status: Status::Acted,
        kind: Kind::Lines { item: member, open: Some(open_members), close: Some(close_members), words: &[] },
    }
}

/// A second list is refused, and nothing of it is used.
fn open_members<D: HasMembers>(draft: &mut D, args: &mut Args<'_>, context: &mut Context<'_>) {
    let members = draft.members();
    if *members.listed {
        let message = format!("Group list already specified for sync group {}", members.name);
        lacking(args, context, message);
    }
}

/// Every word of every line is a member.
fn member<D: HasMembers>(draft: &mut D, args: &mut Args<'_>, _: &mut Context<'_>) {
    let members = draft.members();
    if *members.listed {
        return;
    }
    while let Some(word) = args.next_word() {
        members.list.push((word.text.to_owned(), word.span));
    }
}

fn close_members<D: HasMembers>(draft: &mut D, context: &mut Context<'_>) {
    let members = draft.members();
    if members.list.is_empty() {
        let message = format!("Warning - {} group {} has empty group block", members.kind, members.name);
        context.report(Class::GeneralError, members.span, message);
    }
    *members.listed = true;
}

/// A block with a `group` list.
trait HasMembers: Sized + 'static {
    fn members(&mut self) -> Members<'_>;
}

impl HasMembers for GroupDraft {
    fn members(&mut self) -> Members<'_> {
        Members {
            name: &self.name,
            list: &mut self.members,
            listed: &mut self.listed,
            kind: "sync",
            span: self.span,
        }
    }
}

impl HasMembers for TrackGroupDraft {
    fn members(&mut self) -> Members<'_> {
        Members {
            name: &self.name,
            list: &mut self.members,
            listed: &mut self.listed,
            kind: "track",
            span: self.span,
        }
    }
}

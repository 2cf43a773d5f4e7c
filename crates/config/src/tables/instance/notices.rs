//! Who is told about changes: scripts, mail, FIFOs.

use crate::args::Args;
use crate::context::Context;
use crate::draft::InstanceDraft;
use crate::keyword::Keyword;
use crate::tables::row::acted;
use crate::tables::scalar::switch;
use crate::tables::script;
use keepalived_types::Command;

type Row = Keyword<InstanceDraft>;

/// One of the scripts; the first line wins.
fn notify(
    draft: &mut InstanceDraft,
    args: &mut Args<'_>,
    context: &mut Context<'_>,
    keyword: &'static str,
    place: fn(&mut InstanceDraft) -> &mut Option<Box<Command>>,
) {
    let owner = format!("({})", draft.name);
    let span = args.peek().map_or(args.span(), |word| word.span);
    script::first_wins(place(draft), &owner, args, context);
    if place(draft).is_none() {
        draft.notices.dropped.push((keyword, span));
    }
}

pub(super) const NOTIFY_BACKUP: Row = acted(
    "notify_backup",
    "<script> [<user> [[:]<group>]]",
    "none",
    "Run when the instance becomes BACKUP.",
    |draft, args, context| {
        notify(draft, args, context, "notify_backup", |draft| &mut draft.notices.scripts.backup)
    },
);

pub(super) const NOTIFY_MASTER: Row = acted(
    "notify_master",
    "<script> [<user> [[:]<group>]]",
    "none",
    "Run when the instance becomes MASTER.",
    |draft, args, context| {
        notify(draft, args, context, "notify_master", |draft| &mut draft.notices.scripts.master)
    },
);

pub(super) const NOTIFY_FAULT: Row = acted(
    "notify_fault",
    "<script> [<user> [[:]<group>]]",
    "none",
    "Run when the instance goes to FAULT.",
    |draft, args, context| {
        notify(draft, args, context, "notify_fault", |draft| &mut draft.notices.scripts.fault)
    },
);

pub(super) const NOTIFY_STOP: Row = acted(
    "notify_stop",
    "<script> [<user> [[:]<group>]]",
    "none",
    "Run when the daemon stops.",
    |draft, args, context| {
        notify(draft, args, context, "notify_stop", |draft| &mut draft.notices.scripts.stop)
    },
);

pub(super) const NOTIFY_DELETED: Row = acted(
    "notify_deleted",
    "[<script> [<user> [[:]<group>]]]",
    "FAULT is told instead",
    "Tell DELETED, not FAULT, when a reload removes the instance, and run the script if one is given.",
    |draft, args, context| {
        draft.notices.deleted = true;
        if args.remaining() > 0 {
            notify(draft, args, context, "notify_deleted", |draft| &mut draft.notices.scripts.deleted);
        }
    },
);

pub(super) const NOTIFY: Row = acted(
    "notify",
    "<script> [<user> [[:]<group>]]",
    "none",
    "Run at every change with four more arguments: INSTANCE, name, state, priority.",
    |draft, args, context| notify(draft, args, context, "notify", |draft| &mut draft.notices.scripts.any),
);

pub(super) const NOTIFY_MASTER_RX_LOWER_PRI: Row = acted(
    "notify_master_rx_lower_pri",
    "<script> [<user> [[:]<group>]]",
    "none",
    "Run when a MASTER hears an advert of lower priority.",
    |draft, args, context| {
        notify(draft, args, context, "notify_master_rx_lower_pri", |draft| {
            &mut draft.notices.scripts.master_rx_lower_priority
        });
    },
);

pub(super) const SMTP_ALERT: Row = acted(
    "smtp_alert",
    "[on|off]",
    "smtp_alert_vrrp, else smtp_alert, else off",
    "Send a mail at each change.",
    |draft, args, context| {
        let complaint = |other: &str| format!("Invalid vrrp_instance smtp_alert parameter {other}");
        draft.notices.smtp_alert = switch(args, context, complaint).or(draft.notices.smtp_alert);
    },
);

pub(super) const NOTIFY_PRIORITY_CHANGES: Row = acted(
    "notify_priority_changes",
    "[on|off]",
    "the sync group's, else vrrp_notify_priority_changes",
    "Write changes of the effective priority to the FIFOs.",
    |draft, args, context| {
        let name = draft.name.clone();
        let complaint =
            |other: &str| format!("({name}) Invalid value '{other}' for notify_priority_changes specified");
        draft.notices.priority_notices = switch(args, context, complaint).or(draft.notices.priority_notices);
    },
);

//! Announcements of the virtual addresses: gratuitous ARP and unsolicited neighbour advertisements.

use crate::args::Args;
use crate::context::Context;
use crate::diagnostic::Class;
use crate::draft::InstanceDraft;
use crate::keyword::Keyword;
use crate::tables::row::acted;
use crate::tables::scalar::{ANY_U32, SECONDS_IN_MICROS, mistaken, unsigned};
use keepalived_vrrp::config::ExtraInterfaceAnnouncements;
use std::time::Duration;

type Row = Keyword<InstanceDraft>;

pub(super) const DELAY: Row = acted(
    "garp_master_delay",
    "<0-4294 seconds>",
    "vrrp_garp_master_delay",
    "Pause between the first and the second burst of announcements; 0 for no second one.",
    |draft, args, context| {
        let Some(word) = args.required(context) else { return };
        match unsigned(word, SECONDS_IN_MICROS, context) {
            Some(seconds) => draft.garp.delay = Some(Duration::from_secs(seconds)),
            None => ignored(draft, args, word.text, context),
        }
    },
);

pub(super) const REPEAT: Row = acted(
    "garp_master_repeat",
    "<1-4294967295>",
    "vrrp_garp_master_repeat",
    "Announcements of each address in a burst.",
    |draft, args, context| draft.garp.repeat = at_least_one(draft, args, context).or(draft.garp.repeat),
);

pub(super) const REFRESH: Row = acted(
    "garp_master_refresh",
    "<seconds>",
    "vrrp_garp_master_refresh",
    "Period of further announcements while MASTER; 0 for none.",
    |draft, args, context| {
        let Some(word) = args.required(context) else { return };
        let period = unsigned(word, ANY_U32, context);
        if period.is_none() {
            let message = format!("({}): Invalid garp_master_refresh '{}' - ignoring", draft.name, word.text);
            mistaken(word, context, message);
        }
        draft.garp.refresh = Some(Duration::from_secs(period.unwrap_or(0)));
    },
);

pub(super) const REFRESH_REPEAT: Row = acted(
    "garp_master_refresh_repeat",
    "<1-4294967295>",
    "vrrp_garp_master_refresh_repeat",
    "Announcements of each address in a refresh.",
    |draft, args, context| {
        draft.garp.refresh_repeat = at_least_one(draft, args, context).or(draft.garp.refresh_repeat)
    },
);

pub(super) const LOWER_PRIO_DELAY: Row = acted(
    "garp_lower_prio_delay",
    "<0-4294 seconds>",
    "vrrp_garp_lower_prio_delay",
    "Pause before the second burst after an advert of lower priority.",
    |draft, args, context| {
        let Some(word) = args.required(context) else { return };
        draft.lines.mark("garp_lower_prio_delay", args.span());
        match unsigned(word, SECONDS_IN_MICROS, context) {
            Some(seconds) => draft.garp.lower_priority_delay = Some(Duration::from_secs(seconds)),
            None => ignored(draft, args, word.text, context),
        }
    },
);

pub(super) const LOWER_PRIO_REPEAT: Row = acted(
    "garp_lower_prio_repeat",
    "<0-2147483647>",
    "vrrp_garp_lower_prio_repeat",
    "Announcements of each address after an advert of lower priority.",
    |draft, args, context| {
        let Some(word) = args.required(context) else { return };
        draft.lines.mark("garp_lower_prio_repeat", args.span());
        match unsigned(word, 0..=2_147_483_647, context) {
            Some(number) => draft.garp.lower_priority_repeat = Some(number),
            None => {
                let message = format!("({}): Invalid garp_lower_prio_repeat '{}'", draft.name, word.text);
                mistaken(word, context, message);
            }
        }
    },
);

pub(super) const EXTRA_IF: Row = acted(
    "garp_extra_if",
    "[all] <0-86400 seconds>",
    "vrrp_garp_extra_if",
    "Announce addresses again and again on VMACs that carry no adverts, or with `all` on every other interface; 0 \
     for never.",
    extra_if,
);

pub(super) const VMAC_GARP_INTVL: Row = acted(
    "vmac_garp_intvl",
    "[all] <0-86400 seconds>",
    "",
    "Former name of garp_extra_if; reported.",
    |draft, args, context| {
        let message = "Keyword \"vmac_garp_intvl\" is deprecated - please use \"garp_extra_if\"";
        context.report(Class::Deprecated, args.span(), message);
        extra_if(draft, args, context);
    },
);

/// A number that 0 turns into 1.
fn at_least_one(draft: &InstanceDraft, args: &mut Args<'_>, context: &mut Context<'_>) -> Option<u32> {
    let word = args.required(context)?;
    let Some(number) = unsigned::<u32>(word, ANY_U32, context) else {
        ignored(draft, args, word.text, context);
        return None;
    };
    if number == 0 {
        let message = format!("({}): {} must be greater than 0, setting to 1", draft.name, args.keyword());
        mistaken(word, context, message);
    }
    Some(number.max(1))
}

/// `NAME 'VALUE' invalid - ignoring`.
fn ignored(draft: &InstanceDraft, args: &Args<'_>, value: &str, context: &mut Context<'_>) {
    let message = format!("({}): {} '{value}' invalid - ignoring", draft.name, args.keyword());
    context.report(Class::GeneralError, args.span(), message);
}

/// `[all] SECONDS`; 0 switches it off.
fn extra_if(draft: &mut InstanceDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let all = args.peek().is_some_and(|word| word.text == "all");
    if all {
        args.next_word();
    }
    let Some(word) = args.next_word() else {
        let message = format!("({}): {} specified without time - ignoring", draft.name, args.keyword());
        return context.report(Class::GeneralError, args.span(), message);
    };
    match unsigned(word, 0..=86400, context) {
        Some(0) => draft.garp.extra = Some(None),
        Some(seconds) => {
            let interval = Duration::from_secs(seconds);
            draft.garp.extra = Some(Some(ExtraInterfaceAnnouncements { all, interval }));
        }
        None => ignored(draft, args, word.text, context),
    }
}

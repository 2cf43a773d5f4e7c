//! What instances inherit.

use super::{Row, flag, named_switch, plain_switch};
use crate::args::Args;
use crate::context::Context;
use crate::diagnostic::{Class, Diagnostic};
use crate::draft::GlobalDraft;
use crate::keyword::{Keyword, Kind, Status};
use crate::tables::row::acted;
use crate::tables::scalar::{ANY_U32, SECONDS_IN_MICROS, lacking, mistaken, unsigned};
use keepalived_vrrp::config::ExtraInterfaceAnnouncements;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

pub(super) const VRRP_MCAST_GROUP4: Row = acted(
    "vrrp_mcast_group4",
    "<IPv4 multicast address>",
    "224.0.0.18",
    "Where IPv4 instances send their adverts.",
    |global, args, context| {
        let Some(word) = args.required(context) else { return };
        match word.text.parse::<Ipv4Addr>() {
            Ok(group) if group.is_multicast() => global.settings.instance_defaults.group4 = group,
            Ok(_) => {
                mistaken(
                    word,
                    context,
                    format!("vrrp_mcast_group4 [{}] is not multicast. Skipping", word.text),
                );
            }
            Err(_) => {
                mistaken(word, context, format!("Can't parse vrrp_mcast_group4 [{}]. Skipping", word.text))
            }
        }
    },
);

pub(super) const VRRP_MCAST_GROUP6: Row = acted(
    "vrrp_mcast_group6",
    "<IPv6 multicast address>",
    "ff02::12",
    "Where IPv6 instances send their adverts; should be of link-local scope.",
    |global, args, context| {
        let Some(word) = args.required(context) else { return };
        match word.text.parse::<Ipv6Addr>() {
            Ok(group) if group.is_multicast() => {
                if group.segments()[0] & 0x000f != 2 {
                    let message =
                        format!("vrrp_mcast_group6 [{}] should be link-local multicast.", word.text);
                    mistaken(word, context, message);
                }
                global.settings.instance_defaults.group6 = group;
            }
            Ok(_) => {
                mistaken(
                    word,
                    context,
                    format!("vrrp_mcast_group6 [{}] is not multicast. Skipping", word.text),
                );
            }
            Err(_) => {
                mistaken(word, context, format!("Can't parse vrrp_mcast_group6 [{}]. Skipping", word.text))
            }
        }
    },
);

/// `NAME 'VALUE' invalid - ignoring`.
fn ignored(args: &Args<'_>, value: &str, context: &mut Context<'_>) {
    let message = format!("{} '{value}' invalid - ignoring", args.keyword());
    context.report(Class::GeneralError, args.span(), message);
}

/// Whole seconds up to 4294.
fn delay(args: &mut Args<'_>, context: &mut Context<'_>) -> Option<Duration> {
    let word = args.required(context)?;
    let seconds = unsigned(word, SECONDS_IN_MICROS, context);
    if seconds.is_none() {
        ignored(args, word.text, context);
    }
    seconds.map(Duration::from_secs)
}

/// A number that 0 turns into 1.
fn at_least_one(args: &mut Args<'_>, context: &mut Context<'_>) -> Option<u32> {
    let word = args.required(context)?;
    let Some(number) = unsigned::<u32>(word, ANY_U32, context) else {
        ignored(args, word.text, context);
        return None;
    };
    if number == 0 {
        mistaken(word, context, format!("{} must be greater than 0, setting to 1", args.keyword()));
    }
    Some(number.max(1))
}

pub(super) const VRRP_GARP_MASTER_DELAY: Row = acted(
    "vrrp_garp_master_delay",
    "<0-4294 seconds>",
    "5",
    "Default of garp_master_delay.",
    |global, args, context| {
        if let Some(delay) = delay(args, context) {
            global.settings.instance_defaults.garp.delay = delay;
        }
    },
);

pub(super) const VRRP_GARP_MASTER_REPEAT: Row = acted(
    "vrrp_garp_master_repeat",
    "<1-4294967295>",
    "5",
    "Default of garp_master_repeat.",
    |global, args, context| {
        if let Some(number) = at_least_one(args, context) {
            global.settings.instance_defaults.garp.repeat = number;
        }
    },
);

pub(super) const VRRP_GARP_MASTER_REFRESH: Row = acted(
    "vrrp_garp_master_refresh",
    "<seconds>",
    "0 (off)",
    "Default of garp_master_refresh.",
    |global, args, context| {
        let Some(word) = args.required(context) else { return };
        let period = unsigned(word, ANY_U32, context);
        if period.is_none() {
            let message = format!("Invalid vrrp_garp_master_refresh '{}' - ignoring", word.text);
            mistaken(word, context, message);
        }
        global.settings.instance_defaults.garp.refresh = Duration::from_secs(period.unwrap_or(0));
    },
);

pub(super) const VRRP_GARP_MASTER_REFRESH_REPEAT: Row = acted(
    "vrrp_garp_master_refresh_repeat",
    "<1-4294967295>",
    "1",
    "Default of garp_master_refresh_repeat.",
    |global, args, context| {
        if let Some(number) = at_least_one(args, context) {
            global.settings.instance_defaults.garp.refresh_repeat = number;
        }
    },
);

pub(super) const VRRP_GARP_LOWER_PRIO_DELAY: Row = acted(
    "vrrp_garp_lower_prio_delay",
    "<0-4294 seconds>",
    "vrrp_garp_master_delay",
    "Default of garp_lower_prio_delay.",
    |global, args, context| {
        global.lower_priority_delay = delay(args, context).or(global.lower_priority_delay)
    },
);

pub(super) const VRRP_GARP_LOWER_PRIO_REPEAT: Row = acted(
    "vrrp_garp_lower_prio_repeat",
    "<0-2147483647>",
    "vrrp_garp_master_repeat",
    "Default of garp_lower_prio_repeat.",
    |global, args, context| {
        let Some(word) = args.required(context) else { return };
        match unsigned(word, 0..=2_147_483_647, context) {
            Some(number) => global.lower_priority_repeat = Some(number),
            None => {
                let message = format!("Invalid vrrp_garp_lower_prio_repeat '{}'", word.text);
                mistaken(word, context, message);
            }
        }
    },
);

/// What is not given for lower priority adverts follows the other announcements.
pub(super) fn fill_in(global: &mut GlobalDraft) {
    let garp = &mut global.settings.instance_defaults.garp;
    garp.lower_priority_delay = global.lower_priority_delay.unwrap_or(garp.delay);
    garp.lower_priority_repeat = global.lower_priority_repeat.unwrap_or(garp.repeat);
}

pub(super) const VRRP_DOWN_TIMER_ADVERTS: Row = acted(
    "vrrp_down_timer_adverts",
    "<1-100>",
    "3",
    "Default of down_timer_adverts.",
    |global, args, context| {
        let Some(word) = args.required(context) else { return };
        match unsigned(word, 1..=100, context) {
            Some(adverts) => global.settings.instance_defaults.down_timer_adverts = adverts,
            None => {
                let message = format!("Invalid vrrp_down_timer_adverts [1:100] '{}'", word.text);
                mistaken(word, context, message);
            }
        }
    },
);

pub(super) const VRRP_MIN_GARP: Row = acted(
    "vrrp_min_garp",
    "[on|off]",
    "off",
    "One announcement and no refresh, wherever a value still has its default at this point of the file.",
    |global, args, context| {
        if plain_switch(args, context) != Some(true) {
            return;
        }
        let standard = keepalived_vrrp::config::GarpConfig::default();
        let garp = &mut global.settings.instance_defaults.garp;
        if garp.repeat == standard.repeat {
            garp.repeat = 1;
        }
        if garp.delay == standard.delay {
            garp.delay = Duration::ZERO;
        }
        if garp.refresh_repeat == standard.refresh_repeat {
            garp.refresh_repeat = 0;
        }
    },
);

/// `[all] SECONDS`.
fn extra_if(global: &mut GlobalDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let all = args.peek().is_some_and(|word| word.text == "all");
    if all {
        args.next_word();
    }
    let Some(word) = args.next_word() else {
        return lacking(args, context, format!("{} specified without time - ignoring", args.keyword()));
    };
    match unsigned(word, 1..=86400, context) {
        Some(seconds) => {
            let interval = Duration::from_secs(seconds);
            global.settings.instance_defaults.garp.extra =
                Some(ExtraInterfaceAnnouncements { all, interval });
        }
        None => ignored(args, word.text, context),
    }
}

pub(super) const VRRP_GARP_EXTRA_IF: Row =
    acted("vrrp_garp_extra_if", "[all] <1-86400 seconds>", "off", "Default of garp_extra_if.", extra_if);

pub(super) const VRRP_VMAC_GARP_INTVL: Row = acted(
    "vrrp_vmac_garp_intvl",
    "[all] <1-86400 seconds>",
    "",
    "Former name of vrrp_garp_extra_if; reported.",
    |global, args, context| {
        let message = "Keyword \"vrrp_vmac_garp_intvl\" is deprecated - please use \"vrrp_garp_extra_if\"";
        context.report(Class::Deprecated, args.span(), message);
        extra_if(global, args, context);
    },
);

/// A default that is a switch.
const fn default_switch(
    name: &'static str,
    help: &'static str,
    apply: crate::tables::row::Apply<GlobalDraft>,
) -> Row {
    Keyword { name, usage: "[on|off]", default: "off", help, status: Status::Acted, kind: Kind::Line(apply) }
}

pub(super) const VRRP_LOWER_PRIO_NO_ADVERT: Row = default_switch(
    "vrrp_lower_prio_no_advert",
    "Default of lower_prio_no_advert.",
    |global, args, context| {
        if let Some(on) = plain_switch(args, context) {
            global.settings.instance_defaults.lower_priority_no_advert = on;
        }
    },
);

pub(super) const VRRP_HIGHER_PRIO_SEND_ADVERT: Row = default_switch(
    "vrrp_higher_prio_send_advert",
    "Default of higher_prio_send_advert.",
    |global, args, context| {
        if let Some(on) = plain_switch(args, context) {
            global.settings.instance_defaults.higher_priority_send_advert = on;
        }
    },
);

pub(super) const VRRP_OWNER_IGNORE_ADVERTS: Row = default_switch(
    "vrrp_owner_ignore_adverts",
    "Default of owner_ignore_adverts.",
    |global, args, context| {
        if let Some(on) = plain_switch(args, context) {
            global.settings.instance_defaults.owner_ignores_adverts = on;
        }
    },
);

pub(super) const VRRP_VERSION: Row = acted(
    "vrrp_version",
    "2|3",
    "2",
    "Default of version for IPv4 instances. IPv6 instances speak version 3.",
    |global, args, context| {
        let Some(word) = args.required(context) else { return };
        match unsigned(word, 2..=3, context) {
            Some(version) => global.settings.instance_defaults.version = version,
            None => mistaken(word, context, "VRRP Error: Version must be either 2 or 3"),
        }
    },
);

pub(super) const VRRP_CHECK_UNICAST_SRC: Row =
    flag(Status::Acted, "vrrp_check_unicast_src", "Default of check_unicast_src.", |global, _, _| {
        global.settings.instance_defaults.check_unicast_source = true
    });

/// 2.2.7 took any word; a word that is no switch costs nothing but a remark.
fn lenient_switch(args: &mut Args<'_>, context: &mut Context<'_>) -> bool {
    let Some(word) = args.next_word() else { return true };
    match word.text {
        "on" | "true" | "yes" => true,
        "off" | "false" | "no" => false,
        other => {
            let message = format!("invalid {} specified - {other}", args.keyword());
            let remark = Diagnostic::at(Class::LogOnly, word.span, message).label("taken as on");
            context.push(remark);
            true
        }
    }
}

pub(super) const VRRP_SKIP_CHECK_ADV_ADDR: Row =
    default_switch("vrrp_skip_check_adv_addr", "Default of skip_check_adv_addr.", |global, args, context| {
        global.settings.instance_defaults.skip_check_advert_addresses = lenient_switch(args, context);
    });

pub(super) const VRRP_STRICT: Row =
    default_switch("vrrp_strict", "Default of strict_mode.", |global, args, context| {
        global.settings.instance_defaults.strict = lenient_switch(args, context);
        global.lines.mark("vrrp_strict", args.span());
    });

pub(super) const V3_CHECKSUM_AS_V2: Row = default_switch(
    "v3_checksum_as_v2",
    "Default of the instances' v3_checksum_as_v2.",
    |global, args, context| {
        global.settings.instance_defaults.v3_checksum_as_v2 = lenient_switch(args, context);
    },
);

pub(super) const VRRP_NOTIFY_PRIORITY_CHANGES: Row = acted(
    "vrrp_notify_priority_changes",
    "[on|off]",
    "off",
    "Default of notify_priority_changes.",
    |global, args, context| {
        if let Some(on) = named_switch(args, context) {
            global.settings.instance_defaults.priority_notices = on;
        }
    },
);

//! Who becomes master: `state`, `priority`, preemption and timers.

use crate::diagnostic::{Class, Diagnostic};
use crate::draft::InstanceDraft;
use crate::keyword::Keyword;
use crate::tables::row::{acted, inert};
use crate::tables::scalar::{exact, mistaken, seconds, signed, switch, unsigned};
use keepalived_types::Version;
use keepalived_vrrp::config::StartState;
use std::time::Duration;

type Row = Keyword<InstanceDraft>;

pub(super) const STATE: Row = acted(
    "state",
    "MASTER|BACKUP",
    "MASTER for priority 255, else BACKUP",
    "Initial state. Only an address owner (priority 255) begins as MASTER; every other router begins as BACKUP and \
     waits for Master_Down_Interval whatever is written here.",
    |draft, args, context| {
        let Some(word) = args.required(context) else { return };
        let state = match word.text {
            "MASTER" => StartState::Master,
            "BACKUP" => StartState::Backup,
            other => {
                let message = format!("({}) unknown state '{other}', defaulting to BACKUP", draft.name);
                let mut report = Diagnostic::at(Class::GeneralError, word.span, message);
                if other.eq_ignore_ascii_case("master") || other.eq_ignore_ascii_case("backup") {
                    report = report.help("states are written in capital letters");
                }
                context.push(report);
                StartState::Backup
            }
        };
        if state == StartState::Backup && draft.election.state == Some(StartState::Master) {
            let message = format!("({}) state previously set as MASTER - ignoring BACKUP", draft.name);
            return mistaken(word, context, message);
        }
        draft.election.state = Some(state);
        draft.lines.mark("state", args.span());
    },
);

pub(super) const PRIORITY: Row = acted(
    "priority",
    "<1-255>",
    "255 for `state MASTER`, else 100",
    "Election priority: the highest one becomes MASTER. 255 is kept for the address owner (RFC 9568 5.2.4).",
    |draft, args, context| {
        let Some(word) = args.required(context) else { return };
        draft.lines.mark("priority", args.span());
        let priority = exact(word, 1..=255, context);
        if priority.is_none() {
            let message =
                format!("({}) Priority not valid! must be between 1 & 255. Using default 100", draft.name);
            mistaken(word, context, message);
        }
        draft.election.priority = Some(priority.unwrap_or(100));
    },
);

pub(super) const ADVERT_INT: Row = acted(
    "advert_int",
    "<0.01-255 seconds>",
    "1",
    "Time between adverts. VRRPv2 takes whole seconds; VRRPv3 steps of 10 ms up to 40.95 s.",
    |draft, args, context| {
        let Some(word) = args.required(context) else { return };
        draft.lines.mark("advert_int", args.span());
        let range = Duration::from_millis(10)..=Duration::from_secs(255);
        match seconds(word, range, context) {
            Some(interval) => draft.advert_interval = Some(interval),
            None => {
                let message = format!(
                    "({}) Advert interval ({}) not valid! Must be > 0 - ignoring",
                    draft.name, word.text
                );
                mistaken(word, context, message);
            }
        }
    },
);

pub(super) const VERSION: Row = acted(
    "version",
    "2|3",
    "vrrp_version, 3 for IPv6",
    "VRRP version (RFC 3768 or RFC 9568).",
    |draft, args, context| {
        let Some(word) = args.required(context) else { return };
        let Some(number) = unsigned::<u8>(word, 2..=3, context) else {
            let message = format!("({}): Version must be either 2 or 3", draft.name);
            return mistaken(word, context, message);
        };
        let version = if number == 2 { Version::V2 } else { Version::V3 };
        if let Some(earlier) = draft.version
            && earlier != version
        {
            let message = format!(
                "({}) vrrp_version {version} conflicts with configured or deduced version {earlier}; ignoring.",
                draft.name
            );
            return mistaken(word, context, message);
        }
        draft.version = Some(version);
        draft.lines.mark("version", args.span());
    },
);

pub(super) const DOWN_TIMER_ADVERTS: Row = acted(
    "down_timer_adverts",
    "<1-100>",
    "vrrp_down_timer_adverts",
    "How many adverts have to be missing until the master counts as gone. RFC 9568 says 3.",
    |draft, args, context| {
        let Some(word) = args.required(context) else { return };
        match unsigned(word, 1..=100, context) {
            Some(adverts) => {
                draft.election.down_timer_adverts = Some(adverts);
                draft.lines.mark("down_timer_adverts", args.span());
            }
            None => {
                let message = format!("({}): Invalid down_timer_adverts [1:100] '{}'", draft.name, word.text);
                mistaken(word, context, message);
            }
        }
    },
);

pub(super) const PREEMPT: Row = acted(
    "preempt",
    "",
    "on",
    "Take over from a master of lower priority; undoes an earlier `nopreempt`.",
    |draft, _, _| draft.election.no_preempt = false,
);

pub(super) const NOPREEMPT: Row = acted(
    "nopreempt",
    "",
    "off",
    "Let a master of lower priority keep its role. Needs `state BACKUP` and a priority below 255.",
    |draft, args, _| {
        draft.election.no_preempt = true;
        draft.lines.mark("nopreempt", args.span());
    },
);

pub(super) const PREEMPT_DELAY: Row = acted(
    "preempt_delay",
    "<0-1000 seconds>",
    "0",
    "Wait this long after the first advert of a lower priority master before taking over.",
    |draft, args, context| {
        let Some(word) = args.required(context) else { return };
        let Some(delay) = seconds(word, Duration::ZERO..=Duration::from_secs(1000), context) else {
            // The original adds this for numbers that are out of range, not for what is no number.
            let is_decimal = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            if word.text.starts_with('-') || (is_decimal(word.text) && word.text.parse::<f64>().is_ok()) {
                let message = format!("({}) Preempt_delay not valid! must be between 0-1000", draft.name);
                mistaken(word, context, message);
            }
            return;
        };
        draft.election.preempt_delay = Some(delay);
        draft.lines.mark("preempt_delay", args.span());
    },
);

pub(super) const STRICT_MODE: Row = acted(
    "strict_mode",
    "[on|off]",
    "vrrp_strict",
    "Refuse what the protocol does not provide for.",
    |draft, args, context| {
        let complaint = |other: &str| format!("({}) invalid strict_mode {other} specified", draft.name);
        if let Some(strict) = switch(args, context, complaint) {
            draft.election.strict = Some(strict);
            draft.lines.mark("strict_mode", args.span());
        }
    },
);

pub(super) const LOWER_PRIO_NO_ADVERT: Row = acted(
    "lower_prio_no_advert",
    "[on|off]",
    "vrrp_lower_prio_no_advert",
    "As MASTER, do not answer an advert of lower priority at once.",
    |draft, args, context| {
        let complaint =
            |other: &str| format!("({}) invalid lower_prio_no_advert {other} specified", draft.name);
        if let Some(on) = switch(args, context, complaint) {
            draft.election.lower_priority_no_advert = Some(on);
            draft.lines.mark("lower_prio_no_advert", args.span());
        }
    },
);

pub(super) const HIGHER_PRIO_SEND_ADVERT: Row = acted(
    "higher_prio_send_advert",
    "[on|off]",
    "vrrp_higher_prio_send_advert",
    "As MASTER, send one more advert before giving way to a higher priority.",
    |draft, args, context| {
        let complaint =
            |other: &str| format!("({}) invalid higher_prio_send_advert {other} specified", draft.name);
        if let Some(on) = switch(args, context, complaint) {
            draft.election.higher_priority_send_advert = Some(on);
            draft.lines.mark("higher_prio_send_advert", args.span());
        }
    },
);

pub(super) const OWNER_IGNORE_ADVERTS: Row = acted(
    "owner_ignore_adverts",
    "[on|off]",
    "on in strict mode, else vrrp_owner_ignore_adverts",
    "An address owner drops the adverts of others.",
    |draft, args, context| {
        let complaint =
            |other: &str| format!("({}) invalid owner_ignore_adverts {other} specified", draft.name);
        if let Some(on) = switch(args, context, complaint) {
            draft.election.owner_ignores_adverts = Some(on);
            draft.lines.mark("owner_ignore_adverts", args.span());
        }
    },
);

pub(super) const SKIP_CHECK_ADV_ADDR: Row = acted(
    "skip_check_adv_addr",
    "[on|off]",
    "vrrp_skip_check_adv_addr",
    "Do not compare the address list of further adverts from the master that is known.",
    |draft, args, context| {
        let complaint =
            |other: &str| format!("({}) invalid skip_check_adv_addr {other} specified", draft.name);
        if let Some(on) = switch(args, context, complaint) {
            draft.election.skip_check_advert_addresses = Some(on);
        }
    },
);

pub(super) const DONT_TRACK_PRIMARY: Row = acted(
    "dont_track_primary",
    "",
    "off",
    "The instance's own interface going down is no fault.",
    |draft, _, _| draft.election.dont_track_primary = true,
);

pub(super) const TIMER_EXPIRED_BACKUP: Row = acted(
    "timer_expired_backup",
    "[<1-254>]",
    "off; 254 without a number",
    "With `nopreempt`: become BACKUP when our timers ran so late that a router of at most this priority may have \
     taken over.",
    |draft, args, context| {
        let Some(word) = args.next_word() else {
            draft.election.timer_expired_backup = Some(254);
            return draft.lines.mark("timer_expired_backup", args.span());
        };
        let Some(priority) = unsigned(word, 1..=254, context) else {
            let message =
                format!("({}) {} priority '{}' invalid - ignoring", draft.name, args.keyword(), word.text);
            return mistaken(word, context, message);
        };
        draft.election.timer_expired_backup = Some(priority);
        draft.lines.mark("timer_expired_backup", args.span());
    },
);

pub(super) const THREAD_TIMER_EXPIRED: Row = acted(
    "thread_timer_expired",
    "[<1-254>]",
    "",
    "Another spelling of timer_expired_backup; reported.",
    |draft, args, context| {
        let message = "Keyword \"thread_timer_expired\" is deprecated - please use \"timer_expired_backup\"";
        context.report(Class::Deprecated, args.span(), message);
        if let crate::keyword::Kind::Line(apply) = TIMER_EXPIRED_BACKUP.kind {
            apply(draft, args, context);
        }
    },
);

pub(super) const DEBUG: Row =
    inert("debug", "<0-4>", "0", "Accepted for compatibility; nobody reads it.", |draft, args, context| {
        let Some(word) = args.required(context) else { return };
        match signed(word, 0..=4, context) {
            Some(level) => draft.election.debug = level,
            None => {
                let message =
                    format!("({}) Debug value '{}' not valid; must be between 0-4", draft.name, word.text);
                mistaken(word, context, message);
            }
        }
    });

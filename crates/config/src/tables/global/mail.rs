//! Alert mails.

use super::{Row, flag, named_switch, wanted};
use crate::keyword::{Keyword, Kind, Status};
use crate::model::MailServer;
use crate::tables::row::acted;
use crate::tables::scalar::{SECONDS_IN_MICROS, mistaken, unsigned};
use std::time::Duration;

pub(super) const ROUTER_ID: Row = acted(
    "router_id",
    "<text>",
    "the host name",
    "How this machine is called in mails.",
    |global, args, context| {
        if let Some(word) = wanted(args, context, "routerid name missing - ignoring") {
            global.settings.mail.router_id = Some(word.text.to_owned());
        }
    },
);

pub(super) const NOTIFICATION_EMAIL_FROM: Row = acted(
    "notification_email_from",
    "<address>",
    "user@host",
    "Sender of alert mails. With a display name it has to be quoted.",
    |global, args, context| {
        let Some(word) = wanted(args, context, "emailfrom missing - ignoring") else { return };
        if let Some(extra) = args.next_word() {
            let message = format!("notification_email_from - extra parameter {} - ignoring", extra.text);
            mistaken(extra, context, message);
        }
        global.settings.mail.from = Some(word.text.to_owned());
    },
);

pub(super) const SMTP_SERVER: Row = acted(
    "smtp_server",
    "<IP or host name> [<1-65535>]",
    "port 25",
    "Where alert mails are handed over.",
    |global, args, context| {
        let Some(host) = args.required(context) else { return };
        let port = args.next_word();
        let number = match port {
            None => Some(25),
            Some(word) => unsigned(word, 1..=65535, context),
        };
        let Some(number) = number else {
            let port = port.map_or("", |word| word.text);
            return mistaken(host, context, format!("Invalid smtp server {} {port}", host.text));
        };
        global.settings.mail.server = Some(MailServer { host: host.text.to_owned(), port: number });
        global.lines.mark("smtp_server", args.span());
    },
);

pub(super) const SMTP_HELO_NAME: Row =
    acted("smtp_helo_name", "<text>", "the host name", "What to say in HELO.", |global, args, _| {
        if let Some(word) = args.next_word() {
            global.settings.mail.helo_name = Some(word.text.to_owned());
        }
    });

pub(super) const SMTP_CONNECT_TIMEOUT: Row = acted(
    "smtp_connect_timeout",
    "<1-4294 seconds>",
    "30",
    "How long to wait for the mail server.",
    |global, args, context| {
        let Some(word) = args.required(context) else { return };
        match unsigned::<u64>(word, SECONDS_IN_MICROS, context) {
            Some(0) => {
                mistaken(word, context, "smtp_conect_timeout must be greater than 0, setting to 1");
                global.settings.mail.connect_timeout = Duration::from_secs(1);
            }
            Some(seconds) => global.settings.mail.connect_timeout = Duration::from_secs(seconds),
            None => {
                let message = format!("smtp_connect_timeout '{}' must be in [0, 4294] - ignoring", word.text);
                mistaken(word, context, message);
            }
        }
    },
);

pub(super) const NOTIFICATION_EMAIL: Row = Keyword {
    name: "notification_email",
    usage: "{ <address> ... }",
    default: "",
    help: "Who gets alert mails, any number per line. An address with blanks has to be quoted.",
    status: Status::Acted,
    kind: Kind::Lines {
        item: |global, args, _| {
            while let Some(word) = args.next_word() {
                global.settings.mail.recipients.push(word.text.to_owned());
            }
        },
        open: Some(|global, args, _| global.lines.mark("notification_email", args.span())),
        close: Some(|global, context| {
            if global.settings.mail.recipients.is_empty()
                && let Some(span) = global.lines.of("notification_email")
            {
                let message = "Warning - empty notification_email block";
                context.report(crate::diagnostic::Class::GeneralError, span, message);
            }
        }),
        words: &[],
    },
};

pub(super) const SMTP_ALERT: Row = acted(
    "smtp_alert",
    "[on|off]",
    "not set",
    "Default of all other smtp_alert settings.",
    |global, args, context| {
        global.settings.mail.alert = named_switch(args, context).or(global.settings.mail.alert)
    },
);

pub(super) const SMTP_ALERT_VRRP: Row = acted(
    "smtp_alert_vrrp",
    "[on|off]",
    "smtp_alert",
    "Default of smtp_alert in instances and sync groups.",
    |global, args, context| {
        global.settings.mail.alert_vrrp = named_switch(args, context).or(global.settings.mail.alert_vrrp);
    },
);

pub(super) const SMTP_ALERT_CHECKER: Row = acted(
    "smtp_alert_checker",
    "[on|off]",
    "smtp_alert",
    "Default of smtp_alert in virtual and real servers.",
    |global, args, context| {
        global.settings.mail.alert_checker =
            named_switch(args, context).or(global.settings.mail.alert_checker);
    },
);

pub(super) const NO_EMAIL_FAULTS: Row =
    flag(Status::Acted, "no_email_faults", "No mails about FAULT.", |global, _, _| {
        global.settings.mail.no_faults = true
    });

pub(super) const NO_CHECKER_EMAILS: Row = acted(
    "no_checker_emails",
    "[on|off]",
    "off",
    "Mails about real servers only, not about each checker.",
    |global, args, context| {
        if let Some(on) = named_switch(args, context) {
            global.settings.mail.no_checker = on;
        }
    },
);
